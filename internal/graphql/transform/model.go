package transform

import (
	"crypto/md5"
	"encoding/hex"

	"github.com/vektah/gqlparser/v2/ast"
)

// modelArguments is the meaning of the arguments of @model, defaults filled
// in. An empty name means that there is no such operation or field.
type modelArguments struct {
	get, list, sync              string
	create, update, del          string
	onCreate, onUpdate, onDelete []string
	level                        string // on, off, public
	createdAt, updatedAt         string
	named                        bool // version 1: subscriptions are listed by name
}

// subscriptionName shortens the name of a default subscription as the official
// tools do.
func subscriptionName(name string) string {
	if len(name) <= 50 {
		return name
	}
	sum := md5.Sum([]byte(name))
	return name[:45] + hex.EncodeToString(sum[:])[:5]
}

// modelsV2 reads all @model directives; partial arguments are merged with the
// defaults.
func (c *compiler) modelsV2() error { return c.uses("model", c.addModelV2) }

func (c *compiler) addModelV2(e element) error {
	name := e.parent.Name
	for _, root := range c.out.root {
		if root == name {
			return e.refuse("'%s' is a reserved type name and currently in use within the default schema element.", name)
		}
	}
	a := modelArguments{
		get: camel("get", name), list: camel("list", Plural(name)),
		create: camel("create", name), update: camel("update", name), del: camel("delete", name),
		onCreate:  []string{subscriptionName(camel("onCreate", name))},
		onUpdate:  []string{subscriptionName(camel("onUpdate", name))},
		onDelete:  []string{subscriptionName(camel("onDelete", name))},
		level:     "on",
		createdAt: "createdAt", updatedAt: "updatedAt",
	}
	if c.opt.sync() {
		a.sync = camel("sync", Plural(name))
	}
	mergeModelArguments(&a, e.directive)
	m := &model{name: name, def: e.parent, directive: e.directive, modelArguments: a}
	c.models = append(c.models, m)
	c.byName[name] = m
	return nil
}

func mergeModelArguments(a *modelArguments, d *ast.Directive) {
	if v := argument(d, "queries"); v != nil {
		if v.Kind == ast.NullValue {
			a.get, a.list, a.sync = "", "", ""
		}
		mergeString(v, "get", &a.get)
		mergeString(v, "list", &a.list)
	}
	if v := argument(d, "mutations"); v != nil {
		if v.Kind == ast.NullValue {
			a.create, a.update, a.del = "", "", ""
		}
		mergeString(v, "create", &a.create)
		mergeString(v, "update", &a.update)
		mergeString(v, "delete", &a.del)
	}
	if v := argument(d, "subscriptions"); v != nil {
		if v.Kind == ast.NullValue {
			a.onCreate, a.onUpdate, a.onDelete = nil, nil, nil
		}
		mergeNames(v, "onCreate", &a.onCreate)
		mergeNames(v, "onUpdate", &a.onUpdate)
		mergeNames(v, "onDelete", &a.onDelete)
		mergeString(v, "level", &a.level)
	}
	if v := argument(d, "timestamps"); v != nil {
		if v.Kind == ast.NullValue {
			a.createdAt, a.updatedAt = "", ""
		}
		mergeString(v, "createdAt", &a.createdAt)
		mergeString(v, "updatedAt", &a.updatedAt)
	}
}

// argument is the value of a directive argument, or nil.
func argument(d *ast.Directive, name string) *ast.Value {
	if a := d.Arguments.ForName(name); a != nil {
		return a.Value
	}
	return nil
}

// stringArgument is the text of a directive argument; empty when absent or null.
func stringArgument(d *ast.Directive, name string) string {
	if v := argument(d, name); v != nil && v.Kind != ast.NullValue {
		return v.Raw
	}
	return ""
}

// stringsOf is the texts of a list value; a single text is a list of one.
func stringsOf(v *ast.Value) []string {
	switch {
	case v == nil || v.Kind == ast.NullValue:
		return nil
	case v.Kind != ast.ListValue:
		return []string{v.Raw}
	}
	var out []string
	for _, c := range v.Children {
		if c.Value.Kind != ast.NullValue {
			out = append(out, c.Value.Raw)
		}
	}
	return out
}

// mergeString takes over a member of an object value, null included.
func mergeString(v *ast.Value, name string, to *string) {
	switch m := v.Children.ForName(name); {
	case m == nil:
	case m.Kind == ast.NullValue:
		*to = ""
	default:
		*to = m.Raw
	}
}

// mergeNames takes over a list member. An empty list leaves the default, since
// the official tools merge lists element by element.
func mergeNames(v *ast.Value, name string, to *[]string) {
	switch m := v.Children.ForName(name); {
	case m == nil:
	case m.Kind == ast.NullValue:
		*to = nil
	default:
		if names := stringsOf(m); len(names) > 0 {
			*to = names
		}
	}
}
