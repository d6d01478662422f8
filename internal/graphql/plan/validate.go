package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxErrors is how many faults of a document are reported.
const maxErrors = 50

// validator checks a document against the schema. Fragments are walked once,
// where they are defined; what they use is joined with the operations by name,
// so the work is linear in the text times the number of operations.
type validator struct {
	s         *Schema
	doc       *ast.QueryDocument
	fragments map[string]*ast.FragmentDefinition
	errs      []*Error
	path      []string
	// now is the operation or fragment that is being walked.
	now *container
	// containers are the fragments that were walked, by name.
	containers map[string]*container
}

// container is what an operation or fragment uses.
type container struct {
	usages  []usage
	spreads []string
}

// usage is a variable where a value is expected.
type usage struct {
	name     string
	typ      *ast.Type
	fallback bool // the place has a default of its own
	pos      *ast.Position
	path     string
}

func (s *Schema) validate(doc *ast.QueryDocument, fragments map[string]*ast.FragmentDefinition) []*Error {
	v := &validator{s: s, doc: doc, fragments: fragments, containers: make(map[string]*container, len(fragments))}
	v.document()
	if len(v.errs) == 0 {
		v.merges()
	}
	return v.errs
}

func (v *validator) full() bool { return len(v.errs) >= maxErrors }

func (v *validator) add(kind string, pos *ast.Position, format string, args ...any) {
	v.addAt(kind, at(pos), strings.Join(v.path, "/"), fmt.Sprintf(format, args...))
}

func (v *validator) addAt(kind string, where []Location, path, text string) {
	if v.full() {
		return
	}
	m := "Validation error of type " + kind + ": " + text
	if path != "" {
		m += " @ '" + path + "'"
	}
	v.errs = append(v.errs, &Error{Message: m, Locations: where})
}

func (v *validator) document() {
	if len(v.doc.Operations) == 0 {
		v.errs = append(v.errs, &Error{Message: "Must provide an operation."})
		return
	}
	names := map[string]bool{}
	for _, op := range v.doc.Operations {
		if op.Name == "" && len(v.doc.Operations) > 1 {
			v.add("LoneAnonymousOperationViolation", op.Position, "Anonymous operation with other operations.")
		}
		if op.Name != "" && names[op.Name] {
			v.add("DuplicateOperationName", op.Position, "There can be only one operation named '%s'", op.Name)
		}
		names[op.Name] = true
	}
	seen := map[string]bool{}
	for _, f := range v.doc.Fragments {
		if seen[f.Name] {
			v.add("DuplicateFragmentName", f.Position, "There can be only one fragment named '%s'", f.Name)
			continue
		}
		seen[f.Name] = true
		v.fragment(f)
	}
	used := map[string]bool{}
	for _, op := range v.doc.Operations {
		v.operation(op, used)
		if v.full() {
			return
		}
	}
	for _, f := range v.doc.Fragments {
		if !used[f.Name] {
			v.add("UnusedFragment", f.Position, "Unused fragment %s", f.Name)
		}
	}
}

func (v *validator) fragment(f *ast.FragmentDefinition) {
	v.now = &container{}
	v.containers[f.Name] = v.now
	v.path = append(v.path, f.Name)
	defer func() { v.path = v.path[:0] }()
	def := v.s.API.Schema.Types[f.TypeCondition]
	switch {
	case def == nil:
		v.add("UnknownType", f.Position, "Unknown type %s", f.TypeCondition)
		return
	case !def.IsCompositeType():
		v.add("FragmentTypeConditionInvalid", f.Position, "Fragment type condition is invalid, must be on Object/Interface/Union")
		return
	}
	v.directives(f.Directives, ast.LocationFragmentDefinition)
	v.selections(f.SelectionSet, def)
}

func (v *validator) operation(op *ast.OperationDefinition, used map[string]bool) {
	v.now = &container{}
	v.path = v.path[:0]
	root := v.s.root(op.Operation)
	if root == nil {
		v.errs = append(v.errs, &Error{
			Message:   fmt.Sprintf("Schema is not configured for %s operations.", op.Operation),
			Locations: at(op.Position),
		})
		return
	}
	location := ast.LocationQuery
	switch op.Operation {
	case ast.Mutation:
		location = ast.LocationMutation
	case ast.Subscription:
		location = ast.LocationSubscription
		if len(op.SelectionSet) > 1 {
			v.add("SubscriptionMultipleRootFields", op.Position, "Subscription operation '%s' must have exactly one root field", op.Name)
		}
	}
	defs := v.variables(op)
	v.directives(op.Directives, location)
	v.selections(op.SelectionSet, root)
	v.usages(op, defs, used)
}

