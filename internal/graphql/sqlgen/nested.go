package sqlgen

import (
	"strconv"

	"preamp/internal/graphql/plan"
)

// related writes the answer of a nested statement: a subquery that names
// columns of the row around it. In SQLite a value loses its JSON type on the way
// out of a subquery; json() gives it back.
func (w *writer) related(f *plan.Output, from source) {
	s := w.root.Nested[f.Nested]
	if s.Kind == plan.Failure {
		w.failure(s)
		return
	}
	defer func(st *plan.Statement, alias, outer string) { w.st, w.alias, w.outer = st, alias, outer }(w.st, w.alias, w.outer)
	w.st, w.alias, w.outer = s, "t"+strconv.Itoa(f.Nested+1), from.prefix
	if len(s.Guard) > 0 {
		w.add("CASE WHEN ")
		for i := range s.Guard {
			if i > 0 {
				w.add(" AND ")
			}
			w.around(s.Guard[i].Outer)
			w.add(" = ")
			w.param(s.Guard[i].Args[0])
		}
		w.add(" THEN ")
		defer func() {
			w.add(" ELSE ")
			w.jsonText(s.FailMark)
			w.add(" END")
		}()
	}
	if !w.pg {
		w.add("json(")
	}
	must := f.Type.NonNull && !f.Sure
	if must {
		w.add("coalesce(")
	}
	w.add("(")
	value := func(value func()) { value() }
	apart := !w.pg && w.conditional(f, s)
	if apart {
		w.add("SELECT x FROM (")
		value = func(value func()) { value(); w.add(" AS x") }
	}
	if s.Kind == plan.SelectPage {
		w.page(value)
	} else {
		w.one(value)
	}
	if apart {
		w.add(") AS o")
	}
	w.add(")")
	if must {
		w.add(", ")
		w.whole(w.root.NullMark) // json() takes a text of JSON
		w.add(")")
	}
	if !w.pg {
		w.add(")")
	}
}

// conditional says that a relation is not shown in every row. SQLite adds up how
// deep the expressions around a nested one are, and conditions make them deeper;
// those of a query in a FROM clause do not count.
func (w *writer) conditional(f *plan.Output, s *plan.Statement) bool {
	m := w.mask(f)
	return m != nil && decided(m.Where) == depends || decided(s.Visible) == depends
}

// jsonText writes a text parameter as a value beside JSON.
func (w *writer) jsonText(p plan.Param) {
	if !w.pg {
		w.textParam(p)
		return
	}
	w.add("to_json(")
	w.textParam(p)
	w.add(")")
}

// failure writes the mark of a relation that cannot be read. The null mark is
// written with it: most often nothing else needs it.
func (w *writer) failure(s *plan.Statement) {
	if w.root.NullMark == 0 {
		w.textParam(s.FailMark)
		return
	}
	w.add("coalesce(")
	w.textParam(s.FailMark)
	w.add(", ")
	w.nullMark()
	w.add(")")
}

// around writes a value of the row around a nested statement.
func (w *writer) around(parts []plan.Column) {
	if len(parts) == 1 {
		w.add(w.outer, name(parts[0].Name))
		return
	}
	for i, c := range parts {
		if i > 0 {
			w.add(" || '#' || ")
		}
		w.part(c, w.outer)
	}
}
