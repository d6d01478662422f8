package authz_test

import (
	"fmt"
	"strings"
	"testing"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/transform"
)

var (
	v1Ann = authn.Caller{Mode: authn.UserPool, Claims: map[string]any{
		"sub": "s-ann", "username": "ann", "cognito:groups": []any{"Admin", "red"},
	}}
	v1Ben   = authn.Caller{Mode: authn.UserPool, Claims: map[string]any{"sub": "s-ben", "cognito:username": "ben"}}
	v1OIDC  = authn.Caller{Mode: authn.OIDC, Claims: map[string]any{"sub": "s-ann", "username": "ann"}}
	v1Key   = authn.Caller{Mode: authn.APIKey}
	v1Role  = authn.Caller{Mode: authn.IAM, Federated: &authn.Federated{}}
	v1Guest = authn.Caller{Mode: authn.IAM, Federated: &authn.Federated{Guest: true}}
	v1Admin = authn.Caller{Mode: authn.IAM, Admin: true}
	v1Stray = authn.Caller{Mode: authn.IAM}
)

// v1Text writes a verdict down.
func v1Text(v authz.Verdict) string {
	switch {
	case v.All:
		return "all"
	case v.Nobody():
		return "nobody"
	case len(v.Any) == 0:
		return "none"
	}
	var out []string
	for _, c := range v.Any {
		out = append(out, c.Field.Name+"="+strings.Join(c.Values, ","))
	}
	return strings.Join(out, " or ")
}

func v1Model(t *testing.T, rules, fields string) (*authz.Policies, *transform.Model) {
	t.Helper()
	if rules != "" {
		rules = "@auth(rules: [" + rules + "])"
	}
	api := expandV1(t, fmt.Sprintf("type M @model %s { id: ID! title: String editors: [String] %s } enum Kind { ann }", rules, fields))
	return authz.New(api), api.Models["M"]
}

