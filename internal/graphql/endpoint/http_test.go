package endpoint_test

import (
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

const (
	malformedEmpty = `{"errors":[{"errorType":"MalformedHttpRequestException","message":"Request body is empty."}]}`
	malformed      = `{"errors":[{"errorType":"MalformedHttpRequestException","message":"Unable to parse GraphQL query."}]}`
)

func TestBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"empty", "", 400, malformedEmpty},
		{"white space", " \n", 400, malformedEmpty},
		{"no JSON", "query { a }", 400, malformed},
		{"empty object", "{}", 400, malformed},
		{"list", "[]", 400, malformed},
		{"null query", `{"query":null}`, 400, malformed},
		{"empty query", `{"query":" "}`, 400, malformed},
		{"query is no text", `{"query":5}`, 400, malformed},
		{"variables are no object", `{"query":"{__typename}","variables":[]}`, 400, malformed},
		{"operation name is no text", `{"query":"{__typename}","operationName":5}`, 400, malformed},
		{"member twice", `{"query":"{__typename}","query":"{__typename}"}`, 400, malformed},
		{"invalid UTF-8", "{\"query\":\"{__typename}\xff\"}", 400, malformed},
		{"something behind", `{"query":"{__typename}"} x`, 400, malformed},
		{"syntax error", `{"query":"{ getTodo(id: ) { id } }"}`, 400, malformed},
		{"an empty selection", `{"query":"{}"}`, 400, malformed},
		{"no operation", `{"query":"fragment F on Todo { id }"}`, 200, `{"data":null,"errors":[{"path":null,"locations":null,"message":"Must provide an operation."}]}`},
		{"unknown members", `{"query":"{__typename}","extensions":{},"QUERY":1}`, 200, `{"data":{"__typename":"Query"}}`},
		{"null members", `{"query":"{__typename}","variables":null,"operationName":null}`, 200, `{"data":{"__typename":"Query"}}`},
		{"unknown field", `{"query":"{badfield}"}`, 200, `{"data":null,"errors":[{"path":null,"locations":[{"line":1,"column":2,"sourceName":null}],` +
			`"message":"Validation error of type FieldUndefined: Field 'badfield' in type 'Query' is undefined @ 'badfield'"}]}`},
		{
			"missing variable", `{"query":"query($i: CreateTodoInput!) { __typename @skip(if: false) ...on Query { x: getTodo(id: 1) { id } } }"}`, 200,
			`{"data":null,"errors":[{"path":null,"locations":[{"line":1,"column":7,"sourceName":null}],"message":"Validation error of type UnusedVariable: Unused variable i"}]}`,
		},
		{
			"null for a non-null variable", `{"query":"mutation($input: CreateTodoInput!) { createTodo(input: $input) { id } }"}`, 200,
			`{"data":null,"errors":[{"path":null,"locations":[{"line":1,"column":10,"sourceName":null}],"message":"Variable 'input' has coerced Null value for NonNull type 'CreateTodoInput!'"}]}`,
		},
		{
			"unknown input field", `{"query":"mutation($input: CreateTodoInput!) { createTodo(input: $input) { id } }","variables":{"input":{"x":1}}}`, 200,
			`{"data":null,"errors":[{"path":null,"locations":null,"message":"The variables input contains a field name 'x' that is not defined for input object type 'CreateTodoInput' "}]}`,
		},
		{"operation by name", `{"query":"query A { a: __typename } query B { b: __typename }","operationName":"B"}`, 200, `{"data":{"b":"Query"}}`},
		{
			"unknown operation", `{"query":"query A { __typename }","operationName":"C"}`, 200,
			`{"data":null,"errors":[{"path":null,"locations":null,"message":"Unknown operation named 'C'."}]}`,
		},
		{
			"denied", `{"query":"{ getSecret(id: \"1\") { id } listTodos { items { id } } }"}`, 200,
			`{"data":{"getSecret":null,"listTodos":{"items":[]}},"errors":[{"path":["getSecret"],"data":null,"errorType":"Unauthorized","errorInfo":null,` +
				`"locations":[{"line":1,"column":3,"sourceName":null}],"message":"Not Authorized to access getSecret on type Query"}]}`,
		},
		{
			"denied mutation", `{"query":"mutation { createSecret(input: {text: \"x\"}) { id } }"}`, 200,
			`{"data":{"createSecret":null},"errors":[{"path":["createSecret"],"data":null,"errorType":"Unauthorized","errorInfo":null,` +
				`"locations":[{"line":1,"column":12,"sourceName":null}],"message":"Not Authorized to access createSecret on type Mutation"}]}`,
		},
		{
			"subscription", `{"query":"subscription { onCreateTodo { id } }"}`, 200,
			`{"data":{"onCreateTodo":null},"errors":[{"path":["onCreateTodo"],"data":null,"errorType":"UnsupportedOperation","errorInfo":null,` +
				`"locations":[{"line":1,"column":16,"sourceName":null}],"message":"Subscriptions need the realtime endpoint: connect to it with a WebSocket."}]}`,
		},
		{
			"nested too deep", `{"query":"{__typename}","variables":` + strings.Repeat(`{"a":`, 64) + `1` + strings.Repeat(`}`, 64) + `}`, 200,
			`{"data":null,"errors":[{"path":null,"data":null,"errorType":"QueryLimit","errorInfo":null,"locations":null,` +
				`"message":"The request body nests deeper than 64 levels (limit: JSON depth)."}]}`,
		},
		{
			"depth for an API key", `{"query":"{ __schema { types ` + strings.Repeat("{ ofType ", 19) + "{ name }" + strings.Repeat("}", 19) + `} }"}`, 200,
			`{"data":null,"errors":[{"path":null,"data":null,"errorType":"QueryLimit","errorInfo":null,"locations":null,` +
				`"message":"The query nests deeper than 20 levels (limit: depth)."}]}`,
		},
	}
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		for _, tt := range tests {
			status, header, body := w.post(tt.body)
			if status != tt.status || compact(w.t, body) != tt.want {
				w.t.Errorf("%s\n got %d %s\nwant %d %s", tt.name, status, body, tt.status, tt.want)
			}
			if header.Get("x-amzn-RequestId") == "" || header.Get("Content-Type") != "application/json;charset=UTF-8" ||
				header.Get("Access-Control-Allow-Origin") != "*" || header.Get("Access-Control-Expose-Headers") != "x-amzn-RequestId, x-amzn-ErrorType, Date" {
				w.t.Errorf("%s: headers %v", tt.name, header)
			}
		}
	})
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{Body: 1000}, func(w *world) {
		fits := `{"query":"{__typename}"}`
		fits += strings.Repeat(" ", 1000-len(fits))
		if status, _, body := w.post(fits); status != 200 {
			w.t.Errorf("a body of the largest size: %d %s", status, body)
		}
		status, _, body := w.post(fits + " ")
		if want := `{"errors":[{"errorType":"RequestEntityTooLargeException","message":"The request body is larger than 1000 bytes."}]}`; status != 413 || body != want {
			w.t.Errorf("got %d %s", status, body)
		}
	})
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	const query = `{"query":"{__typename}"}`
	unauthorized := func(message string) string {
		return `{"errors":[{"errorType":"UnauthorizedException","message":"` + message + `"}]}`
	}
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		check := func(name, key string, status int, want string) {
			w.t.Helper()
			got, header, body := w.post(query, "x-api-key", key)
			if got != status || body != want {
				w.t.Errorf("%s: got %d %s", name, got, body)
			}
			if (header.Get("x-amzn-ErrorType") == "UnauthorizedException") != (status == 401) {
				w.t.Errorf("%s: error type %q", name, header.Get("x-amzn-ErrorType"))
			}
		}
		const ok = `{"data":{"__typename":"Query"}}`
		check("good", apiKey, 200, ok)
		check("none", "", 401, unauthorized("Valid authorization header not provided."))
		check("wrong", "da2-wrong", 401, unauthorized("You are not authorized to make this call."))

		// Another node adds a key and changes the end of both: seen within seconds.
		d := w.acquire()
		must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error {
			return endpoint.PutKey(tx, w.sealer, apiID, "da2-second", w.clock().Add(time.Hour).UnixMilli())
		}))
		check("not seen yet", "da2-second", 401, unauthorized("You are not authorized to make this call."))
		w.now.Add(int64(6 * time.Second))
		check("seen", "da2-second", 200, ok)
		w.now.Add(int64(2 * time.Hour))
		check("expired", apiKey, 401, unauthorized("You are not authorized to make this call."))
		must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error {
			return endpoint.ExtendKey(tx, apiID, w.clock().Add(time.Hour).UnixMilli())
		}))
		w.registry.Invalidate(apiID)
		check("extended", apiKey, 200, ok)
		must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error { return endpoint.RemoveKeys(tx, apiID) }))
		w.registry.Invalidate(apiID)
		check("removed", apiKey, 401, unauthorized("You are not authorized to make this call."))
	})
}

