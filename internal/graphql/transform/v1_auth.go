package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// authV1 expands @auth of version 1.
func (c *compiler) authV1() error {
	return c.usesV1("auth", func(e element) error {
		if e.field != nil {
			return c.authFieldV1(e)
		}
		return c.authTypeV1(e)
	})
}

// rulesV1 reads the rules of a directive.
func rulesV1(d *ast.Directive) []*authRule {
	var rules []*authRule
	for _, v := range itemsOf(argument(d, "rules")) {
		rules = append(rules, &authRule{Rule: ruleOf(v, 1), value: v})
	}
	return rules
}

// covers says whether a rule covers an operation: create, update, delete, get,
// list, or read. The old members queries and mutations count when there are no
// operations; with them a rule says nothing about read as a whole.
func (r *authRule) covers(operation string) bool {
	if v := r.value.Children.ForName("operations"); v != nil {
		if operation == "get" || operation == "list" {
			operation = "read"
		}
		return slices.Contains(stringsOf(v), operation)
	}
	old := "mutations"
	if operation == "get" || operation == "list" || operation == "read" {
		old = "queries"
	}
	v := r.value.Children.ForName(old)
	return v == nil || (operation != "read" && slices.Contains(stringsOf(v), operation))
}

func covering(rules []*authRule, operation string) []*authRule {
	return slices.DeleteFunc(slices.Clone(rules), func(r *authRule) bool { return !r.covers(operation) })
}

func ruleProviders(rules []*authRule) []string {
	var out []string
	for _, r := range rules {
		if !slices.Contains(out, r.Provider) {
			out = append(out, r.Provider)
		}
	}
	return out
}

func (c *compiler) directivesV1(rules []*authRule, addDefault bool) ast.DirectiveList {
	return c.serviceDirectives(ruleProviders(rules), addDefault)
}

// typeAllowsDefault says whether the rules of a type let the default provider
// do an operation.
func (c *compiler) typeAllowsDefault(def *ast.Definition, operation string) bool {
	d := def.Directives.ForName("auth")
	if d == nil {
		return false
	}
	rules := rulesV1(d)
	allowed := covering(rules, operation)
	if operation == "get" || operation == "list" {
		allowed = append(allowed, covering(rules, "read")...)
	}
	return slices.Contains(ruleProviders(allowed), c.defaultProviderV1())
}

func (c *compiler) defaultProviderV1() string {
	if p := providerOf(c.opt.defaultAuth()); p != "identityPool" {
		return p
	}
	return "iam"
}

func (c *compiler) authTypeV1(e element) error {
	m := c.byName[e.parent.Name]
	if m == nil {
		return e.refuse("Types annotated with @auth must also be annotated with @model.")
	}
	if v := argument(e.directive, "rules"); v.Kind != ast.ListValue {
		return e.refuse("The rules of @auth must be a list.")
	}
	rules := rulesV1(e.directive)
	if err := c.checkRulesV1(e, rules, false); err != nil {
		return err
	}
	c.addOwnersV1(m.name, rules)
	c.protectNestedV1(m.def, rules)
	def := c.out.object(m.name)
	addDirectives(&def.Directives, c.directivesV1(rules, false)...)
	for _, op := range []struct {
		root            ast.Operation
		name, operation string
	}{
		{ast.Mutation, m.create, "create"},
		{ast.Mutation, m.update, "update"},
		{ast.Mutation, m.del, "delete"},
		{ast.Query, m.get, "get"},
		{ast.Query, m.list, "list"},
	} {
		c.protectV1(c.rootField(op.root, op.name), covering(rules, op.operation), c.typeAllowsDefault(m.def, op.operation))
	}
	c.protectReadersV1(m, covering(rules, "read"))
	c.trimConditionV1(m, rules)
	return nil
}

// protectV1 prints directives on a field and on its result type.
func (c *compiler) protectV1(f *ast.FieldDefinition, rules []*authRule, addDefault bool) {
	if f == nil {
		return
	}
	ds := c.directivesV1(rules, addDefault)
	addDirectives(&f.Directives, ds...)
	if t := c.out.object(f.Type.Name()); t != nil && !isList(f.Type) && !f.Type.NonNull {
		addDirectives(&t.Directives, ds...)
	}
}

