package endpoint_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
	"preamp/internal/keys"
)

const (
	apiID  = "abcdefghijklmnopqrstuvwxyz"
	envUID = "envenvenvenvenve"
	apiKey = "da2-abcdefghijklmnopqrstuvwxyz"
)

const todoSchema = `
type Todo @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String!
  n: Int
  done: Boolean
}
type Secret @model { id: ID! text: String }
`

// world is a registry with one API on one store.
type world struct {
	t        testing.TB
	set      *db.Set
	sealer   *keys.Sealer
	registry *endpoint.Registry
	now      atomic.Int64 // nanoseconds
	version  int64
	layout   transform.Layout
	// What push stores beside the schema.
	modes []authn.Mode // the default first; none is API_KEY
	auth  endpoint.Auth
}

func (w *world) clock() time.Time { return time.Unix(0, w.now.Load()) }

// each runs fn on every store, with an API of the schema.
func each(t *testing.T, sdl string, limits endpoint.Limits, fn func(w *world)) {
	t.Helper()
	lines := dbtest.Lines{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), endpoint.EnvLine()}}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) {
		fn(newWorld(t, set, sdl, limits))
	})
}

func newWorld(t testing.TB, set *db.Set, sdl string, limits endpoint.Limits) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{t: t, set: set}
	w.now.Store(time.Now().UnixNano())
	ring, err := keys.Open(ctx, set.Control(), keys.NewSecret([]byte("0123456789abcdef0123456789abcdef")))
	must(t, err)
	must(t, set.Create(ctx, envUID))
	d := w.acquire()
	must(t, d.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, envUID) }))
	w.sealer, err = ring.Env(ctx, envUID, d)
	must(t, err)
	must(t, d.Tx(ctx, func(tx *db.Tx) error {
		if err := endpoint.CreateAPI(tx, apiID, "todo", 1); err != nil {
			return err
		}
		return endpoint.PutKey(tx, w.sealer, apiID, apiKey, w.clock().Add(time.Hour).UnixMilli())
	}))
	w.push(sdl)
	w.registry, err = endpoint.New(endpoint.Config{
		Locate: w.locate, Limits: limits, Now: w.clock, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	must(t, err)
	return w
}

func (w *world) locate(ctx context.Context, id string) (*db.DB, *keys.Sealer, func(), error) {
	if !strings.HasPrefix(id, "abc") {
		return nil, nil, nil, errs.Missing("Api", "The API %s does not exist", id)
	}
	d, release, err := w.set.Acquire(ctx, envUID)
	return d, w.sealer, release, err
}

func (w *world) acquire() *db.DB {
	d, release, err := w.set.Acquire(w.t.Context(), envUID)
	must(w.t, err)
	w.t.Cleanup(release)
	return d
}

// push makes a schema the live version.
func (w *world) push(sdl string) {
	w.t.Helper()
	o := transform.Options{TablePrefix: "t_"}
	if len(w.modes) > 0 {
		o.DefaultAuth, o.AuthModes = w.modes[0], w.modes[1:]
	}
	doc, err := schema.Parse(sdl)
	must(w.t, err)
	api, err := transform.Expand(doc, o)
	must(w.t, err)
	merged, changes, err := transform.Merge(w.layout, api.Layout)
	must(w.t, err)
	w.version++
	d := w.acquire()
	must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error {
		if err := endpoint.ApplyChanges(tx, d.Dialect(), changes); err != nil {
			return err
		}
		if err := endpoint.PutVersion(tx, apiID, endpoint.Version{Number: w.version, Source: sdl, Options: o, Auth: w.auth, Layout: merged}); err != nil {
			return err
		}
		return endpoint.Publish(tx, apiID, w.version)
	}))
	w.layout = merged
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// post sends a body with the API key and answers status, header and body.
func (w *world) post(body string, header ...string) (int, http.Header, string) {
	w.t.Helper()
	return w.postTo(apiID, body, header...)
}

func (w *world) postTo(id, body string, header ...string) (int, http.Header, string) {
	w.t.Helper()
	q := httptest.NewRequest(http.MethodPost, "/api/"+id+"/graphql", strings.NewReader(body))
	q.Header.Set("x-api-key", apiKey)
	for i := 0; i < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	return w.do(q)
}

func (w *world) do(q *http.Request) (int, http.Header, string) {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.registry.ServeHTTP(rec, q)
	res := rec.Result()
	b, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res.StatusCode, res.Header, string(b)
}

// run sends a query and answers the compact body.
func (w *world) run(query string, variables string) string {
	w.t.Helper()
	b, err := json.Marshal(map[string]any{"query": query, "variables": json.RawMessage(variables)})
	must(w.t, err)
	status, _, body := w.post(string(b))
	if status != http.StatusOK {
		w.t.Fatalf("status %d: %s", status, body)
	}
	return compact(w.t, body)
}

// compact takes white space out of JSON, since the stores differ in it.
func compact(t testing.TB, s string) string {
	t.Helper()
	var b strings.Builder
	var raw json.RawMessage
	must(t, json.Unmarshal([]byte(s), &raw))
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	must(t, enc.Encode(raw))
	return strings.TrimSpace(b.String())
}
