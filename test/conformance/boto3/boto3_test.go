package boto3_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestBoto3 runs each module of the suite against servers of its own.
func TestBoto3(t *testing.T) {
	harness.Without(t, "boto3")
	python := harness.PythonWith(t, "boto3", "apt-get install python3-boto3 (or pip install boto3)")
	version, _ := exec.Command(python, "-c", "import boto3, botocore; print('boto3', boto3.__version__, 'botocore', botocore.__version__)").Output()
	t.Logf("%s: %s", python, version)

	for _, module := range []string{"test_operations", "test_graphql", "test_errors", "test_presigned"} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			dev := harness.Dev(t)
			env := append(os.Environ(),
				"SUITE_ENDPOINT="+dev.Status.URL,
				"SUITE_KEY="+dev.Key,
				"SUITE_SECRET="+dev.Secret,
				"SUITE_DATA="+dev.Data,
				"SUITE_LOSSY_ENDPOINT="+dev.LossyProxy(t),
				"SUITE_SCHEMAS="+absolute(t, "../schemas"),
				"PYTHONDONTWRITEBYTECODE=1",
				// The signer in Python: the tests move its clock.
				"BOTO_DISABLE_CRT=true",
			)
			if module == "test_errors" {
				serve := harness.NewServe(t, harness.ServeOptions{})
				key, secret := serve.NewKey(t, "other")
				serve.Start(t)
				env = append(env,
					"SUITE_SERVE_ENDPOINT="+serve.Status.URL,
					"SUITE_SERVE_KEY="+serve.Key,
					"SUITE_SERVE_SECRET="+serve.Secret,
					"SUITE_SERVE_OTHER_KEY="+key,
					"SUITE_SERVE_OTHER_SECRET="+secret,
				)
			}
			cmd := exec.CommandContext(t.Context(), python, "-W", "ignore::DeprecationWarning", "-m", "unittest", "-v", module)
			cmd.Env = env
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Errorf("%s: %v", module, err)
			}
		})
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
