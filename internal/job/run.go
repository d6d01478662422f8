package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"preamp/internal/db"
)

// Run is one attempt at a job, given to the functions of its kind. It is for one
// goroutine at a time.
//
// Every step has a name that is unique within the job and the same in every
// attempt. Its output is stored as JSON and decoded into out (a pointer, or nil),
// on the first attempt just as on later ones. The errors of a step are those of
// its function, errs.Unavailable of the databases, and the reason why the attempt
// must end; return them all unchanged.
type Run struct {
	// Job is the record as it was when this attempt began.
	Job Job

	e         *Engine
	fence     int64
	undo      bool
	used      map[string]bool
	targets   map[string]bool // environments recorded in job_target
	trimmed   map[string]bool // environments whose old markers are gone
	completed bool
	crashed   bool
}

// The points of a step at which a process may die; see PREAMP_FAULT.
const (
	pointBefore = "before"
	pointEnv    = "env" // after the environment's commit, before the record
	pointAfter  = "after"
)

// Step runs an effect outside of both databases, or a pure computation, and
// records its output. The effect needs an idempotency key of its own, made from
// job and step: a crash between the effect and its record repeats it.
func (r *Run) Step(ctx context.Context, name string, out any, fn func(ctx context.Context) (any, error)) error {
	done, err := r.begin(ctx, name, out)
	if done || err != nil {
		return err
	}
	v, err := fn(ctx)
	if err != nil {
		return err
	}
	output, err := encodeOutput(name, v)
	if err != nil {
		return err
	}
	err = r.e.Control.Tx(ctx, func(tx *db.Tx) error {
		h, err := r.hold(tx)
		if err != nil {
			return err
		}
		return r.record(tx, h, name, output)
	})
	return r.end(name, output, out, err)
}

// ControlStep runs an effect in the control database: effect and record are one
// transaction. fn may run more than once and must touch nothing but tx.
func (r *Run) ControlStep(ctx context.Context, name string, out any, fn func(tx *db.Tx) (any, error)) error {
	done, err := r.begin(ctx, name, out)
	if done || err != nil {
		return err
	}
	var output string
	err = r.e.Control.Tx(ctx, func(tx *db.Tx) error {
		h, err := r.hold(tx)
		if err != nil {
			return err
		}
		v, err := fn(tx)
		if err != nil {
			return err
		}
		if output, err = encodeOutput(name, v); err != nil {
			return err
		}
		return r.record(tx, h, name, output)
	})
	return r.end(name, output, out, err)
}

// EnvStep runs an effect in the database of the job's environment. The effect
// happens once: a marker in the same transaction keeps it from being repeated
// when its record in the control database is missing, and a fence keeps out
// workers that lost their lease. fn may run more than once and must touch
// nothing but tx.
func (r *Run) EnvStep(ctx context.Context, name string, out any, fn func(tx *db.Tx) (any, error)) error {
	return r.EnvStepOn(ctx, r.Job.EnvUID, name, out, fn)
}

