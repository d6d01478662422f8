package job_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
)

// idle is a kind whose jobs are never run by the tests that use it.
func idle(name string) job.Kind {
	return job.Define(name, func(context.Context, *job.Run, args) error { return nil }, nil)
}

func TestEnqueueRefuses(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		pending := func(app, env string) string {
			return "There is already a pending job for the requested appId: " + app + " and backendEnvironmentName: " + env +
				", wait for it to complete before creating a new job."
		}
		for i, c := range []struct {
			name   string
			active job.NewJob
			next   job.NewJob
			want   string // of the conflict; empty: accepted
		}{
			{name: "same environment", active: job.NewJob{Env: "dev"}, next: job.NewJob{Env: "dev"}, want: "dev"},
			{name: "other environment", active: job.NewJob{Env: "dev"}, next: job.NewJob{Env: "prod"}},
			{name: "name in another case", active: job.NewJob{Env: "dev"}, next: job.NewJob{Env: "Dev"}},
			{name: "app-level behind environment", active: job.NewJob{Env: "dev"}, next: job.NewJob{AppLevel: true}, want: "dev"},
			{name: "environment behind app-level", active: job.NewJob{AppLevel: true}, next: job.NewJob{Env: "prod"}, want: "prod"},
			{name: "environment behind named app-level", active: job.NewJob{AppLevel: true, Env: "dev"}, next: job.NewJob{Env: "prod"}, want: "prod"},
			{name: "app-level behind app-level", active: job.NewJob{AppLevel: true, Env: "dev"}, next: job.NewJob{AppLevel: true, Env: "prod"}, want: "dev"},
		} {
			t.Run(c.name, func(t *testing.T) {
				f := &fixture{T: t, set: f.set}
				for _, n := range []*job.NewJob{&c.active, &c.next} {
					n.App, n.Kind, n.Args = fmt.Sprintf("app%d", i), "K", args{}
				}
				f.enqueue(e, c.active)
				_, err := f.tryEnqueue(e, c.next)
				switch public := errs.Public(err); {
				case c.want == "" && err != nil:
					t.Errorf("refused: %v", err)
				case c.want != "" && (errs.KindOf(err) != errs.Conflict || public.Message != pending(c.next.App, c.want)):
					t.Errorf("error %v, want the text for %q", err, c.want)
				}
				// Another app is never affected.
				c.next.App = "other-" + c.next.App
				f.enqueue(e, c.next)
			})
		}
	})
}

func TestEnqueueMisuse(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		for _, c := range []struct {
			name string
			n    job.NewJob
			want string
		}{
			{name: "unknown kind", n: job.NewJob{App: "a", Env: "e", Kind: "L", Args: args{}}, want: "unknown kind"},
			{name: "args of another type", n: job.NewJob{App: "a", Env: "e", Kind: "K", Args: "text"}, want: "takes args of type"},
			{name: "args missing", n: job.NewJob{App: "a", Env: "e", Kind: "K"}, want: "takes args of type"},
			{name: "no app", n: job.NewJob{Env: "e", Kind: "K", Args: args{}}, want: "bad app"},
			{name: "no environment", n: job.NewJob{App: "a", Kind: "K", Args: args{}}, want: "bad app"},
			{name: "name that cannot be stored", n: job.NewJob{App: "a", Env: "e\x00", Kind: "K", Args: args{}}, want: "bad app"},
		} {
			t.Run(c.name, func(t *testing.T) {
				f := &fixture{T: t, set: f.set}
				_, err := f.tryEnqueue(e, c.n)
				if err == nil || !strings.Contains(err.Error(), c.want) || errs.KindOf(err) != errs.Internal {
					t.Errorf("error %v, want an internal one with %q", err, c.want)
				}
			})
		}
		if n := f.count(`SELECT count(*) FROM ctl.job`); n != 0 {
			t.Errorf("%d jobs", n)
		}
	})
}

// A job exists only if its transaction commits.
func TestEnqueueRollsBack(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		no := errors.New("no")
		err := f.set.Control().Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := e.Enqueue(tx, job.NewJob{App: "a", Env: "e", Kind: "K", Args: args{}}); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		f.enqueue(e, job.NewJob{App: "a", Env: "e", Kind: "K", Args: args{}})
	})
}

// sideBySide calls fn n times at once, and counts the outcomes.
func sideBySide(f *fixture, n int, fn func(i int) error) (accepted, refused int) {
	f.Helper()
	var wg sync.WaitGroup
	outcomes := make([]error, n)
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			outcomes[i] = fn(i)
		})
	}
	close(begin)
	wg.Wait()
	for _, err := range outcomes {
		switch {
		case err == nil:
			accepted++
		case errs.KindOf(err) == errs.Conflict:
			refused++
		default:
			f.Errorf("neither accepted nor refused: %v", err)
		}
	}
	return accepted, refused
}

func TestOneActiveJobUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		accepted, refused := sideBySide(f, 50, func(int) error {
			_, err := f.tryEnqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
			return err
		})
		if accepted != 1 || refused != 49 {
			t.Errorf("%d accepted, %d refused", accepted, refused)
		}
	})
}

