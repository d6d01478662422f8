package sqlgen

import (
	"strconv"
	"strings"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/transform"
)

// Dialect is the SQL that is written.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = 1 + iota
	Postgres
)

// String is the name of the dialect.
func (d Dialect) String() string {
	if d == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// writer writes one statement.
type writer struct {
	strings.Builder
	pg bool
	// root is the whole statement, st the part of it that is being written.
	root, st *plan.Statement
	// alias names the rows of st, outer is the prefix of the row around it.
	alias, outer string
	// each numbers the lists that are taken apart.
	each int
	// noted are the parameters that were written, by number.
	noted []bool
}

// Generate is the SQL of a statement. Parameters are numbered as the statement
// numbers them, and all of its parameters are in the SQL. The answer of the
// statement is one text, or no row.
func Generate(d Dialect, s *plan.Statement) string {
	w := &writer{pg: d == Postgres, root: s, st: s, alias: "t"}
	switch s.Kind {
	case plan.SelectOne:
		w.one(w.text)
		w.lock()
	case plan.SelectPage:
		w.page(w.text)
	case plan.Insert:
		w.insert()
	case plan.Update:
		w.add("UPDATE ", table(s.Table), " SET ")
		for i := range s.Set {
			if i > 0 {
				w.add(", ")
			}
			w.add(name(s.Set[i].Column.Name), " = ")
			w.assigned(&s.Set[i])
		}
		w.where(s.Where, "")
		w.returning()
	case plan.Delete:
		w.add("DELETE FROM ", table(s.Table))
		w.where(s.Where, "")
		w.returning()
	case plan.Probe:
		w.probe()
		w.lock()
	default:
		panic("sqlgen: statement without a kind")
	}
	return w.unused() + w.String()
}

// lock keeps the row from changing; SQLite has one writer.
func (w *writer) lock() {
	if w.root.Lock && w.pg {
		w.add(" FOR UPDATE OF t")
	}
}

func (w *writer) add(parts ...string) {
	for _, p := range parts {
		w.WriteString(p)
	}
}

// param writes a parameter.
func (w *writer) param(p plan.Param) {
	if p <= 0 {
		panic("sqlgen: parameter without a number")
	}
	w.note(p)
	w.add("$", strconv.Itoa(int(p)))
}

// textParam writes a parameter that nothing else tells PostgreSQL is a text.
func (w *writer) textParam(p plan.Param) {
	w.param(p)
	if w.pg {
		w.add("::text")
	}
}

// text makes sure that the answer is a text.
func (w *writer) text(value func()) {
	if !w.pg {
		value()
		return
	}
	w.add("(")
	value()
	w.add(")::text")
}

// table writes a table of the environment; db turns the qualifier into what the
// store needs.
func table(s string) string { return "env." + name(s) }

// name quotes a physical name.
func name(s string) string {
	if !physical(s) {
		panic("sqlgen: not a physical name: " + strconv.Quote(s))
	}
	return `"` + s + `"`
}

func physical(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// key writes a GraphQL name as an SQL text.
func key(s string) string {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			panic("sqlgen: not a GraphQL name: " + strconv.Quote(s))
		}
	}
	return "'" + s + "'"
}

func (w *writer) insert() {
	s := w.st
	w.add("INSERT INTO ", table(s.Table), " (")
	for i := range s.Set {
		if i > 0 {
			w.add(", ")
		}
		w.add(name(s.Set[i].Column.Name))
	}
	w.add(") VALUES (")
	for i := range s.Set {
		if i > 0 {
			w.add(", ")
		}
		w.param(s.Set[i].Value)
	}
	w.add(") ON CONFLICT DO NOTHING")
	w.returning()
}

// one writes a statement for one row.
func (w *writer) one(cast func(func())) {
	s := w.st
	prefix := w.alias + "."
	w.add("SELECT ")
	cast(func() { w.visible(prefix) })
	w.add(" FROM ", table(s.Table), " AS ", w.alias)
	w.where(s.Where, prefix)
	if len(s.Order) > 0 {
		w.order(s, prefix)
		w.add(" LIMIT 1")
	}
}

func (w *writer) returning() {
	if w.st.Out == nil { // another statement answers
		w.add(" RETURNING '1'")
		return
	}
	w.add(" RETURNING ")
	w.text(func() { w.object(w.st.Out, row("")) })
}

// assigned writes the value of a column.
func (w *writer) assigned(a *plan.Assign) {
	if len(a.Joined) == 0 {
		w.param(a.Value)
		return
	}
	for i, p := range a.Joined {
		if i > 0 {
			w.add(" || '#' || ")
		}
		if p.Value != 0 {
			w.textParam(p.Value)
			continue
		}
		w.part(p.Column, "")
	}
}

// part writes a stored value as a part of a joined sort key: the text that
// scalar.Value.KeyPart makes of the same value.
func (w *writer) part(c plan.Column, prefix string) {
	col := prefix + name(c.Name)
	switch {
	case c.Storage == transform.Text:
		w.add(col)
	case c.Storage == transform.Boolean && !w.pg:
		w.add("CASE ", col, " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END")
	case c.Storage == transform.Real && !w.pg: // without ".0"
		w.add("CASE WHEN ", col, " = CAST(", col, " AS integer) THEN CAST(CAST(", col, " AS integer) AS text) ELSE CAST(", col, " AS text) END")
	default:
		w.add("CAST(", col, " AS text)")
	}
}
