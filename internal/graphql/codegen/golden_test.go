package codegen_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"preamp/internal/errs"
	"preamp/internal/graphql/codegen"
	"preamp/internal/graphql/schema"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden generates the clients' files for the schemas of testdata.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		given := map[string]string{}
		for _, f := range archive.Files {
			given[f.Name] = string(f.Data)
		}
		doc := parse(t, given["schema.graphql"])
		js, err := codegen.SchemaJS(doc, codegen.Options{})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		introspection, err := codegen.Introspection(doc, codegen.Options{})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		got := []txtar.File{
			{Name: "schema.js", Data: []byte(js + "\n")},
			{Name: "introspection.json", Data: []byte(introspection + "\n")},
		}
		if *update {
			i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "schema.graphql" })
			archive.Files = append([]txtar.File{archive.Files[i]}, got...)
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for _, f := range got {
			if diff := cmp.Diff(given[f.Name], string(f.Data)); diff != "" {
				t.Errorf("%s: %s (-want +got, rewrite with -update):\n%s", file, f.Name, diff)
			}
		}
	}
}

// TestSemicolons checks that a semicolon in a text does not end up in
// schema.js: the Amplify CLI removes all of them.
func TestSemicolons(t *testing.T) {
	t.Parallel()
	doc := parse(t, `type A @model @auth(rules: [{allow: groups, groups: ["a;b"]}]) { id: ID! }`)
	js, err := codegen.SchemaJS(doc, codegen.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(js, ";"); n != 1 || !strings.HasSuffix(js, ";") {
		t.Errorf("%d semicolons, want only the last character:\n%s", n, js)
	}
	if !strings.Contains(js, `"a\u003bb"`) {
		t.Errorf("the text is not escaped:\n%s", js)
	}
}

// TestOrder checks that the order of the declarations does not matter for the
// version.
func TestOrder(t *testing.T) {
	t.Parallel()
	versionOf := func(text string) string {
		js, err := codegen.SchemaJS(parse(t, text), codegen.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, version, _ := strings.Cut(js, `"version": "`)
		return version
	}
	a := versionOf("type A @model { id: ID! x: Int } type B @model { id: ID! }")
	b := versionOf("type B @model { id: ID! } type A @model { id: ID! x: Int }")
	c := versionOf("type A @model { id: ID! x: Float } type B @model { id: ID! }")
	if a != b || a == c {
		t.Errorf("versions %q, %q, %q: want the first two equal and the last different", a, b, c)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	ok := codegen.Request{ID: "1", Schema: "type A @model { id: ID! }", Transformer: 2}.Answer()
	if !ok.OK || ok.ID != "1" || !strings.Contains(ok.SDL, "type ModelAConnection") || len(ok.Introspection) == 0 {
		t.Errorf("answer %+v, want a schema", ok)
	}
	refused := codegen.Request{ID: "2", Schema: "type A @model { id: X! }", Transformer: 2}.Answer()
	if refused.OK || !strings.Contains(refused.Error, `Unknown type "X".`) {
		t.Errorf("answer %+v, want a refusal", refused)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"type A @model { id: ID! b: B @connection(keyName: \"k\", fields: [\"id\"]) } type B @model { id: ID! }",
		"type A @model { id: ID! b: [B] @connection(keyName: \"k\", fields: [\"id\"]) } type B @model { id: ID! }",
	} {
		if _, err := codegen.SchemaJS(parse(t, text), codegen.Options{}); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: error %v, want one of kind Invalid", text, err)
		}
	}
}

func parse(t *testing.T, text string) *schema.Document {
	t.Helper()
	doc, err := schema.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
