package sqlgen

import (
	"slices"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/transform"
)

// truth is what is known of predicates before any row is.
type truth uint8

const (
	depends truth = iota // on the row
	holds
	fails
)

// decided says what predicates that must all hold amount to.
func decided(preds []plan.Pred) truth {
	out := holds
	for i := range preds {
		switch decide(&preds[i]) {
		case fails:
			return fails
		case depends:
			out = depends
		}
	}
	return out
}

func decide(p *plan.Pred) truth {
	switch p.Op {
	case plan.Always:
		return holds
	case plan.Never:
		return fails
	case plan.And:
		return decided(p.Kids)
	case plan.Or:
		out := fails
		for i := range p.Kids {
			switch decide(&p.Kids[i]) {
			case holds:
				return holds
			case depends:
				out = depends
			}
		}
		return out
	}
	return depends
}

// mask is the mask of an output, nil for none.
func (w *writer) mask(f *plan.Output) *plan.Mask {
	if f.Mask == 0 {
		return nil
	}
	return &w.root.Masks[f.Mask-1]
}

// hidden says that an output is hidden in every row.
func (w *writer) hidden(f *plan.Output) bool {
	m := w.mask(f)
	return m != nil && decided(m.Where) == fails
}

// shown says that a page has an output of a kind that is not hidden.
func (w *writer) shown(s *plan.Statement, kind plan.OutputKind) bool {
	return slices.ContainsFunc(s.Out.Fields, func(o plan.Output) bool { return o.Kind == kind && !w.hidden(&o) })
}

// output writes the value of an output, or its mark in the rows that hide it.
// What is hidden everywhere is not read at all.
func (w *writer) output(o *plan.Object, f *plan.Output, from source) {
	m := w.mask(f)
	if m == nil {
		w.value(o, f, from)
		return
	}
	switch decided(m.Where) {
	case holds:
		w.value(o, f, from)
		return
	case fails:
		w.textParam(m.Mark)
		return
	}
	if from.page || from.stored != "" {
		panic("sqlgen: mask that depends on a row where there is none")
	}
	w.add("CASE WHEN ")
	w.all(m.Where, from.prefix)
	w.add(" THEN ")
	switch w.form(f) {
	case isText:
		w.value(o, f, from)
		w.add(" ELSE ")
		w.textParam(m.Mark)
	case isJSON:
		w.value(o, f, from)
		w.add(" ELSE ")
		w.jsonText(m.Mark)
	default:
		w.add("to_json(")
		w.value(o, f, from)
		w.add(") ELSE ")
		w.jsonText(m.Mark)
	}
	w.add(" END")
}

// form is the SQL type of a value. PostgreSQL wants one for all branches of a
// CASE; SQLite does not care, and every value is called a text there.
type form uint8

const (
	isText form = iota
	isJSON
	isPlain // a number or a boolean
)

func (w *writer) form(f *plan.Output) form {
	switch {
	case !w.pg:
		return isText
	case f.Kind == plan.Related && w.root.Nested[f.Nested].Kind != plan.Failure:
		return isJSON
	case f.Kind != plan.FromColumn: // what is left has no columns: names, nulls and failures
		return isText
	case f.Owner || f.Column.Storage == transform.JSON:
		return isJSON
	case f.Column.Storage == transform.Text:
		return isText
	}
	return isPlain
}

// owner writes owners behind their mark.
func (w *writer) owner(f *plan.Output, col string) {
	if w.pg {
		w.add("json_build_array(")
	} else {
		w.add("json_array(")
	}
	w.textParam(w.root.OwnerMark)
	w.add(", ")
	w.column(f, col)
	w.add(")")
}

// visible writes the object of a row, or the mark of one that is hidden.
func (w *writer) visible(prefix string) {
	s := w.st
	state := decided(s.Visible)
	if state == depends {
		w.add("CASE WHEN ")
		w.all(s.Visible, prefix)
		w.add(" THEN ")
	}
	if state != fails {
		w.object(s.Out, row(prefix))
	}
	if state == depends {
		w.add(" ELSE ")
	}
	if state != holds {
		w.whole(s.HiddenMark)
	}
	if state == depends {
		w.add(" END")
	}
}

// whole writes a text parameter as the JSON text of a whole answer.
func (w *writer) whole(p plan.Param) {
	if w.pg {
		w.jsonText(p)
		return
	}
	w.add("json_quote(")
	w.param(p)
	w.add(")")
}

// probe writes which of the checks hold for a row. A predicate on a null column
// is null, which is not true.
func (w *writer) probe() {
	s := w.st
	prefix := w.alias + "."
	w.add("SELECT '['")
	for i := range s.Checks {
		if i > 0 {
			w.add(" || ','")
		}
		w.add(" || CASE WHEN ")
		w.pred(&s.Checks[i], prefix)
		w.add(" THEN '1' ELSE '0' END")
	}
	w.add(" || ']' FROM ", table(s.Table), " AS ", w.alias)
	w.where(s.Where, prefix)
}
