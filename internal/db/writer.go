package db

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"preamp/internal/errs"
)

// Bounds of one commit and of the queue before it.
const (
	batchMutations = 256
	batchTime      = 5 * time.Millisecond
	queueLength    = 1024
	reopenPause    = 250 * time.Millisecond
)

// mutation states.
const (
	waiting int32 = iota
	started
	abandoned
)

// mutation is one transaction function on its way through the writer.
type mutation struct {
	ctx   context.Context
	fn    func(*Tx) error
	state atomic.Int32
	err   error
	done  chan struct{}
}

// claim starts the mutation unless its caller has gone.
func (m *mutation) claim() bool {
	if m.ctx.Err() != nil && m.state.CompareAndSwap(waiting, abandoned) {
		close(m.done) // the caller finds its own context's error
		return false
	}
	return m.state.CompareAndSwap(waiting, started)
}

func (m *mutation) answer(err error) {
	m.err = err
	close(m.done)
}

// writer owns the only write connection of a SQLite file. Mutations that wait
// share one transaction, each in a savepoint of its own, and one commit; nobody
// is answered before the commit. Nothing waits for a timer: while a commit's
// fsync runs the next batch forms in the queue.
//
// Statements never get a caller's context. When a context ends, the driver
// interrupts the statement and SQLite rolls back the whole transaction, not the
// savepoint: everyone else's rows would be gone.
type writer struct {
	open  func() (*liteConn, error)
	check func(*liteConn) error // after a failed commit, before the next write
	// poisoned is told when a commit failed, so that readers are reopened too.
	poisoned func()
	counters *counters
	logger   *slog.Logger
	// fault is nil outside of tests; it may replace a statement of the writer.
	fault func(sql string) error

	queue   chan *mutation
	stopped chan struct{}
	sendMu  sync.RWMutex // held for reading while sending to queue
	closed  bool

	// Owned by the goroutine of run:
	conn     *liteConn
	healthy  bool
	retryAt  time.Time   // no reopening before
	batch    []*mutation // claimed, in the open transaction
	redo     []*mutation // claimed, to be run one by one
	inFlight *mutation   // whose function runs
}

func (w *writer) start(conn *liteConn) {
	w.queue = make(chan *mutation, queueLength)
	w.stopped = make(chan struct{})
	w.conn, w.healthy = conn, true
	go w.run()
}

// tx queues fn and waits for its outcome. Once started it runs to its end,
// whatever happens to ctx.
func (w *writer) tx(ctx context.Context, fn func(*Tx) error) error {
	if ctx.Err() != nil {
		return waitError(ctx)
	}
	m := &mutation{ctx: ctx, fn: fn, done: make(chan struct{})}
	if err := w.send(ctx, m); err != nil {
		return err
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		if m.state.CompareAndSwap(waiting, abandoned) {
			return waitError(ctx)
		}
		<-m.done
	}
	if m.state.Load() == abandoned {
		return waitError(ctx)
	}
	return m.err
}

func (w *writer) send(ctx context.Context, m *mutation) error {
	w.sendMu.RLock()
	defer w.sendMu.RUnlock()
	if w.closed {
		return errClosed
	}
	w.counters.queued.Add(1)
	select {
	case w.queue <- m:
		return nil
	default:
	}
	select {
	case w.queue <- m:
		return nil
	case <-ctx.Done():
		w.counters.queued.Add(-1)
		return waitError(ctx)
	}
}

// close lets the writer finish what is queued, empties the write-ahead log into
// the file and closes the connection.
func (w *writer) close() error {
	w.sendMu.Lock()
	already := w.closed
	w.closed = true
	if !already {
		close(w.queue)
	}
	w.sendMu.Unlock()
	<-w.stopped
	if already || w.conn == nil {
		return nil
	}
	if !w.healthy {
		return w.conn.close() // SQLite recovers the log when the file is opened next
	}
	return errors.Join(w.conn.run("PRAGMA wal_checkpoint(TRUNCATE)"), w.conn.close())
}

