package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var builds = struct {
	sync.Mutex
	dir  string
	done map[string]func() (string, error)
}{done: map[string]func() (string, error){}}

// Build makes the plain binary with the given build tags, once per test process.
// PREAMP_TEST_BINARY names one that exists already; it is taken for a build
// without tags.
func Build(t testing.TB, tags ...string) string {
	t.Helper()
	if have := os.Getenv("PREAMP_TEST_BINARY"); have != "" && len(tags) == 0 {
		return have
	}
	key := strings.Join(tags, ",")
	builds.Lock()
	build, ok := builds.done[key]
	if !ok {
		build = sync.OnceValues(func() (string, error) { return compile(key) })
		builds.done[key] = build
	}
	builds.Unlock()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func compile(tags string) (string, error) {
	builds.Lock()
	if builds.dir == "" {
		dir, err := os.MkdirTemp("", "preamp-bin-")
		if err != nil {
			builds.Unlock()
			return "", err
		}
		builds.dir = dir
	}
	dir := builds.dir
	builds.Unlock()
	path := filepath.Join(dir, "preamp-"+strings.ReplaceAll("plain,"+tags, ",", "-"))
	cmd := exec.Command("go", "build", "-tags", tags, "-o", path, "preamp/cmd/preamp")
	// The race detector and cgo stay out: the suites judge the binary that users get.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build preamp/cmd/preamp: %w\n%s", err, out)
	}
	return path, nil
}

// Main runs the tests of a package and removes what the harness made for them.
// Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if builds.dir != "" {
		_ = os.RemoveAll(builds.dir)
	}
	os.Exit(code)
}
