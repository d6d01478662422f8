package job

import (
	"context"
	"fmt"
	"time"

	"preamp/internal/db"
)

const (
	// jobLife is how long the record of an ended job is kept, also when its
	// environment or app is gone.
	jobLife    = 30 * 24 * time.Hour
	sweepPause = time.Minute
	// sweepChunk bounds how long one transaction holds up other writers.
	sweepChunk = 200
)

// sweepAlways removes what is too old, until ctx ends.
func (e *Engine) sweepAlways(ctx context.Context) {
	for {
		if err := e.sweep(ctx); err != nil && ctx.Err() == nil {
			e.Logger.ErrorContext(ctx, "remove old jobs", "error", err)
		}
		t := time.NewTimer(jitter(sweepPause, 0.1))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// sweep removes old jobs and requests in chunks.
func (e *Engine) sweep(ctx context.Context) error {
	var now int64
	var old bool
	// Looking first keeps a quiet server from writing.
	err := e.Control.Read(ctx, func(q *db.Query) (err error) {
		if now, err = nowMS(q); err != nil {
			return err
		}
		var n int64
		err = q.Row(`
			SELECT (SELECT count(*) FROM ctl.job_request WHERE create_ms <= $1) +
				(SELECT count(*) FROM ctl.job WHERE active = 0 AND update_ms <= $2)`,
			now-requestLife.Milliseconds(), now-jobLife.Milliseconds()).Scan(&n)
		old = n > 0
		return err
	})
	if err != nil || !old {
		return err
	}
	for _, s := range []struct {
		what, sql string
		before    int64
	}{
		{"requests", `DELETE FROM ctl.job_request WHERE key IN
			(SELECT key FROM ctl.job_request WHERE create_ms <= $1 ORDER BY create_ms LIMIT $2)`, now - requestLife.Milliseconds()},
		// Steps, targets and requests of a job go with it.
		{"jobs", `DELETE FROM ctl.job WHERE active = 0 AND id IN
			(SELECT id FROM ctl.job WHERE active = 0 AND update_ms <= $1 ORDER BY update_ms LIMIT $2)`, now - jobLife.Milliseconds()},
	} {
		for full := true; full && ctx.Err() == nil; {
			err := e.Control.Tx(ctx, func(tx *db.Tx) error {
				n, err := tx.Exec(s.sql, s.before, sweepChunk)
				full = n == sweepChunk
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", s.what, err)
			}
		}
	}
	return e.Control.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM ctl.job_app WHERE NOT EXISTS (SELECT 1 FROM ctl.job WHERE job.app = job_app.app)`)
		return err
	})
}
