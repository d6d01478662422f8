package fault_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/test/harness"
)

// copyDir copies a data directory the documented way.
func copyDir(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if out, err := exec.Command("cp", "-a", dir, to).CombinedOutput(); err != nil {
		t.Fatalf("cp -a: %v\n%s", err, out)
	}
	return to
}

// TestBackup stops the server, copies the data directory and starts on the copy:
// rows, keys, jobs and tokens are there, while the original goes on by itself.
func TestBackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite, harness.Build(t))
	w.Start(t)
	c := w.Client()
	liveAPI(t, c)
	c.Job(t, "GenerateBackendAPIModels", in("resourceName", resourceAPI))
	c.Job(t, "CloneBackend", in("targetEnvironmentName", "copy"))
	token := c.Must(t, "CreateToken", harness.M{"appId": appID})
	jobs := c.Must(t, "ListBackendJobs", in())
	key := c.MustAPI(t, appID, "dev").Key
	before := w.snapshot(t)
	w.Stop(t)
	dir := copyDir(t, w.Data)

	// Both at once: nothing ties the copy to the original.
	w.Start(t)
	w.Client().MustAPI(t, appID, "dev").Must(t, `mutation { createTodo(input: {id: "later", title: "not in the copy"}) { id } }`, nil)
	b := &world{Server: harness.DevOn(t, w.Binary, dir), store: sqlite}
	b.Start(t)
	if b.Key != w.Key || b.Secret != w.Secret {
		t.Errorf("the copy has access key %s, the original %s", b.Key, w.Key)
	}
	if diff := cmp.Diff(before, b.snapshot(t)); diff != "" {
		t.Errorf("the copy differs (-original +copy):\n%s", diff)
	}
	c = b.Client()
	if got := c.MustAPI(t, appID, "dev").Key; got != key {
		t.Errorf("the API key is %s, was %s", got, key)
	}
	if diff := cmp.Diff(jobs, c.Must(t, "ListBackendJobs", in())); diff != "" {
		t.Errorf("jobs (-original +copy):\n%s", diff)
	}
	if diff := cmp.Diff(token, c.Must(t, "GetToken", harness.M{"appId": appID, "sessionId": token["sessionId"]})); diff != "" {
		t.Errorf("token (-original +copy):\n%s", diff)
	}
	b.Stop(t)
	w.Stop(t)
}
