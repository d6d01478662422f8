package targettest

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"
)

// Facts is a facts file.
type Facts struct {
	Shapes     map[string]*Shape
	Operations map[string]*Operation
}

// Shape is a type of the facts: a named one, or that of a value. Type is
// "structure", "list", "map", or that of a scalar.
type Shape struct {
	Type      string
	Members   []*Member
	Enum      []string
	Min, Max  *int64
	Pattern   string
	Accept    string
	Sensitive bool
	// Element is that of a list or map, Key the keys of the latter.
	Element, Key *Shape `json:"-"`

	// compiled and sample are made once: the patterns are large.
	compiled, sampled sync.Once
	re                *regexp.Regexp
	sample            string
}

// Member is a member of a structure.
type Member struct {
	Name     string
	Required bool
	ref
	Of *Shape `json:"-"`
}

type ref struct {
	Shape            string
	List, Key, Value *ref
	Min, Max         *int64
}

// Operation is an operation of the facts.
type Operation struct {
	Signed        bool
	Input, Output []*Member
	Errors        []string
}

// Read reads a facts file.
func Read(t testing.TB, path string) *Facts {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := &Facts{}
	if err := json.Unmarshal(raw, f); err != nil {
		t.Fatal(err)
	}
	for _, s := range f.Shapes {
		f.resolve(t, s.Members)
	}
	for _, op := range f.Operations {
		f.resolve(t, op.Input)
		f.resolve(t, op.Output)
	}
	return f
}

// Names are the operations in order.
func (f *Facts) Names() []string { return slices.Sorted(maps.Keys(f.Operations)) }

func (f *Facts) resolve(t testing.TB, members []*Member) {
	for _, m := range members {
		m.Of = f.shapeOf(t, &m.ref)
	}
}

// shapeOf is the type that a reference names.
func (f *Facts) shapeOf(t testing.TB, r *ref) *Shape {
	switch {
	case r.List != nil:
		return &Shape{Type: "list", Element: f.shapeOf(t, r.List), Min: r.Min, Max: r.Max}
	case r.Value != nil:
		return &Shape{Type: "map", Key: f.shapeOf(t, r.Key), Element: f.shapeOf(t, r.Value), Min: r.Min, Max: r.Max}
	case slices.Contains([]string{"boolean", "integer", "long", "timestamp", "blob", "json"}, r.Shape):
		return &Shape{Type: r.Shape}
	}
	s := f.Shapes[r.Shape]
	if s == nil {
		t.Fatalf("type %q is not in the facts", r.Shape)
	}
	return s
}
