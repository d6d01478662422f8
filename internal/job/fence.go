package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
)

// target records that the job writes to an environment that is not its own,
// before it does: later attempts must shut this one out there too.
func (r *Run) target(ctx context.Context, envUID string) error {
	if envUID == r.Job.EnvUID || r.targets[envUID] {
		return nil
	}
	err := r.e.Control.Tx(ctx, func(tx *db.Tx) error {
		if _, err := r.hold(tx); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO ctl.job_target (job, env_uid) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			r.Job.ID, envUID)
		return err
	})
	if err == nil {
		r.targets[envUID] = true
	}
	return err
}

// effectLife is longer than any job is active, and than its record is kept.
const effectLife = 31 * 24 * time.Hour

// enter moves the fence of an environment up to this claim; errLost when a later
// claim has been there. The first time it removes the markers of jobs of long
// ago.
func (r *Run) enter(tx *db.Tx, envUID string) error {
	err := tx.Row(`
		INSERT INTO env.job_fence AS f (id, fence) VALUES (1, $1)
		ON CONFLICT (id) DO UPDATE SET fence = excluded.fence WHERE f.fence <= excluded.fence
		RETURNING fence`, r.fence).Scan(new(int64))
	switch {
	case errors.Is(err, db.ErrNoRows):
		return errLost
	case err != nil || r.trimmed[envUID]:
		return err
	}
	_, err = tx.Exec(`DELETE FROM env.job_effect WHERE at_ms < $1 AND job <> $2`,
		localMS()-effectLife.Milliseconds(), r.Job.ID)
	return err
}

// shutOut raises the fences of every environment that earlier attempts may still
// write to. An environment that is not there cannot be written to.
func (r *Run) shutOut(ctx context.Context) error {
	uids := []string{}
	if r.Job.EnvUID != "" {
		uids = append(uids, r.Job.EnvUID)
	}
	err := r.e.Control.Read(ctx, func(q *db.Query) error {
		return q.Each(`SELECT env_uid FROM ctl.job_target WHERE job = $1`, []any{r.Job.ID}, func(row db.Row) error {
			var uid string
			if err := row.Scan(&uid); err != nil {
				return err
			}
			r.targets[uid] = true
			uids = append(uids, uid)
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read targets: %w", err)
	}
	for _, uid := range uids {
		if err := r.shutOutOf(ctx, uid); err != nil {
			return fmt.Errorf("raise fence: %w", err)
		}
	}
	return nil
}

func (r *Run) shutOutOf(ctx context.Context, envUID string) error {
	if r.e.Acquire == nil {
		return nil
	}
	env, release, err := r.e.Acquire(ctx, envUID)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	return env.Tx(ctx, func(tx *db.Tx) error { return r.enter(tx, envUID) })
}
