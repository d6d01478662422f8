package transform

import (
	"cmp"

	"github.com/vektah/gqlparser/v2/ast"
)

// assembler derives models, operations and layout from the generated schema.
type assembler struct {
	*compiler
	api   *API
	names *namer
	keys  map[*key]*Index
	// columns are the physical names in use, by model.
	columns map[string]map[string]string
}

func (a *assembler) run() error {
	for _, m := range a.models {
		if err := a.model(m); err != nil {
			return err
		}
	}
	if err := a.relations(); err != nil {
		return err
	}
	for _, m := range a.models {
		a.api.Layout.Tables = append(a.api.Layout.Tables, tableOf(a.api.Models[m.name]))
		a.objects(a.out.object(m.name))
	}
	a.operations()
	return nil
}

func (a *assembler) model(m *model) error {
	def := a.out.object(m.name)
	stored := cmp.Or(a.mapped[m.name], m.name)
	table, err := a.names.relation(m.def.Position, stored, stored)
	if err != nil {
		return err
	}
	out := &Model{
		Name: m.name, Stored: stored, Table: table, Version: m.version,
		CreatedAt: serverTime(def, m.createdAt), UpdatedAt: serverTime(def, m.updatedAt),
		Rules: rulesOf(m.def.Directives, a.version),
	}
	out.Subscribed = m.level == "on" && (argument(m.directive, "subscriptions") == nil || argument(m.directive, "subscriptions").Kind != ast.NullValue)
	columns := map[string]string{}
	a.columns[m.name] = columns
	for _, f := range def.Fields {
		x := a.field(f)
		if hasColumn(x.Kind) {
			x.Default, x.Checks = a.defaultOf(f), checksOf(m.name, f)
			if x.Column, err = a.names.column(f.Position, columns, m.name, f.Name); err != nil {
				return err
			}
		}
		out.Fields = append(out.Fields, x)
	}
	out.Access = a.access(out)
	out.Open = m.def.Directives.ForName("auth") == nil && out.Access == nil && (a.version == 1 || a.opt.Sandbox)
	if m.primary != nil {
		out.Primary, err = a.index(out, m.primary, columns)
	} else {
		out.Primary = &Index{Partition: out.Field("id")}
	}
	if err != nil {
		return err
	}
	for _, k := range m.indexes {
		x, err := a.index(out, k, columns)
		if err != nil {
			return err
		}
		if x.Physical, err = a.names.relation(k.directive.Position, stored+"."+k.name, stored+"_"+k.name); err != nil {
			return err
		}
		a.keys[k] = x
		out.Indexes = append(out.Indexes, x)
	}
	a.api.Models[m.name] = out
	return nil
}

// serverTime is the name of a timestamp if the server fills it: a declared one
// of another type is left to the client.
func serverTime(def *ast.Definition, name string) string {
	if name == "" {
		return ""
	}
	f := def.Fields.ForName(name)
	if f == nil || isList(f.Type) {
		return ""
	}
	if t := f.Type.Name(); t != "AWSDateTime" && t != "String" {
		return ""
	}
	return name
}

func hasColumn(k FieldKind) bool { return k == Scalar || k == Enum || k == Embedded }

// field describes one field of a model or embedded object.
func (a *assembler) field(f *ast.FieldDefinition) *Field {
	name := f.Type.Name()
	x := &Field{
		Name: f.Name, Type: f.Type, Named: name, List: isList(f.Type),
		Rules: rulesOf(f.Directives, a.version),
	}
	t := a.out.get(name)
	switch {
	case isScalarName(name):
		x.Kind = Scalar
	case t == nil:
		x.Kind = Computed
	case t.Kind == ast.Enum:
		x.Kind = Enum
	case isRelation(f):
		x.Kind = Relation
	case t.Kind == ast.Object && a.byName[name] == nil:
		x.Kind = Embedded
	default:
		x.Kind = Computed
	}
	for _, d := range computing {
		if f.Directives.ForName(d) != nil {
			x.Kind = Computed
		}
	}
	x.Storage = storageOf(x)
	return x
}

// computing are the directives whose fields are filled by something else than
// a table.
var computing = []string{"function", "http", "predictions"}

func isRelation(f *ast.FieldDefinition) bool {
	for _, d := range relationDirectives {
		if f.Directives.ForName(d) != nil {
			return true
		}
	}
	return false
}

var relationDirectives = []string{"hasOne", "hasMany", "belongsTo", "manyToMany", "connection"}

func storageOf(f *Field) Storage {
	switch {
	case f.List || f.Kind == Embedded:
		return JSON
	case f.Kind != Scalar:
		return Text
	}
	switch f.Named {
	case "Int", "AWSTimestamp", "BigInt":
		return Integer
	case "Float", "Double":
		return Real
	case "Boolean":
		return Boolean
	}
	return Text
}

// index describes a key. Columns are the physical names already in use.
func (a *assembler) index(m *Model, k *key, columns map[string]string) (*Index, error) {
	x := &Index{Name: k.name, Partition: m.Field(k.field.Name)}
	for _, f := range k.sort {
		x.Sort = append(x.Sort, m.Field(f.Name))
	}
	switch len(x.Sort) {
	case 0:
	case 1:
		x.SortColumn, x.SortStorage, x.SortArgument = x.Sort[0].Column, x.Sort[0].Storage, x.Sort[0].Name
	default:
		column, err := a.names.column(k.directive.Position, columns, m.Name, joinedName(k.sortNames()))
		if err != nil {
			return nil, err
		}
		x.SortColumn, x.SortStorage, x.SortArgument = column, Text, camel(k.sortNames()...)
	}
	return x, nil
}

// objects collects the embedded objects below a type.
func (a *assembler) objects(def *ast.Definition) {
	for _, f := range def.Fields {
		sub := a.out.object(f.Type.Name())
		if sub == nil || isRelation(f) || a.byName[sub.Name] != nil || a.api.Objects[sub.Name] != nil {
			continue
		}
		o := &Object{Name: sub.Name}
		a.api.Objects[sub.Name] = o
		for _, sf := range sub.Fields {
			o.Fields = append(o.Fields, a.field(sf))
		}
		a.objects(sub)
	}
}

// operations lists the root fields; those that no directive made are custom.
func (a *assembler) operations() {
	for op, key := range map[ast.Operation]string{
		ast.Query: "Query", ast.Mutation: "Mutation", ast.Subscription: "Subscription",
	} {
		list := map[string]*Operation{}
		a.api.Operations[key] = list
		root := a.out.rootType(op)
		if root == nil {
			continue
		}
		for _, f := range root.Fields {
			list[f.Name] = a.operation(f.Name, a.compiler.operations[op][f.Name])
		}
	}
}

func (a *assembler) operation(name string, o *operation) *Operation {
	if o == nil {
		return &Operation{Kind: Custom}
	}
	x := &Operation{Kind: o.kind, Model: a.api.Models[o.model.name]}
	switch {
	case o.key != nil:
		x.Index = a.keys[o.key]
	case o.kind == Get || o.kind == List || o.kind == Sync:
		x.Index = x.Model.Primary
	}
	return x
}
