package fault_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/test/harness"
)

// TestCancelledAfterTheKill kills the server behind the last step of a job and
// cancels the job before another worker takes it over, which PostgreSQL's lease
// leaves time for. What the dead worker had built must go away; then the same
// call works.
func TestCancelledAfterTheKill(t *testing.T) {
	t.Parallel()
	harness.Without(t, "postgres")
	binary := harness.Build(t, "faults")
	last := map[string]string{
		"CreateBackend":    "data-key:after",
		"CloneBackend":     "api-" + resourceAPI + ":after",
		"CreateBackendAPI": "build:after",
		"UpdateBackendAPI": "build:after",
	}
	for _, sc := range scenarios {
		point, ok := last[sc.kind]
		if !ok {
			continue
		}
		t.Run(sc.kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, postgres, binary)
			w.Start(t)
			sc.prepare(t, w.Client())
			if sc.kind == "CreateBackend" {
				// The app stays when its first environment does not come to be.
				w.Client().Job(t, sc.kind, harness.M{"appId": appID, "appName": "Shop", "backendEnvironmentName": "other"})
			}
			before, tables := w.state(t), w.tables(t)
			w.Stop(t)

			w.Start(t, "PREAMP_FAULT="+sc.kind+":"+point)
			const call = "one-call"
			w.Client().CallAs(t.Context(), call, sc.kind, sc.in)
			if err := w.AwaitKilled(20 * time.Second); err != nil {
				t.Fatal(err)
			}
			w.Start(t)
			again := w.Client().CallAs(t.Context(), call, sc.kind, sc.in)
			if again.Err != nil || again.Status != http.StatusOK {
				t.Fatalf("the same call after the restart: %v", again)
			}
			id := again.Text("jobId")
			w.Client().Must(t, "UpdateBackendJob", in("jobId", id, "status", "FAILED"))
			if err := w.jobEnds(t.Context(), job{app: appID, env: "dev", id: id, want: "FAILED"}); err != nil {
				t.Fatal(err)
			}
			// The clean-up goes on when the job has ended for its client.
			var diff string
			for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
				diff = cmp.Diff(tables, w.tables(t)) + cmp.Diff(before, w.state(t))
				if diff == "" {
					break
				}
			}
			if diff != "" {
				t.Fatalf("the cancelled job left something (-before +after):\n%s", diff)
			}
			w.Client().Job(t, sc.kind, sc.in)
			w.Stop(t)
		})
	}
}

// state is the snapshot without the history of jobs.
func (w *world) state(t *testing.T) harness.M {
	t.Helper()
	s := w.snapshot(t)
	delete(s, "jobs")
	return s
}

// tables are those of all environments.
func (w *world) tables(t *testing.T) []string {
	t.Helper()
	tables, err := w.sql(`SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema LIKE 'preamp\_e\_%' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}
