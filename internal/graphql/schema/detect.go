package schema

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

func place(pos *ast.Position) string { return fmt.Sprintf("%d:%d", pos.Line, pos.Column) }

var (
	onlyV1 = []string{"key", "connection", "versioned"}
	onlyV2 = []string{
		"primaryKey", "index", "hasOne", "hasMany", "belongsTo", "manyToMany", "default", "mapsTo",
		"refersTo", "sql", "validate", "conversation", "generation",
	}
	v2Strategies = []string{"custom"}
	v2Providers  = []string{"function", "identityPool"}
	v2Operations = []string{"get", "list", "sync", "listen", "search"}
)

// detect finds out for which transformer a schema was written. The names of
// both generations never overlap, so a schema that mixes them is refused.
func detect(tree *ast.SchemaDocument) (int, error) {
	var one, two *found
	note := func(slot **found, d *ast.Directive, what string) {
		if *slot == nil {
			*slot = &found{pos: d.Position, what: what}
		}
	}
	eachDirective(tree, func(_ string, d *ast.Directive) {
		switch {
		case slices.Contains(onlyV1, d.Name):
			note(&one, d, "@"+d.Name)
		case slices.Contains(onlyV2, d.Name):
			note(&two, d, "@"+d.Name)
		case d.Name == "auth":
			if what := authV2(d); what != "" {
				note(&two, d, what)
			}
		}
	})
	switch {
	case one != nil && two != nil:
		return 0, Refuse(one.pos, "", "%s belongs to version 1 and %s (%s) to version 2 of the transformer. "+
			"A schema cannot use both.", one.what, two.what, place(two.pos))
	case one != nil:
		return 1, nil
	case two != nil:
		return 2, nil
	}
	return 0, nil
}

type found struct {
	pos  *ast.Position
	what string
}

// authV2 names what an @auth directive has that only version 2 knows.
func authV2(d *ast.Directive) string {
	rules := d.Arguments.ForName("rules")
	if rules == nil {
		return ""
	}
	list := rules.Value.Children
	if rules.Value.Kind == ast.ObjectValue {
		list = ast.ChildValueList{{Value: rules.Value}}
	}
	for _, r := range list {
		if v := r.Value.Children.ForName("allow"); v != nil && slices.Contains(v2Strategies, v.Raw) {
			return "@auth(rules: [{allow: " + v.Raw + "}])"
		}
		if v := r.Value.Children.ForName("provider"); v != nil && slices.Contains(v2Providers, v.Raw) {
			return "@auth(rules: [{provider: " + v.Raw + "}])"
		}
		ops := r.Value.Children.ForName("operations")
		if ops == nil {
			continue
		}
		for _, op := range append(ast.ChildValueList{{Value: ops}}, ops.Children...) {
			if slices.Contains(v2Operations, op.Value.Raw) {
				return "@auth(rules: [{operations: [" + op.Value.Raw + "]}])"
			}
		}
	}
	return ""
}

// eachDirective calls fn for every directive on types, fields, arguments and
// enum values, with the name of the element that carries it.
func eachDirective(tree *ast.SchemaDocument, fn func(element string, d *ast.Directive)) {
	for _, defs := range []ast.DefinitionList{tree.Definitions, tree.Extensions} {
		for _, def := range defs {
			for _, d := range def.Directives {
				fn(def.Name, d)
			}
			for _, f := range def.Fields {
				for _, d := range f.Directives {
					fn(def.Name+"."+f.Name, d)
				}
				for _, a := range f.Arguments {
					for _, d := range a.Directives {
						fn(def.Name+"."+f.Name, d)
					}
				}
			}
			for _, v := range def.EnumValues {
				for _, d := range v.Directives {
					fn(def.Name+"."+v.Name, d)
				}
			}
		}
	}
}

// Directives calls fn for every directive of the document with the name of the
// element that carries it: "Type" or "Type.field".
func (d *Document) Directives(fn func(element string, d *ast.Directive)) { eachDirective(d.AST, fn) }
