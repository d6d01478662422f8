package backend_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
)

func (f *fixture) wantApps(want ...backend.App) {
	f.Helper()
	f.read(func(q *db.Query) error {
		got, err := f.Apps(q)
		if diff := cmp.Diff(append([]backend.App{}, want...), got); diff != "" {
			f.Errorf("apps (-want +got):\n%s", diff)
		}
		return err
	})
}

func TestApps(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.wantApps()
		b, a := backend.App{ID: "b", Name: "first", State: "ready"}, backend.App{ID: "a", Name: "second", State: "ready"}
		f.tx(func(tx *db.Tx) error { return f.PutApp(tx, backend.App{ID: "b", Name: "first"}) })
		f.tx(func(tx *db.Tx) error { return f.PutApp(tx, a) })
		f.wantApps(b, a)
		b.Name = "renamed"
		f.tx(func(tx *db.Tx) error { return f.PutApp(tx, b) })
		f.wantApps(b, a) // its place stays
		f.read(func(q *db.Query) error {
			got, err := f.App(q, "b")
			if got != b {
				t.Errorf("app %+v, want %+v", got, b)
			}
			return err
		})
		for _, id := range []string{"", "B", "none", "\x00", "\xff"} {
			f.missing("app "+id, "App", func(q *db.Query) error { _, err := f.App(q, id); return err })
		}
		for _, bad := range []backend.App{{}, {ID: "c", Name: "\x00"}, {ID: "\xff"}} {
			f.refused("put bad app", errs.Invalid, "", func(tx *db.Tx) error { return f.PutApp(tx, bad) })
		}
	})
}

func TestRemoveApp(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.env("app", "dev")
		other := f.env("other", "dev")
		f.tx(func(tx *db.Tx) error {
			if _, err := f.PutDesired(tx, e.UID, "api", "blog", 1); err != nil {
				return err
			}
			if err := f.PutRoute(tx, "api", "id1", e.UID); err != nil {
				return err
			}
			return f.PutAppConfig(tx, "app", 1)
		})
		for range 2 { // the second time there is nothing to remove
			f.tx(func(tx *db.Tx) error { return f.RemoveApp(tx, "app") })
		}
		f.wantApps(backend.App{ID: "other", Name: "other", State: "ready"})
		f.missing("environment", "App", func(q *db.Query) error { _, err := f.Env(q, "app", "dev"); return err })
		if _, err := f.Route(t.Context(), "api", "id1"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("route: %v", err)
		}
		f.read(func(q *db.Query) error {
			if _, found, err := f.AppConfig(q, "app"); found || err != nil {
				t.Errorf("configuration: %v, %v", found, err)
			}
			_, err := f.Env(q, "other", "dev")
			if got, err := f.EnvByUID(q, other.UID); got != other || err != nil {
				t.Errorf("other app: %+v, %v", got, err)
			}
			return err
		})
	})
}

func TestAppConfig(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.env("app", "dev")
		want := func(want string) {
			t.Helper()
			f.read(func(q *db.Query) error {
				got, found, err := f.AppConfig(q, "app")
				if found != (want != "") || string(got) != want {
					t.Errorf("configuration %s, %v; want %s", got, found, want)
				}
				return err
			})
		}
		want("")
		f.tx(func(tx *db.Tx) error { return f.PutAppConfig(tx, "app", map[string]string{"a": "\x00<é>"}) })
		want(`{"a":"\u0000\u003cé\u003e"}`)
		f.tx(func(tx *db.Tx) error { return f.PutAppConfig(tx, "app", json.RawMessage(`[]`)) })
		want(`[]`)
		f.refused("unknown app", errs.NotFound, "App", func(tx *db.Tx) error { return f.PutAppConfig(tx, "none", 1) })
		f.refused("not JSON", errs.Internal, "", func(tx *db.Tx) error { return f.PutAppConfig(tx, "app", func() {}) })
		for range 2 {
			f.tx(func(tx *db.Tx) error { return f.RemoveAppConfig(tx, "app") })
			want("")
		}
	})
}
