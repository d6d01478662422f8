package exec_test

import (
	"strings"
	"testing"
	"time"

	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"

	"preamp/internal/db"
)

func (w *world) seedTodos(n int) {
	w.t.Helper()
	for i := range n {
		w.do(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, `{"i":{"id":"`+string(rune('a'+i))+`","title":"t","n":`+itoa(i)+`}}`)
	}
}

func TestNextTokenIsBound(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.seedTodos(4)
		w.seedEvents()
		token, _ := path(w.t, w.do(`{ listTodos(limit: 2) { nextToken } }`, ``), "data", "listTodos", "nextToken").(string)
		if token == "" {
			w.t.Fatal("no nextToken")
		}
		if strings.Contains(token, "b") && strings.HasPrefix(token, `["`) {
			w.t.Errorf("the token shows its key: %s", token)
		}
		vars := `{"t":"` + token + `"}`
		// Another page size is no other query.
		w.want(`query($t: String) { listTodos(limit: 1, nextToken: $t) { items { id } } }`, vars, `{"data":{"listTodos":{"items":[{"id":"c"}]}}}`)

		const bad = `"errorType":"InvalidArgumentsError","errorInfo":null`
		refused := func(name, query, vars string) {
			w.t.Helper()
			got := w.do(query, vars)
			if !strings.Contains(got, bad) || !strings.Contains(got, "Invalid nextToken") || !strings.Contains(got, `"data":{"p":null,"ok":{"id":"a"}}`) {
				w.t.Errorf("%s: %s", name, got)
			}
		}
		const ok = ` ok: getTodo(id: "a") { id } }`
		refused("other filter", `query($t: String) { p: listTodos(filter: {n: {gt: 0}}, nextToken: $t) { items { id } }`+ok, vars)
		refused("other field", `query($t: String) { p: listEvents(nextToken: $t) { items { text } }`+ok, vars)
		refused("altered", `query($t: String) { p: listTodos(nextToken: $t) { items { id } }`+ok, `{"t":"`+token[:len(token)-4]+`AAAA"}`)
		refused("no token at all", `query($t: String) { p: listTodos(nextToken: $t) { items { id } }`+ok, `{"t":"x"}`)
		refused("empty", `query($t: String) { p: listTodos(nextToken: $t) { items { id } }`+ok, `{"t":""}`)
		refused("a key in clear", `query($t: String) { p: listTodos(nextToken: $t) { items { id } }`+ok, `{"t":"[\"b\"]"}`)

		event, _ := path(w.t, w.do(`{ listEvents(org: "o1", limit: 2) { nextToken } }`, ``), "data", "listEvents", "nextToken").(string)
		refused("other direction", `query($t: String) { p: listEvents(org: "o1", sortDirection: DESC, nextToken: $t) { items { text } }`+ok, `{"t":"`+event+`"}`)
		refused("other partition", `query($t: String) { p: listEvents(org: "o2", nextToken: $t) { items { text } }`+ok, `{"t":"`+event+`"}`)

		other := w.executor("api2")
		if got := w.doWith(other, `query($t: String) { listTodos(nextToken: $t) { items { id } } }`, vars); !strings.Contains(got, "Invalid nextToken") {
			w.t.Errorf("a token of another API: %s", got)
		}
	})
}

func TestPagesSurviveChanges(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.seedTodos(4)
		const query = `query($t: String) { listTodos(limit: 2, nextToken: $t) { items { id } nextToken } }`
		token, _ := path(w.t, w.do(query, ``), "data", "listTodos", "nextToken").(string)
		// The row where the next page begins goes away, another one comes.
		w.do(`mutation { deleteTodo(input: {id: "c"}) { id } createTodo(input: {id: "bb", title: "x"}) { id } }`, ``)
		w.want(query, `{"t":"`+token+`"}`, `{"data":{"listTodos":{"items":[{"id":"d"}],"nextToken":null}}}`)
	})
}

func TestPageSizes(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.seedTodos(5)
		for _, filter := range []string{``, `filter: {title: {eq: "t"}}, `} {
			for limit := 1; limit <= 6; limit++ {
				got := w.do(`{ listTodos(`+filter+`limit: `+itoa(limit)+`) { items { id } nextToken } }`, ``)
				items, _ := path(w.t, got, "data", "listTodos", "items").([]any)
				more := path(w.t, got, "data", "listTodos", "nextToken") != nil
				if len(items) != min(limit, 5) || more != (limit < 5) {
					w.t.Errorf("limit %d: %d items, more %v", limit, len(items), more)
				}
			}
		}
		got := w.do(`{ listTodos(limit: 100000) { items { id } } }`, ``)
		if items, _ := path(w.t, got, "data", "listTodos", "items").([]any); len(items) != 5 {
			w.t.Errorf("a limit over the largest one: %s", got)
		}
	})
}

