package codegen

import "slices"

// connectV1 resolves the relations of version 1.
func (g *generator) connectV1() error {
	for _, m := range g.models {
		for _, f := range slices.Clone(m.fields) {
			c, err := g.connectionV1(m, f)
			if err != nil {
				return err
			}
			if c == nil {
				continue
			}
			if c.kind != belongsTo {
				c.model.add(c.with[0])
			} else if primary := m.keyFields(); len(primary) == 0 || c.targets[0] != primary[0].name {
				m.remove(c.targets[0])
			}
			f.connection = c
		}
		g.dropUnconnected(m)
	}
	return nil
}

func (g *generator) connectionV1(m *model, f *field) (*connection, error) {
	d := f.directive("connection")
	if d == nil {
		return nil, nil //nolint:nilnil // most fields are no relations
	}
	other := g.byName[f.typ]
	if other == nil {
		return nil, invalid("%s.%s @connection must be on an @model object type field.", m.name, f.name)
	}
	with, err := partnerV1(m, f, d, other)
	if err != nil {
		return nil, err
	}
	fields := textsOf(d.args, "fields")
	target := foreignKey(m.name, f.name, "id")
	if len(fields) > 0 {
		target = fields[0]
	}
	belongs := func() (*connection, error) {
		if len(fields) > 1 {
			return nil, invalid("DataStore only support one key in field")
		}
		return &connection{kind: belongsTo, model: other, targets: []string{target}}, nil
	}
	known := slices.Contains(other.fields, with)
	switch {
	case !known && !f.list:
		return belongs()
	case !known, f.list && !with.list:
		return &connection{kind: hasMany, model: other, with: []*field{with}}, nil
	case !f.list && with.list:
		return belongs()
	case f.list:
		return nil, nil //nolint:nilnil // many to many is no relation for clients
	case !f.nullable && with.nullable:
		return &connection{kind: belongsTo, model: other, targets: []string{target}}, nil
	case (f.nullable && !with.nullable) || !g.dataStore():
		return &connection{kind: hasOne, model: other, with: []*field{with}, targets: []string{target}}, nil
	}
	return nil, invalid("DataStore does not support 1 to 1 connection with both sides of connection as optional field: %s.%s",
		m.name, f.name)
}

// dataStore says whether models are generated for DataStore, as schema.js
// always is.
func (g *generator) dataStore() bool { return g.opt.DataStore || !g.introspection }

// partnerV1 finds the field of the other side, or makes up one that is not
// among its fields.
func partnerV1(m *model, f *field, d *directive, other *model) (*field, error) {
	keyName, name := d.args.text("keyName"), d.args.text("name")
	switch {
	case d.args.get("fields") != nil:
		connected := "id"
		var found bool
		for _, od := range other.directives {
			if od.name == "key" && (keyName != "" && od.args.text("name") == keyName || keyName == "" && !od.args.has("name")) {
				found = true
				if fields := textsOf(od.args, "fields"); len(fields) > 0 {
					connected = fields[0]
				}
				break
			}
		}
		if keyName != "" && !found {
			return nil, invalid("Error processing @connection directive on %s.%s, @key directive with name %s was not found in connected model %s",
				m.name, f.name, keyName, other.name)
		}
		for _, of := range other.fields {
			if slices.ContainsFunc(of.directives, func(od *directive) bool {
				return od.name == "connection" && startsWith(od, connected)
			}) {
				return of, nil
			}
		}
		if of := other.field(connected); of != nil {
			return of, nil
		}
		return nil, invalid("Can not find key field %s in %s", connected, other.name)
	case name != "":
		for _, of := range other.fields {
			if of != f && slices.ContainsFunc(of.directives, func(od *directive) bool {
				return od.name == "connection" && od.args.text("name") == name
			}) {
				return of, nil
			}
		}
		return nil, invalid("Can not find key field with connection name %s in %s", name, other.name)
	}
	key := foreignKey(m.name, f.name, "id")
	if of := other.field(key); of != nil {
		return of, nil
	}
	return &field{name: key, typ: "ID", nullable: true}, nil
}
