package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/amplifybackend"
	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/job"
	"preamp/internal/keys"
	"preamp/internal/provision"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// onBothStores runs a server on SQLite and one on PostgreSQL.
func onBothStores(t *testing.T, fn func(t *testing.T, s *running)) {
	t.Parallel()
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, c db.Config) { fn(t, start(t, c)) })
}

// running is a server under test.
type running struct {
	*Server
	t    *testing.T
	stop func() error
}

func start(t *testing.T, c db.Config) *running {
	t.Helper()
	s, err := open(t.Context(), options{
		dev: true, listen: "127.0.0.1:0", data: c.Dir, databaseURL: c.DatabaseURL, version: "test",
		master: keys.NewSecret(bytes.Repeat([]byte{7}, 32)), settings: map[string]string{backend.SettingSandbox: "true"},
		logger:   slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		outgoing: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.Run(ctx, func(context.Context) error { close(ready); return nil })
	}()
	<-ready
	r := &running{Server: s, t: t}
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return r
}

// ended waits for a job and answers its error text.
func (r *running) ended(jobID *string, err error) string {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), 30*time.Second)
	defer cancel()
	j, err := r.jobs.Wait(ctx, *jobID)
	if err != nil {
		r.t.Fatal(err)
	}
	if (j.Status() == job.StatusFailed) != (j.Error != "") {
		r.t.Errorf("job %s is %s with error %q", j.Kind, j.Status(), j.Error)
	}
	return j.Error
}

func (r *running) must(jobID *string, err error) {
	r.t.Helper()
	if e := r.ended(jobID, err); e != "" {
		r.t.Fatalf("job failed: %s", e)
	}
}

func (r *running) createBackend(env string) {
	r.t.Helper()
	out, err := r.service.CreateBackend(r.t.Context(), &amplifybackend.CreateBackendRequest{AppID: "app", AppName: "App", BackendEnvironmentName: env})
	if err != nil {
		r.t.Fatal(err)
	}
	r.must(out.JobID, nil)
}

