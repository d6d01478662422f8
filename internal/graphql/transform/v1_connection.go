package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// connectionsV1 expands @connection.
func (c *compiler) connectionsV1() error {
	return c.usesV1("connection", func(e element) error {
		if c.byName[e.parent.Name] == nil {
			return e.refuse("@connection must be on an @model object type field.")
		}
		name := e.field.Type.Name()
		i := slices.IndexFunc(c.doc.AST.Definitions, func(d *ast.Definition) bool { return d.Kind == ast.Object && d.Name == name })
		if i < 0 {
			return e.refuse("Could not find an object type named %s.", name)
		}
		related := c.byName[name]
		if related == nil {
			return e.refuse("Object type %s must be annotated with @model.", name)
		}
		if v := argument(e.directive, "fields"); v != nil && v.Kind != ast.NullValue {
			return c.connectionByKey(e, related)
		}
		return c.connectionByName(e, related)
	})
}

// keyNamesV1 are the fields of the primary key, or of the named one; nil when
// there is no such key.
func keyNamesV1(m *model, name string) []string {
	for _, d := range m.def.Directives {
		if d.Name == "key" && stringArgument(d, "name") == name {
			return stringsOf(argument(d, "fields"))
		}
	}
	if name == "" {
		return []string{"id"}
	}
	return nil
}

// connectionByKey expands a connection that names its foreign key.
func (c *compiler) connectionByKey(e element, related *model) error {
	if argument(e.directive, "fields").Kind != ast.ListValue {
		return e.refuse("The fields of @connection must be a list.")
	}
	names := stringsOf(argument(e.directive, "fields"))
	if len(names) == 0 {
		return e.refuse("No fields passed in to @connection directive.")
	}
	for _, n := range names {
		f := e.parent.Fields.ForName(n)
		if f == nil {
			return e.refuse("%s is not a field in %s", n, e.parent.Name)
		}
		if !c.keyable(f) {
			return e.refuse("All fields provided to an @connection must be scalar or enum fields.")
		}
	}
	keyName := stringArgument(e.directive, "keyName")
	keys := keyNamesV1(related, keyName)
	if keys == nil {
		return e.refuse("Key %s does not exist for model %s", keyName, related.name)
	}
	if err := checkKeyTypes(e, related, names, keys); err != nil {
		return err
	}
	many := isList(e.field.Type)
	c.links = append(c.links, &link{
		element: e, related: related.name, many: many, from: names, index: keyName,
		sorted: many && len(names) == 1 && len(keys) > 1, sort: keyName,
	})
	if !many {
		if keyName != "" {
			return e.refuse("Connection is to a single object but the keyName %s was provided which does not reference the default table.",
				keyName)
		}
		return nil
	}
	var sort *ast.ArgumentDefinition
	var scalar *ast.FieldDefinition
	if len(names) == 1 && len(keys) == 2 {
		scalar = related.def.Fields.ForName(keys[1])
		sort = arg(keys[1], named(keyInput(scalar.Type.Name())))
	} else if len(names) == 1 && len(keys) > 2 {
		name := "Primary"
		if keyName != "" {
			name = upperFirst(keyName)
		}
		sort = arg(camel(keys[1:]...), named(compositeCondition(related.name, name)))
	}
	return c.connectionFieldV1(e, related, sort, scalar)
}

// checkKeyTypes compares the foreign key with the key that it points at.
func checkKeyTypes(e element, related *model, names, keys []string) error {
	typeOf := func(def *ast.Definition, name string) (string, error) {
		if f := def.Fields.ForName(name); f != nil {
			return f.Type.Name(), nil
		}
		return "", e.refuse("%s is not defined in %s.", name, def.Name)
	}
	want, err := typeOf(related.def, keys[0])
	if err != nil {
		return err
	}
	if got, err := typeOf(e.parent, names[0]); err != nil || got != want {
		return e.refuse("%s field is not of type %s", names[0], want)
	}
	if len(names) == 1 {
		return nil
	}
	if len(keys) == 1 {
		return e.refuse("Too many fields passed in to @connection directive.")
	}
	if len(names) != len(keys) {
		return e.refuse("Invalid @connection directive  %s. fields does not accept partial sort key", e.field.Name)
	}
	for i := 1; i < len(names); i++ {
		want, err := typeOf(related.def, keys[i])
		if err != nil {
			return err
		}
		if got, err := typeOf(e.parent, names[i]); err != nil || got != want {
			suffix := ""
			if len(names) > 2 {
				suffix = " arguments"
			}
			return e.refuse("%s field is not of type %s%s", names[i], want, suffix)
		}
	}
	return nil
}