// run is the goroutine. A function that ends it (runtime.Goexit, as t.Fatal
// does) is replaced by a new goroutine that repeats the batch without it.
func (w *writer) run() {
	finished := false
	defer func() {
		if finished {
			close(w.stopped)
			return
		}
		w.abort()
		go w.run()
	}()
	for {
		w.runAlone()
		m, ok := <-w.queue
		if !ok {
			finished = true
			return
		}
		w.runBatch(m)
	}
}

// abort undoes the open transaction after the goroutine was ended in it.
func (w *writer) abort() {
	gone := w.inFlight
	w.inFlight = nil
	w.redo = append(w.batch, w.redo...)
	w.batch = nil
	w.rollback()
	if gone != nil {
		gone.answer(errors.New("db: the transaction function ended its goroutine"))
	}
}

// ready reopens a poisoned handle, at most every reopenPause.
func (w *writer) ready() error {
	if w.healthy {
		return nil
	}
	if time.Now().Before(w.retryAt) {
		return errs.E(errs.Unavailable, "the database is being recovered")
	}
	if err := w.reopen(); err != nil {
		w.retryAt = time.Now().Add(reopenPause)
		w.logger.Error("reopen database after a failed write", "error", err)
		return errs.Wrap(errs.Unavailable, err, "the database is being recovered")
	}
	w.healthy = true
	w.logger.Info("database reopened after a failed write")
	return nil
}

func (w *writer) reopen() error {
	if w.conn != nil {
		// Close rolls back what is open; its own error changes nothing.
		_ = w.conn.close()
		w.conn = nil
	}
	conn, err := w.open()
	if err != nil {
		return err
	}
	if w.fault != nil {
		err = w.fault("quick_check")
	}
	if err == nil {
		err = w.check(conn)
	}
	if err != nil {
		return errors.Join(err, conn.close())
	}
	w.conn = conn
	return nil
}

// poison marks the handle after an error whose effect on the file is unknown.
func (w *writer) poison(err error) {
	w.healthy = false
	w.counters.poisoned.Add(1)
	w.logger.Error("database write failed, the file is checked before the next one", "error", err)
	w.poisoned()
}

// command runs a statement of the writer itself.
func (w *writer) command(sql string) error {
	if w.fault != nil {
		if err := w.fault(sql); err != nil {
			if _, done := errors.AsType[faultAfter](err); done {
				err = errors.Join(err, w.conn.run(sql))
			}
			return err
		}
	}
	return w.conn.run(sql)
}

// faultAfter is a test's error of a statement that is executed nevertheless.
type faultAfter struct{ error }

// rollback ends the open transaction. SQLite has rolled back by itself after
// some errors, so "no transaction is active" is success.
func (w *writer) rollback() {
	if w.conn == nil {
		return
	}
	w.counters.rollbacks.Add(1)
	if err := w.command("ROLLBACK"); err != nil {
		if e := w.conn.run("BEGIN IMMEDIATE"); e == nil {
			e = w.conn.run("ROLLBACK")
			if e == nil {
				return
			}
		}
		w.poison(err)
	}
}

// runBatch runs m and whatever waits behind it in one transaction.
func (w *writer) runBatch(m *mutation) {
	w.counters.queued.Add(-1)
	if !m.claim() {
		return
	}
	if err := w.begin(); err != nil {
		m.answer(err)
		return
	}
	begun := time.Now()
	for {
		w.batch = append(w.batch, m)
		if !w.member(m) {
			// Not a constraint: SQLite may have undone more than the statement. The
			// batch is repeated one by one, in its order, also those that failed,
			// because they may have seen rows of others that are gone now.
			w.redo = w.batch
			w.batch = nil
			w.rollback()
			return
		}
		if len(w.batch) >= batchMutations || time.Since(begun) >= batchTime {
			break
		}
		if m = w.nextWaiting(); m == nil {
			break
		}
	}
	w.commit()
}

