package server

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/amplifybackend"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/keys"
	"preamp/internal/provision"
)

// offline opens a server whose jobs do not run, and closes it again.
func offline(t *testing.T, c db.Config, fn func(ctx context.Context, s *Server) error) {
	t.Helper()
	s, err := open(t.Context(), options{
		dev: true, listen: "127.0.0.1:0", data: c.Dir, databaseURL: c.DatabaseURL,
		master: keys.NewSecret(bytes.Repeat([]byte{7}, 32)), logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := fn(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// A delete that is cancelled before it began leaves everything as it was: what
// the call had taken from the registry comes back.
func TestCancelledDeletes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		start func(ctx context.Context, a *amplifybackend.API) (*string, error)
	}{
		{"DeleteBackend", func(ctx context.Context, a *amplifybackend.API) (*string, error) {
			out, err := a.DeleteBackend(ctx, &amplifybackend.DeleteBackendRequest{AppID: "app", BackendEnvironmentName: "dev"})
			if err != nil {
				return nil, err
			}
			return out.JobID, nil
		}},
		{"RemoveAllBackends", func(ctx context.Context, a *amplifybackend.API) (*string, error) {
			out, err := a.RemoveAllBackends(ctx, &amplifybackend.RemoveAllBackendsRequest{AppID: "app", CleanAmplifyApp: new(true)})
			if err != nil {
				return nil, err
			}
			return out.JobID, nil
		}},
		{"DeleteBackendAPI", func(ctx context.Context, a *amplifybackend.API) (*string, error) {
			out, err := a.DeleteBackendAPI(ctx, &amplifybackend.DeleteBackendAPIRequest{
				AppID: "app", BackendEnvironmentName: "dev", ResourceName: "notes",
			})
			if err != nil {
				return nil, err
			}
			return out.JobID, nil
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dbtest.EachConfig(t, db.Config{}, func(t *testing.T, c db.Config) {
				r := start(t, c)
				r.createBackend("dev")
				if e := r.createAPI("notes", noteSchema); e != "" {
					t.Fatal(e)
				}
				r.want(r.api("dev", "notes"), `mutation { createNote(input: {id: "a", title: "one"}) { id } }`, `{"data":{"createNote":{"id":"a"}}}`)
				if err := r.stop(); err != nil {
					t.Fatal(err)
				}
				var id *string
				offline(t, c, func(ctx context.Context, s *Server) (err error) {
					if id, err = tc.start(ctx, s.service); err != nil {
						return err
					}
					_, err = s.service.UpdateBackendJob(ctx, &amplifybackend.UpdateBackendJobRequest{
						AppID: "app", BackendEnvironmentName: "dev", JobID: *id, Status: new("FAILED"),
					})
					return err
				})
				r = start(t, c)
				if e := r.ended(id, nil); e == "" {
					t.Fatal("the job was not cancelled")
				}
				r.want(r.api("dev", "notes"), `{ listNotes { items { id } } }`, `{"data":{"listNotes":{"items":[{"id":"a"}]}}}`)
				if e := r.updateAPI("notes", noteSchema+" type More @model { id: ID! }"); e != "" {
					t.Errorf("the environment takes no job: %s", e)
				}
			})
		})
	}
}

// Scripts take the first API of an environment for the main one.
func TestCloneKeepsTheOrder(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		want := []string{"zeta", "beta", "alpha", "gamma", "delta"}
		for _, name := range want {
			if e := r.createAPI(name, noteSchema); e != "" {
				t.Fatal(e)
			}
		}
		out, err := r.service.CloneBackend(t.Context(), &amplifybackend.CloneBackendRequest{AppID: "app", BackendEnvironmentName: "dev", TargetEnvironmentName: "copy"})
		if err != nil {
			t.Fatal(err)
		}
		r.must(out.JobID, nil)
		v, err := r.provision.View(t.Context(), "app", "copy")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, names(v)); diff != "" {
			t.Errorf("APIs of the clone (-source +clone):\n%s", diff)
		}
	})
}

func names(v provision.View) []string {
	var all []string
	for _, a := range v.APIs {
		all = append(all, a.Name)
	}
	return all
}