// Half of the calls are for all environments of the app, half for one each.
// Whoever is first, the two sorts never share the app.
func TestAppLevelExcludesUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		for round := range 10 {
			app := fmt.Sprintf("app%d", round)
			if round > 0 { // an app that had jobs before, and one that is new
				f.enqueue(e, job.NewJob{App: app, Env: "dev", Kind: "K", Args: args{}})
				f.exec(`UPDATE ctl.job SET state = 'completed', active = 0 WHERE app = $1`, app)
			}
			var appLevel, envLevel atomic.Int32
			sideBySide(f, 16, func(i int) error {
				n := job.NewJob{App: app, Env: fmt.Sprintf("env%d", i), Kind: "K", Args: args{}, AppLevel: i%2 == round%2}
				_, err := f.tryEnqueue(e, n)
				if err == nil && n.AppLevel {
					appLevel.Add(1)
				} else if err == nil {
					envLevel.Add(1)
				}
				return err
			})
			a, b := appLevel.Load(), envLevel.Load()
			if a > 1 || a == 1 && b > 0 || a == 0 && b != 8 {
				t.Errorf("round %d: %d app-level and %d other jobs are active", round, a, b)
			}
		}
	})
}

func request(invocation string) job.Request {
	return job.Request{Principal: "key", Operation: "K", Path: "/backend/app/api", InvocationID: invocation, BodySHA256: [32]byte{1}}
}

func TestRepeat(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		first := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}, Request: request("id1")})
		f.enqueue(e, job.NewJob{App: "app", Env: "none", Kind: "K", Args: args{}, Request: request("")})
		change := func(fn func(*job.Request)) job.Request {
			r := request("id1")
			fn(&r)
			return r
		}
		for _, c := range []struct {
			name string
			r    job.Request
			want bool
		}{
			{name: "the same", r: request("id1"), want: true},
			{name: "another invocation", r: request("id2")},
			{name: "no invocation", r: request("")},
			{name: "zero", r: job.Request{}},
			{name: "another principal", r: change(func(r *job.Request) { r.Principal = "key2" })},
			{name: "another operation", r: change(func(r *job.Request) { r.Operation = "L" })},
			{name: "another path", r: change(func(r *job.Request) { r.Path += "/" })},
			{name: "another body", r: change(func(r *job.Request) { r.BodySHA256[31] = 1 })},
			{name: "parts moved", r: change(func(r *job.Request) { r.Principal, r.Operation = "keyK", "" })},
		} {
			t.Run(c.name, func(t *testing.T) {
				err := f.set.Control().Read(t.Context(), func(q *db.Query) error {
					j, found, err := e.Repeat(q, c.r)
					if found != c.want || found && !cmp.Equal(j, first) {
						t.Errorf("found %v %+v", found, j)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		}
		// After a quarter of an hour it is another call, even if nobody swept.
		f.exec(`UPDATE ctl.job_request SET create_ms = create_ms - 15 * 60 * 1000`)
		f.exec(`UPDATE ctl.job SET state = 'completed', active = 0`)
		second := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}, Request: request("id1")})
		if second.ID == first.ID {
			t.Error("the same job")
		}
	})
}

// The SDK repeats a call that is still under way; all attempts answer one job.
func TestSubmitRepeats(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		submit := func(invocation, env string) (job.Job, error) {
			return e.Submit(t.Context(), request(invocation), func(tx *db.Tx) (job.NewJob, error) {
				return job.NewJob{App: "app", Env: env, Kind: "K", Args: args{}}, effect(tx, "ctl", env)
			})
		}
		var mu sync.Mutex
		ids := map[string]int{}
		sideBySide(f, 20, func(int) error {
			j, err := submit("id1", "dev")
			mu.Lock()
			defer mu.Unlock()
			ids[j.ID]++
			return err
		})
		if len(ids) != 1 || ids[""] > 0 {
			t.Errorf("jobs of one call: %v", ids)
		}
		// A job that is over is found as well, and nothing is written again.
		f.exec(`UPDATE ctl.job SET state = 'completed', active = 0`)
		if j, err := submit("id1", "dev"); err != nil || ids[j.ID] == 0 || j.State != job.Completed {
			t.Errorf("repeated after the end: %+v, %v", j, err)
		}
		if diff := cmp.Diff(map[string]int{"dev": 1}, f.effects("")); diff != "" {
			t.Errorf("effects (-want +got):\n%s", diff)
		}
		// Another call is refused as usual, and the error of fn comes through.
		if _, err := submit("id2", "prod"); err != nil {
			t.Fatal(err)
		}
		if _, err := submit("id3", "prod"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("second job: %v", err)
		}
		_, err := e.Submit(t.Context(), request("id4"), func(*db.Tx) (job.NewJob, error) {
			return job.NewJob{}, errs.Missing("App", "no such app")
		})
		if errs.KindOf(err) != errs.NotFound {
			t.Errorf("error of fn: %v", err)
		}
	})
}
