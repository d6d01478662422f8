// Package wire tests the control plane byte by byte: what no SDK lets a caller
// send, and the parts of an answer that no SDK shows.
package wire
