package db

import "errors"

// Row is one row of an answer.
type Row interface {
	// Scan copies the columns into dest: pointers to string, []byte, integers,
	// float64, bool, any, a pointer to one of these for columns that may be
	// NULL, or a sql.Scanner. The statement of [Query.Row] runs inside Scan,
	// which answers ErrNoRows when there is no row.
	Scan(dest ...any) error
}

// session runs statements inside one transaction or snapshot of either dialect.
type session interface {
	scan(sql string, args, dest []any) error
	each(sql string, args []any, fn func(Row) error) error
	exec(sql string, args []any) (int64, error)
}

var (
	errFinished = errors.New("db: statement after its transaction has ended")
	errNested   = errors.New("db: statement inside Each: collect the rows first")
)

// Query reads inside one snapshot. It is valid until the function it was given
// to returns, and for one goroutine.
type Query struct {
	s       session
	dialect Dialect
}

// Dialect is the dialect of the database, for the rare statement that differs.
func (q *Query) Dialect() Dialect { return q.dialect }

// Row prepares a statement that answers one row. It runs when the row is
// scanned; further rows are ignored.
func (q *Query) Row(sql string, args ...any) Row {
	return pending{q: q, sql: sql, args: args}
}

// Each calls fn with every row. The row is valid only inside fn, and fn must
// not run statements of the same transaction. Each ends with the first error of
// fn and returns it.
func (q *Query) Each(sql string, args []any, fn func(Row) error) error {
	if q.s == nil {
		return errFinished
	}
	return q.s.each(sql, args, fn)
}

// pending is a Row whose statement has not run yet.
type pending struct {
	q    *Query
	sql  string
	args []any
}

func (p pending) Scan(dest ...any) error {
	if p.q.s == nil {
		return errFinished
	}
	return p.q.s.scan(p.sql, p.args, dest)
}

// Tx is one write transaction. It is valid until its function returns, and for
// the goroutine that runs the function.
//
// A statement that fails fails the transaction: every later statement and the
// transaction itself answer with that first error. PostgreSQL works like this,
// and a function that was tested on one dialect must not behave differently on
// the other.
type Tx struct{ q Query }

// Dialect is the dialect of the database, for the rare statement that differs.
func (tx *Tx) Dialect() Dialect { return tx.q.dialect }

// Row is [Query.Row]; the statement may write (RETURNING).
func (tx *Tx) Row(sql string, args ...any) Row { return tx.q.Row(sql, args...) }

// Each is [Query.Each]; the statement may write (RETURNING).
func (tx *Tx) Each(sql string, args []any, fn func(Row) error) error {
	return tx.q.Each(sql, args, fn)
}

// Query is the transaction as a reader, for functions that take a *Query.
func (tx *Tx) Query() *Query { return &tx.q }

// Exec runs a statement and answers the number of rows it changed.
func (tx *Tx) Exec(sql string, args ...any) (int64, error) {
	if tx.q.s == nil {
		return 0, errFinished
	}
	return tx.q.s.exec(sql, args)
}
