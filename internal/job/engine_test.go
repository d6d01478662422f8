package job_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
)

func TestNewChecksConfig(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		for _, c := range []struct {
			name   string
			change func(*job.Config)
			ok     bool
		}{
			{name: "defaults", change: func(c *job.Config) { *c = job.Config{Control: c.Control} }, ok: true},
			{name: "no database", change: func(c *job.Config) { c.Control = nil }},
			{name: "kind twice", change: func(c *job.Config) { c.Kinds = []job.Kind{idle("K"), idle("K")} }},
			{name: "kind without name", change: func(c *job.Config) { c.Kinds = []job.Kind{idle("")} }},
			{name: "kind without function", change: func(c *job.Config) { c.Kinds = []job.Kind{job.Define[args]("K", nil, nil)} }},
			{name: "lease of one heartbeat", change: func(c *job.Config) { c.Lease = c.Heartbeat }},
			{name: "negative workers", change: func(c *job.Config) { c.Workers = -1 }},
		} {
			t.Run(c.name, func(t *testing.T) {
				cfg := f.config(idle("K"))
				c.change(&cfg)
				if _, err := job.New(cfg); (err == nil) != c.ok {
					t.Errorf("error %v", err)
				}
			})
		}
	})
}

// 1,000 jobs over 50 environments; two engines on PostgreSQL. Each job is
// enqueued as soon as the one before is over.
func TestManyJobsDoNotOverlap(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		const envs, jobs = 50, 20
		var inside [envs]atomic.Int32
		var overlaps, ran atomic.Int32
		over := make([]chan struct{}, envs)
		for i := range over {
			over[i] = make(chan struct{}, 1)
		}
		kind := job.Define("K", func(ctx context.Context, r *job.Run, a struct{ N int }) error {
			if inside[a.N].Add(1) > 1 {
				overlaps.Add(1)
			}
			defer func() {
				ran.Add(1)
				inside[a.N].Add(-1)
				over[a.N] <- struct{}{}
			}()
			return r.Complete(ctx, func(tx *db.Tx) error { return effect(tx, "ctl", fmt.Sprintf("env%d", a.N)) })
		}, nil)
		engines := []*job.Engine{f.engine(kind)}
		if f.set.Dialect() == db.Postgres {
			engines = append(engines, f.engine(kind))
		}
		for _, e := range engines {
			f.start(e)
		}
		var wg sync.WaitGroup
		for i := range envs {
			wg.Go(func() {
				for n := range jobs {
					e := engines[n%len(engines)]
					if _, err := f.tryEnqueue(e, job.NewJob{App: "app", Env: fmt.Sprintf("env%d", i), Kind: "K", Args: struct{ N int }{i}}); err != nil {
						t.Errorf("environment %d, job %d: %v", i, n, err)
						return
					}
					select {
					case <-over[i]:
					case <-time.After(time.Minute):
						t.Errorf("environment %d, job %d: not within a minute", i, n)
						return
					}
				}
			})
		}
		wg.Wait()
		if overlaps.Load() != 0 || ran.Load() != envs*jobs {
			t.Errorf("%d jobs ran, want %d; %d overlaps", ran.Load(), envs*jobs, overlaps.Load())
		}
		for name, n := range f.effects("") {
			if n != jobs {
				t.Errorf("%s: %d effects, want %d", name, n, jobs)
			}
		}
		if n := f.count(`SELECT count(*) FROM ctl.job WHERE state <> 'completed' OR active <> 0 OR attempt <> 1`); n != 0 {
			t.Errorf("%d jobs did not complete in one attempt", n)
		}
	})
}

// A slow environment does not hold up the others.
func TestEnvironmentsRunSideBySide(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		arrived := make(chan string, 3)
		together := make(chan struct{})
		e := f.engine(job.Define("K", func(_ context.Context, r *job.Run, _ args) error {
			arrived <- r.Job.Env
			<-together
			return nil
		}, nil))
		f.start(e)
		for _, env := range []string{"a", "b", "c"} {
			f.enqueue(e, job.NewJob{App: "app", Env: env, Kind: "K", Args: args{}})
		}
		for range 3 {
			receive(f, "three jobs at once", arrived)
		}
		close(together)
	})
}

// Stopping ends the job's context, waits for it and gives the lease back at
// once, without counting a failure; another engine goes on.
func TestStopGivesBack(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		begun := make(chan struct{}, 2)
		var returned atomic.Bool
		kind := job.Define("K", func(ctx context.Context, r *job.Run, _ args) error {
			if err := r.ControlStep(ctx, "once", nil, func(tx *db.Tx) (any, error) { return nil, effect(tx, "ctl", "once") }); err != nil {
				return err
			}
			begun <- struct{}{}
			if r.Job.Attempt == 1 {
				<-ctx.Done()
				time.Sleep(20 * time.Millisecond)
				returned.Store(true)
				return ctx.Err()
			}
			return nil
		}, nil)
		c := f.config(kind)
		c.Lease, c.Heartbeat = time.Hour, time.Minute // so that waiting for it would show
		first := f.engineOf(c)
		stop := f.start(first)
		j := f.enqueue(first, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		receive(f, "the first attempt", begun)
		stop()
		if !returned.Load() {
			t.Error("Run returned before the job did")
		}
		if got := f.get(first, j); got.State != job.Queued {
			t.Errorf("after the stop: %+v", got)
		}
		if n := f.count(`SELECT count(*) FROM ctl.job WHERE lease_owner = '' AND failures = 0 AND crashes = 0`); n != 1 {
			t.Error("the lease was not given back, or a failure was counted")
		}
		second := f.engineOf(c)
		f.start(second)
		if got := f.wait(second, j); got.State != job.Completed || got.Attempt != 2 {
			t.Errorf("in the end: %+v", got)
		}
		if n := f.effects("")["once"]; n != 1 {
			t.Errorf("%d effects", n)
		}
	})
}

