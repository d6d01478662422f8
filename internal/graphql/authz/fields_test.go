package authz_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/transform"
)

// guardedNote has fields that only some may write: everybody signed in the title,
// owners the text as well, admins all.
const guardedNote = `type Note @model(subscriptions: null) @auth(rules: [
	{allow: private, operations: [create, update, read]}, {allow: groups, groups: ["Admin"]}]) {
	id: ID!
	title: String
	text: String @auth(rules: [{allow: owner, operations: [create, update, read]}, {allow: groups, groups: ["Admin"]}])
	pay: Int @auth(rules: [{allow: groups, groups: ["Admin"]}])
}`

func TestCreateFields(t *testing.T) {
	t.Parallel()
	api := expand(t, guardedNote, nil)
	tests := []struct {
		name, input string
		caller      authn.Caller
		want        *authz.Denial
	}{
		{"its fields", `{"title":"t"}`, alice, nil},
		{"and those of the owner it becomes", `{"title":"t","text":"x"}`, alice, nil},
		{"fields of a group", `{"text":"x","pay":1,"title":"t"}`, alice, &authz.Denial{Fields: []string{"pay"}}},
		{"the group", `{"id":"a","text":"x","pay":1}`, bob, nil},
		{"nobody", `{"title":"t"}`, byKey, &authz.Denial{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, got := authz.New(api).Create(api.Models["Note"], tt.caller, object(t, tt.input))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	const mixed = `type Note @model @auth(rules: [{allow: owner}, {allow: groups, groupsField: "team", operations: [update]},
		{allow: groups, groups: ["Admin"]}]) { id: ID! title: String team: String }`
	tests := []struct {
		name, schema, input string
		kind                transform.OperationKind
		caller              authn.Caller
		denied              *authz.Denial
		need                [][]string
		holds               []bool
		judged              *authz.Denial
	}{
		{"owner", mixed, `{"id":"a","title":"t"}`, transform.Update, alice, nil, [][]string{{"owner s1::alice s1 alice"}}, []bool{true}, nil},
		{"not the owner", mixed, `{"id":"a","title":"t"}`, transform.Update, alice, nil, [][]string{{"owner s1::alice s1 alice"}}, nil, &authz.Denial{}},
		{"static group", mixed, `{"id":"a"}`, transform.Update, bob, nil, nil, nil, nil},
		{"delete", mixed, `{"id":"a"}`, transform.Delete, alice, nil, [][]string{{"owner s1::alice s1 alice"}}, []bool{false}, &authz.Denial{}},
		{"delete by nobody", mixed, `{"id":"a"}`, transform.Delete, byKey, &authz.Denial{}, nil, nil, nil},
		{
			"two dynamic rules, of which one may not set null", mixed, `{"id":"a","title":null}`, transform.Update, user("s3", "carol", "Sales"), nil,
			[][]string{{"owner s3::carol s3 carol", "team Sales"}, {"owner s3::carol s3 carol"}},
			[]bool{false, true},
			&authz.Denial{Fields: []string{"title"}},
		},
		{
			"delete only", `type Note @model @auth(rules: [{allow: owner, operations: [delete]}]) { id: ID! title: String }`, `{"id":"a","title":"t"}`, transform.Update, alice, nil,
			[][]string{{"owner s1::alice s1 alice"}, {}},
			[]bool{true},
			&authz.Denial{Fields: []string{"title"}},
		},
		{"fields of the owner", guardedNote, `{"id":"a","title":"t","text":"x"}`, transform.Update, alice, nil, [][]string{{"owner s1::alice s1 alice"}}, []bool{false}, &authz.Denial{Fields: []string{"text"}}},
		{
			"the key names the row", `type Note @model(subscriptions: null) @auth(rules: [{allow: private, operations: [read]}]) {
				org: ID! @primaryKey(sortKeyFields: ["no"]) no: Int! title: String @auth(rules: [{allow: private}]) }`,
			`{"org":"o","no":1,"title":"t"}`, transform.Update, alice, nil, nil, nil, nil,
		},
		{"fields of a group", guardedNote, `{"id":"a","pay":1}`, transform.Update, alice, nil, [][]string{{}}, []bool{true}, &authz.Denial{Fields: []string{"pay"}}},
		{"null needs the right to delete", guardedNote, `{"id":"a","title":null}`, transform.Update, alice, nil, [][]string{{}}, []bool{true}, &authz.Denial{Fields: []string{"title"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			api := expand(t, tt.schema, nil)
			got := authz.New(api).Change(api.Models["Note"], tt.kind, tt.caller, object(t, tt.input))
			if diff := cmp.Diff(tt.denied, got.Denied); diff != "" {
				t.Errorf("denied: %s", diff)
			}
			var need [][]string
			for _, n := range got.Need {
				need = append(need, append([]string{}, conditions(n)...))
			}
			if diff := cmp.Diff(tt.need, need); diff != "" {
				t.Errorf("need: %s", diff)
			}
			if diff := cmp.Diff(tt.judged, got.Judge(tt.holds)); diff != "" {
				t.Errorf("judged: %s", diff)
			}
		})
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	api := expand(t, `
	type Query { a: String b: String @aws_iam c: Card d: String @aws_cognito_user_pools(cognito_groups: ["Admin"])
		e: String @auth(rules: [{allow: groups, groups: ["Admin"]}]) }
	type Card @aws_cognito_user_pools { text: String open: String @aws_api_key }
	type Note @model { id: ID! }`, nil)
	p := authz.New(api)
	tests := []struct {
		typ, field string
		caller     authn.Caller
		want       bool
	}{
		{"Query", "a", byKey, true},
		{"Query", "a", alice, false},
		{"Query", "b", signed, true},
		{"Query", "b", byKey, false},
		{"Query", "b", admin, true},
		{"Card", "text", alice, true},
		{"Card", "text", byKey, false},
		{"Card", "open", byKey, true},
		{"Card", "open", alice, false},
		{"Query", "d", alice, false},
		{"Query", "d", bob, true},
		{"Query", "e", alice, false},
		{"Query", "e", bob, true},
		{"Query", "e", byKey, false},
		{"__Type", "name", guest, true},
	}
	for _, tt := range tests {
		def := api.Schema.Types[tt.typ]
		f := def.Fields.ForName(tt.field)
		groups, ok := p.Reach(def, f, tt.caller)
		if got := ok && authz.InGroups(tt.caller, groups) && p.Custom(def, f, tt.caller); got != tt.want {
			t.Errorf("%s.%s by %s %v: %v", tt.typ, tt.field, tt.caller.Mode, tt.caller.Claims, got)
		}
	}
}