// variables checks the variable definitions of an operation.
func (v *validator) variables(op *ast.OperationDefinition) map[string]*ast.VariableDefinition {
	defs := make(map[string]*ast.VariableDefinition, len(op.VariableDefinitions))
	for _, d := range op.VariableDefinitions {
		if defs[d.Variable] != nil {
			v.add("DuplicateVariableName", d.Position, "There can be only one variable named '%s'", d.Variable)
			continue
		}
		defs[d.Variable] = d
		v.directives(d.Directives, ast.LocationVariableDefinition)
		def := v.s.API.Schema.Types[d.Type.Name()]
		switch {
		case def == nil:
			v.add("UnknownType", d.Type.Position, "Unknown type %s", d.Type.Name())
		case !def.IsInputType():
			v.add("NonInputTypeOnVariable", d.Position, "Wrong type for a variable")
		case d.DefaultValue != nil:
			c := valueCheck{s: v.s}
			t := v.s.typeRef(d.Type)
			if !c.value(d.DefaultValue, &t, d.Type) {
				v.add("BadValueForDefaultArg", d.Position, "Bad default value %s for type %s", printLiteral(d.DefaultValue), d.Type.String())
			}
		}
	}
	return defs
}

// usages joins an operation with the fragments it reaches and checks the
// variables that all of them use.
func (v *validator) usages(op *ast.OperationDefinition, defs map[string]*ast.VariableDefinition, used map[string]bool) {
	found := make(map[string]bool, len(defs))
	check := func(c *container) {
		for i := range c.usages {
			u := &c.usages[i]
			d := defs[u.name]
			if d == nil {
				v.addAt("UndefinedVariable", at(u.pos), u.path, "Undefined variable "+u.name)
				continue
			}
			found[u.name] = true
			if v.s.inputs[d.Type.Name()] != nil && !allowed(d, u) { // others are reported where they are defined
				v.addAt("VariableTypeMismatch", at(u.pos), u.path,
					fmt.Sprintf("Variable type '%s' doesn't match expected type '%s'", d.Type.String(), u.typ.String()))
			}
		}
	}
	reached := map[string]bool{}
	queue := []*container{v.now}
	for len(queue) > 0 && !v.full() {
		c := queue[0]
		queue = queue[1:]
		check(c)
		for _, name := range c.spreads {
			if next := v.containers[name]; next != nil && !reached[name] {
				reached[name], used[name] = true, true
				queue = append(queue, next)
			}
		}
	}
	for _, d := range op.VariableDefinitions {
		if !found[d.Variable] {
			v.add("UnusedVariable", d.Position, "Unused variable %s", d.Variable)
		}
	}
}

// allowed reports whether a variable may stand where it is used.
func allowed(d *ast.VariableDefinition, u *usage) bool {
	want := u.typ
	if want == nil { // the place itself is unknown, and reported as such
		return true
	}
	if want.NonNull && !d.Type.NonNull {
		hasValue := d.DefaultValue != nil && d.DefaultValue.Kind != ast.NullValue
		if !hasValue && !u.fallback {
			return false
		}
		loose := *want
		loose.NonNull = false
		want = &loose
	}
	return fits(d.Type, want)
}

// fits reports whether values of type t are values of type want. A single value
// stands for a list of one.
func fits(t, want *ast.Type) bool {
	if want.NonNull && !t.NonNull {
		return false
	}
	switch {
	case want.Elem != nil && t.Elem != nil:
		return fits(t.Elem, want.Elem)
	case want.Elem != nil || t.Elem != nil:
		return false
	}
	return t.NamedType == want.NamedType
}

// overlap reports whether an object can be of both types.
func (v *validator) overlap(a, b *ast.Definition) bool {
	if a == b {
		return true
	}
	for _, x := range possible(v.s.API.Schema, a) {
		if slices.Contains(possible(v.s.API.Schema, b), x) {
			return true
		}
	}
	return false
}

// possible are the object types that a type stands for.
func possible(s *ast.Schema, d *ast.Definition) []*ast.Definition {
	if d.Kind == ast.Object {
		return []*ast.Definition{d}
	}
	return s.GetPossibleTypes(d)
}
