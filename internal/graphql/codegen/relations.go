package codegen

import (
	"slices"
	"strings"
)

// relationKind is what a field is to the model that it holds.
type relationKind string

const (
	hasOne    relationKind = "HAS_ONE"
	belongsTo relationKind = "BELONGS_TO"
	hasMany   relationKind = "HAS_MANY"
)

// connection is the relation behind a field.
type connection struct {
	kind  relationKind
	model *model // the other side
	// with are the fields of the other side that the relation goes by.
	with []*field
	// targets are the foreign keys on this side.
	targets []string
	// references says that the foreign keys were given as references.
	references bool
}

// connectV2 resolves keys and relations of version 2.
func (g *generator) connectV2() error {
	for _, m := range g.models {
		keysToDirectives(m)
	}
	if err := g.manyToMany(); err != nil {
		return err
	}
	for _, m := range g.models {
		for _, f := range slices.Clone(m.fields) {
			c, err := g.relation(m, f)
			if err != nil {
				return err
			}
			if c == nil {
				continue
			}
			g.addForeignKeys(m, f, c)
			f.connection = c
		}
		g.dropUnconnected(m)
	}
	if !g.customKeys() {
		g.dropForeignKeys()
	}
	return nil
}

// dropUnconnected removes fields that hold a model without a relation.
func (g *generator) dropUnconnected(m *model) {
	m.fields = slices.DeleteFunc(slices.Clone(m.fields), func(f *field) bool {
		return g.byName[f.typ] != nil && f.connection == nil
	})
}

// keysToDirectives describes keys as the directive of version 1.
func keysToDirectives(m *model) {
	hasPrimary := slices.ContainsFunc(m.directives, func(d *directive) bool {
		return d.name == "key" && !d.args.has("name")
	})
	if !hasPrimary {
		for _, f := range m.fields {
			if d := f.directive("primaryKey"); d != nil {
				fields := append([]string{f.name}, textsOf(d.args, "sortKeyFields")...)
				m.directives = append(m.directives, &directive{name: "key", args: newObject("fields", anyList(fields))})
				break
			}
		}
	}
	var known []string
	for _, d := range m.directives {
		if d.name == "key" && d.args.text("name") != "" {
			known = append(known, d.args.text("name"))
		}
	}
	for _, f := range m.fields {
		for _, d := range f.directives {
			if d.name != "index" {
				continue
			}
			fields := append([]string{f.name}, textsOf(d.args, "sortKeyFields")...)
			args := newObject("name", d.args.get("name"))
			if args.get("name") == nil {
				args.set("name", defaultIndexName(m.name, fields))
			}
			if d.args.has("queryField") {
				args.set("queryField", d.args.get("queryField"))
			}
			args.set("fields", anyList(fields))
			if !slices.Contains(known, args.text("name")) {
				m.directives = append(m.directives, &directive{name: "key", args: args})
			}
		}
	}
}

func defaultIndexName(model string, fields []string) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = upperFirst(f)
	}
	return lowerFirst(pluralName(model)) + "By" + strings.Join(parts, "And")
}

// relation is the relation behind a field; nil when there is none.
func (g *generator) relation(m *model, f *field) (*connection, error) {
	for _, d := range f.directives {
		if !isRelation(d.name) {
			continue
		}
		other := g.byName[f.typ]
		if other == nil {
			return nil, invalid("%s.%s @%s must be on an @model object type field.", m.name, f.name, d.name)
		}
		switch d.name {
		case "hasOne":
			return g.hasOne(m, f, d, other)
		case "hasMany":
			return g.hasMany(m, f, d, other)
		}
		return g.belongsTo(m, f, d, other)
	}
	return nil, nil //nolint:nilnil // most fields are no relations
}

func (g *generator) hasOne(m *model, f *field, d *directive, other *model) (*connection, error) {
	back := belongsToField(m.name, other)
	if f.list || (back != nil && back.list) {
		return nil, invalid("A hasOne relationship should be 1:1, no lists")
	}
	c := &connection{kind: hasOne, model: other}
	if refs := d.args.texts("references"); len(refs) > 0 {
		if err := findReferences(m, f, d, other); err != nil {
			return nil, err
		}
		c.with = fieldsNamed(other, refs)
		return c, nil
	}
	c.targets = d.args.texts("fields")
	if g.customKeys() {
		c.with = other.keyFields()
		if len(c.targets) == 0 {
			for _, k := range c.with {
				c.targets = append(c.targets, foreignKey(m.name, f.name, k.name))
			}
		}
		return c, nil
	}
	with, err := g.partner(m, f, d, other)
	if err != nil {
		return nil, err
	}
	c.with = []*field{with}
	if len(c.targets) == 0 {
		c.targets = []string{foreignKey(m.name, f.name, "id")}
	}
	return c, nil
}

