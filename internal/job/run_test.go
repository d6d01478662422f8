package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
)

type args struct {
	Text string `json:"text"`
}

// steps is a kind that uses every sort of step, on its own environment "env1"
// and on "env2".
func steps(name string, outside *atomic.Int32) job.Kind {
	return job.Define(name, func(ctx context.Context, r *job.Run, a args) error {
		var first, second, third, fourth string
		if err := r.Step(ctx, "outside", &first, func(context.Context) (any, error) {
			outside.Add(1)
			return a.Text + "1", nil
		}); err != nil {
			return err
		}
		if err := r.ControlStep(ctx, "control", &second, func(tx *db.Tx) (any, error) {
			return first + "2", effect(tx, "ctl", "control")
		}); err != nil {
			return err
		}
		if err := r.EnvStep(ctx, "own", &third, func(tx *db.Tx) (any, error) {
			return second + "3", effect(tx, "env", "own")
		}); err != nil {
			return err
		}
		if err := r.EnvStepOn(ctx, "env2", "other", &fourth, func(tx *db.Tx) (any, error) {
			return third + "4", effect(tx, "env", "other")
		}); err != nil {
			return err
		}
		return r.Complete(ctx, func(tx *db.Tx) error { return effect(tx, "ctl", "complete-"+fourth) })
	}, func(ctx context.Context, r *job.Run, a args) error {
		return r.EnvStep(ctx, "own", nil, envEffect("undone"))
	})
}

var allOnce = struct{ control, own, other map[string]int }{
	control: map[string]int{"control": 1, "complete-x1234": 1},
	own:     map[string]int{"own": 1},
	other:   map[string]int{"other": 1},
}

func (f *fixture) wantAllOnce() {
	f.Helper()
	for uid, want := range map[string]map[string]int{"": allOnce.control, "env1": allOnce.own, "env2": allOnce.other} {
		if diff := cmp.Diff(want, f.effects(uid)); diff != "" {
			f.Errorf("effects in %q (-want +got):\n%s", uid, diff)
		}
	}
}

func TestJobRuns(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.createEnv("env1", "env2")
		var outside atomic.Int32
		e := f.engine(steps("Steps", &outside))
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", EnvUID: "env1", Kind: "Steps", Args: args{"x"}})
		if j.State != job.Queued || j.Status() != "RUNNING" || j.Created == 0 || j.Created != j.Updated {
			t.Errorf("new job: %+v", j)
		}
		if got := f.get(e, j); !cmp.Equal(got, j) {
			t.Errorf("read back (-enqueued +read):\n%s", cmp.Diff(j, got))
		}
		if n, err := e.Running(t.Context()); err != nil || n != 1 {
			t.Errorf("Running() = %d, %v; want 1", n, err)
		}
		f.start(e)
		got := f.wait(e, j)
		if got.State != job.Completed || got.Status() != "COMPLETED" || got.Error != "" || got.Attempt != 1 || got.Updated < got.Created {
			t.Errorf("ended job: %+v", got)
		}
		f.wantAllOnce()
		if outside.Load() != 1 {
			t.Errorf("outside step ran %d times", outside.Load())
		}
		if n, err := e.Running(t.Context()); err != nil || n != 0 {
			t.Errorf("Running() = %d, %v; want 0", n, err)
		}
	})
}

// A crash at any point of any step, and another process that goes on: every
// effect is there once.
func TestStepsHappenOnceAcrossCrashes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.createEnv("env1", "env2")
		for i, crash := range []struct{ step, point string }{
			{"outside", "before"},
			{"outside", "after"},
			{"control", "before"},
			{"control", "after"},
			{"own", "before"},
			{"own", "env"},
			{"own", "after"},
			{"other", "before"},
			{"other", "env"},
			{"other", "after"},
			{"complete", "before"},
			{"complete", "after"},
		} {
			t.Run(crash.step+" "+crash.point, func(t *testing.T) {
				f := &fixture{T: t, set: f.set}
				f.exec(`DELETE FROM ctl.effect`)
				f.clear("env1", "env2")
				var outside atomic.Int32
				kind := steps("Steps", &outside)
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
				j := f.enqueue(first, job.NewJob{App: fmt.Sprintf("app%d", i), Env: "dev", EnvUID: "env1", Kind: "Steps", Args: args{"x"}})
				receive(f, "the crash", crashed)
				stop()

				second := f.engine(kind)
				f.start(second)
				got := f.wait(second, j)
				if got.State != job.Completed {
					t.Fatalf("after the crash: %+v", got)
				}
				if want := 2; crash.step != "complete" || crash.point != "after" {
					if got.Attempt != want {
						t.Errorf("attempt %d, want %d", got.Attempt, want)
					}
				}
				f.wantAllOnce()
				if outside.Load() != 1 {
					t.Errorf("outside step ran %d times", outside.Load())
				}
			})
		}
	})
}

