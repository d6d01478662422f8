package sqlgen

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/transform"
)

// maxPairs is how many members one JSON function call makes: PostgreSQL allows
// 100 arguments, and an older SQLite 127.
const maxPairs = 49

// source says where the members of an object come from: a page, the columns of
// a row behind a prefix, or a stored object.
type source struct {
	page, numbered bool
	prefix         string
	// stored is the expression of the stored object; path leads to the object
	// inside it (SQLite only).
	stored, path string
}

func row(prefix string) source { return source{prefix: prefix} }

// object writes an object.
func (w *writer) object(o *plan.Object, from source) {
	fields := o.Fields
	if len(fields) <= maxPairs {
		w.pairs(o, fields, from)
		return
	}
	// Join the texts of several objects: take the closing brace off one and the
	// opening brace off the next.
	if w.pg {
		w.add("(")
	} else {
		w.add("json(")
	}
	for i := 0; i < len(fields); i += maxPairs {
		if i > 0 {
			w.add(" || ',' || ")
		}
		chunk := func() { w.text(func() { w.pairs(o, fields[i:min(i+maxPairs, len(fields))], from) }) }
		first, last := i == 0, i+maxPairs >= len(fields)
		if w.pg { // which would write a chunk out twice where it is named twice
			w.cut(chunk, first, last)
			continue
		}
		start, cut := "2", "2"
		if first {
			start, cut = "1", "1"
		}
		if last {
			w.add("substr(")
			chunk()
			w.add(", ", start, ")")
			continue
		}
		if from.page { // an aggregate cannot move into a subquery; pages do not nest
			w.add("substr(")
			chunk()
			w.add(", ", start, ", length(")
			chunk()
			w.add(") - ", cut, ")")
			continue
		}
		w.add("(SELECT substr(x, ", start, ", length(x) - ", cut, ") FROM (SELECT ")
		chunk()
		w.add(" AS x) AS o)")
	}
	w.add(")")
	if w.pg {
		w.add("::json")
	}
}

// cut takes the braces off a text for PostgreSQL: the one in front unless it is
// the first text, the one at the end unless it is the last.
func (w *writer) cut(text func(), first, last bool) {
	if !first {
		w.add("substr(")
	}
	if !last {
		w.add("left(")
	}
	text()
	if !last {
		w.add(", -1)")
	}
	if !first {
		w.add(", 2)")
	}
}

func (w *writer) pairs(o *plan.Object, fields []plan.Output, from source) {
	if w.pg {
		w.add("json_build_object(")
	} else {
		w.add("json_object(")
	}
	for i := range fields {
		if i > 0 {
			w.add(", ")
		}
		w.add(key(fields[i].Key), ", ")
		w.output(o, &fields[i], from)
	}
	w.add(")")
}

func (w *writer) value(o *plan.Object, f *plan.Output, from source) {
	switch f.Kind {
	case plan.TypeName:
		w.add(key(o.Type))
	case plan.NullOutput:
		if f.Type.NonNull {
			w.nullMark()
		} else {
			w.add("NULL")
		}
	case plan.Items:
		w.items(f, from.numbered)
	case plan.NextToken:
		w.nextToken(from.numbered)
	case plan.FromColumn:
		col := from.prefix + name(f.Column.Name)
		if f.Owner {
			w.owner(f, col)
			return
		}
		w.column(f, col)
	case plan.FromMember:
		w.member(f, from)
	case plan.Related:
		w.related(f, from)
	default:
		panic("sqlgen: output without a kind")
	}
}

// nullMark writes the mark of a null that must not be.
func (w *writer) nullMark() {
	w.textParam(w.root.NullMark)
}

// marked writes a value, with the mark in place of a null where that must not
// be. The value must be of a type that a text can stand in for.
func (w *writer) marked(f *plan.Output, value func()) {
	if !f.Type.NonNull || f.Sure {
		value()
		return
	}
	w.add("coalesce(")
	value()
	w.add(", ")
	w.nullMark()
	w.add(")")
}

// column writes the value of a column.
func (w *writer) column(f *plan.Output, col string) {
	must := f.Type.NonNull && !f.Sure
	switch f.Column.Storage {
	case transform.Text:
		w.marked(f, func() { w.add(col) })
	case transform.Integer, transform.Real:
		if !w.pg || !must {
			w.marked(f, func() { w.add(col) })
			return
		}
		w.add("coalesce(to_json(", col, "), to_json(")
		w.nullMark()
		w.add("))")
	case transform.Boolean:
		w.boolean(col, must)
	case transform.JSON:
		w.json(f, col, must)
	default:
		panic("sqlgen: column without storage")
	}
}

