package fault_test

import (
	"net/http"
	"slices"
	"strings"
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
		"CreateBackend":     "data-key:after",
		"CloneBackend":      "api-" + resourceAPI + ":after",
		"CreateBackendAPI":  "build:after",
		"UpdateBackendAPI":  "build:after",
		"CreateBackendAuth": "build:after",
		"UpdateBackendAuth": "build:after",
		"ImportBackendAuth": "build:after",
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
			asked := sc.input(t, w.Client())
			w.Client().CallAs(t.Context(), call, sc.kind, asked)
			if err := w.AwaitKilled(20 * time.Second); err != nil {
				t.Fatal(err)
			}
			w.Start(t)
			again := w.Client().CallAs(t.Context(), call, sc.kind, asked)
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
			// The job ends for its client before the environment is free.
			for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
				if w.Client().CallAs(t.Context(), "another-call", sc.kind, asked).Status == http.StatusOK {
					break
				}
			}
			again = w.Client().CallAs(t.Context(), "another-call", sc.kind, asked)
			if again.Err != nil || again.Status != http.StatusOK {
				t.Fatalf("the same call again: %v", again)
			}
			if err := w.jobEnds(t.Context(), job{app: appID, env: "dev", id: again.Text("jobId"), want: "COMPLETED"}); err != nil {
				t.Fatal(err)
			}
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

// tables are those of all environments, with the pools in them and all routes.
func (w *world) tables(t *testing.T) []string {
	t.Helper()
	tables, err := w.sql(`SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema LIKE 'preamp\_e\_%' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	// Pools are rows, and what leads to them.
	statements := []string{`SELECT kind || ' ' || key FROM preamp_control.route ORDER BY 1`}
	for _, table := range tables {
		_, name, _ := strings.Cut(table, ".")
		if slices.Contains([]string{"user_pool", "user_client", "identity_pool"}, name) {
			statements = append(statements, `SELECT '`+table+` ' || id FROM `+table+` ORDER BY 1`)
		}
	}
	for _, statement := range statements {
		rows, err := w.sql(statement)
		if err != nil {
			rows = []string{"while it was read, somebody dropped it:", statement}
		}
		tables = append(tables, rows...)
	}
	return tables
}
