package hostedui_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"preamp/test/harness"
)

// TestNotes builds examples/notes in a folder that looks like a clone, and uses the
// app in a browser as README.md says.
func TestNotes(t *testing.T) {
	harness.Without(t, "hostedui")
	node := harness.Node(t, "hostedui")
	clone := t.TempDir()
	app := filepath.Join(clone, "examples/notes")
	if err := os.MkdirAll(app, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "main.js", "style.css", "schema.graphql", "package.json", "package-lock.json"} {
		content, err := os.ReadFile(filepath.Join("../../examples/notes", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(app, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	binary, err := filepath.Abs(harness.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(clone, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(clone, "bin/preamp")); err != nil {
		t.Fatal(err)
	}
	dev := harness.DevOn(t, binary, filepath.Join(app, ".preamp"), "--schema", filepath.Join(app, "schema.graphql"))
	dev.Start(t)
	for _, args := range [][]string{{"ci", "--no-audit", "--no-fund"}, {"run", "build"}} {
		cmd := exec.CommandContext(t.Context(), "npm", args...)
		cmd.Dir = app
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("npm %v: %v\n%s", args, err, out)
		}
	}
	site := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(app, "dist"))))
	t.Cleanup(site.Close)
	harness.NodeTest(t, node, []string{
		"SUITE_BINARY=" + binary, "SUITE_DATA=" + dev.Data, "SUITE_CHROMIUM=" + chromium(t), "SUITE_SITE=" + site.URL,
	}, "notes.test.mjs")
}
