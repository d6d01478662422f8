// Package introspect answers __schema and __type from a loaded schema.
//
// It guarantees that its work and its answer are bounded, because introspection
// fields can be nested so that the answer grows with every level.
package introspect

import (
	"errors"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/scalar"
)

// MaxSize is how large the answers of one plan may be together, in bytes.
const MaxSize = 8 << 20

// ErrSize says that an answer would be larger than it may be.
var ErrSize = errors.New("introspect: answer too large")

// Field is a selected introspection field, fragments and directives folded in.
type Field struct {
	Key, Name string
	Arguments []Argument
	Fields    []*Field
}

// Argument is an argument: a variable by its index, or a value if that is -1.
type Argument struct {
	Name     string
	Variable int
	Value    scalar.Value
}

// Append appends the JSON of a __schema or __type field of the query type, of
// room bytes at most.
func Append(b []byte, s *ast.Schema, f *Field, room int, variable func(int) scalar.Value) ([]byte, error) {
	w := &writer{b: b, limit: len(b) + room, schema: s, variable: variable}
	if f.Name == "__schema" {
		w.object(f, w.schemaField)
	} else {
		name := w.argument(f, "name")
		w.definition(f, s.Types[name.Str])
	}
	if len(w.b) > w.limit {
		return b, ErrSize
	}
	return w.b, nil
}

type writer struct {
	b        []byte
	limit    int
	schema   *ast.Schema
	variable func(int) scalar.Value
}

func (w *writer) argument(f *Field, name string) scalar.Value {
	for _, a := range f.Arguments {
		if a.Name == name {
			if a.Variable >= 0 && w.variable != nil {
				return w.variable(a.Variable)
			}
			return a.Value
		}
	}
	return scalar.Value{}
}

// deprecated reports whether deprecated elements are asked for.
func (w *writer) deprecated(f *Field) bool {
	v := w.argument(f, "includeDeprecated")
	return v.Int != 0
}

func (w *writer) null()         { w.b = append(w.b, "null"...) }
func (w *writer) text(s string) { w.b = scalar.AppendString(w.b, s) }

func (w *writer) optional(s string) {
	if s == "" {
		w.null()
		return
	}
	w.text(s)
}

func (w *writer) boolean(v bool) {
	if v {
		w.b = append(w.b, "true"...)
	} else {
		w.b = append(w.b, "false"...)
	}
}

// object writes an object; value writes the value of one of its fields.
func (w *writer) object(f *Field, value func(*Field)) {
	w.b = append(w.b, '{')
	for i, child := range f.Fields {
		if len(w.b) > w.limit {
			return
		}
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.text(child.Key)
		w.b = append(w.b, ':')
		value(child)
	}
	w.b = append(w.b, '}')
}

func list[T any](w *writer, items []T, item func(T)) {
	w.b = append(w.b, '[')
	for i, x := range items {
		if len(w.b) > w.limit {
			return
		}
		if i > 0 {
			w.b = append(w.b, ',')
		}
		item(x)
	}
	w.b = append(w.b, ']')
}

func (w *writer) schemaField(f *Field) {
	s := w.schema
	switch f.Name {
	case "__typename":
		w.text("__Schema")
	case "description":
		w.optional(s.Description)
	case "queryType":
		w.definition(f, s.Query)
	case "mutationType":
		w.definition(f, s.Mutation)
	case "subscriptionType":
		w.definition(f, s.Subscription)
	case "types":
		list(w, sorted(s.Types, func(d *ast.Definition) string { return d.Name }), func(d *ast.Definition) { w.definition(f, d) })
	case "directives":
		list(w, sorted(s.Directives, func(d *ast.DirectiveDefinition) string { return d.Name }), func(d *ast.DirectiveDefinition) {
			w.object(f, func(c *Field) { w.directiveField(c, d) })
		})
	default:
		w.null()
	}
}

func sorted[T any](m map[string]T, name func(T) string) []T {
	out := make([]T, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b T) int { return strings.Compare(name(a), name(b)) })
	return out
}

func (w *writer) definition(f *Field, d *ast.Definition) {
	if d == nil {
		w.null()
		return
	}
	w.object(f, func(c *Field) { w.typeField(c, d) })
}

// typeRef writes a type with its wrappers.
func (w *writer) typeRef(f *Field, t *ast.Type) {
	kind, inner := "", t
	switch {
	case t.NonNull:
		loose := *t
		loose.NonNull = false
		kind, inner = "NON_NULL", &loose
	case t.Elem != nil:
		kind, inner = "LIST", t.Elem
	default:
		w.definition(f, w.schema.Types[t.NamedType])
		return
	}
	w.object(f, func(c *Field) {
		switch c.Name {
		case "__typename":
			w.text("__Type")
		case "kind":
			w.text(kind)
		case "ofType":
			w.typeRef(c, inner)
		default:
			w.null()
		}
	})
}

