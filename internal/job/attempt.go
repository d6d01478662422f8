package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
)

const (
	// maxFailures is after how many errors that may pass a job fails.
	maxFailures = 5
	// maxUndoFailures is after how many errors that will not pass a clean-up is
	// given up. Errors of machines and databases do not count.
	maxUndoFailures = 10
	// maxCrashes is how often the process may die in a job, without a step done
	// in between, before the job itself is held responsible: a schema that
	// overflows the stack must not take the server down again and again.
	maxCrashes = 10
	maxBackoff = time.Minute
)

// attempt is a claimed job while a worker has it.
type attempt struct {
	claimed
	log *slog.Logger

	mu     sync.Mutex
	undoes bool  // the clean-up runs, or is next
	ended  error // why the present function must end
	cancel context.CancelCauseFunc
}

// begin makes the context of a function of the job.
func (a *attempt) begin(ctx context.Context, undo bool) (context.Context, context.CancelFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	a.undoes, a.cancel = undo, cancel
	if undo && errors.Is(a.ended, errCancelled) {
		a.ended = nil // that is why there is a clean-up
	}
	if a.ended != nil {
		cancel(a.ended)
	}
	return ctx, func() { cancel(nil) }
}

// end ends the context of the function that runs. A cancellation does not end
// the clean-up.
func (a *attempt) end(cause error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.undoes && errors.Is(cause, errCancelled) {
		return
	}
	a.ended = cause
	if a.cancel != nil {
		a.cancel(cause)
	}
}

// interrupt tells a job of this process that it was cancelled, without waiting
// for its heartbeat.
func (e *Engine) interrupt(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range e.attempts {
		if a.ID == id {
			a.end(errCancelled)
		}
	}
}

// work takes a claimed job as far as it gets. ctx ends when the engine stops.
func (e *Engine) work(ctx context.Context, c claimed) {
	a := &attempt{claimed: c, undoes: c.undo, log: e.Logger.With("job", c.ID, "app", c.App, "env", c.Env, "kind", c.Kind, "attempt", c.Attempt)}
	e.mu.Lock()
	e.attempts[a.fence] = a
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.attempts, a.fence)
		e.mu.Unlock()
	}()
	// The heart beats until the worker is done, also while it stops.
	var heart sync.WaitGroup
	beating, still := context.WithCancel(context.WithoutCancel(ctx))
	heart.Go(func() { e.heartbeat(beating, a) })
	defer heart.Wait()
	defer still()

	r := &Run{
		Job: a.Job, e: e, fence: a.fence,
		used: map[string]bool{}, targets: map[string]bool{}, trimmed: map[string]bool{},
	}
	undo := a.undo
	if !undo {
		begun := time.Now()
		err := e.attempt(ctx, a, r)
		switch {
		case r.crashed:
			return
		case r.completed && err != nil:
			a.log.ErrorContext(ctx, "job answered an error after its completion", "error", err)
			return
		case r.completed:
			a.log.InfoContext(ctx, "job completed", "duration", time.Since(begun))
			return
		}
		undo = e.settle(ctx, a, err)
	}
	if undo {
		e.undo(ctx, a, r)
	}
}

// attempt runs the kind's function.
func (e *Engine) attempt(ctx context.Context, a *attempt, r *Run) error {
	if a.crashes >= maxCrashes {
		return errs.E(errs.Invalid, "the server stopped %d times while this job ran", a.crashes)
	}
	ctx, done := a.begin(ctx, false)
	defer done()
	err := protect(func() error {
		if a.again {
			if err := r.shutOut(ctx); err != nil {
				return err
			}
		}
		if err := e.kinds[a.Kind].run(ctx, r, a.argsVersion, a.Args); err != nil || r.completed {
			return err
		}
		return r.Complete(ctx, nil)
	})
	if err != nil && ctx.Err() != nil && !errors.Is(err, errLost) {
		// Whatever came of it, it came after the reason to end.
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	}
	return err
}

// protect turns a panic into an error.
func protect(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return fn()
}

// settle records the outcome of an attempt that did not complete, and reports
// whether the clean-up is next.
func (e *Engine) settle(ctx context.Context, a *attempt, failure error) (undo bool) {
	if errors.Is(failure, errLost) {
		a.log.WarnContext(ctx, "job lost its lease")
		return false
	}
	stopping := ctx.Err() != nil
	cleanup := e.kinds[a.Kind].cleanup != nil
	what, level := "", slog.LevelInfo
	var wait time.Duration
	err := e.persist(ctx, func(tx *db.Tx) error {
		h, err := e.hold(tx, a.ID, a.fence)
		if err != nil {
			return err
		}
		undo, level = false, slog.LevelInfo
		switch {
		case h.undo:
			what, undo = "job cancelled", true
			return nil
		case stopping:
			what = "job given back"
			return release(tx, a.ID)
		case passing(failure) && h.failures+1 < maxFailures:
			what, level, wait = "job failed, is tried again", slog.LevelWarn, backoff(h.failures+1)
			_, err = tx.Exec(`
				UPDATE ctl.job SET state = 'queued', failures = failures + 1, crashes = 0, run_at_ms = $2,
					lease_owner = '', lease_until_ms = 0, update_ms = $3
				WHERE id = $1`, a.ID, h.now+wait.Milliseconds(), h.now)
			return err
		}
		if errs.KindOf(failure) == errs.Internal {
			level = slog.LevelError // nobody's input is to blame
		}
		if cleanup {
			what, undo = "job failed, is cleaned up", true
			_, err = tx.Exec(`UPDATE ctl.job SET undo = 1, failures = failures + 1, crashes = 0, error = $2 WHERE id = $1`,
				a.ID, errorText(errs.Public(failure).Message))
			return err
		}
		what = "job failed"
		_, err = tx.Exec(`
			UPDATE ctl.job SET state = 'failed', active = 0, undo = 1, failures = failures + 1, error = $2,
				lease_owner = '', lease_until_ms = 0, update_ms = $3
			WHERE id = $1`, a.ID, errorText(errs.Public(failure).Message), h.now)
		return err
	})
	switch {
	case errors.Is(err, errLost):
		// Also when the commit of Complete was said to be unknown, and happened.
		a.log.WarnContext(ctx, "job ended or lost its lease", "error", failure)
		return false
	case err != nil:
		a.log.ErrorContext(ctx, "record outcome of job", "error", err, "outcome", failure)
		return false
	}
	a.log.Log(ctx, level, what, "error", failure, "wait", wait)
	return undo
}