// connectionFieldV1 gives a list the arguments and type of a connection. scalar
// is the only sort field of the key, if there is exactly one.
func (c *compiler) connectionFieldV1(e element, related *model, sort *ast.ArgumentDefinition, scalar *ast.FieldDefinition) error {
	c.out.ensure(pageV1(related.name))
	f := c.out.object(e.parent.Name).Fields.ForName(e.field.Name)
	f.Arguments = ast.ArgumentDefinitionList{
		arg("filter", named(filterInput(related.name))), arg("sortDirection", named("ModelSortDirection")),
		arg("limit", named("Int")), arg("nextToken", named("String")),
	}
	if sort != nil {
		f.Arguments = append(ast.ArgumentDefinitionList{sort}, f.Arguments...)
	}
	f.Type = named(connectionType(related.name))
	c.ensureSortDirection()
	c.filterInputsV1(related.def)
	if scalar == nil {
		return nil
	}
	if !isScalarName(scalar.Type.Name()) || basic(scalar.Type.Name()) == "Boolean" {
		return e.refuse("The sort key %s of type %s cannot be used by a connection.", scalar.Name, scalar.Type.Name())
	}
	return c.addScalarKeyInput(scalar)
}

// half finds the other half of a named connection.
func half(e element, related *model) (*ast.FieldDefinition, *ast.Directive) {
	name := stringArgument(e.directive, "name")
	if name == "" {
		return nil, nil
	}
	for _, f := range related.def.Fields {
		if f == e.field {
			continue
		}
		if d := f.Directives.ForName("connection"); d != nil && stringArgument(d, "name") == name {
			return f, d
		}
	}
	return nil, nil
}

// connectionByName expands a connection whose foreign key is generated.
func (c *compiler) connectionByName(e element, related *model) error {
	name := stringArgument(e.directive, "name")
	other, otherDirective := half(e, related)
	if name != "" && other == nil {
		return e.refuse("Found one half of connection %q at %s but no related field on type %s", name, e, related.name)
	}
	var sortName string
	var own, foreign *ast.FieldDefinition
	if other != nil {
		if sortName = stringArgument(otherDirective, "sortField"); sortName != "" {
			own, foreign = e.parent.Fields.ForName(sortName), related.def.Fields.ForName(sortName)
		}
	}
	if err := checkSortField(e, sortName, own); err != nil {
		return err
	}
	list := isList(e.field.Type)
	switch {
	case list && other != nil && isList(other.Type):
		return e.refuse("Invalid Connection (%s): Many to Many connections are not yet supported.", name)
	case list && other != nil:
		key := c.keyField(e, camel(related.name, other.Name, "id"))
		if err := checkKeyField(e, related.def.Fields.ForName(key)); err != nil {
			return err
		}
		// What the other half stores is what the items are found by.
		stored := c.keyField(element{parent: related.def, field: other, directive: otherDirective}, camel(related.name, other.Name, "id"))
		c.linkList(e, related, stored, foreign)
		return c.sortedConnection(e, related, foreign)
	case list:
		key := c.keyField(e, camel(e.parent.Name, e.field.Name, "id"))
		if err := checkKeyField(e, related.def.Fields.ForName(key)); err != nil {
			return err
		}
		if err := c.sortedConnection(e, related, foreign); err != nil {
			return err
		}
		c.linkList(e, related, key, foreign)
		c.keyToInputs(related.name, key, false)
		return nil
	case other != nil && isList(other.Type) && sortName != "" && own == nil:
		return e.refuse("sortField %q not found on type %q, other half of connection %q.", sortName, e.parent.Name, name)
	}
	if other == nil || !isList(other.Type) {
		if err := c.checkSingleSort(e, related); err != nil {
			return err
		}
	}
	key := c.keyField(e, camel(e.parent.Name, e.field.Name, "id"))
	if err := checkKeyField(e, e.parent.Fields.ForName(key)); err != nil {
		return err
	}
	c.keyToInputs(e.parent.Name, key, e.field.Type.NonNull)
	l := &link{element: e, related: related.name, from: []string{key}, foreign: map[string]string{e.parent.Name: key}}
	if sort := stringArgument(e.directive, "sortField"); sort != "" && (other == nil || !isList(other.Type)) {
		l.from = append(l.from, sort)
	}
	c.links = append(c.links, l)
	return nil
}

