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
	t := time.NewTicker(e.Heartbeat)
	defer t.Stop()
	renewed := a.since // monotonic: the lease lasts at least Lease from here
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
			renewed = asked
			if h.undo {
				a.end(errCancelled)
			}
		case errors.Is(err, errLost):
			a.end(errLost)
			return
		case ctx.Err() != nil:
			return
		case e.Control.Dialect() == db.Postgres && time.Since(renewed)+e.Heartbeat >= e.Lease:
			// Another node may take the job before the next beat. What a step has
			// begun outside of the databases must end before that.
			a.log.WarnContext(ctx, "the lease of a job could not be renewed", "error", err)
			a.end(errLost)
			return
		default:
			a.log.WarnContext(ctx, "renew the lease of a job", "error", err)
		}
	}
}

func (e *Engine) renew(ctx context.Context, a *attempt) (h held, err error) {
	ctx, done := context.WithTimeout(ctx, e.Heartbeat)
	defer done()
	err = e.Control.Tx(ctx, func(tx *db.Tx) error {
		h, err = e.hold(tx, a.ID, a.fence)
		return err
	})
	return h, err
}
