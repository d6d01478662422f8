package transform

import "github.com/vektah/gqlparser/v2/ast"

// The inputs with which clients filter: one set for the basic scalars, shared
// by all models, and a few per model.

var (
	compareAll = []string{"ne", "eq", "le", "lt", "ge", "gt", "contains", "notContains", "between", "beginsWith"}
	numbers    = []string{"ne", "eq", "le", "lt", "ge", "gt", "between"}
)

// operators are the comparisons of a basic scalar.
func operators(scalar string) []string {
	switch scalar {
	case "String", "ID":
		return compareAll
	case "Boolean":
		return []string{"ne", "eq"}
	}
	return numbers
}

// operatorFields makes one field per operator; those that take several values
// are lists.
func operatorFields(scalar string, ops []string) ast.FieldList {
	var fields ast.FieldList
	for _, op := range ops {
		t := named(scalar)
		if op == "between" || op == "in" || op == "notIn" {
			t = listOf(t)
		}
		fields = append(fields, field(op, t))
	}
	return fields
}

var basicScalars = []string{"String", "Int", "Float", "Boolean", "ID"}

// addScalarFilters adds the filter inputs of the basic scalars.
func (c *compiler) addScalarFilters(subscriptions bool) {
	for _, s := range basicScalars {
		in := input("Model"+s+"Input", operatorFields(s, operators(s))...)
		in.Fields = append(in.Fields, field("attributeExists", named("Boolean")),
			field("attributeType", named("ModelAttributeTypes")))
		if s == "String" || s == "ID" {
			in.Fields = append(in.Fields, field("size", named("ModelSizeInput")))
		}
		c.out.ensure(in)
	}
	if subscriptions {
		for _, s := range basicScalars {
			ops := operators(s)
			if s != "Boolean" {
				ops = append(ops[:len(ops):len(ops)], "in", "notIn")
			}
			c.out.ensure(input("ModelSubscription"+s+"Input", operatorFields(s, ops)...))
		}
	}
	c.out.ensure(enum("ModelAttributeTypes", "binary", "binarySet", "bool", "list", "map", "number", "numberSet",
		"string", "stringSet", "_null"))
	c.out.ensure(input("ModelSizeInput", operatorFields("Int", numbers)...))
}

func (c *compiler) ensureSortDirection() { c.out.ensure(enum("ModelSortDirection", "ASC", "DESC")) }

// isOptionalList is what the models of version 2 take for a list: a required
// list of enums is filtered like a single value.
func isOptionalList(t *ast.Type) bool { return isList(t) && !t.NonNull }

// filterable says whether a field can be filtered, and whether it is an enum.
func (c *compiler) filterable(f *ast.FieldDefinition) (ok, enum bool) {
	name := f.Type.Name()
	if c.out.isEnum(name) {
		return true, true
	}
	return isScalarName(name), false
}

// filterFields are the filter fields of a type's scalar and enum fields.
// plainList says which fields are lists.
func (c *compiler) filterFields(def *ast.Definition, plainList func(*ast.Type) bool) ast.FieldList {
	var fields ast.FieldList
	for _, f := range def.Fields {
		ok, enum := c.filterable(f)
		if !ok {
			continue
		}
		name := scalarInput(f.Type.Name())
		if enum && plainList(f.Type) {
			name = listInput(f.Type.Name())
		}
		fields = append(fields, field(f.Name, named(name)))
	}
	return fields
}

// logical are the members that combine filters of one type.
func logical(name string) ast.FieldList {
	return ast.FieldList{
		field("and", listOf(named(name))), field("or", listOf(named(name))), field("not", named(name)),
	}
}

// modelFilter is the filter input of a type, or with another name its condition.
func (c *compiler) modelFilter(name string, def *ast.Definition) (*ast.Definition, error) {
	in := input(name, c.filterFields(def, isOptionalList)...)
	more := logical(name)
	if c.opt.sync() && c.version == 2 {
		more = append(more, field("_deleted", named("ModelBooleanInput")))
	}
	return in, addFields(in, def, more...)
}

// addFields adds fields that must be new to a type that was made from another
// one, or to that one itself.
func addFields(def, from *ast.Definition, fields ...*ast.FieldDefinition) error {
	for _, f := range fields {
		if def.Fields.ForName(f.Name) != nil {
			return refuseTaken(from, def.Name, f.Name)
		}
		def.Fields = append(def.Fields, f)
	}
	return nil
}

// modelCondition is the condition input: the filter without id, with
// the timestamps that the server fills.
func (c *compiler) modelCondition(m *model, def *ast.Definition) (*ast.Definition, error) {
	name := pascal("Model", m.name, "ConditionInput")
	in, err := c.modelFilter(name, def)
	if err != nil {
		return nil, err
	}
	if id := in.Fields.ForName("id"); id != nil && id.Type.Name() == "ModelIDInput" {
		in.Fields = without(in.Fields, "id")
	}
	for _, t := range []string{m.createdAt, m.updatedAt} {
		if t != "" && in.Fields.ForName(t) == nil {
			in.Fields = append(in.Fields, field(t, named("ModelStringInput")))
		}
	}
	return in, nil
}

// subscriptionFilter is the filter input of subscriptions.
func (c *compiler) subscriptionFilter(m *model, def *ast.Definition) (*ast.Definition, error) {
	name := pascal("ModelSubscription", m.name, "FilterInput")
	in := input(name)
	for _, f := range def.Fields {
		if ok, enum := c.filterable(f); enum {
			in.Fields = append(in.Fields, field(f.Name, named("ModelSubscriptionStringInput")))
		} else if ok {
			in.Fields = append(in.Fields, field(f.Name, named("ModelSubscription"+basic(f.Type.Name())+"Input")))
		}
	}
	more := logical(name)[:2]
	if c.opt.sync() {
		more = append(more, field("_deleted", named("ModelBooleanInput")))
	}
	return in, addFields(in, def, more...)
}

// ensureEnumFilters adds the filter inputs of the enums that a type uses.
func (c *compiler) ensureEnumFilters(def *ast.Definition) {
	list := isList
	if c.version == 2 {
		list = isOptionalList
	}
	for _, f := range def.Fields {
		name := f.Type.Name()
		if !c.out.isEnum(name) {
			continue
		}
		if list(f.Type) {
			c.out.ensure(input(listInput(name), field("eq", listOf(named(name))), field("ne", listOf(named(name))),
				field("contains", named(name)), field("notContains", named(name))))
		} else {
			c.out.ensure(input(scalarInput(name), field("eq", named(name)), field("ne", named(name))))
		}
	}
}
