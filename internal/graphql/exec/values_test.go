package exec_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	each(t, `
enum Status { OPEN CLOSED }
type Task @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String @default(value: "it's")
  n: Int @default(value: "7")
  f: Float @default(value: "-1.5")
  done: Boolean @default(value: "true")
  status: Status @default(value: "CLOSED")
  doc: AWSJSON @default(value: "{\"a\":1}")
  at: AWSTimestamp @default(value: "12")
  day: AWSDate @default(value: "2024-02-29")
  kind: String @default(value: "k") @index(name: "byKind", sortKeyFields: ["status", "n"], queryField: "tasksByKind")
}`, func(w *world) {
		const all = `title n f done status doc at day kind`
		const filled = `{"title":"it's","n":7,"f":-1.5,"done":true,"status":"CLOSED","doc":"{\"a\":1}","at":12,"day":"2024-02-29","kind":"k"}`
		w.want(`mutation { createTask(input: {id: "a"}) { `+all+` } }`, ``, `{"data":{"createTask":`+filled+`}}`)
		w.want(`{ getTask(id: "a") { `+all+` } }`, ``, `{"data":{"getTask":`+filled+`}}`)
		// A null is absent, and what is given stays. The request keeps its values.
		w.want(`mutation($in: CreateTaskInput!, $again: CreateTaskInput!) {
			a: createTask(input: $in) { title n done } b: createTask(input: $again) { title n done } }`,
			`{"in":{"id":"b","title":null,"n":1,"done":false},"again":{"id":"c","title":""}}`,
			`{"data":{"a":{"title":"it's","n":1,"done":false},"b":{"title":"","n":7,"done":true}}}`)
		// Defaults are parts of keys, and enough for a composite one.
		w.want(`{ tasksByKind(kind: "k", statusN: {eq: {status: CLOSED, n: 7}}) { items { id } } }`, ``, `{"data":{"tasksByKind":{"items":[{"id":"a"},{"id":"c"}]}}}`)
		// An update fills nothing.
		w.want(`mutation { updateTask(input: {id: "a", title: null}) { title n } }`, ``, `{"data":{"updateTask":{"title":null,"n":7}}}`)
	})
}

func TestValidation(t *testing.T) {
	t.Parallel()
	each(t, `
type Task @model @auth(rules: [{allow: public}]) {
  id: ID!
  more: Int @validate(type: gt, value: "1") @validate(type: lt, value: "4.5", errorMessage: "too many")
  some: Float @validate(type: gte, value: "-0.5") @validate(type: lte, value: "0.5")
  code: String @validate(type: minLength, value: "2") @validate(type: maxLength, value: "4")
  url: String @validate(type: startsWith, value: "https://") @validate(type: endsWith, value: "/")
  slug: String @default(value: "-") @validate(type: matches, value: "[a-z']+|\\d", errorMessage: "it's 100 % no slug")
}`, func(w *world) {
		for i, tt := range []struct{ input, message string }{
			{`slug: "a"`, ""},
			{`slug: "a", more: null, code: null`, ""},
			{`slug: "a", more: 2`, ""},
			{`slug: "a", more: 1`, "Field more of type Task must be greater than 1"},
			{`slug: "a", more: 5`, "too many"},
			{`slug: "a", some: -0.5`, ""},
			{`slug: "a", some: 0.5`, ""},
			{`slug: "a", some: -0.6`, "Field some of type Task must be greater than or equal to -0.5"},
			{`slug: "a", some: 1`, "Field some of type Task must be less than or equal to 0.5"},
			{`slug: "a", code: "ab"`, ""},
			{`slug: "a", code: "a"`, "Field code of type Task must have a minimum length of 2"},
			{`slug: "a", code: "😀"`, ""}, // two UTF-16 units
			{`slug: "a", code: "😀😀é"`, "Field code of type Task must have a maximum length of 4"},
			{`slug: "a", url: "https:///"`, ""},
			{`slug: "a", url: "http:///"`, "Field url of type Task must start with https://"},
			{`slug: "a", url: "https://x"`, "Field url of type Task must end with /"},
			{`slug: "it's"`, ""},
			{`slug: "12"`, "it's 100 % no slug"}, // all of the text must match
			{`slug: "a\n"`, "it's 100 % no slug"},
			{`more: 2`, "it's 100 % no slug"}, // a default is checked too
			{`slug: "A", more: 1`, "Field more of type Task must be greater than 1"},
		} {
			id := fmt.Sprintf(`id: "%d", `, i)
			got := w.do(`mutation { createTask(input: {`+id+tt.input+`}) { slug } }`, ``)
			if tt.message == "" {
				if strings.Contains(got, "errors") {
					w.t.Errorf("%s: %s", tt.input, got)
				}
				continue
			}
			if !strings.Contains(got, `"message":"`+tt.message+`"`) || !strings.Contains(got, `"errorType":null`) {
				w.t.Errorf("%s: %s, want %s", tt.input, got, tt.message)
			}
			w.want(`{ getTask(id: "`+fmt.Sprint(i)+`") { id } }`, ``, `{"data":{"getTask":null}}`)
		}
		// Updates are checked, but not for what they leave alone.
		got := w.do(`mutation($in: UpdateTaskInput!) { updateTask(input: $in) { code } }`, `{"in":{"id":"0","code":"a"}}`)
		if !strings.Contains(got, "must have a minimum length of 2") {
			w.t.Errorf("update: %s", got)
		}
		w.want(`mutation { updateTask(input: {id: "0", code: "abc"}) { code slug } }`, ``, `{"data":{"updateTask":{"code":"abc","slug":"a"}}}`)
		w.want(`mutation { updateTask(input: {id: "0", code: null}) { code slug } }`, ``, `{"data":{"updateTask":{"code":null,"slug":"a"}}}`)
		// The check comes before the condition.
		got = w.do(`mutation { createTask(input: {id: "z", more: 1}, condition: {code: {attributeExists: true}}) { id } }`, ``)
		if !strings.Contains(got, "must be greater than 1") {
			w.t.Errorf("condition and check: %s", got)
		}
	})
}

