package backend_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
)

// steps on one resource, in order, and what it is after each.
func TestResourceLife(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	each(t, func(t *testing.T, f *fixture) {
		e := f.env("app", "dev")
		put := func(desired any, want int64) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				got, err := f.PutDesired(tx, e.UID, "api", "blog", desired)
				if err == nil && got != want {
					t.Errorf("version %d, want %d", got, want)
				}
				return err
			}
		}
		live := func(version int64, v any) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { return f.SetLive(tx, e.UID, "api", "blog", version, v) }
		}
		revert := func(tx *db.Tx) error { return f.RevertDesired(tx, e.UID, "api", "blog") }
		for _, step := range []struct {
			name string
			do   func(tx *db.Tx) error
			want *backend.Resource
		}{
			{"revert nothing", revert, nil},
			{"create", put("d1", 1), &backend.Resource{Desired: raw(`"d1"`), DesiredVersion: 1}},
			{"revert what never was live", revert, nil},
			{"create again", put("d1", 1), &backend.Resource{Desired: raw(`"d1"`), DesiredVersion: 1}},
			{"live", live(1, "l1"), &backend.Resource{Desired: raw(`"d1"`), DesiredVersion: 1, LiveVersion: 1, Live: raw(`"l1"`)}},
			{"update", put("d2", 2), &backend.Resource{Desired: raw(`"d2"`), DesiredVersion: 2, LiveVersion: 1, Live: raw(`"l1"`)}},
			{"revert", revert, &backend.Resource{Desired: raw(`"d1"`), DesiredVersion: 1, LiveVersion: 1, Live: raw(`"l1"`)}},
			{"revert again", revert, &backend.Resource{Desired: raw(`"d1"`), DesiredVersion: 1, LiveVersion: 1, Live: raw(`"l1"`)}},
			// The number of the version that failed is not used again.
			{"update again", put("d3", 3), &backend.Resource{Desired: raw(`"d3"`), DesiredVersion: 3, LiveVersion: 1, Live: raw(`"l1"`)}},
			{"live again", live(3, "l3"), &backend.Resource{Desired: raw(`"d3"`), DesiredVersion: 3, LiveVersion: 3, Live: raw(`"l3"`)}},
			{"revert what is live", revert, &backend.Resource{Desired: raw(`"d3"`), DesiredVersion: 3, LiveVersion: 3, Live: raw(`"l3"`)}},
			{"remove", func(tx *db.Tx) error { return f.RemoveResource(tx, e.UID, "api", "blog") }, nil},
			{"remove nothing", func(tx *db.Tx) error { return f.RemoveResource(tx, e.UID, "api", "blog") }, nil},
		} {
			f.tx(step.do)
			if step.want == nil {
				f.missing(step.name, "Api", func(q *db.Query) error { _, err := f.Resource(q, e.UID, "api", "blog"); return err })
				continue
			}
			step.want.EnvUID, step.want.Category, step.want.Name = e.UID, "api", "blog"
			f.read(func(q *db.Query) error {
				got, err := f.Resource(q, e.UID, "api", "blog")
				if diff := cmp.Diff(*step.want, got, cmpopts.IgnoreFields(backend.Resource{}, "Created", "Updated")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", step.name, diff)
				}
				if got.Created == 0 || got.Updated == 0 {
					t.Errorf("%s: times %d, %d", step.name, got.Created, got.Updated)
				}
				return err
			})
		}
		f.refused("live without resource", errs.NotFound, "Api", live(1, 1))
	})
}

func TestResources(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e, other := f.env("app", "dev"), f.env("app", "prod")
		for _, r := range []struct{ uid, category, name string }{
			{e.UID, "api", "zebra"},
			{e.UID, "auth", "zebra"},
			{e.UID, "api", "apple"},
			{e.UID, "api", "Zebra"},
			{other.UID, "api", "mango"},
		} {
			f.tx(func(tx *db.Tx) error { _, err := f.PutDesired(tx, r.uid, r.category, r.name, r); return err })
		}
		f.tx(func(tx *db.Tx) error { _, err := f.PutDesired(tx, e.UID, "api", "zebra", "changed"); return err })
		for _, c := range []struct {
			name, uid, category string
			want                []string
		}{
			{"by creation", e.UID, "api", []string{"zebra", "apple", "Zebra"}},
			{"other category", e.UID, "auth", []string{"zebra"}},
			{"none", e.UID, "storage", []string{}},
			{"other environment", other.UID, "api", []string{"mango"}},
			{"unknown environment", "none", "api", []string{}},
		} {
			f.read(func(q *db.Query) error {
				list, err := f.Resources(q, c.uid, c.category)
				got := []string{}
				for _, r := range list {
					got = append(got, r.Name)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", c.name, diff)
				}
				return err
			})
		}
		for category, resource := range map[string]string{"api": "Api", "auth": "Auth", "storage": "Storage"} {
			for _, name := range []string{"none", "ZEBRA", "\x00", "\xff"} {
				f.missing(category+" "+name, resource, func(q *db.Query) error { _, err := f.Resource(q, e.UID, category, name); return err })
			}
		}
		for _, bad := range []struct{ category, name string }{{"api", ""}, {"API", "a"}, {"api", "\x00"}} {
			f.refused("bad resource", errs.Invalid, "", func(tx *db.Tx) error {
				_, err := f.PutDesired(tx, e.UID, bad.category, bad.name, 1)
				return err
			})
		}
	})
}
