package transform_test

import (
	"testing"

	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

func TestCheckServable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, schema, want string
		opt                transform.Options
	}{
		{name: "plain", schema: "type A @model { id: ID! }"},
		{name: "public", schema: "type A @model @auth(rules: [{allow: public}]) { id: ID! }"},
		{name: "public, said in full", schema: "type A @model @auth(rules: {allow: public, provider: apiKey, operations: [create, update, delete, read]}) { id: ID! }"},
		{name: "v1 without rules", schema: `type A @model @key(fields: ["id"]) { id: ID! }`},
		{name: "custom root fields", schema: "type A @model { id: ID! } type Query { f: U } union U = A"},
		{name: "relation", schema: "type A @model { id: ID! list: [B] @hasMany } type B @model { id: ID! a: A @belongsTo }"},
		{name: "connection", schema: "type A @model { id: ID! b: B @connection } type B @model { id: ID! }"},
		{
			name: "relation whose keys differ", schema: "type A @model { id: ID! b: B @connection }\ntype B @model @key(fields: [\"n\"]) { n: Int! }",
			want: "1:6: A.b: the keys of the two models have different types",
		},
		{name: "rules", schema: "type A @model @auth(rules: [{allow: owner}, {allow: groups, groups: [\"g\"]}, {allow: public, provider: iam, operations: [read]}]) { id: ID! s: String @auth(rules: [{allow: private}]) }"},
		{
			name: "rule of a function", schema: "type A @model @auth(rules: [{allow: owner}, {allow: custom}]) { id: ID! }",
			want: "1:15: A @auth: functions are not available in this version, and so is no rule of the provider function",
		},
		{
			name: "field rule of a function", schema: "type A @model { id: ID! s: String @auth(rules: [{allow: custom, provider: function}]) }",
			want: "1:35: A.s @auth: functions are not available in this version, and so is no rule of the provider function",
		},
		{
			name: "values", schema: `type A @model @mapsTo(name: "B") { id: ID! s: String @default(value: "x") @validate(type: matches, value: "x+") }`,
		},
		{name: "versioned", schema: "type A @model @versioned { id: ID! s: String }"},
		{
			name: "default that only begins like a number", schema: `type A @model { id: ID! n: Int @default(value: "12 apples") }`,
			want: `1:32: A.n @default: the default value "12 apples" is not a value of the type Int`,
		},
		{
			name: "default beyond the range", schema: `type A @model { id: ID! n: Int @default(value: "3000000000") }`,
			want: `1:32: A.n @default: the default value "3000000000" is not a value of the type Int`,
		},
		{
			name:   "expression of another kind",
			schema: `type A @model { id: ID! s: String @validate(type: minLength, value: "1") @validate(type: matches, value: "(?=x).*") }`,
			want: `1:74: A.s @validate: the regular expression "(?=x).*" is not available in this version, which knows ` +
				"neither lookaround nor back references",
		},
		{
			name: "expression that is none", schema: `type A @model { id: ID! s: String @validate(type: matches, value: "a)|(b") }`,
			want: `1:35: A.s @validate: the regular expression "a)|(b" is not available in this version, which knows ` +
				"neither lookaround nor back references",
		},
		{
			name: "search", schema: "type A @model @searchable { id: ID! }",
			want: "1:15: A @searchable: search is not available in this version",
		},
		{
			name: "function", schema: `type A @model { id: ID! } extend type Query { f: Int @function(name: "f") } type Query { g: Int }`,
			want: "1:54: Query.f @function: functions are not available in this version",
		},
		{
			name: "union in a model", schema: "type A @model { id: ID! u: U }\nunion U = B | C\ntype B { x: Int }\ntype C { x: Int }",
			want: "1:25: A.u: a field of a model cannot have the abstract type U",
		},
		{
			name: "interface in an object in a model", schema: "type A @model { id: ID! o: O }\ntype O { i: I }\ninterface I { x: Int }",
			want: "2:10: O.i: a field of a model cannot have the abstract type I",
		},
		{
			name: "custom scalar", schema: "type A @model { id: ID! d: Dollars }\nscalar Dollars",
			want: "1:25: A.d: a field of a model cannot have the type Dollars",
		},
		{
			name: "model inside an object", schema: "type A @model { id: ID! o: O }\ntype O { a: A }",
			want: "2:10: O.a: an object inside a model cannot hold the model A",
		},
		{name: "float as sort key", schema: `type A @model { id: ID! @primaryKey(sortKeyFields: ["f"]) f: Float! n: Int @index(name: "byN", sortKeyFields: ["f"]) }`},
		{
			name: "float in a composite key", schema: "type A @model {\n  id: ID! @primaryKey(sortKeyFields: [\"s\", \"f\"])\n  s: String!\n  f: Float!\n}",
			want: "4:3: A.f: a Float cannot be part of a composite sort key",
		},
		{
			name: "float in a composite index", schema: "type A @model {\n  id: ID!\n  s: String @index(name: \"byS\", sortKeyFields: [\"f\", \"t\"])\n  f: Float t: String\n}",
			want: "4:3: A.f: a Float cannot be part of a composite sort key",
		},
		{
			name: "float in a composite key of version 1", schema: "type A @model @key(fields: [\"id\", \"s\", \"f\"]) {\n  id: ID!\n  s: String!\n  f: Float!\n}",
			want: "4:3: A.f: a Float cannot be part of a composite sort key",
		},
		{
			name: "conflicts", schema: "type A @model { id: ID! }", opt: transform.Options{Conflict: transform.AutoMerge},
			want: "conflict detection is not available in this version",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := schema.Parse(tt.schema)
			if err != nil {
				t.Fatal(err)
			}
			api, err := transform.Expand(doc, tt.opt)
			if err != nil {
				api = nil // refused anyway; the check has to find it on its own
			}
			err = transform.CheckServable(doc, api, tt.opt)
			got := ""
			if err != nil {
				got = errs.Public(err).Message
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
