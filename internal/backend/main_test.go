package backend_test

import (
	"testing"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func lines() dbtest.Lines {
	return dbtest.Lines{Control: []db.Line{keys.ControlLine(), backend.ControlLine()}}
}

// fixture is a registry on an empty database.
type fixture struct {
	*testing.T
	set *db.Set
	*backend.Registry
}

func newFixture(t *testing.T, set *db.Set) *fixture {
	t.Helper()
	ring, err := keys.Open(t.Context(), set.Control(), keys.NewSecret([]byte("0123456789abcdef0123456789abcdef")))
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{T: t, set: set, Registry: backend.New(backend.Config{Control: set.Control(), Sealer: ring.Control()})}
}

// each runs fn on both stores.
func each(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, lines(), func(t *testing.T, set *db.Set) { fn(t, newFixture(t, set)) })
}

func (f *fixture) tx(fn func(tx *db.Tx) error) {
	f.Helper()
	if err := f.set.Control().Tx(f.Context(), fn); err != nil {
		f.Fatal(err)
	}
}

// refused runs a transaction that must fail in this way.
func (f *fixture) refused(what string, kind errs.Kind, resource string, fn func(tx *db.Tx) error) {
	f.Helper()
	err := f.set.Control().Tx(f.Context(), fn)
	if errs.KindOf(err) != kind || kind != errs.Internal && errs.Public(err).Resource != resource || err == nil {
		f.Errorf("%s: error %v, want %s %s", what, err, kind, resource)
	}
}

func (f *fixture) read(fn func(q *db.Query) error) {
	f.Helper()
	if err := f.set.Control().Read(f.Context(), fn); err != nil {
		f.Fatal(err)
	}
}

// missing reads something that must not be there.
func (f *fixture) missing(what, resource string, fn func(q *db.Query) error) {
	f.Helper()
	err := f.set.Control().Read(f.Context(), fn)
	if errs.KindOf(err) != errs.NotFound || errs.Public(err).Resource != resource {
		f.Errorf("%s: error %v, want a missing %s", what, err, resource)
	}
}

// env makes an app and an environment that is ready.
func (f *fixture) env(app, name string) (e backend.Env) {
	f.Helper()
	f.tx(func(tx *db.Tx) (err error) {
		if err = f.PutApp(tx, backend.App{ID: app, Name: app}); err != nil {
			return err
		}
		if e, err = f.CreateEnv(tx, app, name); err != nil {
			return err
		}
		e.State = backend.StateReady
		return f.SetEnvState(tx, e.UID, backend.StateReady)
	})
	return e
}
