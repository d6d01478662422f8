package exec_test

import (
	"fmt"
	"testing"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/scalar"
)

const (
	benchGet    = `query GetTodo($id: ID!) { getTodo(id: $id) { id title note n f done status createdAt updatedAt } }`
	benchList   = `query List($f: ModelTodoFilterInput, $l: Int, $t: String) { listTodos(filter: $f, limit: $l, nextToken: $t) { items { id title note n f done status createdAt updatedAt } nextToken } }`
	benchCreate = `mutation Create($input: CreateTodoInput!, $condition: ModelTodoConditionInput) { createTodo(input: $input, condition: $condition) { id title note n f done status createdAt updatedAt } }`
)

// benchWorld is an executor on SQLite with 1,000 rows.
func benchWorld(b *testing.B) *world {
	b.Helper()
	set := dbtest.Open(b, db.Config{Dir: b.TempDir(), Control: lines.Control, Env: lines.Env, Relaxed: true})
	w := open(b, set, testSchema)
	for i := range 1000 {
		w.do(benchCreate, fmt.Sprintf(`{"input":{"id":"%08d-0000-4000-8000-000000000000","title":"Title number %d","note":"some words that say little","n":%d,"f":%d.5,"done":true,"status":"OPEN"}}`, i*7919%100000, i, i, i))
	}
	w.takeTraced()
	return w
}

func values(b *testing.B, text string) scalar.Value {
	v, err := scalar.Decode(text, 64)
	must(b, err)
	return v
}

var benchReads = []struct{ name, query, variables string }{
	{"get", benchGet, `{"id":"00007919-0000-4000-8000-000000000000"}`},
	{"list20", benchList, `{"l":20}`},
	{"list20filtered", benchList, `{"l":20,"f":{"n":{"ge":0},"or":[{"title":{"beginsWith":"Title"}},{"status":{"eq":"LATE"}}]}}`},
}

