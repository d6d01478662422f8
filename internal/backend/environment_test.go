package backend_test

import (
	"regexp"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
)

func TestEnvironmentLife(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.tx(func(tx *db.Tx) error { return f.PutApp(tx, backend.App{ID: "app", Name: "App"}) })
		var e backend.Env
		f.tx(func(tx *db.Tx) (err error) { e, err = f.CreateEnv(tx, "app", "dev"); return err })
		if !regexp.MustCompile(`^[a-z2-7]{16}$`).MatchString(e.UID) || e.Created == 0 || e.State != "creating" {
			t.Errorf("new environment %+v", e)
		}
		for _, state := range []string{"creating", "ready", "deleting"} {
			f.tx(func(tx *db.Tx) error { return f.SetEnvState(tx, e.UID, state) })
			e.State = state
			f.read(func(q *db.Query) error {
				if got, found, err := f.EnvAny(q, "app", "dev"); got != e || !found || err != nil {
					t.Errorf("%s: any state: %+v, %v, %v", state, got, found, err)
				}
				if got, err := f.EnvByUID(q, e.UID); got != e || err != nil {
					t.Errorf("%s: by uid: %+v, %v", state, got, err)
				}
				list, err := f.Envs(q, "app")
				if ready := state == "ready"; ready != (len(list) == 1) {
					t.Errorf("%s: listed %+v", state, list)
				}
				return err
			})
			if state == "ready" {
				f.read(func(q *db.Query) error {
					got, err := f.Env(q, "app", "dev")
					if got != e {
						t.Errorf("ready: %+v", got)
					}
					return err
				})
			} else {
				f.missing(state, "BackendEnvironment", func(q *db.Query) error { _, err := f.Env(q, "app", "dev"); return err })
			}
			f.refused("name that is taken, "+state, errs.Conflict, "", func(tx *db.Tx) error { _, err := f.CreateEnv(tx, "app", "dev"); return err })
		}
		for range 2 { // the second time there is nothing to remove
			f.tx(func(tx *db.Tx) error { return f.RemoveEnv(tx, e.UID) })
		}
		f.missing("removed", "BackendEnvironment", func(q *db.Query) error { _, err := f.EnvByUID(q, e.UID); return err })
		f.refused("state of a removed one", errs.NotFound, "BackendEnvironment", func(tx *db.Tx) error {
			return f.SetEnvState(tx, e.UID, "ready")
		})
		f.refused("unknown state", errs.Internal, "", func(tx *db.Tx) error { return f.SetEnvState(tx, e.UID, "READY") })
		f.tx(func(tx *db.Tx) error {
			again, err := f.CreateEnv(tx, "app", "dev")
			if again.UID == e.UID {
				t.Error("the key was used again")
			}
			return err
		})
	})
}

func TestEnvironmentNames(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		dev := f.env("app", "dev")
		z, a := f.env("app", "zulu"), f.env("app", "alpha")
		f.env("other", "dev")
		f.read(func(q *db.Query) error {
			got, err := f.Envs(q, "app")
			if diff := cmp.Diff([]backend.Env{dev, z, a}, got); diff != "" {
				t.Errorf("by creation (-want +got):\n%s", diff)
			}
			return err
		})
		for _, c := range []struct{ name, app, env, resource string }{
			{"unknown environment", "app", "prod", "BackendEnvironment"},
			{"another case", "app", "DEV", "BackendEnvironment"},
			{"unknown app", "none", "dev", "App"},
			{"environment that cannot be stored", "app", "\x00", "BackendEnvironment"},
			{"app that cannot be stored", "\xff", "dev", "App"},
		} {
			f.missing(c.name, c.resource, func(q *db.Query) error { _, err := f.Env(q, c.app, c.env); return err })
		}
		for _, name := range []string{"", "Dev", "1dev", "a_b", "a\x00", "abcdefghijklmnopqrstuvwxyz-abcdefghijklmno"} {
			f.refused("name "+name, errs.Invalid, "", func(tx *db.Tx) error { _, err := f.CreateEnv(tx, "app", name); return err })
		}
		f.refused("unknown app", errs.NotFound, "App", func(tx *db.Tx) error { _, err := f.CreateEnv(tx, "none", "dev"); return err })
	})
}

func TestCreateEnvUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.tx(func(tx *db.Tx) error { return f.PutApp(tx, backend.App{ID: "app"}) })
		var wg sync.WaitGroup
		outcomes := make([]error, 20)
		for i := range outcomes {
			wg.Go(func() {
				outcomes[i] = f.set.Control().Tx(t.Context(), func(tx *db.Tx) error { _, err := f.CreateEnv(tx, "app", "dev"); return err })
			})
		}
		wg.Wait()
		made := 0
		for _, err := range outcomes {
			if err == nil {
				made++
			} else if errs.KindOf(err) != errs.Conflict {
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("made %d times", made)
		}
	})
}

func TestSettings(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e, other := f.env("app", "dev"), f.env("app", "prod")
		want := func(uid string, want map[string]string) {
			t.Helper()
			f.read(func(q *db.Query) error {
				got, err := f.Settings(q, uid)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("settings (-want +got):\n%s", diff)
				}
				return err
			})
		}
		want(e.UID, map[string]string{})
		put := func(key, value string) {
			t.Helper()
			f.tx(func(tx *db.Tx) error { return f.PutSetting(tx, e.UID, key, value) })
		}
		put("sandbox", "true")
		put("TransformerVersion", "1") // as old projects write it
		put("sandbox", "false")
		put("Conflict.Todo", "AUTOMERGE")
		put("conflict.todo", "LAMBDA") // another model
		want(e.UID, map[string]string{
			"sandbox": "false", "transformerversion": "1", "conflict.Todo": "AUTOMERGE", "conflict.todo": "LAMBDA",
		})
		want(other.UID, map[string]string{})
		f.refused("unknown", errs.Invalid, "", func(tx *db.Tx) error { return f.PutSetting(tx, e.UID, "a\x00", "true") })
		f.refused("value", errs.Invalid, "", func(tx *db.Tx) error { return f.PutSetting(tx, e.UID, "sandbox", "\x00") })
		f.tx(func(tx *db.Tx) error { return f.RemoveEnv(tx, e.UID) })
		want(e.UID, map[string]string{})
	})
}
