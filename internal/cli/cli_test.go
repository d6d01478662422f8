package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/cli"
	"preamp/internal/server"
)

var update = flag.Bool("update", false, "rewrite golden files and the generated reference")

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		code int
		out  string // part of standard output
		err  string // part of standard error
	}{
		{"nothing", nil, cli.ExitUsage, "", "Usage: preamp <command>"},
		{"help", []string{"--help"}, 0, "Exit codes: 0 success, 1 failure, 2 wrong usage, 3 no server is running.", ""},
		{"version flag", []string{"--version"}, 0, "preamp 1.2.3 (go", ""},
		{"version", []string{"version"}, 0, "preamp 1.2.3 (go", ""},
		{"version as JSON", []string{"version", "--json"}, 0, `"version": "1.2.3"`, ""},
		{"unknown command", []string{"sttus"}, cli.ExitUsage, "", "Try: preamp --help"},
		{"unknown flag of a command", []string{"jobs", "cancel", "--x"}, cli.ExitUsage, "", "Try: preamp jobs cancel --help"},
		{"missing argument", []string{"push"}, cli.ExitUsage, "", `expected "<file>"`},
		{"wrong enum", []string{"env", "--format", "xml"}, cli.ExitUsage, "", "--format"},
		{"wrong number", []string{"status", "--wait", "soon"}, cli.ExitUsage, "", "must be a number of seconds"},
		{"negative wait", []string{"status", "--wait=-1"}, cli.ExitUsage, "", "must not be negative"},
		{"limit", []string{"jobs", "--limit", "0"}, cli.ExitUsage, "", "--limit must be at least 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, nil, tt.args...)
			if r.code != tt.code || !strings.Contains(r.out, tt.out) || !strings.Contains(r.err, tt.err) {
				t.Errorf("code %d\n%s\n%s", r.code, r.out, r.err)
			}
			if tt.out == "" && r.out != "" || tt.err == "" && r.err != "" {
				t.Errorf("unexpected output %q %q", r.out, r.err)
			}
		})
	}
}

func TestNothingRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	schema := filepath.Join(dir, "s.graphql")
	if err := os.WriteFile(schema, []byte("type A @model { id: ID! }"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"status"}, {"env"}, {"stop"}, {"jobs"}, {"jobs", "cancel", "j"}, {"client-config"}, {"push", schema}} {
		r := run(t, []string{"PREAMP_DATA=elsewhere"}, append(args, "--data", dir)...)
		if r.code != cli.ExitNotRunning || r.out != "" || !strings.Contains(r.err, "preamp: no server is running for data directory "+dir) {
			t.Errorf("%v: %d %q %q", args, r.code, r.out, r.err)
		}
	}
	if r := run(t, nil, "status", "--json", "--data", dir); r.code != cli.ExitNotRunning || r.out != "{\"ready\":false}\n" {
		t.Errorf("%d %q", r.code, r.out)
	}
}

