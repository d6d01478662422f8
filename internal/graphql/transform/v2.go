package transform

import "github.com/vektah/gqlparser/v2/ast"

// runV2 applies the directives of version 2 in the order of the official
// transformers: first all are read and checked, one directive after the other,
// then each changes the schema in turn.
func (c *compiler) runV2() error {
	c.auth = newAuthorizer()
	for _, step := range []func() error{
		// read and check
		c.modelsV2,
		c.functionsV2,
		c.httpFields,
		c.readPredictions,
		c.primaryKeysV2,
		c.indexesV2,
		func() error { return c.relationsV2("hasMany", &c.hasMany) },
		func() error { return c.relationsV2("hasOne", &c.hasOne) },
		c.manyToManyV2,
		func() error { return c.relationsV2("belongsTo", &c.belongsTo) },
		c.refuseUnsupported,
		c.defaultsV2,
		c.mapsToV2,
		c.searchableV2,
		c.validationsV2,
		c.authV2,
		c.checkManyToMany,
		c.addJoinModels,
		// change the schema
		c.schemaModelsV2,
		c.schemaPredictions,
		c.schemaPrimaryKeysV2,
		c.schemaIndexesV2,
		func() error { return each(c.hasMany, c.schemaHasMany) },
		func() error { return each(c.hasOne, c.schemaSingle) },
		func() error { return each(c.manyToManyEnds, c.connectionField) },
		func() error { return each(c.belongsTo, c.schemaSingle) },
		c.schemaSearchV2,
		c.schemaAuthV2,
		// what the official tools find out while they make tables and resolvers
		c.checkIndexes,
		c.checkFieldRules,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func each[T any](list []T, fn func(T) error) error {
	for _, x := range list {
		if err := fn(x); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) schemaIndexesV2() error {
	for _, m := range c.models {
		for _, k := range m.indexes {
			if err := c.schemaIndexV2(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// usesNumericID says whether an index holds a field id that is declared as a
// number, on its own: several sort fields are joined to one text.
func (k *key) usesNumericID() bool {
	number := func(f *ast.FieldDefinition) bool {
		kind := basic(f.Type.Name())
		return f.Name == "id" && (kind == "Int" || kind == "Float")
	}
	return number(k.field) || (len(k.sort) == 1 && number(k.sort[0]))
}

// refuseUnsupported refuses what needs another kind of database or a language
// model.
func (c *compiler) refuseUnsupported() error {
	for _, name := range []string{"sql", "refersTo", "conversation", "generation"} {
		err := c.uses(name, func(e element) error {
			return e.refuse("%s not supported", unavailable[name])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkIndexes refuses keys that no database index can be made of, and two
// indexes of one name.
func (c *compiler) checkIndexes() error {
	names := map[string]bool{}
	for _, m := range c.models {
		keys := m.indexes
		for _, k := range keys {
			if m.primary == nil && k.usesNumericID() {
				return at(k.directive, m.name+"."+k.field.Name, "The key id is a text, but the index takes it for a number.")
			}
		}
		if m.primary != nil {
			keys = append(keys[:len(keys):len(keys)], m.primary)
		}
		for _, k := range keys {
			element := m.name + "." + k.field.Name
			if basic(k.field.Type.Name()) == "Boolean" {
				return at(k.directive, element, "Boolean values cannot be used as sort keys.")
			}
			if k.name != "" && names[m.name+"."+k.name] {
				return at(k.directive, element, "You may only supply one @index with the name '%s' on type '%s'.", k.name, m.name)
			}
			names[m.name+"."+k.name] = true
		}
	}
	for _, list := range [][]*relation{c.hasMany, c.hasOne} {
		for _, r := range list {
			if !r.byReferences {
				continue
			}
			if names[r.related.name+"."+r.index] {
				return r.refuse("Global secondary index %s defined on %s conflicts with the naming convention used to create "+
					"implicit GSIs for querying relationships. Please rename your @index", r.index, r.related.name)
			}
			names[r.related.name+"."+r.index] = true
		}
	}
	return nil
}
