package endpoint_test

import (
	"testing"

	"preamp/internal/graphql/endpoint"
)

func TestCreateGetList(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		got := w.run(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id title n done __typename } }`,
			`{"i":{"id":"a","title":"first","n":3,"done":true}}`)
		if want := `{"data":{"createTodo":{"id":"a","title":"first","n":3,"done":true,"__typename":"Todo"}}}`; got != want {
			w.t.Errorf("create\n got %s\nwant %s", got, want)
		}
		got = w.run(`{ getTodo(id: "a") { title createdAt n } }`, `null`)
		w.t.Log(got)
		got = w.run(`{ listTodos(limit: 1, filter: {title: {beginsWith: "f"}}) { items { id } nextToken } }`, `null`)
		w.t.Log(got)
		got = w.run(`{ listSecrets { items { id } nextToken } }`, `null`)
		w.t.Log(got)
	})
}
