package transform_test

import (
	"strings"
	"testing"

	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// TestFilterFieldTwice checks fields that are called like a part of the filter.
// Version 1 prints such a schema, as the official tool does, with the field twice;
// nobody can serve it, and the place to change is in the user's schema.
func TestFilterFieldTwice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, schema, want string }{
		{"and", "type A @model {\n  id: ID!\n  and: String\n}", "3:3: A.and: type ModelAFilterInput has already a field with name and"},
		{"or", "type A @model {\n  id: ID!\n  or: [Int]\n}", "3:3: A.or: type ModelAFilterInput has already a field with name or"},
		{"not", "type A @model {\n  id: ID!\n  not: E\n}\nenum E { P }", "3:3: A.not: type ModelAFilterInput has already a field with name not"},
		{
			"without queries", "type A @model(queries: null) {\n  id: ID!\n  not: Int\n}",
			"3:3: A.not: type ModelAConditionInput has already a field with name not",
		},
		{"of the second model", "type B @model { id: ID! }\ntype A @model { id: ID! and: Int! }", "2:25: A.and: type ModelAFilterInput has already a field with name and"},
		{"a relation is no part of the filter", "type A @model { id: ID! and: B @connection }\ntype B @model { id: ID! }", ""},
		{"an object is no part of the filter", "type A @model { id: ID! and: P }\ntype P { or: Int }", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opt := transform.Options{Version: 1}
			doc, err := schema.ParseFor(tt.schema, 1)
			if err != nil {
				t.Fatal(err)
			}
			api, err := transform.Expand(doc, opt)
			if err != nil {
				t.Fatalf("the schema is not printed: %v", err)
			}
			got := ""
			if err := transform.CheckServable(doc, api, opt); err != nil {
				got = errs.Public(err).Message
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if name, ok := strings.CutPrefix(tt.want, "3:3: A."); ok {
				name, _, _ = strings.Cut(name, ":")
				_, filter, _ := strings.Cut(api.SDL, "input ModelAConditionInput {")
				filter, _, _ = strings.Cut(filter, "}")
				if n := strings.Count(filter, "  "+name+": "); n != 2 {
					t.Errorf("%s is printed %d times, want twice:\n%s", name, n, filter)
				}
			}
		})
	}
}
