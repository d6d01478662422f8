package job_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/job"
)

// bubble runs fn on SQLite in a synctest bubble, where minutes pass at once. The
// same code runs on PostgreSQL, where retries only wait longer.
func bubble(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := lines()
		set := dbtest.Open(t, db.Config{Dir: dir, Control: l.Control, Env: l.Env})
		fn(t, &fixture{T: t, set: set})
	})
}

func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name     string
		failures int
		err      func(n int) error
		want     job.State
		text     string
		// The time from the first attempt to the end: 2, 4, 8 and 16 s, each more
		// or less by a fifth.
		least, most time.Duration
	}{
		{
			name: "unavailable once", failures: 1, want: job.Completed, least: 1600 * time.Millisecond, most: 4 * time.Second,
			err: func(int) error { return errs.E(errs.Unavailable, "busy") },
		},
		{
			name: "unknown four times", failures: 4, want: job.Completed, least: 24 * time.Second, most: 40 * time.Second,
			err: func(int) error { return errors.New("something") },
		},
		{
			name: "unknown five times", failures: 5, want: job.Failed, text: "internal error", least: 24 * time.Second, most: 40 * time.Second,
			err: func(int) error { return errors.New("something") },
		},
		{
			name: "timeout five times", failures: 5, want: job.Failed, text: "too slow", least: 24 * time.Second, most: 40 * time.Second,
			err: func(int) error { return errs.E(errs.Timeout, "too slow") },
		},
		{
			name: "panic five times", failures: 5, want: job.Failed, text: "internal error", least: 24 * time.Second, most: 40 * time.Second,
			err: func(int) error { panic("at the disco") },
		},
		{
			name: "passing, then lasting", failures: 2, want: job.Failed, text: "bad", least: 1600 * time.Millisecond, most: 4 * time.Second,
			err: func(n int) error {
				return errs.E([]errs.Kind{errs.Unavailable, errs.Invalid}[n-1], "bad")
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				attempts := 0
				var first time.Time
				cfg := f.config(job.Define("K", func(context.Context, *job.Run, args) error {
					attempts++
					if attempts == 1 {
						first = time.Now()
					}
					if attempts <= c.failures {
						return c.err(attempts)
					}
					return nil
				}, nil))
				cfg.Lease, cfg.Heartbeat, cfg.Poll = 0, 0, 0 // those of production
				e := f.engineOf(cfg)
				defer f.start(e)()
				j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
				time.Sleep(500 * time.Millisecond)
				if got := f.get(e, j); c.least > 0 && (got.Status() != "RUNNING" || got.Error != "") {
					t.Errorf("between attempts: %+v", got)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				got, err := e.Wait(ctx, j.ID)
				if err != nil {
					t.Fatal(err)
				}
				if got.State != c.want || got.Error != c.text {
					t.Errorf("%+v, want %s %q", got, c.want, c.text)
				}
				if took := time.Since(first); took < c.least || took > c.most {
					t.Errorf("took %s, want %s to %s", took, c.least, c.most)
				}
				if want := min(c.failures+1, job.MaxFailures); c.name != "passing, then lasting" && attempts != want {
					t.Errorf("%d attempts, want %d", attempts, want)
				}
			})
		})
	}
}

// An engine that is not woken finds jobs by itself, within the poll.
func TestPollFindsJobs(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		cfg := f.config(idle("K"))
		cfg.Lease, cfg.Heartbeat, cfg.Poll = 0, 0, 0
		e, other := f.engineOf(cfg), f.engineOf(cfg)
		defer f.start(e)()
		time.Sleep(time.Minute)
		begun := time.Now()
		j := f.enqueue(other, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}}) // wakes other
		if _, err := e.Wait(t.Context(), j.ID); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 1500*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

// A clean-up that fails is repeated until it succeeds when the machine is to
// blame, and given up in the end when it is not.
func TestCleanupIsRepeated(t *testing.T) {
	for _, c := range []struct {
		name     string
		failures int
		err      error
		want     int // calls
	}{
		{name: "unavailable for long", failures: 30, err: errs.E(errs.Unavailable, "busy"), want: 31},
		{name: "defect for a while", failures: 8, err: errors.New("defect"), want: 9},
		{name: "defect for good", failures: 1000, err: errors.New("defect"), want: job.MaxUndoFailures},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				calls := 0
				var log strings.Builder
				cfg := f.config(job.Define("K", func(context.Context, *job.Run, args) error {
					return errs.E(errs.Invalid, "bad schema")
				}, func(context.Context, *job.Run, args) error {
					if calls++; calls <= c.failures {
						return c.err
					}
					return nil
				}))
				cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
				e := f.engineOf(cfg)
				stop := f.start(e)
				n := job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}}
				j := f.enqueue(e, n)
				time.Sleep(time.Second)
				// Clients learn of the failure, but the environment is not free.
				failed := f.get(e, j)
				if failed.State != job.Failed || failed.Error != "bad schema" {
					t.Errorf("during the clean-up: %+v", failed)
				}
				if _, err := f.tryEnqueue(e, n); errs.KindOf(err) != errs.Conflict {
					t.Errorf("the environment was given away: %v", err)
				}
				if _, err := e.Cancel(t.Context(), "app", "dev", j.ID); errs.KindOf(err) != errs.Conflict {
					t.Errorf("cancelled a failed job: %v", err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				got, err := e.Wait(ctx, j.ID)
				if err != nil {
					t.Fatal(err)
				}
				if calls != c.want {
					t.Errorf("%d calls, want %d", calls, c.want)
				}
				if got.Updated != failed.Updated || got.Error != failed.Error {
					t.Errorf("the record changed after the failure: %+v, was %+v", got, failed)
				}
				f.enqueue(e, n)
				stop()
				if text := log.String(); strings.Contains(text, "error=<nil>") || !strings.Contains(text, `error="bad schema"`) {
					t.Errorf("log:\n%s", text)
				}
			})
		})
	}
}
