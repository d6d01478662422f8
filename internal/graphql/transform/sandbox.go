package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
)

// sandboxDirective is the directive of models without @auth in sandbox mode;
// nil when none is needed.
func (c *compiler) sandboxDirective() *ast.Directive {
	if c.version == 2 && c.opt.Sandbox && c.opt.defaultAuth() != authn.APIKey {
		return directive("aws_api_key")
	}
	return nil
}

// openModel makes a model, the objects inside it and its operations reachable
// with an API key.
func (c *compiler) openModel(m *model, def *ast.Definition, lists ...ast.FieldList) {
	d := c.sandboxDirective()
	addDirectives(&def.Directives, d)
	c.openObjects(def, map[string]bool{}, d)
	for _, fields := range lists {
		for _, f := range fields {
			addDirectives(&f.Directives, d)
			if t := c.out.object(f.Type.Name()); t != nil {
				addDirectives(&t.Directives, d)
			}
		}
	}
}

func (c *compiler) openObjects(def *ast.Definition, seen map[string]bool, d *ast.Directive) {
	for _, f := range def.Fields {
		t := c.out.object(f.Type.Name())
		if t == nil || seen[t.Name] || c.byName[t.Name] != nil {
			continue
		}
		seen[t.Name] = true
		addDirectives(&t.Directives, d)
		c.openObjects(t, seen, d)
	}
}

// openCustomIAM prints in sandbox mode that the types which are no models, and
// the fields of the root types, can be reached with IAM. The official tool does
// so, too, where IAM is not configured; such a mode would shut everyone out.
func (c *compiler) openCustomIAM() {
	if !c.opt.Sandbox || !c.opt.hasAuth(authn.IAM) {
		return
	}
	iam := directive("aws_iam")
	for _, list := range []ast.DefinitionList{c.doc.AST.Definitions, c.doc.AST.Extensions} {
		for _, def := range list {
			out := c.out.object(def.Name)
			if out == nil || !slices.Contains([]string{"Query", "Mutation", "Subscription"}, def.Name) {
				continue
			}
			for _, f := range def.Fields {
				if of := out.Fields.ForName(f.Name); of != nil {
					c.openedIAM[def.Name+"."+f.Name] = !hasMode(of.Directives)
					addDirectives(&of.Directives, iam)
				}
			}
		}
	}
	for _, def := range c.doc.AST.Definitions {
		out := c.out.object(def.Name)
		if def.Kind == ast.Object && out != nil && def.Directives.ForName("model") == nil {
			c.openedIAM[def.Name] = !hasMode(out.Directives)
			addDirectives(&out.Directives, iam)
		}
	}
}

// hasMode says whether directives name an auth mode.
func hasMode(list ast.DirectiveList) bool {
	return slices.ContainsFunc(list, func(d *ast.Directive) bool { return DirectiveMode(d.Name) != "" })
}

// DirectiveMode is the auth mode that an @aws_* directive names, or empty.
// @aws_auth is the old form for user pools.
func DirectiveMode(name string) authn.Mode {
	switch name {
	case "aws_api_key":
		return authn.APIKey
	case "aws_iam":
		return authn.IAM
	case "aws_oidc":
		return authn.OIDC
	case "aws_cognito_user_pools", "aws_auth":
		return authn.UserPool
	case "aws_lambda":
		return authn.Lambda
	}
	return ""
}
