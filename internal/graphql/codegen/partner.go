package codegen

import "slices"

// partner finds the field of the other side for projects whose relations use
// only the partition key.
func (g *generator) partner(m *model, f *field, d *directive, other *model) (*field, error) {
	if d.name == "belongsTo" {
		if list := owners(m, other); len(list) == 1 {
			return list[0], nil
		}
	}
	if fields := d.args.get("fields"); fields != nil || d.name == "hasOne" {
		name, err := keyPartner(m, f, d, other)
		if err != nil {
			return nil, err
		}
		for _, of := range other.fields {
			if of.typ == m.name && slices.ContainsFunc(of.directives, func(od *directive) bool {
				return isRelation(od.name) && startsWith(od, name)
			}) {
				return of, nil
			}
		}
		if of := other.field(name); of != nil {
			return of, nil
		}
		return nil, invalid("Can not find key field %s in %s", name, other.name)
	}
	name := foreignKey(m.name, f.name, "id")
	if of := other.field(name); of != nil {
		return of, nil
	}
	return &field{name: name, typ: "ID", nullable: true}, nil
}

// addForeignKeys adds the generated foreign keys of a relation.
func (g *generator) addForeignKeys(m *model, f *field, c *connection) {
	if c.kind == hasMany {
		for _, w := range c.with {
			c.model.add(w)
		}
		if needsKey(m, f, c) {
			var names []string
			for _, w := range c.with {
				names = append(names, w.name)
			}
			c.model.directives = append(c.model.directives, &directive{
				name: "key",
				args: newObject("name", "gsi-"+m.name+"."+f.name, "fields", anyList(names)),
			})
		}
		return
	}
	if !g.customKeys() {
		if len(c.targets) > 0 {
			m.add(&field{name: c.targets[0], typ: "ID", nullable: f.nullable})
		}
		return
	}
	keys := c.model.keyFields()
	for i, name := range c.targets {
		if i < len(keys) {
			m.add(&field{name: name, typ: keys[i].typ, nullable: f.nullable})
		}
	}
}

// needsKey says whether a hasMany stands alone: neither a belongsTo on the
// other side nor a named index says how to find its items.
func needsKey(m *model, f *field, c *connection) bool {
	for _, of := range c.model.fields {
		if of.typ == m.name {
			if of.directive("belongsTo") != nil {
				return false
			}
			break
		}
	}
	return !slices.ContainsFunc(f.directives, func(d *directive) bool {
		return d.name == "hasMany" && d.args.text("indexName") != ""
	})
}

// dropForeignKeys removes the foreign keys of belongsTo fields, for projects
// whose relations use only the partition key.
func (g *generator) dropForeignKeys() {
	for _, m := range g.models {
		primary := ""
		if keys := m.keyFields(); len(keys) > 0 {
			primary = keys[0].name
		}
		for _, f := range slices.Clone(m.fields) {
			c := f.connection
			if c == nil || c.kind != belongsTo || c.references || c.targets[0] == "id" {
				continue
			}
			if g.introspection && primary != "" && primary == c.targets[0] {
				continue
			}
			m.remove(c.targets[0])
		}
	}
}
