package transform

import (
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/schema"
)

// compactor makes a loaded schema small, since a server keeps one for each of its
// APIs: what is equal is there once, nothing holds on to the text that it was read
// from, and there are no positions, which lead into generated text that nobody is
// shown. What it makes is shared, so nobody may change it.
type compactor struct {
	texts      map[string]string
	types      map[string]*ast.Type
	values     map[valueKey]*ast.Value
	directives map[string]ast.DirectiveList
	fields     map[memberKey]*ast.FieldDefinition
	arguments  map[memberKey]*ast.ArgumentDefinition
}

type valueKey struct {
	kind ast.ValueKind
	text string
}

// memberKey is all that an argument, or a field without arguments, consists of.
// Its parts are shared already, so equal ones have equal addresses.
type memberKey struct {
	name, description string
	typ               *ast.Type
	value             *ast.Value
	// directives is the place of the first of a list, which tells lists apart.
	directives **ast.Directive
}

func newCompactor() *compactor {
	return &compactor{
		texts: map[string]string{}, types: map[string]*ast.Type{}, values: map[valueKey]*ast.Value{},
		directives: map[string]ast.DirectiveList{},
		fields:     map[memberKey]*ast.FieldDefinition{}, arguments: map[memberKey]*ast.ArgumentDefinition{},
	}
}

// builtIn is what every generated schema has: the types of introspection, and
// AppSync's scalars and directives. All APIs share it.
var builtIn = sync.OnceValue(func() *ast.Schema {
	s, err := gqlparser.LoadSchema(&ast.Source{Input: schema.AppSync + "type Query { _: Int }"})
	if err != nil {
		panic("the prelude is valid SDL: " + err.Error())
	}
	newCompactor().schema(s, &ast.Schema{})
	delete(s.Types, "Query") // nothing else can be declared again
	return s
})

// schema makes a schema small, in place. What is in shared, too, comes from there.
func (c *compactor) schema(s, shared *ast.Schema) {
	types := make(map[string]*ast.Definition, len(s.Types))
	for name, d := range s.Types {
		if have := shared.Types[name]; have != nil {
			types[have.Name] = have
			continue
		}
		c.definition(d)
		types[d.Name] = d
	}
	s.Types = types
	directives := make(map[string]*ast.DirectiveDefinition, len(s.Directives))
	for name, d := range s.Directives {
		if have := shared.Directives[name]; have != nil {
			directives[have.Name] = have
			continue
		}
		c.directive(d)
		directives[d.Name] = d
	}
	s.Directives = directives
	s.Description, s.SchemaDirectives, s.Comment = c.text(s.Description), c.list(s.SchemaDirectives), nil
	s.PossibleTypes, s.Implements = c.byName(s, s.PossibleTypes), c.byName(s, s.Implements)
}

// byName makes a map whose names and types are those of the schema.
func (c *compactor) byName(s *ast.Schema, from map[string][]*ast.Definition) map[string][]*ast.Definition {
	out := make(map[string][]*ast.Definition, len(from))
	for name, list := range from {
		for i, d := range list {
			if d != nil {
				list[i] = s.Types[d.Name]
			}
		}
		out[c.text(name)] = slices.Clip(list)
	}
	return out
}

func (c *compactor) definition(d *ast.Definition) {
	d.Position, d.TypePositions = nil, nil
	d.BeforeDescriptionComment, d.AfterDescriptionComment, d.EndOfDefinitionComment = nil, nil, nil
	d.Name, d.Description = c.text(d.Name), c.text(d.Description)
	d.Directives = c.list(d.Directives)
	d.Interfaces, d.Types = c.names(d.Interfaces), c.names(d.Types)
	if d.Fields != nil {
		fields := make(ast.FieldList, len(d.Fields))
		for i, f := range d.Fields {
			fields[i] = c.field(f)
		}
		d.Fields = fields
	}
	if d.EnumValues != nil {
		values := make(ast.EnumValueList, len(d.EnumValues))
		for i, v := range d.EnumValues {
			values[i] = &ast.EnumValueDefinition{Name: c.text(v.Name), Description: c.text(v.Description), Directives: c.list(v.Directives)}
		}
		d.EnumValues = values
	}
}