func TestMethodsAndPaths(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		request := func(method, path string) (int, http.Header, string) {
			q := httptest.NewRequest(method, path, strings.NewReader(`{"query":"{__typename}"}`))
			q.Header.Set("x-api-key", apiKey)
			return w.do(q)
		}
		status, header, body := request(http.MethodGet, "/api/"+apiID+"/graphql")
		if status != 405 || header.Get("Allow") != "POST, OPTIONS" || !strings.Contains(body, "GraphQL requests are sent with POST.") {
			w.t.Errorf("GET: %d %v %s", status, header, body)
		}
		for _, path := range []string{"/api/unknown/graphql", "/api/abcunknown/graphql"} { // unknown to Locate, and without a version
			status, _, body = request(http.MethodPost, path)
			id := strings.Split(path, "/")[2]
			if want := `{"errors":[{"errorType":"NotFoundException","message":"The API ` + id + ` does not exist"}]}`; status != 404 || body != want {
				w.t.Errorf("unknown API: %d %s", status, body)
			}
		}
		status, header, _ = request(http.MethodOptions, "/api/"+apiID+"/graphql")
		if status != 204 || header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(header.Get("Access-Control-Allow-Headers"), "x-api-key") ||
			!strings.Contains(header.Get("Access-Control-Allow-Headers"), "authorization") || !strings.Contains(header.Get("Access-Control-Allow-Methods"), "POST") {
			w.t.Errorf("preflight: %d %v", status, header)
		}
		if status, _, _ = request(http.MethodGet, "/api/"+apiID+"/graphql/realtime"); status != http.StatusUpgradeRequired {
			w.t.Errorf("realtime without an upgrade: %d", status)
		}
	})
}

