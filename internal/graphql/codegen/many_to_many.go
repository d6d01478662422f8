package codegen

import "slices"

// end is one side of a many-to-many relation.
type end struct {
	model     *model
	field     *field
	directive *directive
}

// manyToMany replaces every many-to-many relation by a model between the two
// sides, as the transformer does.
func (g *generator) manyToMany() error {
	ends := map[string][]end{}
	var order []string
	for _, m := range g.models {
		for _, f := range m.fields {
			for _, d := range f.directives {
				if d.name != "manyToMany" {
					continue
				}
				name := upperFirst(d.args.text("relationName"))
				if ends[name] == nil {
					order = append(order, name)
				}
				ends[name] = append(ends[name], end{m, f, d})
			}
		}
	}
	for _, name := range order {
		pair := ends[name]
		if len(pair) != 2 {
			return invalid("Error for relation: '%s', there should be two matching manyToMany directives and found: %d",
				pair[0].directive.args.text("relationName"), len(pair))
		}
		between := g.between(name, pair[0].model, pair[1].model)
		keysToDirectives(between)
		if err := g.ensureKey(between); err != nil {
			return err
		}
		addTimestamps(between, between.directives[0])
		idFirst(between)
		if g.byName[name] == nil {
			g.models = append(g.models, between)
		}
		g.byName[name] = between
		for _, e := range pair {
			e.field.directives = slices.DeleteFunc(e.field.directives, func(d *directive) bool { return d == e.directive })
			e.field.typ = name
			fields := []string{primaryName(e.model)}
			for _, s := range sortFields(e.model) {
				fields = append(fields, s.name)
			}
			e.field.directives = append(e.field.directives, &directive{
				name: "hasMany",
				args: newObject("indexName", "by"+e.model.name, "fields", anyList(fields)),
			})
		}
	}
	return nil
}

// between is the model that stands between two others.
func (g *generator) between(name string, first, second *model) *model {
	m := &model{name: name, directives: []*directive{{name: "model", args: newObject()}}}
	m.fields = append(m.fields, &field{name: "id", typ: "ID"})
	var backs []*field
	for _, side := range []*model{first, second} {
		key := g.betweenKey(side)
		var sort []string
		for _, s := range sortFields(side) {
			sort = append(sort, lowerFirst(side.name)+s.name)
		}
		m.fields = append(m.fields, &field{
			name: key, typ: "ID", nullable: true, directives: []*directive{{
				name: "index", args: newObject("name", "by"+side.name, "sortKeyFields", anyList(sort)),
			}},
		})
		for i, s := range sortFields(side) {
			m.fields = append(m.fields, &field{name: sort[i], typ: s.typ, nullable: true, list: s.list})
		}
		backs = append(backs, &field{
			name: wordCamel(side.name), typ: side.name, directives: []*directive{{
				name: "belongsTo", args: newObject("fields", anyList(append([]string{key}, sort...))),
			}},
		})
	}
	m.fields = append(m.fields, backs...)
	seen := map[string]bool{}
	for _, d := range slices.Concat(first.directives, second.directives) {
		if d.name != "auth" || seen[encode(d.args, "")] {
			continue
		}
		seen[encode(d.args, "")] = true
		m.directives = append(m.directives, &directive{name: d.name, args: d.args, field: d.field})
	}
	return m
}

func (g *generator) betweenKey(m *model) string {
	if g.customKeys() {
		if keys := m.keyFields(); len(keys) > 0 {
			return camel(m.name, keys[0].name)
		}
	}
	return wordCamel(m.name) + "ID"
}

func primaryName(m *model) string {
	name := "id"
	for _, f := range m.fields {
		if f.directive("primaryKey") != nil {
			name = f.name
		}
	}
	return name
}

// sortFields are the sort fields of the primary key.
func sortFields(m *model) []*field {
	for _, d := range m.directives {
		if d.name == "key" && d.args.text("name") == "" {
			if names := textsOf(d.args, "fields"); len(names) > 0 {
				return fieldsNamed(m, names[1:])
			}
		}
	}
	return nil
}
