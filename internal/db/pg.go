package db

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"preamp/internal/errs"
)

const (
	pgStatementTexts = 512
	pgAttempts       = 5 // repetitions after 40001 and 40P01
	// pgTxTime bounds a transaction that has started, because the caller's
	// context does not.
	pgTxTime = 60 * time.Second
)

// pgStore is one schema on the shared pool.
type pgStore struct {
	pool      *pgxpool.Pool
	qualifier string
	schema    string // quoted, with the dot
	texts     *lru.Cache[string, string]
	counters  *counters
	// missing explains an error that says that a table or the schema is not
	// there; nil for the control database.
	missing func(ctx context.Context, err error) error
}

// qualified answers the statement with its tables in the store's schema.
func (s *pgStore) qualified(sql string) string {
	if text, ok := s.texts.Get(sql); ok {
		return text
	}
	text := qualify(sql, s.qualifier, s.schema)
	s.texts.Add(sql, text)
	return text
}

func (s *pgStore) close() error { return nil } // the pool belongs to the engine

func (s *pgStore) text(ctx context.Context, sql string, args []any) ([]byte, error) {
	var out []byte
	err := s.row(ctx, sql, args, []any{&out})
	return out, err
}

func (s *pgStore) row(ctx context.Context, sql string, args, dest []any) error {
	err := s.onConn(ctx, func(c *pgxpool.Conn) error {
		return s.session(ctx, c.Conn()).scan(sql, args, dest)
	})
	return s.explain(ctx, err)
}

// session runs statements on one connection, inside or outside a transaction.
func (s *pgStore) session(ctx context.Context, c *pgx.Conn) *pgSession {
	return &pgSession{ctx: ctx, conn: c, store: s}
}

// onConn runs fn with a connection. A statement whose plan was cached before a
// table changed fails once, after which the driver forgets the plan: that is
// repeated.
func (s *pgStore) onConn(ctx context.Context, fn func(c *pgxpool.Conn) error) error {
	once := func() error {
		conn, err := s.acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		return fn(conn)
	}
	err := once()
	if pgStalePlan(err) {
		err = once()
	}
	return err
}

func (s *pgStore) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	s.counters.queued.Add(1)
	defer s.counters.queued.Add(-1)
	conn, err := s.pool.Acquire(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, waitError(ctx)
	}
	return conn, err
}

func (s *pgStore) read(ctx context.Context, fn func(*Query) error) error {
	err := s.onConn(ctx, func(c *pgxpool.Conn) error {
		tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return err
		}
		q := &Query{s: s.session(ctx, c.Conn()), dialect: Postgres}
		defer func() {
			q.s = nil
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = tx.Rollback(end) // nothing was written; a broken connection is closed by the pool
		}()
		return fn(q)
	})
	return s.explain(ctx, err)
}

// tx runs fn in a READ COMMITTED transaction and repeats it after a
// serialization failure or a deadlock. An unknown outcome of COMMIT is never
// repeated.
func (s *pgStore) tx(ctx context.Context, fn func(*Tx) error) error {
	if ctx.Err() != nil {
		return waitError(ctx)
	}
	for attempt := 0; ; attempt++ {
		again, err := s.attempt(ctx, fn)
		if err == nil {
			s.counters.commits.Add(1)
			s.counters.mutations.Add(1)
			return nil
		}
		if !again || attempt == pgAttempts {
			return s.explain(ctx, err)
		}
		s.counters.retries.Add(1)
		pause := time.NewTimer(rand.N(5 * time.Millisecond << attempt))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return waitError(ctx)
		}
	}
}

// attempt runs the transaction once; again says that it may be repeated.
func (s *pgStore) attempt(ctx context.Context, fn func(*Tx) error) (again bool, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	run, cancel := context.WithTimeout(context.WithoutCancel(ctx), pgTxTime)
	defer cancel()
	tx, err := conn.BeginTx(run, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return false, err
	}
	session := s.session(run, conn.Conn())
	session.write = true
	if err := callTx(session, fn); err != nil {
		s.counters.rollbacks.Add(1)
		_ = tx.Rollback(run) // a connection that cannot roll back is closed, which rolls back
		return pgRepeatable(session.err) || pgStalePlan(session.err), err
	}
	if err := tx.Commit(run); err != nil {
		if pgNotCommitted(err) {
			return pgRepeatable(err), err
		}
		s.counters.poisoned.Add(1)
		return false, unknownOutcome(err)
	}
	return false, nil
}

// callTx runs the function of a transaction; a panic becomes its error.
func callTx(session *pgSession, fn func(*Tx) error) (err error) {
	tx := &Tx{q: Query{s: session, dialect: Postgres}}
	defer func() {
		tx.q.s = nil
		if p := recover(); p != nil {
			err = newPanicError(p)
		}
		if session.err != nil {
			err = txError(err, session.err)
		}
	}()
	return fn(tx)
}

// explain gives an error of the connection or of a missing schema its kind.
func (s *pgStore) explain(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, ErrNoRows), errs.KindOf(err) != errs.Internal:
		return err // what the function itself has classified stays as it is
	case s.missing != nil && pgMissing(err):
		return s.missing(ctx, err)
	}
	return pgError(ctx, err)
}

// pgSession runs the statements of one transaction or snapshot.
type pgSession struct {
	ctx   context.Context //nolint:containedctx // lives for one call
	conn  *pgx.Conn
	store *pgStore
	write bool
	busy  bool
	err   error // of the first statement that failed
}

func (s *pgSession) failed(err error) error {
	if err == nil || errors.Is(err, ErrNoRows) || errors.Is(err, errNested) {
		return err
	}
	if e, ok := errors.AsType[callbackError](err); ok {
		return e.error
	}
	s.err = err
	return err
}

// start checks that a statement may run and converts its arguments.
func (s *pgSession) start(args []any) ([]any, error) {
	if s.busy {
		return nil, errNested
	}
	if s.err != nil {
		return nil, s.err
	}
	bound, err := bindArgs(args, make([]any, 0, len(args)))
	return bound, err
}

func (s *pgSession) scan(sql string, args, dest []any) error {
	bound, err := s.start(args)
	if err != nil {
		return s.failed(err)
	}
	err = s.conn.QueryRow(s.ctx, s.store.qualified(sql), bound...).Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoRows
	}
	return s.failed(err)
}

func (s *pgSession) each(sql string, args []any, fn func(Row) error) error {
	bound, err := s.start(args)
	if err != nil {
		return s.failed(err)
	}
	rows, err := s.conn.Query(s.ctx, s.store.qualified(sql), bound...)
	if err != nil {
		return s.failed(err)
	}
	s.busy = true
	defer func() {
		s.busy = false
		rows.Close()
	}()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return s.failed(rows.Err())
}

func (s *pgSession) exec(sql string, args []any) (int64, error) {
	if !s.write {
		return 0, errors.New("db: write in a read transaction")
	}
	bound, err := s.start(args)
	if err != nil {
		return 0, s.failed(err)
	}
	tag, err := s.conn.Exec(s.ctx, s.store.qualified(sql), bound...)
	return tag.RowsAffected(), s.failed(err)
}
