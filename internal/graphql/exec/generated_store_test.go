package exec_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// generated is a schema, the executor under test and the naive one: rows in a
// slice, and everything found by looking at all of them.
type generated struct {
	w      *world
	t      *rapid.T
	schema *gSchema
	who    *person
	rows   map[*gModel][]item
	log    []string // what was asked
}

// request is a query text that grows, with its variables.
type request struct {
	vars  map[string]any
	types []string
}

func newRequest() *request { return &request{vars: map[string]any{}} }

func (r *request) arg(typ string, v any) string {
	name := fmt.Sprintf("v%d", len(r.vars))
	r.vars[name] = v
	r.types = append(r.types, "$"+name+": "+typ)
	return "$" + name
}

func (r *request) text(kind, body string) string {
	if len(r.types) > 0 {
		kind += "(" + strings.Join(r.types, ", ") + ")"
	}
	return kind + " { q: " + body + " }"
}

// errorList collects the errors that the reference expects.
type errorList struct{ list []string }

func (e *errorList) deny(at, field, typ string) {
	e.list = append(e.list, strings.TrimPrefix(hidden(at, field, typ), " | "))
}

// gSelection is a selection set, and what it shows of a row.
type gSelection struct {
	text string
	eval func(row item, at string, e *errorList, mutation bool) map[string]any
}

func (m *gModel) find(rows []item, key []any) int {
	return slices.IndexFunc(rows, func(row item) bool {
		for i, k := range m.key.fields {
			if row[k] != key[i] {
				return false
			}
		}
		return true
	})
}

func valuesOf(row item, fields []string) []any {
	var out []any
	for _, f := range fields {
		out = append(out, row[f])
	}
	return out
}

// position is the sort key of a row in an index: the value of its one field, or
// the joined text of several. It is nil where the row is not in the index.
func (x *gIndex) position(row item) any {
	if row[x.fields[0]] == nil {
		return nil
	}
	var parts []string
	for _, f := range x.sort() {
		if row[f] == nil {
			return nil
		}
		parts = append(parts, fmt.Sprint(row[f]))
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return row[x.fields[1]]
	}
	return strings.Join(parts, "#")
}

// sorted orders rows by an index, then by the primary key. The order of the
// primary key itself is that of its partition and joined sort key.
func (m *gModel) sorted(rows []item, x *gIndex, desc bool) []item {
	out := slices.Clone(rows)
	slices.SortFunc(out, func(a, b item) int {
		if x != nil {
			if c := order(a[x.fields[0]], b[x.fields[0]]); c != 0 {
				return c
			}
			if c := order(x.position(a), x.position(b)); c != 0 {
				return c
			}
		}
		for _, k := range m.key.fields {
			if c := order(a[k], b[k]); c != 0 {
				return c
			}
		}
		return 0
	})
	if desc {
		slices.Reverse(out)
	}
	return out
}

// drawSelection draws the fields of a model and, as deep as depth, of others.
// A selection for a mutation has no relations where rules decide about them.
func (g *generated) drawSelection(r *request, m *gModel, depth int, relations bool) *gSelection {
	type member struct {
		key  string
		eval func(row item, at string, e *errorList, mutation bool) any
	}
	var text []string
	var members []member
	for _, f := range m.fields {
		if f.inputOnly || !slices.Contains(m.key.fields, f.name) && rapid.IntRange(0, 3).Draw(g.t, f.name+"?") == 0 {
			continue
		}
		text = append(text, f.name)
		members = append(members, member{f.name, func(row item, at string, e *errorList, mutation bool) any {
			if !g.shown(m, f, row) {
				e.deny(at+"/"+f.name, f.name, m.name)
				return nil
			}
			if g.schema.ruled && mutation && m.guarded(f) {
				return nil
			}
			return m.display(f.name, row[f.name])
		}})
	}
	for i, rel := range m.relations {
		if depth == 0 || !relations || rapid.IntRange(0, 2).Draw(g.t, rel.name+"?") == 0 {
			continue
		}
		alias := fmt.Sprintf("r%d", i)
		relText, eval := g.drawRelation(r, m, rel, depth)
		text = append(text, alias+": "+rel.name+relText)
		members = append(members, member{alias, func(row item, at string, e *errorList, _ bool) any { return eval(row, at+"/"+alias, e) }})
	}
	return &gSelection{"{ " + strings.Join(text, " ") + " }", func(row item, at string, e *errorList, mutation bool) map[string]any {
		out := map[string]any{}
		for _, x := range members {
			out[x.key] = x.eval(row, at, e, mutation)
		}
		return out
	}}
}

// display is a value as it is answered: of an owner only the last part.
func (m *gModel) display(name string, v any) any {
	rules := slices.Clone(m.rules)
	for _, f := range m.fields {
		rules = append(rules, f.rules...)
	}
	if !slices.ContainsFunc(rules, func(r gRule) bool { return r.allow == "owner" && r.field == name }) {
		return v
	}
	switch v := v.(type) {
	case string:
		return lastOf(v)
	case []string:
		return textList(v, lastOf)
	}
	return v
}