func (r *running) createAPI(name, schema string) string {
	r.t.Helper()
	out, err := r.service.CreateBackendAPI(r.t.Context(), &amplifybackend.CreateBackendAPIRequest{
		AppID: "app", BackendEnvironmentName: "dev", ResourceName: name,
		ResourceConfig: &amplifybackend.BackendAPIResourceConfig{TransformSchema: &schema},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.ended(out.JobID, nil)
}

func (r *running) updateAPI(name, schema string) string {
	r.t.Helper()
	out, err := r.service.UpdateBackendAPI(r.t.Context(), &amplifybackend.UpdateBackendAPIRequest{
		AppID: "app", BackendEnvironmentName: "dev", ResourceName: name,
		ResourceConfig: &amplifybackend.BackendAPIResourceConfig{TransformSchema: &schema},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.ended(out.JobID, nil)
}

func (r *running) api(env, name string) provision.APIView {
	r.t.Helper()
	v, err := r.provision.View(r.t.Context(), "app", env)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, a := range v.APIs {
		if a.Name == name {
			return a
		}
	}
	r.t.Fatalf("environment %s has no API %s", env, name)
	return provision.APIView{}
}

// query posts a GraphQL request and answers status and body.
func (r *running) query(a provision.APIView, key, query string) (int, string) {
	r.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, a.Endpoint, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("x-api-key", key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, strings.ReplaceAll(string(text), " ", "")
}

func (r *running) want(a provision.APIView, query, answer string) {
	r.t.Helper()
	if status, body := r.query(a, a.APIKey, query); status != http.StatusOK || body != answer {
		r.t.Errorf("%s\nanswers %d %s\nwant    200 %s", query, status, body, answer)
	}
}

const noteSchema = `type Note @model { id: ID! title: String! count: Int }`

func TestFromSchemaToAPI(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		if e := r.createAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		a := r.api("dev", "notes")
		r.want(a, `mutation { createNote(input: {id: "a", title: "one"}) { id title count } }`, `{"data":{"createNote":{"id":"a","title":"one","count":null}}}`)

		// A push that fails names the place, and changes nothing.
		for _, tc := range []struct{ name, schema, want string }{
			{"type that does not exist", "type Note @model {\n  id: ID!\n  title: Nothing\n}", "3:10: Note.title: "},
			{"changed type", "type Note @model {\n  id: ID!\n  title: String!\n  count: String\n}", "4:3: Note.count: the type cannot change from Int to String"},
			{"changed key", "type Note @model {\n  id: ID!\n  title: String! @primaryKey\n}", "1:6: Note: the primary key cannot change"},
			{"search", "type Note @model\n@searchable {\n  id: ID!\n}", "2:1: Note @searchable: "},
		} {
			if e := r.updateAPI("notes", tc.schema); !strings.HasPrefix(e, tc.want) {
				t.Errorf("%s: error %q, want %q...", tc.name, e, tc.want)
			}
		}
		out, err := r.service.GetBackendAPI(t.Context(), &amplifybackend.GetBackendAPIRequest{AppID: "app", BackendEnvironmentName: "dev", ResourceName: "notes"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(noteSchema, *out.ResourceConfig.TransformSchema); diff != "" {
			t.Errorf("after failed updates the configuration is not that of the live version (-want +got):\n%s", diff)
		}
		r.want(a, `{ getNote(id: "a") { title count } }`, `{"data":{"getNote":{"title":"one","count":null}}}`)

		// Added applies; removed is hidden and returns with its data.
		if e := r.updateAPI("notes", `type Note @model { id: ID! count: Int tags: [String] }`); e != "" {
			t.Fatal(e)
		}
		r.want(a, `{ getNote(id: "a") { count tags } }`, `{"data":{"getNote":{"count":null,"tags":null}}}`)
		if e := r.updateAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		r.want(a, `{ getNote(id: "a") { title } }`, `{"data":{"getNote":{"title":"one"}}}`)
	})
}

// The schema decides the transformer; the setting only where it does not.
func TestBothTransformers(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		if e := r.createAPI("one", `type Note @model @key(fields: ["owner", "at"]) { owner: ID! at: String! title: String! }`); e != "" {
			t.Fatal(e)
		}
		a := r.api("dev", "one")
		r.want(a, `mutation { createNote(input: {owner: "a", at: "1", title: "one"}) { title } }`, `{"data":{"createNote":{"title":"one"}}}`)
		r.want(a, `{ listNotes(owner: "a", at: {beginsWith: "1"}) { items { title } } }`, `{"data":{"listNotes":{"items":[{"title":"one"}]}}}`)
		if e := r.createAPI("two", `type Note @model { owner: ID! @primaryKey(sortKeyFields: ["at"]) at: String! }`); e != "" {
			t.Fatal(e)
		}
		r.want(r.api("dev", "two"), `{ listNotes(owner: "a") { items { at } } }`, `{"data":{"listNotes":{"items":[]}}}`)
		// People is the plural of version 2, Persons that of version 1.
		env, err := r.readyEnv("dev")
		if err != nil {
			t.Fatal(err)
		}
		err = r.set.Control().Tx(t.Context(), func(tx *db.Tx) error {
			return r.registry.PutSetting(tx, env, backend.SettingTransformer, "1")
		})
		if err != nil {
			t.Fatal(err)
		}
		if e := r.createAPI("three", `type Person @model { id: ID! }`); e != "" {
			t.Fatal(e)
		}
		r.want(r.api("dev", "three"), `{ listPersons { items { id } } }`, `{"data":{"listPersons":{"items":[]}}}`)
		r.want(a, `{ getNote(owner: "a", at: "1") { title } }`, `{"data":{"getNote":{"title":"one"}}}`)
	})
}

func (r *running) readyEnv(name string) (uid string, err error) {
	err = r.set.Control().Read(r.t.Context(), func(q *db.Query) error {
		e, err := r.registry.Env(q, "app", name)
		uid = e.UID
		return err
	})
	return uid, err
}

func TestFailedCreateLeavesNothing(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		if e := r.createAPI("notes", `type Note @model { id: Nothing }`); e == "" {
			t.Fatal("the schema was accepted")
		}
		_, err := r.service.GetBackendAPI(t.Context(), &amplifybackend.GetBackendAPIRequest{AppID: "app", BackendEnvironmentName: "dev", ResourceName: "notes"})
		if errs.KindOf(err) != errs.NotFound {
			t.Errorf("GetBackendAPI after a failed create: %v, want NotFound", err)
		}
		if e := r.createAPI("notes", noteSchema); e != "" {
			t.Errorf("the name cannot be used again: %s", e)
		}
	})
}

func TestClone(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		if e := r.createAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		source := r.api("dev", "notes")
		r.want(source, `mutation { createNote(input: {id: "a", title: "one"}) { id } }`, `{"data":{"createNote":{"id":"a"}}}`)
		out, err := r.service.CloneBackend(t.Context(), &amplifybackend.CloneBackendRequest{AppID: "app", BackendEnvironmentName: "dev", TargetEnvironmentName: "copy"})
		if err != nil {
			t.Fatal(err)
		}
		if *out.BackendEnvironmentName != "dev" {
			t.Errorf("the answer carries %s, want the source", *out.BackendEnvironmentName)
		}
		r.must(out.JobID, nil)
		clone := r.api("copy", "notes")
		if clone.ID == source.ID || clone.APIKey == source.APIKey {
			t.Error("the clone shares id or key with its source")
		}
		r.want(clone, `{ listNotes { items { id } } }`, `{"data":{"listNotes":{"items":[]}}}`)
		r.want(clone, `mutation { createNote(input: {id: "b", title: "two"}) { id } }`, `{"data":{"createNote":{"id":"b"}}}`)
		r.want(source, `{ listNotes { items { id } } }`, `{"data":{"listNotes":{"items":[{"id":"a"}]}}}`)
		if status, _ := r.query(clone, source.APIKey, `{ listNotes { items { id } } }`); status != http.StatusUnauthorized {
			t.Errorf("the source's key opens the clone: %d", status)
		}
	})
}

