// Package cli is the preamp command: it parses arguments, finds the server that
// runs on this machine, and prints what people and scripts need. Results go to
// standard output, everything else to standard error. Exit codes are a promise:
// 0 success, 1 failure, 2 wrong usage, 3 no server is running.
package cli