func (f *fixture) clear(uids ...string) {
	f.Helper()
	for _, uid := range uids {
		env, release, err := f.set.Acquire(f.Context(), uid)
		if err != nil {
			f.Fatal(err)
		}
		err = env.Tx(f.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM env.effect`)
			return err
		})
		release()
		if err != nil {
			f.Fatal(err)
		}
	}
}

// A worker that slept through its lease must not write any more: neither when
// another attempt went on, nor when the job was cancelled and cleaned up.
func TestStaleWorkerIsStopped(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		for _, c := range []struct {
			name   string
			env    string // whose step is late
			cancel bool
			silent bool // the second attempt has no step there
			want   map[string]int
		}{
			{name: "own environment, another attempt", env: "env1", want: map[string]int{"late-2": 1}},
			{name: "other environment, another attempt", env: "env2", want: map[string]int{"late-2": 1}},
			{name: "own environment, attempt without steps", env: "env1", silent: true, want: map[string]int{}},
			{name: "other environment, attempt without steps", env: "env2", silent: true, want: map[string]int{}},
			{name: "own environment, clean-up", env: "env1", cancel: true, want: map[string]int{}},
			{name: "other environment, clean-up", env: "env2", cancel: true, want: map[string]int{}},
		} {
			t.Run(c.name, func(t *testing.T) {
				f := &fixture{T: t, set: f.set}
				f.createEnv("env1", "env2")
				f.clear("env1", "env2")
				returned := make(chan struct{})
				kind := job.Define("Late", func(ctx context.Context, r *job.Run, _ args) error {
					if r.Job.Attempt == 1 {
						defer close(returned)
					} else if c.silent {
						return nil
					}
					// Its name differs, so that no marker stops it: only the fence can.
					if err := r.EnvStepOn(ctx, c.env, "first", nil, func(*db.Tx) (any, error) { return nil, nil }); err != nil {
						return err
					}
					late := fmt.Sprintf("late-%d", r.Job.Attempt)
					return r.EnvStepOn(ctx, c.env, late, nil, envEffect(late))
				}, func(context.Context, *job.Run, args) error { return nil })
				cfg := f.config(kind)
				cfg.Heartbeat, cfg.Lease = cfg.Heartbeat*100, cfg.Lease*100 // nothing tells the sleeper
				first := f.engineOf(cfg)
				asleep, awake := make(chan struct{}), make(chan struct{})
				first.SetSeam(func(_ job.Job, step, point string) bool {
					if step == "late-1" && point == "before" {
						close(asleep)
						<-awake
					}
					return false
				})
				stop := f.start(first)
				j := f.enqueue(first, job.NewJob{App: "app", Env: "dev", EnvUID: "env1", Kind: "Late", Args: args{}})
				receive(f, "the first attempt", asleep)

				// What the end of a lease does.
				f.exec(`UPDATE ctl.job SET lease_owner = '', state = 'queued' WHERE id = $1`, j.ID)
				second := f.engineOf(cfg)
				if c.cancel {
					if _, err := second.Cancel(t.Context(), "app", "dev", j.ID); err != nil {
						t.Fatal(err)
					}
				}
				f.start(second)
				f.wait(second, j)
				close(awake)
				receive(f, "the end of the late attempt", returned)
				stop()
				if diff := cmp.Diff(c.want, f.effects(c.env)); diff != "" {
					t.Errorf("effects (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestRunMisuse(t *testing.T) {
	none := func(*db.Tx) (any, error) { return nil, nil }
	for _, c := range []struct {
		name string
		run  func(ctx context.Context, r *job.Run) error
		want string // part of the error of the call; empty: the job completes
	}{
		{name: "answers without Complete", run: func(context.Context, *job.Run) error { return nil }},
		{name: "same step name twice", want: "used twice", run: func(ctx context.Context, r *job.Run) error {
			if err := r.ControlStep(ctx, "a", nil, none); err != nil {
				return err
			}
			return r.ControlStep(ctx, "a", nil, none)
		}},
		{name: "no step name", want: "empty", run: func(ctx context.Context, r *job.Run) error {
			return r.ControlStep(ctx, "", nil, none)
		}},
		{name: "step on no environment", want: "no environment", run: func(ctx context.Context, r *job.Run) error {
			return r.EnvStep(ctx, "a", nil, none)
		}},
		{name: "step after Complete", want: "after the completion", run: func(ctx context.Context, r *job.Run) error {
			if err := r.Complete(ctx, nil); err != nil {
				return fmt.Errorf("unexpected: %w", err)
			}
			return r.ControlStep(ctx, "a", nil, none)
		}},
		{name: "output that is not JSON", want: "encode output", run: func(ctx context.Context, r *job.Run) error {
			return r.ControlStep(ctx, "a", nil, func(*db.Tx) (any, error) { return make(chan int), nil })
		}},
		{name: "output of another type", want: "decode output", run: func(ctx context.Context, r *job.Run) error {
			return r.ControlStep(ctx, "a", new(int), func(*db.Tx) (any, error) { return "text", nil })
		}},
		{name: "environment that does not exist", want: "not exist", run: func(ctx context.Context, r *job.Run) error {
			return r.EnvStepOn(ctx, "nowhere", "a", nil, none)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, f *fixture) {
				got := make(chan error, 1)
				e := f.engine(job.Define("K", func(ctx context.Context, r *job.Run, _ args) error {
					err := c.run(ctx, r)
					got <- err
					if err != nil {
						return errs.Wrap(errs.Invalid, err, "seen")
					}
					return nil
				}, nil))
				f.start(e)
				j := f.enqueue(e, job.NewJob{App: "app", AppLevel: true, Kind: "K", Args: args{}})
				err := receive(f, "the job", got)
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				want := job.Failed
				if c.want == "" || c.name == "step after Complete" {
					want = job.Completed
				}
				if got := f.wait(e, j); got.State != want {
					t.Errorf("state %s, want %s", got.State, want)
				}
			})
		})
	}
}

// Complete and its function are one transaction.
func TestCompleteIsAtomic(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(job.Define("K", func(ctx context.Context, r *job.Run, _ args) error {
			return r.Complete(ctx, func(tx *db.Tx) error {
				if err := effect(tx, "ctl", "published"); err != nil {
					return err
				}
				return errs.E(errs.Invalid, "no")
			})
		}, nil))
		f.start(e)
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		if got := f.wait(e, j); got.State != job.Failed || got.Error != "no" {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff(map[string]int{}, f.effects("")); diff != "" {
			t.Errorf("effects (-want +got):\n%s", diff)
		}
	})
}

// grown is an args type that had another form before.
type grown struct {
	Names []string `json:"names"`
}

func (grown) ArgsVersion() int { return 2 }

func (grown) UpgradeArgs(from int, old json.RawMessage) (json.RawMessage, error) {
	var v1 struct{ Name string }
	if err := json.Unmarshal(old, &v1); err != nil || from != 1 {
		return nil, errors.Join(err, fmt.Errorf("version %d", from))
	}
	return json.Marshal(grown{Names: []string{v1.Name}})
}

func TestArgsOfOtherVersions(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		got := make(chan grown, 10)
		e := f.engine(job.Define("K", func(_ context.Context, _ *job.Run, a grown) error {
			got <- a
			return nil
		}, nil))
		old := f.enqueue(e, job.NewJob{App: "app", Env: "old", Kind: "K", Args: grown{}})
		f.exec(`UPDATE ctl.job SET args_version = 1, args = '{"Name":"a"}' WHERE id = $1`, old.ID)
		bad := f.enqueue(e, job.NewJob{App: "app", Env: "bad", Kind: "K", Args: grown{}})
		f.exec(`UPDATE ctl.job SET args_version = 1, args = '[]' WHERE id = $1`, bad.ID)
		next := f.enqueue(e, job.NewJob{App: "app", Env: "next", Kind: "K", Args: grown{}})
		f.exec(`UPDATE ctl.job SET args_version = 3 WHERE id = $1`, next.ID)
		last := f.enqueue(e, job.NewJob{App: "app", Env: "now", Kind: "K", Args: grown{Names: []string{"b", "c"}}})
		f.start(e)
		f.wait(e, old)
		f.wait(e, last)
		if b := f.wait(e, bad); b.State != job.Failed || !strings.Contains(b.Error, "version 1") {
			t.Errorf("unreadable args: %+v", b)
		}
		want := []grown{{Names: []string{"a"}}, {Names: []string{"b", "c"}}}
		if diff := cmp.Diff(want, []grown{<-got, <-got}); diff != "" {
			t.Errorf("args (-want +got):\n%s", diff)
		}
		if n := f.get(e, next); n.State != job.Queued {
			t.Errorf("job of a newer version was taken: %+v", n)
		}
	})
}