func TestRealtimeRefuses(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		server := httptest.NewServer(w.registry)
		defer server.Close()
		c, res, err := websocket.Dial(w.t.Context(), server.URL+"/api/"+apiID+"/graphql/realtime?header=e30=&payload=e30=",
			&websocket.DialOptions{Subprotocols: []string{"graphql-ws", "header-e30"}})
		must(w.t, err)
		defer c.CloseNow()
		if got := res.Header.Get("Sec-WebSocket-Protocol"); got != "graphql-ws" {
			w.t.Errorf("subprotocol %q", got)
		}
		_, message, err := c.Read(w.t.Context())
		must(w.t, err)
		if want := `{"type":"connection_error","payload":{"errors":[{"errorType":"BadRequestException","errorCode":400,"message":"realtime is not available in this version"}]}}`; string(message) != want {
			w.t.Errorf("got %s", message)
		}
		if _, _, err := c.Read(w.t.Context()); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			w.t.Errorf("after the message: %v", err)
		}
	})
}

func TestNewVersionsAreServed(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		w.run(`mutation { createTodo(input: {id: "a", title: "t"}) { id } }`, `null`)
		const query, unknown = `{ getTodo(id: "a") { title extra } }`, `Field 'extra' in type 'Todo' is undefined`
		if got := w.run(query, `null`); !strings.Contains(got, unknown) {
			w.t.Error(got)
		}
		const next = todoSchema + ` type More @model @auth(rules: [{allow: public}]) { id: ID! }`
		w.push(strings.Replace(next, "n: Int", `n: Int extra: String @index(name: "byExtra", queryField: "todosByExtra")`, 1))
		if got := w.run(query, `null`); !strings.Contains(got, unknown) {
			w.t.Errorf("served before it could be known: %s", got)
		}
		w.now.Add(int64(6 * time.Second))
		if got := w.run(query, `null`); got != `{"data":{"getTodo":{"title":"t","extra":null}}}` {
			w.t.Error(got)
		}
		w.run(`mutation { updateTodo(input: {id: "a", extra: "x"}) { id } }`, `null`)
		if got := w.run(`{ todosByExtra(extra: "x") { items { id } } listMores { items { id } } }`, `null`); got != `{"data":{"todosByExtra":{"items":[{"id":"a"}]},"listMores":{"items":[]}}}` {
			w.t.Error(got)
		}
		// The field goes and comes back with its data.
		w.push(todoSchema)
		w.registry.Invalidate(apiID)
		if got := w.run(query, `null`); !strings.Contains(got, unknown) {
			w.t.Error(got)
		}
		w.push(strings.Replace(todoSchema, "n: Int", "n: Int extra: String", 1))
		w.registry.Invalidate(apiID)
		if got := w.run(query, `null`); got != `{"data":{"getTodo":{"title":"t","extra":"x"}}}` {
			w.t.Error(got)
		}
		d := w.acquire()
		must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error { return endpoint.RemoveAPI(tx, apiID) }))
		w.now.Add(int64(6 * time.Second))
		if status, _, body := w.post(`{"query":"{__typename}"}`); status != 404 {
			w.t.Errorf("after the API was removed: %d %s", status, body)
		}
		// The tables are gone as well: the same ones can be made again.
		w.layout = transform.Layout{}
		must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error { return endpoint.CreateAPI(tx, apiID, "again", 1) }))
		w.push(todoSchema)
	})
}

