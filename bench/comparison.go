package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// comparison is a request that is measured against its limit.
type comparison struct {
	name string
	part string // of -only
	api  string // the name of the API it is sent to
	// field is the root field.
	field string
	query string
	// variables are those of the nth request, as JSON.
	variables func(n int) string
	write     bool
	// want is what an answer holds, whatever spaces the database puts between the
	// tokens; empty is that the field is an object.
	want   string
	target float64 // at least this part of the limit
}

// rows is how many rows a table holds. The projects have rows steps in all, the
// same number each.
const (
	rows     = 10_000
	projects = rows / children
	children = 5
)

// The APIs that are measured.
const (
	openAPI   = "bench"  // with an API key
	noteAPI   = "notes"  // with tokens, and owners
	growthAPI = "growth" // with an API key, tables of several sizes
	poolAPI   = "items"  // with an API key and tokens of a pool of the server
)

func comparisons() []comparison {
	const task = `id title done priority notes due createdAt updatedAt`
	const note = `id title notes owner createdAt updatedAt`
	fixed := func(text string) func(int) string { return func(int) string { return text } }
	return []comparison{
		{
			name: "get", part: "get", api: openAPI, field: "getTask", target: 0.6,
			query:     `query Get($id: ID!) { getTask(id: $id) { ` + task + ` } }`,
			variables: fixed(`{"id":"row-5000"}`),
		},
		{
			name: "list20", part: "list20", api: openAPI, field: "listTasks", target: 0.6, want: `row-`,
			query:     `query List($limit: Int) { listTasks(limit: $limit) { items { ` + task + ` } nextToken } }`,
			variables: fixed(`{"limit":20}`),
		},
		{
			name: "nested", part: "nested", api: openAPI, field: "listProjects", target: 0.7, want: `step-`,
			query: `query Nested($limit: Int) { listProjects(limit: $limit) { items { id name createdAt updatedAt
				steps { items { id title done projectID createdAt updatedAt } nextToken } } nextToken } }`,
			variables: fixed(`{"limit":20}`),
		},
		{
			name: "get jwt", part: "jwt", api: noteAPI, field: "getNote", target: 0.5,
			query:     `query Get($id: ID!) { getNote(id: $id) { ` + note + ` } }`,
			variables: fixed(`{"id":"row-5000"}`),
		},
		{
			name: "list20 jwt", part: "jwt", api: noteAPI, field: "listNotes", target: 0.5, want: `row-`,
			query:     `query List($limit: Int) { listNotes(limit: $limit) { items { ` + note + ` } nextToken } }`,
			variables: fixed(`{"limit":20}`),
		},
		{
			name: "create", part: "create", api: openAPI, field: "createTask", target: 0.6, write: true,
			query: `mutation Create($input: CreateTaskInput!) { createTask(input: $input) { ` + task + ` } }`,
			variables: func(n int) string {
				return fmt.Sprintf(`{"input":{"title":"task %08d","done":false,"priority":"HIGH","notes":"%s"}}`, n, filler)
			},
		},
	}
}

// selected are the comparisons of the parts that a run is asked for.
func selected(only parts) []comparison {
	var out []comparison
	for _, c := range comparisons() {
		if only.has(c.part) {
			out = append(out, c)
		}
	}
	return out
}

// filler makes a row about as long as those of real apps.
const filler = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua."

// body is the nth request of a comparison.
func (c comparison) body(n int) []byte { return graphqlBody(c.query, c.variables(n)) }

func graphqlBody(query, variables string) []byte {
	text, err := json.Marshal(query)
	if err != nil {
		panic("bench: a query is not a string: " + err.Error())
	}
	return fmt.Appendf(nil, `{"query":%s,"variables":%s}`, text, variables)
}

// at is the comparison against a server. The limit gets the same headers.
func (c comparison) at(url string, credential http.Header) target {
	t := target{url: url, header: jsonHeader(credential), body: c.body, want: []byte(c.want)}
	if c.want == "" {
		t.want = []byte(`{"data":{"` + c.field + `":{`)
	}
	if !c.write {
		fixed := c.body(0)
		t.body = func(int) []byte { return fixed }
	}
	return t
}

// jsonHeader is a credential together with the type of the body.
func jsonHeader(credential http.Header) http.Header {
	h := credential.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Content-Type", "application/json")
	return h
}

func apiKey(key string) http.Header   { return http.Header{"X-Api-Key": {key}} }
func bearer(token string) http.Header { return http.Header{"Authorization": {token}} }