func TestStaleRecords(t *testing.T) {
	t.Parallel()
	other := newFake(t)
	tests := []struct {
		name   string
		record server.Record
		raw    string
		why    string
	}{
		{name: "dead process", record: server.Record{PID: 1 << 30, URL: other.http.URL, Token: token}, why: "is gone"},
		{name: "nothing answers", record: server.Record{PID: os.Getpid(), URL: "http://127.0.0.1:1", Token: token}, why: "nothing answers"},
		{name: "another server answers", record: server.Record{PID: os.Getpid(), URL: other.http.URL, Token: "old"}, why: "another server answers"},
		{name: "half a file", raw: `{"pid":`, why: "is damaged"},
		{name: "nothing in it", raw: `{}`, why: "is damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{dir: t.TempDir()}
			f.record(t, tt.record)
			if tt.raw != "" {
				if err := os.WriteFile(filepath.Join(f.dir, server.RecordFile), []byte(tt.raw), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r := run(t, nil, "status", "--json", "--data", f.dir)
			if r.code != cli.ExitNotRunning || r.out != "{\"ready\":false}\n" || !strings.Contains(r.err, tt.why) {
				t.Errorf("%d %q %q", r.code, r.out, r.err)
			}
			if strings.Contains(r.err, token) {
				t.Error("the token is printed")
			}
		})
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := run(t, nil, "status", "--json", "--data", f.dir)
	var got server.Status
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || r.code != 0 {
		t.Fatalf("%d %v %q", r.code, err, r.out)
	}
	if d := cmp.Diff(f.status, got); d != "" {
		t.Error(d)
	}
	r = run(t, []string{"PREAMP_DATA=" + f.dir}, "status")
	for _, part := range []string{"preamp 1.2.3   ready   pid", "app todo (d1a2b3c4d5e6f7)", "api todoapi   " + f.http.URL + "/api/a/graphql   da2-x\n", "      auth API_KEY (default), AMAZON_COGNITO_USER_POOLS (no pool: lets nobody in)\n", "    user pool us-east-1_AbCdEf123   sign-in by email\n      issuer https://x/us-east-1_AbCdEf123\n      client c1   web\n      hosted sign-in https://x/oauth/us-east-1_AbCdEf123\n      identity pool us-east-1:1111", "0 jobs running"} {
		if !strings.Contains(r.out, part) {
			t.Errorf("%q is missing in\n%s%s", part, r.out, r.err)
		}
	}
	f.mu.Lock()
	f.status.Ready = false
	f.mu.Unlock()
	if r := run(t, nil, "status", "--data", f.dir); r.code != cli.ExitFailure || !strings.Contains(r.out, "not ready") {
		t.Errorf("%d %q", r.code, r.out)
	}
}

func TestStatusWaits(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.status.Ready = false
	name := filepath.Join(f.dir, server.RecordFile)
	hidden := name + ".hidden"
	if err := os.Rename(name, hidden); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = os.Rename(hidden, name) })
	time.AfterFunc(100*time.Millisecond, func() { f.mu.Lock(); f.status.Ready = true; f.mu.Unlock() })
	if r := run(t, nil, "status", "--wait", "20", "--data", f.dir); r.code != 0 {
		t.Errorf("%d %s", r.code, r.err)
	}
	empty := t.TempDir()
	began := time.Now()
	if r := run(t, nil, "status", "--wait", "0.2", "--data", empty); r.code != cli.ExitNotRunning || time.Since(began) < 200*time.Millisecond {
		t.Errorf("%d after %s", r.code, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	began = time.Now()
	if r := runContext(ctx, nil, "status", "--wait", "100", "--data", empty); r.code == 0 || time.Since(began) > 20*time.Second {
		t.Errorf("an interrupt did not end the wait: %d after %s", r.code, time.Since(began))
	}
}

func TestEnv(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := run(t, nil, "env", "--data", f.dir)
	want := "export AWS_ENDPOINT_URL=" + f.http.URL + "\nexport AWS_ACCESS_KEY_ID=" + rootID +
		"\nexport AWS_SECRET_ACCESS_KEY=" + secret + "\nexport AWS_REGION=us-east-1\nexport AWS_DEFAULT_REGION=us-east-1\n"
	if r.code != 0 || r.out != want {
		t.Errorf("%d %s", r.code, cmp.Diff(want, r.out))
	}
	r = run(t, nil, "env", "--format", "json", "--data", f.dir)
	var m map[string]string
	if err := json.Unmarshal([]byte(r.out), &m); err != nil || m["AWS_ENDPOINT_URL"] != f.http.URL || len(m) != 5 {
		t.Errorf("%v %s", err, r.out)
	}
	f.keyless = true
	if r := run(t, nil, "env", "--data", f.dir); r.code != cli.ExitFailure || r.out != "" || !strings.Contains(r.err, "keys are not told") {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	if r := run(t, nil, "stop", "--data", f.dir); r.code != 0 || r.out != "stopped\n" || !f.stopped {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	if r := run(t, nil, "stop", "--data", f.dir); r.code != cli.ExitNotRunning {
		t.Errorf("%d", r.code)
	}
}

func TestClientConfig(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	want := "app=d1a2b3c4d5e6f7&env=dev&format=native"
	if r := run(t, nil, "client-config", "--app", "todo", "--format", "native", "--data", f.dir); r.code != 0 || r.out != want {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	out := filepath.Join(f.dir, "amplify.json")
	if r := run(t, nil, "client-config", "--app", "d1a2b3c4d5e6f7", "--out", out, "--data", f.dir); r.code != 0 || r.out != "" {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	raw, err := os.ReadFile(out)
	if err != nil || !strings.HasSuffix(string(raw), "format=hybrid") {
		t.Errorf("%q %v", raw, err)
	}
	if r := run(t, nil, "client-config", "--format", "native", "--out", "-", "--data", f.dir); r.code != 0 || r.out != want {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	if r := run(t, nil, "client-config", "--app", "nope", "--data", f.dir); r.code != cli.ExitFailure || !strings.Contains(r.err, "there are: todo (d1a2b3c4d5e6f7)") {
		t.Errorf("%d %q", r.code, r.err)
	}
	if r := run(t, nil, "client-config", "--env", "prod", "--data", f.dir); r.code != cli.ExitFailure || !strings.Contains(r.err, "it has: dev") {
		t.Errorf("%d %q", r.code, r.err)
	}
	f.status.Apps = append(f.status.Apps, server.StatusApp{ID: "d2", Name: "todo"})
	if r := run(t, nil, "client-config", "--data", f.dir); r.code != cli.ExitUsage || !strings.Contains(r.err, "choose one with --app") {
		t.Errorf("%d %q", r.code, r.err)
	}
	if r := run(t, nil, "client-config", "--app", "todo", "--data", f.dir); r.code != cli.ExitUsage || !strings.Contains(r.err, "give the id") {
		t.Errorf("%d %q", r.code, r.err)
	}
}

func TestDevOptions(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "preamp.yaml")
	if err := os.WriteFile(file, []byte("listen: 127.0.0.1:7\ndata: from-file\nfunctions: {a: b}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name         string
		args         []string
		environ      []string
		listen, data string
		watch        bool
	}{
		{"defaults", nil, nil, "127.0.0.1:4500", ".preamp", true},
		{"file", []string{"--config", file}, nil, "127.0.0.1:7", "from-file", true},
		{"environment wins over the file", []string{"--config", file}, []string{"PREAMP_DATA=from-env"}, "127.0.0.1:7", "from-env", true},
		{"flags win", []string{"--config", file, "--listen", "127.0.0.1:0", "--data", "d"}, []string{"PREAMP_DATA=from-env"}, "127.0.0.1:0", "d", true},
		{"no watch", []string{"--no-watch"}, nil, "127.0.0.1:4500", ".preamp", false},
		{"watch=false, as documented", []string{"--watch=false"}, nil, "127.0.0.1:4500", ".preamp", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, tt.environ, append([]string{
				"dev", "--schema", "s.graphql", "--app", "x",
				"--oidc-issuer", "https://a.test", "--oidc-client-id", "web", "--user-pool", "us-east-1_A",
			}, tt.args...)...)
			if r.code != 0 || r.dev == nil {
				t.Fatalf("%d %s", r.code, r.err)
			}
			o := r.dev
			if o.Listen != tt.listen || o.Data != tt.data || o.Watch != tt.watch || o.Env != "dev" || o.App != "x" || o.Schema != "s.graphql" ||
				o.Config.Data != tt.data || o.Version != "1.2.3" || o.AllowRemote {
				t.Errorf("%+v", o)
			}
			if want := (server.Providers{Issuer: "https://a.test", ClientID: "web", UserPool: "us-east-1_A"}); o.Providers != want {
				t.Errorf("%+v", o.Providers)
			}
			if noted := strings.Contains(r.err, "functions is accepted but has no effect"); noted != (len(tt.args) > 0 && tt.args[0] == "--config") {
				t.Errorf("log %q", r.err)
			}
		})
	}
}

func TestServeRefusesToStart(t *testing.T) {
	t.Parallel()
	r := run(t, nil, "serve")
	if r.code != cli.ExitFailure || r.serve != nil || strings.Count(r.err, "\n") != 3 {
		t.Errorf("%d\n%s", r.code, r.err)
	}
	r = run(t, []string{"PREAMP_PUBLIC_URL=http://a.test", "PREAMP_MASTER_KEY_ENV=K", "K=" + strings.Repeat("A", 43) + "="}, "serve", "--insecure", "--log-format", "json")
	if r.code != 0 || r.serve == nil || !r.serve.Insecure || r.serve.Config.PublicURL != "http://a.test" {
		t.Errorf("%d %s", r.code, r.err)
	}
}

func TestConfigCommands(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "preamp.yaml")
	if err := os.WriteFile(file, []byte("lisen: x\ndata: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := run(t, nil, "config", "check", "--config", file)
	if r.code != cli.ExitFailure || !strings.Contains(r.err, "preamp: "+file+":1:1: lisen is not known; did you mean listen?\npreamp: "+file+":2:7: data must be text") {
		t.Errorf("%d %q", r.code, r.err)
	}
	if err := os.WriteFile(file, []byte("functions: {}\ndatabase: {url: 'postgres://u:hunter2@h/d'}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r = run(t, nil, "config", "check", "--for", "dev", "--config", file)
	if r.code != 0 || !strings.Contains(r.out, "note: ") || !strings.HasSuffix(r.out, file+": ok\n") {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	r = run(t, nil, "config", "print", "--config", file)
	if r.code != 0 || !strings.Contains(r.out, "listen: 127.0.0.1:4500\n") || strings.Contains(r.out, "hunter2") {
		t.Errorf("%d %q %q", r.code, r.out, r.err)
	}
	r = run(t, nil, "config", "print", "--json", "--config", file)
	if !json.Valid([]byte(r.out)) || strings.Contains(r.out, "hunter2") {
		t.Errorf("%q", r.out)
	}
	if r := run(t, nil, "config", "check", "--config", filepath.Join(t.TempDir(), "none")); r.code != cli.ExitFailure || !strings.Contains(r.err, "no such file") {
		t.Errorf("%d %q", r.code, r.err)
	}
}

func TestCA(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if r := run(t, nil, "ca", "--data", dir); r.code != cli.ExitFailure || !strings.Contains(r.err, "makes it on first start") {
		t.Errorf("%d %q", r.code, r.err)
	}
	file := filepath.Join(dir, "ca", "ca.pem")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("PEM\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := run(t, nil, "ca", "--data", dir); r.out != "PEM\n" {
		t.Errorf("%q", r.out)
	}
	if r := run(t, nil, "ca", "--path", "--data", dir); r.out != file+"\n" {
		t.Errorf("%q", r.out)
	}
	if r := run(t, nil, "ca", "--out", "-", "--data", dir); r.out != "PEM\n" {
		t.Errorf("%q", r.out)
	}
	copied := filepath.Join(dir, "copy.pem")
	if r := run(t, nil, "ca", "--out", copied, "--data", dir); r.code != 0 {
		t.Errorf("%q", r.err)
	}
	if raw, err := os.ReadFile(copied); err != nil || string(raw) != "PEM\n" {
		t.Errorf("%q %v", raw, err)
	}
}

func TestBanner(t *testing.T) {
	t.Parallel()
	pushed := server.Started{
		Version: "0.1.0", Env: "dev", ReadyIn: 84 * time.Millisecond, Base: "http://127.0.0.1:4500",
		Endpoint: "http://127.0.0.1:4500/api/abcdefghijklmnopqrstuvwxyz/graphql", APIKey: "da2-abcdefghijklmnopqrstuvwxyz",
		Data: ".preamp", CAFile: ".preamp/ca/ca.pem", Schema: "schema.graphql",
		Modes: server.ModeList{{Mode: "API_KEY", Default: true}, {Mode: "AMAZON_COGNITO_USER_POOLS", Closed: true}, {Mode: "AWS_IAM"}},
		Push:  server.Push{Took: 41 * time.Millisecond, Models: 3, Live: true},
	}
	pushed.App.ID, pushed.App.Name = "d1a2b3c4d5e6f7", "todo"
	unchanged := pushed
	unchanged.ReadyIn, unchanged.Push = 7400*time.Microsecond, server.Push{Skipped: true, Models: 1, Live: true}
	unchanged.Modes = unchanged.Modes[:1]
	failed := pushed
	failed.Push = server.Push{Problem: "schema.graphql:3:5: Todo.x @foo: unknown directive\nschema.graphql:4:5: another", Live: true}
	first := failed
	first.Endpoint, first.APIKey, first.Modes, first.Push.Live = "", "", nil, false
	empty := first
	empty.Push, empty.Schema, empty.Data, empty.CAFile = server.Push{}, "", "/tmp/my data", "/tmp/my data/ca/ca.pem"
	empty.ReadyIn = 1234 * time.Millisecond

	users := pushed
	users.Modes = server.ModeList{{Mode: "AMAZON_COGNITO_USER_POOLS", Default: true, UserPool: "us-east-1_AbCdEf123"}, {Mode: "AWS_IAM"}}
	users.Auth = &server.StatusAuth{
		UserPool: "us-east-1_AbCdEf123", SignIn: "email", Clients: []server.StatusClient{{Name: "web", ID: "1h57kf5cpq17m0eml12EXAMPLE"}, {Name: "native", ID: "x"}},
	}
	users.APIKey = ""

	var got bytes.Buffer
	for _, tt := range []struct {
		name string
		s    server.Started
	}{{"users", users}, {"pushed", pushed}, {"unchanged", unchanged}, {"push failed, an older version serves", failed}, {"first push failed", first}, {"no schema", empty}} {
		text := cli.Banner(tt.s, "SQLite, durable")
		if n := strings.Count(text, "\n"); n > 10 || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: %d lines", tt.name, n)
		}
		got.WriteString("== " + tt.name + "\n" + text)
	}
	golden(t, "testdata/banner.golden", got.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (run `make generate` if it is meant): %s", name, d)
	}
}

// TestReference keeps docs/reference/cli.md, which is the help of every command,
// up to date.
func TestReference(t *testing.T) {
	t.Parallel()
	text, err := cli.Reference()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/reference/cli.md", []byte(text))
}

func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	for _, command := range cli.Commands() {
		r := run(t, nil, append(strings.Fields(command), "--help")...)
		if r.code != 0 || r.err != "" || !strings.HasPrefix(r.out, "Usage: preamp "+command) {
			t.Errorf("%s: %d %q %q", command, r.code, r.out, r.err)
		}
		for line := range strings.Lines(r.out) {
			if strings.HasSuffix(strings.TrimSpace(line), "=STRING") {
				t.Errorf("%s: a flag without a name for its value: %s", command, line)
			}
		}
	}
}

func TestNoProxyForThisMachine(t *testing.T) {
	// Not parallel: sets the environment of the process.
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	f := newFake(t)
	if r := run(t, nil, "status", "--data", f.dir); r.code != 0 {
		t.Errorf("%d %s", r.code, r.err)
	}
}
