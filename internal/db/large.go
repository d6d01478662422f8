package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// MaxValue is the largest text or row that a statement may answer, in bytes. It
// bounds the memory of one statement: SQLite stops building a longer text, and
// the answer of PostgreSQL is not read.
const MaxValue = 16 << 20

// IsTooLarge reports whether err says that an answer was larger than MaxValue.
func IsTooLarge(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlite3.SQLITE_TOOBIG
	}
	_, ok := errors.AsType[*pgproto3.ExceededMaxBodyLenErr](err)
	return ok
}

// opened is a driver.Connector that hands out one connection, already open.
type opened struct{ conn driver.Conn }

func (o opened) Connect(context.Context) (driver.Conn, error) { return o.conn, nil }
func (o opened) Driver() driver.Driver                        { return nil }

// limitValues gives a SQLite connection the limit MaxValue. The driver sets
// limits only through a sql.Conn, so there is one around the connection for as
// long as that takes; it is never given back, which would close the connection.
func limitValues(conn driver.Conn) error {
	pool := sql.OpenDB(opened{conn})
	c, err := pool.Conn(context.Background())
	if err != nil {
		return fmt.Errorf("limit the size of values: %w", err)
	}
	if _, err := sqlite.Limit(c, sqlite3.SQLITE_LIMIT_LENGTH, MaxValue); err != nil {
		return fmt.Errorf("limit the size of values: %w", err)
	}
	return pool.Close() // ends its goroutine
}
