package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// relation is a field with @hasOne, @hasMany, @belongsTo or @manyToMany.
type relation struct {
	element
	name    string // of the directive
	model   *model // that declares the field
	related *model
	// fields and references are the foreign key, as given; the nodes are the
	// fields of that name.
	fields, references []string
	nodes              []*ast.FieldDefinition
	referenceNodes     []*ast.FieldDefinition
	index              string
	// relatedIndex are the fields of the key of the related model by which the
	// relation finds its items.
	relatedIndex []*ast.FieldDefinition
	// byReferences says that the references argument was given.
	byReferences bool
	// partner and partnerKind are the other side of a @belongsTo.
	partner     *ast.FieldDefinition
	partnerKind string
}

// relationsV2 reads all uses of one relation directive.
func (c *compiler) relationsV2(name string, into *[]*relation) error {
	return c.uses(name, func(e element) error {
		r, err := c.relationV2(name, e)
		if err != nil {
			return err
		}
		*into = append(*into, r)
		return nil
	})
}

func (c *compiler) relationV2(name string, e element) (*relation, error) {
	if name == "hasMany" && !isList(e.field.Type) {
		return nil, e.refuse("@hasMany must be used with a list. Use @hasOne for non-list types.")
	}
	if argument(e.directive, "overrideIndexName") != nil && stringArgument(e.directive, "overrideIndexName") != "" &&
		argument(e.directive, "references") == nil {
		return nil, e.refuse("overrideIndexName cannot be used on @belongsTo without references. "+
			"Modify %s to use references or remove overrideIndexName.", e)
	}
	r := &relation{element: e, name: name, model: c.byName[e.parent.Name], related: c.byName[e.field.Type.Name()]}
	if r.related == nil {
		return nil, e.refuse("Object type %s must be annotated with @model.", e.field.Type.Name())
	}
	if err := c.relationKeys(r); err != nil {
		return nil, err
	}
	if r.model == nil || e.extension {
		return nil, e.refuse("@%s must be on an @model object type field.", name)
	}
	if isList(e.field.Type) && name != "hasMany" {
		hint := ""
		if name == "hasOne" {
			hint = " Use @hasMany instead."
		}
		return nil, e.refuse("@%s cannot be used with lists.%s", name, hint)
	}
	if name == "belongsTo" {
		return r, c.findPartner(r)
	}
	return r, c.checkDataStorePair(r)
}

// findPartner finds the field on the other side of a @belongsTo.
func (c *compiler) findPartner(r *relation) error {
	for _, f := range r.related.def.Fields {
		if f.Type.Name() != r.parent.Name {
			continue
		}
		for _, d := range f.Directives {
			if d.Name == "hasOne" || d.Name == "hasMany" {
				r.partner, r.partnerKind = f, d.Name
				return nil
			}
		}
	}
	return r.refuse("%s must have a relationship with %s in order to use @belongsTo.", r.related.name, r.parent.Name)
}

// checkDataStorePair refuses two models that both hold the other, which
// DataStore cannot put into an order.
func (c *compiler) checkDataStorePair(r *relation) error {
	if !c.opt.sync() || r.related == r.model {
		return nil
	}
	for _, f := range c.out.object(r.related.name).Fields {
		if f.Type.Name() == r.model.name && (f.Directives.ForName("hasOne") != nil || f.Directives.ForName("hasMany") != nil) {
			return r.refuse("%s and %s cannot refer to each other via @hasOne or @hasMany when DataStore is in use. "+
				"Use @belongsTo instead. See https://docs.amplify.aws/cli/graphql/data-modeling/#belongs-to-relationship",
				r.model.name, r.related.name)
		}
	}
	return nil
}

// relationKeys reads the foreign key of a relation.
func (c *compiler) relationKeys(r *relation) error {
	refs := argument(r.directive, "references")
	if refs == nil || refs.Kind == ast.NullValue || (refs.Kind == ast.StringValue && refs.Raw == "") {
		return c.relationFields(r)
	}
	if v := argument(r.directive, "fields"); v != nil && v.Kind != ast.NullValue {
		return r.refuse("fields and references cannot be defined in the same %s. Use 'references'", r.name)
	}
	r.byReferences = true
	r.references = stringsOf(refs)
	if len(r.references) == 0 {
		return r.refuse("Invalid @%s directive on %s - empty references list", r.name, r.field.Name)
	}
	return c.relationReferences(r)
}

func (c *compiler) relationFields(r *relation) error {
	r.index = stringArgument(r.directive, "indexName")
	if v := argument(r.directive, "fields"); v != nil && v.Kind == ast.ListValue && len(v.Children) == 0 {
		return r.refuse("No fields passed to @%s directive.", r.name)
	}
	r.fields = stringsOf(argument(r.directive, "fields"))
	for _, name := range r.fields {
		f := r.parent.Fields.ForName(name)
		if f == nil {
			return r.refuse("%s is not a field in %s", name, r.parent.Name)
		}
		if !c.scalarOrEnum(f) {
			return r.refuse("All fields provided to @%s must be scalar or enum fields.", r.name)
		}
		r.nodes = append(r.nodes, f)
	}
	return nil
}

func (c *compiler) scalarOrEnum(f *ast.FieldDefinition) bool {
	return isScalarName(f.Type.Name()) || c.out.isEnum(f.Type.Name())
}