// protectReadersV1 protects all other ways to read a model: relations, indexes,
// search, sync and subscriptions.
func (c *compiler) protectReadersV1(m *model, rules []*authRule) {
	if len(rules) == 0 {
		return
	}
	for _, d := range c.doc.AST.Definitions {
		if d.Kind != ast.Object {
			continue
		}
		for _, f := range d.Fields {
			if f.Type.Name() == m.name && f.Directives.ForName("connection") != nil {
				c.protectV1(c.out.object(d.Name).Fields.ForName(f.Name), rules, false)
			}
		}
	}
	for _, k := range m.indexes {
		if m.list != "" && k.query != "" {
			c.protectV1(c.rootField(ast.Query, k.query), rules, false)
		}
	}
	readable := c.typeAllowsDefault(m.def, "list")
	for _, s := range c.searchable {
		if s.model == m {
			c.protectV1(c.rootField(ast.Query, s.field), rules, readable)
		}
	}
	c.protectV1(c.rootField(ast.Query, m.sync), rules, readable)
	if m.level != "on" {
		return
	}
	for _, s := range []struct {
		names    []string
		mutation string
	}{{m.onCreate, m.create}, {m.onUpdate, m.update}, {m.onDelete, m.del}} {
		for _, name := range s.names {
			if f := c.rootField(ast.Subscription, name); f != nil && s.mutation != "" {
				addDirectives(&f.Directives, c.directivesV1(rules, c.typeAllowsDefault(m.def, "get"))...)
				ownerArgumentsV1(f, rules)
			}
		}
	}
}

// ownerArgumentsV1 gives a subscription an argument for each owner rule,
// required when nobody but one kind of owner may listen.
func ownerArgumentsV1(f *ast.FieldDefinition, rules []*authRule) {
	var owners []*authRule
	static, open, optional := false, false, false
	for _, r := range rules {
		switch r.Allow {
		case "owner":
			owners = append(owners, r)
		case "groups":
			static = static || r.given("groups")
			optional = optional || !r.given("groupsField")
		default:
			optional = true
			open = open || r.Provider == "userPools"
		}
	}
	if open || (len(owners) == 0 && !static) {
		return
	}
	t := named("String")
	if len(owners) == 1 && !optional {
		t = required(t)
	}
	f.Arguments = nil
	for _, r := range owners {
		if f.Arguments.ForName(r.OwnerField) == nil {
			f.Arguments = append(f.Arguments, arg(r.OwnerField, t))
		}
	}
}

// addOwnersV1 adds the owner fields that are not declared.
func (c *compiler) addOwnersV1(typ string, rules []*authRule) {
	for _, r := range rules {
		if r.Allow == "owner" {
			addMissing(c.out.object(typ), field(r.OwnerField, named("String")))
		}
	}
}

// trimConditionV1 takes owner and groups fields out of the condition.
func (c *compiler) trimConditionV1(m *model, rules []*authRule) {
	for _, r := range rules {
		switch r.Allow {
		case "owner":
			c.trimCondition(m, []string{r.OwnerField})
		case "groups":
			name := "groups"
			if r.given("groupsField") && r.GroupsField != "" {
				name = r.GroupsField
			}
			c.trimCondition(m, []string{name})
		}
	}
}

// protectNestedV1 prints the modes of a model on the objects inside it.
func (c *compiler) protectNestedV1(def *ast.Definition, rules []*authRule) {
	for _, f := range def.Fields {
		t := c.out.object(f.Type.Name())
		if t == nil || t.Directives.ForName("model") != nil {
			continue
		}
		known := c.auth.nested[t.Name]
		ds := slices.DeleteFunc(c.directivesV1(rules, true), func(d *ast.Directive) bool { return known[d.Name] })
		if len(ds) == 0 {
			continue
		}
		if known == nil {
			known = map[string]bool{}
			c.auth.nested[t.Name] = known
		}
		for _, d := range ds {
			known[d.Name] = true
		}
		addDirectives(&t.Directives, ds...)
		c.protectNestedV1(t, rules)
	}
}

func (c *compiler) authFieldV1(e element) error {
	if e.parent.Kind == ast.Interface {
		return e.refuse("The @auth directive cannot be placed on an interface's field. See %s%s", e.parent.Name, e.field.Name)
	}
	if v := argument(e.directive, "rules"); v.Kind != ast.ListValue {
		return e.refuse("The rules of @auth must be a list.")
	}
	rules := rulesV1(e.directive)
	isRoot := slices.Contains([]string{c.out.root[ast.Query], c.out.root[ast.Mutation], c.out.root[ast.Subscription]}, e.parent.Name)
	m := c.byName[e.parent.Name]
	if err := c.checkFieldRulesV1(e, rules, isRoot, m != nil); err != nil {
		return err
	}
	def := c.out.object(e.parent.Name)
	if !isRoot {
		c.addOwnersV1(e.parent.Name, rules)
		d := e.parent.Directives.ForName("auth")
		needsDefault := d == nil || slices.Contains(ruleProviders(rulesV1(d)), c.defaultProviderV1())
		addDirectives(&def.Directives, c.directivesV1(rules, needsDefault)...)
	}
	f := def.Fields.ForName(e.field.Name)
	if m == nil {
		addDirectives(&f.Directives, c.directivesV1(rules, false)...)
		c.guardV1(e, rules)
		return nil
	}
	return c.protectFieldV1(e, m, f, rules)
}

