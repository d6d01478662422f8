package exec_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/scalar"
)

func TestOneStatementPerRootField(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.seedTodos(5)
		w.seedEvents()
		w.takeTraced()
		tests := []struct {
			query string
			want  int
		}{
			{`{ getTodo(id: "a") { id address { geo { lat } } places { street } } }`, 1},
			{`{ listTodos(filter: {title: {eq: "t"}}) { items { id places { near { lat } } } nextToken } }`, 1},
			{`{ a: listTodos(limit: 1) { items { id } nextToken } b: getTodo(id: "a") { id } c: listEvents(org: "o1") { items { text } nextToken } d: __typename
				e: eventsByKind(kind: "k1", limit: 2) { items { text } nextToken } f: __schema { queryType { name } } }`, 4},
			{`{ getClosed(id: "a") { id } }`, 0},
			{`mutation { createTodo(input: {id: "a", title: "x"}, condition: {title: {eq: "x"}}) { id } }`, 0}, // cannot hold
		}
		for _, tt := range tests {
			w.do(tt.query, ``)
			if n := len(w.takeTraced()); n != tt.want {
				w.t.Errorf("%s: %d statements, want %d", tt.query, n, tt.want)
			}
		}
	})
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		l := limits
		l.Time = time.Nanosecond
		e, err := exec.New(exec.Config{API: w.api, ID: "api1", Dialect: w.db.Dialect(), Sealer: w.sealer, Limits: l})
		must(w.t, err)
		got := w.doWith(e, `{ getTodo(id: "a") { id } }`, ``)
		if want := `{"data":{"getTodo":null},"errors":[{"path":["getTodo"],"data":null,"errorType":"QueryLimit","errorInfo":null,` +
			`"locations":[{"line":1,"column":3,"sourceName":null}],"message":"The request took longer than 1ns (limit: execution time)."}]}`; got != want {
			w.t.Errorf("got %s", got)
		}
	})
}

func TestCancelledRequest(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		ctx, cancel := context.WithCancel(w.t.Context())
		cancel()
		out, res := w.exec.Execute(ctx, w.db, &exec.Request{Query: `{ getTodo(id: "a") { id } }`, Caller: caller}, nil)
		if res.Errors != 1 || !strings.Contains(string(out), "the request was cancelled") {
			w.t.Errorf("%d errors: %s", res.Errors, out)
		}
	})
}

// TestMissingTable breaks the database under an API.
func TestMissingTable(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		must(w.t, w.db.Tx(w.t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`DROP TABLE env."` + w.api.Models["Todo"].Table + `"`)
			return err
		}))
		for _, q := range []string{`{ f: getTodo(id: "a") { id } }`, `{ f: listTodos { items { id } } }`, `mutation { f: createTodo(input: {title: "x"}) { id } }`} {
			got := w.do(q, ``)
			if !strings.Contains(got, `"data":{"f":null}`) || !strings.Contains(got, `"message":"internal error"`) {
				w.t.Errorf("%s: %s", q, got)
			}
		}
	})
}

// brokenSealer panics, as a defect would.
type brokenSealer struct{}

func (brokenSealer) SealToken(string, []byte, time.Time) string { panic("broken") }

func (brokenSealer) OpenToken(string, string, time.Time) ([]byte, error) {
	return nil, errors.New("broken")
}

func TestPanicIsOneFieldsFault(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.seedTodos(2)
		e, err := exec.New(exec.Config{API: w.api, ID: "api1", Dialect: w.db.Dialect(), Sealer: brokenSealer{}, Limits: limits})
		must(w.t, err)
		got := w.doWith(e, `{ a: listTodos(limit: 1) { nextToken } b: getTodo(id: "a") { id } c: listTodos(limit: 1) { nextToken } }`, ``)
		if !strings.HasPrefix(got, `{"data":{"a":null,"b":{"id":"a"},"c":null},"errors":[`) || strings.Count(got, "internal error") != 2 {
			w.t.Error(got)
		}
	})
}

