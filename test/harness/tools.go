package harness

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Without skips the test when PREAMP_TEST_WITHOUT (a comma list) names suite.
// Nothing else skips: a tool that is missing is a failure.
func Without(t testing.TB, suite string) {
	t.Helper()
	if Off(suite) {
		t.Skipf("switched off by PREAMP_TEST_WITHOUT=%s", os.Getenv("PREAMP_TEST_WITHOUT"))
	}
}

// Off reports whether PREAMP_TEST_WITHOUT names suite.
func Off(suite string) bool {
	return slices.Contains(strings.Split(os.Getenv("PREAMP_TEST_WITHOUT"), ","), suite)
}

// Tool finds a program on PATH or in one of the extra places, and fails with the
// way to get it.
func Tool(t testing.TB, name, install string, places ...string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, pattern := range places {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	t.Fatalf("%s is missing: %s", name, install)
	return ""
}

// Node finds Node.js, and brings the packages of the package-lock.json of the
// folder that the test runs in when they are not there.
func Node(t testing.TB, suite string) string {
	t.Helper()
	const get = "apt-get install nodejs npm (Node.js 20 or newer)"
	node := Tool(t, "node", get)
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	// The lock that the present packages were installed from.
	stamp := filepath.Join("node_modules", ".preamp-lock")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return node
	}
	npm := Tool(t, "npm", get)
	if out, err := exec.CommandContext(t.Context(), npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s\n(PREAMP_TEST_WITHOUT=%s switches this suite off)", err, out, suite)
	}
	if err := os.WriteFile(stamp, lock, 0o644); err != nil {
		t.Fatal(err)
	}
	return node
}

// PythonWith finds a python3 that can import module, since the system's own and
// the one of a version manager often differ. PREAMP_TEST_PYTHON names it outright.
func PythonWith(t testing.TB, module, install string) string {
	t.Helper()
	candidates := []string{"/usr/bin/python3", "/usr/local/bin/python3"}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		candidates = append(candidates, filepath.Join(dir, "python3"))
	}
	if named := os.Getenv("PREAMP_TEST_PYTHON"); named != "" {
		candidates = []string{named}
	}
	for _, python := range candidates {
		if exec.Command(python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	t.Fatalf("no python3 of %v has %s: %s", candidates, module, install)
	return ""
}
