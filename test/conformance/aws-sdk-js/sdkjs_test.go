package awssdkjs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const installNode = "apt-get install nodejs npm (Node.js 20 or newer)"

// TestSDK runs each file of the suite against servers of its own.
func TestSDK(t *testing.T) {
	harness.Without(t, "sdkjs")
	node := harness.Tool(t, "node", installNode)
	install(t)
	for _, file := range []string{"operations.test.mjs", "errors.test.mjs", "main-job.test.mjs"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			dev := harness.Dev(t)
			hold, err := json.Marshal(harness.HoldCommand(t))
			if err != nil {
				t.Fatal(err)
			}
			env := append(os.Environ(),
				"SUITE_ENDPOINT="+dev.Status.URL, "SUITE_KEY="+dev.Key, "SUITE_SECRET="+dev.Secret, "SUITE_DATA="+dev.Data,
				"SUITE_LOSSY_ENDPOINT="+dev.LossyProxy(t), "SUITE_HOLD="+string(hold),
			)
			if file == "errors.test.mjs" {
				serve := harness.Serve(t, harness.ServeOptions{})
				env = append(env, "SUITE_SERVE_ENDPOINT="+serve.Status.URL, "SUITE_SERVE_KEY="+serve.Key, "SUITE_SERVE_SECRET="+serve.Secret)
			}
			cmd := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=spec", file)
			cmd.Env = env
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
		})
	}
}

// install brings the packages of package-lock.json when they are not there.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	// The lock that the present packages were installed from.
	stamp := filepath.Join("node_modules", ".preamp-lock")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return
	}
	npm := harness.Tool(t, "npm", installNode)
	if out, err := exec.CommandContext(t.Context(), npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s\n(PREAMP_TEST_WITHOUT=sdkjs switches this suite off)", err, out)
	}
	if err := os.WriteFile(stamp, lock, 0o644); err != nil {
		t.Fatal(err)
	}
}
