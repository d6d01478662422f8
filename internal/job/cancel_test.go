package job_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
)

func (f *fixture) cancel(e *job.Engine, j job.Job) job.Job {
	f.Helper()
	got, err := e.Cancel(f.Context(), j.App, j.Env, j.ID)
	if err != nil {
		f.Fatal(err)
	}
	if got.Status() != "FAILED" || got.Error != "cancelled by UpdateBackendJob" || !got.Cancel {
		f.Errorf("cancelled job: %+v", got)
	}
	if diff := cmp.Diff(got, f.get(e, j), cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Attempt" }, cmp.Ignore())); diff != "" {
		f.Errorf("cancelled job as read back (-answered +read):\n%s", diff)
	}
	return got
}

func TestCancelQueued(t *testing.T) {
	for _, cleanup := range []bool{false, true} {
		t.Run(map[bool]string{false: "without clean-up", true: "with clean-up"}[cleanup], func(t *testing.T) {
			each(t, func(t *testing.T, f *fixture) {
				var ran, cleaned atomic.Int32
				var undo func(context.Context, *job.Run, args) error
				if cleanup {
					undo = func(context.Context, *job.Run, args) error { cleaned.Add(1); return nil }
				}
				e := f.engine(job.Define("K", func(context.Context, *job.Run, args) error { ran.Add(1); return nil }, undo))
				n := job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}}
				j := f.enqueue(e, n)
				f.cancel(e, j)
				if _, err := e.Cancel(t.Context(), "app", "dev", j.ID); errs.KindOf(err) != errs.Conflict {
					t.Errorf("cancelled twice: %v", err)
				}
				_, err := f.tryEnqueue(e, n)
				if cleanup != (errs.KindOf(err) == errs.Conflict) {
					t.Errorf("enqueue before any worker was there: %v", err)
				}
				f.start(e)
				f.wait(e, j)
				if cleanup {
					f.enqueue(e, n)
				}
				f.within("the next job", func() bool { return ran.Load() == 1 })
				if want := map[bool]int32{true: 1}[cleanup]; cleaned.Load() != want {
					t.Errorf("cleaned %d times, want %d", cleaned.Load(), want)
				}
			})
		})
	}
}

// The worker is in the middle of a step. Its context ends, neither that step nor
// a later one is recorded, the clean-up runs once, after the step has returned,
// and then the environment is free.
func TestCancelRunning(t *testing.T) {
	for _, where := range []struct {
		name   string
		remote bool
		// unaware steps end before their process knows of the cancellation.
		unaware bool
	}{
		{name: "in this process"},
		{name: "on another node", remote: true},
		{name: "on another node, before the heartbeat", remote: true, unaware: true},
	} {
		t.Run(where.name, func(t *testing.T) {
			each(t, func(t *testing.T, f *fixture) {
				f.createEnv("env1")
				inStep, cancelled := make(chan struct{}), make(chan struct{})
				var order []string // the step's goroutine is the clean-up's
				kind := job.Define("K", func(ctx context.Context, r *job.Run, _ args) error {
					err := r.EnvStep(ctx, "first", nil, envEffect("first"))
					if err != nil {
						return err
					}
					err = r.Step(ctx, "second", nil, func(ctx context.Context) (any, error) {
						close(inStep)
						if where.unaware {
							<-cancelled
						} else {
							<-ctx.Done()
						}
						order = append(order, "step returned")
						return "done nevertheless", nil
					})
					if err == nil {
						t.Error("the step was recorded after the cancellation")
					}
					if err := r.EnvStep(ctx, "third", nil, envEffect("third")); err == nil {
						t.Error("a later step ran")
					}
					if err := r.Complete(ctx, nil); err == nil {
						t.Error("completed after the cancellation")
					}
					return errors.New("whatever")
				}, func(ctx context.Context, r *job.Run, _ args) error {
					order = append(order, "clean-up")
					if err := r.Complete(ctx, nil); err == nil {
						t.Error("the clean-up completed the job")
					}
					return r.EnvStep(ctx, "first", nil, envEffect("undone"))
				})
				c := f.config(kind)
				if where.unaware || !where.remote { // the heartbeat does not help
					c.Lease, c.Heartbeat = time.Hour, time.Minute
				}
				e := f.engineOf(c)
				f.start(e)
				n := job.NewJob{App: "app", Env: "dev", EnvUID: "env1", Kind: "K", Args: args{}}
				j := f.enqueue(e, n)
				receive(f, "the second step", inStep)
				canceller := e
				if where.remote {
					canceller = f.engine(kind)
				}
				f.cancel(canceller, j)
				close(cancelled)
				got := f.wait(e, j)
				if got.Error != job.CancelledText || got.State != job.Failed {
					t.Errorf("in the end: %+v", got)
				}
				if diff := cmp.Diff([]string{"step returned", "clean-up"}, order); diff != "" {
					t.Errorf("order (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(map[string]int{"first": 1, "undone": 1}, f.effects("env1")); diff != "" {
					t.Errorf("effects (-want +got):\n%s", diff)
				}
				if n := f.count(`SELECT count(*) FROM ctl.job_step WHERE step = 'second' OR step = 'third'`); n != 0 {
					t.Errorf("%d steps recorded after the cancellation", n)
				}
			})
		})
	}
}

// A client that cancels and goes on at once is not refused, when the clean-up is
// quick.
func TestCancelAwaitsCleanup(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		begun := make(chan struct{}, 2)
		e := f.engine(job.Define("K", func(ctx context.Context, _ *job.Run, _ args) error {
			begun <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}, func(context.Context, *job.Run, args) error {
			time.Sleep(100 * time.Millisecond)
			return nil
		}))
		f.start(e)
		n := job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}}
		j := f.enqueue(e, n)
		receive(f, "the job", begun)
		f.cancel(e, j)
		f.enqueue(e, n)
	})
}

