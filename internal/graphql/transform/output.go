package transform

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/schema"
)

// output is the generated schema while it grows: types in the order in which
// they appeared.
type output struct {
	types map[string]*ast.Definition
	order []string
	// root names the operation types: query, mutation, subscription.
	root map[ast.Operation]string
}

// newOutput starts with the declared types, extensions folded in.
func newOutput(doc *schema.Document) (*output, error) {
	o := &output{types: map[string]*ast.Definition{}, root: map[ast.Operation]string{}}
	for _, d := range doc.AST.Definitions {
		o.put(copyDefinition(d))
	}
	for _, x := range doc.AST.Extensions {
		base := o.types[x.Name]
		if base == nil {
			return nil, schema.Refuse(x.Position, "", "Cannot extend nonexistent type '%s'.", x.Name)
		}
		more := copyDefinition(x)
		base.Interfaces = append(base.Interfaces, more.Interfaces...)
		base.Types = append(base.Types, more.Types...)
		base.EnumValues = append(base.EnumValues, more.EnumValues...)
		base.Fields = append(base.Fields, more.Fields...)
		addDirectives(&base.Directives, more.Directives...)
	}
	if len(doc.AST.Schema) > 0 {
		for _, op := range doc.AST.Schema[0].OperationTypes {
			o.root[op.Operation] = op.Type
		}
	}
	for op, name := range map[ast.Operation]string{
		ast.Query: "Query", ast.Mutation: "Mutation", ast.Subscription: "Subscription",
	} {
		if o.root[op] == "" {
			o.root[op] = name
		}
	}
	return o, nil
}

func (o *output) get(name string) *ast.Definition { return o.types[name] }

func (o *output) has(name string) bool { return o.types[name] != nil }

// object is the object type of that name, or nil.
func (o *output) object(name string) *ast.Definition {
	if d := o.types[name]; d != nil && d.Kind == ast.Object {
		return d
	}
	return nil
}

func (o *output) isEnum(name string) bool {
	d := o.types[name]
	return d != nil && d.Kind == ast.Enum
}

// put adds a type or replaces the one of that name.
func (o *output) put(d *ast.Definition) {
	if o.types[d.Name] == nil {
		o.order = append(o.order, d.Name)
	}
	o.types[d.Name] = d
}

// ensure adds a type unless there is one of that name.
func (o *output) ensure(d *ast.Definition) {
	if o.types[d.Name] == nil {
		o.put(d)
	}
}

// add adds a type that must be new.
func (o *output) add(d *ast.Definition) error {
	if o.types[d.Name] != nil {
		return fmt.Errorf("Conflicting type '%s' found.", d.Name) //nolint:staticcheck // official text
	}
	o.put(d)
	return nil
}

// remove takes a type out.
func (o *output) remove(name string) {
	delete(o.types, name)
	for i, n := range o.order {
		if n == name {
			o.order = append(o.order[:i:i], o.order[i+1:]...)
			return
		}
	}
}

// rootType is the operation type; nil when the schema has none yet.
func (o *output) rootType(op ast.Operation) *ast.Definition { return o.types[o.root[op]] }

// addRootFields adds fields to an operation type.
func (o *output) addRootFields(op ast.Operation, fields ...*ast.FieldDefinition) error {
	name := o.root[op]
	o.ensure(object(name))
	for _, f := range fields {
		if o.types[name].Fields.ForName(f.Name) != nil {
			return fmt.Errorf("Object type extension '%s' cannot redeclare field %s", name, f.Name) //nolint:staticcheck // official text
		}
		o.types[name].Fields = append(o.types[name].Fields, f)
	}
	return nil
}

// dropEmptyRoots removes operation types without fields.
func (o *output) dropEmptyRoots() {
	for _, name := range o.root {
		if d := o.types[name]; d != nil && len(d.Fields) == 0 {
			o.remove(name)
		}
	}
}

// addDirectives adds those directives that are not there yet.
func addDirectives(list *ast.DirectiveList, more ...*ast.Directive) {
	for _, d := range more {
		if list.ForName(d.Name) == nil {
			*list = append(*list, d)
		}
	}
}
