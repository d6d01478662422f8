package awssdkjs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestSDK runs each file of the suite against servers of its own.
func TestSDK(t *testing.T) {
	harness.Without(t, "sdkjs")
	node := harness.Node(t, "sdkjs")
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
