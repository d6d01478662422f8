package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// entry is a selected field and the type it was selected on.
type entry struct {
	field  *ast.Field
	parent *ast.Definition
}

// merges checks that fields with the same response key can be one field. The
// rule of the specification compares all pairs, which takes exponential time;
// here every field is compared with the first one of its key, which decides the
// same because equality is transitive.
func (v *validator) merges() {
	for _, op := range v.doc.Operations {
		v.mergeSets([]ast.SelectionSet{op.SelectionSet}, v.s.root(op.Operation))
	}
}

func (v *validator) mergeSets(sets []ast.SelectionSet, parent *ast.Definition) {
	var order []string
	byKey := map[string][]entry{}
	for _, set := range sets {
		v.gather(set, parent, func(e entry) {
			if byKey[e.field.Alias] == nil {
				order = append(order, e.field.Alias)
			}
			byKey[e.field.Alias] = append(byKey[e.field.Alias], e)
		})
	}
	for _, key := range order {
		if v.full() {
			return
		}
		v.mergeEntries(byKey[key])
	}
}

// mergeEntries checks the fields of one response key.
func (v *validator) mergeEntries(all []entry) {
	for len(all) > 0 {
		first := all[0]
		// Fields of different object types are never selected together.
		var same, other []entry
		for _, e := range all {
			if e.parent == first.parent || e.parent.Kind != ast.Object || first.parent.Kind != ast.Object {
				same = append(same, e)
			} else {
				other = append(other, e)
			}
		}
		all = other
		var sets []ast.SelectionSet
		for _, e := range same {
			if reason := conflict(first.field, e.field); reason != "" {
				v.addAt("FieldsConflict", slices.Concat(at(first.field.Position), at(e.field.Position)), "", first.field.Alias+": "+reason)
				return
			}
			if len(e.field.SelectionSet) > 0 {
				sets = append(sets, e.field.SelectionSet)
			}
		}
		def := fieldOf(first.parent, first.field.Name)
		if len(sets) == 0 || def == nil {
			continue
		}
		if inner := v.s.API.Schema.Types[def.Type.Name()]; inner != nil {
			v.mergeSets(sets, inner)
		}
	}
}

// conflict says why two fields of the same response key cannot be one.
func conflict(a, b *ast.Field) string {
	if a == b {
		return ""
	}
	if a.Name != b.Name {
		return fmt.Sprintf("%s and %s are different fields", a.Name, b.Name)
	}
	if len(a.Arguments) != len(b.Arguments) {
		return "they have differing arguments"
	}
	for _, x := range a.Arguments {
		y := b.Arguments.ForName(x.Name)
		if y == nil || !sameValue(x.Value, y.Value) {
			return "they have differing arguments"
		}
	}
	return ""
}

func sameValue(a, b *ast.Value) bool {
	if a.Kind != b.Kind || a.Raw != b.Raw || len(a.Children) != len(b.Children) {
		return false
	}
	for i, c := range a.Children {
		d := b.Children[i]
		if a.Kind == ast.ObjectValue && c.Name != d.Name {
			if d = member(b, c.Name); d == nil {
				return false
			}
		}
		if !sameValue(c.Value, d.Value) {
			return false
		}
	}
	return true
}

// gather calls fn for every field of a selection, fragments folded in.
func (v *validator) gather(set ast.SelectionSet, parent *ast.Definition, fn func(entry)) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			fn(entry{field: sel, parent: parent})
		case *ast.InlineFragment:
			v.gather(sel.SelectionSet, v.narrow(parent, sel.TypeCondition), fn)
		case *ast.FragmentSpread:
			if f := v.fragments[sel.Name]; f != nil {
				v.gather(f.SelectionSet, v.narrow(parent, f.TypeCondition), fn)
			}
		}
	}
}

func (v *validator) narrow(parent *ast.Definition, condition string) *ast.Definition {
	if def := v.s.API.Schema.Types[condition]; def != nil {
		return def
	}
	return parent
}

// node is a field of a merged selection.
type node struct {
	key   string
	field *ast.Field // the first one; the others are equal
	sets  []ast.SelectionSet
}

// merger folds fragments and directives into plain lists of fields.
type merger struct {
	op *Operation
	// conditions is the value of Operation.Conditions.
	conditions string
}

// merge is the fields that are selected on an object type, in order of their
// first appearance.
func (m *merger) merge(sets []ast.SelectionSet, parent *ast.Definition) []node {
	c := collection{m: m, parent: parent}
	for _, set := range sets {
		c.add(set)
	}
	return c.nodes
}

type collection struct {
	m      *merger
	parent *ast.Definition
	nodes  []node
	index  map[string]int // response key to node, once there are many
}

func (c *collection) add(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			if c.m.selected(sel.Directives) {
				c.addField(sel)
			}
		case *ast.InlineFragment:
			if c.m.selected(sel.Directives) && c.applies(sel.TypeCondition) {
				c.add(sel.SelectionSet)
			}
		case *ast.FragmentSpread:
			if f := c.m.op.fragments[sel.Name]; f != nil && c.m.selected(sel.Directives) && c.applies(f.TypeCondition) {
				c.add(f.SelectionSet)
			}
		}
	}
}

func (c *collection) addField(f *ast.Field) {
	i, ok := c.find(f.Alias)
	if !ok {
		i = len(c.nodes)
		c.nodes = append(c.nodes, node{key: f.Alias, field: f})
		if c.index != nil {
			c.index[f.Alias] = i
		}
	}
	if len(f.SelectionSet) > 0 {
		c.nodes[i].sets = append(c.nodes[i].sets, f.SelectionSet)
	}
}

func (c *collection) find(key string) (int, bool) {
	if c.index == nil {
		if len(c.nodes) < 16 {
			i := slices.IndexFunc(c.nodes, func(n node) bool { return n.key == key })
			return i, i >= 0
		}
		c.index = make(map[string]int, 64)
		for i := range c.nodes {
			c.index[c.nodes[i].key] = i
		}
	}
	i, ok := c.index[key]
	return i, ok
}

// applies reports whether a type condition holds for the object type.
func (c *collection) applies(condition string) bool {
	if condition == "" || condition == c.parent.Name {
		return true
	}
	s := c.m.op.schema.API.Schema
	def := s.Types[condition]
	return def != nil && slices.Contains(possible(s, def), c.parent)
}

// selected applies @skip and @include.
func (m *merger) selected(list ast.DirectiveList) bool {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		arg := d.Arguments.ForName("if")
		if arg != nil && m.holds(arg.Value) == (d.Name == "skip") {
			return false
		}
	}
	return true
}

func (m *merger) holds(v *ast.Value) bool {
	if v.Kind != ast.Variable {
		return v.Raw == "true"
	}
	i, ok := m.op.byName[v.Raw]
	if !ok {
		return false
	}
	at := slices.Index(m.op.conditions, i)
	return at >= 0 && strings.HasPrefix(m.conditions[at:], "1")
}

func member(v *ast.Value, name string) *ast.ChildValue {
	for _, c := range v.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}