func (c *compactor) directive(d *ast.DirectiveDefinition) {
	d.Position, d.BeforeDescriptionComment, d.AfterDescriptionComment = nil, nil, nil
	d.Name, d.Description = c.text(d.Name), c.text(d.Description)
	d.Arguments, d.Directives = c.argumentList(d.Arguments), c.list(d.Directives)
	for i, l := range d.Locations {
		d.Locations[i] = ast.DirectiveLocation(c.text(string(l)))
	}
}

func (c *compactor) field(f *ast.FieldDefinition) *ast.FieldDefinition {
	out := &ast.FieldDefinition{
		Name: c.text(f.Name), Description: c.text(f.Description), Arguments: c.argumentList(f.Arguments),
		DefaultValue: c.value(f.DefaultValue), Type: c.typ(f.Type), Directives: c.list(f.Directives),
	}
	if len(out.Arguments) > 0 {
		return out
	}
	return share(c.fields, memberKey{out.Name, out.Description, out.Type, out.DefaultValue, first(out.Directives)}, out)
}

func (c *compactor) argumentList(list ast.ArgumentDefinitionList) ast.ArgumentDefinitionList {
	if list == nil {
		return nil
	}
	out := make(ast.ArgumentDefinitionList, len(list))
	for i, a := range list {
		x := &ast.ArgumentDefinition{
			Name: c.text(a.Name), Description: c.text(a.Description),
			DefaultValue: c.value(a.DefaultValue), Type: c.typ(a.Type), Directives: c.list(a.Directives),
		}
		out[i] = share(c.arguments, memberKey{x.Name, x.Description, x.Type, x.DefaultValue, first(x.Directives)}, x)
	}
	return out
}

// share answers what is there already under a key, or puts v there.
func share[K comparable, V any](m map[K]V, key K, v V) V {
	if have, ok := m[key]; ok {
		return have
	}
	m[key] = v
	return v
}

func first(list ast.DirectiveList) **ast.Directive {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// text is the same text, not as a part of a larger one.
func (c *compactor) text(s string) string {
	if have, ok := c.texts[s]; ok {
		return have
	}
	s = strings.Clone(s)
	c.texts[s] = s
	return s
}

func (c *compactor) names(list []string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = c.text(s)
	}
	return out
}

func (c *compactor) typ(t *ast.Type) *ast.Type {
	if t == nil {
		return nil
	}
	text := t.String()
	if have, ok := c.types[text]; ok {
		return have
	}
	out := &ast.Type{NamedType: c.text(t.NamedType), Elem: c.typ(t.Elem), NonNull: t.NonNull}
	c.types[text] = out
	return out
}

// value leaves out what a validator notes of a value of a document: these are
// defaults, and arguments of directives.
func (c *compactor) value(v *ast.Value) *ast.Value {
	if v == nil {
		return nil
	}
	key := valueKey{v.Kind, v.String()}
	if have, ok := c.values[key]; ok {
		return have
	}
	out := &ast.Value{Kind: v.Kind, Raw: c.text(v.Raw)}
	for _, child := range v.Children {
		out.Children = append(out.Children, &ast.ChildValue{Name: c.text(child.Name), Value: c.value(child.Value)})
	}
	c.values[key] = out
	return out
}

// list shares a list of directives as a whole.
func (c *compactor) list(list ast.DirectiveList) ast.DirectiveList {
	if len(list) == 0 {
		return nil
	}
	var key strings.Builder
	for _, d := range list {
		key.WriteString("@" + d.Name)
		for _, a := range d.Arguments {
			key.WriteString("(" + a.Name + ":" + a.Value.String() + ")")
		}
	}
	if have, ok := c.directives[key.String()]; ok {
		return have
	}
	out := make(ast.DirectiveList, len(list))
	for i, d := range list {
		out[i] = &ast.Directive{Name: c.text(d.Name), Location: d.Location}
		for _, a := range d.Arguments {
			out[i].Arguments = append(out[i].Arguments, &ast.Argument{Name: c.text(a.Name), Value: c.value(a.Value)})
		}
	}
	c.directives[key.String()] = out
	return out
}

// models shares the types of stored fields with those of the schema.
func (c *compactor) models(api *API) {
	fields := func(list []*Field) {
		for _, f := range list {
			f.Name, f.Type, f.Named = c.text(f.Name), c.typ(f.Type), c.text(f.Named)
		}
	}
	for _, m := range api.Models {
		fields(m.Fields)
	}
	for _, o := range api.Objects {
		fields(o.Fields)
	}
}
