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
		if r.GroupsField == "" && len(r.Groups) == 0 && version == 1 {
			r.GroupsField = "groups"
		}
		if r.GroupClaim == "" {
			r.GroupClaim = "cognito:groups"
		}
	}
	ops := v.Children.ForName("operations")
	if ops == nil || ops.Kind == ast.NullValue {
		r.Operations = slices.Clone(allOperations)
		return r
	}
	for _, op := range stringsOf(ops) {
		if op == "read" {
			r.Operations = append(r.Operations, readOperations...)
		} else {
			r.Operations = append(r.Operations, op)
		}
	}
	return r
}