func (g *generated) drawRelation(r *request, m *gModel, rel *gRelation, depth int) (string, func(row item, at string, e *errorList) any) {
	linked := func(row, other item) bool {
		for i, f := range rel.here {
			if row[f] == nil || row[f] != other[rel.there[i]] {
				return false
			}
		}
		return true
	}
	a := g.access(rel.to, "get", "list")
	if !rel.many {
		sub := g.drawSelection(r, rel.to, depth-1, true)
		return " " + sub.text, func(row item, at string, e *errorList) any {
			if a.nobody {
				e.deny(at, rel.name, m.name)
				return nil
			}
			for _, other := range g.rows[rel.to] {
				if !linked(row, other) {
					continue
				}
				if !a.row(other) {
					e.deny(at, rel.name, m.name)
					return nil
				}
				return sub.eval(other, at, e, false)
			}
			return nil
		}
	}
	args, page := g.drawPage(r, rel.to, rel.index, true)
	sub := g.drawSelection(r, rel.to, depth-1, true)
	ahead := rapid.Bool().Draw(g.t, "nextToken?")
	text := "(" + strings.Join(args, ", ") + ") { items " + sub.text
	if ahead {
		text += " nextToken"
	}
	return text + " }", func(row item, at string, e *errorList) any {
		if a.nobody {
			e.deny(at, rel.name, m.name)
			return nil
		}
		if page.secret != "" {
			e.deny(at, page.secret, rel.to.name)
			return nil
		}
		var rows []item
		for _, other := range g.rows[rel.to] {
			if linked(row, other) && a.row(other) {
				rows = append(rows, other)
			}
		}
		rows = page.of(rows)
		out := showPage(sub, rows[:min(page.limit, len(rows))], at, e)
		if ahead {
			out["nextToken"] = nil
			if len(rows) > page.limit {
				out["nextToken"] = "T"
			}
		}
		return out
	}
}

func showPage(s *gSelection, rows []item, at string, e *errorList) map[string]any {
	items := []any{}
	for i, row := range rows {
		items = append(items, s.eval(row, fmt.Sprintf("%s/items/%d", at, i), e, false))
	}
	return map[string]any{"items": items}
}

// gPage are the arguments of a page.
type gPage struct {
	limit int
	of    func(rows []item) []item // those that the filter and the sort key let pass, in order
	// secret is a field in the filter that the caller may see nowhere.
	secret string
}

// drawPage draws arguments for rows of a model. sortable says that the rows have
// one partition, so that there is an order to turn.
func (g *generated) drawPage(r *request, m *gModel, x *gIndex, sortable bool) ([]string, *gPage) {
	p := &gPage{limit: 100}
	var args []string
	if rapid.Bool().Draw(g.t, "limit?") {
		p.limit = rapid.IntRange(1, 4).Draw(g.t, "limit")
		args = append(args, "limit: "+r.arg("Int", p.limit))
	} else {
		args = append(args, "limit: 100")
	}
	var filter map[string]any
	if rapid.IntRange(0, 2).Draw(g.t, "filter?") == 0 {
		filter = g.drawFilter(m, 1, false)
		p.secret = g.secret(m, filter)
		args = append(args, "filter: "+r.arg("Model"+m.name+"FilterInput", filter))
	}
	desc := sortable && rapid.Bool().Draw(g.t, "desc?")
	if desc {
		args = append(args, "sortDirection: DESC")
	}
	within := func(item) bool { return true }
	if x != nil && len(x.fields) > 1 && sortable && rapid.Bool().Draw(g.t, "sort key?") {
		var arg string
		arg, within = g.drawSortKey(r, m, x)
		args = append(args, arg)
	}
	p.of = func(rows []item) []item {
		var out []item
		for _, row := range rows {
			if (x == nil || x.position(row) != nil) && within(row) && holds(g.seen(m, row), filter) {
				out = append(out, row)
			}
		}
		return m.sorted(out, x, desc)
	}
	return args, p
}

// drawSortKey draws a condition on the sort key of an index.
func (g *generated) drawSortKey(r *request, m *gModel, x *gIndex) (string, func(item) bool) {
	fields := x.sort()
	operand := func() (input, value any) {
		if len(fields) == 1 {
			v := g.drawKey(m.field(fields[0]))
			return v, v
		}
		n := rapid.IntRange(1, len(fields)).Draw(g.t, "parts")
		parts := map[string]any{}
		var text []string
		for _, f := range fields[:n] {
			parts[f] = g.drawKey(m.field(f))
			text = append(text, fmt.Sprint(parts[f]))
		}
		return parts, strings.Join(text, "#")
	}
	ops := []string{"eq", "lt", "le", "gt", "ge", "between"}
	typ := "Model" + m.field(fields[0]).typ + "KeyConditionInput"
	if len(fields) > 1 {
		part := "Primary"
		if x.name != "" {
			part = upperFirst(x.name)
		}
		typ = "Model" + m.name + part + "CompositeKeyConditionInput"
	}
	if first := m.field(fields[0]).typ; len(fields) > 1 || first == "String" || first == "ID" {
		ops = append(ops, "beginsWith")
	}
	op := rapid.SampledFrom(ops).Draw(g.t, "key operator")
	input, value := operand()
	if op == "between" {
		i, v := operand()
		input, value = []any{input, i}, []any{value, v}
	}
	return joinedArgument(fields) + ": " + r.arg(typ, map[string]any{op: input}), func(row item) bool {
		return operator(x.position(row), true, op, value)
	}
}

// joinedArgument is the argument for a sort key of some fields.
func joinedArgument(fields []string) string {
	upper := []string{fields[0]}
	for _, f := range fields[1:] {
		upper = append(upper, upperFirst(f))
	}
	return strings.Join(upper, "")
}

// parsed is an expected value in the form that JSON is read in.
func parsed(v any) any {
	var out any
	if err := json.Unmarshal([]byte(asJSON(v)), &out); err != nil {
		panic(err)
	}
	return out
}
