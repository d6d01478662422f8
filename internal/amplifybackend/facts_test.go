package amplifybackend_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"preamp/internal/amplifybackend"
	"preamp/internal/awswire"
)

// fact is a shape of the facts file. These tests read the file on their own, so
// that they judge what the generator made of it.
type fact struct {
	Type, Shape, Wire, Location string
	Required                    bool
	Enum                        []string
	Min, Max                    *int
	Members                     map[string]*fact
	Member                      *fact
}

type operationFact struct {
	Method, URI   string
	Input, Output *fact
	Errors        []string
}

// readFacts reads the facts file.
func readFacts(t testing.TB) map[string]operationFact {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "tools", "awsgen", "amplifybackend-ops.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Operations map[string]operationFact }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Operations) != 31 {
		t.Fatalf("%d operations, want 31", len(file.Operations))
	}
	return file.Operations
}

// each runs fn for every operation.
func each(t *testing.T, fn func(t *testing.T, f operationFact, op awswire.Operation)) {
	t.Helper()
	facts := readFacts(t)
	ops := amplifybackend.Operations(amplifybackend.Unavailable{})
	for _, op := range ops {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			f, ok := facts[op.Name]
			if !ok {
				t.Fatalf("%s is no operation of the facts", op.Name)
			}
			fn(t, f, op)
		})
	}
	if len(ops) != len(facts) {
		t.Errorf("%d operations, want %d", len(ops), len(facts))
	}
}

// labels are values for the labels of a template: the name and a mark.
func labels(uri string) []string {
	var l []string
	for e := range strings.SplitSeq(uri, "/") {
		if name, ok := strings.CutPrefix(e, "{"); ok {
			l = append(l, strings.TrimSuffix(name, "}")+"-label")
		}
	}
	return l
}

// value is a value of a shape, of all members or of the required ones.
func (f *fact) value(all bool) any {
	switch f.Type {
	case "structure":
		m := map[string]any{}
		for name, member := range f.Members {
			if member.Location == "" && (all || member.Required) {
				m[name] = member.value(all)
			}
		}
		return m
	case "list":
		return []any{f.Member.value(all)}
	case "boolean":
		return true
	case "double":
		return 1.5
	case "integer":
		return float64(*f.Max)
	}
	if f.Enum != nil {
		return f.Enum[len(f.Enum)-1]
	}
	return "text of " + f.Wire
}

// site is a place in a full request: a member or an element of a list.
type site struct {
	fact *fact
	// path is how messages name it, steps how to get there.
	path  string
	steps []any
}

// sites are all places below a shape.
func sites(f *fact, path string, steps []any) []site {
	var list []site
	if f.Type == "list" {
		at := append(slices.Clone(steps), 0)
		list = append(list, site{f.Member, path + "[0]", at})
		return append(list, sites(f.Member, path+"[0]", at)...)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Members)) {
		m := f.Members[name]
		if m.Location != "" {
			continue
		}
		below := strings.TrimPrefix(path+"."+name, ".")
		at := append(slices.Clone(steps), name)
		list = append(list, site{m, below, at})
		list = append(list, sites(m, below, at)...)
	}
	return list
}

// isMember reports whether the place is a member of an object.
func (s site) isMember() bool {
	_, ok := s.steps[len(s.steps)-1].(string)
	return ok
}

// change replaces the value at the place in a full request; remove takes the
// member away, and a name puts the value under another one.
func (s site) change(body any, edit func(object map[string]any, name string), replace any) any {
	at := body
	for _, step := range s.steps[:len(s.steps)-1] {
		switch step := step.(type) {
		case string:
			at = at.(map[string]any)[step]
		case int:
			at = at.([]any)[step]
		}
	}
	switch last := s.steps[len(s.steps)-1].(type) {
	case int:
		at.([]any)[last] = replace
	case string:
		if edit != nil {
			edit(at.(map[string]any), last)
		} else {
			at.(map[string]any)[last] = replace
		}
	}
	return body
}

func text(t testing.TB, v any) []byte {
	t.Helper()
	b, err := awswire.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// quoted is a JSON string.
func quoted(s string) string { return strconv.Quote(s) }
