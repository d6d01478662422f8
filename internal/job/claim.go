package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"preamp/internal/db"
)

// claimed is a job that this engine holds the lease of.
type claimed struct {
	Job
	argsVersion int
	// fence is the number of the claim. It grows with every claim of any job, so
	// it also compares claims of different jobs on one environment.
	fence int64
	// undo means that only the clean-up is left.
	undo    bool
	crashes int
	// again means that another claim of this job came before.
	again bool
	since time.Time // before the claim, by the local monotonic clock
}

var (
	// errLost ends an attempt whose lease belongs to another one.
	errLost = errors.New("job: the lease is lost")
	// errCancelled ends an attempt whose job was cancelled.
	errCancelled = errors.New("job: cancelled")
	// errCrashed ends an attempt as a crash would (tests).
	errCrashed = errors.New("job: crashed")
)

// clockJump is further ahead than any retry is planned. A job that is due later
// was planned before the clock was set back, and is due now.
const clockJump = 2 * maxBackoff

// adopt takes over what the last process left. A SQLite data directory belongs
// to one process, so every lease in it is void; on PostgreSQL other nodes are
// alive and leases end by time.
func (e *Engine) adopt(ctx context.Context) error {
	var unknown []string
	err := e.Control.Tx(ctx, func(tx *db.Tx) error {
		unknown = nil
		if tx.Dialect() == db.SQLite {
			_, err := tx.Exec(`
				UPDATE ctl.job SET state = CASE WHEN state = 'running' THEN 'queued' ELSE state END,
					crashes = crashes + 1, lease_owner = '', lease_until_ms = 0
				WHERE active = 1 AND lease_owner <> ''`)
			if err != nil {
				return err
			}
		}
		return tx.Each(`SELECT DISTINCT kind, args_version FROM ctl.job WHERE active = 1`, nil, func(r db.Row) error {
			var kind string
			var version int
			if err := r.Scan(&kind, &version); err != nil {
				return err
			}
			if k, ok := e.kinds[kind]; !ok || k.version < version {
				unknown = append(unknown, fmt.Sprintf("%s/%d", kind, version))
			}
			return nil
		})
	})
	if err == nil && len(unknown) > 0 {
		e.Logger.WarnContext(ctx, "jobs of kinds that this version does not know stay queued", "kinds", unknown)
	}
	return err
}

// due is the condition of a job that a worker may take: $3 is now, $4 the time
// that no retry is planned after.
func (e *Engine) due() string {
	free := `lease_owner = ''`
	if e.Control.Dialect() == db.Postgres {
		free = `(lease_owner = '' OR lease_until_ms <= $3)`
	}
	return `active = 1 AND ` + free + ` AND (run_at_ms <= $3 OR run_at_ms > $4) AND ` + e.runnable
}

// claim takes the oldest due job. Looking first keeps an idle engine from
// writing.
func (e *Engine) claim(ctx context.Context) (c claimed, found bool, err error) {
	args := func(now int64) []any {
		return append([]any{
			e.Node, now + e.Lease.Milliseconds(), now, now + clockJump.Milliseconds(),
		}, e.runnableArgs...)
	}
	err = e.Control.Read(ctx, func(q *db.Query) error {
		now, err := nowMS(q)
		if err != nil {
			return err
		}
		// $1 and $2 are named, because PostgreSQL wants to know every type.
		err = q.Row(`SELECT 1 FROM ctl.job WHERE CAST($1 AS text) <> '' AND CAST($2 AS bigint) > 0 AND `+e.due()+` LIMIT 1`,
			args(now)...).Scan(new(int64))
		found = err == nil
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil || !found {
		return claimed{}, false, err
	}
	skip := ""
	if e.Control.Dialect() == db.Postgres {
		skip = ` FOR UPDATE SKIP LOCKED`
	}
	claimSQL := `
		UPDATE ctl.job SET
			state = CASE WHEN state = 'queued' THEN 'running' ELSE state END,
			attempt = attempt + 1,
			crashes = crashes + CASE WHEN lease_owner = '' THEN 0 ELSE 1 END,
			lease_owner = $1, lease_until_ms = $2
		WHERE id = (SELECT id FROM ctl.job WHERE ` + e.due() + ` ORDER BY create_ms, id LIMIT 1` + skip + `)
		RETURNING ` + jobColumns + `, args_version, undo, crashes`
	err = e.Control.Tx(ctx, func(tx *db.Tx) error {
		c, found = claimed{since: time.Now()}, false
		now, err := nowMS(tx.Query())
		if err != nil {
			return err
		}
		var undo int64
		c.Job, err = scanJob(tx.Row(claimSQL, args(now)...), &c.argsVersion, &undo, &c.crashes)
		if errors.Is(err, db.ErrNoRows) {
			return nil // another node was faster
		}
		if err != nil {
			return err
		}
		c.undo, c.again = undo == 1, c.Attempt > 1
		// Never below the time: a control database that was restored from a backup
		// must not fall behind the fences in the environments.
		err = tx.Row(`
			UPDATE ctl.job_counter SET fence = CASE WHEN fence < $1 THEN $1 ELSE fence + 1 END
			WHERE id = 1 RETURNING fence`, now).Scan(&c.fence)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE ctl.job SET fence = $1 WHERE id = $2`, c.fence, c.ID)
		found = err == nil
		return err
	})
	if err != nil {
		return claimed{}, false, err
	}
	return c, found, nil
}

// held is what a worker finds when it makes sure that a job is still its own.
type held struct {
	undo                   bool
	failures, undoFailures int
	now                    int64
}

// hold extends the lease of a claim and locks its row until the end of the
// transaction, so that what follows and a cancellation exclude each other.
// errLost when the job belongs to another claim or has ended.
func (e *Engine) hold(tx *db.Tx, id string, fence int64) (held, error) {
	now, err := nowMS(tx.Query())
	if err != nil {
		return held{}, err
	}
	h := held{now: now}
	var undo int64
	err = tx.Row(`
		UPDATE ctl.job SET lease_until_ms = $3
		WHERE id = $1 AND fence = $2 AND active = 1 AND lease_owner <> ''
		RETURNING undo, failures, undo_failures`, id, fence, now+e.Lease.Milliseconds()).
		Scan(&undo, &h.failures, &h.undoFailures)
	if errors.Is(err, db.ErrNoRows) {
		return held{}, errLost
	}
	h.undo = undo == 1
	return h, err
}
