package pgtemp

import (
	"errors"
	"os"
	"os/exec"
)

type account struct{}

// unprivileged refuses: the watchdog is a shell script.
func unprivileged() (*account, error) {
	return nil, errors.New("a throwaway PostgreSQL server needs a Unix system; set PREAMP_TEST_DATABASE_URL")
}

func (*account) own(string) error { return nil }
func (*account) become(*exec.Cmd) {}
func detach(*exec.Cmd)            {}
func tempRoot() string            { return os.TempDir() }