func TestRunTwice(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		stop := f.start(e)
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		f.wait(e, j) // so it runs
		if err := e.Run(t.Context()); err == nil {
			t.Error("a second Run was accepted")
		}
		stop()
		f.start(e) // after the first has returned it may run again
		f.wait(e, f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}}))
	})
}

// A long job keeps its lease, although it is longer than the lease.
func TestHeartbeatKeepsTheLease(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		kind := job.Define("K", func(ctx context.Context, _ *job.Run, _ args) error {
			select {
			case <-ctx.Done():
			case <-time.After(1500 * time.Millisecond):
			}
			return ctx.Err()
		}, nil)
		e := f.engine(kind)
		f.start(e)
		if f.set.Dialect() == db.Postgres {
			f.start(f.engine(kind))
		}
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		if got := f.wait(e, j); got.State != job.Completed || got.Attempt != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// A worker that cannot renew its lease ends itself before another node may take
// the job. Here its row is locked for longer than the lease. (On SQLite there is
// no other node.)
func TestLeaseThatCannotBeRenewed(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		if f.set.Dialect() != db.Postgres {
			return
		}
		begun := make(chan time.Time, 1)
		ended := make(chan time.Duration, 1)
		c := f.config(job.Define("K", func(ctx context.Context, r *job.Run, _ args) error {
			if r.Job.Attempt > 1 {
				return nil
			}
			now := time.Now()
			begun <- now
			<-ctx.Done()
			ended <- time.Since(now)
			return ctx.Err()
		}, nil))
		e := f.engineOf(c)
		f.start(e)
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		receive(f, "the first attempt", begun)
		var took time.Duration
		err := f.set.Control().Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(`UPDATE ctl.job SET args = args WHERE id = $1`, j.ID); err != nil {
				return err
			}
			took = receive(f, "the end of the first attempt", ended)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// The last renewal was at most a heartbeat after the begin.
		if most := c.Lease + c.Heartbeat; took > most {
			t.Errorf("the attempt ended after %s, want at most %s", took, most)
		}
		if got := f.wait(e, j); got.State != job.Completed || got.Attempt != 2 {
			t.Errorf("in the end: %+v", got)
		}
	})
}

// A job in which the process dies again and again is held responsible.
func TestCrashLoopEnds(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		var cleaned atomic.Int32
		e := f.engine(job.Define("K", func(ctx context.Context, r *job.Run, _ args) error {
			return r.ControlStep(ctx, "a", nil, func(*db.Tx) (any, error) { return nil, nil })
		}, func(context.Context, *job.Run, args) error {
			cleaned.Add(1)
			return nil
		}))
		lost := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		f.exec(`UPDATE ctl.job SET crashes = $1 WHERE id = $2`, job.MaxCrashes, lost.ID)
		fine := f.enqueue(e, job.NewJob{App: "app", Env: "prod", Kind: "K", Args: args{}})
		f.exec(`UPDATE ctl.job SET crashes = $1 WHERE id = $2`, job.MaxCrashes-1, fine.ID)
		f.start(e)
		if got := f.wait(e, lost); got.State != job.Failed || got.Error != "the server stopped 10 times while this job ran" || cleaned.Load() != 1 {
			t.Errorf("%+v, cleaned %d times", got, cleaned.Load())
		}
		if got := f.wait(e, fine); got.State != job.Completed {
			t.Errorf("%+v", got)
		}
	})
}

// The clock was set back by a day after a retry was planned.
func TestClockSetBack(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		f.exec(`UPDATE ctl.job SET run_at_ms = create_ms + 86400000 WHERE id = $1`, j.ID)
		f.start(e)
		if got := f.wait(e, j); got.State != job.Completed {
			t.Errorf("%+v", got)
		}
	})
}

func TestFailures(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		for _, c := range []struct {
			name string
			err  error
			want string
		}{
			{name: "invalid", err: errs.E(errs.Invalid, `3:5: Post.title @auth: unknown operation`), want: `3:5: Post.title @auth: unknown operation`},
			{name: "conflict", err: errs.E(errs.Conflict, "taken"), want: "taken"},
			{name: "forbidden", err: errs.E(errs.Forbidden, "not allowed"), want: "not allowed"},
			{name: "not found", err: fmt.Errorf("open: %w", errs.Missing("Api", "no such API")), want: "no such API"},
			{name: "cause is for the log", err: errs.Wrap(errs.Invalid, fmt.Errorf("secret"), "bad"), want: "bad"},
			{name: "text that PostgreSQL refuses", err: errs.E(errs.Invalid, "a\x00b\xffc"), want: "a\uFFFDb\uFFFDc"},
		} {
			t.Run(c.name, func(t *testing.T) {
				f := &fixture{T: t, set: f.set}
				e := f.engine(job.Define("K", func(context.Context, *job.Run, args) error { return c.err }, nil))
				stop := f.start(e)
				defer stop()
				j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
				if got := f.wait(e, j); got.Status() != "FAILED" || got.Error != c.want || got.Attempt != 1 || got.Cancel {
					t.Errorf("%+v, want error %q", got, c.want)
				}
			})
		}
	})
}
