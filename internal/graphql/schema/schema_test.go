package schema_test

import (
	"strings"
	"testing"

	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, schema string
		want         int
	}{
		{"nothing decides", `type A @model { id: ID! }`, 0},
		{"sandbox input", `input AMPLIFY { globalAuthRule: AuthRule = {allow: public} } type A @model { id: ID! }`, 0},
		{"auth of both", `type A @model @auth(rules: [{allow: owner, operations: [read, create]}]) { id: ID! }`, 0},
		{"key", `type A @model @key(fields: ["id"]) { id: ID! }`, 1},
		{"connection", `type A @model { id: ID! b: A @connection }`, 1},
		{"versioned", `type A @model @versioned { id: ID! }`, 1},
		{"index", `type A @model { id: ID! n: Int @index(name: "byN") }`, 2},
		{"custom strategy", `type A @model @auth(rules: [{allow: custom}]) { id: ID! }`, 2},
		{"function provider", `type A @model @auth(rules: [{allow: private, provider: function}]) { id: ID! }`, 2},
		{"identity pool", `type A @model @auth(rules: [{allow: public, provider: identityPool}]) { id: ID! }`, 2},
		{"fine operations", `type A @model @auth(rules: [{allow: owner, operations: [get]}]) { id: ID! }`, 2},
		{"single operation without list", `type A @model @auth(rules: {allow: owner, operations: listen}) { id: ID! }`, 2},
		{"in an extension", `type Query { x: Int } type A @model { id: ID! } extend type A { n: Int @index(name: "byN") }`, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := schema.Parse(tt.schema)
			if err != nil {
				t.Fatal(err)
			}
			if doc.Version != tt.want {
				t.Errorf("version %d, want %d", doc.Version, tt.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, schema, want string }{
		{"empty", ``, `Syntax Error: Unexpected <EOF>.`},
		{"comment only", `# nothing`, `Syntax Error: Unexpected <EOF>.`},
		{"syntax", "type A {\n  b Int\n}", `2:5: Syntax Error: Expected :, found Name`},
		{
			"both generations", "type A @model @key(fields: [\"id\"]) { id: ID! n: Int @index(name: \"byN\") }",
			`1:15: @key belongs to version 1 and @index (1:53) to version 2 of the transformer. A schema cannot use both.`,
		},
		{"unknown type", "type A @model {\n  b: Bee\n}", `2:6: A.b: Unknown type "Bee".`},
		{"misspelt type", "type A @model { b: Strin }", `1:20: A.b: Unknown type "Strin". Did you mean "String"?`},
		{"unknown argument type", "type Query { f(x: Nope): Int }", `1:19: Query.f: Unknown type "Nope".`},
		{"unknown member", "type A { x: Int }\nunion U = A | Nope", `2:15: U: Unknown type "Nope".`},
		{"unknown interface", "type A implements Nope { x: Int }", `1:6: A: Unknown type "Nope".`},
		{"type twice", "type A { x: Int }\ntype A { y: Int }", `2:6: There can be only one type named "A".`},
		{"name of a directive's type", "input AuthRule { x: Int }", `1:7: There can be only one type named "AuthRule".`},
		{"field twice", "type A {\n  x: Int\n  x: ID\n}", `3:3: Field "A.x" can only be defined once.`},
		{"enum value twice", "enum E { A A }", `1:12: Enum value "E.A" can only be defined once.`},
		{"unknown directive", "type A @modl { x: Int }", `1:8: A: Unknown directive "@modl".`},
		{"wrong place", "type A { x: Int @model }", `1:17: A.x: Directive "@model" may not be used on FIELD_DEFINITION.`},
		{
			"twice", "type A @model @model { x: Int }",
			`1:15: A: The directive "@model" can only be used once at this location.`,
		},
		{
			"twice over an extension", "type A @aws_iam { x: Int }\nextend type A @aws_iam { y: Int }",
			`2:15: A: The directive "@aws_iam" can only be used once at this location.`,
		},
		{
			"unknown argument", "type A @model(querys: null) { x: Int }",
			`1:15: A @model: Unknown argument "querys" on directive "@model". Did you mean "queries"?`,
		},
		{
			"argument twice", "type A @model(queries: null, queries: null) { x: Int }",
			`1:30: A @model: There can be only one argument named "queries".`,
		},
		{
			"argument missing", "type A @model @auth { x: Int }",
			`1:15: A @auth: Directive "@auth" argument "rules" of type "[AuthRule!]!" is required, but it was not provided.`,
		},
		{
			"member missing", "type A @model @auth(rules: [{ownerField: \"o\"}]) { x: Int }",
			`1:29: A @auth: Field "AuthRule.allow" of required type "AuthStrategy!" was not provided.`,
		},
		{
			"member unknown", "type A @model @auth(rules: [{allow: owner, field: \"o\"}]) { x: Int }",
			`1:44: A @auth: Field "field" is not defined by type "AuthRule".`,
		},
		{
			"member twice", "type A @model(queries: {get: \"a\", get: \"b\"}) { x: Int }",
			`1:35: A @model: There can be only one input field named "get".`,
		},
		{
			"no text", "type A @model(queries: {get: 1}) { x: Int }",
			`1:30: A @model: String cannot represent a non string value: 1`,
		},
		{
			"no enum", "type A @model @auth(rules: [{allow: \"owner\"}]) { x: Int }",
			`1:38: A @auth: Enum "AuthStrategy" cannot represent non-enum value: "owner". Did you mean the enum value "owner"?`,
		},
		{
			"other enum", "type A @model @auth(rules: [{allow: nobody}]) { x: Int }",
			`1:37: A @auth: Value "nobody" does not exist in "AuthStrategy" enum.`,
		},
		{
			"no object", "type A @model(queries: \"x\") { x: Int }",
			`1:25: A @model: Expected value of type "ModelQueryMap", found "x".`,
		},
		{
			"null", "type A @model @auth(rules: null) { x: Int }",
			`1:28: A @auth: Expected value of type "[AuthRule!]!", found null.`,
		},
		{
			"no number", "type A @model { id: ID! b: [A] @hasMany(limit: \"x\") }",
			`1:49: A.b @hasMany: Int cannot represent non-integer value: "x"`,
		},
		{"extends nothing", "extend type A { x: Int }", `1:13: Cannot extend nonexistent type 'A'.`},
		{
			"extension of another kind", "input A { x: Int }\nextend type A { y: Int }",
			`2:13: Cannot extend non-type type "A".`,
		},
		{
			"extension repeats a field", "type A { x: Int }\nextend type A { x: Int }",
			`2:17: Object type extension 'A' cannot redeclare field x`,
		},
		{
			"extension repeats a value", "enum E { A }\nextend enum E { A }",
			`2:17: Enum type extension 'E' cannot redeclare value A`,
		},
		{"two schemas", "schema { query: Q }\nschema { query: Q }\ntype Q { x: Int }", `2:8: Must provide only one schema definition.`},
		{"two queries", "schema { query: Q query: Q }\ntype Q { x: Int }", `1:19: There can be only one query type in schema.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := schema.Parse(tt.schema)
			if errs.KindOf(err) != errs.Invalid || errs.Public(err).Message != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// A directive of the other version is unknown when the version is given.
func TestParseAs(t *testing.T) {
	t.Parallel()
	const text = `type A @model { id: ID! f: Int @function(name: "f", invocationType: RequestResponse) }`
	doc, err := schema.ParseAs(text, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Check(1); err == nil || !strings.Contains(err.Error(), `Unknown argument "invocationType"`) {
		t.Errorf("version 1 took an argument of version 2: %v", err)
	}
	if err := doc.Check(2); err != nil {
		t.Error(err)
	}
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	if _, err := schema.Parse("\ufefftype A { x: Int }"); err != nil {
		t.Error(err)
	}
}
