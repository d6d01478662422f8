package cli_test

import (
	"strings"
	"testing"

	"preamp/internal/cli"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	tests := []struct {
		name string
		args []string
		code int
		out  string // all of standard output, or its first line
		err  string // part of standard error
	}{
		{"get", []string{"get"}, 0, "transformerversion=1\nsandbox=true\n", ""},
		{"get one, in any case", []string{"get", "transformerVersion"}, 0, "1\n", ""},
		{"get as JSON", []string{"get", "--json", "--app", "todo", "--env", "dev"}, 0, "{\n  \"sandbox\": \"true\",\n  \"transformerversion\": \"1\"\n}\n", ""},
		{"get one as JSON", []string{"get", "--json", "sandbox"}, 0, "{\n  \"sandbox\": \"true\"\n}\n", ""},
		{"get an unknown one", []string{"get", "sandbux"}, cli.ExitUsage, "", "there is no backend setting sandbux"},
		{"set", []string{"set", "Sandbox=false", "transformerversion=2"}, 0, "", ""},
		{"set without a value", []string{"set", "sandbox"}, cli.ExitUsage, "", "sandbox is not KEY=VALUE"},
		{"set to another value", []string{"set", "sandbox=1"}, cli.ExitUsage, "", `must be false or true, not "1"`},
		{"set nothing", []string{"set"}, cli.ExitUsage, "", "expected"},
		{"another environment", []string{"get", "--env", "prod"}, cli.ExitFailure, "", "has no environment prod"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, nil, append(append([]string{"settings"}, tt.args...), "--data", f.dir)...)
			if r.code != tt.code || !strings.HasPrefix(r.out, tt.out) || tt.out == "" && r.out != "" || !strings.Contains(r.err, tt.err) {
				t.Errorf("code %d, out %q, err %q", r.code, r.out, r.err)
			}
		})
	}
	want := "app=d1a2b3c4d5e6f7&env=dev&set=sandbox%3Dfalse&set=transformerversion%3D2"
	if got := f.seen(); len(got) != 1 || got[0] != want {
		t.Errorf("requests %q, want %s", got, want)
	}
}
