package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// comparison is a request that is measured against its limit.
type comparison struct {
	name  string
	field string // root field
	query string
	// variables are those of the nth request, as JSON.
	variables func(n int) string
	write     bool
	target    float64 // at least this part of the limit
}

// rows is how many rows the table holds.
const rows = 10_000

func comparisons() []comparison {
	return []comparison{
		{
			name: "get", field: "getTask", target: 0.6,
			query:     `query Get($id: ID!) { getTask(id: $id) { id title done priority notes due createdAt updatedAt } }`,
			variables: func(int) string { return `{"id":"row-5000"}` },
		},
		{
			name: "list20", field: "listTasks", target: 0.6,
			query:     `query List($limit: Int) { listTasks(limit: $limit) { items { id title done priority notes due createdAt updatedAt } nextToken } }`,
			variables: func(int) string { return `{"limit":20}` },
		},
		{
			name: "create", field: "createTask", target: 0.6, write: true,
			query: `mutation Create($input: CreateTaskInput!) { createTask(input: $input) { id title done priority notes due createdAt updatedAt } }`,
			variables: func(n int) string {
				return fmt.Sprintf(`{"input":{"title":"task %08d","done":false,"priority":"HIGH","notes":"%s"}}`, n, filler)
			},
		},
	}
}

// filler makes a row about as long as those of real apps.
const filler = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua."

// body is the nth request of a comparison.
func (c comparison) body(n int) []byte {
	query, err := json.Marshal(c.query)
	if err != nil {
		panic("bench: a query is not a string: " + err.Error())
	}
	return fmt.Appendf(nil, `{"query":%s,"variables":%s}`, query, c.variables(n))
}

// target is the comparison against a server. The limit gets the same headers.
func (c comparison) at(url, key string) target {
	t := target{url: url, header: http.Header{"Content-Type": {"application/json"}, "X-Api-Key": {key}}, body: c.body}
	if !c.write {
		fixed := c.body(0)
		t.body = func(int) []byte { return fixed }
	}
	return t
}

// schema15 is a schema of n models; the first one is measured.
func benchSchema(n int) string {
	var s strings.Builder
	s.WriteString(`enum Priority { LOW MEDIUM HIGH }
type Task @model {
  id: ID!
  title: String!
  done: Boolean
  priority: Priority
  notes: String
  due: AWSDate
}
`)
	for i := 1; i < n; i++ {
		s.WriteString(fmt.Sprintf(`type Model%02d @model {
  id: ID!
  owner: ID! @index(name: "byOwner%02d", sortKeyFields: ["createdAt"], queryField: "model%02dByOwner")
  name: String!
  count: Int
  price: Float
  active: Boolean
  tags: [String]
  seen: AWSDateTime
  createdAt: AWSDateTime!
}
`, i, i, i))
	}
	return s.String()
}