func (g *generator) belongsTo(m *model, f *field, d *directive, other *model) (*connection, error) {
	if f.list {
		return nil, invalid("A list field does not support the 'belongsTo' relation")
	}
	partners := owners(m, other)
	if len(partners) == 0 {
		return nil, invalid("A 'belongsTo' field should match to a corresponding 'hasMany' or 'hasOne' field")
	}
	refs := d.args.texts("references")
	if len(refs) > 0 {
		if err := findReferences(m, f, d, other); err != nil {
			return nil, err
		}
	}
	partner := partners[0]
	if !g.customKeys() {
		var err error
		if partner, err = g.partner(m, f, d, other); err != nil {
			return nil, err
		}
	}
	c := &connection{kind: belongsTo, model: other, references: len(refs) > 0}
	c.targets = append(d.args.texts("fields"), refs...)
	if len(c.targets) > 0 {
		return c, nil
	}
	owner, name := m.name, f.name
	if partner.list {
		owner, name = other.name, partner.name
	}
	if !g.customKeys() {
		c.targets = []string{foreignKey(owner, name, "id")}
		return c, nil
	}
	for _, k := range other.keyFields() {
		c.targets = append(c.targets, foreignKey(owner, name, k.name))
	}
	return c, nil
}

func (g *generator) hasMany(m *model, f *field, d *directive, other *model) (*connection, error) {
	if !f.list {
		return nil, invalid("A field with hasMany must be a list type")
	}
	c := &connection{kind: hasMany, model: other}
	if refs := d.args.texts("references"); len(refs) > 0 {
		if err := findReferences(m, f, d, other); err != nil {
			return nil, err
		}
		c.with = fieldsNamed(other, refs)
		return c, nil
	}
	if !g.customKeys() {
		with, err := g.partner(m, f, d, other)
		c.with = []*field{with}
		return c, err
	}
	if d.args.has("fields") && d.args.get("fields") != nil {
		with, err := hasManyPartner(m, f, d, other)
		c.with = []*field{with}
		return c, err
	}
	for _, k := range m.keyFields() {
		name := foreignKey(m.name, f.name, k.name)
		with := other.field(name)
		if with == nil {
			with = &field{name: name, typ: k.typ, nullable: true}
		}
		c.with = append(c.with, with)
	}
	return c, nil
}

// hasManyPartner finds the field of the other side that a hasMany with fields
// goes by.
func hasManyPartner(m *model, f *field, d *directive, other *model) (*field, error) {
	name, err := keyPartner(m, f, d, other)
	if err != nil {
		return nil, err
	}
	for _, of := range other.fields {
		if of.typ == m.name && slices.ContainsFunc(of.directives, func(d *directive) bool {
			return d.name == "belongsTo" && startsWith(d, name)
		}) {
			return of, nil
		}
	}
	if of := other.field(name); of != nil {
		return of, nil
	}
	return nil, invalid("Can not find key field %s in %s", name, other.name)
}

func startsWith(d *directive, name string) bool {
	fields := textsOf(d.args, "fields")
	return len(fields) > 0 && fields[0] == name
}

// keyPartner is the name of the field of the other side that holds the named
// index, or the primary key.
func keyPartner(m *model, f *field, d *directive, other *model) (string, error) {
	all := other.flatten()
	index := d.args.text("indexName")
	for _, od := range all {
		if index != "" && od.name == "index" && od.args.text("name") == index || index == "" && od.name == "primaryKey" {
			return od.field, nil
		}
	}
	if index != "" {
		return "", invalid("Error processing @%s directive on %s.%s, @index directive with name %s was not found in connected model %s",
			d.name, m.name, f.name, index, other.name)
	}
	if back := belongsToField(m.name, other); back != nil {
		return back.name, nil
	}
	return "id", nil
}

func belongsToField(typ string, other *model) *field {
	for _, f := range other.fields {
		if f.typ == typ && f.directive("belongsTo") != nil {
			return f
		}
	}
	return nil
}

// owners are the fields of the other side that hold this model.
func owners(m, other *model) []*field {
	var out []*field
	for _, d := range other.flatten() {
		f := other.field(d.field)
		if f.typ == m.name && (d.name == "hasOne" && !f.list || d.name == "hasMany" && f.list) {
			out = append(out, f)
		}
	}
	return out
}

func fieldsNamed(m *model, names []string) []*field {
	var out []*field
	for _, n := range names {
		if f := m.field(n); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// findReferences makes sure that the other side has a relation by the same
// references.
func findReferences(m *model, f *field, d *directive, other *model) error {
	if d.args.has("fields") && d.args.get("fields") != nil {
		return invalid("'fields' and 'references' cannot be used together.")
	}
	refs := encode(d.args.get("references"), "")
	same := func(od *directive) bool {
		return od.args.has("references") && encode(od.args.get("references"), "") == refs
	}
	want := "belongsTo"
	if d.name == "belongsTo" {
		want = "hasOne or @hasMany"
		for _, of := range owners(m, other) {
			if slices.ContainsFunc(of.directives, func(od *directive) bool { return od.name != "belongsTo" && same(od) }) {
				return nil
			}
		}
	} else if slices.ContainsFunc(other.flatten(), same) {
		return nil
	}
	return invalid("Error processing @%s directive on %s.%s. @%s directive with references %s was not found in connected model %s",
		d.name, m.name, f.name, want, refs, other.name)
}