// BenchmarkExecute measures requests with a cached plan against their SQL alone.
func BenchmarkExecute(b *testing.B) {
	w := benchWorld(b)
	for _, bb := range benchReads {
		r := exec.Request{Query: bb.query, Variables: values(b, bb.variables), Caller: caller}
		w.exec.Execute(b.Context(), w.db, &r, nil)
		traced := w.takeTraced()[0]
		e := w.untraced(b)
		b.Run(bb.name+"/graphql", func(b *testing.B) {
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				r.Variables = values(b, bb.variables)
				out, _ = e.Execute(b.Context(), w.db, &r, out[:0])
			}
			b.SetBytes(int64(len(out)))
		})
		b.Run(bb.name+"/sql", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.db.Text(b.Context(), traced.sql, traced.params...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRelations measures a list of 20 with 5 items below each.
func BenchmarkRelations(b *testing.B) {
	set := dbtest.Open(b, db.Config{Dir: b.TempDir(), Control: lines.Control, Env: lines.Env, Relaxed: true})
	w := open(b, set, graphSchema)
	for i := range 200 {
		w.do(fmt.Sprintf(`mutation { createAnt(input: {id: "a%03d", n: %d}) { id } }`, i, i), ``)
		for j := range 5 {
			w.do(fmt.Sprintf(`mutation { createBee(input: {id: "b%03d-%d", n: %d, antBsId: "a%03d"}) { id } }`, i, j, j, i), ``)
		}
	}
	w.takeTraced()
	for _, bb := range []struct{ name, query string }{
		{"plain", `{ listAnts(limit: 20) { items { id n createdAt bs { items { id n createdAt } } } nextToken } }`},
		{"tokens", `{ listAnts(limit: 20) { items { id n createdAt bs(limit: 4) { items { id n createdAt } nextToken } } nextToken } }`},
	} {
		r := exec.Request{Query: bb.query, Caller: caller}
		w.exec.Execute(b.Context(), w.db, &r, nil)
		traced := w.takeTraced()[0]
		e := w.untraced(b)
		b.Run(bb.name+"/graphql", func(b *testing.B) {
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				out, _ = e.Execute(b.Context(), w.db, &r, out[:0])
			}
			b.SetBytes(int64(len(out)))
		})
		b.Run(bb.name+"/sql", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.db.Text(b.Context(), traced.sql, traced.params...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRules measures a list of 20 whose rows and fields depend on the caller.
func BenchmarkRules(b *testing.B) {
	set := dbtest.Open(b, db.Config{Dir: b.TempDir(), Control: lines.Control, Env: lines.Env, Relaxed: true})
	w := openWith(b, set, ownedSchema, authOptions)
	for i := range 200 {
		w.by(alice, fmt.Sprintf(`mutation { createNote(input: {id: "n%03d", title: "t", secret: "s"}) { id } }`, i), ``)
	}
	w.takeTraced()
	e := w.untraced(b)
	for _, bb := range []struct {
		name   string
		caller authn.Caller
		query  string
	}{
		{"owner", alice, `{ listNotes(limit: 20) { items { id title owner secret } nextToken } }`},
		{"everything", root, `{ listNotes(limit: 20) { items { id title owner secret } nextToken } }`},
		{"plain", root, `{ listNotes(limit: 20) { items { id title teams } nextToken } }`},
		{"hidden", user("carl", "Admins"), `{ listNotes(limit: 20) { items { id title owner secret } nextToken } }`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			r := exec.Request{Query: bb.query, Caller: bb.caller}
			var out []byte
			for b.Loop() {
				out, _ = e.Execute(b.Context(), w.db, &r, out[:0])
			}
			b.SetBytes(int64(len(out)))
		})
	}
}

func (w *world) untraced(b *testing.B) *exec.Executor {
	e, err := exec.New(exec.Config{API: w.api, ID: "api1", Dialect: w.db.Dialect(), Sealer: w.sealer, Limits: limits})
	must(b, err)
	return e
}

// BenchmarkPlan measures what a request costs that was not seen before.
func BenchmarkPlan(b *testing.B) {
	w := benchWorld(b)
	e := w.untraced(b)
	for _, bb := range benchReads {
		r := exec.Request{Query: bb.query, Variables: values(b, bb.variables), Caller: caller}
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			var out []byte
			for b.Loop() {
				n++
				r.Query = fmt.Sprintf("%s #%d", bb.query, n)
				out, _ = e.Execute(b.Context(), w.db, &r, out[:0])
			}
		})
	}
}

// BenchmarkCreate measures writes with one and with many callers.
func BenchmarkCreate(b *testing.B) {
	w := benchWorld(b)
	e := w.untraced(b)
	variables := `{"input":{"title":"Title","note":"some words that say little","n":1,"f":0.5,"done":true,"status":"OPEN"}}`
	b.Run("graphql", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			r := exec.Request{Query: benchCreate, Variables: values(b, variables), Caller: caller}
			out, _ = e.Execute(b.Context(), w.db, &r, out[:0])
		}
	})
	r := exec.Request{Query: benchCreate, Variables: values(b, variables), Caller: caller}
	w.exec.Execute(b.Context(), w.db, &r, nil)
	traced := w.takeTraced()[0]
	id := 0
	for i, p := range traced.params {
		if s, ok := p.(string); ok && uuidForm.MatchString(s) {
			id = i
		}
	}
	b.Run("sql", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			n++
			traced.params[id] = fmt.Sprintf("%d-%d", n, b.N)
			var text []byte
			must(b, w.db.Tx(b.Context(), func(tx *db.Tx) error { return tx.Row(traced.sql, traced.params...).Scan(&text) }))
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			var out []byte
			for pb.Next() {
				r := exec.Request{Query: benchCreate, Variables: values(b, variables), Caller: caller}
				out, _ = e.Execute(b.Context(), w.db, &r, out[:0])
			}
		})
	})
}
