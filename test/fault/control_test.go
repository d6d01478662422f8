package fault_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/test/harness"
)

// TestCheckFindsLosses is the control of the crash tests: what they look for is
// brought about on purpose, and the same check must report it.
func TestCheckFindsLosses(t *testing.T) {
	t.Parallel()
	eachStore(t, checkFindsLosses)
}

func checkFindsLosses(t *testing.T, st store) {
	w := newWorld(t, st, harness.Build(t))
	w.Start(t)
	c := w.Client()
	c.Job(t, "CreateBackend", harness.M{"appId": "rows", "appName": "Rows", "backendEnvironmentName": "dev"})
	c.Job(t, "CreateBackendAPI", harness.M{
		"appId": "rows", "backendEnvironmentName": "dev", "resourceName": resourceAPI,
		"resourceConfig": harness.M{"transformSchema": schemaV1},
	})
	api := c.MustAPI(t, "rows", "dev")
	l := newLedger()
	// A few seconds of the load that the crash tests make.
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	w.load(ctx, t, l, api, nil, "control").Wait()
	if rows, _ := l.counts(); rows < 10 {
		t.Fatalf("only %d rows were written", rows)
	}
	expect := func(name string, want ...string) {
		t.Helper()
		got := w.check(t.Context(), l, api)
		for i := range got {
			got[i], _, _ = strings.Cut(got[i], " is {") // content differs
		}
		for i := range min(len(got), len(want)) {
			if strings.Contains(got[i], want[i]) {
				got[i] = want[i]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	expect("as it is")

	// Rows that are deleted or changed behind the ledger's back.
	id := "control-0-0"
	api.Must(t, `mutation { deleteTodo(input: {id: "control-0-0"}) { id } }`, nil)
	api.Must(t, `mutation { updateTodo(input: {id: "control-1-0", title: "other"}) { id } }`, nil)
	expect("lost rows", id+" is lost", "control-1-0")
	api.Must(t, `mutation { createTodo(input: {id: "control-0-0", title: "title of control-0-0", n: 0}) { id } }`, nil)
	api.Must(t, `mutation { updateTodo(input: {id: "control-1-0", title: "title of control-1-0"}) { id } }`, nil)

	// A job that did not end as it should, and one that nobody knows.
	jobs := c.Must(t, "ListBackendJobs", harness.M{"appId": "rows", "backendEnvironmentName": "dev"})["jobs"].([]any)
	l.addJob(job{app: "rows", env: "dev", id: jobs[0].(harness.M)["jobId"].(string), want: "FAILED"})
	l.addJob(job{app: "rows", env: "dev", id: "11111111-2222-4333-8444-555555555555", want: "COMPLETED"})
	expect("jobs", "ended COMPLETED, want FAILED", "GetBackendJob")
	l.jobs = nil

	// Half an environment.
	remove := w.stray(t)
	expect("an environment that nobody knows", "the store holds ")
	remove()
	expect("as it was")
}

// stray puts an environment into the store that the registry does not know.
func (w *world) stray(t *testing.T) (remove func()) {
	t.Helper()
	const uid = "aaaaaaaaaaaaaaaa"
	if w.store == postgres {
		run := func(statement string) {
			if _, err := w.sql(statement); err != nil {
				t.Fatal(err)
			}
		}
		run("CREATE SCHEMA preamp_e_" + uid)
		return func() { run("DROP SCHEMA preamp_e_" + uid) }
	}
	file := filepath.Join(filepath.Dir(w.EnvironmentFiles()[0]), uid+".db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAcknowledgedRowsOfAnOlderCopy is the control with a store that really has
// lost its last writes: a copy of the data directory from before them.
func TestAcknowledgedRowsOfAnOlderCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite, harness.Build(t))
	w.Start(t)
	liveAPI(t, w.Client())
	w.Stop(t)
	older := copyDir(t, w.Data)

	w.Start(t)
	api := w.Client().MustAPI(t, appID, "dev")
	l := newLedger()
	api.Must(t, `mutation { createTodo(input: {id: "late", title: "late", n: 0}) { id } }`, nil)
	l.put("late", row{title: "late"})
	l.put("row-0", row{title: "kept", n: 0})
	if lost, err := l.losses(t.Context(), api); err != nil || lost != nil {
		t.Errorf("on the store itself: %v %v", lost, err)
	}
	w.Kill()

	restored := &world{Server: harness.DevOn(t, w.Binary, older), store: sqlite}
	restored.Start(t)
	lost, err := l.losses(t.Context(), restored.Client().MustAPI(t, appID, "dev"))
	if diff := cmp.Diff([]string{"late is lost"}, lost); err != nil || diff != "" {
		t.Errorf("on the older copy: %v (-want +got):\n%s", err, diff)
	}
}
