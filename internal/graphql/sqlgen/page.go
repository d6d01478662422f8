package sqlgen

import (
	"slices"

	"preamp/internal/graphql/plan"
)

// page writes a page: one object with the rows as a list. The rows are selected
// in an inner query that has the order and the limit; the outer one makes JSON.
//
// Whether there is another page is known from the row after the last one, whose
// key is where the next page begins. Without a filter that row is looked up by
// itself, which costs one more walk over the index; with one, the page is read
// with one row more, and the rows are numbered to take it off again.
func (w *writer) page(cast func(func())) {
	s := w.st
	items := w.shown(s, plan.Items)
	numbered := w.numbered(s)
	w.add("SELECT ")
	cast(func() { w.object(s.Out, source{page: true, numbered: numbered}) })
	switch {
	case numbered:
		w.add(" FROM (SELECT ")
		for _, c := range w.pageColumns(s) {
			w.add("p.", name(c), ", ")
		}
		w.add("row_number() OVER () AS n FROM (")
		w.rows(s, 1)
		w.add(") AS p) AS ", w.alias)
	case items:
		w.add(" FROM (")
		w.rows(s, 0)
		w.add(") AS ", w.alias)
	}
}

// numbered says that the rows of a page are numbered.
func (w *writer) numbered(s *plan.Statement) bool {
	return s.KeyMark != 0 && s.Filtered && w.shown(s, plan.NextToken)
}

// rows writes the inner query.
func (w *writer) rows(s *plan.Statement, more int) {
	w.add("SELECT ")
	for i, c := range w.pageColumns(s) {
		if i > 0 {
			w.add(", ")
		}
		w.add(name(c))
	}
	w.add(" FROM ", table(s.Table))
	w.selection(s)
	w.add(" LIMIT ")
	w.count(s.Limit)
	if more > 0 {
		w.add(" + 1")
	}
}

func (w *writer) count(p plan.Param) {
	w.param(p)
	if w.pg {
		w.add("::bigint")
	}
}

// pageColumns are the columns that the outer query needs.
func (w *writer) pageColumns(s *plan.Statement) []string {
	var out []string
	add := func(c string) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	var addPreds func(preds []plan.Pred)
	addPreds = func(preds []plan.Pred) {
		for i := range preds {
			if c := preds[i].Column.Name; c != "" {
				add(c)
			}
			addPreds(preds[i].Kids)
		}
	}
	for i := range s.Out.Fields {
		o := &s.Out.Fields[i]
		if o.Kind != plan.Items || w.hidden(o) {
			continue
		}
		for j := range o.Sub.Fields {
			f := &o.Sub.Fields[j]
			if w.hidden(f) {
				continue
			}
			if m := w.mask(f); m != nil {
				addPreds(m.Where)
			}
			switch f.Kind {
			case plan.FromColumn:
				add(f.Column.Name)
			case plan.Related: // the columns that it is found by
				for _, p := range w.root.Nested[f.Nested].Where {
					for _, c := range p.Outer {
						add(c.Name)
					}
				}
			}
		}
	}
	if w.numbered(s) || len(out) == 0 {
		for _, c := range rowKey(s) {
			add(c.Name)
		}
	}
	return out
}

// selection writes what rows there are and their order.
func (w *writer) selection(s *plan.Statement) {
	w.where(s.Where, "")
	if len(s.After) > 0 {
		if len(s.Where) > 0 {
			w.add(" AND ")
		} else {
			w.add(" WHERE ")
		}
		w.after(s)
	}
	w.order(s, "")
}

func (w *writer) order(s *plan.Statement, prefix string) {
	w.add(" ORDER BY ")
	for i, c := range s.Order {
		if i > 0 {
			w.add(", ")
		}
		w.add(prefix, name(c.Name))
		if s.Desc {
			w.add(" DESC")
		}
	}
}

// after writes the condition that a row is at or behind the beginning of the
// page.
func (w *writer) after(s *plan.Statement) {
	op := " >= "
	if s.Desc {
		op = " <= "
	}
	if len(s.Order) == 1 {
		w.add(name(s.Order[0].Name), op)
		w.param(s.After[0])
		return
	}
	w.add("(")
	for i, c := range s.Order {
		if i > 0 {
			w.add(", ")
		}
		w.add(name(c.Name))
	}
	w.add(")", op, "(")
	for i, p := range s.After {
		if i > 0 {
			w.add(", ")
		}
		w.param(p)
	}
	w.add(")")
}

// items writes the rows of a page as a list.
func (w *writer) items(o *plan.Output, numbered bool) {
	if w.pg {
		w.add("coalesce(json_agg(")
	} else {
		w.add("json_group_array(")
	}
	w.object(o.Sub, row(w.alias+"."))
	w.add(")")
	if numbered {
		w.add(" FILTER (WHERE ", w.alias, ".n <= ")
		w.param(w.st.Limit)
		w.add(")")
	}
	if w.pg {
		w.add(", '[]'::json)")
	}
}

// nextToken writes the mark of the next page, null when there is none.
func (w *writer) nextToken(numbered bool) {
	s := w.st
	if numbered {
		w.textParam(s.KeyMark)
		w.add(" || max(")
		w.keyOf(s, w.alias+".")
		w.add(") FILTER (WHERE ", w.alias, ".n > ")
		w.param(s.Limit)
		w.add(")")
		return
	}
	w.add("(SELECT ")
	w.textParam(s.KeyMark)
	w.add(" || ")
	w.keyOf(s, "")
	w.add(" FROM ", table(s.Table))
	w.selection(s)
	w.add(" LIMIT 1 OFFSET ")
	w.count(s.Limit)
	w.add(")")
}

// keyOf writes the key of a row as the text of a JSON list.
func (w *writer) keyOf(s *plan.Statement, prefix string) {
	if w.pg {
		w.add("json_build_array(")
	} else {
		w.add("json_array(")
	}
	for i, c := range rowKey(s) {
		if i > 0 {
			w.add(", ")
		}
		w.add(prefix, name(c.Name))
	}
	w.add(")")
	if w.pg {
		w.add("::text")
	}
}

// rowKey are the columns that a token names.
func rowKey(s *plan.Statement) []plan.Column { return slices.Concat(s.Fixed, s.Order) }