// TestValuesThatCannotBeStored are refused in the same way on both stores.
func TestValuesThatCannotBeStored(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		for name, input := range map[string]string{
			"zero in a text":        `{"title":"a\u0000b"}`,
			"zero in a list":        `{"title":"","tags":["\u0000"]}`,
			"zero in an object":     `{"title":"","address":{"street":"\u0000"}}`,
			"zero in a key":         `{"id":"\u0000","title":""}`,
			"int out of range":      `{"title":"","n":2147483648}`,
			"timestamp of a text":   `{"title":"","at":"1"}`,
			"float without end":     `{"title":"","f":1e999}`,
			"JSON that is none":     `{"title":"","doc":"{"}`,
			"unknown enum value":    `{"title":"","status":"NO"}`,
			"object without member": `{"title":"","address":{}}`,
		} {
			got := w.do(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, `{"i":`+input+`}`)
			if !strings.HasPrefix(got, `{"data":null,"errors":[`) || strings.Contains(got, "internal") {
				w.t.Errorf("%s: %s", name, got)
			}
		}
		long := strings.Repeat("x", 3000)
		got := w.do(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, `{"i":{"id":"`+long+`","title":""}}`)
		if !strings.Contains(got, `"errorType":"DynamoDB:DynamoDbException"`) {
			w.t.Errorf("a key that is too long: %.300s", got)
		}
		w.want(`query($id: ID!) { getTodo(id: $id) { id } }`, `{"id":"`+long+`"}`, `{"data":{"getTodo":null}}`)
		// The largest keys fit into the indexes of both stores.
		key := scalar.Text(strings.Repeat("y", 2000))
		w.want(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { title } }`, `{"i":{"id":`+string(key.AppendJSON(nil))+`,"title":"t"}}`,
			`{"data":{"createTodo":{"title":"t"}}}`)
	})
}

func TestLimitOfOperators(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		filter := func(n int) string {
			return `{"f":{"or":[` + strings.TrimSuffix(strings.Repeat(`{"title":{"eq":"a"}},`, n), ",") + `]}}`
		}
		const query = `query($f: ModelTodoFilterInput) { listTodos(filter: $f) { items { id } } }`
		w.want(query, filter(300), `{"data":{"listTodos":{"items":[]}}}`)
		if got := w.do(query, filter(301)); !strings.Contains(got, `"errorType":"QueryLimit"`) {
			w.t.Errorf("301 operators: %s", got)
		}
		deep := strings.Repeat(`{"not":`, 60) + `{"title":{"eq":"a"}}` + strings.Repeat(`}`, 60)
		w.want(query, `{"f":`+deep+`}`, `{"data":{"listTodos":{"items":[]}}}`)
		deep = strings.Repeat(`{"and":[{"or":[`, 14) + `{"title":{"eq":"a"}},{"n":{"eq":1}}` + strings.Repeat(`]},{"n":{"gt":1}}]}`, 14)
		w.want(query, `{"f":`+deep+`}`, `{"data":{"listTodos":{"items":[]}}}`)
	})
}

// TestNestingOfLiterals guards against values that the store reads no more: JSON
// that nests deeper than 1000 levels.
func TestNestingOfLiterals(t *testing.T) {
	t.Parallel()
	const sdl = `type Node { v: Int kids: Node }
type Tree @model @auth(rules: [{allow: public}]) { id: ID! n: Node }`
	each(t, sdl, func(w *world) {
		create := func(n int) string {
			return w.do(`mutation { createTree(input: {n: `+strings.Repeat(`{v: 1, kids: `, n)+`{v: 1}`+strings.Repeat(`}`, n)+`}) { n { v } } }`, ``)
		}
		const want = `{"data":{"createTree":{"n":{"v":1}}}}`
		if got := create(62); got != want {
			w.t.Error(got)
		}
		for _, n := range []int{63, 900, 1200} {
			if got := create(n); !strings.Contains(got, `"errorType":"QueryLimit"`) {
				w.t.Errorf("%d levels: %.300s", n, got)
			}
		}
		w.want(`{ listTrees { items { n { v } } } }`, ``, `{"data":{"listTrees":{"items":[{"n":{"v":1}}]}}}`)
	})
}

// TestKeysTooLongTogether updates an indexed field beside a long key, which the
// statement itself does not write.
func TestKeysTooLongTogether(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		id, name := noise(2000), noise(2000)
		const create = `mutation($i: CreateDeviceInput!) { createDevice(input: $i) { serial } }`
		w.want(create, `{"i":{"serial":"`+id+`"}}`, `{"data":{"createDevice":{"serial":"`+id+`"}}}`)
		got := w.do(`mutation($i: UpdateDeviceInput!) { updateDevice(input: $i) { name } }`, `{"i":{"serial":"`+id+`","name":"`+name+`"}}`)
		if w.db.Dialect() == db.SQLite { // has no such bound
			if got != `{"data":{"updateDevice":{"name":"`+name+`"}}}` {
				w.t.Errorf("%.300s", got)
			}
			return
		}
		if !strings.Contains(got, `"errorType":"DynamoDB:DynamoDbException"`) || !strings.Contains(got, "the key values together exceed the size limit of 2600 bytes") {
			w.t.Errorf("%.300s", got)
		}
	})
}

// noise is n letters that do not compress.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[r.IntN(64)]
	}
	return string(b)
}
