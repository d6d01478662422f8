package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"modernc.org/sqlite"
)

// liteConn is one SQLite connection with its prepared statements. It uses the
// driver's interfaces directly: database/sql would add its own locking,
// conversion and connection checks to every statement, and connections here have
// one owner at a time anyway.
type liteConn struct {
	conn      driver.Conn
	qualifier string
	stmts     *simplelru.LRU[string, *liteStmt]
	named     []driver.NamedValue // reused by every statement
	bound     []any
	row       liteRow
	busy      bool // a statement of Each is open
}

type liteStmt struct {
	stmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	placeholders int
}

// liteDSN is the address of a file with pragmas that every connection has.
//
//   - fullfsync makes fsync mean what it says on macOS; elsewhere it is ignored.
//   - LIKE compares with case, as on PostgreSQL.
//   - A double-quoted name that does not exist is an error, not a string.
func liteDSN(path, mode string, pragmas ...string) string {
	slash := filepath.ToSlash(path)
	if !strings.HasPrefix(slash, "/") {
		slash = "/" + slash // a Windows drive
	}
	v := url.Values{"mode": {mode}, "_dqs": {"0"}}
	v["_pragma"] = append([]string{
		"busy_timeout(5000)", "foreign_keys(1)", "fullfsync(1)", "checkpoint_fullfsync(1)",
		"temp_store(2)", "case_sensitive_like(1)",
	}, pragmas...)
	u := url.URL{Scheme: "file", Path: slash, RawQuery: v.Encode()}
	return u.String()
}

func openLite(dsn, qualifier string, statements int) (*liteConn, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	if err := limitValues(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c := &liteConn{conn: conn, qualifier: qualifier}
	c.stmts, err = simplelru.NewLRU(statements, func(_ string, s *liteStmt) { _ = s.stmt.Close() })
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return c, nil
}

func (c *liteConn) close() error {
	c.stmts.Purge()
	return c.conn.Close()
}

// prepare answers the statement of a text, from the cache or new.
func (c *liteConn) prepare(sql string) (*liteStmt, error) {
	if s, ok := c.stmts.Get(sql); ok {
		return s, nil
	}
	p, err := c.conn.Prepare(qualify(sql, c.qualifier, ""))
	if err != nil {
		return nil, err
	}
	s := &liteStmt{placeholders: placeholders(sql)}
	var ok bool
	if s.stmt, ok = p.(interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}); !ok {
		return nil, errors.Join(fmt.Errorf("driver statement %T has no context methods", p), p.Close())
	}
	c.stmts.Add(sql, s)
	return s, nil
}

// bind converts arguments into the connection's own scratch space; the driver
// has copied them when the call returns.
func (c *liteConn) bind(s *liteStmt, args []any) ([]driver.NamedValue, error) {
	if len(args) != s.placeholders {
		return nil, fmt.Errorf("db: %d arguments for %d placeholders", len(args), s.placeholders)
	}
	bound, err := bindArgs(args, c.bound[:0])
	if err != nil {
		return nil, err
	}
	c.bound = bound
	c.named = c.named[:0]
	for i, v := range bound {
		c.named = append(c.named, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.named, nil
}

func (c *liteConn) query(ctx context.Context, sql string, args []any) (driver.Rows, error) {
	if c.busy {
		return nil, errNested
	}
	s, err := c.prepare(sql)
	if err != nil {
		return nil, err
	}
	named, err := c.bind(s, args)
	if err != nil {
		return nil, err
	}
	return s.stmt.QueryContext(ctx, named)
}

// next reads the next row into c.row.
func (c *liteConn) next(rows driver.Rows) error {
	n := len(rows.Columns())
	if cap(c.row) < n {
		c.row = make(liteRow, n)
	}
	c.row = c.row[:n]
	return rows.Next(c.row)
}

// scan runs a statement and scans its first row. drain steps once more, which
// finishes a writing statement with RETURNING: SQLite checks foreign keys only
// when the statement ends.
func (c *liteConn) scan(ctx context.Context, sql string, args, dest []any, drain bool) (err error) {
	rows, err := c.query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	if err := c.next(rows); err != nil {
		if errors.Is(err, io.EOF) {
			return ErrNoRows
		}
		return err
	}
	if err := c.row.Scan(dest...); err != nil {
		return err
	}
	if drain {
		if err := c.next(rows); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

// callbackError marks an error of a caller's function, which is not the
// database's.
type callbackError struct{ error }

func (e callbackError) Unwrap() error { return e.error }

func (c *liteConn) each(ctx context.Context, sql string, args []any, fn func(Row) error) (err error) {
	rows, err := c.query(ctx, sql, args)
	if err != nil {
		return err
	}
	c.busy = true
	defer func() {
		c.busy = false
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for {
		if err := c.next(rows); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := fn(c.row); err != nil {
			return callbackError{err}
		}
		// The driver watches the context only while a statement starts; a long
		// answer is stopped here.
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

func (c *liteConn) exec(ctx context.Context, sql string, args []any) (int64, error) {
	if c.busy {
		return 0, errNested
	}
	s, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	named, err := c.bind(s, args)
	if err != nil {
		return 0, err
	}
	res, err := s.stmt.ExecContext(ctx, named)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// run executes a statement without arguments that is preamp's own.
func (c *liteConn) run(sql string) error {
	_, err := c.exec(context.Background(), sql, nil)
	return err
}