// linkList is a list that is found by a foreign key of the related model, in
// the order of a field if there is one.
func (c *compiler) linkList(e element, related *model, foreignKey string, sort *ast.FieldDefinition) {
	l := &link{
		element: e, related: related.name, many: true, from: keyNamesV1(c.byName[e.parent.Name], "")[:1],
		index: "gsi-" + e.String(), keys: []string{foreignKey}, foreign: map[string]string{related.name: foreignKey},
	}
	if sort != nil {
		l.keys, l.sorted, l.sort = append(l.keys, sort.Name), true, l.index
	}
	c.links = append(c.links, l)
}

// keyField is the name of the foreign key: keyField, else the generated one.
func (c *compiler) keyField(e element, generated string) string {
	if name := stringArgument(e.directive, "keyField"); name != "" {
		return name
	}
	return generated
}

// checkKeyField refuses a declared foreign key that cannot hold an id.
func checkKeyField(e element, f *ast.FieldDefinition) error {
	if f == nil || (!isList(f.Type) && (f.Type.Name() == "ID" || f.Type.Name() == "String")) {
		return nil
	}
	return e.refuse("If you define a field and specify it as a 'keyField', it must be of type 'ID' or 'String'.")
}

// checkSortField checks the sort field of the generated index.
func checkSortField(e element, name string, f *ast.FieldDefinition) error {
	if f == nil {
		return nil
	}
	if isList(f.Type) {
		return e.refuse("sortField %q is a list. It should be a scalar.", name)
	}
	if t := f.Type.Name(); !isScalarName(t) || t == "Boolean" {
		return e.refuse("sortField %q is of type %q. It should be a scalar that maps to a DynamoDB \"String\", \"Number\", or \"Binary\"",
			name, t)
	}
	return nil
}

// checkSingleSort checks the sortField of a connection to a single object: it
// has to fit the sort key of the related model.
func (c *compiler) checkSingleSort(e element, related *model) error {
	name := stringArgument(e.directive, "sortField")
	if name == "" {
		return nil
	}
	keys := keyNamesV1(related, "")
	if len(keys) != 2 || related.def.Fields.ForName(keys[1]) == nil {
		return e.refuse("sortField %q requires a primary @key on type %q with a sort key that was not found.", name, related.name)
	}
	f := e.parent.Fields.ForName(name)
	if f == nil {
		return e.refuse("sortField with name %q cannot be found on type: %s", name, e.parent.Name)
	}
	if f.Type.Name() != related.def.Fields.ForName(keys[1]).Type.Name() {
		return e.refuse("sortField %q on type %q is not matching the type of field %q on type %q", keys[1], related.name, name,
			e.parent.Name)
	}
	return nil
}

// sortedConnection makes a connection field, sorted by a field if there is one.
func (c *compiler) sortedConnection(e element, related *model, sort *ast.FieldDefinition) error {
	if sort == nil {
		return c.connectionFieldV1(e, related, nil, nil)
	}
	return c.connectionFieldV1(e, related, arg(sort.Name, named(keyInput(sort.Type.Name()))), sort)
}

// keyToInputs adds a foreign key to the inputs of create and update.
func (c *compiler) keyToInputs(typ, key string, needed bool) {
	t := named("ID")
	if needed {
		t = required(t)
	}
	addMissing(c.out.get(createInput(typ)), field(key, t))
	addMissing(c.out.get(updateInput(typ)), field(key, named("ID")))
}