func TestRemove(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		r.createBackend("test")
		if e := r.createAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		a := r.api("dev", "notes")
		clean := true
		out, err := r.service.RemoveAllBackends(t.Context(), &amplifybackend.RemoveAllBackendsRequest{AppID: "app", CleanAmplifyApp: &clean})
		if err != nil {
			t.Fatal(err)
		}
		r.must(out.JobID, nil)
		if status, body := r.query(a, a.APIKey, `{ listNotes { items { id } } }`); status != http.StatusNotFound || !strings.Contains(body, "NotFoundException") {
			t.Errorf("the endpoint answers %d %s, want 404", status, body)
		}
		j, err := r.service.GetBackendJob(t.Context(), &amplifybackend.GetBackendJobRequest{AppID: "app", BackendEnvironmentName: "any", JobID: *out.JobID})
		if err != nil || *j.Status != job.StatusCompleted {
			t.Errorf("GetBackendJob after the app is gone: %v, %v", j, err)
		}
		_, err = r.service.GetBackend(t.Context(), &amplifybackend.GetBackendRequest{AppID: "app"})
		if e := errs.Public(err); err == nil || e.Resource != "App" {
			t.Errorf("GetBackend = %v, want NotFound App", err)
		}
		// The same names again show nothing of what was there.
		r.createBackend("dev")
		if e := r.createAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		r.want(r.api("dev", "notes"), `{ listNotes { items { id } } }`, `{"data":{"listNotes":{"items":[]}}}`)
	})
}

