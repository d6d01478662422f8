package transform

import (
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// primaryKeysV2 reads all @primaryKey directives.
func (c *compiler) primaryKeysV2() error {
	return c.uses("primaryKey", func(e element) error {
		sort := stringsOf(argument(e.directive, "sortKeyFields"))
		if slices.Contains(sort, e.field.Name) {
			return e.refuse("@primaryKey field '%s' cannot reference itself.", e.field.Name)
		}
		m := c.byName[e.parent.Name]
		if m == nil || e.extension {
			return e.refuse("The @primaryKey directive may only be added to object definitions annotated with @model.")
		}
		for _, f := range e.parent.Fields {
			if f != e.field && f.Directives.ForName("primaryKey") != nil {
				return e.refuse("You may only supply one primary key on type '%s'.", m.name)
			}
		}
		if !e.field.Type.NonNull {
			return e.refuse("The primary key on type '%s' must reference non-null fields.", m.name)
		}
		if !c.keyable(e.field) {
			return e.refuse("The primary key on type '%s' cannot be a non-scalar.", e)
		}
		k := &key{directive: e.directive, model: m, field: e.field}
		for _, name := range sort {
			f := e.parent.Fields.ForName(name)
			switch {
			case f == nil:
				return e.refuse("Can't find field '%s' in %s, but it was specified in the primary key.", name, m.name)
			case !c.keyable(f):
				return e.refuse("The primary key's sort key on type '%s.%s' cannot be a non-scalar.", m.name, name)
			case !f.Type.NonNull:
				return e.refuse("The primary key on type '%s' must reference non-null fields.", m.name)
			case !c.opt.Flags.UsernameOwner && isOwnerField(e.parent, name):
				return e.refuse("The primary key's sort key type '%s' cannot be used as an owner @auth field too. "+
					"Please use another field for the sort key.", name)
			}
			k.sort = append(k.sort, f)
		}
		m.primary = k
		return nil
	})
}

// keyable says whether a field can be part of a key.
func (c *compiler) keyable(f *ast.FieldDefinition) bool {
	return !isList(f.Type) && (isScalarName(f.Type.Name()) || c.out.isEnum(f.Type.Name()))
}

// isOwnerField says whether an owner rule of a type uses a field for a joined
// identity (sub::username).
func isOwnerField(def *ast.Definition, name string) bool {
	d := def.Directives.ForName("auth")
	if d == nil {
		return false
	}
	rules := argument(d, "rules")
	if rules == nil {
		return false
	}
	for _, r := range rules.Children {
		if r.Value == nil {
			continue
		}
		owner, claim, allow := "owner", "sub::username", ""
		mergeString(r.Value, "ownerField", &owner)
		mergeString(r.Value, "identityClaim", &claim)
		mergeString(r.Value, "allow", &allow)
		if allow == "owner" && strings.Contains(claim, "::") && owner == name {
			return true
		}
	}
	return false
}

var indexName = regexp.MustCompile(`^[A-Za-z0-9_\-.]{3,255}$`)

// indexesV2 reads all @index directives.
func (c *compiler) indexesV2() error { return c.uses("index", c.indexV2) }

func (c *compiler) indexV2(e element) error {
	sort := stringsOf(argument(e.directive, "sortKeyFields"))
	auto := autoIndexName(e.parent.Name, append([]string{e.field.Name}, sort...))
	k := &key{directive: e.directive, field: e.field, name: stringArgument(e.directive, "name")}
	switch v := argument(e.directive, "name"); {
	case k.name != "" && !indexName.MatchString(k.name):
		return e.refuse("The indexName is invalid. It should be between 3 and 255 characters. " +
			"Only A–Z, a–z, 0–9, underscore characters, hyphens, and periods allowed.")
	case v != nil && v.Kind == ast.NullValue:
		return e.refuse("Explicit null value not allowed for name field on @index")
	case k.name == "":
		k.name = auto
	}
	k.query = stringArgument(e.directive, "queryField")
	if v := argument(e.directive, "queryField"); k.query == "" && !c.opt.Flags.NoAutoIndexQueryNames &&
		(v == nil || v.Kind != ast.NullValue) {
		k.query = auto
	}
	if slices.Contains(sort, e.field.Name) {
		return e.refuse("@index field '%s' cannot reference itself.", e.field.Name)
	}
	k.model = c.byName[e.parent.Name]
	if k.model == nil || e.extension {
		return e.refuse("The @index directive may only be added to object definitions annotated with @model.")
	}
	if err := c.checkIndex(e, k); err != nil {
		return err
	}
	if !c.keyable(e.field) {
		return e.refuse("Index '%s' on type '%s' cannot be a non-scalar.", k.name, e)
	}
	for _, name := range sort {
		f := e.parent.Fields.ForName(name)
		if f == nil {
			return e.refuse("Can't find field '%s' in %s, but it was specified in index '%s'.", name, e.parent.Name, k.name)
		}
		if !c.keyable(f) {
			return e.refuse("The sort key of index '%s' on type '%s.%s' cannot be a non-scalar.", k.name, e.parent.Name, name)
		}
		k.sort = append(k.sort, f)
	}
	k.model.indexes = append(k.model.indexes, k)
	return nil
}

// autoIndexName is the name of an index and of its query when none is given.
func autoIndexName(model string, fields []string) string {
	for i, f := range fields {
		fields[i] = upperFirst(f)
	}
	return lowerFirst(Plural(model)) + "By" + strings.Join(fields, "And")
}

// checkIndex compares an index with the other keys of its model.
func (c *compiler) checkIndex(e element, k *key) error {
	for _, f := range e.parent.Fields {
		for _, d := range f.Directives {
			if d == e.directive {
				continue
			}
			if d.Name == "primaryKey" && f.Name == e.field.Name && !hasSortList(d) {
				return e.refuse("Invalid @index '%s'. You may not create an index where the partition key "+
					"is the same as that of the primary key unless the primary key has a sort field. "+
					"You cannot have a local secondary index without a sort key in the primary key.", k.name)
			}
			if v := argument(d, "name"); d.Name == "index" && v != nil && v.Raw == k.name {
				return e.refuse("You may only supply one @index with the name '%s' on type '%s'.", k.name, e.parent.Name)
			}
		}
	}
	if v := argument(e.directive, "projection"); v != nil {
		typ := v.Children.ForName("type")
		names := v.Children.ForName("nonKeyAttributes")
		if typ != nil && typ.Raw == "INCLUDE" && len(stringsOf(names)) == 0 {
			return e.refuse("@index '%s': nonKeyAttributes must be specified when projection type is INCLUDE", k.name)
		}
	}
	return nil
}

func hasSortList(d *ast.Directive) bool {
	v := argument(d, "sortKeyFields")
	return v != nil && len(v.Children) > 0
}
