package transform

import "github.com/vektah/gqlparser/v2/ast"

// versionedV1 expands @versioned: a counter that clients have to give back.
func (c *compiler) versionedV1() error {
	return c.usesV1("versioned", func(e element) error {
		m := c.byName[e.parent.Name]
		if m == nil {
			return e.refuse("Types annotated with @versioned must also be annotated with @model.")
		}
		version, expected := "version", "expectedVersion"
		if v := stringArgument(e.directive, "versionField"); v != "" {
			version = v
		}
		if v := stringArgument(e.directive, "versionInput"); v != "" {
			expected = v
		}
		m.version = &Counter{Field: version, Input: expected}
		if in := c.out.get(createInput(m.name)); in != nil {
			in.Fields = without(in.Fields, version)
			if len(in.Fields) == 0 {
				return e.refuse("After stripping away version field %q, the create input for type %q cannot be created "+
					"with 0 fields. Add another field to type %q to continue.", version, m.name, m.name)
			}
		}
		for _, name := range []string{deleteInput(m.name), updateInput(m.name)} {
			if in := c.out.get(name); in != nil {
				in.Fields = append(without(in.Fields, expected), field(expected, required(named("Int"))))
			}
		}
		return c.versionField(e, c.out.object(m.name), version)
	})
}

func (c *compiler) versionField(e element, def *ast.Definition, version string) error {
	f := def.Fields.ForName(version)
	if f == nil {
		def.Fields = append(def.Fields, field(version, required(named("Int"))))
		return nil
	}
	if t := f.Type.Name(); t != "Int" && t != "BigInt" {
		return e.refuse("The versionField %q is required to be of type \"Int\" or \"BigInt\".", version)
	}
	f.Type = required(f.Type)
	return nil
}
