package schema

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// uses checks the directives of one element: known, allowed there, not
// repeated unless repeatable, and with known, single and complete arguments.
func (c *checker) uses(list ast.DirectiveList, at ast.DirectiveLocation, element string, used map[string]bool) error {
	for _, d := range list {
		def := c.directives[d.Name]
		if def == nil {
			return Refuse(d.Position, element, "Unknown directive \"@%s\".", d.Name)
		}
		if !slices.Contains(def.Locations, at) {
			return Refuse(d.Position, element, "Directive \"@%s\" may not be used on %s.", d.Name, at)
		}
		if !def.IsRepeatable && used[d.Name] {
			return Refuse(d.Position, element, "The directive \"@%s\" can only be used once at this location.", d.Name)
		}
		used[d.Name] = true
		if err := arguments(d, def, element); err != nil {
			return err
		}
	}
	return nil
}

func arguments(d *ast.Directive, def *ast.DirectiveDefinition, element string) error {
	element += " @" + d.Name
	seen := map[string]bool{}
	for _, a := range d.Arguments {
		if seen[a.Name] {
			return Refuse(a.Position, element, "There can be only one argument named %q.", a.Name)
		}
		seen[a.Name] = true
		if def.Arguments.ForName(a.Name) == nil {
			var names []string
			for _, known := range def.Arguments {
				names = append(names, known.Name)
			}
			return Refuse(a.Position, element, "Unknown argument %q on directive \"@%s\".%s", a.Name, d.Name,
				didYouMean(a.Name, names))
		}
	}
	for _, a := range def.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil && !seen[a.Name] {
			return Refuse(d.Position, element, "Directive \"@%s\" argument %q of type %q is required, but it was not provided.",
				d.Name, a.Name, a.Type.String())
		}
	}
	return nil
}

// definitionValues checks the values of all directive arguments of a type.
func (c *checker) definitionValues(def *ast.Definition) error {
	if err := c.values(def.Directives, def.Name); err != nil {
		return err
	}
	for _, v := range def.EnumValues {
		if err := c.values(v.Directives, def.Name+"."+v.Name); err != nil {
			return err
		}
	}
	for _, f := range def.Fields {
		for _, a := range f.Arguments {
			if err := c.values(a.Directives, def.Name+"."+f.Name); err != nil {
				return err
			}
		}
		if err := c.values(f.Directives, def.Name+"."+f.Name); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) values(list ast.DirectiveList, element string) error {
	for _, d := range list {
		for _, a := range d.Arguments {
			def := c.directives[d.Name].Arguments.ForName(a.Name)
			if err := c.value(a.Value, def.Type, element+" @"+d.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// value checks a literal against a type. A single value stands for a list of
// one, as everywhere in GraphQL.
func (c *checker) value(v *ast.Value, t *ast.Type, element string) error {
	if v.Kind == ast.NullValue {
		if t.NonNull {
			return Refuse(v.Position, element, "Expected value of type %q, found null.", t.String())
		}
		return nil
	}
	if t.Elem != nil {
		if v.Kind != ast.ListValue {
			return c.value(v, t.Elem, element)
		}
		for _, child := range v.Children {
			if err := c.value(child.Value, t.Elem, element); err != nil {
				return err
			}
		}
		return nil
	}
	def := c.types[t.NamedType]
	switch {
	case def == nil:
		return nil
	case def.Kind == ast.InputObject:
		return c.object(v, def, t, element)
	case def.Kind == ast.Enum:
		return c.enum(v, def, element)
	}
	return scalar(v, t.NamedType, element)
}

func (c *checker) object(v *ast.Value, def *ast.Definition, t *ast.Type, element string) error {
	if v.Kind != ast.ObjectValue {
		return Refuse(v.Position, element, "Expected value of type %q, found %s.", t.String(), printValue(v))
	}
	seen := map[string]bool{}
	for _, child := range v.Children {
		if seen[child.Name] {
			return Refuse(child.Position, element, "There can be only one input field named %q.", child.Name)
		}
		seen[child.Name] = true
	}
	for _, f := range def.Fields {
		if f.Type.NonNull && f.DefaultValue == nil && !seen[f.Name] {
			return Refuse(v.Position, element, "Field \"%s.%s\" of required type %q was not provided.", def.Name, f.Name,
				f.Type.String())
		}
	}
	for _, child := range v.Children {
		f := def.Fields.ForName(child.Name)
		if f == nil {
			var names []string
			for _, known := range def.Fields {
				names = append(names, known.Name)
			}
			return Refuse(child.Position, element, "Field %q is not defined by type %q.%s", child.Name, def.Name,
				didYouMean(child.Name, names))
		}
		if err := c.value(child.Value, f.Type, element); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) enum(v *ast.Value, def *ast.Definition, element string) error {
	var names []string
	for _, known := range def.EnumValues {
		names = append(names, known.Name)
	}
	if v.Kind != ast.EnumValue {
		return Refuse(v.Position, element, "Enum %q cannot represent non-enum value: %s.%s", def.Name, printValue(v),
			didYouMeanEnum(v.Raw, names))
	}
	if !slices.Contains(names, v.Raw) {
		return Refuse(v.Position, element, "Value %q does not exist in %q enum.%s", v.Raw, def.Name,
			didYouMeanEnum(v.Raw, names))
	}
	return nil
}

func scalar(v *ast.Value, name, element string) error {
	ok := true
	var want string
	switch name {
	case "String":
		ok, want = v.Kind == ast.StringValue || v.Kind == ast.BlockValue, "String cannot represent a non string value: "
	case "Int":
		ok, want = v.Kind == ast.IntValue, "Int cannot represent non-integer value: "
	case "Float":
		ok, want = v.Kind == ast.FloatValue || v.Kind == ast.IntValue, "Float cannot represent non numeric value: "
	case "Boolean":
		ok, want = v.Kind == ast.BooleanValue, "Boolean cannot represent a non boolean value: "
	case "ID":
		ok = v.Kind == ast.StringValue || v.Kind == ast.BlockValue || v.Kind == ast.IntValue
		want = "ID cannot represent a non-string and non-integer value: "
	}
	if !ok {
		return Refuse(v.Position, element, "%s%s", want, printValue(v))
	}
	return nil
}
