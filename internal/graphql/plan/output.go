package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/transform"
)

// model is the selection of a model's row.
func (b *builder) model(sets []ast.SelectionSet, def *ast.Definition, m *transform.Model) *Object {
	out := &Object{Type: def.Name}
	for _, n := range b.merge(sets, def) {
		o := Output{Key: n.key, Type: fieldOf(def, n.field.Name).Type}
		f := m.Field(n.field.Name)
		switch {
		case n.field.Name == "__typename":
			o.Kind = TypeName
		case f != nil && f.Link != nil:
			b.relation(&o, n, def, m, f.Link)
		case f == nil || f.Column == "":
			o.Kind = NullOutput
		default:
			o.Kind, o.Column = FromColumn, column(f)
			o.Sure = keyField(m, f)
			if f.Kind == transform.Embedded {
				o.Sub = b.embedded(n.sets, o.Type.Name())
			}
		}
		b.guard(&o, n, def, m, f)
		out.Fields = append(out.Fields, b.checked(o))
	}
	return out
}

// checked notes that a field may be null where it must not.
func (b *builder) checked(o Output) Output {
	if o.Type.NonNull && !o.Sure && o.Kind != TypeName && o.Kind != Items {
		b.field.nulls = true
	}
	return o
}

// keyField reports whether a field belongs to the primary key, whose columns
// are never null.
func keyField(m *transform.Model, f *transform.Field) bool {
	for _, k := range m.Primary.Fields() {
		if k.Name == f.Name {
			return true
		}
	}
	return false
}

// embedded is the selection of an object that is stored as JSON.
func (b *builder) embedded(sets []ast.SelectionSet, typeName string) *Object {
	def := b.op.schema.API.Schema.Types[typeName]
	out := &Object{Type: typeName}
	stored := b.op.schema.API.Objects[typeName]
	for _, n := range b.merge(sets, def) {
		o := Output{Key: n.key, Type: fieldOf(def, n.field.Name).Type, Name: n.field.Name}
		var f *transform.Field
		if stored != nil {
			f = stored.Field(n.field.Name)
		}
		switch {
		case n.field.Name == "__typename":
			o.Kind = TypeName
		case f == nil || f.Kind == transform.Relation || f.Kind == transform.Computed:
			o.Kind = NullOutput
		default:
			o.Kind = FromMember
			if f.Kind == transform.Embedded {
				o.Sub = b.embedded(n.sets, f.Named)
			}
		}
		b.guard(&o, n, def, nil, nil)
		out.Fields = append(out.Fields, b.checked(o))
	}
	return out
}

// maxHeight bounds how deep relations nest: SQLite takes expressions of 1,000
// levels. A single relation needs up to 38 of them, counted as 3, and a list 52,
// counted as 4; the rest is for filters. It lets 18 single or 14 lists through.
const maxHeight = 56

// relation is a field that another statement answers. The rules of the other
// model decide whether it runs.
func (b *builder) relation(o *Output, n node, parent *ast.Definition, m *transform.Model, l *transform.Link) {
	def := fieldOf(parent, n.field.Name)
	r := &request{
		name: parent.Name + "." + n.field.Name, field: n.field.Name, parentType: parent.Name, model: l.Model, index: l.Index, link: l, owner: m, parent: b.around,
		args:     b.arguments(n.field.Arguments, def.Arguments),
		location: Location{Line: n.field.Position.Line, Column: n.field.Position.Column},
	}
	o.Kind, o.Nested = Related, len(b.field.relations)
	b.field.relations = append(b.field.relations, r)
	defer func(around, height int) { b.around, b.height = around, height }(b.around, b.height)
	b.around, b.height = o.Nested, b.height+3
	if l.Many {
		b.height++
	}
	if f := m.Field(n.field.Name); b.op.Kind == ast.Mutation {
		r.empty = b.op.schema.policies.Redacted(m, f)
	}
	inner := b.op.schema.API.Schema.Types[def.Type.Name()]
	switch {
	case b.height > maxHeight:
		r.refusal = r.fail(TypeQueryLimit, "The query nests relations too deep (limit: relation depth).")
	case l.Many:
		r.out = b.connection(n.sets, inner, r)
	default:
		r.out = b.model(n.sets, inner, l.Model)
	}
	o.Sub = r.out
	// A page is always there; a nullable field may be missing.
	o.Sure = l.Many
}

// connection is the selection of a page.
func (b *builder) connection(sets []ast.SelectionSet, def *ast.Definition, r *request) *Object {
	out := &Object{Type: def.Name}
	for _, n := range b.merge(sets, def) {
		field := fieldOf(def, n.field.Name)
		o := Output{Key: n.key, Type: field.Type}
		switch n.field.Name {
		case "__typename":
			o.Kind = TypeName
		case "items":
			o.Kind = Items
			r.rows = true
			o.Sub = b.model(n.sets, b.op.schema.API.Schema.Types[field.Type.Name()], r.model)
		case "nextToken":
			o.Kind = NextToken
			r.ahead = true
		default:
			o.Kind = NullOutput
		}
		b.guard(&o, n, def, nil, nil)
		out.Fields = append(out.Fields, b.checked(o))
	}
	return out
}

// NullError is the error of a null in a non-null field.
func NullError(t *ast.Type, parent string, path []any) *Error {
	return &Error{
		Message: fmt.Sprintf("Cannot return null for non-nullable type: '%s' within parent '%s' (%s)",
			strings.TrimSuffix(t.String(), "!"), parent, pathText(path)),
		Path: path,
	}
}

// pathText is a path as messages show it: /listTodos/items[0]/title.
func pathText(path []any) string {
	var b strings.Builder
	for _, p := range path {
		switch p := p.(type) {
		case string:
			b.WriteString("/" + p)
		case int:
			b.WriteString("[" + strconv.Itoa(p) + "]")
		}
	}
	return b.String()
}
