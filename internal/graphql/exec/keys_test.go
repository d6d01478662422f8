package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"preamp/internal/db"
)

// seedEvents makes events whose joined keys are easy to get wrong.
func (w *world) seedEvents() []item {
	w.t.Helper()
	var out []item
	n := 0
	for _, org := range []string{"o1", "o2"} {
		for _, region := range []string{"eu", "eu#1", "us"} {
			for _, num := range []int{-1, 2, 10} {
				n++
				it := item{"org": org, "region": region, "num": num, "text": fmt.Sprintf("%s/%s/%d", org, region, num)}
				if n%4 != 0 {
					it["kind"] = []string{"k1", "k2"}[n%2]
					it["owner"] = "me"
					it["level"] = n % 3
				}
				if n%3 != 0 {
					it["at"] = fmt.Sprintf("2024-01-%02dT00:00:00Z", n/2+1)
				}
				if it["kind"] == nil {
					delete(it, "owner")
				}
				out = append(out, it)
				got := w.do(`mutation($i: CreateEventInput!) { createEvent(input: $i) { text } }`, `{"i":`+asJSON(it)+`}`)
				if strings.Contains(got, "errors") {
					w.t.Fatal(got)
				}
			}
		}
	}
	return out
}

func joined(it item) string { return fmt.Sprintf("%s#%d", it["region"], it["num"]) }

func TestCompositeKeys(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		items := w.seedEvents()
		w.want(`{ getEvent(org: "o1", region: "eu", num: 10) { text } }`, ``, `{"data":{"getEvent":{"text":"o1/eu/10"}}}`)
		w.want(`{ getEvent(org: "o1", region: "eu", num: 11) { text } }`, ``, `{"data":{"getEvent":null}}`)
		w.want(`mutation { updateEvent(input: {org: "o1", region: "eu", num: 10, text: "new"}) { text org region num } }`, ``,
			`{"data":{"updateEvent":{"text":"new","org":"o1","region":"eu","num":10}}}`)
		w.want(`mutation { updateEvent(input: {org: "o1", region: "eu", num: 10, text: "o1/eu/10"}) { text } }`, ``,
			`{"data":{"updateEvent":{"text":"o1/eu/10"}}}`)

		conditions := []struct {
			name, cond string
			holds      func(key string) bool
		}{
			{"eq", `{"eq":{"region":"eu","num":2}}`, func(k string) bool { return k == "eu#2" }},
			{"eq of a part", `{"eq":{"region":"eu"}}`, func(k string) bool { return k == "eu" }},
			{"begins with a part", `{"beginsWith":{"region":"eu"}}`, func(k string) bool { return strings.HasPrefix(k, "eu") }},
			{"begins with all parts", `{"beginsWith":{"region":"eu","num":1}}`, func(k string) bool { return strings.HasPrefix(k, "eu#1") }},
			{"between", `{"between":[{"region":"eu","num":-1},{"region":"eu","num":2}]}`, func(k string) bool { return k >= "eu#-1" && k <= "eu#2" }},
			{"ge", `{"ge":{"region":"eu#1"}}`, func(k string) bool { return k >= "eu#1" }},
			{"lt", `{"lt":{"region":"us"}}`, func(k string) bool { return k < "us" }},
			{"le", `{"le":{"region":"us","num":10}}`, func(k string) bool { return k <= "us#10" }},
			{"gt", `{"gt":{"region":"us","num":10}}`, func(k string) bool { return k > "us#10" }},
			{"none", `null`, func(string) bool { return true }},
		}
		const query = `query($c: ModelEventPrimaryCompositeKeyConditionInput, $d: ModelSortDirection, $l: Int, $t: String) {
			listEvents(org: "o2", regionNum: $c, sortDirection: $d, limit: $l, nextToken: $t) { items { text } nextToken } }`
		for _, tt := range conditions {
			for _, direction := range []string{"ASC", "DESC"} {
				var match []item
				for _, it := range items {
					if it["org"] == "o2" && tt.holds(joined(it)) {
						match = append(match, it)
					}
				}
				slices.SortFunc(match, func(a, b item) int { return strings.Compare(joined(a), joined(b)) })
				if direction == "DESC" {
					slices.Reverse(match)
				}
				var want []string
				for _, it := range match {
					want = append(want, it["text"].(string))
				}
				for _, limit := range []int{1, 2, 100} {
					vars := map[string]any{"c": raw(tt.cond), "d": direction, "l": limit}
					if got := w.collect(w.t, query, "listEvents", "text", vars); !slices.Equal(got, want) {
						w.t.Errorf("%s %s limit %d\n got %v\nwant %v", tt.name, direction, limit, got, want)
					}
				}
			}
		}
	})
}

