package amplifybackend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/amplifybackend"
	"preamp/internal/awswire"
	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/identitypool"
	"preamp/internal/job"
	"preamp/internal/keys"
	"preamp/internal/provision"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// obj is a JSON object.
type obj = map[string]any

// world is a control plane with an app "shop" and its environment "dev", as clients
// see it over the wire.
type world struct {
	*testing.T
	set       *db.Set
	ring      *keys.Ring
	registry  *backend.Registry
	provision *provision.Provisioner
	jobs      *job.Engine
	handler   http.Handler
	log       *safeBuffer
	changed   *safeBuffer // pools that were told to have changed
	pause     func()
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func lines() dbtest.Lines {
	return dbtest.Lines{
		Control: []db.Line{keys.ControlLine(), job.ControlLine(), backend.ControlLine()},
		Env: []db.Line{
			keys.EnvLine(), job.EnvLine(), endpoint.EnvLine(), provision.EnvLine(), userpool.EnvLine(), token.EnvLine(), identitypool.EnvLine(),
		},
	}
}

// onStores runs a test in a world on each store.
func onStores(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, lines(), func(t *testing.T, set *db.Set) {
		w := newWorld(t, set)
		w.run("/backend", obj{"appId": "shop", "appName": "Shop", "backendEnvironmentName": "dev"})
		fn(t, w)
	})
}

func newWorld(t *testing.T, set *db.Set) *world {
	t.Helper()
	ring, err := keys.Open(t.Context(), set.Control(), keys.NewSecret([]byte("0123456789abcdef0123456789abcdef")))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, set: set, ring: ring, log: &safeBuffer{}, changed: &safeBuffer{}}
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.registry = backend.New(backend.Config{Control: set.Control(), Sealer: ring.Control()})
	w.provision = provision.New(provision.Config{
		Set: set, Registry: w.registry, Ring: ring, Invalidate: func(string) {}, BaseURL: func() string { return "http://127.0.0.1:4500" },
		PoolChanged: func(pool string) { _, _ = w.changed.Write([]byte(pool + "\n")) }, Logger: logger,
	})
	if w.jobs, err = job.New(job.Config{
		Control: set.Control(), Acquire: set.Acquire, Kinds: w.provision.Kinds(), Logger: logger, Poll: 50 * time.Millisecond,
	}); err != nil {
		t.Fatal(err)
	}
	api := amplifybackend.New(amplifybackend.Config{
		Control: set.Control(), Registry: w.registry, Jobs: w.jobs, Provision: w.provision, Sealer: ring.Control(),
	})
	if w.handler, err = awswire.NewHandler(awswire.Config{
		Operations: amplifybackend.Operations(api), Logger: logger,
		Verify: func(*http.Request, []byte) (awswire.Identity, error) {
			return awswire.Identity{AccessKey: "AKIDEXAMPLE"}, nil
		},
	}); err != nil {
		t.Fatal(err)
	}
	w.resume()
	t.Cleanup(func() { w.pause() })
	return w
}

// resume lets jobs run, pause lets none begin.
func (w *world) resume() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.jobs.Run(ctx) }()
	w.pause = func() {
		cancel()
		if err := <-done; err != nil {
			w.Errorf("job engine: %v", err)
		}
	}
}

// in is the world for a subtest.
func (w *world) in(t *testing.T) *world {
	copied := *w
	copied.T = t
	return &copied
}

// send posts a request and answers what came back.
func (w *world) send(path string, in any) (int, obj) {
	w.Helper()
	body, ok := in.(string)
	if !ok {
		b, err := json.Marshal(in)
		if err != nil {
			w.Fatal(err)
		}
		body = string(b)
	}
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, path, strings.NewReader(body))
	r.RequestURI = path
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	out := obj{}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		w.Fatalf("%s answers %d %q", path, rec.Code, rec.Body)
	}
	return rec.Code, out
}

func (w *world) good(path string, in any) obj {
	w.Helper()
	status, out := w.send(path, in)
	if status != http.StatusOK {
		w.Fatalf("%s answers %d %v", path, status, out)
	}
	return out
}