// undo runs the clean-up and then frees the slot. A clean-up that fails is
// repeated by a later claim; meanwhile clients see the job as FAILED.
func (e *Engine) undo(ctx context.Context, a *attempt, r *Run) {
	r.undo, r.crashed, r.used = true, false, map[string]bool{}
	failure := e.cleanup(ctx, a, r)
	if r.crashed {
		return
	}
	if errors.Is(failure, errLost) {
		a.log.WarnContext(ctx, "clean-up lost its lease")
		return
	}
	stopping := ctx.Err() != nil
	what, level := "", slog.LevelInfo
	err := e.persist(ctx, func(tx *db.Tx) error {
		h, err := e.hold(tx, a.ID, a.fence)
		if err != nil {
			return err
		}
		lasting := 0
		if failure != nil && !transient(failure) {
			lasting = 1
		}
		active := 1
		switch {
		case failure == nil:
			what, level, active = "job failed, cleaned up", slog.LevelInfo, 0
		case stopping:
			what, level = "clean-up given back", slog.LevelInfo
			return release(tx, a.ID)
		case h.undoFailures+lasting >= maxUndoFailures:
			what, level, active = "clean-up given up: it must be finished by hand", slog.LevelError, 0
		default:
			what, level = "clean-up failed, is tried again", slog.LevelError
		}
		_, err = tx.Exec(`
			UPDATE ctl.job SET state = 'failed', active = $2, undo_failures = undo_failures + $3, run_at_ms = $4,
				crashes = 0, lease_owner = '', lease_until_ms = 0,
				update_ms = CASE WHEN state = 'failed' THEN update_ms ELSE $5 END
			WHERE id = $1`,
			a.ID, active, lasting, h.now+backoff(h.undoFailures+1).Milliseconds(), h.now)
		return err
	})
	if err != nil {
		what, level, failure = "record outcome of clean-up", slog.LevelError, errors.Join(err, failure)
	}
	log := a.log
	if failure != nil {
		log = log.With("error", failure)
	}
	log.Log(ctx, level, what)
}

func (e *Engine) cleanup(ctx context.Context, a *attempt, r *Run) error {
	fn := e.kinds[a.Kind].cleanup
	if fn == nil {
		return nil
	}
	if a.undo && a.crashes >= maxCrashes {
		return fmt.Errorf("the server stopped %d times during the clean-up", a.crashes)
	}
	ctx, done := a.begin(ctx, true)
	defer done()
	err := protect(func() error {
		if r.point("cleanup", pointBefore) {
			return errCrashed
		}
		if a.undo { // another claim may have a worker that is not dead
			if err := r.shutOut(ctx); err != nil {
				return err
			}
		}
		if err := fn(ctx, r, a.argsVersion, a.Args); err != nil {
			return err
		}
		if r.point("cleanup", pointAfter) {
			return errCrashed
		}
		return nil
	})
	if err != nil && errors.Is(context.Cause(ctx), errLost) {
		return errLost
	}
	return err
}

// release gives the lease back, so that the job goes on as soon as there is a
// worker again.
func release(tx *db.Tx, id string) error {
	_, err := tx.Exec(`
		UPDATE ctl.job SET state = CASE WHEN state = 'running' THEN 'queued' ELSE state END,
			lease_owner = '', lease_until_ms = 0, run_at_ms = 0
		WHERE id = $1`, id)
	return err
}

// persistTime is how long an outcome waits for a database that does not answer
// once the engine stops. The next process finds the job by its lease.
const persistTime = 5 * time.Second

// persist runs a transaction that must not be given up lightly: on SQLite nobody
// else looks after this job while the process lives. It ends with success, with
// errLost, or when the engine stops and the database does not answer.
func (e *Engine) persist(ctx context.Context, fn func(tx *db.Tx) error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		one, done := context.WithTimeout(context.WithoutCancel(ctx), persistTime)
		err := e.Control.Tx(one, fn)
		done()
		if err == nil || errors.Is(err, errLost) || ctx.Err() != nil {
			return err
		}
		e.Logger.WarnContext(ctx, "record outcome of job, is tried again", "error", err)
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// transient reports whether err is of the machine and not of the job.
func transient(err error) bool {
	switch errs.KindOf(err) {
	case errs.Unavailable, errs.Timeout, errs.TooMany:
		return true
	default:
		return false
	}
}

// passing reports whether another attempt may succeed. Unknown errors may.
func passing(err error) bool {
	return transient(err) || errs.KindOf(err) == errs.Internal
}

// backoff is the pause before the next attempt after n failures.
func backoff(n int) time.Duration {
	return jitter(min(time.Second<<min(n, 10), maxBackoff), 0.2)
}