func TestV1Read(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, rules, fields string
		kind                transform.OperationKind
		caller              authn.Caller
		want                string
	}{
		{"open", "", "", transform.List, v1Key, "all"},
		{"open to roles", "", "", transform.List, v1Guest, "all"},
		{"closed to whoever is of no mode", "", "", transform.List, authn.Caller{}, "nobody"},
		{"what is no way to read", "", "", transform.Custom, v1Ann, "nobody"},
		{"an operation without rules is open", "{allow: owner, operations: [create]}", "", transform.List, v1Ben, "all"},
		{"but not to roles, which have no policy for it", "{allow: owner, operations: [create]}", "", transform.List, v1Role, "nobody"},
		{"owner", "{allow: owner}", "", transform.Get, v1Ann, "owner=ann"},
		{"owner with an ID token", "{allow: owner}", "", transform.Get, v1Ben, "owner=ben"},
		{"index queries", "{allow: owner}", "", transform.IndexQuery, v1Ann, "owner=ann"},
		{"sync", "{allow: owner}", "", transform.Sync, v1Ann, "owner=ann"},
		{"search", "{allow: owner}", "", transform.Search, v1Ann, "owner=ann"},
		{"a claim with colons is one claim", `{allow: owner, identityClaim: "sub::username"}`, "", transform.List, v1Ann, "none"},
		{"old identity field", `{allow: owner, identityField: "sub"}`, "", transform.List, v1Ann, "owner=s-ann"},
		{"old queries cover index queries", "{allow: owner, queries: [list]}", "", transform.IndexQuery, v1Ann, "owner=ann"},
		{"old queries leave the rest open", "{allow: owner, queries: [list]}", "", transform.Get, v1Ann, "all"},
		{"who is in no group sees empty pages", `{allow: groups, groups: ["Admin"]}`, "", transform.List, v1Ben, "none"},
		{"a group", `{allow: groups, groups: ["Admin"]}`, "", transform.List, v1Ann, "all"},
		{"part of a name is no group", `{allow: groups, groups: ["Adm"]}`, "", transform.List, v1Ann, "none"},
		{"an empty list of groups", `{allow: groups, groups: []}`, "groups: [String]", transform.List, v1Ann, "none"},
		{"the default field of groups", `{allow: groups}`, "groups: [String]", transform.List, v1Ann, "groups=Admin,red"},
		{"all users", "{allow: private}, {allow: owner}", "", transform.List, v1Ben, "all"},
		{"rules for others", "{allow: private}", "", transform.List, v1OIDC, "nobody"},
		{"owners of two providers", `{allow: owner}, {allow: owner, provider: oidc, identityClaim: "sub"}`, "", transform.List, v1OIDC, "owner=s-ann"},
		{"a key for which there is no rule", "{allow: owner}", "", transform.List, v1Key, "nobody"},
		{"a key", "{allow: owner}, {allow: public}", "", transform.List, v1Key, "all"},
		{"private roles", "{allow: private, provider: iam}", "", transform.List, v1Role, "all"},
		{"private roles have no guests", "{allow: private, provider: iam}", "", transform.List, v1Guest, "nobody"},
		{"public roles", "{allow: public, provider: iam}", "", transform.List, v1Role, "all"},
		{"guests", "{allow: public, provider: iam}", "", transform.List, v1Guest, "all"},
		{"a role of no identity pool", "{allow: public, provider: iam}", "", transform.List, v1Stray, "nobody"},
		{"an administrator", "{allow: owner}", "", transform.List, v1Admin, "all"},
		{"owners in a field of another type", `{allow: owner, ownerField: "n"}`, "n: Int", transform.List, v1Ann, "none"},
		{"owners in an enum", `{allow: owner, ownerField: "k"}`, "k: Kind", transform.List, v1Ann, "k=ann"},
		{"owners in numbers", `{allow: owner, ownerField: "n"}`, "n: [Int]", transform.List, v1Ann, "none"},
		{"owners in lists of lists", `{allow: owner, ownerField: "n"}`, "n: [[String]]", transform.List, v1Ann, "none"},
		{"a field rule for a key alone", "{allow: owner}", "name: String @auth(rules: [{allow: public}])", transform.Get, v1Key, "all"},
		{"a field rule for guests is for no key", "{allow: owner}", "name: String @auth(rules: [{allow: public, provider: iam}])", transform.Get, v1Key, "nobody"},
		{"a field rule for roles is for no guests", "{allow: owner}", "name: String @auth(rules: [{allow: private, provider: iam}])", transform.Get, v1Guest, "nobody"},
		{"a field rule adds nothing to rules of the model", "{allow: owner}, {allow: public, operations: [create]}", "name: String @auth(rules: [{allow: public}])", transform.Get, v1Key, "nobody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, m := v1Model(t, tt.rules, tt.fields)
			if got := v1Text(p.Read(m, tt.kind, tt.caller, nil)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Whoever is judged row by row gets null for a row that is not there, whoever is
// not of the right mode is refused at once.
func TestV1Late(t *testing.T) {
	t.Parallel()
	p, m := v1Model(t, `{allow: groups, groups: ["Admin"]}, {allow: private, provider: iam}`, "")
	for _, tt := range []struct {
		name   string
		caller authn.Caller
		late   bool
	}{
		{"a user of another group", v1Ben, true},
		{"a user of the group", v1Ann, false},
		{"a guest", v1Guest, false},
		{"a key", v1Key, false},
	} {
		for _, v := range []authz.Verdict{p.Read(m, transform.Get, tt.caller, nil), p.Related(m, true, tt.caller), p.Related(m, false, tt.caller)} {
			if v.Late != tt.late {
				t.Errorf("%s: got %v", tt.name, v.Late)
			}
		}
	}
}

func TestV1Related(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, rules  string
		caller       authn.Caller
		single, many string
	}{
		{"open", "", v1Key, "all", "all"},
		{"owner", "{allow: owner}", v1Ann, "owner=ann", "owner=ann"},
		{"not for reading", "{allow: owner, operations: [update]}", v1Ann, "all", "all"},
		{"old get", "{allow: owner, queries: [get]}", v1Ann, "owner=ann", "all"},
		{"old list", "{allow: owner, queries: [list]}", v1Ann, "all", "owner=ann"},
		{"a mode without rules", "{allow: owner}", v1Key, "nobody", "nobody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, m := v1Model(t, tt.rules, "")
			if got := v1Text(p.Related(m, true, tt.caller)); got != tt.single {
				t.Errorf("one: got %s, want %s", got, tt.single)
			}
			if got := v1Text(p.Related(m, false, tt.caller)); got != tt.many {
				t.Errorf("many: got %s, want %s", got, tt.many)
			}
		})
	}
}

func TestV1Field(t *testing.T) {
	t.Parallel()
	const name = "name: String @auth(rules: [%s])"
	for _, tt := range []struct {
		name, rules, fieldRules string
		caller                  authn.Caller
		field, other            string // what may be read of name and of title
		guarded, redacted       bool
	}{
		{"owner", "", "{allow: owner}", v1Ann, "owner=ann", "all", true, true},
		{"a group", "", `{allow: groups, groups: ["Admin"]}, {allow: owner}`, v1Ann, "all", "all", true, true},
		{"no group", "", `{allow: groups, groups: ["Admin"]}`, v1Ben, "nobody", "all", true, true},
		{"for writing", "", "{allow: owner, operations: [create, update]}", v1Ann, "all", "all", false, false},
		{"all users", "", "{allow: private}", v1Ann, "all", "all", true, true},
		{"a mode without rules", "", "{allow: private}", v1Key, "nobody", "all", true, true},
		{"a key for that field only", "{allow: owner}", "{allow: public}", v1Key, "all", "nobody", true, true},
		{"the owner, who has no rule for that field", "{allow: owner}", "{allow: public}", v1Ann, "nobody", "all", true, true},
		{"a key that may create", "{allow: owner}, {allow: public, operations: [create]}", "{allow: owner}", v1Key, "nobody", "all", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, m := v1Model(t, tt.rules, fmt.Sprintf(name, tt.fieldRules))
			f := m.Field("name")
			if got := v1Text(p.Field(m, f, tt.caller)); p.Guarded(m, f) && got != tt.field || !p.Guarded(m, f) && tt.field != "all" {
				t.Errorf("got %s, want %s", got, tt.field)
			}
			other := "all"
			if title := m.Field("title"); p.Guarded(m, title) {
				other = v1Text(p.Field(m, title, tt.caller))
			}
			if other != tt.other {
				t.Errorf("a field without rules: got %s, want %s", other, tt.other)
			}
			if got := p.Guarded(m, f); got != tt.guarded {
				t.Errorf("guarded: got %v", got)
			}
			if got := p.Redacted(m, f); got != tt.redacted {
				t.Errorf("redacted: got %v", got)
			}
			if p.OwnerPart(m, m.Field("title")) || p.Redacted(m, m.Field("title")) {
				t.Error("a field without rules is changed")
			}
		})
	}
}

