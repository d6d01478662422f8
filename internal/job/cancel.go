package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
)

// cancelPatience is how long Cancel waits for the clean-up.
const cancelPatience = 2 * time.Second

// Cancel ends a job that is queued or running: it is FAILED when Cancel returns.
// Its worker stops at the next step, and no further step is recorded. The
// environment stays taken until the clean-up is done, which Cancel awaits for a
// short while, so that a client which goes on at once is usually not refused.
// errs.NotFound when there is no such job, errs.Conflict when it has ended.
func (e *Engine) Cancel(ctx context.Context, app, env, id string) (Job, error) {
	var j Job
	var active int64
	err := e.Control.Tx(ctx, func(tx *db.Tx) error {
		found, err := get(tx.Query(), app, env, id)
		if err != nil {
			return err
		}
		now, err := nowMS(tx.Query())
		if err != nil {
			return err
		}
		// A job that nobody has, of a kind without clean-up, is over at once.
		k, known := e.kinds[found.Kind]
		over := flag(known && k.cleanup == nil)
		j, err = scanJob(tx.Row(`
			UPDATE ctl.job SET state = 'failed', cancel = 1, update_ms = $2, run_at_ms = 0, crashes = 0,
				error = CASE WHEN undo = 1 THEN error ELSE $3 END, undo = 1,
				active = CASE WHEN lease_owner = '' AND $4 = 1 THEN 0 ELSE 1 END
			WHERE id = $1 AND state IN ('queued', 'running')
			RETURNING `+jobColumns+`, active`, id, now, CancelledText, over), &active)
		if errors.Is(err, db.ErrNoRows) {
			return errs.E(errs.Conflict, "The job %s has ended already: its status is %s.", id, found.Status())
		}
		return err
	})
	if err != nil {
		return Job{}, err
	}
	e.Logger.InfoContext(ctx, "job cancelled", "job", j.ID, "app", j.App, "env", j.Env, "kind", j.Kind)
	e.interrupt(j.ID)
	e.Wake()
	if active == 1 && e.running.Load() {
		patience, done := context.WithTimeout(ctx, cancelPatience)
		defer done()
		// The job is cancelled, whether or not the clean-up is done by now.
		_, _ = e.Wait(patience, j.ID)
	}
	return j, nil
}

// Wait waits until a job has ended and its environment is free, and answers it.
// errs.NotFound when there is no such job.
func (e *Engine) Wait(ctx context.Context, id string) (Job, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		var j Job
		var active int64
		err := e.Control.Read(ctx, func(q *db.Query) (err error) {
			j, err = scanJob(q.Row(`SELECT `+jobColumns+`, active FROM ctl.job WHERE id = $1`, id), &active)
			return err
		})
		switch {
		case errors.Is(err, db.ErrNoRows):
			return Job{}, missing(id)
		case err != nil:
			return Job{}, fmt.Errorf("read job: %w", err)
		case active == 0:
			return j, nil
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return Job{}, ctx.Err()
		case <-t.C:
		}
	}
}
