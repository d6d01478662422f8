package authz

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
	"preamp/internal/graphql/transform"
)

// Reach says whether callers of a mode may select a field of a type at all, by
// the @aws_* directives of the field or else of the type; without any the default
// mode may. groups are those of which the caller must be in one; empty is anybody.
func (p *Policies) Reach(def *ast.Definition, f *ast.FieldDefinition, c authn.Caller) (groups []string, ok bool) {
	if c.Admin || strings.HasPrefix(def.Name, "__") {
		return nil, true
	}
	for _, e := range []struct {
		name string
		list ast.DirectiveList
	}{{def.Name + "." + f.Name, f.Directives}, {def.Name, def.Directives}} {
		named := false
		for _, d := range e.list {
			switch mode := transform.DirectiveMode(d.Name); mode {
			case "":
				continue
			case c.Mode:
				return groupsOf(d), true
			}
			named = true
		}
		if named {
			return nil, c.Mode == p.api.DefaultAuth && p.api.OpenedIAM[e.name]
		}
	}
	return nil, c.Mode == p.api.DefaultAuth
}

// groupsOf are the groups that a directive names.
func groupsOf(d *ast.Directive) []string {
	a := d.Arguments.ForName("cognito_groups")
	if a == nil || a.Value == nil {
		return nil
	}
	var out []string
	for _, c := range a.Value.Children {
		out = append(out, c.Value.Raw)
	}
	return out
}

// InGroups says whether a caller is in one of the groups that Reach answered.
func InGroups(c authn.Caller, list []string) bool {
	return len(list) == 0 || slices.ContainsFunc(groups(c.Claims, "cognito:groups"), func(g string) bool {
		return slices.Contains(list, g)
	})
}

// Custom says whether the @auth rules of a field outside of models let a caller
// select it.
func (p *Policies) Custom(def *ast.Definition, f *ast.FieldDefinition, c authn.Caller) bool {
	access := p.api.Guards[def.Name][f.Name]
	if access == nil || c.Admin {
		return true
	}
	return slices.ContainsFunc(access.Roles, func(r *transform.Role) bool {
		if p.api.Version == 1 && r.Provider == "iam" && r.Allow == "public" { // which is whoever has signed in, too
			return c.Federated != nil
		}
		return r.Field == nil && always(r, c)
	})
}
