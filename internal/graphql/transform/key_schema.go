package transform

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// typeName is the type name of a key or composite key argument: the index name
// with the first letter in upper case, or Primary.
func (k *key) typeName() string {
	if k.name == "" {
		return "Primary"
	}
	return upperFirst(k.name)
}

// sortArgument is the argument that narrows the sort fields of a key; nil
// without sort fields.
func (c *compiler) sortArgument(k *key) *ast.ArgumentDefinition {
	switch len(k.sort) {
	case 0:
		return nil
	case 1:
		name := k.sort[0].Type.Name()
		if c.out.has(name) {
			name = "String" // an enum
		}
		return arg(k.sort[0].Name, named(keyInput(name)))
	}
	return arg(camel(k.sortNames()...), named(compositeCondition(k.model.name, k.typeName())))
}

// addKeyInputs adds the inputs of the sort argument of a key.
func (c *compiler) addKeyInputs(k *key) error {
	switch len(k.sort) {
	case 0:
		return nil
	case 1:
		return c.addScalarKeyInput(k.sort[0])
	}
	in := compositeInput(k.model.name, k.typeName())
	condition := input(compositeCondition(k.model.name, k.typeName()))
	for _, op := range keyOperators("String") {
		t := named(in)
		if op == "between" {
			t = listOf(t)
		}
		condition.Fields = append(condition.Fields, field(op, t))
	}
	c.out.ensure(condition)
	parts := input(in)
	for i, f := range k.sort {
		name := f.Type.Name()
		if i == len(k.sort)-1 {
			name = basic(name)
		}
		parts.Fields = append(parts.Fields, field(f.Name, named(name)))
	}
	c.out.ensure(parts)
	return nil
}

func (c *compiler) addScalarKeyInput(f *ast.FieldDefinition) error {
	name := basic(f.Type.Name())
	if !isScalarName(f.Type.Name()) {
		name = "String"
	}
	if name == "Boolean" {
		return fmt.Errorf("Sort Key Condition could not be constructed for field '%s'", f.Name) //nolint:staticcheck // official text
	}
	c.out.ensure(input(keyInput(name), operatorFields(name, keyOperators(name))...))
	return nil
}

func keyOperators(scalar string) []string {
	ops := []string{"eq", "le", "lt", "ge", "gt", "between"}
	if scalar == "String" || scalar == "ID" {
		ops = append(ops, "beginsWith")
	}
	return ops
}

// schemaPrimaryKeysV2 gives the operations of models their custom keys.
func (c *compiler) schemaPrimaryKeysV2() error {
	for _, m := range c.models {
		k := m.primary
		if k == nil {
			continue
		}
		c.keyGet(k)
		c.keyList(k)
		c.keyInputsV2(k)
		if m.def.Fields.ForName("id") == nil {
			def := c.out.object(m.name)
			def.Fields = without(def.Fields, "id")
		}
		if err := c.addKeyInputs(k); err != nil {
			return at(k.directive, m.name+"."+k.field.Name, "%s", err.Error())
		}
		c.trimCondition(m, append([]string{"id", k.field.Name}, k.sortNames()...))
	}
	return nil
}

func (k *key) fields() []*ast.FieldDefinition {
	return append([]*ast.FieldDefinition{k.field}, k.sort...)
}

func (c *compiler) keyGet(k *key) {
	f := c.rootField(ast.Query, k.model.get)
	if f == nil {
		return
	}
	f.Arguments = nil
	for _, kf := range k.fields() {
		f.Arguments = append(f.Arguments, arg(kf.Name, required(named(kf.Type.Name()))))
	}
}

func (c *compiler) keyList(k *key) {
	f := c.rootField(ast.Query, k.model.list)
	if f == nil {
		return
	}
	args := ast.ArgumentDefinitionList{arg(k.field.Name, named(k.field.Type.Name()))}
	if a := c.sortArgument(k); a != nil {
		args = append(args, a)
	}
	args = append(args, f.Arguments...)
	f.Arguments = append(args, arg("sortDirection", named("ModelSortDirection")))
}

