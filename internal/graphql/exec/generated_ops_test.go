package exec_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// write stores the values of an input in a row.
func write(row, input item) {
	for name, v := range input {
		if v == nil {
			delete(row, name)
			continue
		}
		row[name] = v
	}
}

// mutate draws a mutation and compares its answer and what it leaves.
func (g *generated) mutate(op string) {
	m := one(g.t, "model", g.schema.models)
	r := newRequest()
	in := g.drawInput(m, op == "create")
	if op == "delete" {
		maps.DeleteFunc(in, func(name string, _ any) bool { return !slices.Contains(m.key.fields, name) })
	}
	field := op + m.name
	args := "input: " + r.arg(upperFirst(op)+m.name+"Input!", in)
	var condition map[string]any
	conditional := slices.ContainsFunc(m.fields, func(f *gField) bool {
		return !slices.Contains(m.key.fields, f.name) && !f.inputOnly && !f.undeclared
	})
	if conditional && rapid.IntRange(0, 2).Draw(g.t, "condition?") == 0 {
		condition = g.drawFilter(m, 1, true)
		args += ", condition: " + r.arg("Model"+m.name+"ConditionInput", condition)
	}
	secret := g.secret(m, condition)
	s := g.drawSelection(r, m, 2, !g.schema.ruled)
	i := m.find(g.rows[m], valuesOf(in, m.key.fields))
	var stored item
	if i >= 0 {
		stored = g.rows[m][i]
	}
	var e errorList
	var data any
	notHeld := "q DynamoDB:ConditionalCheckFailedException: The conditional request failed"
	refuse := func(fields []string) {
		if len(fields) > 0 {
			e.list = append(e.list, "q Unauthorized: Unauthorized on ["+strings.Join(fields, ", ")+"]")
			return
		}
		e.deny("q", field, "Mutation")
	}
	switch op {
	case "create":
		row := item{}
		write(row, in)
		stamps := g.stamped(m, in)
		judged := maps.Clone(row)
		write(judged, stamps)
		if refused, fields := g.writes(m, op, in, judged); refused {
			refuse(fields)
		} else if secret != "" {
			e.deny("q", secret, m.name)
		} else if stored != nil || !holds(item{}, condition) {
			e.list = append(e.list, notHeld)
		} else {
			g.rows[m] = append(g.rows[m], judged)
			data = s.eval(judged, "q", &e, true)
		}
	case "update":
		refused, fields := g.writes(m, op, in, stored)
		if secret != "" && (!refused || g.late(m.may(op))) {
			e.deny("q", secret, m.name)
		} else if refused {
			refuse(fields)
		} else if stored == nil || !holds(g.seen(m, stored), condition) {
			e.list = append(e.list, notHeld)
		} else {
			write(stored, in)
			data = s.eval(stored, "q", &e, true)
		}
	case "delete":
		a := &access{open: !g.schema.ruled || g.who.admin, who: g.who, roles: m.deletes()}
		if secret != "" && (a.row(stored) || g.late(a.roles)) {
			e.deny("q", secret, m.name)
		} else if !a.row(stored) {
			refuse(nil)
		} else if stored == nil || !holds(g.seen(m, stored), condition) {
			e.list = append(e.list, notHeld)
		} else {
			data = s.eval(stored, "q", &e, true)
			g.rows[m] = slices.Delete(g.rows[m], i, i+1)
		}
	}
	g.compare(r.text("mutation", field+"("+args+") "+s.text), r.vars, data, &e)
}

func (g *generated) get() {
	m := one(g.t, "model", g.schema.models)
	r := newRequest()
	var args []string
	var key []any
	for _, k := range m.key.fields {
		v := g.drawKey(m.field(k))
		key = append(key, v)
		args = append(args, k+": "+r.arg(m.field(k).typ+"!", v))
	}
	s := g.drawSelection(r, m, 2, true)
	a := g.access(m, "get")
	var e errorList
	var data any
	i := m.find(g.rows[m], key)
	switch {
	case a.nobody, i >= 0 && !a.row(g.rows[m][i]):
		e.deny("q", "get"+m.name, "Query")
	case i >= 0:
		data = s.eval(g.rows[m][i], "q", &e, false)
	}
	g.w.takeTraced()
	g.compare(r.text("query", "get"+m.name+"("+strings.Join(args, ", ")+") "+s.text), r.vars, data, &e)
	if n := len(g.w.takeTraced()); n > 1 {
		g.fail("%d statements", n)
	}
}

// list walks over the pages of a list, of one partition of it or of an index.
func (g *generated) list() {
	m := one(g.t, "model", g.schema.models)
	r := newRequest()
	field := m.plural()
	x := &m.key
	if i := rapid.IntRange(-1, len(m.indexes)-1).Draw(g.t, "index"); i >= 0 {
		x, field = m.indexes[i], m.indexes[i].query
	}
	var args []string
	partition := x != &m.key || !m.plainID && rapid.Bool().Draw(g.t, "partition?")
	rows := g.rows[m]
	if partition {
		f := m.field(x.fields[0])
		v := g.drawKey(f)
		typ := f.typ
		if x != &m.key {
			typ += "!"
		}
		args = append(args, f.name+": "+r.arg(typ, v))
		rows = nil
		for _, row := range g.rows[m] {
			if row[f.name] == v {
				rows = append(rows, row)
			}
		}
	}
	more, page := g.drawPage(r, m, x, partition && (len(x.fields) > 1 || x != &m.key))
	args = append(args, more...)
	s := g.drawSelection(r, m, 2, true)
	args = append(args, "nextToken: "+r.arg("String", nil))
	query := r.text("query", field+"("+strings.Join(args, ", ")+") { items "+s.text+" nextToken }")
	a := g.access(m, "list")
	if a.nobody || page.secret != "" {
		e := &errorList{}
		if a.nobody {
			e.deny("q", field, "Query")
		} else {
			e.deny("q", page.secret, m.name)
		}
		g.compare(query, r.vars, nil, e)
		return
	}
	rows = page.of(slices.DeleteFunc(slices.Clone(rows), func(row item) bool { return !a.row(row) }))
	for {
		var e errorList
		n := min(page.limit, len(rows))
		want := showPage(s, rows[:n], "q", &e)
		want["nextToken"] = nil
		if rows = rows[n:]; len(rows) > 0 {
			want["nextToken"] = "T"
		}
		g.w.takeTraced()
		token := g.compare(query, r.vars, want, &e)
		if n := len(g.w.takeTraced()); n != 1 {
			g.fail("%d statements", n)
		}
		if token == "" {
			return
		}
		r.vars[fmt.Sprintf("v%d", len(r.vars)-1)] = token
	}
}
