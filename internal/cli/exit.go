package cli

import (
	"errors"
	"fmt"
)

// Exit codes. They are documented in the help and in docs/reference/cli.md.
const (
	ExitOK         = 0
	ExitFailure    = 1
	ExitUsage      = 2
	ExitNotRunning = 3
)

// codeError is an error with an exit code of its own. A silent one has been
// reported already.
type codeError struct {
	code   int
	silent bool
	err    error
}

func (e *codeError) Error() string { return e.err.Error() }
func (e *codeError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &codeError{code: ExitUsage, err: fmt.Errorf(format, args...)}
}

// notRunning says that no server answers for a data directory, and why.
func notRunning(data, why string) error {
	return &codeError{code: ExitNotRunning, err: fmt.Errorf(
		"no server is running for data directory %s (%s): start one with `preamp dev`, or name another directory with --data", data, why)}
}

// silent ends the program with a code when everything has been said.
func silent(code int) error {
	return &codeError{code: code, silent: true, err: errors.New("exit")}
}

func exitCode(err error) (code int, report bool) {
	if err == nil {
		return ExitOK, false
	}
	if e, ok := errors.AsType[*codeError](err); ok {
		return e.code, !e.silent
	}
	return ExitFailure, true
}
