package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// rulesOf reads the rules of an @auth directive, defaults filled in.
func rulesOf(list ast.DirectiveList, version int) []Rule {
	d := list.ForName("auth")
	if d == nil {
		return nil
	}
	var rules []Rule
	for _, v := range itemsOf(argument(d, "rules")) {
		rules = append(rules, ruleOf(v, version))
	}
	return rules
}

// itemsOf is the items of a list value; a single value is a list of one.
func itemsOf(v *ast.Value) []*ast.Value {
	switch {
	case v == nil || v.Kind == ast.NullValue:
		return nil
	case v.Kind != ast.ListValue:
		return []*ast.Value{v}
	}
	var out []*ast.Value
	for _, c := range v.Children {
		out = append(out, c.Value)
	}
	return out
}

var (
	readOperations = []string{"get", "list", "search", "listen", "sync"}
	allOperations  = []string{"create", "update", "delete", "get", "list", "search", "listen", "sync"}
)

func ruleOf(v *ast.Value, version int) Rule {
	var r Rule
	for name, to := range map[string]*string{
		"allow": &r.Allow, "provider": &r.Provider, "ownerField": &r.OwnerField, "identityClaim": &r.IdentityClaim,
		"groupClaim": &r.GroupClaim, "groupsField": &r.GroupsField,
	} {
		mergeString(v, name, to)
	}
	r.Groups = stringsOf(v.Children.ForName("groups"))
	if version == 1 {
		oldMembers(v, &r)
	}
	if r.Provider == "" {
		r.Provider = map[string]string{"public": "apiKey", "custom": "function"}[r.Allow]
		if r.Provider == "" {
			r.Provider = "userPools"
		}
	}
	switch r.Allow {
	case "owner":
		if r.OwnerField == "" {
			r.OwnerField = "owner"
		}
	case "groups":
		if r.GroupsField == "" && !given(v, "groups") && version == 1 { // an empty list is nobody
			r.GroupsField = "groups"
		}
		if r.GroupClaim == "" {
			r.GroupClaim = "cognito:groups"
		}
	}
	r.Operations = operationsOf(v, version)
	return r
}

// operationsOf is what a rule covers, read taken apart.
func operationsOf(v *ast.Value, version int) []string {
	ops := v.Children.ForName("operations")
	switch {
	case version == 1 && ops == nil:
		return oldOperations(v)
	case version != 1 && !given(v, "operations"):
		return slices.Clone(allOperations)
	}
	var out []string
	for _, op := range stringsOf(ops) {
		if op == "read" {
			out = append(out, readOperations...)
		} else {
			out = append(out, op)
		}
	}
	return out
}

// given says whether a rule has a member that is not null.
func given(v *ast.Value, name string) bool {
	m := v.Children.ForName(name)
	return m != nil && m.Kind != ast.NullValue
}

// oldMembers reads what the members of a rule had as names before.
func oldMembers(v *ast.Value, r *Rule) {
	var claim string
	if mergeString(v, "identityField", &claim); claim != "" {
		r.IdentityClaim = claim
	}
}

// oldOperations is what a rule of version 1 without operations covers: all, but
// for the old members queries and mutations. A null is like an empty list. The
// official templates let anybody use the other ways to list a model that only has
// rules for queries; here they count as list.
func oldOperations(v *ast.Value) []string {
	mutations, queries := []string{"create", "update", "delete"}, readOperations
	if m := v.Children.ForName("mutations"); m != nil {
		mutations = stringsOf(m)
	}
	if m := v.Children.ForName("queries"); m != nil {
		queries = stringsOf(m)
		if slices.Contains(queries, "list") {
			queries = append(queries, "search", "sync")
		}
	}
	return slices.Concat(mutations, queries)
}
