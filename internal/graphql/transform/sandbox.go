package transform

import (
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