func TestVersioned(t *testing.T) {
	t.Parallel()
	each(t, `
type Post @model @versioned { id: ID! title: String }
type Page @model @versioned(versionField: "rev", versionInput: "seen") { id: ID! rev: Int title: String }`, func(w *world) {
		const refused = `"errorType":"DynamoDB:ConditionalCheckFailedException"`
		fails := func(query string) {
			w.t.Helper()
			if got := w.do(query, ``); !strings.Contains(got, refused) {
				w.t.Errorf("%s: %s", query, got)
			}
		}
		w.want(`mutation { createPost(input: {id: "a", title: "t"}) { version } }`, ``, `{"data":{"createPost":{"version":1}}}`)
		fails(`mutation { updatePost(input: {id: "a", title: "u", expectedVersion: 2}) { version } }`)
		fails(`mutation { updatePost(input: {id: "none", expectedVersion: 1}) { version } }`)
		w.want(`mutation { updatePost(input: {id: "a", title: "u", expectedVersion: 1}) { title version } }`, ``, `{"data":{"updatePost":{"title":"u","version":2}}}`)
		// The same change again: the version is gone.
		fails(`mutation { updatePost(input: {id: "a", title: "u", expectedVersion: 1}) { title version } }`)
		fails(`mutation { updatePost(input: {id: "a", title: "v", expectedVersion: 2}, condition: {title: {eq: "t"}}) { version } }`)
		fails(`mutation { deletePost(input: {id: "a", expectedVersion: 1}) { id } }`)
		w.want(`mutation { deletePost(input: {id: "a", expectedVersion: 2}) { id version } }`, ``, `{"data":{"deletePost":{"id":"a","version":2}}}`)

		w.want(`mutation { createPage(input: {id: "a"}) { rev } }`, ``, `{"data":{"createPage":{"rev":1}}}`)
		w.want(`mutation { updatePage(input: {id: "a", rev: 9, seen: 1}) { rev } }`, ``, `{"data":{"updatePage":{"rev":2}}}`)
		if got := w.do(`mutation { updatePage(input: {id: "a", title: "x"}) { rev } }`, ``); strings.Contains(got, `"rev":`) {
			w.t.Errorf("without the version: %s", got)
		}
	})
}
