package db

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// limitUnacknowledged makes a connection fail when what was sent to the server
// is not acknowledged in time. Without it the kernel repeats for many minutes.
func limitUnacknowledged(c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(pgSilence.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