func TestKeysAreRenewedInDev(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		days := 3.0
		schema := noteSchema
		out, err := r.service.CreateBackendAPI(t.Context(), &amplifybackend.CreateBackendAPIRequest{
			AppID: "app", BackendEnvironmentName: "dev", ResourceName: "notes",
			ResourceConfig: &amplifybackend.BackendAPIResourceConfig{
				TransformSchema: &schema,
				DefaultAuthType: &amplifybackend.BackendAPIAuthType{
					Mode: new("API_KEY"), Settings: &amplifybackend.BackendAPIAppSyncAuthSettings{ExpirationTime: &days},
				},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.must(out.JobID, nil)
		before := r.api("dev", "notes")
		if left := time.Until(before.KeyExpires); left > 73*time.Hour || left < 71*time.Hour {
			t.Fatalf("a key of 3 days ends in %s", left)
		}
		found, err := r.provision.ExpiringKeys(t.Context(), time.Now().Add(keyWarning))
		if err != nil || len(found) != 1 {
			t.Fatalf("ExpiringKeys = %v, %v; want the one key", found, err)
		}
		if !r.renew(t.Context(), found[0], time.Now()) {
			t.Fatal("the key was not renewed")
		}
		after := r.api("dev", "notes")
		if after.APIKey != before.APIKey {
			t.Error("renewing changed the key")
		}
		if left := time.Until(after.KeyExpires); left < 364*24*time.Hour {
			t.Errorf("the renewed key ends in %s", left)
		}
		if found, err := r.provision.ExpiringKeys(t.Context(), time.Now().Add(keyWarning)); err != nil || len(found) != 0 {
			t.Errorf("ExpiringKeys after the renewal = %v, %v", found, err)
		}
	})
}

func TestModels(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		if e := r.createAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		get := func() *amplifybackend.GetBackendAPIModelsResponse {
			out, err := r.service.GetBackendAPIModels(t.Context(), &amplifybackend.GetBackendAPIModelsRequest{AppID: "app", BackendEnvironmentName: "dev", ResourceName: "notes"})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if got := get(); *got.Status != provision.ModelsStale || got.Models != nil {
			t.Errorf("before the first generation: %s with models %v", *got.Status, got.Models)
		}
		out, err := r.service.GenerateBackendAPIModels(t.Context(), &amplifybackend.GenerateBackendAPIModelsRequest{AppID: "app", BackendEnvironmentName: "dev", ResourceName: "notes"})
		if err != nil {
			t.Fatal(err)
		}
		r.must(out.JobID, nil)
		got := get()
		if *got.Status != provision.ModelsLatest || !strings.HasPrefix(*got.Models, "export const schema = {") || !json.Valid([]byte(*got.ModelIntrospectionSchema)) {
			t.Errorf("after it: %s, %.60s, %.60s", *got.Status, *got.Models, *got.ModelIntrospectionSchema)
		}
		if e := r.updateAPI("notes", noteSchema+" type More @model { id: ID! }"); e != "" {
			t.Fatal(e)
		}
		if got := get(); *got.Status != provision.ModelsStale {
			t.Errorf("after a push: %s", *got.Status)
		}
	})
}

// A server that is started again on the same data serves what it served.
func TestRestart(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, c db.Config) {
		r := start(t, c)
		r.createBackend("dev")
		if e := r.createAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		before := r.api("dev", "notes")
		r.want(before, `mutation { createNote(input: {id: "a", title: "one"}) { id } }`, `{"data":{"createNote":{"id":"a"}}}`)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		r = start(t, c)
		after := r.api("dev", "notes")
		if after.ID != before.ID || after.APIKey != before.APIKey {
			t.Error("id or key changed")
		}
		if after.Endpoint == before.Endpoint {
			t.Errorf("the endpoint %s was stored: the server has another port now", after.Endpoint)
		}
		r.want(after, `{ listNotes { items { id } } }`, `{"data":{"listNotes":{"items":[{"id":"a"}]}}}`)
	})
}
