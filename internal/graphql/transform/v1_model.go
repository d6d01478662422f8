package transform

import (
	"errors"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/errs"
)

// modelsV1 reads all @model directives and generates types and operations.
func (c *compiler) modelsV1() error {
	// Whether a type is a model matters for the inputs of other models, so all
	// of them are known before the first is expanded.
	err := c.usesV1("model", func(e element) error {
		name := e.parent.Name
		for _, root := range c.out.root {
			if root == name {
				return e.refuse("'%s' is a reserved type name and currently in use within the default schema element.", name)
			}
		}
		m := &model{name: name, def: e.parent, directive: e.directive, modelArguments: c.argumentsV1(name, e.directive)}
		c.models = append(c.models, m)
		c.byName[name] = m
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range c.models {
		if err := c.schemaModelV1(m); err != nil {
			return err
		}
	}
	return nil
}

// usesV1 is uses without extensions, which version 1 folds in unread.
func (c *compiler) usesV1(name string, fn func(element) error) error {
	for _, def := range c.doc.AST.Definitions {
		if def.Kind != ast.Object && def.Kind != ast.Interface {
			continue
		}
		for _, d := range def.Directives {
			if d.Name == name {
				if err := fn(element{parent: def, directive: d}); err != nil {
					return err
				}
			}
		}
		for _, f := range def.Fields {
			for _, d := range f.Directives {
				if d.Name == name {
					if err := fn(element{parent: def, field: f, directive: d}); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (c *compiler) pluralV1(name string) string {
	if c.opt.Flags.ImprovePluralization {
		return Plural(name)
	}
	return name + "s"
}

// argumentsV1 is the meaning of the arguments of @model: a partial argument
// leaves only what it names.
func (c *compiler) argumentsV1(name string, d *ast.Directive) modelArguments {
	up := upperFirst(name)
	a := modelArguments{
		get: graphqlName("get" + up), list: graphqlName("list" + c.pluralV1(up)),
		create: graphqlName("create" + up), update: graphqlName("update" + up), del: graphqlName("delete" + up),
		level: "on", createdAt: "createdAt", updatedAt: "updatedAt",
	}
	if c.opt.sync() {
		a.sync = graphqlName("sync" + upperFirst(Plural(name)))
	}
	if v := argument(d, "queries"); v != nil {
		a.get, a.list = "", ""
		mergeString(v, "get", &a.get)
		mergeString(v, "list", &a.list)
	}
	if v := argument(d, "mutations"); v != nil {
		a.create, a.update, a.del = "", "", ""
		mergeString(v, "create", &a.create)
		mergeString(v, "update", &a.update)
		mergeString(v, "delete", &a.del)
	}
	if v := argument(d, "timestamps"); v != nil {
		if v.Kind == ast.NullValue {
			a.createdAt, a.updatedAt = "", ""
		}
		mergeString(v, "createdAt", &a.createdAt)
		mergeString(v, "updatedAt", &a.updatedAt)
	}
	c.subscriptionArgumentsV1(&a, up, argument(d, "subscriptions"))
	return a
}

func (c *compiler) subscriptionArgumentsV1(a *modelArguments, up string, v *ast.Value) {
	if v != nil {
		if v.Kind == ast.NullValue {
			a.level = "off"
			return
		}
		mergeString(v, "level", &a.level)
		for name, to := range map[string]*[]string{
			"onCreate": &a.onCreate, "onUpdate": &a.onUpdate, "onDelete": &a.onDelete,
		} {
			*to = stringsOf(v.Children.ForName(name))
		}
		if v.Children.ForName("onCreate") != nil || v.Children.ForName("onUpdate") != nil || v.Children.ForName("onDelete") != nil {
			a.named = true
			return
		}
	}
	a.onCreate = []string{graphqlName("onCreate" + up)}
	a.onUpdate = []string{graphqlName("onUpdate" + up)}
	a.onDelete = []string{graphqlName("onDelete" + up)}
}

func (c *compiler) schemaModelV1(m *model) error {
	nested := c.nested(m.def)
	for _, sub := range nested {
		c.out.ensure(input(objectInput(sub.Name), c.inputFieldsV1(sub, nested, func(f *ast.FieldDefinition) *ast.Type {
			return f.Type
		})...))
	}
	def := c.out.object(m.name)
	if m.def.Fields.ForName("id") == nil {
		def.Fields = append(ast.FieldList{field("id", required(named("ID")))}, def.Fields...)
	}
	queries := c.queriesV1(m)
	if err := c.out.addRootFields(ast.Query, queries...); err != nil {
		return err
	}
	mutations, err := c.mutationsV1(m, nested)
	if err != nil {
		return err
	}
	if err := c.out.addRootFields(ast.Mutation, mutations...); err != nil {
		return err
	}
	if err := c.out.addRootFields(ast.Subscription, c.subscriptionsV1(m)...); err != nil {
		return err
	}
	if m.def.Directives.ForName("key") == nil {
		c.trimCondition(m, []string{"id"})
	}
	if c.opt.sync() {
		// A schema that declares these fields itself gets them once.
		for _, f := range syncFields() {
			if def.Fields.ForName(f.Name) == nil {
				def.Fields = append(def.Fields, f)
			}
		}
	}
	for _, t := range []string{m.createdAt, m.updatedAt} {
		if t != "" && m.def.Fields.ForName(t) == nil {
			def.Fields = append(def.Fields, field(t, required(named("AWSDateTime"))))
		}
	}
	return nil
}

// nested are the object types inside a type, however deep, without models.
func (c *compiler) nested(def *ast.Definition) []*ast.Definition {
	var list []*ast.Definition
	var walk func(*ast.Definition)
	walk = func(d *ast.Definition) {
		for _, f := range d.Fields {
			sub := c.out.object(f.Type.Name())
			if sub != nil && sub.Directives.ForName("model") == nil && !slices.Contains(list, sub) {
				list = append(list, sub)
				walk(sub)
			}
		}
	}
	walk(def)
	return list
}

// inputFieldsV1 are the fields of a type that can be given in an input.
func (c *compiler) inputFieldsV1(
	def *ast.Definition, nested []*ast.Definition, typ func(*ast.FieldDefinition) *ast.Type,
) ast.FieldList {
	var fields ast.FieldList
	for _, f := range def.Fields {
		name := f.Type.Name()
		isObject := slices.ContainsFunc(nested, func(d *ast.Definition) bool { return d.Name == name })
		if !isObject && !isScalarName(name) && !c.out.isEnum(name) {
			continue
		}
		t := typ(f)
		if isObject {
			t = renamed(t, objectInput(name))
		}
		fields = append(fields, field(f.Name, t))
	}
	return fields
}

func (c *compiler) queriesV1(m *model) ast.FieldList {
	var fields ast.FieldList
	if m.list != "" {
		c.ensureSortDirection()
	}
	if m.sync != "" {
		c.out.ensure(c.connection(connectionType(m.name), m.name))
		c.filterInputsV1(m.def)
		fields = append(fields, field(m.sync, named(connectionType(m.name)), arg("filter", named(filterInput(m.name))),
			arg("limit", named("Int")), arg("nextToken", named("String")), arg("lastSync", named("AWSTimestamp"))))
		c.register(ast.Query, m.sync, &operation{kind: Sync, model: m})
	}
	if m.get != "" {
		fields = append(fields, field(m.get, named(m.name), arg("id", required(named("ID")))))
		c.register(ast.Query, m.get, &operation{kind: Get, model: m})
	}
	if m.list != "" {
		c.out.ensure(pageV1(m.name))
		fields = append(fields, field(m.list, named(connectionType(m.name)), pagingV1(m.name)...))
		c.filterInputsV1(m.def)
		c.register(ast.Query, m.list, &operation{kind: List, model: m})
	}
	return fields
}

// pageV1 is a page type without sync fields.
func pageV1(model string) *ast.Definition {
	return object(connectionType(model), field("items", required(listOf(named(model)))), field("nextToken", named("String")))
}

func pagingV1(model string) ast.ArgumentDefinitionList {
	return ast.ArgumentDefinitionList{
		arg("filter", named(filterInput(model))), arg("limit", named("Int")), arg("nextToken", named("String")),
	}
}

// filterInputsV1 adds the filter input of a type and all that it needs.
func (c *compiler) filterInputsV1(def *ast.Definition) {
	c.addScalarFilters(false)
	c.ensureEnumFilters(def)
	name := filterInput(def.Name)
	c.out.ensure(input(name, append(c.filterFields(def, isList), logical(name)...)...))
}

// filterFieldTwiceV1 finds a field that is called like a part of the filter. The
// official tool prints such a filter with the name twice, which makes the schema
// invalid: the error names the place in the user's schema.
func (c *compiler) filterFieldTwiceV1() error {
	if c.version != 1 {
		return nil
	}
	for _, m := range c.models {
		for _, in := range []string{filterInput(m.name), conditionInput(m.name)} {
			for _, l := range logical("") {
				if def := c.out.get(in); def != nil && repeats(def, l.Name) {
					return errors.New(errs.Public(refuseTaken(m.def, in, l.Name)).Message)
				}
			}
		}
	}
	return nil
}

func repeats(def *ast.Definition, name string) bool {
	n := 0
	for _, f := range def.Fields {
		if f.Name == name {
			n++
		}
	}
	return n > 1
}

func (c *compiler) mutationsV1(m *model, nested []*ast.Definition) (ast.FieldList, error) {
	var fields ast.FieldList
	add := func(kind OperationKind, name string, in *ast.Definition) {
		if c.opt.sync() && in.Fields.ForName("_version") == nil {
			in.Fields = append(in.Fields, field("_version", named("Int")))
		}
		c.out.ensure(in)
		fields = append(fields, field(name, named(m.name), arg("input", required(named(in.Name))),
			arg("condition", named(conditionInput(m.name)))))
		c.register(ast.Mutation, name, &operation{kind: kind, model: m})
	}
	if m.create != "" {
		in, err := c.createInputV1(m, nested)
		if err != nil {
			return nil, err
		}
		add(Create, m.create, in)
	}
	if m.update != "" {
		in := input(updateInput(m.name))
		if m.def.Fields.ForName("id") == nil {
			in.Fields = append(in.Fields, field("id", required(named("ID"))))
		}
		in.Fields = append(in.Fields, c.inputFieldsV1(m.def, nested, func(f *ast.FieldDefinition) *ast.Type {
			if f.Name == "id" {
				return required(f.Type)
			}
			return nullable(f.Type)
		})...)
		add(Update, m.update, in)
	}
	if m.del != "" {
		add(Delete, m.del, input(deleteInput(m.name), field("id", required(named("ID")))))
	}
	if len(fields) > 0 {
		c.addScalarFilters(false)
		c.ensureEnumFilters(m.def)
		name := conditionInput(m.name)
		c.out.ensure(input(name, append(c.filterFields(m.def, isList), logical(name)...)...))
	}
	return fields, nil
}

func (c *compiler) createInputV1(m *model, nested []*ast.Definition) (*ast.Definition, error) {
	in := input(createInput(m.name))
	if m.def.Fields.ForName("id") == nil {
		in.Fields = append(in.Fields, field("id", named("ID")))
	}
	filled := map[string][]string{"id": {"ID"}}
	for _, t := range []string{m.createdAt, m.updatedAt} {
		if t != "" {
			filled[t] = []string{"AWSDateTime", "String"}
		}
	}
	var list *ast.FieldDefinition
	in.Fields = append(in.Fields, c.inputFieldsV1(m.def, nested, func(f *ast.FieldDefinition) *ast.Type {
		types, ok := filled[f.Name]
		if ok && isList(f.Type) {
			list = f
		}
		if slices.Contains(types, f.Type.Name()) {
			return nullable(f.Type)
		}
		return f.Type
	})...)
	if list != nil {
		return nil, refuseListField(m.name, list)
	}
	return in, nil
}

func (c *compiler) subscriptionsV1(m *model) ast.FieldList {
	if m.level == "off" {
		return nil
	}
	var fields ast.FieldList
	for _, s := range []struct {
		kind     OperationKind
		names    []string
		mutation string
	}{{OnCreate, m.onCreate, m.create}, {OnUpdate, m.onUpdate, m.update}, {OnDelete, m.onDelete, m.del}} {
		for _, name := range s.names {
			if s.mutation == "" && !m.named {
				continue
			}
			f := fields.ForName(name)
			if f == nil {
				f = field(name, named(m.name))
				f.Directives = ast.DirectiveList{{
					Name: "aws_subscribe", Arguments: ast.ArgumentList{stringsArgument("mutations", nil)},
				}}
				fields = append(fields, f)
				c.register(ast.Subscription, name, &operation{kind: s.kind, model: m})
			}
			if s.mutation != "" {
				list := f.Directives[0].Arguments[0].Value
				list.Children = append(list.Children, stringsArgument("", []string{s.mutation}).Value.Children...)
			}
		}
	}
	return fields
}
