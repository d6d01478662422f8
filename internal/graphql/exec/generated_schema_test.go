package exec_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// The generated schemas: a few models with keys, fields, indexes, relations and
// rules that are drawn. The tests of generated_test.go ask them.

// gField is a field of a generated model.
type gField struct {
	name, typ      string // typ is the type of an element
	list, required bool
	inputOnly      bool     // a foreign key of version 1, which is in no type and no filter
	undeclared     bool     // made by a rule or a relation
	noInput        bool     // in no input
	pool           []string // values worth drawing
	rules          []gRule
}

// implicit says that a relation has made the field, of which no rule speaks.
func (f *gField) implicit() bool { return f.undeclared && !f.noInput }

// gIndex is an index, or the primary key.
type gIndex struct {
	name, query string
	fields      []string // the partition, then the sort key
}

func (x *gIndex) sort() []string { return x.fields[1:] }

// gRelation leads to rows of another model, whose fields there are equal to the
// fields here.
type gRelation struct {
	name, directive string
	many            bool
	to              *gModel
	here, there     []string
	index           *gIndex // whose sort key orders the rows and is an argument
}

type gModel struct {
	name      string
	key       gIndex
	plainID   bool // the key is "id: ID!" and nothing else
	fields    []*gField
	indexes   []*gIndex
	relations []*gRelation
	rules     []gRule
}

func (m *gModel) field(name string) *gField {
	for _, f := range m.fields {
		if f.name == name {
			return f
		}
	}
	panic("no field " + name)
}

func (m *gModel) plural() string { return "list" + m.name + "s" }

type gSchema struct {
	version int
	ruled   bool // the models have rules, else everything is open to the API key
	models  []*gModel
}

const statusEnum = "enum Status { OPEN CLOSED LATE }\n"

func (s *gSchema) sdl() string {
	var b strings.Builder
	b.WriteString(statusEnum)
	for _, m := range s.models {
		m.write(&b, s)
	}
	return b.String()
}

func (m *gModel) write(b *strings.Builder, s *gSchema) {
	fmt.Fprintf(b, "type %s @model", m.name)
	switch {
	case s.ruled:
		b.WriteString(rulesText(m.rules))
	case s.version == 2:
		b.WriteString(" @auth(rules: [{allow: public}])")
	}
	if s.version == 1 {
		if !m.plainID {
			fmt.Fprintf(b, " @key(fields: %s)", nameList(m.key.fields))
		}
		for _, x := range m.indexes {
			fmt.Fprintf(b, " @key(name: %q, fields: %s, queryField: %q)", x.name, nameList(x.fields), x.query)
		}
	}
	b.WriteString(" {\n")
	for _, f := range m.fields {
		if f.undeclared {
			continue
		}
		typ := f.typ
		if f.list {
			typ = "[" + typ + "]"
		}
		if f.required {
			typ += "!"
		}
		fmt.Fprintf(b, "  %s: %s", f.name, typ)
		if s.version == 2 {
			if f.name == m.key.fields[0] && !m.plainID {
				b.WriteString(" @primaryKey")
				if len(m.key.fields) > 1 {
					fmt.Fprintf(b, "(sortKeyFields: %s)", nameList(m.key.sort()))
				}
			}
			for _, x := range m.indexes {
				if x.fields[0] != f.name {
					continue
				}
				fmt.Fprintf(b, " @index(name: %q, queryField: %q", x.name, x.query)
				if len(x.fields) > 1 {
					fmt.Fprintf(b, ", sortKeyFields: %s", nameList(x.sort()))
				}
				b.WriteString(")")
			}
		}
		if len(f.rules) > 0 {
			b.WriteString(rulesText(f.rules))
		}
		b.WriteString("\n")
	}
	for _, r := range m.relations {
		typ := r.to.name
		if r.many {
			typ = "[" + typ + "]"
		}
		fmt.Fprintf(b, "  %s: %s %s\n", r.name, typ, r.directive)
	}
	b.WriteString("}\n")
}

