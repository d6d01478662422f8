package boto3_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"preamp/internal/db/dbtest"
	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestBoto3 runs each module of the suite against servers of its own.
func TestBoto3(t *testing.T) {
	harness.Without(t, "boto3")
	python := harness.PythonWith(t, "boto3", "apt-get install python3-boto3 (or pip install boto3)")
	version, _ := exec.Command(python, "-c", "import boto3, botocore; print('boto3', boto3.__version__, 'botocore', botocore.__version__)").Output()
	t.Logf("%s: %s", python, version)

	for _, module := range []string{"test_operations", "test_graphql", "test_relations", "test_errors", "test_presigned", "test_auth", "test_cognito", "test_factors", "test_pools", "test_identity"} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			s := harness.Dev(t)
			env := []string{"SUITE_DATA=" + s.Data, "SUITE_LOSSY_ENDPOINT=" + s.LossyProxy(t)}
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
			run(t, python, module, s, env...)
		})
	}
	for _, module := range []string{"test_graphql", "test_relations", "test_cognito", "test_factors", "test_pools", "test_identity"} {
		t.Run(module+" on PostgreSQL", func(t *testing.T) {
			t.Parallel()
			harness.Without(t, "postgres")
			post := harness.NewPost(t)
			run(t, python, module, harness.Serve(t, harness.ServeOptions{
				Database: dbtest.Database(t), Extra: harness.Unlimited + post.Extra,
			}), "SUITE_POST="+post.File)
		})
	}
}

// run runs one module of the suite against a server.
func run(t *testing.T, python, module string, s *harness.Server, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), python, "-W", "ignore::DeprecationWarning", "-m", "unittest", "-v", module)
	cmd.Env = append(os.Environ(),
		"SUITE_ENDPOINT="+s.Status.URL,
		"SUITE_KEY="+s.Key,
		"SUITE_SECRET="+s.Secret,
		"SUITE_BINARY="+s.Binary,
		"SUITE_SCHEMAS="+absolute(t, "../schemas"),
		"PYTHONDONTWRITEBYTECODE=1",
		// The signer in Python: the tests move its clock.
		"BOTO_DISABLE_CRT=true",
	)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("%s: %v", module, err)
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
