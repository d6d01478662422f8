package plan

import (
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/scalar"
)

// arguments are the arguments of a field, ready to be evaluated.
type arguments []argument

type argument struct {
	name string
	tmpl template
}

// template is an argument value: a constant, a variable, or a list or object
// that has variables inside.
type template struct {
	constant scalar.Value
	variable int // index, or -1
	// fallback stands for a variable without a value.
	fallback *scalar.Value
	kind     scalar.Kind // List or Object with variables inside
	keys     []string
	parts    []template
}

func (b *builder) arguments(args ast.ArgumentList, defs ast.ArgumentDefinitionList) arguments {
	var out arguments
	for _, def := range defs {
		t := b.op.schema.typeRef(def.Type)
		a := args.ForName(def.Name)
		switch {
		case a != nil:
			out = append(out, argument{name: def.Name, tmpl: b.template(a.Value, &t, def.DefaultValue)})
		case def.DefaultValue != nil:
			out = append(out, argument{name: def.Name, tmpl: template{variable: -1, constant: literal(def.DefaultValue, &t)}})
		}
	}
	return out
}

func (b *builder) template(v *ast.Value, t *typeRef, fallback *ast.Value) template {
	if v.Kind == ast.Variable {
		out := template{variable: b.op.byName[v.Raw]}
		if fallback != nil {
			value := literal(fallback, t)
			out.fallback = &value
		}
		return out
	}
	if !hasVariables(v) {
		return template{variable: -1, constant: literal(v, t)}
	}
	out := template{variable: -1, kind: scalar.List}
	switch {
	case t.elem != nil && v.Kind != ast.ListValue:
		out.parts = []template{b.template(v, t.elem, nil)}
	case t.elem != nil:
		for _, c := range v.Children {
			out.parts = append(out.parts, b.template(c.Value, t.elem, nil))
		}
	default:
		out.kind = scalar.Object
		for _, c := range v.Children {
			f := &t.named.fields[t.named.byName[c.Name]]
			out.keys = append(out.keys, c.Name)
			out.parts = append(out.parts, b.template(c.Value, &f.typ, f.fallback))
		}
		for i := range t.named.fields {
			f := &t.named.fields[i]
			if f.fallback != nil && member(v, f.name) == nil {
				out.keys = append(out.keys, f.name)
				out.parts = append(out.parts, template{variable: -1, constant: literal(f.fallback, &f.typ)})
			}
		}
	}
	return out
}

func hasVariables(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, c := range v.Children {
		if hasVariables(c.Value) {
			return true
		}
	}
	return false
}

var null scalar.Value

// value evaluates a template. It is not given when it is a variable without a
// value.
func (t *template) value(vars []Var) (v *scalar.Value, given bool) {
	switch {
	case t.variable >= 0:
		if x := &vars[t.variable]; x.Set {
			return &x.Value, true
		}
		return t.fallback, t.fallback != nil
	case t.kind == scalar.Null:
		return &t.constant, true
	}
	out := &scalar.Value{Kind: t.kind}
	for i := range t.parts {
		part, given := t.parts[i].value(vars)
		if !given {
			if t.kind == scalar.Object {
				continue
			}
			part = &null
		}
		if t.kind == scalar.Object {
			out.Keys = append(out.Keys, t.keys[i])
		}
		out.List = append(out.List, *part)
	}
	return out, true
}

// get is the value of an argument; nil when it is not given or null.
func (a arguments) get(name string, vars []Var) *scalar.Value {
	for i := range a {
		if a[i].name == name {
			if v, given := a[i].tmpl.value(vars); given && !v.IsNull() {
				return v
			}
			return nil
		}
	}
	return nil
}
