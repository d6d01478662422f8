package authz_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// expand compiles a schema with all modes configured, API_KEY the default.
func expand(t *testing.T, text string, change func(*transform.Options)) *transform.API {
	t.Helper()
	doc, err := schema.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	o := transform.Options{AuthModes: []authn.Mode{authn.UserPool, authn.OIDC, authn.IAM, authn.Lambda}}
	if change != nil {
		change(&o)
	}
	api, err := transform.Expand(doc, o)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// The callers of the tests.
var (
	byKey  = authn.Caller{Mode: authn.APIKey}
	alice  = user("s1", "alice")
	bob    = user("s2", "bob", "Admin", "Sales")
	signed = authn.Caller{Mode: authn.IAM, Federated: &authn.Federated{}}
	guest  = authn.Caller{Mode: authn.IAM, Federated: &authn.Federated{Guest: true}}
	admin  = authn.Caller{Mode: authn.IAM, Admin: true}
	oidc   = authn.Caller{Mode: authn.OIDC, Claims: alice.Claims}
)

func user(sub, name string, groups ...any) authn.Caller {
	return authn.Caller{Mode: authn.UserPool, ID: sub, Claims: map[string]any{
		"sub": sub, "username": name, "cognito:groups": groups,
	}}
}

// text writes a verdict down: all, nobody, or its conditions.
func text(v authz.Verdict) []string {
	switch {
	case v.All:
		return []string{"all"}
	case v.Nobody():
		return []string{"nobody"}
	}
	return conditions(v.Any)
}

func conditions(list []authz.Condition) []string {
	var out []string
	for _, c := range list {
		var s strings.Builder
		s.WriteString(c.Field.Name)
		for _, v := range c.Values {
			s.WriteString(" " + v)
		}
		out = append(out, s.String())
	}
	return out
}

func object(t *testing.T, text string) *scalar.Value {
	t.Helper()
	v, err := scalar.Decode(text, 8)
	if err != nil {
		t.Fatal(err)
	}
	return &v
}

func TestRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, rules string
		kind        transform.OperationKind
		caller      authn.Caller
		want        []string
	}{
		{"public", "{allow: public}", transform.Get, byKey, []string{"all"}},
		{"public is one mode only", "{allow: public}", transform.Get, alice, []string{"nobody"}},
		{"read is every way to read", "{allow: public, operations: [read]}", transform.IndexQuery, byKey, []string{"all"}},
		{"get is not list", "{allow: public, operations: [get]}", transform.List, byKey, []string{"nobody"}},
		{"an index query is a list", "{allow: public, operations: [list]}", transform.IndexQuery, byKey, []string{"all"}},
		{"sync", "{allow: public, operations: [sync]}", transform.Sync, byKey, []string{"all"}},
		{"not a read", "{allow: public}", transform.Custom, byKey, []string{"nobody"}},
		{"private", "{allow: private}", transform.List, alice, []string{"all"}},
		{"private of another provider", "{allow: private}", transform.List, oidc, []string{"nobody"}},
		{"private with IAM", "{allow: private, provider: iam}", transform.List, signed, []string{"all"}},
		{"private with IAM is no guest", "{allow: private, provider: iam}", transform.List, guest, []string{"nobody"}},
		{"public with IAM is the guest", "{allow: public, provider: identityPool}", transform.List, guest, []string{"all"}},
		{"public with IAM is nobody who has signed in", "{allow: public, provider: iam}", transform.List, signed, []string{"nobody"}},
		{"an administrator", "{allow: owner}", transform.List, admin, []string{"all"}},
		{"owner", "{allow: owner}", transform.List, alice, []string{"owner s1::alice s1 alice"}},
		{"owner by another claim", `{allow: owner, identityClaim: "username"}`, transform.List, alice, []string{"owner alice"}},
		{"owner without the claim", `{allow: owner, identityClaim: "email"}`, transform.List, alice, []string{"nobody"}},
		{"owner of another provider", "{allow: owner, provider: oidc}", transform.List, oidc, []string{"owner s1::alice s1 alice"}},
		{"list of owners", `{allow: owner, ownerField: "editors"}`, transform.List, alice, []string{"editors s1::alice s1 alice"}},
		{"static group", `{allow: groups, groups: ["Admin"]}`, transform.List, bob, []string{"all"}},
		{"another group", `{allow: groups, groups: ["Admin"]}`, transform.List, alice, []string{"nobody"}},
		{"dynamic group", `{allow: groups, groupsField: "team"}`, transform.List, bob, []string{"team Admin Sales"}},
		{"no group", `{allow: groups, groupsField: "team"}`, transform.List, alice, []string{"nobody"}},
		{"rules are ORed", `{allow: owner}, {allow: groups, groupsField: "team"}`, transform.List, bob, []string{"owner s2::bob s2 bob", "team Admin Sales"}},
		{"a static rule is enough", `{allow: owner}, {allow: private}`, transform.List, alice, []string{"all"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			api := expand(t, `type Note @model @auth(rules: [`+tt.rules+`]) { id: ID! editors: [String] team: String @index(name: "byTeam") }`, nil)
			got := text(authz.New(api).Read(api.Models["Note"], tt.kind, tt.caller, nil))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestClaimsThatReadLikeOthers lets a caller choose a name that is the joined
// identity of somebody else.
func TestClaimsThatReadLikeOthers(t *testing.T) {
	t.Parallel()
	api := expand(t, `type Note @model @auth(rules: [{allow: owner}, {allow: owner, provider: oidc, identityClaim: "nickname"}]) { id: ID! owner: String }`, nil)
	p, m := authz.New(api), api.Models["Note"]
	named := func(s string) authn.Caller {
		return authn.Caller{Mode: authn.OIDC, Claims: map[string]any{"nickname": s}}
	}
	for name, want := range map[string]string{"carol": "owner carol", "s1::alice": "nobody"} {
		if got := text(p.Read(m, transform.List, named(name), nil)); got[0] != want {
			t.Errorf("%s: %v", name, got)
		}
		if _, denial := p.Create(m, named(name), object(t, `{}`)); (denial == nil) != (name == "carol") {
			t.Errorf("%s creates: %v", name, denial)
		}
	}
}

func TestReadWithKnownKey(t *testing.T) {
	t.Parallel()
	api := expand(t, `type Note @model @auth(rules: [{allow: owner}, {allow: groups, groupsField: "team"}]) {
		owner: String! @primaryKey(sortKeyFields: ["at"]) at: String! team: String }`, nil)
	p, m := authz.New(api), api.Models["Note"]
	known := func(v string) authz.Known {
		return func(f string) (string, bool, bool) { return v, f == "owner" || f == "at", f == "owner" }
	}
	for _, tt := range []struct {
		name   string
		caller authn.Caller
		owner  string
		want   []string
	}{
		{"own", alice, "s1", []string{"all"}},
		{"foreign", alice, "s2", []string{"nobody"}},
		{"foreign, but there is another rule", bob, "s1", []string{"team Admin Sales"}},
	} {
		if diff := cmp.Diff(tt.want, text(p.Read(m, transform.Get, tt.caller, known(tt.owner)))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestWithoutRules(t *testing.T) {
	t.Parallel()
	for _, sandbox := range []bool{false, true} {
		api := expand(t, `type Note @model { id: ID! text: String }`, func(o *transform.Options) { o.Sandbox = sandbox })
		p, m := authz.New(api), api.Models["Note"]
		want := map[bool]string{false: "nobody", true: "all"}[sandbox]
		if got := text(p.Read(m, transform.Get, byKey, nil)); got[0] != want {
			t.Errorf("sandbox %v: %v", sandbox, got)
		}
		if got := text(p.Read(m, transform.Get, alice, nil)); got[0] != "nobody" {
			t.Errorf("sandbox %v: a user may read: %v", sandbox, got)
		}
		if _, denial := p.Create(m, byKey, object(t, `{}`)); (denial == nil) != sandbox {
			t.Errorf("sandbox %v: create: %v", sandbox, denial)
		}
		if c := p.Change(m, transform.Update, byKey, object(t, `{"id":"a"}`)); (c.Denied == nil) != sandbox {
			t.Errorf("sandbox %v: update: %v", sandbox, c.Denied)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	api := expand(t, `
	type Post @model @auth(rules: [{allow: private, operations: [read]}, {allow: owner}]) {
		id: ID!
		title: String
		secret: String @auth(rules: [{allow: owner}])
		pay: Int @auth(rules: [{allow: groups, groups: ["Admin"]}])
		notes: [Note] @hasMany
	}
	type Note @model @auth(rules: [{allow: owner}]) { id: ID! }`, nil)
	p, m := authz.New(api), api.Models["Post"]
	tests := []struct {
		name, field string
		caller      authn.Caller
		guarded     bool
		want        []string
	}{
		{"of everybody", "title", alice, false, []string{"all"}},
		{"of the owner", "secret", alice, true, []string{"owner s1::alice s1 alice"}},
		{"of a group", "pay", bob, true, []string{"all"}},
		{"of a group, others", "pay", alice, true, []string{"nobody"}},
		{"an administrator", "pay", admin, true, []string{"all"}},
		{"generated", "createdAt", alice, false, []string{"all"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := m.Field(tt.field)
			if got := p.Guarded(m, f); got != tt.guarded {
				t.Errorf("guarded: %v", got)
			}
			if diff := cmp.Diff(tt.want, text(p.Field(m, f, tt.caller))); diff != "" {
				t.Error(diff)
			}
			if redacted := p.Redacted(m, f); redacted != tt.guarded {
				t.Errorf("redacted: %v", redacted)
			}
		})
	}
	if !p.Redacted(m, m.Field("notes")) {
		t.Error("a relation to a model with other rules is in the payload of mutations")
	}
	if !p.OwnerPart(m, m.Field("owner")) || p.OwnerPart(m, m.Field("title")) {
		t.Error("the owner is not known as one")
	}
}

// TestFieldsOfLesserRoles asks for those who may do less than get.
func TestFieldsOfLesserRoles(t *testing.T) {
	t.Parallel()
	api := expand(t, `type Note @model @auth(rules: [{allow: owner}, {allow: private, operations: [list]},
		{allow: groups, groups: ["Admin"], operations: [update]}]) {
		id: ID! title: String secret: String @auth(rules: [{allow: owner}]) open: String @auth(rules: [{allow: private}]) }`, nil)
	p, m := authz.New(api), api.Models["Note"]
	for field, want := range map[string]string{"secret": "owner s2::bob s2 bob", "title": "all", "open": "all"} {
		if got := text(p.Field(m, m.Field(field), bob))[0]; got != want {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
	if !p.Guarded(m, m.Field("secret")) || p.Guarded(m, m.Field("title")) {
		t.Error("the wrong fields are guarded")
	}
}

// TestForeignKeysOfRelations asks for the key behind a relation with rules.
func TestForeignKeysOfRelations(t *testing.T) {
	t.Parallel()
	api := expand(t, `
	type Post @model @auth(rules: [{allow: owner}, {allow: private}]) {
		id: ID! one: Note @hasOne @auth(rules: [{allow: owner}]) two: Note @hasOne }
	type Note @model @auth(rules: [{allow: private}]) { id: ID! }`, nil)
	p, m := authz.New(api), api.Models["Post"]
	if got := text(p.Field(m, m.Field("postOneId"), bob)); got[0] != "owner s2::bob s2 bob" {
		t.Errorf("read: %v", got)
	}
	if got := text(p.Field(m, m.Field("postTwoId"), bob)); got[0] != "all" {
		t.Errorf("read of a relation without rules: %v", got)
	}
	for _, value := range []string{`"n"`, `null`} {
		change := p.Change(m, transform.Update, bob, object(t, `{"id":"a","postOneId":`+value+`}`))
		if len(change.Need) != 1 || cmp.Diff([]string{"owner s2::bob s2 bob"}, conditions(change.Need[0])) != "" {
			t.Errorf("update to %s: %+v", value, change)
		}
	}
	if change := p.Change(m, transform.Update, bob, object(t, `{"id":"a","postTwoId":"n"}`)); len(change.Need) > 0 || change.Denied != nil {
		t.Errorf("update of a relation without rules: %+v", change)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	const owner = `{allow: owner}`
	denied := &authz.Denial{}
	tests := []struct {
		name, rules, input string
		caller             authn.Caller
		stamp              string
		denial             *authz.Denial
	}{
		{"stamped", owner, `{"title":"t"}`, alice, `"s1::alice"`, nil},
		{"in full", owner, `{"owner":"s1::alice"}`, alice, "", nil},
		{"the subject", owner, `{"owner":"s1"}`, alice, "", nil},
		{"the name", owner, `{"owner":"alice"}`, alice, "", nil},
		{"somebody else", owner, `{"owner":"s2::bob"}`, alice, "", denied},
		{"null", owner, `{"owner":null}`, alice, "", denied},
		{"by key", owner, `{}`, byKey, "", denied},
		{"of all, given to somebody", `{allow: private}, ` + owner, `{"owner":"s2::bob"}`, alice, "", nil},
		{"of all, stamped", `{allow: private}, ` + owner, `{}`, alice, `"s1::alice"`, nil},
		{"list", `{allow: owner, ownerField: "editors"}`, `{}`, alice, `["s1::alice"]`, nil},
		{"list with the caller", `{allow: owner, ownerField: "editors"}`, `{"editors":["x","alice"]}`, alice, "", nil},
		{"list without the caller", `{allow: owner, ownerField: "editors"}`, `{"editors":["x"]}`, alice, "", denied},
		{"empty list", `{allow: owner, ownerField: "editors"}`, `{"editors":[]}`, alice, "", denied},
		{"dynamic group", `{allow: groups, groupsField: "team"}`, `{"team":"Sales"}`, bob, "", nil},
		{"another dynamic group", `{allow: groups, groupsField: "team"}`, `{"team":"Other"}`, bob, "", denied},
		{"no dynamic group", `{allow: groups, groupsField: "team"}`, `{}`, bob, "", denied},
		{"read only", `{allow: public, operations: [read]}`, `{}`, byKey, "", denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			api := expand(t, `type Note @model @auth(rules: [`+tt.rules+`]) { id: ID! title: String owner: String editors: [String] team: String }`, nil)
			stamps, denial := authz.New(api).Create(api.Models["Note"], tt.caller, object(t, tt.input))
			if diff := cmp.Diff(tt.denial, denial); diff != "" {
				t.Errorf("denial: %s", diff)
			}
			var got strings.Builder
			for _, s := range stamps {
				got.WriteString(string(s.Value.AppendJSON(nil)))
			}
			if got.String() != tt.stamp {
				t.Errorf("stamped %q, want %q", got.String(), tt.stamp)
			}
		})
	}
}