func nameList(names []string) string { return `["` + strings.Join(names, `", "`) + `"]` }

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// drawSchema draws two to four models.
func drawSchema(t *rapid.T, version int, ruled bool) *gSchema {
	s := &gSchema{version: version, ruled: ruled}
	names := []string{"Ant", "Bee", "Cat", "Dog"}
	for _, name := range names[:rapid.IntRange(2, 4).Draw(t, "models")] {
		s.models = append(s.models, drawModel(t, name))
	}
	for i := range len(s.models) - 1 {
		a, b := s.models[i], s.models[i+1]
		if version == 1 {
			relateV1(t, a, b)
			continue
		}
		relate(t, a, b, "x")
		if rapid.Bool().Draw(t, "back?") {
			relate(t, b, a, "y")
		}
	}
	if ruled {
		for _, m := range s.models {
			drawRules(t, m)
		}
	}
	return s
}

func drawModel(t *rapid.T, name string) *gModel {
	m := &gModel{name: name}
	keyType := rapid.SampledFrom([]string{"String", "ID", "Int"})
	key := func(field, typ string) {
		m.fields = append(m.fields, &gField{name: field, typ: typ, required: true})
		m.key.fields = append(m.key.fields, field)
	}
	sorts := rapid.IntRange(-1, 2).Draw(t, "key")
	if m.plainID = sorts < 0; m.plainID {
		key("id", "ID")
	} else {
		key("code", keyType.Draw(t, "hash"))
		for _, f := range []string{"s", "r"}[:sorts] {
			typ := keyType.Draw(t, "sort")
			if sorts == 1 && rapid.IntRange(0, 4).Draw(t, "float?") == 0 {
				typ = "Float"
			}
			key(f, typ)
		}
	}
	for i := range rapid.IntRange(2, 5).Draw(t, "fields") {
		f := &gField{name: fmt.Sprintf("f%d", i), typ: rapid.SampledFrom([]string{"String", "Int", "Float", "Boolean", "Status", "ID", "AWSTimestamp"}).Draw(t, "type")}
		f.list = f.typ != "Boolean" && f.typ != "Float" && f.typ != "AWSTimestamp" && f.typ != "ID" && rapid.IntRange(0, 3).Draw(t, "list?") == 0
		// A required list of enums is filtered like a single one, by the rules of the
		// official transformer.
		f.required = !(f.list && f.typ == "Status") && rapid.IntRange(0, 4).Draw(t, "required?") == 0
		m.fields = append(m.fields, f)
	}
	// Indexes are over fields of their own, so that relations can use them, too.
	for i := range rapid.IntRange(0, 2).Draw(t, "indexes") {
		x := &gIndex{name: fmt.Sprintf("by%s%d", name, i), query: fmt.Sprintf("query%s%d", name, i)}
		sorts := rapid.IntRange(0, 2).Draw(t, "sorts")
		for j := range sorts + 1 {
			f := &gField{name: fmt.Sprintf("k%d%d", i, j), typ: keyType.Draw(t, "index")}
			if sorts == 1 && j == 1 && rapid.IntRange(0, 3).Draw(t, "float?") == 0 {
				f.typ = "Float"
			}
			m.fields = append(m.fields, f)
			x.fields = append(x.fields, f.name)
		}
		m.indexes = append(m.indexes, x)
	}
	return m
}

// foreign adds the foreign keys that a relation makes: on owner, for the key of to.
func foreign(owner, to *gModel, prefix string) []string {
	var names []string
	for _, k := range to.key.fields {
		name := prefix + upperFirst(k)
		owner.fields = append(owner.fields, &gField{name: name, typ: to.field(k).typ, undeclared: true})
		names = append(names, name)
	}
	return names
}

// indexFor is an index of a model whose partition has the type of the key of
// another, which has no sort key.
func indexFor(m, of *gModel) *gIndex {
	if len(of.key.fields) > 1 {
		return nil
	}
	for _, x := range m.indexes {
		if m.field(x.fields[0]).typ == of.field(of.key.fields[0]).typ {
			return x
		}
	}
	return nil
}

