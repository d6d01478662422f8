// Package archtest keeps the architecture as ARCHITECTURE.md draws it. Its tests
// read layers.txt and fail for an import that points up or sideways, for I/O in
// a pure package, for a package that no layer lists, and for a file that grew
// out of hand.
package archtest
