// Command bench measures preamp and prints ratios to limits that it measures in
// the same run: absolute times mean nothing on shared machines.
//
// The limit of an operation is a bare net/http handler in a process of its own,
// called with the same method, headers and body, which reads the body and runs
// the same SQL with the same values on the same driver and pool, on a copy of the
// same data, and returns the same bytes. For a write it inserts the same row
// through the same group-commit writer. What is left to be explained is what
// preamp adds: routing, authentication, authorization, parsing, planning,
// assembling.
//
// With -peers it gives the same work to other products instead, in the same
// rounds as preamp.
package main
