package cli_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/cli"
	"preamp/internal/server"
)

func schema(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "schema.graphql")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

const job1 = "/backend/d1a2b3c4d5e6f7/job/dev/j1"

// jobEnds lets job j1 run for some polls and end.
func jobEnds(polls int, status, problem string) func(*http.Request, []byte) (int, any) {
	return func(r *http.Request, _ []byte) (int, any) {
		j := map[string]string{"jobId": "j1", "status": "RUNNING", "appId": "d1a2b3c4d5e6f7", "backendEnvironmentName": "dev"}
		if r.Method == http.MethodGet && r.URL.Path == job1 {
			if polls--; polls < 0 {
				j["status"] = status
				if problem != "" {
					j["error"] = problem
				}
			}
		}
		return 200, j
	}
}

func TestPushUpdates(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer = jobEnds(2, "COMPLETED", "")
	file := schema(t, "type A @model { id: ID! }\n")
	r := run(t, nil, "push", "--app", "todo", "--env", "dev", "--wait", "--data", f.dir, file)
	if r.code != 0 || !strings.HasPrefix(r.out, "j1 COMPLETED in ") {
		t.Fatalf("%d %q %q", r.code, r.out, r.err)
	}
	want := []string{
		`POST /backend/d1a2b3c4d5e6f7/api/dev {"resourceName":"todoapi","resourceConfig":{"transformSchema":"type A @model { id: ID! }\n"}}`,
		"GET " + job1, "GET " + job1, "GET " + job1,
	}
	if d := cmp.Diff(want, f.seen()); d != "" {
		t.Error(d)
	}
	if r := run(t, nil, "push", "--data", f.dir, file); r.code != 0 || r.out != "j1 RUNNING\n" {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
}

func TestPushCreates(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.status.Apps[0].Environments[0].APIs = nil
	f.status.Apps[0].Name = "my todo-app"
	r := run(t, nil, "push", "--data", f.dir, schema(t, "type A"))
	if r.code != 0 {
		t.Fatalf("%d %q", r.code, r.err)
	}
	want := []string{`POST /backend/d1a2b3c4d5e6f7/api {"backendEnvironmentName":"dev","resourceName":"mytodoapp","resourceConfig":` +
		`{"apiName":"mytodoapp","defaultAuthType":{"mode":"API_KEY"},"transformSchema":"type A"}}`}
	if d := cmp.Diff(want, f.seen()); d != "" {
		t.Error(d)
	}
}

// A new API gets the modes that its rules name.
func TestPushCreatesWithModes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.status.Apps[0].Environments[0].APIs = nil
	file := schema(t, `type A @model @auth(rules: [{allow: owner}, {allow: private, provider: oidc}]) { id: ID! }`)
	if r := run(t, nil, "push", "--data", f.dir, file); r.code != cli.ExitFailure || !strings.Contains(r.err, "--oidc-issuer") || len(f.seen()) != 0 {
		t.Errorf("without an issuer: %d %q %v", r.code, r.err, f.seen())
	}
	r := run(t, nil, "push", "--data", f.dir, "--oidc-issuer", "https://issuer.example", "--oidc-client-id", "web", "--user-pool", "us-east-1_A", file)
	if r.code != 0 {
		t.Fatalf("%d %q", r.code, r.err)
	}
	got := strings.Join(f.seen(), "\n")
	for _, want := range []string{
		`"defaultAuthType":{"mode":"AMAZON_COGNITO_USER_POOLS","settings":{"cognitoUserPoolId":"us-east-1_A"}}`,
		`{"mode":"OPENID_CONNECT","settings":{"openIDClientId":"web","openIDIssueURL":"https://issuer.example"}}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

// Whoever pushes a rule to an API without its mode is told where modes are made.
func TestPushNamesMissingModes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer = jobEnds(0, "FAILED", "1:15: A @auth: no IAM")
	const hint = "the API todoapi does not have AWS_IAM, which rules of the schema name: UpdateBackendAPI configures it (docs/guide/authentication.md)\n"
	for _, tt := range []struct {
		name, schema string
		hint         bool
	}{
		{"a mode that is missing", `type A @model @auth(rules: [{allow: private, provider: iam}, {allow: public}]) { id: ID! }`, true},
		{"another mistake", `type A @model @auth(rules: [{allow: public}]) { id: ID! }`, false},
	} {
		r := run(t, nil, "push", "--wait", "--data", f.dir, schema(t, tt.schema))
		if r.code != cli.ExitFailure || !strings.Contains(r.err, "no IAM\n") || strings.HasSuffix(r.err, hint) != tt.hint {
			t.Errorf("%s: %d %q", tt.name, r.code, r.err)
		}
	}
}

func TestPushAnotherAPI(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	env := &f.status.Apps[0].Environments[0]
	env.APIs = append(env.APIs, server.StatusAPI{Name: "second"})
	file := schema(t, "type A")
	if r := run(t, nil, "push", "--data", f.dir, file); r.code != cli.ExitUsage || !strings.Contains(r.err, "choose one with --api") {
		t.Errorf("%d %q", r.code, r.err)
	}
	for _, name := range []string{"second", "third"} {
		if r := run(t, nil, "push", "--api", name, "--data", f.dir, file); r.code != 0 {
			t.Errorf("%d %q", r.code, r.err)
		}
	}
	seen := f.seen()
	if len(seen) != 2 || !strings.HasPrefix(seen[0], "POST /backend/d1a2b3c4d5e6f7/api/dev ") || !strings.HasPrefix(seen[1], "POST /backend/d1a2b3c4d5e6f7/api {") {
		t.Errorf("%q", seen)
	}
}

func TestPushTellsWhereTheProblemIs(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer = jobEnds(0, "FAILED", "1:6: A @foo: unknown directive")
	file := schema(t, "type A @foo")
	r := run(t, nil, "push", "--wait", "--data", f.dir, file)
	if r.code != cli.ExitFailure || r.out != "" || r.err != file+":1:6: A @foo: unknown directive\n" {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
}

func TestPushTimeout(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer = jobEnds(1_000_000, "COMPLETED", "")
	r := run(t, nil, "push", "--wait", "--timeout", "0.1", "--data", f.dir, schema(t, "type A"))
	if r.code != cli.ExitFailure || !strings.Contains(r.err, "still running") && !strings.Contains(r.err, "deadline") {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
}

func TestPushRefused(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer = func(*http.Request, []byte) (int, any) { return 400, errorBody{"There is already a pending job"} }
	r := run(t, nil, "push", "--data", f.dir, schema(t, "type A"))
	if r.code != cli.ExitFailure || r.err != "preamp: BadRequestException: There is already a pending job\n" {
		t.Errorf("%d %q", r.code, r.err)
	}
}

func TestPushWithKeysOfTheEnvironment(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.keyless = true
	file := schema(t, "type A")
	r := run(t, nil, "push", "--data", f.dir, file)
	if r.code != cli.ExitFailure || !strings.Contains(r.err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") {
		t.Errorf("%d %q", r.code, r.err)
	}
	r = run(t, []string{"AWS_ACCESS_KEY_ID=" + rootID, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_REGION=eu-west-1"}, "push", "--data", f.dir, file)
	if r.code != 0 {
		t.Errorf("%d %q", r.code, r.err)
	}
}

// history answers ListBackendJobs page by page.
func history(t *testing.T, jobs map[string][]map[string]string) func(*http.Request, []byte) (int, any) {
	return func(r *http.Request, body []byte) (int, any) {
		if strings.HasSuffix(r.URL.Path, "/job/gone") {
			return 404, errorBody{"no environment"}
		}
		var in struct {
			JobID      string
			MaxResults int
			NextToken  string
			Status     string
		}
		if err := json.Unmarshal(body, &in); err != nil {
			t.Error(err)
		}
		if in.Status != "" {
			return 200, map[string]string{"jobId": "j9", "status": in.Status}
		}
		all := jobs[r.URL.Path]
		if in.JobID != "" {
			for _, j := range all {
				if j["jobId"] == in.JobID {
					return 200, map[string]any{"jobs": []map[string]string{j}}
				}
			}
			return 200, map[string]any{"jobs": []string{}}
		}
		start := 0
		if in.NextToken == "second" {
			start = 1
		}
		out := map[string]any{"jobs": all[start:min(len(all), start+1)]}
		if start == 0 && len(all) > 1 {
			out["nextToken"] = "second"
		}
		return 200, out
	}
}

func jobsFake(t *testing.T) *fake {
	f := newFake(t)
	app := &f.status.Apps[0]
	app.Environments = append(app.Environments, server.StatusEnv{Name: "prod"}, server.StatusEnv{Name: "gone"})
	appLevel := map[string]string{"jobId": "j8", "status": "COMPLETED", "operation": "RemoveAllBackends", "appId": app.ID, "backendEnvironmentName": "dev", "createTime": "2000"}
	f.answer = history(t, map[string][]map[string]string{
		"/backend/d1a2b3c4d5e6f7/job/dev": {
			{"jobId": "j9", "status": "RUNNING", "operation": "UpdateBackendAPI", "appId": app.ID, "backendEnvironmentName": "dev", "createTime": "3000"}, appLevel,
		},
		"/backend/d1a2b3c4d5e6f7/job/prod": {
			appLevel, {"jobId": "j7", "status": "FAILED", "operation": "CreateBackend", "appId": app.ID, "backendEnvironmentName": "prod", "createTime": "1000", "error": "1:1: no\n2:2: no"},
		},
	})
	return f
}

func TestJobs(t *testing.T) {
	t.Parallel()
	f := jobsFake(t)
	r := run(t, nil, "jobs", "--json", "--data", f.dir)
	var ids []string
	for line := range strings.Lines(r.out) {
		var j struct{ JobID, Error string }
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, j.JobID)
	}
	if d := cmp.Diff([]string{"j9", "j8", "j7"}, ids); d != "" || r.code != 0 {
		t.Errorf("%d %s %s", r.code, r.err, d)
	}
	r = run(t, nil, "jobs", "list", "--app", "todo", "--env", "prod", "--data", f.dir)
	if lines := strings.Split(strings.TrimSpace(r.out), "\n"); len(lines) != 2 || !strings.HasSuffix(lines[1], "  FAILED     j7  d1a2b3c4d5e6f7/prod  CreateBackend  1:1: no | 2:2: no") {
		t.Errorf("%q", r.out)
	}
	if r := run(t, nil, "jobs", "--env", "nope", "--data", f.dir); r.code != cli.ExitFailure || !strings.Contains(r.err, "no environment nope") {
		t.Errorf("%d %q", r.code, r.err)
	}
}

func TestJobsFollow(t *testing.T) {
	t.Parallel()
	f := jobsFake(t)
	time.AfterFunc(300*time.Millisecond, func() { _ = os.Remove(filepath.Join(f.dir, server.RecordFile)) })
	r := run(t, nil, "jobs", "--follow", "--data", f.dir)
	// Oldest first, each once, and the end of the server ends it.
	if r.code != cli.ExitNotRunning || strings.Count(r.out, "\n") != 3 || strings.Index(r.out, "j7") > strings.Index(r.out, "j9") {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
}

func TestJobsCancel(t *testing.T) {
	t.Parallel()
	f := jobsFake(t)
	r := run(t, nil, "jobs", "cancel", "j9", "--data", f.dir)
	seen := f.seen()
	if r.code != 0 || r.out != "j9 FAILED\n" || seen[len(seen)-1] != `POST /backend/d1a2b3c4d5e6f7/job/dev/j9 {"status":"FAILED"}` {
		t.Errorf("%d %q %q %q", r.code, r.out, r.err, seen)
	}
	if r := run(t, nil, "jobs", "cancel", "none", "--data", f.dir); r.code != cli.ExitFailure || !strings.Contains(r.err, "there is no job none") {
		t.Errorf("%d %q", r.code, r.err)
	}
}
