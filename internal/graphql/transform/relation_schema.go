package transform

import (
	"github.com/vektah/gqlparser/v2/ast"
)

// findRelatedIndex finds the key of the related model that a relation without
// references goes by, and compares the foreign key with it.
func (c *compiler) findRelatedIndex(r *relation) error {
	def := c.out.object(r.related.name)
	partition := ""
	var sort []string
	for _, f := range def.Fields {
		for _, d := range f.Directives {
			isPrimary := r.index == "" && d.Name == "primaryKey"
			if isPrimary || (r.index != "" && d.Name == "index" && stringArgument(d, "name") == r.index) {
				partition = f.Name
				sort = append(sort, stringsOf(argument(d, "sortKeyFields"))...)
				break
			}
		}
	}
	if partition == "" {
		if r.index != "" {
			return r.refuse("Index %s does not exist for model %s", r.index, r.related.name)
		}
		partition = "id"
	}
	for _, name := range append([]string{partition}, sort...) {
		f := def.Fields.ForName(name)
		if f == nil {
			return r.refuse("%s is not a field in %s", name, r.related.name)
		}
		r.relatedIndex = append(r.relatedIndex, f)
	}
	if len(r.nodes) == 0 {
		return nil
	}
	if want := r.relatedIndex[0].Type.Name(); r.nodes[0].Type.Name() != want {
		return r.refuse("%s field is not of type %s", r.nodes[0].Name, want)
	}
	if len(r.nodes) == 1 {
		return nil
	}
	if len(r.nodes) != len(r.relatedIndex) {
		return r.refuse("Invalid @%s directive on %s. Partial sort keys are not accepted.", r.name, r.field.Name)
	}
	for i, n := range r.nodes {
		if want := r.relatedIndex[i].Type.Name(); n.Type.Name() != want {
			return r.refuse("%s field is not of type %s", n.Name, want)
		}
	}
	return nil
}

// foreignKeys are the names and types of the generated foreign key: a field
// for each key field of the model that it points at.
func (c *compiler) foreignKeys(owner, fieldName string, to *ast.Definition) ast.FieldList {
	keys := keyNodes(to)
	if keys[0].Directives.ForName("primaryKey") == nil {
		keys[0] = implicitID()
	}
	var fields ast.FieldList
	for i, k := range keys {
		name, typ := k.Name, k.Type.Name()
		if i == 0 && c.opt.Flags.PartialRelationKeys {
			name, typ = "id", "ID"
		}
		fields = append(fields, field(camel(owner, fieldName, name), named(typ)))
	}
	return fields
}

// addForeignKeys adds foreign key fields to a model's type, inputs and filters.
// subscriber is the model whose subscription filter gets them too.
func (c *compiler) addForeignKeys(keys ast.FieldList, to *model, needed bool, subscriber string) {
	for _, k := range keys {
		typ := k.Type
		if needed {
			typ = required(typ)
		}
		addMissing(c.out.object(to.name), field(k.Name, typ))
		addMissing(c.out.get(createInput(to.name)), field(k.Name, typ))
		addMissing(c.out.get(updateInput(to.name)), field(k.Name, k.Type))
		for _, in := range []string{pascal("Model", to.name, "FilterInput"), pascal("Model", to.name, "ConditionInput")} {
			addMissing(c.out.get(in), field(k.Name, named(scalarInput(k.Type.Name()))))
		}
		addMissing(c.out.get(pascal("ModelSubscription", subscriber, "FilterInput")),
			field(k.Name, named("ModelSubscription"+basic(k.Type.Name())+"Input")))
	}
}

// addMissing adds a field unless the type is missing or has it.
func addMissing(def *ast.Definition, f *ast.FieldDefinition) {
	if def != nil && def.Fields.ForName(f.Name) == nil {
		def.Fields = append(def.Fields, f)
	}
}

// schemaHasMany turns the field into a connection and adds the foreign key to
// the related model.
func (c *compiler) schemaHasMany(r *relation) error {
	if !r.byReferences {
		if err := c.findRelatedIndex(r); err != nil {
			return err
		}
		if len(r.nodes) == 0 {
			// The subscription filter that gets the foreign key is that of the
			// declaring model, although the field is on the related one.
			keys := c.foreignKeys(r.model.name, r.field.Name, c.out.object(r.model.name))
			c.addForeignKeys(keys, r.related, r.field.Type.NonNull, r.model.name)
		}
	}
	return c.connectionField(r)
}

// connectionField gives a list relation the arguments and type of a connection.
func (c *compiler) connectionField(r *relation) error {
	related := r.related.name
	c.out.ensure(object(connectionType(related), field("items", required(listOf(named(related)))),
		field("nextToken", named("String"))))
	args := ast.ArgumentDefinitionList{
		arg("filter", named(filterInput(related))), arg("sortDirection", named("ModelSortDirection")),
		arg("limit", named("Int")), arg("nextToken", named("String")),
	}
	if !r.byReferences && len(r.fields) < 2 && len(r.relatedIndex) > 1 {
		args = append(ast.ArgumentDefinitionList{r.sortArgument()}, args...)
	}
	f := c.out.object(r.model.name).Fields.ForName(r.field.Name)
	f.Arguments, f.Type = args, named(connectionType(related))
	c.ensureSortDirection()
	in := input(filterInput(related), c.relatedFilterFields(r.related.def)...)
	in.Fields = append(in.Fields, logical(in.Name)...)
	if c.opt.sync() && in.Fields.ForName("_deleted") == nil {
		in.Fields = append(in.Fields, field("_deleted", named("ModelBooleanInput")))
	}
	c.out.ensure(in)
	if len(r.relatedIndex) == 2 {
		name := r.relatedIndex[1].Type.Name()
		if !isScalarName(name) || basic(name) == "Boolean" {
			return r.refuse("The sort key %s of type %s cannot be used by a list relation.", r.relatedIndex[1].Name, name)
		}
		return c.addScalarKeyInput(r.relatedIndex[1])
	}
	return nil
}

// relatedFilterFields are filterFields, with the plain input for lists of
// enums.
func (c *compiler) relatedFilterFields(def *ast.Definition) ast.FieldList {
	fields := c.filterFields(def, isList)
	for _, f := range fields {
		f.Type = named(scalarInput(def.Fields.ForName(f.Name).Type.Name()))
	}
	return fields
}

// sortArgument is the argument for the sort fields of the related key.
func (r *relation) sortArgument() *ast.ArgumentDefinition {
	if len(r.relatedIndex) == 2 {
		f := r.relatedIndex[1]
		return arg(f.Name, named(keyInput(f.Type.Name())))
	}
	var names []string
	for _, f := range r.relatedIndex[1:] {
		names = append(names, f.Name)
	}
	key := "Primary"
	if r.index != "" {
		key = upperFirst(r.index)
	}
	return arg(camel(names...), named(compositeCondition(r.related.name, key)))
}

// schemaSingle adds the foreign key of a @hasOne, or of a @belongsTo that
// answers one.
func (c *compiler) schemaSingle(r *relation) error {
	if r.byReferences {
		return nil
	}
	if err := c.findRelatedIndex(r); err != nil {
		return err
	}
	if len(r.nodes) > 0 || (r.name == "belongsTo" && r.partnerKind != "hasOne") {
		return nil
	}
	keys := c.foreignKeys(r.model.name, r.field.Name, c.out.object(r.related.name))
	c.addForeignKeys(keys, r.model, r.field.Type.NonNull, r.model.name)
	return nil
}
