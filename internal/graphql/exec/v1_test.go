package exec_test

import (
	"strings"
	"testing"
)

const v1Schema = `
type Item @model @key(fields: ["shop", "kind", "no"]) @key(name: "byColor", fields: ["color", "size", "no"], queryField: "itemsByColor") {
  shop: ID!
  kind: String!
  no: Int!
  color: String
  size: String
  title: String!
}
type Note @model { id: ID! text: String! }
`

func TestVersion1(t *testing.T) {
	t.Parallel()
	each(t, v1Schema, func(w *world) {
		if w.api.Version != 1 {
			w.t.Fatalf("version %d", w.api.Version)
		}
		w.want(`mutation { createItem(input: {shop: "s", kind: "k", no: 1, color: "red", size: "L", title: "t"}) { title } }`, ``, `{"data":{"createItem":{"title":"t"}}}`)
		w.want(`{ getItem(shop: "s", kind: "k", no: 1) { title } }`, ``, `{"data":{"getItem":{"title":"t"}}}`)
		w.want(`{ listItems(shop: "s", kindNo: {beginsWith: {kind: "k"}}) { items { no } } }`, ``, `{"data":{"listItems":{"items":[{"no":1}]}}}`)
		w.want(`{ itemsByColor(color: "red", sizeNo: {eq: {size: "L", no: 1}}) { items { no } nextToken } }`, ``, `{"data":{"itemsByColor":{"items":[{"no":1}],"nextToken":null}}}`)

		got := w.do(`{ itemsByColor { items { no } } }`, ``)
		if !strings.Contains(got, `"errorType":"InvalidArgumentsError"`) || !strings.Contains(got, "Argument 'color' is required.") {
			w.t.Errorf("without the partition: %s", got)
		}
		got = w.do(`mutation { updateItem(input: {shop: "s", kind: "k", no: 1, title: null}) { title } }`, ``)
		if !strings.Contains(got, `"message":"An argument you marked as Non-Null is set to Null in the query or the body of your request."`) {
			w.t.Errorf("null in a required field: %s", got)
		}
		// "no" belongs to the primary key, so every update names it; that alone
		// gives no part of the other key.
		w.want(`mutation { updateItem(input: {shop: "s", kind: "k", no: 1, title: "u"}) { title } }`, ``, `{"data":{"updateItem":{"title":"u"}}}`)
		w.want(`mutation { updateItem(input: {shop: "s", kind: "k", no: 1, size: "M"}) { size } }`, ``, `{"data":{"updateItem":{"size":"M"}}}`)
		w.want(`{ itemsByColor(color: "red", sizeNo: {eq: {size: "M", no: 1}}) { items { title } } }`, ``, `{"data":{"itemsByColor":{"items":[{"title":"u"}]}}}`)
		got = w.do(`mutation { createItem(input: {shop: "s", kind: "k", no: 2, title: "t"}) { title } }`, ``)
		if !strings.Contains(got, "When creating any part of the composite sort key for @key 'byColor', you must provide all fields for the key. Missing key: 'size'.") {
			w.t.Errorf("part of a key: %s", got)
		}
		// Models without rules are open.
		w.want(`mutation { createNote(input: {id: "n", text: "x"}) { text } }`, ``, `{"data":{"createNote":{"text":"x"}}}`)
	})
}
