package plan

import (
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/transform"
)

// Schema is an API made ready for planning. It is never changed, and safe for
// concurrent use.
type Schema struct {
	API      *transform.API
	policies *authz.Policies
	// inputs are the input types by name, scalars and enums included.
	inputs map[string]*inputType
	// columns are the stored fields of models: model, then field.
	columns map[*transform.Model]map[string]*transform.Field
	// order is the total order of the rows of a key: of the whole table for a
	// primary key, of one partition for an index.
	order map[*transform.Index][]Column
}

// NewSchema prepares an API.
func NewSchema(api *transform.API) *Schema {
	s := &Schema{
		API:      api,
		policies: authz.New(api),
		inputs:   make(map[string]*inputType),
		columns:  make(map[*transform.Model]map[string]*transform.Field, len(api.Models)),
		order:    make(map[*transform.Index][]Column),
	}
	s.newInputs()
	for _, m := range api.Models {
		fields := make(map[string]*transform.Field, len(m.Fields))
		for _, f := range m.Fields {
			if f.Column != "" {
				fields[f.Name] = f
			}
		}
		s.columns[m] = fields
		s.order[m.Primary] = primaryOrder(m)
		for _, x := range m.Indexes {
			s.order[x] = indexOrder(m, x)
		}
	}
	return s
}

// primaryOrder is the order of the primary key: partition, then sort column.
func primaryOrder(m *transform.Model) []Column {
	out := []Column{column(m.Primary.Partition)}
	if m.Primary.SortColumn != "" {
		out = append(out, Column{Name: m.Primary.SortColumn, Storage: m.Primary.SortStorage})
	}
	return out
}

// indexOrder is the order inside one partition of an index: its sort column,
// then the fields of the primary key. It is the order of the columns of the
// database index.
func indexOrder(m *transform.Model, x *transform.Index) []Column {
	var out []Column
	if x.SortColumn != "" {
		out = append(out, Column{Name: x.SortColumn, Storage: x.SortStorage})
	}
	for _, f := range m.Primary.Fields() {
		if f != x.Partition && f.Column != x.SortColumn {
			out = append(out, column(f))
		}
	}
	return out
}

func column(f *transform.Field) Column { return Column{Name: f.Column, Storage: f.Storage} }

// inputType is an input type in the form that coercion walks.
type inputType struct {
	name string
	kind ast.DefinitionKind
	// values are the names of an enum.
	values map[string]struct{}
	// fields are those of an input object; byName leads to them.
	fields []inputField
	byName map[string]int
}

type inputField struct {
	name string
	typ  typeRef
	// fallback is the default of the field, if it has one.
	fallback *ast.Value
}

// typeRef is a type with its list and non-null wrappers.
type typeRef struct {
	nonNull bool
	elem    *typeRef   // of a list
	named   *inputType // otherwise
	text    string     // as written, for messages
}

// newInputs makes the input types. They may contain each other, so all exist
// before the first gets its fields.
func (s *Schema) newInputs() {
	for name, def := range s.API.Schema.Types {
		if !def.IsInputType() {
			continue
		}
		t := &inputType{name: name, kind: def.Kind}
		if def.Kind == ast.Enum {
			t.values = make(map[string]struct{}, len(def.EnumValues))
			for _, v := range def.EnumValues {
				t.values[v.Name] = struct{}{}
			}
		}
		s.inputs[name] = t
	}
	// The schema has each type that is written somewhere once, and so have these.
	refs := map[*ast.Type]typeRef{}
	for name, t := range s.inputs {
		if t.kind != ast.InputObject {
			continue
		}
		fields := s.API.Schema.Types[name].Fields
		t.fields = make([]inputField, len(fields))
		t.byName = make(map[string]int, len(fields))
		for i, f := range fields {
			ref, ok := refs[f.Type]
			if !ok {
				ref = s.typeRef(f.Type)
				refs[f.Type] = ref
			}
			t.fields[i] = inputField{name: f.Name, typ: ref, fallback: f.DefaultValue}
			t.byName[f.Name] = i
		}
	}
}

func (s *Schema) typeRef(t *ast.Type) typeRef {
	r := typeRef{nonNull: t.NonNull, text: t.String()}
	if t.Elem != nil {
		elem := s.typeRef(t.Elem)
		r.elem = &elem
	} else {
		r.named = s.inputs[t.NamedType]
	}
	return r
}

// root is the type of an operation's root fields, or nil.
func (s *Schema) root(op ast.Operation) *ast.Definition {
	switch op {
	case ast.Mutation:
		return s.API.Schema.Mutation
	case ast.Subscription:
		return s.API.Schema.Subscription
	}
	return s.API.Schema.Query
}

// rootName is the key of an operation in transform.API.Operations.
func rootName(op ast.Operation) string {
	switch op {
	case ast.Mutation:
		return "Mutation"
	case ast.Subscription:
		return "Subscription"
	}
	return "Query"
}
