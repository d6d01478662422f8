package db

import (
	"context"
)

// store is one open database of either dialect.
type store interface {
	read(ctx context.Context, fn func(*Query) error) error
	tx(ctx context.Context, fn func(*Tx) error) error
	row(ctx context.Context, sql string, args, dest []any) error
	text(ctx context.Context, sql string, args []any) ([]byte, error)
	close() error
}

// DB is a handle on the control database or on one environment. It is safe for
// concurrent use.
type DB struct {
	store   store
	dialect Dialect
}

// Dialect is the dialect of the database.
func (d *DB) Dialect() Dialect { return d.dialect }

// Read runs fn with one snapshot for all its statements. The statements end
// when ctx does.
//
// Errors: Timeout when ctx ends by its deadline, Unavailable when the database
// cannot be reached, and whatever fn returns.
func (d *DB) Read(ctx context.Context, fn func(q *Query) error) error {
	return d.store.read(ctx, fn)
}

// Tx runs fn in a write transaction and returns when it is durable. fn may run
// more than once, must touch nothing but tx, must not call this handle (it would
// wait for itself) and makes no network call: on SQLite it holds up every other
// writer of the database.
//
// ctx bounds the wait for the transaction's turn. Once started, a transaction
// runs to its end.
//
// Errors: Timeout when the deadline of ctx passed before the start; Unavailable
// when the database cannot be reached or the outcome of the commit is unknown;
// *PanicError when fn panicked; and whatever fn returns. Nothing was written,
// except perhaps when the outcome is unknown.
func (d *DB) Tx(ctx context.Context, fn func(tx *Tx) error) error {
	return d.store.tx(ctx, fn)
}

// Text answers the single text column of the first row of one statement, nil
// when it is NULL, and ErrNoRows when there is no row. It is the shortest path
// to the data: one statement, no transaction around it.
func (d *DB) Text(ctx context.Context, sql string, args ...any) ([]byte, error) {
	return d.store.text(ctx, sql, args)
}

// Row reads one row with a single statement, without a transaction around it.
// The statement runs when the row is scanned.
func (d *DB) Row(ctx context.Context, sql string, args ...any) Row {
	return single{ctx: ctx, store: d.store, sql: sql, args: args}
}

// single is a Row of a statement outside of any transaction.
type single struct {
	ctx   context.Context //nolint:containedctx // lives for one call
	store store
	sql   string
	args  []any
}

func (s single) Scan(dest ...any) error {
	return s.store.row(s.ctx, s.sql, s.args, dest)
}
