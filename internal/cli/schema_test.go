package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"preamp/internal/cli"
)

const compiled = `
type Todo @model @auth(rules: [{allow: owner}]) {
  id: ID!
  title: String @auth(rules: [{allow: owner, operations: [read]}])
}
`

func TestSchemaCompile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "s.graphql")
	tests := []struct {
		name   string
		schema string
		args   []string
		code   int
		out    []string // parts of standard output
		err    string   // standard error, the folder taken away
	}{
		{"sdl", compiled, nil, 0, []string{"type Query {", "getTodo(id: ID!): Todo", "input CreateTodoInput {"}, ""},
		{"introspection", compiled, []string{"--print", "introspection"}, 0, []string{`"primaryKeyInfo": {`}, ""},
		{"schemajs", compiled, []string{"--print", "schemajs"}, 0, []string{"export const schema = {", `"codegenVersion": "3.4.4"`}, ""},
		{"tables", compiled, []string{"--print", "tables"}, 0, []string{`"model": "Todo"`, `"field": "title"`}, ""},
		{"rules", compiled, []string{"--print", "rules"}, 0, []string{`"allow": "owner"`, `"provider": "userPools"`}, ""},
		{"no model, no tables", "type A { x: Int }", []string{"--print", "rules"}, 0, []string{"[]\n"}, ""},
		{"conflict", compiled, []string{"--conflict", "LAMBDA"}, 0, []string{"syncTodos("}, ""},
		{"default auth", compiled, []string{"--default-auth", "AWS_IAM"}, 0, []string{"@aws_cognito_user_pools"}, ""},
		{"version 1 is detected", "type A @model @key(fields: [\"x\"]) { x: ID! }", nil, 0, []string{"getA(x: ID!): A"}, ""},
		{
			"version 1 as asked", "type A @model { x: Int }",
			[]string{"--transformer", "1"},
			0,
			[]string{"input ModelAFilterInput {"},
			"",
		},
		{
			"not the version asked for", "type A @model @key(fields: [\"x\"]) { x: ID! }",
			[]string{"--transformer", "2"},
			1,
			nil, "s.graphql:1:15: A: Unknown directive \"@key\".\n",
		},
		{
			"wrong", "type A @model {\n  x: ID! @primaryKey(sortKeyFields: [\"y\"])\n}", nil, 1, nil,
			"s.graphql:2:10: A.x @primaryKey: Can't find field 'y' in A, but it was specified in the primary key.\n",
		},
		{"syntax", "type A @model {", nil, 1, nil, "s.graphql:1:16: Syntax Error: Expected Name, found <EOF>\n"},
		{"no place", "# nothing\n", nil, 1, nil, "s.graphql: Syntax Error: Unexpected <EOF>.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(tt.schema), 0o644); err != nil {
				t.Fatal(err)
			}
			r := run(t, nil, append([]string{"schema", "compile", file}, tt.args...)...)
			got := strings.ReplaceAll(r.err, filepath.Dir(file)+string(filepath.Separator), "")
			if r.code != tt.code || got != tt.err || tt.code != 0 && r.out != "" {
				t.Errorf("code %d, out %q, err %q", r.code, r.out, got)
			}
			for _, part := range tt.out {
				if !strings.Contains(r.out, part) {
					t.Errorf("%q is not in\n%s", part, r.out)
				}
			}
			if tt.code == 0 && (!strings.HasSuffix(r.out, "\n") || strings.HasSuffix(r.out, "\n\n")) {
				t.Errorf("output ends with %q", r.out[max(0, len(r.out)-5):])
			}
		})
	}
}

func TestSchemaCompileUsage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		code int
		err  string
	}{
		{"neither", nil, cli.ExitUsage, "name a schema file, or use --batch"},
		{"both", []string{"--batch", "x.graphql"}, cli.ExitUsage, "leave out x.graphql"},
		{"strategy", []string{"--conflict", "MERGE", "x"}, cli.ExitUsage, "--conflict"},
		{"mode", []string{"--default-auth", "KEY", "x"}, cli.ExitUsage, "--default-auth"},
		{"form", []string{"--print", "xml", "x"}, cli.ExitUsage, "--print"},
		{"version", []string{"--transformer", "3", "x"}, cli.ExitUsage, "--transformer"},
		{"no file", []string{filepath.Join(t.TempDir(), "missing")}, cli.ExitFailure, "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, nil, append([]string{"schema", "compile"}, tt.args...)...)
			if r.code != tt.code || r.out != "" || !strings.Contains(r.err, tt.err) {
				t.Errorf("code %d, out %q, err %q", r.code, r.out, r.err)
			}
		})
	}
}

func TestSchemaCompileBatch(t *testing.T) {
	t.Parallel()
	long := `{"id":"` + strings.Repeat("x", 9<<20) + `"}`
	tests := []struct {
		name, in string
		code     int
		answers  []string // id and outcome
		err      string
	}{
		{"nothing", "", 0, nil, ""},
		{
			"answers in order, the last line without an end",
			`{"id":"a","schema":"type A @model { x: Int }","transformer":2,"conflictResolution":"NONE","defaultAuth":"API_KEY"}` + "\n\n" +
				`{"id":"b","schema":"type A @model {","transformer":1}`,
			0,
			[]string{"a true", "b false"},
			"",
		},
		{
			"a line that is no request has its answer too",
			`{"id":"a","schema":"type A @model { x: Int }"}` + "\nx\n" + `{"id":"c","schema":"type A @model { x: Int }"}`,
			0,
			[]string{"a true", "line 2: not a request false", "c true"},
			"",
		},
		{"too long", "\n" + long, cli.ExitFailure, nil, "preamp: standard input, line 2: longer than 8388608 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, err bytes.Buffer
			p := cli.Program{Args: []string{"schema", "compile", "--batch"}, Stdin: strings.NewReader(tt.in), Stdout: &out, Stderr: &err}
			if code := p.Run(t.Context()); code != tt.code || !strings.HasPrefix(err.String(), tt.err) || tt.err == "" && err.Len() > 0 {
				t.Errorf("code %d, err %q", code, err.String())
			}
			var got []string
			for line := range strings.Lines(out.String()) {
				var a struct {
					ID    string
					OK    bool
					Error string
				}
				if err := json.Unmarshal([]byte(line), &a); err != nil {
					t.Fatal(err)
				}
				if a.ID == "" { // whose it is was not to be read
					a.ID, _, _ = strings.Cut(a.Error, ": invalid")
				}
				got = append(got, a.ID+map[bool]string{true: " true", false: " false"}[a.OK])
			}
			if strings.Join(got, ",") != strings.Join(tt.answers, ",") {
				t.Errorf("answers %q, want %q", got, tt.answers)
			}
		})
	}
}
