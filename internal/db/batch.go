package db

import (
	"time"

	"preamp/internal/errs"
)

// runBatch runs m and whatever waits behind it in one transaction.
func (w *writer) runBatch(m *mutation) {
	w.counters.queued.Add(-1)
	if !m.claim() {
		return
	}
	if err := w.begin(m); err != nil {
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

// begin opens the transaction of m. Another process that writes to the same file,
// as `preamp keys` does, is waited for until the caller's time is up: nothing has
// begun, so the error is Timeout and not one of unknown outcome.
func (w *writer) begin(m *mutation) error {
	if err := w.ready(); err != nil {
		return err
	}
	for deadline := time.Now().Add(beginPatience); ; {
		err := w.command("BEGIN IMMEDIATE")
		if !isBusy(err) {
			return liteError(err)
		}
		switch {
		case m.ctx.Err() != nil:
			return waitError(m.ctx)
		case time.Now().After(deadline):
			return errs.Wrap(errs.Timeout, err, "the database is busy")
		}
	}
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
		if err := w.begin(m); err != nil {
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
