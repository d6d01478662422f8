package backend_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

func (f *fixture) wantRoute(key, want string) {
	f.Helper()
	got, err := f.Route(f.Context(), "api", key)
	if want == "" {
		if errs.KindOf(err) != errs.NotFound || errs.Public(err).Resource != "Api" {
			f.Errorf("route %q: %q, %v; want none", key, got, err)
		}
		return
	}
	if got != want || err != nil {
		f.Errorf("route %q: %q, %v; want %q", key, got, err, want)
	}
}

func (f *fixture) putRoute(key, uid string) {
	f.Helper()
	f.tx(func(tx *db.Tx) error { return f.PutRoute(tx, "api", key, uid) })
}

func TestRoutes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		dev, prod := f.env("app", "dev"), f.env("app", "prod")
		f.wantRoute("id1", "") // is not remembered
		for range 2 {
			f.putRoute("id1", dev.UID)
			f.wantRoute("id1", dev.UID)
		}
		f.wantRoute("ID1", "")
		f.wantRoute("\x00", "")
		if _, err := f.Route(t.Context(), "pool", "id1"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("route of another kind: %v", err)
		}
		f.refused("a route that would move", errs.Conflict, "", func(tx *db.Tx) error { return f.PutRoute(tx, "api", "id1", prod.UID) })
		f.wantRoute("id1", dev.UID)
		for range 2 {
			f.tx(func(tx *db.Tx) error { return f.RemoveRoute(tx, "api", "id1") })
			f.wantRoute("id1", "")
		}
		f.putRoute("id2", dev.UID)
		f.putRoute("id3", prod.UID)
		f.wantRoute("id2", dev.UID)
		f.wantRoute("id3", prod.UID)
		f.tx(func(tx *db.Tx) error { return f.RemoveEnv(tx, dev.UID) })
		f.wantRoute("id2", "")
		f.wantRoute("id3", prod.UID)
	})
}

// bubble runs fn on SQLite where minutes pass at once.
func bubble(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		fn(t, newFixture(t, dbtest.Open(t, db.Config{Dir: dir, Control: lines().Control})))
	})
}

// Another node removes a route: this one follows it for 30 s at most, or until
// it is told.
func TestRouteAge(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		e := f.env("app", "dev")
		f.putRoute("id1", e.UID)
		f.putRoute("id2", e.UID)
		f.wantRoute("id1", e.UID)
		f.wantRoute("id2", e.UID)
		f.tx(func(tx *db.Tx) error { _, err := tx.Exec(`DELETE FROM ctl.route`); return err })
		f.Forget("api", "id2")
		f.wantRoute("id2", "")
		time.Sleep(29 * time.Second)
		f.wantRoute("id1", e.UID)
		time.Sleep(time.Second)
		f.wantRoute("id1", "")
		f.wantRoute("id1", "")
	})
}

// Without the control database, known routes go on for a while.
func TestRoutesWithoutDatabase(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		e := f.env("app", "dev")
		f.putRoute("id1", e.UID)
		f.putRoute("id2", e.UID)
		f.wantRoute("id1", e.UID)
		if err := f.set.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(14 * time.Minute)
		f.wantRoute("id1", e.UID)
		if _, err := f.Route(t.Context(), "api", "id2"); err == nil || errs.KindOf(err) == errs.NotFound {
			t.Errorf("a route that is not known: %v", err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.Route(ended, "api", "id1"); err == nil {
			t.Error("a request that has ended was answered")
		}
		time.Sleep(time.Minute)
		if got, err := f.Route(t.Context(), "api", "id1"); err == nil {
			t.Errorf("after a quarter of an hour: %q", got)
		}
	})
}

func TestRouteCacheIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		e := f.env("app", "dev")
		const routes = 10_050
		f.tx(func(tx *db.Tx) error {
			for i := range routes {
				if err := f.PutRoute(tx, "api", fmt.Sprint(i), e.UID); err != nil {
					return err
				}
			}
			return nil
		})
		for i := range routes {
			f.wantRoute(fmt.Sprint(i), e.UID)
		}
		f.tx(func(tx *db.Tx) error { _, err := tx.Exec(`DELETE FROM ctl.route`); return err })
		f.wantRoute("49", "") // the oldest gave way
		f.wantRoute("50", e.UID)
		f.wantRoute(fmt.Sprint(routes-1), e.UID)
	})
}

// BenchmarkRoute is what every data-plane request pays.
func BenchmarkRoute(b *testing.B) {
	set := dbtest.Open(b, db.Config{Dir: b.TempDir(), Control: lines().Control})
	ring, err := keys.Open(b.Context(), set.Control(), keys.NewSecret([]byte("0123456789abcdef0123456789abcdef")))
	if err != nil {
		b.Fatal(err)
	}
	r := backend.New(backend.Config{Control: set.Control(), Sealer: ring.Control()})
	err = set.Control().Tx(b.Context(), func(tx *db.Tx) error {
		if err := r.PutApp(tx, backend.App{ID: "app"}); err != nil {
			return err
		}
		e, err := r.CreateEnv(tx, "app", "dev")
		if err != nil {
			return err
		}
		return r.PutRoute(tx, "api", "id1", e.UID)
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		known bool
	}{{"remembered", true}, {"read", false}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !c.known {
					r.Forget("api", "id1")
				}
				if _, err := r.Route(b.Context(), "api", "id1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
