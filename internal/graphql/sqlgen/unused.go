package sqlgen

import (
	"strconv"
	"strings"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/transform"
)

// unused is what goes before the SQL of a statement to name the parameters that
// the SQL does not: what is hidden in all rows is not read, and its parameters
// are bound all the same. PostgreSQL refuses a parameter that it finds nowhere.
// Nothing selects from the expression, so it costs nothing.
func (w *writer) unused() string {
	var b strings.Builder
	visit := func(p plan.Param, s transform.Storage) {
		if p == 0 || !w.note(p) {
			return
		}
		n := strconv.Itoa(int(p))
		if b.Len() == 0 {
			b.WriteString("WITH unused AS (SELECT ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString("$" + n)
		if w.pg {
			b.WriteString("::" + castType(s))
		}
		b.WriteString(" AS p" + n)
	}
	parameters(w.root, visit)
	if b.Len() == 0 {
		return ""
	}
	b.WriteString(") ")
	return b.String()
}

// note says whether a parameter is named for the first time.
func (w *writer) note(p plan.Param) bool {
	for len(w.noted) <= int(p) {
		w.noted = append(w.noted, false)
	}
	first := !w.noted[p]
	w.noted[p] = true
	return first
}

// castType is the PostgreSQL type of a parameter.
func castType(s transform.Storage) string {
	if s == transform.Text {
		return "text"
	}
	return columnType(Postgres, s)
}

// parameters visits the parameters of a statement.
func parameters(s *plan.Statement, visit func(plan.Param, transform.Storage)) {
	for _, p := range []plan.Param{s.NullMark, s.KeyMark, s.FailMark, s.HiddenMark, s.OwnerMark} {
		visit(p, transform.Text)
	}
	visit(s.Limit, transform.Integer)
	for i, p := range s.After {
		visit(p, s.Order[i].Storage)
	}
	for _, preds := range [][]plan.Pred{s.Where, s.Guard, s.Visible, s.Checks} {
		compared(preds, visit)
	}
	for i := range s.Masks {
		visit(s.Masks[i].Mark, transform.Text)
		compared(s.Masks[i].Where, visit)
	}
	for _, n := range s.Nested {
		parameters(n, visit)
	}
}

// compared visits the parameters of predicates.
func compared(preds []plan.Pred, visit func(plan.Param, transform.Storage)) {
	for i := range preds {
		p := &preds[i]
		storage := p.Column.Storage
		switch {
		case p.Measure != plan.Itself:
			storage = transform.Integer
		case len(p.Outer) == 1:
			storage = p.Outer[0].Storage
		case len(p.Outer) > 1 || p.Op == plan.Contains || p.Op == plan.Holds || p.Op == plan.HoldsOneOf:
			storage = transform.Text
		}
		visit(p.Args[0], storage)
		visit(p.Args[1], storage)
		for _, a := range p.List {
			visit(a, storage)
		}
		visit(p.Set, transform.Text)
		compared(p.Kids, visit)
	}
}