// nextWaiting takes the next live mutation from the queue without waiting.
func (w *writer) nextWaiting() *mutation {
	for {
		select {
		case m, ok := <-w.queue:
			if !ok {
				return nil
			}
			w.counters.queued.Add(-1)
			if m.claim() {
				return m
			}
		default:
			return nil
		}
	}
}

func (w *writer) begin() error {
	if err := w.ready(); err != nil {
		return err
	}
	if err := w.command("BEGIN IMMEDIATE"); err != nil {
		return liteError(err)
	}
	return nil
}

// commit ends the batch. An error of COMMIT means an unknown outcome for
// everyone in it; a failed fsync is never repeated.
func (w *writer) commit() {
	batch := w.batch
	w.batch = nil
	err := w.command("COMMIT")
	if err != nil {
		w.poison(err)
	} else {
		w.counters.commits.Add(1)
		w.counters.mutations.Add(int64(len(batch)))
	}
	for _, m := range batch {
		if err != nil {
			m.answer(unknownOutcome(err))
		} else {
			m.answer(m.err)
		}
	}
}

// member runs one mutation in a savepoint of the open transaction and reports
// whether the transaction is still good.
func (w *writer) member(m *mutation) bool {
	if err := w.command("SAVEPOINT m"); err != nil {
		return false
	}
	fault := w.call(m)
	if fault {
		return false
	}
	if m.err != nil {
		if err := w.command("ROLLBACK TO m"); err != nil {
			return false
		}
	}
	return w.command("RELEASE m") == nil
}

// runAlone repeats the mutations of a batch that failed, each in its own
// transaction.
func (w *writer) runAlone() {
	for len(w.redo) > 0 {
		m := w.redo[0]
		w.redo = w.redo[1:]
		w.counters.reruns.Add(1)
		if err := w.begin(); err != nil {
			m.answer(err)
			continue
		}
		w.batch = append(w.batch, m)
		if w.call(m); m.err != nil {
			w.batch = nil
			w.rollback()
			m.answer(m.err)
			continue
		}
		w.commit()
	}
}

// call runs the function of m and stores its error. It reports whether a
// statement failed in a way that may have harmed the whole transaction.
func (w *writer) call(m *mutation) (fault bool) {
	s := &liteTxSession{conn: w.conn}
	tx := &Tx{q: Query{s: s, dialect: SQLite}}
	w.inFlight = m
	returned := false
	defer func() {
		tx.q.s = nil
		if !returned {
			p := recover()
			if p == nil {
				w.batch = w.batch[:len(w.batch)-1] // Goexit: abort answers it
				return
			}
			m.err = newPanicError(p)
		}
		w.inFlight = nil
		fault = s.fault
		if s.err != nil {
			m.err = txError(m.err, s.err)
		}
	}()
	m.err = m.fn(tx)
	returned = true
	return
}

// txError is the error of a transaction with a failed statement: the function's
// own if it made one, else the statement's.
func txError(own, statement error) error {
	if own != nil {
		return own
	}
	return statement
}

// liteTxSession runs the statements of one mutation on the write connection.
type liteTxSession struct {
	conn  *liteConn
	err   error // of the first statement that failed
	fault bool  // and it was not a constraint
}

func (s *liteTxSession) failed(err error) error {
	if err == nil || errors.Is(err, ErrNoRows) || errors.Is(err, errNested) {
		return err
	}
	if e, ok := errors.AsType[callbackError](err); ok {
		return e.error
	}
	s.fault = liteFault(err)
	s.err = liteError(err)
	return s.err
}

func (s *liteTxSession) scan(sql string, args, dest []any) error {
	if s.err != nil {
		return s.err
	}
	return s.failed(s.conn.scan(context.Background(), sql, args, dest, true))
}

func (s *liteTxSession) each(sql string, args []any, fn func(Row) error) error {
	if s.err != nil {
		return s.err
	}
	return s.failed(s.conn.each(context.Background(), sql, args, fn))
}

func (s *liteTxSession) exec(sql string, args []any) (int64, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.conn.exec(context.Background(), sql, args)
	return n, s.failed(err)
}
