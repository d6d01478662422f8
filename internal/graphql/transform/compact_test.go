package transform_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// everyKind has what the golden files lack.
const everyKind = `
"A model." type Post @model {
  "Its name." id: ID!
  at: Where @deprecated(reason: "no")
  tags: [[String!]]
}
type Where implements Named & Placed { name: String, place(near: [Spot!] = [{x: 1, y: -2.5, name: "a\"b"}], mode: Mode = FAST, not: Boolean = false, n: Int): Placed }
interface Named { name: String }
interface Placed { name: String }
union Any = Where | Post
enum Mode { "Slow." SLOW FAST @deprecated }
input Spot { x: Int = 0, y: Float, name: String = "", more: Spot, none: Int = null }
type Query { any(spot: Spot, named: String = "x"): [Any] @aws_api_key other(spot: Spot): Named @aws_iam @aws_api_key }
type Subscription { seen: Post @aws_subscribe(mutations: ["createPost", "updatePost"]) made: Post @aws_subscribe(mutations: ["createPost"]) }
`

// TestCompactSchemas compares the schemas that are kept with those that the parser
// makes of the same text: they are equal but for positions and the like, hold no
// position anywhere, and have each type once.
func TestCompactSchemas(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	sources := map[string]string{"every kind": everyKind}
	options := map[string]transform.Options{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			switch f.Name {
			case "schema.graphql":
				sources[file] = string(f.Data)
			case "options.json":
				var o transform.Options
				if err := json.Unmarshal(f.Data, &o); err != nil {
					t.Fatal(err)
				}
				options[file] = o
			}
		}
	}
	same := []gocmp.Option{
		cmpopts.EquateEmpty(),
		cmpopts.IgnoreTypes(&ast.Position{}, []*ast.Position{}, &ast.CommentGroup{}),
		cmpopts.IgnoreFields(ast.Directive{}, "ParentDefinition", "Definition"),
		cmpopts.IgnoreFields(ast.Value{}, "Definition", "VariableDefinition", "ExpectedType", "ExpectedTypeHasDefault"),
		cmpopts.IgnoreMapEntries(func(name string, _ *ast.Definition) bool { return name == "AMPLIFY" }),
		cmpopts.IgnoreMapEntries(func(name string, _ []*ast.Definition) bool { return name == "AMPLIFY" }),
	}
	compared := 0
	for name, source := range sources {
		doc, err := schema.ParseAs(source, options[name].Version)
		if err != nil {
			t.Fatal(name, err)
		}
		api, err := transform.Expand(doc, options[name])
		if err != nil {
			t.Fatal(name, err)
		}
		if api.Schema == nil {
			continue
		}
		plain, err := gqlparser.LoadSchema(&ast.Source{Input: schema.AppSync + api.SDL})
		if err != nil {
			t.Fatal(name, err)
		}
		if diff := gocmp.Diff(plain, api.Schema, same...); diff != "" {
			t.Errorf("%s (-parsed +kept):\n%s", name, diff)
		}
		if n := positions(reflect.ValueOf(api.Schema), map[any]bool{}); n > 0 {
			t.Errorf("%s: %d positions", name, n)
		}
		if positions(reflect.ValueOf(plain), map[any]bool{}) == 0 { // the control
			t.Errorf("%s: no position in what the parser made", name)
		}
		typesOnce(t, name, api)
		compared++
	}
	if compared < 10 {
		t.Errorf("%d schemas compared", compared)
	}
}

// positions counts the positions that a value leads to.
func positions(v reflect.Value, seen map[any]bool) (n int) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Interface()] {
			return 0
		}
		seen[v.Interface()] = true
		if v.Type() == reflect.TypeFor[*ast.Position]() {
			return 1
		}
		return positions(v.Elem(), seen)
	case reflect.Struct:
		for _, field := range v.Fields() {
			n += positions(field, seen)
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += positions(v.Index(i), seen)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			n += positions(v.MapIndex(key), seen)
		}
	}
	return n
}

// typesOnce fails for a type that the API has twice, in its schema or its models.
func typesOnce(t *testing.T, name string, api *transform.API) {
	t.Helper()
	have := map[string]*ast.Type{}
	var once func(x *ast.Type)
	once = func(x *ast.Type) {
		if before := have[x.String()]; before != nil && before != x {
			t.Errorf("%s: %s is there twice", name, x)
		}
		have[x.String()] = x
		if x.Elem != nil {
			once(x.Elem)
		}
	}
	for typ, d := range api.Schema.Types {
		if strings.HasPrefix(typ, "__") {
			continue // shared by all APIs
		}
		for _, f := range d.Fields {
			once(f.Type)
			for _, a := range f.Arguments {
				once(a.Type)
			}
		}
	}
	for _, m := range api.Models {
		for _, f := range m.Fields {
			once(f.Type)
		}
	}
	for _, o := range api.Objects {
		for _, f := range o.Fields {
			once(f.Type)
		}
	}
}
