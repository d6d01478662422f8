package codegen_test

import (
	"strings"
	"testing"

	"preamp/internal/graphql/codegen"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	const todo = "type Todo @model { id: ID! title: String }"
	tests := []struct {
		name    string
		request codegen.Request
		sdl     string // in the answer
		err     string
	}{
		{"defaults", codegen.Request{Schema: todo}, "type Todo {", ""},
		{"version 1", codegen.Request{Schema: todo, Transformer: 1, ConflictResolution: "NONE", DefaultAuth: "API_KEY"}, "type Todo {", ""},
		{"sync fields", codegen.Request{Schema: todo, Transformer: 2, ConflictResolution: "AUTOMERGE"}, "_lastChangedAt", ""},
		{
			"all modes are configured",
			codegen.Request{Schema: "type Todo @model @auth(rules: [{allow: custom}, {allow: private, provider: iam}]) { id: ID! }"},
			"@aws_lambda", "",
		},
		{
			"version 1 knows no functions that authorize",
			codegen.Request{Schema: "type Todo @model @auth(rules: [{allow: custom}]) { id: ID! }", Transformer: 1},
			"", "Value \"custom\" does not exist in \"AuthStrategy\" enum.",
		},
		{"refused, without the place", codegen.Request{Schema: "type Todo @modl { id: ID! }"}, "", "Unknown directive \"@modl\"."},
		{"transformer", codegen.Request{Schema: todo, Transformer: 3}, "", "transformer is 3: it is 1 or 2"},
		{
			"conflict resolution",
			codegen.Request{Schema: todo, ConflictResolution: "MERGE"},
			"",
			`conflictResolution is "MERGE": it is one of NONE AUTOMERGE OPTIMISTIC_CONCURRENCY LAMBDA`,
		},
		{
			"default mode",
			codegen.Request{Schema: todo, DefaultAuth: "KEY"},
			"",
			`defaultAuth is "KEY": it is one of API_KEY AMAZON_COGNITO_USER_POOLS AWS_IAM OPENID_CONNECT AWS_LAMBDA`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.request.ID = tt.name
			a := tt.request.Answer()
			if a.ID != tt.name || a.OK != (tt.err == "") || a.Error != tt.err || !strings.Contains(a.SDL, tt.sdl) {
				t.Errorf("answer %+v; want SDL with %q or error %q", a, tt.sdl, tt.err)
			}
			if a.OK != (len(a.Introspection) > 0) {
				t.Errorf("ok %t with introspection %q", a.OK, a.Introspection)
			}
		})
	}
}
