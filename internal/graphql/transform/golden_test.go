package transform_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// common are the inputs that every schema with a model has. Only base.txtar
// shows them.
var common = strings.Fields(`ModelStringInput ModelIntInput ModelFloatInput ModelBooleanInput ModelIDInput
	ModelSubscriptionStringInput ModelSubscriptionIntInput ModelSubscriptionFloatInput ModelSubscriptionBooleanInput
	ModelSubscriptionIDInput ModelAttributeTypes ModelSizeInput ModelSortDirection`)

// TestGolden compiles the schemas of testdata and compares the generated
// schema, the layout and the operations with what stands beside them. The
// schemas in testdata/directives use directives that are not served yet: only
// the generated schema counts.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	directives, err := filepath.Glob("testdata/directives/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, directives...)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			golden(t, file)
		})
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{}
	for _, f := range archive.Files {
		given[f.Name] = string(f.Data)
	}
	var opt transform.Options
	if text, ok := given["options.json"]; ok {
		if err := json.Unmarshal([]byte(text), &opt); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := schema.ParseAs(given["schema.graphql"], opt.Version)
	if err != nil {
		t.Fatal(err)
	}
	api, err := transform.Expand(doc, opt)
	if err != nil {
		t.Fatal(err)
	}
	if api.Invalid != nil {
		t.Errorf("the generated schema does not load: %v", api.Invalid)
	}
	got := map[string]string{
		"sdl.graphql":    sdl(api.SDL, strings.HasSuffix(file, "base.txtar")),
		"layout.json":    layout(t, api.Layout),
		"operations.txt": operations(api),
	}
	if strings.Contains(filepath.ToSlash(file), "/directives/") {
		got = map[string]string{"sdl.graphql": got["sdl.graphql"]}
	}
	if *update {
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { _, ok := got[f.Name]; return ok })
		for _, name := range slices.Sorted(maps.Keys(got)) {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
		}
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, text := range got {
		if diff := gocmp.Diff(given[name], text); diff != "" {
			t.Errorf("%s (-want +got, rewrite with -update):\n%s", name, diff)
		}
	}
}

// sdl sorts the definitions by name and leaves out the common inputs.
func sdl(text string, all bool) string {
	defs := map[string]string{}
	for def := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var name string
		for line := range strings.Lines(def) {
			if words := strings.Fields(line); len(words) > 1 && !strings.HasPrefix(line, `"`) {
				name = words[1]
				break
			}
		}
		if all || !slices.Contains(common, name) {
			defs[name] = def
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		b.WriteString(defs[name] + "\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func layout(t *testing.T, l transform.Layout) string {
	text, err := json.MarshalIndent(l, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

var kinds = []string{
	"", "get", "list", "index", "create", "update", "delete", "sync", "search", "onCreate", "onUpdate", "onDelete", "custom",
}

// link prints what stands behind a relation.
func link(f *transform.Field) string {
	l := f.Link
	if l == nil {
		return f.Name + ": keys differ"
	}
	text := f.Name + ": one "
	if l.Many {
		text = f.Name + ": many "
	}
	text += l.Model.Name + " by " + cmp.Or(l.Index.Name, "primary key") + " ("
	for i, from := range l.From {
		text += fmt.Sprintf(" %s=%s", l.Index.Fields()[i].Name, from.Name)
	}
	text += " )"
	if l.Sort != nil {
		text += " argument " + l.Sort.SortArgument
	}
	if l.Limit != 0 {
		text += fmt.Sprintf(" limit %d", l.Limit)
	}
	return text
}

// operations prints what stands behind the root fields, one per line.
func operations(api *transform.API) string {
	var b strings.Builder
	for _, root := range slices.Sorted(maps.Keys(api.Operations)) {
		for _, name := range slices.Sorted(maps.Keys(api.Operations[root])) {
			op := api.Operations[root][name]
			fmt.Fprintf(&b, "%s.%s: %s", root, name, kinds[op.Kind])
			if op.Model != nil {
				fmt.Fprintf(&b, " %s", op.Model.Name)
			}
			if x := op.Index; x != nil {
				fmt.Fprintf(&b, " by (%s", x.Partition.Name)
				for _, s := range x.Sort {
					fmt.Fprintf(&b, ", %s", s.Name)
				}
				fmt.Fprintf(&b, ")")
				if x.SortArgument != "" {
					fmt.Fprintf(&b, " argument %s order %s", x.SortArgument, x.SortColumn)
				}
			}
			b.WriteString("\n")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(api.Models)) {
		m := api.Models[name]
		fmt.Fprintf(&b, "model %s: open %v, times %q %q\n", name, m.Open, m.CreatedAt, m.UpdatedAt)
		for _, f := range m.Fields {
			if f.Kind == transform.Relation {
				fmt.Fprintf(&b, "  %s\n", link(f))
			}
		}
		for _, r := range m.Rules {
			fmt.Fprintf(&b, "  rule %+v\n", r)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(api.Objects)) {
		var fields []string
		for _, f := range api.Objects[name].Fields {
			fields = append(fields, f.Name+" "+f.Type.String())
		}
		fmt.Fprintf(&b, "object %s: %s\n", name, strings.Join(fields, ", "))
	}
	return b.String()
}
