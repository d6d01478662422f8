package exec_test

import (
	"regexp"
	"strings"
	"testing"
)

const everything = `{
 "id":"t1","title":"A \"quoted\" é😀\\ title","note":"line\nbreak","n":-5,"f":0.1,"done":false,"at":1700000000123,"day":"2024-02-29",
 "doc":"{\"a\": [1, null]}","status":"OPEN","tags":["x","y\"z"],"states":["OPEN",null],"nums":[1,-2],
 "address":{"street":"S","zip":null,"geo":{"lat":1.5,"lng":-2},"tags":["t"],"near":[{"lat":1,"lng":2},null]},
 "places":[{"street":"P","geo":null},null],"grid":[[1,2],null,[]]}`

const allFields = `id title note n f done at day doc status tags states nums
 address { street zip geo { lat lng __typename } tags near { lng } __typename } places { street geo { lat } } grid __typename`

func TestAllTypesRoundTrip(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		row := `{"id":"t1","title":"A \"quoted\" é😀\\ title","note":"line\nbreak","n":-5,"f":0.1,"done":false,"at":1700000000123,` +
			`"day":"2024-02-29","doc":"{\"a\": [1, null]}","status":"OPEN","tags":["x","y\"z"],"states":["OPEN",null],"nums":[1,-2],` +
			`"address":{"street":"S","zip":null,"geo":{"lat":1.5,"lng":-2,"__typename":"Geo"},"tags":["t"],"near":[{"lng":2},null],"__typename":"Address"},` +
			`"places":[{"street":"P","geo":null},null],"grid":[[1,2],null,[]],"__typename":"Todo"}`
		w.want(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { `+allFields+` } }`, `{"i":`+everything+`}`, `{"data":{"createTodo":`+row+`}}`)
		w.want(`{ getTodo(id: "t1") { `+allFields+` } }`, ``, `{"data":{"getTodo":`+row+`}}`)
		w.want(`{ listTodos { items { `+allFields+` } } }`, ``, `{"data":{"listTodos":{"items":[`+row+`]}}}`)
		w.want(`mutation { deleteTodo(input: {id: "t1"}) { `+allFields+` } }`, ``, `{"data":{"deleteTodo":`+row+`}}`)
		w.want(`{ getTodo(id: "t1") { id } }`, ``, `{"data":{"getTodo":null}}`)
	})
}

func TestSelections(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.do(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, `{"i":`+everything+`}`)
		tests := []struct{ name, query, variables, want string }{
			{
				"aliases and order", `{ b: getTodo(id: "t1") { z: n a: id } a: __typename }`, ``,
				`{"data":{"b":{"z":-5,"a":"t1"},"a":"Query"}}`,
			},
			{
				"merged selections", `{ getTodo(id: "t1") { id address { street } } getTodo(id: "t1") { n address { zip street } } }`, ``,
				`{"data":{"getTodo":{"id":"t1","address":{"street":"S","zip":null},"n":-5}}}`,
			},
			{
				"fragments", `query { getTodo(id: "t1") { ...F ... on Todo { f } ... { n } } } fragment F on Todo { id ...G } fragment G on Todo { done }`, ``,
				`{"data":{"getTodo":{"id":"t1","done":false,"f":0.1,"n":-5}}}`,
			},
			{
				"include and skip", `query($a: Boolean!, $b: Boolean = true) { getTodo(id: "t1") { id @skip(if: $a) n @include(if: $b) ...F @include(if: $a) f @include(if: false) } } fragment F on Todo { done }`,
				`{"a":true}`, `{"data":{"getTodo":{"n":-5,"done":false}}}`,
			},
			{
				"the other values", `query($a: Boolean!, $b: Boolean = true) { getTodo(id: "t1") { id @skip(if: $a) n @include(if: $b) ...F @include(if: $a) f @include(if: false) } } fragment F on Todo { done }`,
				`{"a":false,"b":false}`, `{"data":{"getTodo":{"id":"t1"}}}`,
			},
			{"skipped root field", `query($a: Boolean!) { x: getTodo(id: "t1") @skip(if: $a) { id } __typename }`, `{"a":true}`, `{"data":{"__typename":"Query"}}`},
			{
				"several root fields", `{ a: getTodo(id: "t1") { id } b: getTodo(id: "none") { id } c: listTodos { items { id } } d: listDevices { items { serial } nextToken } }`, ``,
				`{"data":{"a":{"id":"t1"},"b":null,"c":{"items":[{"id":"t1"}]},"d":{"items":[],"nextToken":null}}}`,
			},
			{
				"page without items", `{ listTodos(limit: 5) { nextToken __typename } }`, ``,
				`{"data":{"listTodos":{"nextToken":null,"__typename":"ModelTodoConnection"}}}`,
			},
			{
				"items twice", `{ listTodos { a: items { id } b: items { n } t: nextToken nextToken } }`, ``,
				`{"data":{"listTodos":{"a":[{"id":"t1"}],"b":[{"n":-5}],"t":null,"nextToken":null}}}`,
			},
			{
				"only the type name", `{ listTodos { __typename } getTodo(id: "t1") { __typename address { __typename } } }`, ``,
				`{"data":{"listTodos":{"__typename":"ModelTodoConnection"},"getTodo":{"__typename":"Todo","address":{"__typename":"Address"}}}}`,
			},
			{
				"operation name", `query A { __typename } query B { b: __typename }`, ``,
				`{"data":null,"errors":[{"path":null,"locations":null,"message":"Must provide operation name if query contains multiple operations."}]}`,
			},
		}
		for _, tt := range tests {
			if got := w.do(tt.query, tt.variables); got != tt.want {
				w.t.Errorf("%s\n got %s\nwant %s", tt.name, got, tt.want)
			}
		}
	})
}

func TestManyFieldsInOneObject(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.do(`mutation { createTodo(input: {id: "a", title: "t", address: {street: "S"}}) { id } }`, ``)
		var query, want strings.Builder
		for i := range 95 {
			if i > 0 {
				want.WriteString(",")
			}
			query.WriteString(" k" + itoa(i) + ": street")
			want.WriteString(`"k` + itoa(i) + `":"S"`)
		}
		w.want(`{ getTodo(id: "a") { id address { `+query.String()+` } } }`, ``, `{"data":{"getTodo":{"id":"a","address":{`+want.String()+`}}}}`)
		titles := strings.ReplaceAll(query.String(), "street", "title")
		row := strings.ReplaceAll(want.String(), `"S"`, `"t"`)
		w.want(`{ getTodo(id: "a") { `+titles+` } }`, ``, `{"data":{"getTodo":{`+row+`}}}`)
		w.want(`{ listTodos { items { `+titles+` } } }`, ``, `{"data":{"listTodos":{"items":[{`+row+`}]}}}`)
		w.want(`mutation { updateTodo(input: {id: "a"}) { `+titles+` } }`, ``, `{"data":{"updateTodo":{`+row+`}}}`)
	})
}

func itoa(i int) string {
	if i < 10 {
		return string(rune('0' + i))
	}
	return itoa(i/10) + itoa(i%10)
}

var (
	uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

func TestCreateFillsIDAndTimes(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		got := w.do(`mutation { createTodo(input: {title: "x"}) { id createdAt updatedAt } }`, ``)
		if id, _ := path(w.t, got, "data", "createTodo", "id").(string); !uuidForm.MatchString(id) {
			w.t.Errorf("id %q is no random UUID", id)
		}
		created := path(w.t, got, "data", "createTodo", "createdAt")
		if s, _ := created.(string); !timeForm.MatchString(s) || created != path(w.t, got, "data", "createTodo", "updatedAt") {
			w.t.Errorf("timestamps: %s", got)
		}
		other := w.do(`mutation { createTodo(input: {id: null, title: "x"}) { id } }`, ``)
		if id, _ := path(w.t, other, "data", "createTodo", "id").(string); !uuidForm.MatchString(id) {
			w.t.Errorf("id %q is no random UUID", id)
		}
	})
}

const failed = `The conditional request failed (Service: DynamoDb, Status Code: 400, Request ID: `

// conditional asserts that the only field of a mutation failed its condition.
func (w *world) conditional(field, query, variables string) {
	w.t.Helper()
	got := w.do(query, variables)
	_, after, ok := strings.Cut(got, failed)
	if !ok {
		w.t.Errorf("%s\n got %s, want a failed condition", query, got)
		return
	}
	id := after[:36]
	if !uuidForm.MatchString(id) {
		w.t.Errorf("request id %q", id)
	}
	want := `{"data":{"` + field + `":null},"errors":[{"path":["` + field + `"],"data":null,"errorType":"DynamoDB:ConditionalCheckFailedException",` +
		`"errorInfo":null,"locations":[{"line":1,"column":12,"sourceName":null}],"message":"` + failed + id + `)"}]}`
	if got != want {
		w.t.Errorf("%s\n got %s\nwant %s", query, got, want)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.want(`mutation { createTodo(input: {id: "a", title: "one", n: 1}) { id } }`, ``, `{"data":{"createTodo":{"id":"a"}}}`)
		w.conditional("createTodo", `mutation { createTodo(input: {id: "a", title: "two"}) { id } }`, ``)
		w.want(`{ getTodo(id: "a") { title } }`, ``, `{"data":{"getTodo":{"title":"one"}}}`)

		// The condition of a create is judged on an item that does not exist.
		w.conditional("createTodo", `mutation { createTodo(input: {id: "b", title: "x"}, condition: {title: {eq: "x"}}) { id } }`, ``)
		w.want(`mutation { createTodo(input: {id: "b", title: "x"}, condition: {title: {ne: "x"}, note: {attributeExists: false}, not: {n: {gt: 1}}}) { id } }`, ``,
			`{"data":{"createTodo":{"id":"b"}}}`)

		w.conditional("updateTodo", `mutation { updateTodo(input: {id: "none", title: "x"}) { id } }`, ``)
		w.conditional("updateTodo", `mutation { updateTodo(input: {id: "a", n: 2}, condition: {n: {gt: 1}}) { id } }`, ``)
		w.want(`mutation { updateTodo(input: {id: "a", n: 2}, condition: {n: {le: 1}}) { n title } }`, ``, `{"data":{"updateTodo":{"n":2,"title":"one"}}}`)
		w.want(`mutation($c: ModelTodoConditionInput) { updateTodo(input: {id: "a", n: 3}, condition: $c) { n } }`, `{"c":null}`, `{"data":{"updateTodo":{"n":3}}}`)

		w.conditional("deleteTodo", `mutation { deleteTodo(input: {id: "a"}, condition: {title: {beginsWith: "x"}}) { id } }`, ``)
		w.want(`mutation { deleteTodo(input: {id: "a"}, condition: {title: {beginsWith: "o"}}) { id title } }`, ``, `{"data":{"deleteTodo":{"id":"a","title":"one"}}}`)
		w.conditional("deleteTodo", `mutation { deleteTodo(input: {id: "a"}) { id } }`, ``)
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.do(`mutation { createTodo(input: {id: "a", title: "one", note: "n", n: 1, createdAt: "2020-01-01T00:00:00Z", updatedAt: "2020-01-01T00:00:00Z"}) { id } }`, ``)
		got := w.do(`mutation { updateTodo(input: {id: "a", note: null}) { title note n createdAt updatedAt } }`, ``)
		if s, _ := path(w.t, got, "data", "updateTodo", "updatedAt").(string); !timeForm.MatchString(s) || strings.HasPrefix(s, "2020") {
			w.t.Errorf("updatedAt was not written: %s", got)
		}
		w.want(`{ getTodo(id: "a") { title note n createdAt } }`, ``,
			`{"data":{"getTodo":{"title":"one","note":null,"n":1,"createdAt":"2020-01-01T00:00:00Z"}}}`)
		w.want(`mutation { updateTodo(input: {id: "a", updatedAt: "2021-01-01T00:00:00Z"}) { updatedAt } }`, ``,
			`{"data":{"updateTodo":{"updatedAt":"2021-01-01T00:00:00Z"}}}`)
		// Version 2 removes a required field; reading it is an error.
		w.want(`mutation { updateTodo(input: {id: "a", title: null}) { id title } }`, ``,
			`{"data":{"updateTodo":null},"errors":[{"path":["updateTodo","title"],"locations":null,`+
				`"message":"Cannot return null for non-nullable type: 'String' within parent 'Todo' (/updateTodo/title)"}]}`)
		w.want(`{ listTodos { items { id title } nextToken } }`, ``,
			`{"data":{"listTodos":{"items":[null],"nextToken":null}},"errors":[{"path":["listTodos","items",0,"title"],"locations":null,`+
				`"message":"Cannot return null for non-nullable type: 'String' within parent 'Todo' (/listTodos/items[0]/title)"}]}`)
		w.want(`{ getTodo(id: "a") { id } }`, ``, `{"data":{"getTodo":{"id":"a"}}}`)
	})
}

func TestMutationsRunInOrder(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		w.want(`mutation { a: createTodo(input: {id: "a", title: "1"}) { title } b: updateTodo(input: {id: "a", title: "2"}) { title } c: deleteTodo(input: {id: "a"}) { title } }`, ``,
			`{"data":{"a":{"title":"1"},"b":{"title":"2"},"c":{"title":"2"}}}`)
		if n := len(w.takeTraced()); n != 3 {
			w.t.Errorf("%d statements for 3 root fields", n)
		}
	})
}