type raw string

func (r raw) MarshalJSON() ([]byte, error) { return []byte(r), nil }

func TestIndexQueriesAgainstReference(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		items := w.seedEvents()
		const query = `query($k: String!, $c: ModelStringKeyConditionInput, $f: ModelEventFilterInput, $d: ModelSortDirection, $l: Int, $t: String) {
			eventsByKind(kind: $k, at: $c, filter: $f, sortDirection: $d, limit: $l, nextToken: $t) { items { text } nextToken } }`
		at := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("2024-01-%02d", rapid.IntRange(0, 11).Draw(t, "day")) })
		rapid.Check(w.t.(*testing.T), func(t *rapid.T) {
			kind := rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(t, "kind")
			op := rapid.SampledFrom([]string{"", "eq", "lt", "le", "gt", "ge", "between", "beginsWith"}).Draw(t, "op")
			desc := rapid.Bool().Draw(t, "desc")
			var cond map[string]any
			switch op {
			case "":
			case "between":
				cond = map[string]any{op: []any{at.Draw(t, "low"), at.Draw(t, "high")}}
			default:
				cond = map[string]any{op: at.Draw(t, "at")}
			}
			var filter map[string]any
			if rapid.Bool().Draw(t, "filtered") {
				filter = map[string]any{"level": map[string]any{"ge": rapid.IntRange(0, 2).Draw(t, "level")}}
			}
			var match []item
			for _, it := range items {
				if it["kind"] != kind || it["at"] == nil || !holds(it, filter) {
					continue
				}
				ok := true
				for o, v := range cond {
					ok = operator(it["at"], true, o, v)
				}
				if ok {
					match = append(match, it)
				}
			}
			slices.SortFunc(match, func(a, b item) int {
				for _, f := range []string{"at", "org", "region", "num"} { // ties: the primary key
					if c := order(a[f], b[f]); c != 0 {
						return c
					}
				}
				return 0
			})
			if desc {
				slices.Reverse(match)
			}
			var want []string
			for _, it := range match {
				want = append(want, it["text"].(string))
			}
			vars := map[string]any{"k": kind, "c": cond, "f": filter, "d": "ASC", "l": rapid.IntRange(1, 20).Draw(t, "limit")}
			if desc {
				vars["d"] = "DESC"
			}
			if got := w.collect(w.t, query, "eventsByKind", "text", vars); !slices.Equal(got, want) {
				t.Fatalf("%s\n got %v\nwant %v", asJSON(vars), got, want)
			}
		})
	})
}

func TestCompositeSortKeyOfIndex(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.do(`mutation { createEvent(input: {org: "o", region: "r", num: 1, owner: "me", kind: "k", level: 5, text: "t"}) { text } }`, ``)
		byOwner := func(cond, want string) {
			w.t.Helper()
			w.want(`query($c: ModelEventByOwnerCompositeKeyConditionInput) { eventsByOwner(owner: "me", kindLevel: $c) { items { text } } }`, `{"c":`+cond+`}`,
				`{"data":{"eventsByOwner":{"items":[`+want+`]}}}`)
		}
		byOwner(`{"eq":{"kind":"k","level":5}}`, `{"text":"t"}`)
		partial := func(name, doing, query, missing string) {
			w.t.Helper()
			w.want(query, ``, `{"data":{"`+name+`":null},"errors":[{"path":["`+name+`"],"data":null,"errorType":null,"errorInfo":null,`+
				`"locations":[{"line":1,"column":12,"sourceName":null}],"message":"When `+doing+` any part of the composite sort key for @index 'byOwner', `+
				`you must provide all fields for the key. Missing key: '`+missing+`'."}]}`)
		}
		partial("updateEvent", "updating", `mutation { updateEvent(input: {org: "o", region: "r", num: 1, level: 6}) { text } }`, "kind")
		partial("createEvent", "creating", `mutation { createEvent(input: {org: "o", region: "r", num: 2, kind: "k"}) { text } }`, "level")
		byOwner(`{"eq":{"kind":"k","level":5}}`, `{"text":"t"}`)

		w.do(`mutation { updateEvent(input: {org: "o", region: "r", num: 1, level: 6, kind: "k"}) { text } }`, ``)
		byOwner(`{"eq":{"kind":"k","level":5}}`, ``)
		byOwner(`{"beginsWith":{"kind":"k"}}`, `{"text":"t"}`)
		byOwner(`{"between":[{"kind":"k","level":6},{"kind":"k","level":6}]}`, `{"text":"t"}`)
		w.do(`mutation { updateEvent(input: {org: "o", region: "r", num: 1, level: null, kind: "k"}) { text } }`, ``)
		byOwner(`null`, ``) // without a part the row is not in the index
		w.want(`{ getEvent(org: "o", region: "r", num: 1) { kind level } }`, ``, `{"data":{"getEvent":{"kind":"k","level":null}}}`)
	})
}

func TestArgumentErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, query, variables, message string }{
		{
			"direction without partition", `{ listEvents(sortDirection: DESC) { items { text } } }`, ``,
			"When providing argument 'sortDirection' you must also provide argument 'org'.",
		},
		{
			"direction without sort key", `{ listDevices(serial: "s", sortDirection: DESC) { items { name } } }`, ``,
			"sortDirection is not supported for List operations without a Sort key defined.",
		},
		{
			"composite without partition", `{ listEvents(regionNum: {eq: {region: "r"}}) { items { text } } }`, ``,
			"When providing argument 'regionNum' you must also provide 'org'.",
		},
		{
			"between of one", `{ listEvents(org: "o", regionNum: {between: [{region: "r"}]}) { items { text } } }`, ``,
			"Argument 'regionNum.between' expects exactly two elements.",
		},
		{
			"later part without the earlier", `{ listEvents(org: "o", regionNum: {beginsWith: {num: 1}}) { items { text } } }`, ``,
			"When providing argument 'regionNum.beginsWith.num' you must also provide 'regionNum.beginsWith.region'.",
		},
		{
			"the same in between", `{ listEvents(org: "o", regionNum: {between: [{region: "r"}, {num: 1}]}) { items { text } } }`, ``,
			"When providing argument 'regionNum.between[1].num' you must also provide 'regionNum.between[1].region'.",
		},
		{"limit of zero", `{ listEvents(limit: 0) { items { text } } }`, ``, "Argument 'limit' must be greater than 0."},
		{"negative limit", `query($l: Int) { listEvents(limit: $l) { items { text } } }`, `{"l":-1}`, "Argument 'limit' must be greater than 0."},
		{"filter between of one", `{ listEvents(filter: {num: {between: [1]}}) { items { text } } }`, ``, "'between' expects exactly two elements."},
		{
			"single sort key without partition", `{ listPairs(s: {eq: "x"}) { items { p } } }`, ``,
			"When providing argument 's' you must also provide arguments p",
		},
	}
	sdl := testSchema + `type Pair @model @auth(rules: [{allow: public}]) { p: ID! @primaryKey(sortKeyFields: ["s"]) s: String! }`
	each(t, sdl, func(w *world) {
		for _, tt := range tests {
			got := w.do(tt.query, tt.variables)
			if !strings.Contains(got, `"message":"`+tt.message+`"`) || !strings.Contains(got, `"errorType":"InvalidArgumentsError"`) {
				w.t.Errorf("%s: got %s, want %q", tt.name, got, tt.message)
			}
		}
		got := w.do(`query($f: ModelTodoFilterInput) { listTodos(filter: $f) { items { id } } }`, `{"f":{"title":{}}}`)
		if !strings.Contains(got, `"errorType":"Unrecognized Filter","errorInfo":null,"locations":[{"line":1,"column":35,"sourceName":null}],"message":"Unable to process the filter expression"`) {
			w.t.Errorf("filter without an expression: %s", got)
		}
		w.want(`query($f: ModelTodoFilterInput) { listTodos(filter: $f) { items { id } } }`, `{"f":{}}`, `{"data":{"listTodos":{"items":[]}}}`)
	})
}

// plans are the lines of a query plan.
func (w *world) plans(s traced) []string {
	w.t.Helper()
	var out []string
	must(w.t, w.db.Read(w.t.Context(), func(q *db.Query) error {
		if q.Dialect() == db.SQLite {
			return q.Each("EXPLAIN QUERY PLAN "+s.sql, s.params, func(r db.Row) error {
				var id, parent, unused int
				var text string
				err := r.Scan(&id, &parent, &unused, &text)
				out = append(out, text)
				return err
			})
		}
		return q.Each("EXPLAIN "+s.sql, s.params, func(r db.Row) error {
			var text string
			err := r.Scan(&text)
			out = append(out, text)
			return err
		})
	}))
	return out
}

