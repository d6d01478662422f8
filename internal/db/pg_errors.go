package db

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"preamp/internal/errs"
)

// SQLSTATE values; see "PostgreSQL Error Codes" in the PostgreSQL manual.
const (
	pgUniqueViolation   = "23505"
	pgSerialization     = "40001"
	pgDeadlock          = "40P01"
	pgUndefinedTable    = "42P01"
	pgInvalidSchema     = "3F000"
	pgFeatureNot        = "0A000"
	pgTooManyConns      = "53300"
	pgConnClass         = "08"
	pgShutdownClass     = "57P"
	pgResourceClass     = "53"
	pgSystemErrorClass  = "58"
	pgReadOnlyTxCode    = "25006" // a standby, or a server that is read-only
	pgLockNotAvailable  = "55P03"
	pgStatementTimedOut = "57014"
	pgProgramLimit      = "54000"
)

func pgCode(err error) (*pgconn.PgError, bool) {
	return errors.AsType[*pgconn.PgError](err)
}

func pgRepeatable(err error) bool {
	e, ok := pgCode(err)
	return ok && (e.Code == pgSerialization || e.Code == pgDeadlock)
}

// pgStalePlan reports a prepared statement whose result type another
// transaction has changed.
func pgStalePlan(err error) bool {
	e, ok := pgCode(err)
	return ok && e.Code == pgFeatureNot && strings.Contains(e.Message, "cached plan")
}

func pgMissing(err error) bool {
	e, ok := pgCode(err)
	return ok && (e.Code == pgUndefinedTable || e.Code == pgInvalidSchema)
}

// pgNotCommitted reports an error of COMMIT after which the transaction is
// certainly gone: the server answered it with an ordinary error or with
// ROLLBACK, or nothing was sent. A FATAL error may come after the commit.
func pgNotCommitted(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		return true
	}
	e, ok := pgCode(err)
	return ok && e.SeverityUnlocalized == "ERROR"
}

// pgError gives an error of the connection or of the server as a whole its kind.
// What has a kind already keeps it.
func pgError(ctx context.Context, err error) error {
	if err == nil || errs.KindOf(err) != errs.Internal || !pgUnavailable(err) {
		return err
	}
	if ctx.Err() != nil {
		return waitError(ctx)
	}
	return errs.Wrap(errs.Unavailable, err, "the database is unavailable")
}

// pgUnavailable reports an error of the connection or of the server as a whole,
// which may pass.
func pgUnavailable(err error) bool {
	if e, ok := pgCode(err); ok {
		switch e.Code {
		case pgReadOnlyTxCode, pgLockNotAvailable, pgStatementTimedOut:
			return true
		}
		return strings.HasPrefix(e.Code, pgConnClass) || strings.HasPrefix(e.Code, pgShutdownClass) ||
			strings.HasPrefix(e.Code, pgResourceClass) || strings.HasPrefix(e.Code, pgSystemErrorClass) ||
			pgRepeatable(err)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) || pgconn.Timeout(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
