package db

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// nodeLock is the lock of a data directory. The lock is advisory and belongs to
// the open file, so it ends with the process however that ends; the file itself
// stays and contains the id of the process that locked it last.
type nodeLock struct{ file *os.File }

const lockFile = "node.lock"

// errLocked is what tryLock answers when another process has the lock.
var errLocked = errors.New("is locked")

func lockNode(path string) (*nodeLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(f); err != nil {
		if errors.Is(err, errLocked) {
			err = fmt.Errorf("the data directory is in use by %s (%s %w)", lockHolder(f), path, err)
		}
		return nil, errors.Join(err, f.Close())
	}
	l := &nodeLock{file: f}
	pid := strconv.Itoa(os.Getpid()) + "\n"
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, l.unlock())
	}
	if _, err := f.WriteAt([]byte(pid), 0); err != nil {
		return nil, errors.Join(err, l.unlock())
	}
	return l, nil
}

func lockHolder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 32))
	pid := strings.TrimSpace(string(text))
	if _, e := strconv.Atoi(pid); err != nil || e != nil {
		return "another process"
	}
	return "process " + pid
}

func (l *nodeLock) unlock() error {
	// Without the id a later reader does not name a process that has gone.
	return errors.Join(l.file.Truncate(0), l.file.Close())
}
