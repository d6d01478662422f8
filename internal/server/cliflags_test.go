package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mkdir makes a folder and answers its name.
func mkdir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestProjectFlags(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, flags string
		want        map[string]string
		err         string
	}{
		{"none", ``, map[string]string{}, ""},
		{"version 2", `"useexperimentalpipelinedtransformer": true, "transformerversion": 2`, map[string]string{"transformerversion": "2"}, ""},
		{"version 1", `"transformerVersion": 1`, map[string]string{"transformerversion": "1"}, ""},
		{"the older flag says 1", `"useExperimentalPipelinedTransformer": false, "transformerversion": 2`, map[string]string{"transformerversion": "1"}, ""},
		{"not migrated yet", `"useexperimentalpipelinedtransformer": true, "transformerversion": 1`, map[string]string{"transformerversion": "2"}, ""},
		{
			"flags that change names",
			`"improvepluralization": true, "enableAutoIndexQueryNames": false, "respectprimarykeyattributesonconnectionfield": false,
			"usesubusernamefordefaultidentityclaim": false, "subscriptionsInheritPrimaryAuth": true, "addmissingownerfields": true`,
			map[string]string{
				"improvepluralization": "true", "enableautoindexquerynames": "false", "respectprimarykeyattributesonconnectionfield": "false",
				"usesubusernamefordefaultidentityclaim": "false", "subscriptionsinheritprimaryauth": "true",
			},
			"",
		},
		{"sandbox is no flag of a project", `"sandbox": false`, map[string]string{}, ""},
		{"value", `"transformerversion": 3`, nil, `features.graphqltransformer.transformerversion must be 1 or 2, not "3"`},
		{"JSON", `"transformerversion"`, nil, "invalid character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			schema := filepath.Join(dir, "amplify", "backend", "api", "shop", "schema.graphql")
			text := `{"features": {"graphqltransformer": {` + tt.flags + `}, "codegen": {"x": 1}}}`
			if err := os.WriteFile(filepath.Join(mkdir(t, dir, "amplify"), "cli.json"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := (&schemaSource{path: schema}).settings("dev")
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProjectSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	inProject := write("amplify/backend/api/shop/schema.graphql", "type A @model { x: Int }")
	elsewhere := write("schema.graphql", "type A @model { x: Int }")
	of := func(schema string) (map[string]string, error) {
		t.Helper()
		s, err := findSchema(schema)
		if err != nil {
			t.Fatal(err)
		}
		return s.settings("dev")
	}
	empty := map[string]string{}
	if got, err := of(inProject); err != nil || !cmp.Equal(got, empty) {
		t.Errorf("without cli.json: %v %v", got, err)
	}
	file := write("amplify/cli.json", `{"features": {"graphqltransformer": {"transformerversion": 1}}}`)
	if got, err := of(inProject); err != nil || !cmp.Equal(got, map[string]string{"transformerversion": "1"}) {
		t.Errorf("%v %v", got, err)
	}
	own := write("amplify/cli.dev.json", `{"features": {"graphqltransformer": {"transformerversion": 2, "improvePluralization": true}}}`)
	write("amplify/cli.prod.json", "{")
	if got, err := of(inProject); err != nil || !cmp.Equal(got, map[string]string{"transformerversion": "2", "improvepluralization": "true"}) {
		t.Errorf("with a file of the environment: %v %v", got, err)
	}
	write("amplify/cli.dev.json", `{"features": {"graphqltransformer": {"improvePluralization": 1}}}`)
	if _, err := of(inProject); err == nil || !strings.Contains(err.Error(), own) || !strings.Contains(err.Error(), "improvePluralization") {
		t.Errorf("error %v does not name the file and the flag", err)
	}
	if got, err := of(elsewhere); err != nil || !cmp.Equal(got, empty) {
		t.Errorf("a schema beside a project: %v %v", got, err)
	}
	if got, err := (*schemaSource)(nil).settings("dev"); err != nil || !cmp.Equal(got, empty) {
		t.Errorf("no schema: %v %v", got, err)
	}
	write("amplify/cli.json", "{")
	if _, err := of(inProject); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v does not name the file", err)
	}
}