// TestWithdraw takes a version back as a failed job does.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		before := w.layout
		w.run(`mutation { createTodo(input: {id: "a", title: "t"}) { id } }`, `null`)
		w.push(strings.Replace(todoSchema, "n: Int", `n: Int kind: String @index(name: "byKind", sortKeyFields: ["title", "n"], queryField: "todosByKind")`, 1))
		d := w.acquire()
		withdraw := func() {
			w.t.Helper()
			must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error { return endpoint.Withdraw(tx, apiID, w.version) }))
		}
		withdraw()
		withdraw() // it is gone already
		w.registry.Invalidate(apiID)
		if got := w.run(`{ getTodo(id: "a") { title n } }`, `null`); got != `{"data":{"getTodo":{"title":"t","n":null}}}` {
			w.t.Error(got)
		}
		w.layout = before
		w.push(strings.Replace(todoSchema, "n: Int", `n: Int kind: String @index(name: "byKind", sortKeyFields: ["title", "n"], queryField: "todosByKind")`, 1))
		w.registry.Invalidate(apiID)
		w.run(`mutation { updateTodo(input: {id: "a", kind: "k", title: "t", n: 1}) { id } }`, `null`)
		if got := w.run(`{ todosByKind(kind: "k", titleN: {eq: {title: "t", n: 1}}) { items { id } } }`, `null`); got != `{"data":{"todosByKind":{"items":[{"id":"a"}]}}}` {
			w.t.Error(got)
		}
	})
}