func TestV1WithoutSubscriptions(t *testing.T) {
	t.Parallel()
	for _, level := range []string{"{level: off}", "{level: public}", "null"} {
		api := expandV1(t, "type M @model(subscriptions: "+level+") @auth(rules: [{allow: owner}]) { id: ID! name: String @auth(rules: [{allow: owner}]) }")
		if m := api.Models["M"]; authz.New(api).Redacted(m, m.Field("name")) {
			t.Errorf("%s: there is nobody to hide the field from", level)
		}
	}
}

func TestV1Events(t *testing.T) {
	t.Parallel()
	asks := func(field, value string) authz.Known {
		return func(f string) (string, bool, bool) { return value, f == field, f == field }
	}
	for _, tt := range []struct {
		name, rules string
		caller      authn.Caller
		known       authz.Known
		want        string
	}{
		{"open", "", v1Key, nil, "all"},
		{"not for reading", "{allow: owner, operations: [create]}", v1Ann, nil, "all"},
		{"an owner for its own", "{allow: owner}", v1Ann, asks("owner", "ann"), "owner=ann"},
		{"an owner for all", "{allow: owner}", v1Ann, nil, "nobody"},
		{"an owner for those of others", "{allow: owner}", v1Ann, asks("owner", "ben"), "nobody"},
		{"an owner by another field", "{allow: owner}", v1Ann, asks("editors", "ann"), "nobody"},
		{"an editor", `{allow: owner}, {allow: owner, ownerField: "editors"}`, v1Ann, asks("editors", "ann"), "editors=ann"},
		{"a group", `{allow: owner}, {allow: groups, groups: ["red"]}`, v1Ann, nil, "all"},
		{"groups of the item", `{allow: groups, groupsField: "editors"}`, v1Ann, nil, "editors=Admin,red"},
		{"no groups", `{allow: groups, groupsField: "editors"}`, v1Ben, nil, "nobody"},
		{"a key", "{allow: owner}", v1Key, nil, "nobody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, m := v1Model(t, tt.rules, "")
			for _, kind := range []transform.OperationKind{transform.OnCreate, transform.OnUpdate, transform.OnDelete} {
				if got := v1Text(p.Read(m, kind, tt.caller, tt.known)); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			}
		})
	}
}
