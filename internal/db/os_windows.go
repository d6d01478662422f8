package db

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the lock of an open file without waiting. The locked byte lies
// behind the content, because locked bytes cannot be read by others.
func tryLock(f *os.File) error {
	at := &windows.Overlapped{Offset: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}

// openFileLimit is 0: Windows has no such limit worth counting with.
func openFileLimit() int { return 0 }

// syncDir does nothing: Windows has no way to sync a folder and does not need it
// for the names of a journaled file system.
func syncDir(string) error { return nil }
