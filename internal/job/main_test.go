package job_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/job"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// probeLine gives every environment, and control, a table that counts effects.
func probeLine(qualifier string) db.Line {
	file := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE " + qualifier + ".effect (name text PRIMARY KEY, n bigint NOT NULL);\n")}
	return db.Line{Name: "probe", FS: fstest.MapFS{"sqlite/0001_probe.sql": file, "postgres/0001_probe.sql": file}}
}

func lines() dbtest.Lines {
	return dbtest.Lines{
		Control: []db.Line{job.ControlLine(), probeLine("ctl")},
		Env:     []db.Line{job.EnvLine(), probeLine("env")},
	}
}

// each runs fn on both stores.
func each(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, lines(), func(t *testing.T, set *db.Set) { fn(t, &fixture{T: t, set: set}) })
}

// fixture is an empty set of databases and what tests do with it.
type fixture struct {
	*testing.T
	set *db.Set
}

// config is for short tests: what waits in production waits briefly here.
func (f *fixture) config(kinds ...job.Kind) job.Config {
	return job.Config{
		Control: f.set.Control(), Acquire: f.set.Acquire, Kinds: kinds,
		Lease: 600 * time.Millisecond, Heartbeat: 150 * time.Millisecond, Poll: 50 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(f.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func (f *fixture) engine(kinds ...job.Kind) *job.Engine {
	f.Helper()
	return f.engineOf(f.config(kinds...))
}

func (f *fixture) engineOf(c job.Config) *job.Engine {
	f.Helper()
	e, err := job.New(c)
	if err != nil {
		f.Fatal(err)
	}
	return e
}

// start runs an engine until the test ends or stop is called. stop returns when
// Run has.
func (f *fixture) start(e *job.Engine) (stop func()) {
	f.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			f.Errorf("Run answered %v", err)
		}
	})
	f.Cleanup(stop)
	return stop
}

func (f *fixture) createEnv(uids ...string) {
	f.Helper()
	for _, uid := range uids {
		if err := f.set.Create(f.Context(), uid); err != nil {
			f.Fatal(err)
		}
	}
}

func (f *fixture) tryEnqueue(e *job.Engine, n job.NewJob) (j job.Job, err error) {
	err = f.set.Control().Tx(f.Context(), func(tx *db.Tx) (err error) {
		j, err = e.Enqueue(tx, n)
		return err
	})
	if err == nil {
		e.Wake()
	}
	return j, err
}

func (f *fixture) enqueue(e *job.Engine, n job.NewJob) job.Job {
	f.Helper()
	j, err := f.tryEnqueue(e, n)
	if err != nil {
		f.Fatal(err)
	}
	return j
}

// wait waits until a job is over, its clean-up included.
func (f *fixture) wait(e *job.Engine, j job.Job) job.Job {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), 20*time.Second)
	defer cancel()
	got, err := e.Wait(ctx, j.ID)
	if err != nil {
		f.Fatalf("wait for job %s %s: %v", j.Kind, j.ID, err)
	}
	return got
}

func (f *fixture) get(e *job.Engine, j job.Job) job.Job {
	f.Helper()
	got, err := e.Get(f.Context(), j.App, j.Env, j.ID)
	if err != nil {
		f.Fatal(err)
	}
	return got
}

// exec changes control rows behind the engine's back.
func (f *fixture) exec(sql string, args ...any) {
	f.Helper()
	err := f.set.Control().Tx(f.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(sql, args...)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) count(sql string, args ...any) (n int) {
	f.Helper()
	if err := f.set.Control().Row(f.Context(), sql, args...).Scan(&n); err != nil {
		f.Fatal(err)
	}
	return n
}

// effect counts in the given database that something happened.
func effect(tx *db.Tx, qualifier, name string) error {
	_, err := tx.Exec(fmt.Sprintf(`INSERT INTO %s.effect AS e (name, n) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET n = e.n + 1`, qualifier), name)
	return err
}

func envEffect(name string) func(*db.Tx) (any, error) {
	return func(tx *db.Tx) (any, error) { return name, effect(tx, "env", name) }
}

// effects are the effects of an environment, or of control for "".
func (f *fixture) effects(uid string) map[string]int {
	f.Helper()
	d, qualifier := f.set.Control(), "ctl"
	if uid != "" {
		env, release, err := f.set.Acquire(f.Context(), uid)
		if err != nil {
			f.Fatal(err)
		}
		defer release()
		d, qualifier = env, "env"
	}
	got := map[string]int{}
	err := d.Read(f.Context(), func(q *db.Query) error {
		return q.Each(`SELECT name, n FROM `+qualifier+`.effect`, nil, func(row db.Row) error {
			var name string
			var n int
			err := row.Scan(&name, &n)
			got[name] = n
			return err
		})
	})
	if err != nil {
		f.Fatal(err)
	}
	return got
}

// within waits until ok, and fails the test when it takes too long.
func (f *fixture) within(what string, ok func() bool) {
	f.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			f.Fatalf("not within 20 s: %s", what)
		}
	}
}

// receive waits for a signal of a job.
func receive[T any](f *fixture, what string, c <-chan T) T {
	f.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		f.Fatalf("not within 20 s: %s", what)
		panic("unreachable")
	}
}