// run starts a job and waits for it; it must not fail.
func (w *world) run(path string, in any) {
	w.Helper()
	if text := w.ended(path, in); text != "" {
		w.Fatalf("%s: the job failed: %s", path, text)
	}
}

// ended starts a job, waits for it and answers its error.
func (w *world) ended(path string, in any) string {
	w.Helper()
	id, _ := w.good(path, in)["jobId"].(string)
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	j, err := w.jobs.Wait(ctx, id)
	if err != nil {
		w.Fatalf("%s: wait: %v", path, err)
	}
	return j.Error
}

// refused sends what must be refused in this way, with nothing written.
func (w *world) refused(path string, in any, status int, texts ...string) {
	w.Helper()
	before := w.state()
	got, out := w.send(path, in)
	message, _ := out["message"].(string)
	if got != status {
		w.Errorf("%s answers %d %v, want %d", path, got, out, status)
		return
	}
	for _, text := range texts {
		if !strings.Contains(message, text) {
			w.Errorf("%s: message %q, want %q in it", path, message, text)
		}
	}
	if after := w.state(); after != before {
		w.Errorf("%s was refused and left\n%s\nof\n%s", path, after, before)
	}
}

// state is everything that a call could write to the control database.
func (w *world) state() string {
	w.Helper()
	var b strings.Builder
	err := w.set.Control().Read(w.Context(), func(q *db.Query) error {
		b.Reset()
		for _, sql := range []string{
			`SELECT category || ' ' || name || ' ' || last_version FROM ctl.resource ORDER BY 1`, `SELECT kind || ' ' || key FROM ctl.route ORDER BY 1`,
			`SELECT id FROM ctl.job ORDER BY 1`, `SELECT app || ' ' || name || ' ' || state FROM ctl.environment ORDER BY 1`,
		} {
			err := q.Each(sql, nil, func(r db.Row) error {
				var line string
				err := r.Scan(&line)
				b.WriteString(line + "\n")
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return b.String()
}

// view is the environment as it is shown.
func (w *world) view(env string) provision.View {
	w.Helper()
	v, err := w.provision.View(w.Context(), "shop", env)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

func (w *world) auth(env string) provision.AuthView {
	w.Helper()
	v := w.view(env)
	if v.Auth() == nil {
		w.Fatalf("%s has no auth resource", env)
	}
	return *v.Auth()
}

// things are what an auth resource consists of in its environment.
type things struct {
	pool        userpool.Pool
	web, native userpool.Client
	providers   []userpool.Provider
	domain      string
	identities  identitypool.Pool
}

func (w *world) things(a provision.AuthView) (out things) {
	w.Helper()
	env, release, err := w.provision.Directory().Find(w.Context(), userpool.RoutePool, a.UserPool)
	if err != nil {
		w.Fatal(err)
	}
	defer release()
	err = env.DB.Read(w.Context(), func(q *db.Query) (err error) {
		if out.pool, err = userpool.ReadPool(q, env.Sealer, a.UserPool); err != nil {
			return err
		}
		if out.web, err = userpool.ReadClient(q, env.Sealer, a.UserPool, a.WebClient); err != nil {
			return err
		}
		if out.native, err = userpool.ReadClient(q, env.Sealer, a.UserPool, a.NativeClient); err != nil {
			return err
		}
		if out.providers, err = userpool.ReadProviders(q, env.Sealer, a.UserPool); err != nil {
			return err
		}
		if out.domain, err = userpool.DomainOf(q, a.UserPool); err != nil || a.IdentityPool == "" {
			return err
		}
		out.identities, err = identitypool.ReadPool(q, a.IdentityPool)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return out
}

// leads reports whether a route is there.
func (w *world) leads(kind, key string) bool {
	w.Helper()
	_, release, err := w.provision.Directory().Find(w.Context(), kind, key)
	if err == nil {
		release()
	}
	return err == nil
}
