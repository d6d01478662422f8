package server

import (
	"strings"
	"testing"
)

// A type that is renamed with @mapsTo keeps the rows of its old name.
func TestRenamedModel(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		if e := r.createAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		a := r.api("dev", "notes")
		r.want(a, `mutation { createNote(input: {id: "a", title: "one"}) { id } }`, `{"data":{"createNote":{"id":"a"}}}`)
		if e := r.updateAPI("notes", `type Memo @model @mapsTo(name: "Note") { id: ID! title: String! count: Int @default(value: "3") }`); e != "" {
			t.Fatal(e)
		}
		r.want(a, `{ getMemo(id: "a") { title count } }`, `{"data":{"getMemo":{"title":"one","count":null}}}`)
		r.want(a, `mutation { createMemo(input: {id: "b", title: "two"}) { count } }`, `{"data":{"createMemo":{"count":3}}}`)
		e := r.updateAPI("notes", "type Memo @model @mapsTo(name: \"Note\") {\n  id: ID!\n  title: String!\n  count: String\n}")
		if !strings.HasPrefix(e, "4:3: Note.count: the type cannot change from Int to String") {
			t.Errorf("changed type: %q", e)
		}
		// And back.
		if e := r.updateAPI("notes", noteSchema); e != "" {
			t.Fatal(e)
		}
		r.want(a, `{ listNotes { items { id } } }`, `{"data":{"listNotes":{"items":[{"id":"a"},{"id":"b"}]}}}`)
	})
}