// fill gives every table of PostgreSQL many rows, because it always scans small
// ones.
func (w *world) fill() {
	w.t.Helper()
	if w.db.Dialect() != db.Postgres {
		return
	}
	must(w.t, w.db.Tx(w.t.Context(), func(tx *db.Tx) error {
		for _, m := range w.api.Layout.Tables {
			rows := `INSERT INTO env."` + m.Name + `" (`
			values := ""
			for i, c := range m.Columns {
				if i > 0 {
					rows, values = rows+", ", values+", "
				}
				rows += `"` + c.Name + `"`
				switch c.Storage {
				case 1:
					values += "'v' || n::text"
				case 5:
					values += "'[]'"
				case 4:
					values += "n % 2 = 0"
				default:
					values += "n"
				}
			}
			if _, err := tx.Exec(rows + ") SELECT " + values + " FROM generate_series(1, 20000) AS n"); err != nil {
				return err
			}
			if _, err := tx.Exec(`ANALYZE env."` + m.Name + `"`); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.fill()
		for _, n := range []string{"1", "2", "3"} {
			w.do(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, `{"i":{"id":"`+n+`","title":"x"}}`)
			w.do(`mutation($i: CreateEventInput!) { createEvent(input: $i) { text } }`,
				`{"i":{"org":"o","region":"r","num":`+n+`,"kind":"k","at":"2024-05-05T00:00:00Z","owner":"me","level":1,"text":"t"}}`)
			w.do(`mutation($i: CreateDeviceInput!) { createDevice(input: $i) { name } }`, `{"i":{"serial":"`+n+`","name":"n"}}`)
		}
		queries := []string{
			`{ getTodo(id: "a") { id title } }`,
			`{ getEvent(org: "o", region: "r", num: 1) { text } }`,
			`query($t: String) { listTodos(limit: 1, nextToken: $t) { items { id title } nextToken } }`,
			`query($t: String) { listTodos(limit: 1, nextToken: $t) { items { id title } } }`,
			`query($t: String) { listEvents(org: "o", limit: 1, nextToken: $t) { items { text } nextToken } }`,
			`query($t: String) { listEvents(org: "o", regionNum: {beginsWith: {region: "r"}}, sortDirection: DESC, limit: 1, nextToken: $t) { items { text } nextToken } }`,
			`query($t: String) { eventsByKind(kind: "k", limit: 1, nextToken: $t) { items { text } nextToken } }`,
			`query($t: String) { eventsByKind(kind: "k", at: {between: ["2024", "2025"]}, sortDirection: DESC, limit: 1, nextToken: $t) { items { text } nextToken } }`,
			`query($t: String) { eventsByOwner(owner: "me", kindLevel: {beginsWith: {kind: "k"}}, filter: {text: {ne: "x"}}, limit: 1, nextToken: $t) { items { text } nextToken } }`,
			`query($t: String) { devicesByName(name: "n", limit: 1, nextToken: $t) { items { serial } nextToken } }`,
		}
		for _, q := range queries {
			answer := w.checkPlan(q, `{}`)
			for _, page := range path(w.t, answer, "data").(map[string]any) {
				fields, _ := page.(map[string]any)
				if token, ok := fields["nextToken"].(string); ok {
					w.checkPlan(q, `{"t":"`+token+`"}`)
				} else if strings.Contains(q, "nextToken }") {
					w.t.Errorf("%s: no second page: %s", q, answer)
				}
			}
		}
	})
}

// checkPlan runs a query of one statement, checks the plan of that and answers
// the answer.
func (w *world) checkPlan(query, variables string) string {
	w.t.Helper()
	w.takeTraced()
	answer := w.do(query, variables)
	statements := w.takeTraced()
	if len(statements) != 1 {
		w.t.Fatalf("%s: %d statements", query, len(statements))
	}
	lines := w.plans(statements[0])
	if slices.ContainsFunc(lines, w.scans) {
		w.t.Errorf("%s %s\n%s\n%s", query, variables, statements[0].sql, strings.Join(lines, "\n"))
	}
	return answer
}

// scans reports whether a step of a query plan reads more of a table than it
// needs, or sorts.
func (w *world) scans(line string) bool {
	if w.db.Dialect() == db.Postgres {
		return strings.Contains(line, "Seq Scan") || strings.Contains(line, "Sort")
	}
	if strings.Contains(line, "TEMP B-TREE") {
		return true
	}
	// A scan in the order of an index ends with the page.
	return strings.HasPrefix(line, "SCAN t_") && !strings.Contains(line, "USING INDEX") && !strings.Contains(line, "USING COVERING INDEX")
}
