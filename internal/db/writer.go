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
	// beginPatience bounds the wait for another process's transaction when the
	// caller has no deadline.
	beginPatience = 10 * time.Second
	// beginWait is how long SQLite itself waits, and so how late an ended context
	// is noticed.
	beginWait = "PRAGMA busy_timeout(100)"
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
	damage   bool        // may have been done, so that the file is to be checked
	retryAt  time.Time   // no reopening before
	batch    []*mutation // claimed, in the open transaction
	redo     []*mutation // claimed, to be run one by one
	inFlight *mutation   // whose function runs
}

func (w *writer) start(conn *liteConn) {
	w.queue = make(chan *mutation, queueLength)
	w.stopped = make(chan struct{})
	w.conn, w.healthy = conn, true
	// On an error SQLite waits longer than it needs to, and nothing else.
	_ = conn.run(beginWait)
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
	// Counted once it is in the queue, so that the figure says how many wait there.
	select {
	case w.queue <- m:
	default:
		select {
		case w.queue <- m:
		case <-ctx.Done():
			return waitError(ctx)
		}
	}
	w.counters.queued.Add(1)
	return nil
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
	if w.damage {
		if w.fault != nil {
			err = w.fault("quick_check")
		}
		if err == nil {
			err = w.check(conn)
		}
		if err != nil {
			return errors.Join(err, conn.close())
		}
	}
	w.conn, w.damage = conn, false
	return nil
}

// poison marks the handle after an error whose effect on the file is unknown. A
// disk that is full has damaged nothing: it is not read through again at every
// attempt to write, which takes minutes when the file is large.
func (w *writer) poison(err error) {
	w.healthy = false
	w.damage = w.damage || !isFull(err)
	w.counters.poisoned.Add(1)
	w.logger.Error("database write failed, the file is opened again before the next one", "check", w.damage, "error", err)
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
