package backend_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
)

func (f *fixture) find(kind, key string) string {
	f.Helper()
	uid := ""
	f.read(func(q *db.Query) error {
		got, found, err := f.FindRoute(q, kind, key)
		if found != (got != "") {
			f.Errorf("route %s %q is %q and found: %v", kind, key, got, found)
		}
		uid = got
		return err
	})
	return uid
}

func TestListRoutes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		dev := f.env("app", "dev")
		for _, key := range []string{"b", "a", "c", "é", "B"} {
			f.putRoute(key, dev.UID)
		}
		f.tx(func(tx *db.Tx) error { return f.PutRoute(tx, "userpool", "ab", dev.UID) })
		list := func(after string, limit int) (keys []string) {
			t.Helper()
			f.read(func(q *db.Query) (err error) {
				keys, err = f.Routes(q, "api", after, limit)
				return err
			})
			return keys
		}
		all := list("", 10)
		if len(all) != 5 {
			t.Fatalf("all: %v", all)
		}
		// In pages they are the same, in the same order, each once.
		paged, after := []string{}, ""
		for range 10 {
			page := list(after, 2)
			if len(page) == 0 {
				break
			}
			paged, after = append(paged, page...), page[len(page)-1]
		}
		if diff := cmp.Diff(all, paged); diff != "" {
			t.Errorf("pages (-want +got):\n%s", diff)
		}
		if got := list("\x00", 10); len(got) != 0 {
			t.Errorf("behind what cannot be stored: %v", got)
		}
		if got := list("zzz\u00ff", 10); len(got) > 1 {
			t.Errorf("behind the end: %v", got)
		}
	})
}

func TestFindRoute(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		dev := f.env("app", "dev")
		f.putRoute("id", dev.UID)
		if f.find("api", "id") != dev.UID || f.find("api", "ID") != "" || f.find("userpool", "id") != "" || f.find("api", "\x00") != "" {
			t.Error("FindRoute does not find what was put, or finds more")
		}
	})
}

// Parked routes lead nowhere and come back; what was taken meanwhile stays with
// whoever took it.
func TestParkedRoutes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		dev, prod := f.env("app", "dev"), f.env("app", "prod")
		f.putRoute("one", dev.UID)
		f.putRoute("other", prod.UID)
		f.tx(func(tx *db.Tx) error { return f.PutRoute(tx, "domain", "shop.us-east-1", dev.UID) })
		f.wantRoute("one", dev.UID) // and it is remembered
		for range 2 {
			f.tx(func(tx *db.Tx) error { return f.ParkRoutes(tx, dev.UID) })
			f.ForgetEnv(dev.UID)
			f.wantRoute("one", "")
			f.wantRoute("other", prod.UID)
		}
		if f.find("domain", "shop.us-east-1") != "" {
			t.Error("a parked domain is found")
		}
		f.tx(func(tx *db.Tx) error { return f.PutRoute(tx, "domain", "shop.us-east-1", prod.UID) })
		for range 2 {
			f.tx(func(tx *db.Tx) error { return f.RestoreRoutes(tx, dev.UID) })
			f.wantRoute("one", dev.UID)
			if got := f.find("domain", "shop.us-east-1"); got != prod.UID {
				t.Errorf("the domain leads to %q, want who took it", got)
			}
		}
		f.tx(func(tx *db.Tx) error { return f.ParkRoutes(tx, dev.UID) })
		f.tx(func(tx *db.Tx) error { return f.RemoveEnv(tx, dev.UID) })
		f.tx(func(tx *db.Tx) error { return f.RestoreRoutes(tx, dev.UID) })
		f.wantRoute("one", "")
		f.putRoute("one", prod.UID)
	})
}

// The environments of reserved apps are made once, listed nowhere and named by no
// operation.
func TestReservedEnvironments(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.env("shop", "dev")
		console := backend.ReservedConsole("shop")
		find := func(app string) (uid string) {
			t.Helper()
			f.read(func(q *db.Query) error {
				e, found, err := f.FindReservedEnv(q, app)
				if found != (e.UID != "") {
					t.Errorf("%s: %+v, found %v", app, e, found)
				}
				uid = e.UID
				return err
			})
			return uid
		}
		if find(console) != "" || find(backend.ReservedCognito) != "" {
			t.Error("found before they were made")
		}
		made := map[string]string{}
		for _, app := range []string{console, backend.ReservedCognito, backend.ReservedConsole("other"), console} {
			f.tx(func(tx *db.Tx) error {
				e, err := f.ReservedEnv(tx, app)
				if err == nil && made[app] != "" && made[app] != e.UID {
					t.Errorf("%s was made twice", app)
				}
				if err == nil && (e.State != backend.StateCreating || e.UID == "") {
					t.Errorf("%s: %+v", app, e)
				}
				made[app] = e.UID
				return err
			})
		}
		for app, uid := range made {
			if find(app) != uid {
				t.Errorf("%s is not found", app)
			}
		}
		f.read(func(q *db.Query) error {
			apps, err := f.Apps(q)
			for _, a := range apps {
				if strings.HasPrefix(a.ID, ":") {
					t.Errorf("the reserved app %s is listed", a.ID)
				}
			}
			return err
		})
		if err := f.set.Control().Tx(t.Context(), func(tx *db.Tx) error { _, err := f.ReservedEnv(tx, "shop"); return err }); err == nil || errs.KindOf(err) != errs.Internal {
			t.Errorf("an app of somebody: %v", err)
		}
		f.tx(func(tx *db.Tx) error { return f.RemoveApp(tx, console) })
		if find(console) != "" || find(backend.ReservedCognito) == "" {
			t.Error("the wrong one was removed")
		}
	})
}
