package authz_test

import (
	"slices"
	"strings"
	"testing"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

func v1Input(t *testing.T, text string) *scalar.Value {
	t.Helper()
	v, err := scalar.Decode(text, 8)
	if err != nil {
		t.Fatal(err)
	}
	return &v
}

func TestV1Create(t *testing.T) {
	t.Parallel()
	const secret = "secret: String @auth(rules: [{allow: owner, operations: [create]}])"
	tests := []struct {
		name, rules, fields, input string
		caller                     authn.Caller
		want                       string // the stamps, or denied
	}{
		{"open", "", "", `{}`, v1Key, ""},
		{"not for creating", "{allow: owner, operations: [read]}", "", `{}`, v1Ann, ""},
		{"not for creating, a role", "{allow: owner, operations: [read]}", "", `{}`, v1Role, "denied"},
		{"owner", "{allow: owner}", "", `{}`, v1Ben, `owner="ben"`},
		{"given", "{allow: owner}", "", `{"owner":"ann"}`, v1Ann, ""},
		{"of somebody else", "{allow: owner}", "", `{"owner":"ben"}`, v1Ann, "denied"},
		{"null", "{allow: owner}", "", `{"owner":null}`, v1Ann, "denied"},
		{"list", `{allow: owner, ownerField: "editors"}`, "", `{}`, v1Ann, `editors=["ann"]`},
		{"in the list", `{allow: owner, ownerField: "editors"}`, "", `{"editors":["ben","ann"]}`, v1Ann, ""},
		{"empty list", `{allow: owner, ownerField: "editors"}`, "", `{"editors":[]}`, v1Ann, "denied"},
		{"a list in a list", `{allow: owner, ownerField: "editors"}`, "", `{"editors":[["ann"]]}`, v1Ann, "denied"},
		{"owner and editor", `{allow: owner}, {allow: owner, ownerField: "editors"}`, "", `{}`, v1Ann, `owner="ann" editors=["ann"]`},
		{"editor of what somebody else owns", `{allow: owner}, {allow: owner, ownerField: "editors"}`, "", `{"owner":"ben"}`, v1Ann, `editors=["ann"]`},
		{"who lacks the claim", `{allow: owner, identityClaim: "email"}`, "", `{}`, v1Ann, "denied"},
		{"a group owns what it creates", `{allow: owner}, {allow: groups, groups: ["Admin"]}`, "", `{}`, v1Ann, `owner="ann"`},
		{"a group creates for others", `{allow: owner}, {allow: groups, groups: ["Admin"]}`, "", `{"owner":"ben"}`, v1Ann, ""},
		{"all users own nothing", `{allow: owner}, {allow: private}`, "", `{}`, v1Ann, ""},
		{"a group of the input", `{allow: groups, groupsField: "editors"}`, "", `{"editors":["red"]}`, v1Ann, ""},
		{"no group of the input", `{allow: groups, groupsField: "editors"}`, "", `{}`, v1Ann, "denied"},
		{"no group of the caller", `{allow: groups, groupsField: "editors"}`, "", `{"editors":["red"]}`, v1Ben, "denied"},
		{"a number is no group", `{allow: groups, groupsField: "editors"}`, "", `{"editors":[1]}`, v1Ann, "denied"},
		{"an enum is not stamped", `{allow: owner, ownerField: "k"}`, "k: Kind", `{}`, v1Ann, "denied"},
		{"a number is not stamped", `{allow: owner, ownerField: "n"}`, "n: Int", `{}`, v1Ann, "denied"},
		{"of another provider", "{allow: owner}", "", `{}`, v1OIDC, "denied"},
		{"a key", "{allow: owner}, {allow: public}", "", `{"owner":"ben"}`, v1Key, ""},
		{"a key without a rule", "{allow: owner}", "", `{}`, v1Key, "denied"},
		{"an administrator", "{allow: owner}", "", `{}`, v1Admin, ""},
		{"a field is not set", "", secret, `{}`, v1Ann, ""},
		{"a field stamps its owner", "", secret, `{"secret":"x"}`, v1Ann, `owner="ann"`},
		{"a field that is null", "", secret, `{"secret":null}`, v1Ann, `owner="ann"`},
		{"a field of somebody else", "", secret, `{"secret":"x","owner":"ben"}`, v1Ann, "denied"},
		{"a field and a key", "", secret, `{"secret":"x"}`, v1Key, "denied"},
		{"a field stamps once", "{allow: owner}", secret, `{"secret":"x"}`, v1Ann, `owner="ann"`},
		// The field stamps one claim, and the model compares another one.
		{"a field and a model disagree", `{allow: owner, identityClaim: "sub"}`, secret, `{"secret":"x"}`, v1Ann, "denied"},
		{
			"the last field stamps first", "",
			`a: String @auth(rules: [{allow: owner, identityClaim: "sub"}, {allow: owner}]) b: String @auth(rules: [{allow: owner}])`,
			`{"a":"x","b":"y"}`, v1Ann, `owner="ann"`,
		},
		{"of two fields one is not allowed", "", secret + ` name: String @auth(rules: [{allow: groups, groups: ["no"]}])`, `{"secret":"x","name":"y"}`, v1Ann, "denied"},
		{"what the server sets is set", "", `createdAt: AWSDateTime @auth(rules: [{allow: groups, groups: ["no"]}])`, `{}`, v1Ann, "denied"},
		{"a rule of a field makes nobody create", "{allow: owner}", "name: String @auth(rules: [{allow: public}])", `{"name":"x"}`, v1Key, "denied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, m := v1Model(t, tt.rules, tt.fields)
			stamps, denial := p.Create(m, tt.caller, v1Input(t, tt.input))
			var out []string
			for _, s := range stamps {
				out = append(out, s.Field.Name+"="+string(s.Value.AppendJSON(nil)))
			}
			got := strings.Join(out, " ")
			if denial != nil {
				if got = "denied"; len(denial.Fields) > 0 || len(stamps) > 0 {
					t.Errorf("a refusal names fields or stamps: %v %v", denial, stamps)
				}
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestV1Change(t *testing.T) {
	t.Parallel()
	const secret = "secret: String @auth(rules: [{allow: owner, operations: [update]}, {allow: groups, groups: [\"no\"], operations: [delete]}])"
	tests := []struct {
		name, rules, fields, input string
		caller                     authn.Caller
		update, delete             string // what is needed, or denied
	}{
		{"open", "", "", `{"title":"t"}`, v1Key, "", ""},
		{"owner", "{allow: owner}", "", `{"title":"t"}`, v1Ann, "owner=ann", "owner=ann"},
		{"for updates only", "{allow: owner, operations: [update]}", "", `{}`, v1Ann, "owner=ann", ""},
		{"for updates only, a role", "{allow: owner, operations: [update]}", "", `{}`, v1Role, "denied", "denied"},
		{"the owner may give it away", "{allow: owner}", "", `{"owner":"ben"}`, v1Ann, "owner=ann", "owner=ann"},
		{"owner or editor", `{allow: owner}, {allow: owner, ownerField: "editors", operations: [update]}`, "", `{}`, v1Ann, "owner=ann or editors=ann", "owner=ann"},
		{"a group", `{allow: owner}, {allow: groups, groups: ["Admin"]}`, "", `{}`, v1Ann, "", ""},
		{"another group", `{allow: groups, groups: ["no"]}`, "", `{}`, v1Ann, "denied", "denied"},
		{"another group or the owner", `{allow: groups, groups: ["no"]}, {allow: owner}`, "", `{}`, v1Ann, "owner=ann", "owner=ann"},
		{"groups of the item", `{allow: groups, groupsField: "editors"}`, "", `{}`, v1Ann, "editors=Admin,red", "editors=Admin,red"},
		{"groups of the item, and none", `{allow: groups, groupsField: "editors"}`, "", `{}`, v1Ben, "denied", "denied"},
		{"all users", "{allow: owner}, {allow: private}", "", `{}`, v1Ben, "", ""},
		{"of another provider", "{allow: private}", "", `{}`, v1OIDC, "denied", "denied"},
		{"a key", "{allow: owner}", "", `{}`, v1Key, "denied", "denied"},
		{"a guest", "{allow: private, provider: iam}", "", `{}`, v1Guest, "denied", "denied"},
		{"a role", "{allow: private, provider: iam}", "", `{}`, v1Role, "", ""},
		{"an administrator", "{allow: owner}", "", `{}`, v1Admin, "", ""},
		{"a field that is not set", "", secret, `{"title":"t"}`, v1Ann, "", ""},
		{"a field", "", secret, `{"secret":"x"}`, v1Ann, "owner=ann", ""},
		{"a field that is deleted", "", secret, `{"secret":null}`, v1Ann, "denied", ""},
		{"a field and the model", `{allow: owner, ownerField: "editors"}`, secret, `{"secret":"x"}`, v1Ann, "owner=ann; editors=ann", "editors=ann"},
		{"a field and a key", "", secret, `{"secret":"x"}`, v1Key, "denied", ""},
		{"two fields", "", secret + ` name: String @auth(rules: [{allow: groups, groups: ["no"]}])`, `{"secret":"x","name":"y"}`, v1Ann, "denied", ""},
		{"a key for that field", "{allow: owner}", "name: String @auth(rules: [{allow: public}])", `{"name":"x"}`, v1Key, "", "denied"},
		{"a key for that field and another", "{allow: owner}", "name: String @auth(rules: [{allow: public}])", `{"name":"x","title":"t"}`, v1Key, "denied", "denied"},
		{"a key for that field and nothing", "{allow: owner}", "name: String @auth(rules: [{allow: public}])", `{}`, v1Key, "denied", "denied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, m := v1Model(t, tt.rules, tt.fields)
			for kind, want := range map[transform.OperationKind]string{transform.Update: tt.update, transform.Delete: tt.delete} {
				text := `{"id":"1"}`
				if kind == transform.Update && tt.input != "{}" {
					text = `{"id":"1",` + tt.input[1:]
				}
				c := p.Change(m, kind, tt.caller, v1Input(t, text))
				var out []string
				for _, some := range c.Need {
					out = append(out, v1Text(authz.Verdict{Any: some}))
				}
				slices.Sort(out)
				wanted := strings.Split(want, "; ")
				slices.Sort(wanted)
				got := strings.Join(out, "; ")
				if c.Denied != nil {
					got = "denied"
				} else if !c.Conditional && !tt.caller.Admin || c.Judge(nil) != nil || len(c.Facts) > 0 {
					t.Error("a row of somebody else has to fail the condition")
				}
				if got != strings.Join(wanted, "; ") {
					t.Errorf("kind %d: got %s, want %s", kind, got, want)
				}
			}
		})
	}
}
