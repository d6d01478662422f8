//go:build !linux

package db

import "syscall"

// limitUnacknowledged does nothing: only Linux has the option.
func limitUnacknowledged(syscall.RawConn) error { return nil }
