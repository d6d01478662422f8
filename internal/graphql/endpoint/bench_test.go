package endpoint_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/keys"
)

// BenchmarkHTTP measures requests over HTTP against a handler that does nothing
// but run the same SQL.
func BenchmarkHTTP(b *testing.B) {
	set := dbtest.Open(b, db.Config{
		Dir: b.TempDir(), Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), endpoint.EnvLine()}, Relaxed: true,
	})
	w := newWorld(b, set, todoSchema, endpoint.Limits{})
	for i := range 1000 {
		w.run(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, fmt.Sprintf(`{"i":{"id":"%08d-0000-4000-8000-000000000000","title":"Title number %d","n":%d,"done":true}}`, i, i, i))
	}
	d := w.acquire()
	var table string
	columns := map[string]string{}
	for _, t := range w.layout.Tables {
		if t.Model == "Todo" {
			table = t.Name
			for _, c := range t.Columns {
				columns[c.Field] = `"` + c.Name + `"`
			}
		}
	}
	object := strings.NewReplacer("$id", columns["id"], "$title", columns["title"], "$n", columns["n"], "$done", columns["done"],
		"$createdAt", columns["createdAt"], "$updatedAt", columns["updatedAt"], "$table", `env."`+table+`"`)
	const fields = `json_object('id', $id, 'title', coalesce($title, $1), 'n', $n, 'done', CASE $done WHEN 1 THEN json('true') WHEN 0 THEN json('false') END,
		'createdAt', coalesce($createdAt, $1), 'updatedAt', coalesce($updatedAt, $1))`
	cases := []struct {
		name, body, sql string
		args            []any
	}{
		{
			"get", `{"query":"query GetTodo($id: ID!) {\n  getTodo(id: $id) {\n id title n done createdAt updatedAt } }","variables":{"id":"00000500-0000-4000-8000-000000000000"}}`,
			`SELECT ` + fields + ` FROM $table WHERE $id = $2`,
			[]any{"mark", "00000500-0000-4000-8000-000000000000"},
		},
		{
			"list20", `{"query":"query List($filter: ModelTodoFilterInput, $limit: Int, $nextToken: String) {\n  listTodos(filter: $filter, limit: $limit, nextToken: $nextToken) {\n items { id title n done createdAt updatedAt } nextToken } }","variables":{"limit":20}}`,
			`SELECT json_object('items', json_group_array(` + fields + `), 'nextToken', (SELECT $3 || json_array($id) FROM $table ORDER BY $id LIMIT 1 OFFSET $2))
				FROM (SELECT $id, $title, $n, $done, $createdAt, $updatedAt FROM $table ORDER BY $id LIMIT $2)`,
			[]any{"mark", 20, "mark"},
		},
	}
	for _, bb := range cases {
		sql := object.Replace(bb.sql)
		graphql := httptest.NewServer(w.registry)
		defer graphql.Close()
		bare := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
			if _, err := io.Copy(io.Discard, q.Body); err != nil {
				return
			}
			text, err := d.Text(q.Context(), sql, bb.args...)
			if err != nil {
				rw.WriteHeader(http.StatusInternalServerError)
				return
			}
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write(text)
		}))
		defer bare.Close()
		for _, s := range []struct{ name, url string }{{"graphql", graphql.URL + "/api/" + apiID + "/graphql"}, {"bare", bare.URL}} {
			b.Run(bb.name+"/"+s.name, func(b *testing.B) {
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
				defer client.CloseIdleConnections()
				b.SetParallelism(8)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						q, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(bb.body))
						if err != nil {
							b.Error(err)
							return
						}
						q.Header.Set("x-api-key", apiKey)
						res, err := client.Do(q)
						if err != nil {
							b.Error(err)
							return
						}
						if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
							b.Errorf("%v %d", err, res.StatusCode)
						}
						res.Body.Close()
					}
				})
			})
		}
	}
}
