package transform

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// keysV1 expands @key: without a name the primary key, otherwise an index.
func (c *compiler) keysV1() error {
	return c.usesV1("key", func(e element) error {
		if err := c.checkKeyV1(e); err != nil {
			return err
		}
		m := c.byName[e.parent.Name]
		if m == nil {
			return e.refuse("The @key directive may only be added to object definitions annotated with @model.")
		}
		names := stringsOf(argument(e.directive, "fields"))
		if len(names) == 0 {
			return e.refuse("@key directives must include at least one field.")
		}
		k := &key{name: stringArgument(e.directive, "name"), directive: e.directive, model: m}
		for i, name := range names {
			f := m.def.Fields.ForName(name)
			if i == 0 {
				k.field = f
			} else {
				k.sort = append(k.sort, f)
			}
		}
		if k.name == "" {
			m.primary = k
			c.keyGet(k)
			c.keyList(k)
			c.keyInputsV2(k)
			if m.def.Fields.ForName("id") == nil {
				def := c.out.object(m.name)
				def.Fields = without(def.Fields, "id")
			}
		} else {
			m.indexes = append(m.indexes, k)
			if k.query = stringArgument(e.directive, "queryField"); k.query != "" {
				if err := c.keyQueryV1(k); err != nil {
					return e.refuse("%s", err.Error())
				}
			}
		}
		if err := c.keyInputsV1(e, k); err != nil {
			return err
		}
		trim := []string{"id"}
		if argument(e.directive, "name") == nil {
			trim = append(trim, names...)
		}
		c.trimCondition(m, trim)
		return nil
	})
}

// checkKeyV1 compares a key with its type and the other keys.
func (c *compiler) checkKeyV1(e element) error {
	typ := e.parent.Name
	name := stringArgument(e.directive, "name")
	fields := stringsOf(argument(e.directive, "fields"))
	if v := argument(e.directive, "fields"); v.Kind != ast.ListValue {
		return e.refuse("The fields of @key must be a list.")
	}
	for _, other := range e.parent.Directives {
		if other.Name != "key" || other == e.directive {
			continue
		}
		otherName := stringArgument(other, "name")
		otherFields := stringsOf(argument(other, "fields"))
		switch {
		case name == "" && otherName == "":
			return e.refuse("You may only supply one primary @key on type '%s'.", typ)
		case name == "" && len(fields) == 1 && len(otherFields) > 0 && otherFields[0] == fields[0]:
			return e.refuse("Invalid @key %q. You may not create a @key where the first field in 'fields' "+
				"is the same as that of the primary @key unless the primary @key has multiple 'fields'. "+
				"You cannot have a local secondary index without a sort key in the primary index.", otherName)
		case name != "" && otherName == name:
			return e.refuse("You may only supply one @key with the name '%s' on type '%s'.", name, typ)
		}
	}
	if name == "" && stringArgument(e.directive, "queryField") != "" {
		return e.refuse("You cannot pass 'queryField' to the primary @key on type '%s'.", typ)
	}
	for _, fieldName := range fields {
		f := e.parent.Fields.ForName(fieldName)
		if f == nil {
			shown := name
			if shown == "" {
				shown = "<unnamed>"
			}
			return e.refuse("You cannot specify a nonexistent field '%s' in @key '%s' on type '%s'.", fieldName, shown, typ)
		}
		base := f.Type.Name()
		if !c.out.isEnum(base) {
			switch basic(base) {
			case "String", "ID", "Int", "Float":
			case "Boolean":
				return e.refuse("Boolean values cannot be used as sort keys.")
			default:
				return e.refuse("A @key on type '%s' cannot reference non-scalar field %s.", typ, fieldName)
			}
		}
		if name == "" && !f.Type.NonNull {
			return e.refuse("The primary @key on type '%s' must reference non-null fields.", typ)
		}
	}
	return nil
}

// keyQueryV1 adds the query of an index, whose partition key is nullable.
func (c *compiler) keyQueryV1(k *key) error {
	m := k.model
	args := ast.ArgumentDefinitionList{arg(k.field.Name, named(k.field.Type.Name()))}
	if a := c.sortArgument(k); a != nil {
		args = append(args, a)
	}
	args = append(args, arg("sortDirection", named("ModelSortDirection")))
	args = append(args, pagingV1(m.name)...)
	if err := c.out.addRootFields(ast.Query, field(k.query, named(connectionType(m.name)), args...)); err != nil {
		return err
	}
	c.register(ast.Query, k.query, &operation{kind: IndexQuery, model: m, key: k})
	c.ensureSortDirection()
	c.filterInputsV1(m.def)
	c.out.ensure(pageV1(m.name))
	return nil
}

func (c *compiler) keyInputsV1(e element, k *key) error {
	if err := c.addKeyInputs(k); err != nil {
		shown := k.name
		if shown == "" {
			shown = "<unnamed>"
		}
		return e.refuse("Cannot resolve type for field '%s' in @key '%s' on type '%s'.", k.sort[0].Name, shown, k.model.name)
	}
	return nil
}
