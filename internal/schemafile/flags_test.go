package schemafile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/schemafile"
)

func flagFile(flags string) string {
	return `{"features": {"graphqltransformer": {` + flags + `}, "codegen": {"x": 1}}, "debug": {}}`
}

func TestFlags(t *testing.T) {
	t.Parallel()
	const in = "amplify/backend/api/shop/schema.graphql"
	tests := []struct {
		name        string
		files       map[string]string
		schema, env string
		want        map[string]string // name in lower case: value, written name, file
		err         string
	}{
		{"no files", map[string]string{in: ""}, in, "dev", map[string]string{}, ""},
		{
			"of the project",
			map[string]string{in: "", "amplify/cli.json": flagFile(`"transformerVersion": 1, "improvepluralization": true, "secondaryKeyAsGSI": null`)},
			in, "dev",
			map[string]string{
				"transformerversion": "1 transformerVersion cli.json", "improvepluralization": "true improvepluralization cli.json",
			},
			"",
		},
		{
			"the environment overrides flag by flag",
			map[string]string{
				in: "", "amplify/cli.json": flagFile(`"transformerVersion": 1, "improvepluralization": true`),
				"amplify/cli.dev.json": flagFile(`"transformerversion": 2, "x": "y"`), "amplify/cli.prod.json": flagFile(`"improvepluralization": false`),
			},
			in, "dev",
			map[string]string{
				"transformerversion": "2 transformerversion cli.dev.json", "improvepluralization": "true improvepluralization cli.json",
				"x": "y x cli.dev.json",
			},
			"",
		},
		{
			"of the environment only",
			map[string]string{in: "", "amplify/cli.dev.json": flagFile(`"transformerversion": 1`)},
			in, "dev",
			map[string]string{"transformerversion": "1 transformerversion cli.dev.json"},
			"",
		},
		{
			"the name in lower case counts",
			map[string]string{in: "", "amplify/cli.json": flagFile(`"transformerversion": 2, "TransformerVersion": 1`)},
			in, "",
			map[string]string{"transformerversion": "2 transformerversion cli.json"},
			"",
		},
		{
			"a folder of schemas",
			map[string]string{"amplify/backend/api/shop/schema/a.graphql": "", "amplify/cli.json": flagFile(`"a": 1`)},
			"amplify/backend/api/shop/schema", "dev",
			map[string]string{"a": "1 a cli.json"},
			"",
		},
		{"no section", map[string]string{in: "", "amplify/cli.json": `{"features": {}}`}, in, "dev", map[string]string{}, ""},
		{
			"a schema beside a project",
			map[string]string{"x/schema.graphql": "", "amplify/cli.json": flagFile(`"a": 1`)},
			"x/schema.graphql", "dev",
			map[string]string{},
			"",
		},
		{
			// A name that leads out of the folder is no name of an environment.
			"an environment elsewhere",
			map[string]string{in: "", "cli.json": flagFile(`"a": 1`), "amplify/cli./x": ""},
			in, "/../../cli",
			map[string]string{},
			"",
		},
		{"broken", map[string]string{in: "", "amplify/cli.dev.json": "{"}, in, "dev", nil, "cli.dev.json: unexpected EOF"},
		{"no object", map[string]string{in: "", "amplify/cli.json": `{"features": {"graphqltransformer": 1}}`}, in, "dev", nil, "cli.json: "},
		{"large", map[string]string{in: "", "amplify/cli.json": strings.Repeat(" ", 1<<20+1)}, in, "dev", nil, "larger than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, tt.files)
			flags, err := schemafile.Flags(filepath.Join(dir, tt.schema), tt.env)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if err != nil {
				return
			}
			got := map[string]string{}
			for name, f := range flags {
				if filepath.Dir(f.File) != filepath.Join(dir, "amplify") {
					t.Errorf("%s comes from %s", name, f.File)
				}
				got[name] = f.Value + " " + f.Name + " " + filepath.Base(f.File)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("flags (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzFlags(f *testing.F) {
	dir := f.TempDir()
	schema := filepath.Join(dir, "amplify", "backend", "api", "shop", "schema.graphql")
	if err := os.MkdirAll(filepath.Dir(schema), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(flagFile(`"transformerversion": 2, "a": [1, {"b": null}]`)))
	f.Add([]byte(`{"features": null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(filepath.Join(dir, "amplify", "cli.json"), raw, 0o644); err != nil {
			t.Fatal(err)
		}
		flags, err := schemafile.Flags(schema, "dev")
		if err != nil && flags != nil {
			t.Error("flags and an error")
		}
		for name, flag := range flags {
			if strings.ToLower(flag.Name) != name || flag.File == "" {
				t.Errorf("%q: %+v", name, flag)
			}
		}
	})
}
