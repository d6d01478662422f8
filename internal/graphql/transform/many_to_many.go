package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// manyToMany is a relation between two models through a third, generated one.
type manyToMany struct {
	name string // of the generated model
	ends []*relation
}

func (c *compiler) manyToManyV2() error {
	return c.uses("manyToMany", func(e element) error {
		r := &relation{element: e, name: "manyToMany", model: c.byName[e.parent.Name]}
		if r.model == nil || e.extension {
			return e.refuse("@manyToMany must be on an @model object type field.")
		}
		if !isList(e.field.Type) {
			return e.refuse("@manyToMany must be used with a list.")
		}
		given := stringArgument(e.directive, "relationName")
		name := graphqlName(upperFirst(given))
		i := slices.IndexFunc(c.manyToMany, func(m *manyToMany) bool { return m.name == name })
		if i < 0 {
			i = len(c.manyToMany)
			c.manyToMany = append(c.manyToMany, &manyToMany{name: name})
		}
		m := c.manyToMany[i]
		if len(m.ends) == 2 {
			return e.refuse("@manyToMany relation '%s' must be used in exactly two locations.", given)
		}
		m.ends = append(m.ends, r)
		c.manyToManyEnds = append(c.manyToManyEnds, r)
		return nil
	})
}

// checkManyToMany checks that the ends fit, once all are known.
func (c *compiler) checkManyToMany() error {
	for _, m := range c.manyToMany {
		first := m.ends[0]
		if len(m.ends) < 2 {
			return first.refuse("@manyToMany relation '%s' must be used in exactly two locations.", m.name)
		}
		for i, e := range m.ends {
			if want, got := e.field.Type.Name(), m.ends[1-i].parent.Name; want != got {
				return e.refuse("@manyToMany relation '%s' expects '%s' but got '%s'.", m.name, want, got)
			}
		}
		if c.out.has(m.name) {
			return first.refuse("@manyToMany relation name '%s' (derived from '%s') already exists as a type in the schema.",
				m.name, stringArgument(first.directive, "relationName"))
		}
	}
	return nil
}

// addJoinModels generates the models between the ends and passes them through
// the directives that they carry.
func (c *compiler) addJoinModels() error {
	for _, m := range c.manyToMany {
		def := object(m.name, field("id", required(named("ID"))))
		def.Position = m.ends[0].field.Position
		modelDirective := &ast.Directive{Name: "model", Position: m.ends[0].directive.Position}
		def.Directives = ast.DirectiveList{modelDirective}
		var backs ast.FieldList
		var indexes []element
		for _, e := range m.ends {
			keys, back := c.joinEnd(e)
			def.Fields = append(def.Fields, keys...)
			backs = append(backs, back)
			indexes = append(indexes, element{parent: def, field: keys[0], directive: keys[0].Directives[0]})
		}
		def.Fields = append(def.Fields, backs...)
		rules := joinRules(m.ends[0].parent, m.ends[1].parent)
		if rules != nil {
			rules.Position = modelDirective.Position
			def.Directives = append(def.Directives, rules)
		}
		if err := c.out.add(copyDefinition(def)); err != nil {
			return m.ends[0].refuse("%s", err.Error())
		}
		if err := c.addModelV2(element{parent: def, directive: modelDirective}); err != nil {
			return err
		}
		for _, e := range m.ends {
			e.related = c.byName[m.name]
			e.relatedIndex = e.relatedIndex[:1]
		}
		for _, back := range backs {
			r, err := c.relationV2("hasOne", element{parent: def, field: back, directive: back.Directives[0]})
			if err != nil {
				return err
			}
			c.hasOne = append(c.hasOne, r)
		}
		if rules != nil {
			if err := c.authType(element{parent: def, directive: rules}); err != nil {
				return err
			}
		}
		for _, e := range indexes {
			if err := c.indexV2(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// joinEnd makes the foreign key fields of the join model for one end, the
// first with the index, and the field that leads back to the end.
func (c *compiler) joinEnd(e *relation) (keys ast.FieldList, back *ast.FieldDefinition) {
	model := e.parent.Name
	original := model // as stored: the directives go by it
	if given, ok := c.mapped[model]; ok {
		original = given
	}
	nodes := keyNodes(c.out.object(model))
	suffix := "ID"
	if !c.opt.Flags.PartialRelationKeys {
		suffix = upperFirst(nodes[0].Name)
	}
	names := []string{lowerFirst(model) + suffix}
	for i, n := range nodes {
		name := lowerFirst(model) + n.Name
		if i == 0 {
			name = names[0]
		} else {
			names = append(names, lowerFirst(original)+n.Name)
		}
		keys = append(keys, field(name, required(named(n.Type.Name()))))
		e.fields = append(e.fields, n.Name)
	}
	e.nodes, e.index = nodes, "by"+original
	e.relatedIndex = keys
	pos := e.directive.Position
	keys[0].Directives = ast.DirectiveList{{Name: "index", Position: pos, Arguments: ast.ArgumentList{
		{Name: "name", Value: &ast.Value{Kind: ast.StringValue, Raw: e.index}}, stringsArgument("sortKeyFields", names[1:]),
	}}}
	back = field(lowerFirst(model), required(named(model)))
	back.Position = e.field.Position
	back.Directives = ast.DirectiveList{{
		Name: "hasOne", Position: pos, Arguments: ast.ArgumentList{stringsArgument("fields", names)},
	}}
	for _, k := range keys {
		k.Position = e.field.Position
	}
	return keys, back
}

// joinRules is an @auth directive with the rules of both ends; nil without any.
func joinRules(first, second *ast.Definition) *ast.Directive {
	list := &ast.Value{Kind: ast.ListValue}
	for _, def := range []*ast.Definition{first, second} {
		if d := def.Directives.ForName("auth"); d != nil {
			if v := argument(d, "rules"); v != nil && v.Kind == ast.ListValue {
				list.Children = append(list.Children, v.Children...)
			}
		}
	}
	if len(list.Children) == 0 {
		return nil
	}
	return &ast.Directive{Name: "auth", Arguments: ast.ArgumentList{{Name: "rules", Value: list}}}
}
