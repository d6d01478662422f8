package transform

import "github.com/vektah/gqlparser/v2/ast"

// schemaModelsV2 generates the types and operations of all models.
func (c *compiler) schemaModelsV2() error {
	c.addScalarFilters(true)
	c.ensureSortDirection()
	for _, m := range c.models {
		if err := c.schemaModelV2(m); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) schemaModelV2(m *model) error {
	// Mutation inputs are made of the type without the generated fields.
	before := copyDefinition(c.out.object(m.name))
	def := c.out.object(m.name)
	c.addGeneratedFields(m, def)
	if err := c.ensureObjectInputs(def); err != nil {
		return err
	}
	queries, err := c.queriesV2(m, def)
	if err != nil {
		return err
	}
	mutations, err := c.mutationsV2(m, before)
	if err != nil {
		return err
	}
	subscriptions, err := c.subscriptionsV2(m, def)
	if err != nil {
		return err
	}
	if c.opt.sync() {
		if err := addFields(def, def, syncFields()...); err != nil {
			return err
		}
	}
	for op, fields := range map[ast.Operation]ast.FieldList{
		ast.Query: queries, ast.Mutation: mutations, ast.Subscription: subscriptions,
	} {
		if err := c.out.addRootFields(op, fields...); err != nil {
			return err
		}
	}
	if m.directive != nil && m.def.Directives.ForName("auth") == nil && c.sandboxDirective() != nil {
		c.openModel(m, def, queries, mutations, subscriptions)
	}
	return nil
}

// addGeneratedFields adds id and timestamps.
func (c *compiler) addGeneratedFields(m *model, def *ast.Definition) {
	if def.Fields.ForName("id") == nil {
		def.Fields = append(def.Fields, field("id", required(named("ID"))))
	}
	for _, t := range []string{m.createdAt, m.updatedAt} {
		if t != "" && def.Fields.ForName(t) == nil {
			def.Fields = append(def.Fields, field(t, required(named("AWSDateTime"))))
		}
	}
}

func syncFields() ast.FieldList {
	return ast.FieldList{
		field("_version", required(named("Int"))), field("_deleted", named("Boolean")),
		field("_lastChangedAt", required(named("AWSTimestamp"))),
	}
}

func (c *compiler) queriesV2(m *model, def *ast.Definition) (ast.FieldList, error) {
	var fields ast.FieldList
	if m.get != "" {
		fields = append(fields, field(m.get, named(m.name), arg("id", required(named("ID")))))
		c.register(ast.Query, m.get, &operation{kind: Get, model: m})
	}
	if m.list == "" && m.sync == "" {
		return fields, nil
	}
	filter, err := c.modelFilter(pascal("Model", m.name, "FilterInput"), def)
	if err != nil {
		return nil, err
	}
	connection := c.connection(pascal("Model", m.name, "Connection"), m.name)
	paging := func() ast.ArgumentDefinitionList {
		return ast.ArgumentDefinitionList{
			arg("filter", named(filter.Name)), arg("limit", named("Int")), arg("nextToken", named("String")),
		}
	}
	c.out.ensure(connection)
	if m.list != "" {
		c.ensureEnumFilters(def)
		fields = append(fields, field(m.list, named(connection.Name), paging()...))
		c.register(ast.Query, m.list, &operation{kind: List, model: m})
	}
	c.out.ensure(filter)
	if m.sync != "" {
		args := append(paging(), arg("lastSync", named("AWSTimestamp")))
		fields = append(fields, field(m.sync, named(connection.Name), args...))
		c.register(ast.Query, m.sync, &operation{kind: Sync, model: m})
	}
	return fields, nil
}

// connection is the type of a page of a model.
func (c *compiler) connection(name, item string) *ast.Definition {
	d := object(name, field("items", required(listOf(named(item)))), field("nextToken", named("String")))
	if c.opt.sync() {
		d.Fields = append(d.Fields, field("startedAt", named("AWSTimestamp")))
	}
	return d
}

func (c *compiler) mutationsV2(m *model, def *ast.Definition) (ast.FieldList, error) {
	var fields ast.FieldList
	for _, op := range []struct {
		kind OperationKind
		name string
		make func() (*ast.Definition, error)
	}{
		{Create, m.create, func() (*ast.Definition, error) { return c.createInputV2(m, def) }},
		{Update, m.update, func() (*ast.Definition, error) { return c.updateInputV2(m, def) }},
		{Delete, m.del, func() (*ast.Definition, error) { return c.deleteInputV2(m) }},
	} {
		if op.name == "" {
			continue
		}
		c.ensureEnumFilters(def)
		condition, err := c.modelCondition(m, def)
		if err != nil {
			return nil, err
		}
		c.out.ensure(condition)
		in, err := op.make()
		if err != nil {
			return nil, err
		}
		c.out.ensure(in)
		fields = append(fields, field(op.name, named(m.name), arg("input", required(named(in.Name))),
			arg("condition", named(condition.Name))))
		c.register(ast.Mutation, op.name, &operation{kind: op.kind, model: m})
	}
	return fields, nil
}

func (c *compiler) subscriptionsV2(m *model, def *ast.Definition) (ast.FieldList, error) {
	if m.level == "off" {
		return nil, nil
	}
	var fields ast.FieldList
	for _, s := range []struct {
		kind     OperationKind
		names    []string
		mutation string
	}{{OnCreate, m.onCreate, m.create}, {OnUpdate, m.onUpdate, m.update}, {OnDelete, m.onDelete, m.del}} {
		if s.mutation == "" {
			continue
		}
		for _, name := range s.names {
			filter, err := c.subscriptionFilter(m, def)
			if err != nil {
				return nil, err
			}
			c.ensureEnumFilters(def)
			c.out.ensure(filter)
			if f := fields.ForName(name); f != nil {
				// One field for several mutations: its argument is official
				// output too, once per mutation, and AppSync keeps the first.
				d := f.Directives.ForName("aws_subscribe")
				d.Arguments[0].Value.Children = append(d.Arguments[0].Value.Children,
					stringsArgument("", []string{s.mutation}).Value.Children...)
				continue
			}
			f := field(name, named(m.name), arg("filter", named(filter.Name)))
			f.Directives = ast.DirectiveList{{
				Name: "aws_subscribe", Arguments: ast.ArgumentList{stringsArgument("mutations", []string{s.mutation})},
			}}
			fields = append(fields, f)
			c.register(ast.Subscription, name, &operation{kind: s.kind, model: m})
		}
	}
	return fields, nil
}
