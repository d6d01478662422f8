package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"preamp/internal/cli"
	"preamp/internal/server"
	"preamp/internal/userpool/userimport"
)

// importer is a server that knows one pool, and takes every file.
func importer(t *testing.T, query, file *string, events ...userimport.Event) (dir string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*query = r.URL.RawQuery
		if r.URL.Path != "/_preamp/users" || r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.URL.Query().Get("pool") != "us-east-1_AbCdEf123" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"message":"User pool x does not exist."}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		*file = string(body)
		for _, e := range events {
			_ = json.NewEncoder(w).Encode(e)
		}
	}))
	t.Cleanup(s.Close)
	f := &fake{dir: t.TempDir()}
	f.record(t, server.Record{PID: os.Getpid(), URL: s.URL, Token: token, Version: "1.2.3"})
	return f.dir
}

func TestUsersImport(t *testing.T) {
	t.Parallel()
	problem := userimport.Event{Problem: &userimport.Problem{Line: 7, Field: "status", Message: "'\x1b[2J' is no status"}}
	progress := userimport.Event{Progress: &userimport.Totals{Imported: 1000, Millis: 500}}
	done := func(failed int64) userimport.Event {
		return userimport.Event{Done: &userimport.Totals{Line: 9, Imported: 2000, Skipped: 1, Failed: failed, Millis: 1000}}
	}
	stopped := done(0)
	stopped.Error = "line 9: the array does not end"
	nothing := userimport.Event{Done: &userimport.Totals{Line: 1}, Error: "line 1: the file is empty"}
	for _, c := range []struct {
		name   string
		args   []string
		events []userimport.Event
		code   int
		query  string
		out    string
		err    string
	}{
		{
			"all", nil,
			[]userimport.Event{progress, done(0)},
			0, "dry=false&pool=us-east-1_AbCdEf123",
			"2000 users imported, 1 skipped because they exist, 0 failed; 2001 users/s\n", "1000 users imported, 0 skipped because they exist, 0 failed; 2000 users/s\n",
		},
		{
			"a problem",
			[]string{"--dry-run", "--format", "csv"},
			[]userimport.Event{problem, done(1)},
			cli.ExitFailure,
			"dry=true&format=csv&pool=us-east-1_AbCdEf123", "2000 users could be imported, 1 skipped because they exist, 1 failed; 2002 users/s\n",
			"line 7: status: '?[2J' is no status\n",
		},
		{
			"JSON",
			[]string{"--json"},
			[]userimport.Event{done(0)},
			0, "dry=false&pool=us-east-1_AbCdEf123",
			"{\n  \"line\": 9,\n  \"imported\": 2000,\n  \"skipped\": 1,\n  \"failed\": 0,\n  \"millis\": 1000\n}\n", "",
		},
		{
			"stopped", nil,
			[]userimport.Event{stopped},
			cli.ExitFailure, "dry=false&pool=us-east-1_AbCdEf123",
			"2000 users imported, 1 skipped because they exist, 0 failed; 2001 users/s\n", "preamp: line 9: the array does not end\npreamp: What is told above is done; run it again to go on.\n",
		},
		{
			"nothing of it", nil,
			[]userimport.Event{nothing},
			cli.ExitFailure, "dry=false&pool=us-east-1_AbCdEf123",
			"0 users imported, 0 skipped because they exist, 0 failed; 0 users/s\n", "preamp: line 1: the file is empty\n",
		},
		{"the server went away", nil, []userimport.Event{progress}, cli.ExitFailure, "dry=false&pool=us-east-1_AbCdEf123", "", "preamp: the server has ended the import: run it again to go on\n"},
		{"no pool", []string{"--pool", "us-east-1_Nothing00"}, nil, cli.ExitFailure, "dry=false&pool=us-east-1_Nothing00", "", "preamp: User pool x does not exist.\n"},
		{"another format", []string{"--format", "xml"}, nil, cli.ExitUsage, "", "", "must be one of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var query, file string
			dir := importer(t, &query, &file, c.events...)
			name := filepath.Join(dir, "users.csv")
			if err := os.WriteFile(name, []byte("the file"), 0o600); err != nil {
				t.Fatal(err)
			}
			r := run(t, nil, append([]string{"users", "import", name, "--pool", "us-east-1_AbCdEf123", "--data", dir}, c.args...)...)
			if r.code != c.code || r.out != c.out || !strings.Contains(r.err, c.err) || query != c.query {
				t.Errorf("code %d, out %q, err %q, query %q", r.code, r.out, r.err, query)
			}
			if c.name == "nothing of it" && strings.Contains(r.err, "run it again") {
				t.Errorf("err %q", r.err)
			}
			if len(c.events) > 0 && file != "the file" {
				t.Errorf("sent %q", file)
			}
		})
	}
	r := run(t, nil, "users", "import", filepath.Join(t.TempDir(), "none.csv"), "--pool", "us-east-1_AbCdEf123")
	if r.code != cli.ExitFailure || !strings.Contains(r.err, "none.csv") {
		t.Errorf("no file: %+v", r)
	}
	file := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run(t, nil, "users", "import", file, "--pool", "us-east-1_AbCdEf123", "--data", t.TempDir()); r.code != cli.ExitNotRunning {
		t.Errorf("no server: %+v", r)
	}
}