func (w *writer) typeField(f *Field, d *ast.Definition) {
	switch f.Name {
	case "__typename":
		w.text("__Type")
	case "kind":
		w.text(string(d.Kind))
	case "name":
		w.text(d.Name)
	case "description":
		w.optional(d.Description)
	case "specifiedByURL":
		w.optional(directiveText(d.Directives, "specifiedBy", "url"))
	case "isOneOf":
		if d.Kind != ast.InputObject {
			w.null()
			return
		}
		w.boolean(d.Directives.ForName("oneOf") != nil)
	case "fields":
		if d.Kind != ast.Object && d.Kind != ast.Interface {
			w.null()
			return
		}
		w.fields(f, d)
	case "interfaces":
		if d.Kind != ast.Object && d.Kind != ast.Interface {
			w.null()
			return
		}
		list(w, d.Interfaces, func(name string) { w.definition(f, w.schema.Types[name]) })
	case "possibleTypes":
		if !d.IsAbstractType() {
			w.null()
			return
		}
		list(w, w.schema.GetPossibleTypes(d), func(p *ast.Definition) { w.definition(f, p) })
	case "enumValues":
		w.enumValues(f, d)
	case "inputFields":
		if d.Kind != ast.InputObject {
			w.null()
			return
		}
		var shown []*ast.FieldDefinition
		for _, x := range d.Fields {
			if w.deprecated(f) || x.Directives.ForName("deprecated") == nil {
				shown = append(shown, x)
			}
		}
		list(w, shown, func(x *ast.FieldDefinition) {
			w.object(f, func(c *Field) { w.inputField(c, x.Name, x.Description, x.Type, x.DefaultValue, x.Directives) })
		})
	default: // ofType
		w.null()
	}
}

func (w *writer) fields(f *Field, d *ast.Definition) {
	var shown []*ast.FieldDefinition
	for _, x := range d.Fields {
		if strings.HasPrefix(x.Name, "__") { // __schema and __type themselves
			continue
		}
		if w.deprecated(f) || x.Directives.ForName("deprecated") == nil {
			shown = append(shown, x)
		}
	}
	list(w, shown, func(x *ast.FieldDefinition) {
		w.object(f, func(c *Field) {
			switch c.Name {
			case "__typename":
				w.text("__Field")
			case "name":
				w.text(x.Name)
			case "description":
				w.optional(x.Description)
			case "args":
				w.arguments(c, x.Arguments)
			case "type":
				w.typeRef(c, x.Type)
			default:
				w.deprecation(c, x.Directives)
			}
		})
	})
}

func (w *writer) arguments(f *Field, args ast.ArgumentDefinitionList) {
	var shown []*ast.ArgumentDefinition
	for _, a := range args {
		if w.deprecated(f) || a.Directives.ForName("deprecated") == nil {
			shown = append(shown, a)
		}
	}
	list(w, shown, func(a *ast.ArgumentDefinition) {
		w.object(f, func(c *Field) { w.inputField(c, a.Name, a.Description, a.Type, a.DefaultValue, a.Directives) })
	})
}

func (w *writer) inputField(f *Field, name, description string, t *ast.Type, fallback *ast.Value, directives ast.DirectiveList) {
	switch f.Name {
	case "__typename":
		w.text("__InputValue")
	case "name":
		w.text(name)
	case "description":
		w.optional(description)
	case "type":
		w.typeRef(f, t)
	case "defaultValue":
		if fallback == nil {
			w.null()
			return
		}
		w.text(fallback.String())
	default:
		w.deprecation(f, directives)
	}
}

func (w *writer) enumValues(f *Field, d *ast.Definition) {
	if d.Kind != ast.Enum {
		w.null()
		return
	}
	var shown []*ast.EnumValueDefinition
	for _, x := range d.EnumValues {
		if w.deprecated(f) || x.Directives.ForName("deprecated") == nil {
			shown = append(shown, x)
		}
	}
	list(w, shown, func(x *ast.EnumValueDefinition) {
		w.object(f, func(c *Field) {
			switch c.Name {
			case "__typename":
				w.text("__EnumValue")
			case "name":
				w.text(x.Name)
			case "description":
				w.optional(x.Description)
			default:
				w.deprecation(c, x.Directives)
			}
		})
	})
}

func (w *writer) directiveField(f *Field, d *ast.DirectiveDefinition) {
	switch f.Name {
	case "__typename":
		w.text("__Directive")
	case "name":
		w.text(d.Name)
	case "description":
		w.optional(d.Description)
	case "locations":
		list(w, d.Locations, func(l ast.DirectiveLocation) { w.text(string(l)) })
	case "args":
		w.arguments(f, d.Arguments)
	case "isRepeatable":
		w.boolean(d.IsRepeatable)
	default:
		w.deprecation(f, d.Directives)
	}
}

func (w *writer) deprecation(f *Field, directives ast.DirectiveList) {
	switch f.Name {
	case "isDeprecated":
		w.boolean(directives.ForName("deprecated") != nil)
	case "deprecationReason":
		if directives.ForName("deprecated") == nil {
			w.null()
			return
		}
		reason := directiveText(directives, "deprecated", "reason")
		if reason == "" {
			reason = "No longer supported"
		}
		w.text(reason)
	default:
		w.null()
	}
}

func directiveText(list ast.DirectiveList, name, argument string) string {
	d := list.ForName(name)
	if d == nil {
		return ""
	}
	a := d.Arguments.ForName(argument)
	if a == nil || a.Value == nil {
		return ""
	}
	return a.Value.Raw
}
