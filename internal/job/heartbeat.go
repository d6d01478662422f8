package job

import (
	"context"
	"errors"
	"time"

	"preamp/internal/db"
)

// heartbeat renews the lease of an attempt and notices cancellations, until ctx
// ends or the lease is lost.
func (e *Engine) heartbeat(ctx context.Context, a *attempt) {
	// A renewal that is under way cannot be interrupted, so something else has to
	// watch the time: before another node may take the job, what a step has begun
	// outside of the databases must end.
	alone := e.Lease - e.Lease/10
	watch := time.AfterFunc(time.Until(a.since.Add(alone)), func() {
		if e.Control.Dialect() == db.Postgres { // on SQLite there is no other node
			a.log.WarnContext(ctx, "the lease of a job could not be renewed in time")
			a.end(errLost)
		}
	})
	defer watch.Stop()
	t := time.NewTicker(e.Heartbeat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		asked := time.Now()
		h, err := e.renew(ctx, a)
		switch {
		case err == nil:
			watch.Reset(time.Until(asked.Add(alone)))
			if h.undo {
				a.end(errCancelled)
			}
		case errors.Is(err, errLost):
			a.end(errLost)
			return
		case ctx.Err() != nil:
			return
		default:
			a.log.WarnContext(ctx, "renew the lease of a job", "error", err)
		}
	}
}

// renew extends the lease, if it gets its turn within a heartbeat.
func (e *Engine) renew(ctx context.Context, a *attempt) (h held, err error) {
	ctx, done := context.WithTimeout(ctx, e.Heartbeat)
	defer done()
	err = e.Control.Tx(ctx, func(tx *db.Tx) error {
		h, err = e.hold(tx, a.ID, a.fence)
		return err
	})
	return h, err
}
