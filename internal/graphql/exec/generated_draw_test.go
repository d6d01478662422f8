package exec_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// drawKey draws a value for a field of a key. They are few, so that rows meet.
func (g *generated) drawKey(f *gField) any {
	switch f.typ {
	case "Int":
		return rapid.SampledFrom([]int{-1, 2, 10}).Draw(g.t, f.name)
	case "Float":
		return rapid.SampledFrom([]float64{-0.5, 2, 10}).Draw(g.t, f.name)
	}
	return rapid.SampledFrom([]string{"a", "ab", "B", "é"}).Draw(g.t, f.name)
}

// drawValue draws a value for any field.
func (g *generated) drawValue(m *gModel, f *gField) any {
	text := textGen
	if f.pool != nil {
		text = rapid.SampledFrom(f.pool)
	}
	if f.list {
		switch f.typ {
		case "Int":
			return rapid.SliceOfN(intGen, 0, 2).Draw(g.t, f.name)
		case "Status":
			return rapid.SliceOfN(statusGen, 0, 2).Draw(g.t, f.name)
		}
		return rapid.SliceOfN(text, 0, 3).Draw(g.t, f.name)
	}
	switch {
	case f.undeclared || !strings.HasPrefix(f.name, "f") && f.pool == nil: // keys
		return g.drawKey(f)
	case f.typ == "Int" || f.typ == "AWSTimestamp":
		return intGen.Draw(g.t, f.name)
	case f.typ == "Float":
		return floatGen.Draw(g.t, f.name)
	case f.typ == "Boolean":
		return rapid.Bool().Draw(g.t, f.name)
	case f.typ == "Status":
		return statusGen.Draw(g.t, f.name)
	}
	return text.Draw(g.t, f.name)
}

// drawFilter draws a filter or, without the key, a condition.
func (g *generated) drawFilter(m *gModel, depth int, condition bool) map[string]any {
	var fields []*gField
	for _, f := range m.fields {
		generatedOwner := g.schema.version == 1 && f.undeclared
		if !f.inputOnly && !generatedOwner && !(condition && slices.Contains(m.key.fields, f.name)) {
			fields = append(fields, f)
		}
	}
	out := map[string]any{}
	for range rapid.IntRange(1, 2).Draw(g.t, "members") {
		switch kind := rapid.IntRange(0, 7).Draw(g.t, "kind"); {
		case depth > 0 && kind == 0:
			out["not"] = g.drawFilter(m, depth-1, condition)
		case depth > 0 && kind == 1:
			out[rapid.SampledFrom([]string{"and", "or"}).Draw(g.t, "logic")] = []any{g.drawFilter(m, depth-1, condition), g.drawFilter(m, depth-1, condition)}
		default:
			f := one(g.t, "field", fields)
			out[f.name] = g.drawOperators(f)
		}
	}
	return out
}

func (g *generated) drawOperators(f *gField) map[string]any {
	switch {
	case f.pool != nil && rapid.Bool().Draw(g.t, "of the pool?"):
		op := rapid.SampledFrom([]string{"eq", "ne", "contains", "notContains"}).Draw(g.t, "op")
		return map[string]any{op: rapid.SampledFrom(f.pool).Draw(g.t, "value")}
	case f.list && f.typ == "Int":
		return map[string]any{"attributeExists": rapid.Bool().Draw(g.t, "exists")}
	case f.list && f.typ == "Status":
		return drawOperators(g.t, "states")
	case f.list:
		return drawOperators(g.t, "tags")
	}
	return drawOperators(g.t, map[string]string{"String": "note", "ID": "id", "Int": "n", "AWSTimestamp": "n", "Float": "f", "Boolean": "done", "Status": "status"}[f.typ])
}

// drawInput draws an input. The fields of a composite sort key, or of one foreign
// key, are given together, because part of a composite key is refused.
func (g *generated) drawInput(m *gModel, create bool) item {
	in := item{}
	for _, k := range m.key.fields {
		in[k] = g.drawKey(m.field(k))
	}
	together := map[string]bool{}
	for _, f := range m.fields {
		if f.noInput || slices.Contains(m.key.fields, f.name) {
			continue
		}
		group := m.groupOf(f)
		given, drawn := together[group]
		if !drawn {
			given = f.required && create || rapid.IntRange(0, 2).Draw(g.t, f.name+"?") > 0
			together[group] = given
		}
		switch {
		case !given:
		case !f.required && group == f.name && rapid.IntRange(0, 5).Draw(g.t, "null?") == 0:
			in[f.name] = nil
		default:
			in[f.name] = g.drawValue(m, f)
		}
	}
	g.link(m, in)
	return in
}

// groupOf names the fields that are given together.
func (m *gModel) groupOf(f *gField) string {
	if f.implicit() || strings.HasPrefix(f.name, "ref") {
		return "foreign " + f.name[:4]
	}
	for _, x := range m.indexes {
		if len(x.sort()) > 1 && slices.Contains(x.sort(), f.name) {
			return "sort key of " + x.name
		}
	}
	return f.name
}

// link makes some foreign keys of an input those of rows that are there.
func (g *generated) link(m *gModel, in item) {
	for _, a := range g.schema.models {
		for _, r := range a.relations {
			other, mine, theirs := r.to, r.here, r.there
			if r.many {
				other, mine, theirs = a, r.there, r.here
			}
			if holder := map[bool]*gModel{false: a, true: r.to}[r.many]; holder != m || len(g.rows[other]) == 0 || !rapid.Bool().Draw(g.t, "link?") {
				continue
			}
			row := one(g.t, "linked", g.rows[other])
			for i, f := range mine {
				in[f] = row[theirs[i]]
			}
		}
	}
}
