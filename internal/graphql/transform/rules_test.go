package transform_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// The members of rules that only version 1 has, and what it makes of nulls and
// empty lists.
func TestRulesV1(t *testing.T) {
	t.Parallel()
	read := []string{"get", "list", "search", "listen", "sync"}
	write := []string{"create", "update", "delete"}
	both := append(append([]string{}, write...), read...)
	owner := func(operations ...string) transform.Rule {
		return transform.Rule{Allow: "owner", Provider: "userPools", OwnerField: "owner", Operations: operations}
	}
	members := func(claim, groupsField string, groups ...string) transform.Rule {
		return transform.Rule{
			Allow: "groups", Provider: "userPools", GroupClaim: claim, GroupsField: groupsField, Groups: groups, Operations: both,
		}
	}
	claim := owner(both...)
	claim.IdentityClaim = "sub"
	for _, tt := range []struct {
		name, rule string
		want       transform.Rule
	}{
		{"all", "{allow: owner}", owner(both...)},
		{"read", "{allow: owner, operations: [read]}", owner(read...)},
		{"none", "{allow: owner, operations: []}", owner()},
		{"null", "{allow: owner, operations: null}", owner()},
		{"mutations", "{allow: owner, mutations: [update]}", owner(append([]string{"update"}, read...)...)},
		{"null mutations", "{allow: owner, mutations: null}", owner(read...)},
		{"get", "{allow: owner, queries: [get]}", owner(append(append([]string{}, write...), "get")...)},
		{"list", "{allow: owner, queries: [list], mutations: null}", owner("list", "search", "sync")},
		{"null queries", "{allow: owner, queries: null}", owner(write...)},
		{"operations win", "{allow: owner, queries: [get], mutations: [update], operations: [delete]}", owner("delete")},
		{"identity field", `{allow: owner, identityField: "sub"}`, claim},
		{"identity claim", `{allow: owner, identityClaim: "sub"}`, claim},
		{"empty names", `{allow: owner, ownerField: "", identityField: ""}`, owner(both...)},
		{"groups", `{allow: groups}`, members("cognito:groups", "groups")},
		{"static groups", `{allow: groups, groups: ["a"], groupClaim: "g"}`, members("g", "", "a")},
		{"an empty list of groups is nobody", `{allow: groups, groups: []}`, members("cognito:groups", "")},
		{"null groups", `{allow: groups, groups: null, groupsField: "team"}`, members("cognito:groups", "team")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := schema.ParseAs("type A @model @auth(rules: ["+tt.rule+"]) { id: ID! }", 1)
			if err != nil {
				t.Fatal(err)
			}
			api, err := transform.Expand(doc, transform.Options{Version: 1, AuthModes: []authn.Mode{authn.UserPool}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]transform.Rule{tt.want}, api.Models["A"].Rules); diff != "" {
				t.Error(diff)
			}
		})
	}
}
