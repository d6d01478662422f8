package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// serviceDirectives are the directives for a set of providers: none when the
// default one is alone. addDefault adds the default one beside others although
// it is not in the set.
func (c *compiler) serviceDirectives(providers []string, addDefault bool) ast.DirectiveList {
	standard := providerOf(c.opt.defaultAuth())
	has := func(p string) bool {
		return slices.ContainsFunc(providers, func(q string) bool { return sameProvider(p, q) })
	}
	others := slices.ContainsFunc(providers, func(p string) bool { return !sameProvider(p, standard) })
	var out ast.DirectiveList
	for _, d := range []struct{ provider, name string }{
		{"apiKey", "aws_api_key"},
		{"iam", "aws_iam"},
		{"oidc", "aws_oidc"},
		{"userPools", "aws_cognito_user_pools"},
		{"function", "aws_lambda"},
	} {
		isStandard := sameProvider(d.provider, standard)
		if (!isStandard && has(d.provider)) || (isStandard && others && (addDefault || has(d.provider))) {
			out = append(out, directive(d.name))
		}
	}
	return out
}

// schemaAuthV2 prints the auth modes on types and operations, and adds owner
// fields.
func (c *compiler) schemaAuthV2() error {
	c.openCustomIAM()
	for _, name := range c.auth.order {
		for _, r := range c.auth.models[name].roles {
			if r.dynamic {
				if in := c.out.get(pascal("ModelSubscription", name, "FilterInput")); in != nil {
					in.Fields = without(in.Fields, r.entity)
				}
			}
		}
	}
	var searchers []string
	for _, name := range c.auth.order {
		m, a := c.byName[name], c.auth.models[name]
		def := c.out.object(name)
		c.addOwnerFields(name, a, def)
		providers := providersOf(a.roles)
		if m.def.Directives.ForName("searchable") != nil {
			searchers = append(searchers, providers...)
		}
		addDirectives(&def.Directives, c.serviceDirectives(providers, false)...)
		if err := m.checkSubscriptionLists(); err != nil {
			return err
		}
		c.protectOperations(m, a)
		c.protectNested(def, providers)
	}
	for _, name := range c.auth.fieldOrder {
		typ, fieldName := cutField(name)
		if def := c.out.get(typ); def != nil {
			if f := def.Fields.ForName(fieldName); f != nil {
				addDirectives(&f.Directives, c.serviceDirectives(providersOf(c.auth.fields[name].roles), false)...)
			}
		}
	}
	if len(searchers) > 0 {
		for _, name := range aggregateTypes {
			if def := c.out.object(name); def != nil {
				addDirectives(&def.Directives, c.serviceDirectives(searchers, false)...)
			}
		}
	}
	return nil
}

// addOwnerFields adds the owner fields that are not declared to the type, and
// all of them to the filters.
func (c *compiler) addOwnerFields(name string, a *matrix, def *ast.Definition) {
	for _, r := range a.roles {
		if r.allow != "owner" {
			continue
		}
		for _, in := range []string{
			pascal("Model", name, "FilterInput"), pascal("Model", name, "ConditionInput"),
			pascal("ModelSubscription", name, "FilterInput"),
		} {
			addMissing(c.out.get(in), field(r.entity, named("ModelStringInput")))
		}
	}
	for _, r := range a.roles {
		if r.allow == "owner" {
			addMissing(def, field(r.entity, named("String")))
		}
	}
}

// protectOperations prints the auth modes of each operation on the field and on
// its result type, and gives subscriptions their owner arguments.
func (c *compiler) protectOperations(m *model, a *matrix) {
	protect := func(root ast.Operation, name, operation string) {
		f := c.rootField(root, name)
		if f == nil {
			return
		}
		roles := a.rolesFor(operation)
		standard := providerOf(c.opt.defaultAuth())
		addDefault := slices.ContainsFunc(roles, func(r *role) bool { return sameProvider(r.provider, standard) })
		ds := c.serviceDirectives(providersOf(roles), addDefault)
		addDirectives(&f.Directives, ds...)
		if t := c.out.object(f.Type.Name()); t != nil && !isList(f.Type) && !f.Type.NonNull {
			addDirectives(&t.Directives, ds...)
		}
	}
	protect(ast.Query, m.get, "get")
	protect(ast.Query, m.list, "list")
	protect(ast.Query, m.sync, "sync")
	protect(ast.Mutation, m.create, "create")
	protect(ast.Mutation, m.update, "update")
	protect(ast.Mutation, m.del, "delete")
	for _, k := range m.indexes {
		protect(ast.Query, k.query, "list")
		protect(ast.Query, k.query, "get")
	}
	for _, s := range c.searchable {
		if s.model == m {
			protect(ast.Query, s.field, "search")
		}
	}
	if m.level != "on" {
		return
	}
	for _, s := range []struct {
		names    []string
		mutation string
	}{{m.onCreate, m.create}, {m.onUpdate, m.update}, {m.onDelete, m.del}} {
		if s.mutation == "" {
			continue
		}
		for _, name := range s.names {
			protect(ast.Subscription, name, "listen")
			c.addOwnerArguments(m, a, name)
		}
	}
}

// checkSubscriptionLists refuses a subscription name outside of a list: @model
// alone takes it, but the official tool fails to protect it.
func (m *model) checkSubscriptionLists() error {
	v := argument(m.directive, "subscriptions")
	if v == nil || m.level != "on" {
		return nil
	}
	for _, s := range []struct{ name, mutation string }{
		{"onCreate", m.create}, {"onUpdate", m.update}, {"onDelete", m.del},
	} {
		if n := v.Children.ForName(s.name); n != nil && n.Kind == ast.StringValue && n.Raw != "" && s.mutation != "" {
			e := element{parent: m.def, directive: m.directive}
			return e.refuse("subscriptions.%s of a model with @auth must be a list of names.", s.name)
		}
	}
	return nil
}

func (c *compiler) addOwnerArguments(m *model, a *matrix, name string) {
	f := c.rootField(ast.Subscription, name)
	if f == nil {
		return
	}
	def := c.out.object(m.name)
	for _, r := range a.rolesFor("listen") {
		if r.allow != "owner" || f.Arguments.ForName(r.entity) != nil {
			continue
		}
		if of := def.Fields.ForName(r.entity); of == nil || !isList(of.Type) {
			f.Arguments = append(f.Arguments, arg(r.entity, named("String")))
		}
	}
}

// protectNested prints the auth modes of a model on the object types that it
// holds, connections among them.
func (c *compiler) protectNested(def *ast.Definition, providers []string) {
	for _, f := range def.Fields {
		t := c.out.object(f.Type.Name())
		if t == nil || t.Directives.ForName("model") != nil {
			continue
		}
		known, seen := c.auth.nested[t.Name]
		ds := c.serviceDirectives(providers, seen)
		if !seen {
			known = map[string]bool{}
			c.auth.nested[t.Name] = known
		}
		ds = slices.DeleteFunc(ds, func(d *ast.Directive) bool { return known[d.Name] })
		for _, d := range ds {
			known[d.Name] = true
		}
		if len(ds) > 0 || !seen {
			addDirectives(&t.Directives, ds...)
			c.protectNested(t, providers)
		}
	}
}

func cutField(name string) (typ, field string) {
	for i := range name {
		if name[i] == ':' {
			return name[:i], name[i+1:]
		}
	}
	return name, ""
}