func (c *compiler) rootField(op ast.Operation, name string) *ast.FieldDefinition {
	if t := c.out.rootType(op); t != nil && name != "" {
		return t.Fields.ForName(name)
	}
	return nil
}

// keyInputsV2 puts the key fields into the inputs of update and delete.
func (c *compiler) keyInputsV2(k *key) {
	m := k.model
	hasID := m.def.Fields.ForName("id") != nil
	if in := c.out.get(createInput(m.name)); in != nil && m.create != "" && !hasID {
		in.Fields = without(in.Fields, "id")
	}
	isKey := func(name string) bool {
		return slices.ContainsFunc(k.fields(), func(f *ast.FieldDefinition) bool { return f.Name == name })
	}
	if in := c.out.get(updateInput(m.name)); in != nil && m.update != "" {
		if !hasID {
			in.Fields = without(in.Fields, "id")
		}
		for i, f := range in.Fields {
			switch {
			case isKey(f.Name):
				in.Fields[i] = field(f.Name, required(f.Type))
			case f.Name == "id":
				in.Fields[i] = field(f.Name, nullable(f.Type))
			}
		}
	}
	if in := c.out.get(deleteInput(m.name)); in != nil && m.del != "" {
		var fields ast.FieldList
		for _, f := range k.fields() {
			fields = append(fields, field(f.Name, required(named(f.Type.Name()))))
		}
		for _, f := range in.Fields {
			if !isKey(f.Name) && (f.Name != "id" || f.Type.Name() != "ID") {
				fields = append(fields, f)
			}
		}
		in.Fields = fields
	}
}

// trimCondition takes key fields out of the condition of a model.
func (c *compiler) trimCondition(m *model, names []string) {
	if in := c.out.get(conditionInput(m.name)); in != nil {
		in.Fields = without(in.Fields, names...)
	}
}

// schemaIndexV2 adds the query of an index.
func (c *compiler) schemaIndexV2(k *key) error {
	if k.query != "" {
		if err := c.indexQueryV2(k); err != nil {
			return at(k.directive, k.model.name+"."+k.field.Name, "%s", err.Error())
		}
	}
	if err := c.addKeyInputs(k); err != nil {
		return at(k.directive, k.model.name+"."+k.field.Name, "%s", err.Error())
	}
	c.trimCondition(k.model, []string{"id"})
	return nil
}

func (c *compiler) indexQueryV2(k *key) error {
	m := k.model
	args := ast.ArgumentDefinitionList{arg(k.field.Name, required(named(k.field.Type.Name())))}
	if a := c.sortArgument(k); a != nil {
		args = append(args, a)
	}
	// Here the model name is used as written, which for a name in lower case
	// gives a second set of types beside that of the list query.
	args = append(args, arg("sortDirection", named("ModelSortDirection")), arg("filter", named(filterInput(m.name))),
		arg("limit", named("Int")), arg("nextToken", named("String")))
	f := field(k.query, named(connectionType(m.name)), args...)
	if d := c.sandboxDirective(); d != nil && m.def.Directives.ForName("auth") == nil {
		f.Directives = append(f.Directives, d)
	}
	if err := c.out.addRootFields(ast.Query, f); err != nil {
		return err
	}
	c.register(ast.Query, k.query, &operation{kind: IndexQuery, model: m, key: k})
	c.ensureSortDirection()
	c.ensureEnumFilters(m.def)
	in := input(filterInput(m.name), c.filterFields(m.def, isList)...)
	in.Fields = append(in.Fields, logical(in.Name)...)
	c.out.ensure(in)
	c.out.ensure(object(connectionType(m.name), field("items", required(listOf(named(m.name)))),
		field("nextToken", named("String"))))
	return nil
}
