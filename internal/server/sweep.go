package server

import (
	"context"
	"fmt"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/userpool"
	"preamp/internal/userpool/hostedui"
	"preamp/internal/userpool/token"
)

const (
	// sweepInterval is how often what has expired is deleted.
	sweepInterval = 5 * time.Minute
	// sweepRounds bounds what one environment has deleted at a time.
	sweepRounds = 20
)

// sweepers delete what has expired in an environment, a bounded number of rows
// per transaction.
func sweepers() []func(*db.Tx, time.Time) (more bool, err error) {
	return []func(*db.Tx, time.Time) (bool, error){userpool.Sweep, token.Sweep, hostedui.Sweep}
}

// sweep deletes what has expired until ctx ends. Only environments that are open
// are swept: in one that nobody uses nothing is waited for.
func (s *Server) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.sweepOnce(ctx, time.Now())
		}
	}
}

// sweepOnce sweeps every open environment, the one that was used last at the end:
// their order, by which they are closed, stays.
func (s *Server) sweepOnce(ctx context.Context, now time.Time) {
	for _, uid := range s.set.OpenEnvs() {
		if ctx.Err() != nil {
			return
		}
		if err := s.sweepEnv(ctx, uid, now); err != nil && ctx.Err() == nil && errs.KindOf(err) != errs.NotFound {
			s.logger.ErrorContext(ctx, "sweep environment", "env", uid, "error", err)
		}
	}
}

// sweepEnv sweeps one environment. A panic costs this environment only.
func (s *Server) sweepEnv(ctx context.Context, uid string, now time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	d, release, err := s.set.Acquire(ctx, uid)
	if err != nil {
		return err
	}
	defer release()
	for _, sweep := range sweepers() {
		more := true
		for round := 0; more && round < sweepRounds && ctx.Err() == nil; round++ {
			if err := d.Tx(ctx, func(tx *db.Tx) (err error) {
				more, err = sweep(tx, now)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