// EnvStepOn is [Run.EnvStep] on another environment, such as the target of a
// clone.
func (r *Run) EnvStepOn(ctx context.Context, envUID, name string, out any, fn func(tx *db.Tx) (any, error)) error {
	if envUID == "" || r.e.Acquire == nil {
		return fmt.Errorf("step %s of job kind %s has no environment", name, r.Job.Kind)
	}
	done, err := r.begin(ctx, name, out)
	if done || err != nil {
		return err
	}
	if err := r.target(ctx, envUID); err != nil {
		return err
	}
	env, release, err := r.e.Acquire(ctx, envUID)
	if err != nil {
		return err
	}
	defer release()
	var output string
	err = env.Tx(ctx, func(tx *db.Tx) error {
		output = ""
		if err := r.enter(tx, envUID); err != nil {
			return err
		}
		err := tx.Row(`SELECT output FROM env.job_effect WHERE job = $1 AND step = $2`, r.Job.ID, r.key(name)).Scan(&output)
		if !errors.Is(err, db.ErrNoRows) {
			return err
		}
		v, err := fn(tx)
		if err != nil {
			return err
		}
		if output, err = encodeOutput(name, v); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO env.job_effect (job, step, output, at_ms) VALUES ($1, $2, $3, $4)`,
			r.Job.ID, r.key(name), output, localMS())
		return err
	})
	if err != nil {
		return err
	}
	r.trimmed[envUID] = true
	if r.point(r.key(name), pointEnv) {
		return errCrashed
	}
	err = r.e.Control.Tx(ctx, func(tx *db.Tx) error {
		h, err := r.hold(tx)
		if err != nil {
			return err
		}
		return r.record(tx, h, name, output)
	})
	return r.end(name, output, out, err)
}

// Complete ends the job: fn, which may be nil, makes its result visible in the
// control database, and in the same transaction the job becomes COMPLETED. It is
// the last call; an error of it means that the job is not complete, or that the
// outcome of the commit is unknown, and must be returned.
func (r *Run) Complete(ctx context.Context, fn func(tx *db.Tx) error) error {
	const name = "complete"
	if r.undo {
		return errors.New("job: a clean-up cannot complete its job")
	}
	if _, err := r.begin(ctx, name, nil); err != nil {
		return err
	}
	err := r.e.Control.Tx(ctx, func(tx *db.Tx) error {
		h, err := r.hold(tx)
		if err != nil {
			return err
		}
		if fn != nil {
			if err := fn(tx); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`
			UPDATE ctl.job SET state = 'completed', active = 0, lease_owner = '', lease_until_ms = 0, update_ms = $2
			WHERE id = $1`, r.Job.ID, h.now)
		return err
	})
	if err != nil {
		return err
	}
	r.completed = true
	return r.end(name, "", nil, nil)
}

// key is the name under which a step is recorded. The steps of a clean-up are
// others than those of the job.
func (r *Run) key(name string) string {
	if r.undo {
		return "undo/" + name
	}
	return name
}

// point passes one of the points at which tests let the process die.
func (r *Run) point(step, point string) (crash bool) {
	fault(r.Job.Kind, step, point)
	if r.e.seam != nil && r.e.seam(r.Job, step, point) {
		r.crashed = true
	}
	return r.crashed
}

// begin makes sure that the attempt may go on, and finds the output of a step
// that was recorded before.
func (r *Run) begin(ctx context.Context, name string, out any) (done bool, err error) {
	switch {
	case r.crashed:
		return false, errCrashed
	case r.completed:
		return false, fmt.Errorf("step %s after the completion of job kind %s", name, r.Job.Kind)
	case name == "" || r.used[name]:
		return false, fmt.Errorf("step name %q of job kind %s is empty or used twice", name, r.Job.Kind)
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	}
	r.used[name] = true
	var undo int64
	var output *string
	err = r.e.Control.Read(ctx, func(q *db.Query) error {
		return q.Row(`
			SELECT j.undo, s.output
			FROM ctl.job j LEFT JOIN ctl.job_step s ON s.job = j.id AND s.step = $3
			WHERE j.id = $1 AND j.fence = $2 AND j.active = 1 AND j.lease_owner <> ''`,
			r.Job.ID, r.fence, r.key(name)).Scan(&undo, &output)
	})
	switch {
	case errors.Is(err, db.ErrNoRows):
		return false, errLost
	case err != nil:
		return false, fmt.Errorf("look for step %s: %w", name, err)
	case undo == 1 && !r.undo:
		return false, errCancelled
	case output != nil:
		return true, decodeOutput(name, *output, out)
	}
	if r.point(r.key(name), pointBefore) {
		return false, errCrashed
	}
	return false, nil
}

// hold is [Engine.hold] of this attempt; errCancelled when the job was cancelled.
func (r *Run) hold(tx *db.Tx) (held, error) {
	h, err := r.e.hold(tx, r.Job.ID, r.fence)
	if err == nil && h.undo != r.undo {
		err = errCancelled
	}
	return h, err
}

// record writes the output of a step. Progress ends a series of crashes.
func (r *Run) record(tx *db.Tx, h held, name, output string) error {
	_, err := tx.Exec(`INSERT INTO ctl.job_step (job, step, output, at_ms) VALUES ($1, $2, $3, $4)`,
		r.Job.ID, r.key(name), output, h.now)
	if err != nil {
		return err
	}
	// A failure that clients know of has happened at one time.
	_, err = tx.Exec(`
		UPDATE ctl.job SET crashes = 0, update_ms = CASE WHEN state = 'failed' THEN update_ms ELSE $2 END
		WHERE id = $1`, r.Job.ID, h.now)
	return err
}

func (r *Run) end(name, output string, out any, err error) error {
	if err != nil {
		return err
	}
	if r.point(r.key(name), pointAfter) {
		return errCrashed
	}
	return decodeOutput(name, output, out)
}

func encodeOutput(name string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode output of step %s: %w", name, err)
	}
	return string(b), nil
}

func decodeOutput(name, output string, out any) error {
	if out == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(output), out); err != nil {
		return fmt.Errorf("decode output of step %s: %w", name, err)
	}
	return nil
}
