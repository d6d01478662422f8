package sqlgen

import (
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/transform"
)

// where writes predicates that must all hold.
func (w *writer) where(preds []plan.Pred, prefix string) {
	if len(preds) > 0 {
		w.add(" WHERE ")
		w.all(preds, prefix)
	}
}

// all writes a condition of predicates that must all hold; there is one at least.
func (w *writer) all(preds []plan.Pred, prefix string) {
	for i := range preds {
		if i > 0 {
			w.add(" AND ")
		}
		w.pred(&preds[i], prefix)
	}
}

// pred writes one predicate. What it writes is never null where that could turn
// a negation around.
func (w *writer) pred(p *plan.Pred, prefix string) {
	switch p.Op {
	case plan.Never:
		w.add("1 = 0")
		return
	case plan.Always:
		w.add("1 = 1")
		return
	case plan.And, plan.Or:
		op := " AND "
		if p.Op == plan.Or {
			op = " OR "
		}
		w.add("(")
		for i := range p.Kids {
			if i > 0 {
				w.add(op)
			}
			w.pred(&p.Kids[i], prefix)
		}
		w.add(")")
		return
	}
	col := prefix + name(p.Column.Name)
	if p.Op == plan.Present {
		if p.Not {
			w.add(col, " IS NULL")
		} else {
			w.add(col, " IS NOT NULL")
		}
		return
	}
	if len(p.Outer) > 0 {
		w.add(col, " = ")
		w.around(p.Outer)
		return
	}
	if !p.Not {
		w.leaf(p, col)
		return
	}
	if p.Op == plan.Equal && p.Measure == plan.Itself {
		w.add(col, " IS DISTINCT FROM ")
		w.param(p.Args[0])
		return
	}
	w.add("(", col, " IS NULL OR NOT (")
	w.leaf(p, col)
	w.add("))")
}

var comparisons = map[plan.PredOp]string{
	plan.Equal: " = ", plan.Differs: " <> ", plan.Less: " < ", plan.LessEq: " <= ", plan.More: " > ", plan.MoreEq: " >= ",
}

// leaf writes a predicate that is null when the column is.
func (w *writer) leaf(p *plan.Pred, col string) {
	value := w.measured(p, col)
	if op, ok := comparisons[p.Op]; ok {
		w.add(value, op)
		w.param(p.Args[0])
		return
	}
	switch p.Op {
	case plan.Between:
		w.add(value, " BETWEEN ")
		w.param(p.Args[0])
		w.add(" AND ")
		w.param(p.Args[1])
	case plan.Prefix:
		if p.Args[1] == 0 {
			w.add(value, " >= ")
			w.param(p.Args[0])
			return
		}
		w.add("(", value, " >= ")
		w.param(p.Args[0])
		w.add(" AND ", value, " < ")
		w.param(p.Args[1])
		w.add(")")
	case plan.Contains:
		if w.pg {
			w.add("strpos(", value, ", ")
		} else {
			w.add("instr(", value, ", ")
		}
		w.param(p.Args[0])
		w.add(") > 0")
	case plan.Holds:
		if w.pg {
			// The elements are compared as texts; null for a null column.
			w.add("(", col, " IS NOT NULL AND EXISTS (SELECT 1 FROM json_array_elements_text(", col, "::json) AS h(value) WHERE h.value = ")
			w.param(p.Args[0])
			w.add("))")
			return
		}
		w.add("(", col, " IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(", col, ") AS h WHERE h.value = ")
		w.param(p.Args[0])
		w.add(" AND h.type = 'text'))")
	case plan.OneOf:
		w.add(col)
		w.in(p)
	case plan.HoldsOneOf:
		if p.Column.Storage != transform.JSON {
			panic("sqlgen: elements of a column that is no list")
		}
		if w.pg { // a number is no text, even if it is written like one
			w.add("(", col, " IS NOT NULL AND EXISTS (SELECT 1 FROM json_array_elements(", col, "::json) AS h(value) WHERE json_typeof(h.value) = 'string' AND h.value #>> '{}'")
		} else {
			w.add("(", col, " IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(", col, ") AS h WHERE h.type = 'text' AND h.value")
		}
		w.in(p)
		w.add("))")
	default:
		panic("sqlgen: predicate without an operator")
	}
}

// in writes that the value before it is one of a list. It is one expression
// whatever the length, and an index finds the values one by one.
func (w *writer) in(p *plan.Pred) {
	switch {
	case p.Set != 0 && w.pg:
		w.add(" = ANY (ARRAY(SELECT json_array_elements_text(")
		w.textParam(p.Set)
		w.add("::json)))")
		return
	case p.Set != 0:
		w.add(" IN (SELECT value FROM json_each(")
		w.param(p.Set)
		w.add("))")
		return
	case len(p.List) == 0:
		panic("sqlgen: empty list")
	}
	w.add(" IN (")
	for i, p := range p.List {
		if i > 0 {
			w.add(", ")
		}
		w.param(p)
	}
	w.add(")")
}

// measured is what of the column is compared.
func (w *writer) measured(p *plan.Pred, col string) string {
	switch p.Measure {
	case plan.Length:
		return "length(" + col + ")"
	case plan.Count:
		if p.Column.Storage != transform.JSON {
			panic("sqlgen: elements of a column that is no list")
		}
		if w.pg {
			return "json_array_length(" + col + "::json)"
		}
		return "json_array_length(" + col + ")"
	}
	return col
}