// The job failed by itself and its clean-up runs: it can be cancelled, which
// neither ends the clean-up nor hides the reason.
func TestCancelDuringCleanup(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		cleaning, goOn := make(chan struct{}), make(chan struct{})
		var calls atomic.Int32
		e := f.engine(job.Define("K", func(context.Context, *job.Run, args) error {
			return errs.E(errs.Invalid, "bad schema")
		}, func(ctx context.Context, r *job.Run, _ args) error {
			calls.Add(1)
			close(cleaning)
			<-goOn
			// Long enough for a heartbeat to see the cancellation.
			select {
			case <-ctx.Done():
			case <-time.After(400 * time.Millisecond):
			}
			return r.ControlStep(ctx, "undo", nil, func(tx *db.Tx) (any, error) { return nil, effect(tx, "ctl", "undone") })
		}))
		f.start(e)
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		receive(f, "the clean-up", cleaning)
		if got := f.get(e, j); got.Status() != "RUNNING" || got.Error != "" {
			t.Errorf("during the clean-up: %+v", got)
		}
		time.AfterFunc(50*time.Millisecond, func() { close(goOn) })
		got, err := e.Cancel(t.Context(), "app", "dev", j.ID)
		if err != nil || got.State != job.Failed || got.Error != "bad schema" {
			t.Errorf("cancelled: %+v, %v", got, err)
		}
		f.wait(e, j)
		if calls.Load() != 1 || f.effects("")["undone"] != 1 {
			t.Errorf("%d clean-ups, effects %v", calls.Load(), f.effects(""))
		}
	})
}

// A crash in the clean-up: it runs again, its steps do not.
func TestCleanupAcrossCrashes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.createEnv("env1")
		for _, crash := range []struct{ step, point string }{
			{"cleanup", "before"},
			{"undo/own", "before"},
			{"undo/own", "env"},
			{"undo/own", "after"},
			{"cleanup", "after"},
		} {
			t.Run(crash.step+" "+crash.point, func(t *testing.T) {
				f := &fixture{T: t, set: f.set}
				f.clear("env1")
				var ran atomic.Int32
				kind := job.Define("K", func(ctx context.Context, r *job.Run, _ args) error {
					ran.Add(1)
					if err := r.EnvStep(ctx, "own", nil, envEffect("done")); err != nil {
						return err
					}
					return errs.E(errs.Invalid, "bad schema")
				}, func(ctx context.Context, r *job.Run, _ args) error {
					return r.EnvStep(ctx, "own", nil, envEffect("undone"))
				})
				first := f.engine(kind)
				crashed := make(chan struct{})
				first.SetSeam(func(_ job.Job, step, point string) bool {
					if step == crash.step && point == crash.point {
						close(crashed)
						return true
					}
					return false
				})
				stop := f.start(first)
				n := job.NewJob{App: "app", Env: "dev", EnvUID: "env1", Kind: "K", Args: args{}}
				j := f.enqueue(first, n)
				receive(f, "the crash", crashed)
				if _, err := f.tryEnqueue(first, n); errs.KindOf(err) != errs.Conflict {
					t.Errorf("the environment was given away before the clean-up: %v", err)
				}
				stop()
				second := f.engine(kind)
				stop = f.start(second)
				defer stop()
				if got := f.wait(second, j); got.State != job.Failed || got.Error != "bad schema" || ran.Load() != 1 {
					t.Errorf("%+v, ran %d times", got, ran.Load())
				}
				if diff := cmp.Diff(map[string]int{"done": 1, "undone": 1}, f.effects("env1")); diff != "" {
					t.Errorf("effects (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestCancelRefuses(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		f.start(e)
		j := f.wait(e, f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}}))
		for _, c := range []struct {
			name, app, env, id string
			want               errs.Kind
		}{
			{name: "completed", app: "app", env: "dev", id: j.ID, want: errs.Conflict},
			{name: "other app", app: "app2", env: "dev", id: j.ID, want: errs.NotFound},
			{name: "other environment", app: "app", env: "prod", id: j.ID, want: errs.NotFound},
			{name: "no such job", app: "app", env: "dev", id: "11111111-2222-4333-8444-555555555555", want: errs.NotFound},
			{name: "not an id", app: "app", env: "dev", id: "\x00\xff", want: errs.NotFound},
		} {
			t.Run(c.name, func(t *testing.T) {
				if _, err := e.Cancel(t.Context(), c.app, c.env, c.id); errs.KindOf(err) != c.want {
					t.Errorf("error %v, want %s", err, c.want)
				}
			})
		}
		if got := f.get(e, j); got.State != job.Completed {
			t.Errorf("%+v", got)
		}
	})
}
