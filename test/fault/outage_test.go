package fault_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"preamp/internal/db/dbtest/pgtemp"
	"preamp/test/harness"
)

// onOwnPostgres is a server on PostgreSQL of its own, to be ended and started
// without harm to other tests.
func onOwnPostgres(t *testing.T) (*world, *pgtemp.Server) {
	t.Helper()
	harness.Without(t, "postgres")
	pg, err := pgtemp.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Stop(); err != nil {
			t.Error(err)
		}
	})
	w := &world{store: postgres, Server: harness.NewServe(t, harness.ServeOptions{
		Binary: harness.Build(t), Database: pg.URL,
		Extra: "limits:\n  requests_per_second: 1000000\n  request_burst: 1000000\n",
	})}
	w.Start(t)
	liveAPI(t, w.Client())
	return w, pg
}

// TestLostConnections ends all connections to PostgreSQL again and again while
// operations run on them. Some fail, with an error that says that it may pass;
// none of the acknowledged ones is lost, and the process needs no help.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	w, _ := onOwnPostgres(t)
	l := newLedger()
	p := &patient{api: w.Client().MustAPI(t, appID, "dev"), ledger: l}
	b := makeBook(t, w)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	writers := p.several(ctx, 4, "cut")
	mutators := mutate(ctx, t, w, b, rand.Uint64(), "cut", true)
	for round := 0; round < 20 || p.failed.Load() == 0; round++ {
		done := p.done.Load()
		await(ctx, t, "acknowledged writes between the cuts", func() bool { return p.done.Load() >= done+10 })
		if _, err := w.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'preamp'`); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	mutators.Wait()
	if err := writers.wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d writes acknowledged, %d failed; %v", p.done.Load(), p.failed.Load(), b.done)
	for _, kind := range []string{"create", "update", "delete", "count", "version"} {
		if b.done[kind] == 0 {
			t.Errorf("no %s was acknowledged, so none was tested", kind)
		}
	}
	// What was asked for when the clients left is done by the time the server stops.
	w.Stop(t)
	w.Start(t)
	apis, err := w.Client().APIs(t.Context(), appID, "dev")
	if err != nil {
		t.Fatal(err)
	}
	p.api = apis[resourceAPI]
	if wrong := w.check(t.Context(), l, p.api); wrong != nil {
		t.Error(strings.Join(wrong, "\n"))
	}
	teams, versioned := bookAPIs(t, w)
	for _, wrong := range b.check(t.Context(), teams, versioned) {
		t.Error(wrong)
	}
	w.Stop(t)
}

// ready is the status of the probe that load balancers ask.
func ready(t *testing.T, w *world) int {
	t.Helper()
	r, err := http.Get(w.Status.URL + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	return r.StatusCode
}

// TestLostServer crashes PostgreSQL under load and starts it again. In between
// every operation gets an answer in good time, which says that it may pass, and
// afterwards the same process serves again.
func TestLostServer(t *testing.T) {
	t.Parallel()
	w, pg := onOwnPostgres(t)
	l := newLedger()
	p := &patient{api: w.Client().MustAPI(t, appID, "dev"), ledger: l}
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
	defer cancel()
	writers := p.several(ctx, 8, "crash")
	// The last outage is longer than the time after which a server looks whether
	// another node has published a version of the API.
	for _, outage := range []time.Duration{0, 0, 7 * time.Second} {
		done := p.done.Load()
		await(ctx, t, "acknowledged writes", func() bool { return p.done.Load() >= done+50 })
		if err := pg.Crash(); err != nil {
			t.Fatal(err)
		}
		failed, ends := p.failed.Load(), time.Now().Add(outage)
		await(ctx, t, "writes that fail", func() bool { return p.failed.Load() >= failed+50 && time.Now().After(ends) })
		for _, q := range []string{allTodos, `{ getTodo(id: "row-1") { id title n } }`} {
			began := time.Now()
			r := p.api.Do(ctx, q, nil)
			if err := modelled(r); err != nil || r.OK() {
				t.Errorf("a read without a database: %v %v", r, err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("the answer took %v", took)
			}
		}
		if got := ready(t, w); got != http.StatusServiceUnavailable {
			t.Errorf("readiness without a database: %d", got)
		}
		if err := pg.Resume(ctx); err != nil {
			t.Fatal(err)
		}
		await(ctx, t, "readiness", func() bool { return ready(t, w) == http.StatusOK })
	}
	done := p.done.Load()
	await(ctx, t, "acknowledged writes", func() bool { return p.done.Load() >= done+50 })
	cancel()
	if err := writers.wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d writes acknowledged, %d failed", p.done.Load(), p.failed.Load())
	if wrong := w.check(t.Context(), l, p.api); wrong != nil {
		t.Error(strings.Join(wrong, "\n"))
	}
	// The control plane is as it was, too.
	w.Client().Job(t, "GenerateBackendAPIModels", in("resourceName", resourceAPI))
	w.Stop(t)
}
