// Package boto3 runs the boto3 suite (Python, unittest) against the binary: the
// unmodified SDK that most scripts use, from the Debian package or any other.
package boto3
