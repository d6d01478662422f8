package transform

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// authRule is a rule with the literal that it was read from.
type authRule struct {
	Rule
	value *ast.Value
}

// given says whether a member of the rule is there and not null.
func (r *authRule) given(name string) bool {
	v := r.value.Children.ForName(name)
	return v != nil && v.Kind != ast.NullValue
}

// authRules reads the rules of an @auth directive of version 2.
func (c *compiler) authRules(e element, onField bool) ([]*authRule, error) {
	list := argument(e.directive, "rules")
	if list.Kind != ast.ListValue {
		return nil, e.refuse("The rules of @auth must be a list.")
	}
	var rules []*authRule
	for _, child := range list.Children {
		r := &authRule{Rule: ruleOf(child.Value, 2), value: child.Value}
		ops := r.value.Children.ForName("operations")
		if ops != nil && ops.Kind != ast.ListValue && ops.Kind != ast.NullValue {
			return nil, e.refuse("The operations of an @auth rule must be a list.")
		}
		if err := checkOperations(e, stringsOf(ops), onField); err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func checkOperations(e element, ops []string, onField bool) error {
	var fine []string
	for _, op := range ops {
		if slices.Contains(readOperations, op) {
			fine = append(fine, op)
		}
	}
	all := strings.Join(fine, ",")
	switch {
	case fine == nil:
	case onField:
		return e.refuse("'%s' operation is not allowed at the field level.", all)
	case slices.Contains(ops, "read"):
		return e.refuse("'%s' operations are specified in addition to 'read'. Either remove 'read' to limit access only to "+
			"'%s' or only keep 'read' to grant all %s access.", all, all, strings.Join(readOperations, ","))
	}
	return nil
}

// strategies are the providers of every strategy, and how messages put it.
var strategies = map[string]struct {
	providers []string
	text      string
}{
	"owner":   {[]string{"userPools", "oidc"}, "'owner' strategy only supports 'userPools' (default) and 'oidc' providers"},
	"public":  {[]string{"apiKey", "identityPool"}, "'public' strategy only supports 'apiKey' (default) and 'identityPool' providers"},
	"private": {[]string{"userPools", "identityPool", "oidc"}, "'private' strategy only supports 'userPools' (default) and 'identityPool' providers"},
	"custom":  {[]string{"function"}, "'custom' strategy only supports 'function' (default) provider"},
	"groups":  {[]string{"userPools", "oidc"}, "'groups' strategy only supports 'userPools' and 'oidc' providers"},
}

// checkRules checks the rules of an element by themselves.
func (c *compiler) checkRules(e element, name string, rules []*authRule) error {
	if len(rules) == 0 {
		return e.refuse("@auth on %s does not have any auth rules.", name)
	}
	for _, r := range rules {
		s := strategies[r.Allow]
		if !slices.ContainsFunc(s.providers, func(p string) bool { return sameProvider(p, r.Provider) }) {
			return e.refuse("@auth directive with %s, but found '%s' assigned.", s.text, r.Provider)
		}
		if r.Allow == "groups" && !r.given("groups") && r.GroupsField == "" {
			return e.refuse("@auth directive with 'groups' should have a defined groups list or a groupsField.")
		}
		if m := modeNames[r.Provider]; !c.opt.hasAuth(m.mode) {
			return e.refuse("@auth directive with '%s' provider found, but the project has no %s authentication provider configured.",
				r.Provider, m.name)
		}
		switch {
		case r.Allow == "groups" && r.IdentityClaim != "":
			return e.refuse("\n          @auth identityClaim can only be used for 'allow: owner'")
		case r.Allow == "owner" && r.given("groupClaim"):
			return e.refuse("\n          @auth groupClaim can only be used 'allow: groups'")
		case r.GroupsField != "" && r.given("groups"):
			return e.refuse("This rule has groupsField and groups, please use one or the other")
		case r.Allow == "groups" && r.given("groups") && len(r.Groups) == 0:
			return e.refuse("@auth rules using groups cannot have an empty list")
		}
	}
	return nil
}

// checkFieldRules refuses a model where somebody may read some fields but not
// all the required ones: subscribers would get nothing but errors.
func (c *compiler) checkFieldRules() error {
	for _, name := range c.auth.order {
		m, a := c.byName[name], c.auth.models[name]
		if m == nil || m.level == "off" || m.level == "public" {
			continue
		}
		def := c.out.object(name)
		// Only the roles that may get count here, because of how the official
		// tool joins the lists.
		readers := map[string]bool{}
		for i, r := range a.roles {
			for _, f := range a.fields {
				if a.isAllowed(i, f, readOperations[0]) {
					readers[r.name] = true
				}
			}
		}
		var bad []string
		for _, f := range def.Fields {
			if slices.Contains(a.fields, f.Name) && f.Type.NonNull && a.unreadable(f.Name, readers) {
				bad = append(bad, f.Name)
			}
		}
		if bad != nil {
			return at(m.authDirective(), name, "When using field-level authorization rules you need to add rules to all of the "+
				"model's required fields with at least read permissions. Found model %q with required fields %s missing "+
				"field-level authorization rules.\n\nFor more information visit "+
				"https://docs.amplify.aws/cli/graphql/authorization-rules/#field-level-authorization-rules",
				name, `["`+strings.Join(bad, `","`)+`"]`)
		}
	}
	return nil
}

// authDirective is a directive to point at: @auth of the model, or of the first
// field that has it.
func (m *model) authDirective() *ast.Directive {
	if d := m.def.Directives.ForName("auth"); d != nil {
		return d
	}
	for _, f := range m.def.Fields {
		if d := f.Directives.ForName("auth"); d != nil {
			return d
		}
	}
	return m.directive
}

// unreadable says whether one of the readers may not read a field. Who may
// read as any signed-in user needs no other role of that provider.
func (a *matrix) unreadable(field string, readers map[string]bool) bool {
	can := func(i int, all bool) bool {
		for _, op := range readOperations {
			if a.isAllowed(i, field, op) != all {
				return !all
			}
		}
		return all
	}
	private := map[string]bool{}
	for _, p := range []string{"userPools", "oidc"} {
		name := a.name + ":" + p + ":private"
		if i := a.index(name); i >= 0 && readers[name] && can(i, true) {
			private[p] = true
		}
	}
	for i, r := range a.roles {
		prefix, _, _ := strings.Cut(strings.TrimPrefix(r.name, a.name+":"), ":")
		if !readers[r.name] || (private[prefix] && r.name != a.name+":"+prefix+":private") {
			continue
		}
		if !can(i, false) {
			return true
		}
	}
	return false
}
