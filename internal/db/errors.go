package db

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"preamp/internal/errs"
)

// ErrNoRows is what [Row.Scan] and [DB.Text] answer when there is no row.
var ErrNoRows = errors.New("db: no rows")

// errClosed answers calls on a handle that was closed or released.
var errClosed = errs.E(errs.Unavailable, "the database is closed")

// IsUnique reports whether err is the violation of a unique or primary key, on
// either dialect.
func IsUnique(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
			sqlite3.SQLITE_CONSTRAINT_ROWID:
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == pgUniqueViolation
	}
	return false
}

// IsKeyTooLong reports whether err says that a value does not fit into an index.
// Only PostgreSQL bounds that: a row of a B-tree takes a third of a page.
func IsKeyTooLong(err error) bool {
	e, ok := pgCode(err)
	return ok && e.Code == pgProgramLimit
}

// PanicError is what a transaction answers when its function panicked. The
// transaction was rolled back and nobody else was harmed.
type PanicError struct {
	Value any
	Stack []byte
}

func newPanicError(value any) *PanicError {
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Error contains the stack, because the goroutine that panicked may not be the
// caller's and the log has no other way to see it.
func (e *PanicError) Error() string {
	return fmt.Sprintf("panic in transaction: %v\n%s", e.Value, e.Stack)
}

// waitError is the error of a caller whose context ended while it waited for
// preamp's own resources: nothing was done for it.
func waitError(ctx context.Context) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.Wrap(errs.Timeout, err, "the database is busy")
	}
	return err
}

// liteFault reports whether err may have harmed more than its statement: any
// error of SQLite but a violated constraint, after which SQLite has undone the
// statement and nothing else.
func liteFault(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff != sqlite3.SQLITE_CONSTRAINT
}

// isFull reports whether there was no space. SQLite says so of a write that was
// refused, before it has asked for anything to be synced.
func isFull(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_FULL
}

// isBusy reports whether another connection holds the lock.
func isBusy(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// machine are the errors of files that say nothing about what was asked.
var machine = []syscall.Errno{
	syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EIO, syscall.EROFS, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM,
}

// liteError gives errors of the machine (disk full, I/O, memory, locks) the
// kind Unavailable. Everything else stays as it is and so is internal.
func liteError(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		if no, ok := errors.AsType[syscall.Errno](err); ok && slices.Contains(machine, no) {
			return errs.Wrap(errs.Unavailable, err, "the database is unavailable")
		}
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY,
		sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
		sqlite3.SQLITE_READONLY:
		return errs.Wrap(errs.Unavailable, err, "the database is unavailable")
	}
	return err
}

// unknownOutcome is the answer to everyone in a commit that failed.
func unknownOutcome(err error) error {
	return errs.Wrap(errs.Unavailable, err, "the outcome of the write is unknown")
}
