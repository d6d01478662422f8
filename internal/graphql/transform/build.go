package transform

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// Constructors for pieces of the generated schema. Types are never changed
// once made, so they can be shared.

func named(name string) *ast.Type  { return &ast.Type{NamedType: name} }
func listOf(t *ast.Type) *ast.Type { return &ast.Type{Elem: t} }

// required is the type with an outer "!".
func required(t *ast.Type) *ast.Type {
	c := *t
	c.NonNull = true
	return &c
}

// nullable is the type without its outer "!".
func nullable(t *ast.Type) *ast.Type {
	c := *t
	c.NonNull = false
	return &c
}

// renamed is the type with another innermost name.
func renamed(t *ast.Type, name string) *ast.Type {
	c := *t
	if t.Elem != nil {
		c.Elem = renamed(t.Elem, name)
	} else {
		c.NamedType = name
	}
	return &c
}

func isList(t *ast.Type) bool { return t.Elem != nil }

func arg(name string, t *ast.Type) *ast.ArgumentDefinition {
	return &ast.ArgumentDefinition{Name: name, Type: t}
}

func field(name string, t *ast.Type, args ...*ast.ArgumentDefinition) *ast.FieldDefinition {
	return &ast.FieldDefinition{Name: name, Type: t, Arguments: args}
}

func object(name string, fields ...*ast.FieldDefinition) *ast.Definition {
	return &ast.Definition{Kind: ast.Object, Name: name, Fields: fields}
}

func input(name string, fields ...*ast.FieldDefinition) *ast.Definition {
	return &ast.Definition{Kind: ast.InputObject, Name: name, Fields: fields}
}

func enum(name string, values ...string) *ast.Definition {
	d := &ast.Definition{Kind: ast.Enum, Name: name}
	for _, v := range values {
		d.EnumValues = append(d.EnumValues, &ast.EnumValueDefinition{Name: v})
	}
	return d
}

// directive makes a directive; a list value is one of strings.
func directive(name string) *ast.Directive { return &ast.Directive{Name: name} }

func stringsArgument(name string, values []string) *ast.Argument {
	v := &ast.Value{Kind: ast.ListValue}
	for _, s := range values {
		v.Children = append(v.Children, &ast.ChildValue{Value: &ast.Value{Kind: ast.StringValue, Raw: s}})
	}
	return &ast.Argument{Name: name, Value: v}
}

// copyDefinition copies a type so that its lists and fields can be changed
// without touching the original.
func copyDefinition(d *ast.Definition) *ast.Definition {
	c := *d
	c.Directives = append(ast.DirectiveList(nil), d.Directives...)
	c.Interfaces = append([]string(nil), d.Interfaces...)
	c.Types = append([]string(nil), d.Types...)
	c.EnumValues = append(ast.EnumValueList(nil), d.EnumValues...)
	c.Fields = make(ast.FieldList, len(d.Fields))
	for i, f := range d.Fields {
		c.Fields[i] = copyField(f)
	}
	return &c
}

func copyField(f *ast.FieldDefinition) *ast.FieldDefinition {
	c := *f
	c.Directives = append(ast.DirectiveList(nil), f.Directives...)
	c.Arguments = append(ast.ArgumentDefinitionList(nil), f.Arguments...)
	return &c
}

// without is the list without the fields of these names.
func without(fields ast.FieldList, names ...string) ast.FieldList {
	var out ast.FieldList
next:
	for _, f := range fields {
		for _, n := range names {
			if f.Name == n {
				continue next
			}
		}
		out = append(out, f)
	}
	return out
}