// relationReferences checks the references argument: fields of the child that
// hold the primary key of the parent, named alike on both sides.
func (c *compiler) relationReferences(r *relation) error {
	if r.name == "hasMany" && stringArgument(r.directive, "indexName") != "" {
		return r.refuse("Invalid @hasMany directive on %s - indexName is not supported with DynamoDB references.", r)
	}
	parent, child := r.parent, r.related.def
	if r.name == "belongsTo" {
		parent, child = r.related.def, r.parent
	}
	keys := keyNodes(parent)
	if keys[0].Directives.ForName("primaryKey") == nil {
		keys[0] = implicitID()
	}
	if len(keys) != len(r.references) {
		return r.refuse("The number of references provided to @%s must match the number of primary keys on %s.", r.name, parent.Name)
	}
	for _, name := range r.references {
		f := child.Fields.ForName(name)
		if f == nil {
			return r.refuse("%s is not a field in %s", name, child.Name)
		}
		if !c.scalarOrEnum(f) {
			return r.refuse("All reference fields provided to @%s must be scalar or enum fields.", r.name)
		}
		r.referenceNodes = append(r.referenceNodes, f)
	}
	if err := r.checkNullable(); err != nil {
		return err
	}
	if r.name != "belongsTo" {
		if err := r.checkSameNullability(child); err != nil {
			return err
		}
	}
	other, err := r.findReferencing(parent)
	if err != nil {
		return err
	}
	for i, k := range keys {
		if isList(k.Type) || isList(r.referenceNodes[i].Type) {
			return r.refuse("The reference fields and the primary key fields of %s must not be lists.", parent.Name)
		}
		if !sameKeyType(k.Type.Name(), r.referenceNodes[i].Type.Name()) {
			return r.refuse("Type mismatch between primary key field(s) of %s and reference fields of %s. "+
				"Type of %s.%s does not match type of %s.%s", parent.Name, child.Name, parent.Name, k.Name, child.Name,
				r.referenceNodes[i].Name)
		}
	}
	if r.name != "belongsTo" {
		if r.index = stringArgument(other, "overrideIndexName"); r.index == "" {
			r.index = "gsi-" + r.parent.Name + "." + r.field.Name
		}
	}
	return nil
}

// keyNodes are the fields of a type's primary key.
func keyNodes(def *ast.Definition) []*ast.FieldDefinition {
	for _, f := range def.Fields {
		d := f.Directives.ForName("primaryKey")
		if d == nil {
			continue
		}
		nodes := []*ast.FieldDefinition{f}
		for _, name := range stringsOf(argument(d, "sortKeyFields")) {
			if sf := def.Fields.ForName(name); sf != nil {
				nodes = append(nodes, sf)
			}
		}
		return nodes
	}
	if id := def.Fields.ForName("id"); id != nil {
		return []*ast.FieldDefinition{id}
	}
	return []*ast.FieldDefinition{implicitID()}
}

// implicitID is the key of a model without @primaryKey, whatever type its field
// id is declared with.
func implicitID() *ast.FieldDefinition { return field("id", required(named("ID"))) }

// checkNullable refuses required relation fields: the item may be missing.
func (r *relation) checkNullable() error {
	t := r.field.Type
	is, should := r.related.name, r.related.name
	if r.name == "hasMany" {
		is, should = "["+is+"]", "["+should+"]"
	}
	switch {
	case t.NonNull:
		is += "!"
	case t.Elem != nil && t.Elem.NonNull:
		if is = r.related.name + "!"; r.name == "hasMany" {
			is = "[" + is + "]"
		}
	default:
		return nil
	}
	return r.refuse("@%s fields must not be required. Change '%s: %s' to '%s: %s'", r.name, r, is, r, should)
}

// checkSameNullability refuses references of which only some are required.
func (r *relation) checkSameNullability(child *ast.Definition) error {
	var needed, optional, all string
	for i, f := range r.referenceNodes {
		if i > 0 {
			all += ", "
		}
		all += "'" + f.Name + "'"
		list := &optional
		if f.Type.NonNull {
			list = &needed
		}
		if *list != "" {
			*list += ", "
		}
		*list += "'" + f.Name + "'"
	}
	if needed == "" || optional == "" {
		return nil
	}
	return r.refuse("Reference fields defined on related type: '%s' for @%s(references: [%s]) %s relationship have "+
		"inconsistent nullability.\nRequired fields: %s\nNullable fields: %s\nUpdate reference fields on type '%s' to have "+
		"consistent nullability -- either all required or all nullable.", child.Name, r.name, all, r, needed, optional, child.Name)
}

// findReferencing finds the directive on the other side with the same
// references.
func (r *relation) findReferencing(parent *ast.Definition) (*ast.Directive, error) {
	want, described := []string{"belongsTo"}, "@belongsTo"
	if r.name == "belongsTo" {
		want, described = []string{"hasOne", "hasMany"}, "@hasOne or @hasMany"
	}
	for _, f := range r.related.def.Fields {
		if f.Type.Name() != r.parent.Name {
			continue
		}
		for _, d := range f.Directives {
			if !slices.Contains(want, d.Name) {
				continue
			}
			if slices.Equal(stringsOf(argument(d, "references")), r.references) {
				return d, nil
			}
			break
		}
	}
	return nil, r.refuse("Uni-directional relationships are not supported. Add a %s field in %s to match the @%s field %s, "+
		"and ensure the number and type of reference fields match the number and type of primary key fields in %s.",
		described, r.related.name, r.name, r, parent.Name)
}

// sameKeyType says whether a reference can hold a key: ID and String are as
// good as each other.
func sameKeyType(a, b string) bool {
	text := func(s string) bool { return s == "ID" || s == "String" }
	return a == b || (text(a) && text(b))
}
