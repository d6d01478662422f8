package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"preamp/internal/graphql/exec"
)

const sizeError = "The response is larger than 50000 bytes (limit: response size)."

// TestAnswerLimit asks for more than an answer may hold, in several fields and
// under several aliases of one field.
func TestAnswerLimit(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		l := limits
		l.Answer = 50_000
		small, err := exec.New(exec.Config{API: w.api, ID: "api1", Dialect: w.db.Dialect(), Sealer: w.sealer, Limits: l})
		must(w.t, err)
		note := strings.Repeat("x", 20_000)
		w.do(`mutation($n: String) { createTodo(input: {id: "a", title: "t", note: $n}) { id } }`, `{"n":"`+note+`"}`)

		one := `{"note":"` + note + `"}`
		if got := w.doWith(small, `{ a: getTodo(id: "a") { note } b: getTodo(id: "a") { note } c: __typename }`, ``); got !=
			`{"data":{"a":`+one+`,"b":`+one+`,"c":"Query"}}` {
			w.t.Errorf("an answer that fits: %.200s", got)
		}
		got := w.doWith(small, `{ getTodo(id: "a") { a: note b: note c: note } }`, ``)
		if !strings.HasPrefix(got, `{"data":{"getTodo":null},"errors":[{"path":["getTodo"],"data":null,"errorType":"QueryLimit"`) || !strings.Contains(got, sizeError) {
			w.t.Errorf("one field: %.300s", got)
		}
		var query strings.Builder
		for i := range 40 {
			fmt.Fprintf(&query, "f%d: getTodo(id: \"a\") { note } ", i)
		}
		w.takeTraced()
		got = w.doWith(small, "{"+query.String()+"}", ``)
		if strings.Count(got, one) != 2 || strings.Count(got, sizeError) != 38 || len(got) > 60_000 {
			w.t.Errorf("40 fields: %d bytes, %d values, %d errors", len(got), strings.Count(got, one), strings.Count(got, sizeError))
		}
		got = w.doWith(small, `mutation { a: updateTodo(input: {id: "a", n: 1}) { a: note b: note c: note } b: updateTodo(input: {id: "a", n: 2}) { id } }`, ``)
		if !strings.HasPrefix(got, `{"data":{"a":null,"b":null},"errors":[`) || strings.Count(got, sizeError) != 2 {
			w.t.Errorf("mutation: %.300s", got)
		}
		w.want(`{ getTodo(id: "a") { n } }`, ``, `{"data":{"getTodo":{"n":1}}}`) // the second one did not run
	})
}

// TestLargeStatement asks one statement for more than the database may answer.
func TestLargeStatement(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		note := strings.Repeat("x", 900_000)
		w.do(`mutation($n: String) { createTodo(input: {id: "a", title: "t", n: 0, note: $n}) { id } }`, `{"n":"`+note+`"}`)
		var fields strings.Builder
		for i := range 40 {
			fmt.Fprintf(&fields, "f%d: note ", i)
		}
		const message = `"errorType":"QueryLimit","errorInfo":null,"locations":[{"line":1,"column":`
		for name, query := range map[string]string{
			"get":    `{ f: getTodo(id: "a") { ` + fields.String() + `} }`,
			"list":   `{ f: listTodos { items { ` + fields.String() + `} } }`,
			"update": `mutation { f: updateTodo(input: {id: "a", n: 1}) { ` + fields.String() + `} }`,
		} {
			got := w.do(query, ``)
			if !strings.HasPrefix(got, `{"data":{"f":null},"errors":[`) || !strings.Contains(got, message) || !strings.Contains(got, "(limit: response size)") {
				w.t.Errorf("%s: %.300s", name, got)
			}
		}
		w.want(`{ getTodo(id: "a") { n } }`, ``, `{"data":{"getTodo":{"n":0}}}`) // nothing was written
	})
}