// TestJoinedColumnIsFilled adds a composite index to rows that are there.
func TestJoinedColumnIsFilled(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		w.run(`mutation { a: createTodo(input: {id: "a", title: "t", n: 7, done: true}) { id } b: createTodo(input: {id: "b", title: "t"}) { id } }`, `null`)
		w.push(strings.Replace(todoSchema, "title: String!", `title: String! @index(name: "byTitle", sortKeyFields: ["n", "id"], queryField: "todosByTitle")`, 1))
		w.registry.Invalidate(apiID)
		if got := w.run(`{ todosByTitle(title: "t", nId: {eq: {n: 7, id: "a"}}) { items { id } } all: todosByTitle(title: "t") { items { id } } }`, `null`); got !=
			`{"data":{"todosByTitle":{"items":[{"id":"a"}]},"all":{"items":[{"id":"a"}]}}}` {
			w.t.Error(got)
		}
	})
}

func TestChangesCanBeAppliedAgain(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		doc, err := schema.Parse(strings.Replace(todoSchema, "n: Int", `n: Int x: Int @index(name: "byX")`, 1))
		must(w.t, err)
		api, err := transform.Expand(doc, transform.Options{TablePrefix: "t_"})
		must(w.t, err)
		_, changes, err := transform.Merge(w.layout, api.Layout)
		must(w.t, err)
		d := w.acquire()
		for range 2 {
			must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error { return endpoint.ApplyChanges(tx, d.Dialect(), changes) }))
		}
	})
}

// TestIndexOnLongValue adds an index on a column that holds a value which
// PostgreSQL cannot index.
func TestIndexOnLongValue(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		title := make([]byte, 12_000)
		_, _ = rand.NewChaCha8([32]byte{}).Read(title) // never fails
		w.run(`mutation($t: String!) { createTodo(input: {id: "a", title: $t}) { id } }`, `{"t":"`+base64.StdEncoding.EncodeToString(title)+`"}`)
		doc, err := schema.Parse(strings.Replace(todoSchema, "title: String!", `title: String! @index(name: "byTitle")`, 1))
		must(w.t, err)
		api, err := transform.Expand(doc, transform.Options{TablePrefix: "t_"})
		must(w.t, err)
		_, changes, err := transform.Merge(w.layout, api.Layout)
		must(w.t, err)
		d := w.acquire()
		err = d.Tx(w.t.Context(), func(tx *db.Tx) error { return endpoint.ApplyChanges(tx, d.Dialect(), changes) })
		if d.Dialect() == db.SQLite { // indexes values of any size
			must(w.t, err)
			return
		}
		if got := errs.Public(err); got.Kind != errs.Invalid || got.Message != "Todo: index byTitle: a stored value is too long for a key" {
			w.t.Errorf("%v: %s", got.Kind, got.Message)
		}
		w.run(`{ getTodo(id: "a") { id } }`, `null`)
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		if w.acquire().Dialect() != db.SQLite {
			return // the metrics do not depend on the store
		}
		registry, err := endpoint.New(endpoint.Config{Locate: w.locate, Registerer: reg, Now: w.clock})
		must(w.t, err)
		w.registry = registry
		w.run(`{ listTodos { items { id } } }`, `null`)
		w.run(`{ getSecret(id: "1") { id } }`, `null`)
		w.post(`x`)
		families, err := reg.Gather()
		must(w.t, err)
		got := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				var name strings.Builder
				name.WriteString(f.GetName())
				for _, l := range m.GetLabel() {
					name.WriteString(" " + l.GetValue())
				}
				switch {
				case m.GetCounter() != nil:
					got[name.String()] = m.GetCounter().GetValue()
				case m.GetHistogram() != nil:
					got[name.String()] = float64(m.GetHistogram().GetSampleCount())
				default:
					got[name.String()] = m.GetGauge().GetValue()
				}
			}
		}
		for name, want := range map[string]float64{
			"preamp_graphql_requests_total query ok": 1, "preamp_graphql_requests_total query errors": 1, "preamp_graphql_requests_total none refused": 1,
			"preamp_graphql_request_seconds query": 2, "preamp_graphql_live_apis": 1,
		} {
			if got[name] != want {
				w.t.Errorf("%s is %v, want %v", name, got[name], want)
			}
		}
	})
}