// TestNullsInNonNullFields reads rows that are older than a required field.
func TestNullsInNonNullFields(t *testing.T) {
	t.Parallel()
	const before = `
		type Sub { a: Int }
		type Row @model @auth(rules: [{allow: public}]) { id: ID! old: String sub: Sub subs: [Sub] }`
	const after = `
		type Sub { a: Int b: Int! inner: Sub }
		type Row @model @auth(rules: [{allow: public}]) {
			id: ID! old: String sub: Sub subs: [Sub] must: [Sub!]! s: String! n: Int! f: Float! t: Boolean! l: [String]! o: Sub! }`
	each(t, before, func(w *world) {
		w.do(`mutation { createRow(input: {id: "r", old: "x", sub: {a: 1}, subs: [{a: 1}, null]}) { id } }`, ``)
		live := w.api.Layout
		w.use(after)
		_, changes, err := transform.Merge(live, w.api.Layout)
		must(w.t, err)
		must(w.t, w.db.Tx(w.t.Context(), func(tx *db.Tx) error {
			for _, c := range changes {
				for _, s := range sqlgen.DDL(dialect(w.db), c) {
					if _, err := tx.Exec(s); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		for _, f := range []struct{ field, typ, sub string }{
			{"s", "String", ""}, {"n", "Int", ""}, {"f", "Float", ""}, {"t", "Boolean", ""}, {"l", "[String]", ""}, {"o", "Sub", "{ a }"}, {"must", "[Sub!]", "{ a }"},
		} {
			w.want(`{ getRow(id: "r") { id x: `+f.field+` `+f.sub+` } }`, ``,
				`{"data":{"getRow":null},"errors":[{"path":["getRow","x"],"locations":null,"message":"Cannot return null for non-nullable type: '`+
					f.typ+`' within parent 'Row' (/getRow/x)"}]}`)
		}
		w.want(`{ getRow(id: "r") { sub { a b } subs { a b } old } }`, ``,
			`{"data":{"getRow":{"sub":null,"subs":[null,null],"old":"x"}},"errors":[`+
				`{"path":["getRow","sub","b"],"locations":null,"message":"Cannot return null for non-nullable type: 'Int' within parent 'Sub' (/getRow/sub/b)"},`+
				`{"path":["getRow","subs",0,"b"],"locations":null,"message":"Cannot return null for non-nullable type: 'Int' within parent 'Sub' (/getRow/subs[0]/b)"}]}`)
		w.want(`{ getRow(id: "r") { old sub { a inner { a } } } }`, ``, `{"data":{"getRow":{"old":"x","sub":{"a":1,"inner":null}}}}`)
		w.want(`mutation { updateRow(input: {id: "r", s: "s", n: 0, f: 0, t: false, l: [], o: {b: 1}, must: []}) { s n f t l o { a b } must { b } } }`, ``,
			`{"data":{"updateRow":{"s":"s","n":0,"f":`+w.float("0")+`,"t":false,"l":[],"o":{"a":null,"b":1},"must":[]}}}`)
	})
}

// float is how a store writes a whole number of type Float.
func (w *world) float(s string) string {
	if w.db.Dialect() == db.SQLite {
		return s + ".0"
	}
	return s
}

// TestMarksCannotBeForged stores texts that look like marks.
func TestMarksCannotBeForged(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		for i, text := range []string{"mAAAAAAAAAAAAAAAAAAAAAAAAAAN", "N", "K[]", `"K`, `\\`, "\\\"N"} {
			id := itoa(i)
			w.do(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, `{"i":{"id":"`+id+`","title":`+asJSON(text)+`}}`)
			w.want(`{ getTodo(id: "`+id+`") { title } }`, ``, `{"data":{"getTodo":{"title":`+asJSON(text)+`}}}`)
		}
		// The keys of a token hold whatever is stored.
		w.do(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, `{"i":{"id":"\"\\é😀\n","title":"t"}}`)
		ids := w.collect(w.t, `query($l: Int, $t: String) { listTodos(limit: $l, nextToken: $t) { items { id } nextToken } }`, "listTodos", "id", map[string]any{"l": 1})
		if len(ids) != 7 || ids[0] != "\"\\é😀\n" {
			w.t.Errorf("ids: %q", ids)
		}
	})
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.seedTodos(3)
		now := time.Now()
		e, err := exec.New(exec.Config{
			API: w.api, ID: "api1", Dialect: w.db.Dialect(), Sealer: w.sealer, Limits: limits, Now: func() time.Time { return now },
		})
		must(w.t, err)
		token, _ := path(w.t, w.doWith(e, `{ listTodos(limit: 1) { nextToken } }`, ``), "data", "listTodos", "nextToken").(string)
		now = now.Add(8 * 24 * time.Hour)
		got := w.doWith(e, `query($t: String) { listTodos(nextToken: $t) { items { id } } }`, `{"t":"`+token+`"}`)
		if !strings.Contains(got, "Invalid nextToken") {
			w.t.Error(got)
		}
	})
}

func FuzzNextToken(f *testing.F) {
	w := fuzzWorld(f)
	token, _ := path(f, w.do(`{ listTodos(limit: 1) { nextToken } }`, ``), "data", "listTodos", "nextToken").(string)
	f.Add(token)
	f.Add("")
	f.Add("!!")
	f.Fuzz(func(t *testing.T, s string) {
		r := exec.Request{Query: `query($t: String) { listTodos(nextToken: $t) { items { id } } }`, Caller: caller}
		r.Variables = scalar.Value{Kind: scalar.Object, Keys: []string{"t"}, List: []scalar.Value{scalar.Text(s)}}
		out, _ := w.exec.Execute(t.Context(), w.db, &r, nil)
		if databaseText.Match(out) {
			t.Fatalf("%q: %s", s, out)
		}
		if s != token && !strings.Contains(string(out), `"errors"`) {
			t.Fatalf("a forged token was taken: %q: %s", s, out)
		}
	})
}