// guardV1 notes who may have a field outside of models. There is nothing to
// compare an owner or the groups of a row with.
func (c *compiler) guardV1(e element, rules []*authRule) {
	name := e.parent.Name + ":" + e.field.Name
	m := newMatrix(name, []string{name})
	for _, r := range rules {
		switch {
		case r.Allow == "owner" || r.GroupsField != "":
		case r.Allow == "groups":
			for _, g := range r.Groups {
				m.set(&role{name: r.Provider + g + r.GroupClaim, provider: r.Provider, allow: r.Allow, claim: r.GroupClaim, entity: g}, name, readOperations, true)
			}
		default:
			m.set(&role{name: r.Provider + r.Allow, provider: r.Provider, allow: r.Allow}, name, readOperations, true)
		}
	}
	if c.auth.fields[name] == nil {
		c.auth.fieldOrder = append(c.auth.fieldOrder, name)
	}
	c.auth.fields[name] = m
}

// protectFieldV1 prints the modes of a model's field on the field and on the
// operations that touch it.
func (c *compiler) protectFieldV1(e element, m *model, f *ast.FieldDefinition, rules []*authRule) error {
	read := covering(rules, "read")
	if ds := c.directivesV1(read, false); len(ds) > 0 {
		addDirectives(&f.Directives, ds...)
		c.protectV1(c.rootField(ast.Query, m.get), read, c.typeAllowsDefault(m.def, "get"))
		c.protectV1(c.rootField(ast.Query, m.list), read, c.typeAllowsDefault(m.def, "list"))
	}
	if len(read) > 0 && m.level == "on" && e.field.Type.NonNull {
		return e.refuse("\nPer-field auth on the required field %s is not supported with subscriptions.\nEither make the field "+
			"optional, set auth on the object and not the field, or disable subscriptions for the object (setting level to off "+
			"or public)\n", e.field.Name)
	}
	create := covering(rules, "create")
	if ds := c.directivesV1(create, false); len(ds) > 0 && m.create != "" {
		addDirectives(&f.Directives, ds...)
		c.protectV1(c.rootField(ast.Mutation, m.create), create, c.typeAllowsDefault(m.def, "create"))
	}
	// Both depend on there being an update mutation.
	if m.update != "" {
		c.protectV1(c.rootField(ast.Mutation, m.update), covering(rules, "update"), false)
		c.protectV1(c.rootField(ast.Mutation, m.del), covering(rules, "delete"), false)
	}
	return nil
}

var strategiesV1 = map[string]struct {
	providers []string
	text      string
}{
	"owner":   {[]string{"userPools", "oidc"}, "'owner' strategy only supports 'userPools' (default) and 'oidc' providers"},
	"public":  {[]string{"apiKey", "iam"}, "'public' strategy only supports 'apiKey' (default) and 'iam' providers"},
	"private": {[]string{"userPools", "iam"}, "'private' strategy only supports 'userPools' (default) and 'iam' providers"},
	"groups":  {[]string{"userPools", "oidc"}, "'groups' strategy only supports 'userPools' and 'oidc' providers"},
}

func (c *compiler) checkRulesV1(e element, rules []*authRule, onField bool) error {
	for _, r := range rules {
		s := strategiesV1[r.Allow]
		if !slices.Contains(s.providers, r.Provider) {
			return e.refuse("@auth directive with %s, but found '%s' assigned.", s.text, r.Provider)
		}
		if m := modeNames[r.Provider]; !c.opt.hasAuth(m.mode) {
			return e.refuse("@auth directive with '%s' provider found, but the project has no %s authentication provider configured.",
				r.Provider, m.name)
		}
		if onField && (r.given("queries") || r.given("mutations")) {
			return e.refuse("@auth directives used on field definitions may not specify the 'queries' or 'mutations' arguments. " +
				"All @auth directives used on field definitions are performed when the field is resolved and can be thought of as " +
				"'read' operations.")
		}
		switch {
		case r.Allow == "groups" && (r.given("identityClaim") || r.given("identityField")):
			return e.refuse("\n            @auth identityField/Claim can only be used for 'allow: owner'")
		case r.Allow == "owner" && r.given("groupClaim"):
			return e.refuse("\n            @auth groupClaim can only be used 'allow: groups'")
		case r.given("groupsField") && r.given("groups"):
			return e.refuse("This rule has groupsField and groups, please use one or the other")
		case r.given("identityField") && r.given("identityClaim"):
			return e.refuse("Please use consider IdentifyClaim over IdentityField as it is deprecated.")
		}
	}
	return nil
}

func (c *compiler) checkFieldRulesV1(e element, rules []*authRule, isRoot, isModel bool) error {
	if err := c.checkRulesV1(e, rules, true); err != nil {
		return err
	}
	for _, r := range rules {
		if len(stringsOf(r.value.Children.ForName("operations"))) == 0 {
			continue
		}
		if isRoot {
			return e.refuse("@auth rules on fields within Query, Mutation, Subscription cannot specify 'operations' argument as " +
				"these rules are already on an operation already.")
		}
		if !isModel {
			return e.refuse("@auth rules on fields within types that does not have @model directive cannot specify 'operations' " +
				"argument as there are operations will be generated by the CLI.")
		}
	}
	return nil
}