func (w *writer) boolean(col string, must bool) {
	if w.pg {
		if !must {
			w.add(col)
			return
		}
		w.add("coalesce(to_json(", col, "), to_json(")
		w.nullMark()
		w.add("))")
		return
	}
	w.add("CASE ", col, " WHEN 1 THEN json('true') WHEN 0 THEN json('false')")
	if must {
		w.add(" ELSE ")
		w.nullMark()
	}
	w.add(" END")
}

// json writes a stored JSON text: as it is, or as far as it is selected.
func (w *writer) json(f *plan.Output, col string, must bool) {
	if f.Sub == nil {
		if w.pg {
			w.orMark(col+"::json", must)
			return
		}
		if !must {
			w.add("json(", col, ")")
			return
		}
		w.add("CASE WHEN ", col, " IS NULL THEN ")
		w.nullMark()
		w.add(" ELSE json(", col, ") END")
		return
	}
	if w.pg {
		col = "(" + col + "::json)"
	}
	w.selected(f.Sub, f.Type, source{stored: col, path: "$"}, must)
}

// orMark writes a PostgreSQL value of type json.
func (w *writer) orMark(value string, must bool) {
	if !must {
		w.add(value)
		return
	}
	w.add("coalesce(", value, ", to_json(")
	w.nullMark()
	w.add("))")
}

// expr is the stored value as JSON.
func (w *writer) expr(from source) string {
	if w.pg || from.path == "$" {
		return from.stored
	}
	return from.stored + " -> '" + from.path + "'"
}

// absent is the condition that the stored value is null or missing.
func (w *writer) absent(from source) string {
	switch {
	case w.pg: // a JSON null is no SQL null
		return "coalesce(json_typeof(" + from.stored + "), 'null') = 'null'"
	case from.path == "$":
		return from.stored + " IS NULL"
	}
	return "(" + from.stored + " ->> '" + from.path + "') IS NULL"
}

// selected writes the selection of a stored object, or of a list of them.
func (w *writer) selected(sub *plan.Object, t *ast.Type, from source, must bool) {
	w.add("CASE WHEN ", w.absent(from), " THEN ")
	switch {
	case !must:
		w.add("NULL")
	case w.pg:
		w.add("to_json(")
		w.nullMark()
		w.add(")")
	default:
		w.nullMark()
	}
	w.add(" ELSE ")
	if t.Elem == nil {
		w.object(sub, from)
	} else {
		w.elements(sub, t.Elem, from)
	}
	w.add(" END")
}

// elements writes a stored list, element by element.
func (w *writer) elements(sub *plan.Object, t *ast.Type, from source) {
	w.each++
	e := "e" + strconv.Itoa(w.each)
	if w.pg {
		w.add("(SELECT coalesce(json_agg(")
		w.selected(sub, t, source{stored: e + ".value"}, false)
		w.add("), '[]'::json) FROM json_array_elements(", from.stored, ") AS ", e, "(value))")
		return
	}
	// A value loses its JSON type on the way out of a subquery; json() gives it
	// back.
	w.add("json((SELECT json_group_array(")
	w.selected(sub, t, source{stored: e + ".value", path: "$"}, false)
	w.add(") FROM json_each(", from.stored)
	if from.path != "$" {
		w.add(", '", from.path, "'")
	}
	w.add(") AS ", e, "))")
}

// member writes a member of a stored object.
func (w *writer) member(f *plan.Output, from source) {
	must := f.Type.NonNull
	inner := source{stored: from.stored, path: from.path + "." + f.Name}
	key(f.Name) // checks the name
	if w.pg {
		inner = source{stored: "(" + from.stored + " -> " + key(f.Name) + ")"}
	}
	if f.Sub != nil {
		w.selected(f.Sub, f.Type, inner, must)
		return
	}
	if !must {
		w.add(w.expr(inner))
		return
	}
	w.add("CASE WHEN ", w.absent(inner), " THEN ")
	if w.pg {
		w.add("to_json(")
		w.nullMark()
		w.add(")")
	} else {
		w.nullMark()
	}
	w.add(" ELSE ", w.expr(inner), " END")
}