// relate adds a relation of version 2 from a to b, and perhaps the way back.
func relate(t *rapid.T, a, b *gModel, tag string) {
	add := func(m *gModel, r *gRelation) { m.relations = append(m.relations, r) }
	field := tag + b.name
	prefix := lowerFirst(a.name) + upperFirst(field)
	kinds := []string{"hasMany", "hasOne"}
	if tag == "x" {
		kinds = append(kinds, "hasMany+", "hasOne+", "references")
	}
	x := indexFor(b, a)
	if x != nil {
		kinds = append(kinds, "index", "index")
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "relation"); kind {
	case "hasMany", "hasMany+":
		keys := foreign(b, a, prefix)
		add(a, &gRelation{name: field, directive: "@hasMany", many: true, to: b, here: a.key.fields, there: keys})
		if kind == "hasMany+" {
			add(b, &gRelation{name: "up" + a.name, directive: "@belongsTo", to: a, here: keys, there: a.key.fields})
		}
	case "hasOne", "hasOne+":
		add(a, &gRelation{name: field, directive: "@hasOne", to: b, here: foreign(a, b, prefix), there: b.key.fields})
		if kind == "hasOne+" {
			add(b, &gRelation{name: "up" + a.name, directive: "@belongsTo", to: a, here: foreign(b, a, lowerFirst(b.name)+"Up"+a.name), there: a.key.fields})
		}
	case "references":
		var keys []string
		for i, k := range a.key.fields {
			keys = append(keys, fmt.Sprintf("ref%s%d", a.name, i))
			b.fields = append(b.fields, &gField{name: keys[i], typ: a.field(k).typ})
		}
		directive := "(references: " + nameList(keys) + ")"
		add(a, &gRelation{name: field, directive: "@hasMany" + directive, many: true, to: b, here: a.key.fields, there: keys})
		add(b, &gRelation{name: "up" + a.name, directive: "@belongsTo" + directive, to: a, here: keys, there: a.key.fields})
	case "index":
		directive := fmt.Sprintf("@hasMany(indexName: %q, fields: %s)", x.name, nameList(a.key.fields))
		add(a, &gRelation{name: field, directive: directive, many: true, to: b, here: a.key.fields, there: x.fields[:1], index: x})
	}
}

// relateV1 adds a relation of version 1 from a to b.
func relateV1(t *rapid.T, a, b *gModel) {
	field := "x" + b.name
	kinds := []string{"fields"}
	if a.plainID {
		kinds = append(kinds, "list")
	}
	if b.plainID {
		kinds = append(kinds, "single")
	}
	x := indexFor(b, a)
	if x != nil {
		kinds = append(kinds, "key", "key")
	}
	r := &gRelation{name: field, to: b}
	key := func(m *gModel) []string {
		name := lowerFirst(a.name) + upperFirst(field) + "Id"
		m.fields = append(m.fields, &gField{name: name, typ: "ID", undeclared: true, inputOnly: true})
		return []string{name}
	}
	switch rapid.SampledFrom(kinds).Draw(t, "connection") {
	case "fields":
		for i, k := range b.key.fields {
			f := &gField{name: fmt.Sprintf("ref%s%d", b.name, i), typ: b.field(k).typ}
			a.fields = append(a.fields, f)
			r.here = append(r.here, f.name)
		}
		r.directive, r.there = "@connection(fields: "+nameList(r.here)+")", b.key.fields
	case "list":
		r.directive, r.many, r.here, r.there = "@connection", true, a.key.fields, key(b)
	case "single":
		r.directive, r.here, r.there = "@connection", key(a), b.key.fields
	case "key":
		r.directive = fmt.Sprintf("@connection(keyName: %q, fields: %s)", x.name, nameList(a.key.fields))
		r.many, r.here, r.there, r.index = true, a.key.fields, x.fields[:1], x
	}
	a.relations = append(a.relations, r)
}
