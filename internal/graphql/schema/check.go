package schema

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// checker applies the SDL rules of graphql-js to one document. The first error
// in document order wins.
type checker struct {
	tree       *ast.SchemaDocument
	types      map[string]*ast.Definition
	directives map[string]*ast.DirectiveDefinition
}

func check(d *Document, version int) error {
	p := preludes[version]()
	c := &checker{
		tree:       d.AST,
		types:      map[string]*ast.Definition{},
		directives: map[string]*ast.DirectiveDefinition{},
	}
	if err := c.names(p); err != nil {
		return err
	}
	if err := c.extensions(); err != nil {
		return err
	}
	if err := c.schemaDefinition(); err != nil {
		return err
	}
	defs := slices.Concat(d.AST.Definitions, d.AST.Extensions)
	slices.SortStableFunc(defs, func(a, b *ast.Definition) int {
		return cmp.Compare(a.Position.Start, b.Position.Start)
	})
	used := map[string]map[string]bool{}
	for _, def := range defs {
		if used[def.Name] == nil {
			used[def.Name] = map[string]bool{}
		}
		if err := c.definition(def, used[def.Name]); err != nil {
			return err
		}
	}
	// Argument values come last, as in the official tools, which look at them
	// only when everything else is right.
	for _, def := range defs {
		if err := c.definitionValues(def); err != nil {
			return err
		}
	}
	return nil
}

// names registers all types and directives; every name is declared once.
func (c *checker) names(p *prelude) error {
	maps.Copy(c.directives, p.directives)
	maps.Copy(c.types, p.types)
	for _, d := range c.tree.Definitions {
		if old := c.types[d.Name]; old != nil && !old.BuiltIn {
			return Refuse(d.Position, "", "There can be only one type named %q.", d.Name)
		}
		c.types[d.Name] = d
	}
	for _, d := range c.tree.Directives {
		if c.directives[d.Name] != nil {
			return Refuse(d.Position, "", "There can be only one directive named \"@%s\".", d.Name)
		}
		c.directives[d.Name] = d
	}
	return nil
}

var extensionKinds = map[ast.DefinitionKind]string{
	ast.Object: "type", ast.InputObject: "input", ast.Interface: "interface",
	ast.Union: "union", ast.Enum: "enum", ast.Scalar: "scalar",
}

// extensions checks that every extension has a base of its kind. Parts that
// are declared twice are found with the definitions.
func (c *checker) extensions() error {
	own := map[string]*ast.Definition{}
	for _, d := range c.tree.Definitions {
		own[d.Name] = d
	}
	for _, x := range c.tree.Extensions {
		base := own[x.Name]
		if base == nil {
			return Refuse(x.Position, "", "Cannot extend nonexistent %s '%s'.", extensionKinds[x.Kind], x.Name)
		}
		if base.Kind != x.Kind {
			return Refuse(x.Position, "", "Cannot extend non-%s type %q.", extensionKinds[x.Kind], x.Name)
		}
		for _, f := range x.Fields {
			if base.Fields.ForName(f.Name) != nil {
				if x.Kind == ast.Object {
					return Refuse(f.Position, "", "Object type extension '%s' cannot redeclare field %s", x.Name, f.Name)
				}
				return Refuse(f.Position, "", "Field \"%s.%s\" already exists in the schema. "+
					"It cannot also be defined in this type extension.", x.Name, f.Name)
			}
		}
		for _, v := range x.EnumValues {
			if base.EnumValues.ForName(v.Name) != nil {
				return Refuse(v.Position, "", "Enum type extension '%s' cannot redeclare value %s", x.Name, v.Name)
			}
		}
		for _, i := range x.Interfaces {
			if slices.Contains(base.Interfaces, i) {
				return Refuse(x.Position, "", "Object type extension '%s' cannot redeclare interface %s", x.Name, i)
			}
		}
		for _, t := range x.Types {
			if slices.Contains(base.Types, t) {
				return Refuse(x.Position, "", "Union type extension '%s' cannot redeclare type %s", x.Name, t)
			}
		}
	}
	return nil
}

func (c *checker) schemaDefinition() error {
	seen := map[ast.Operation]bool{}
	for i, s := range c.tree.Schema {
		if i > 0 {
			return Refuse(s.Position, "", "Must provide only one schema definition.")
		}
		for _, op := range s.OperationTypes {
			if seen[op.Operation] {
				return Refuse(op.Position, "", "There can be only one %s type in schema.", op.Operation)
			}
			seen[op.Operation] = true
			if err := c.knownType(op.Type, op.Position, ""); err != nil {
				return err
			}
		}
		if err := c.uses(s.Directives, ast.LocationSchema, "schema", map[string]bool{}); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) knownType(name string, pos *ast.Position, element string) error {
	if c.types[name] == nil && !strings.HasPrefix(name, "__") {
		return Refuse(pos, element, "Unknown type %q.%s", name, didYouMean(name, c.typeNames()))
	}
	return nil
}

func (c *checker) typeNames() []string {
	names := make([]string, 0, len(c.types))
	for n := range c.types {
		names = append(names, n)
	}
	return names
}

var definitionLocations = map[ast.DefinitionKind]ast.DirectiveLocation{
	ast.Object: ast.LocationObject, ast.InputObject: ast.LocationInputObject, ast.Interface: ast.LocationInterface,
	ast.Union: ast.LocationUnion, ast.Enum: ast.LocationEnum, ast.Scalar: ast.LocationScalar,
}

// definition checks one type or extension. used holds the directives already
// seen on the type of that name, which its extensions may not repeat.
func (c *checker) definition(def *ast.Definition, used map[string]bool) error {
	if err := c.uses(def.Directives, definitionLocations[def.Kind], def.Name, used); err != nil {
		return err
	}
	for _, name := range def.Interfaces {
		if err := c.knownType(name, def.Position, def.Name); err != nil {
			return err
		}
	}
	for i, name := range def.Types {
		pos := def.Position
		if i < len(def.TypePositions) {
			pos = def.TypePositions[i]
		}
		if err := c.knownType(name, pos, def.Name); err != nil {
			return err
		}
	}
	values := map[string]bool{}
	for _, v := range def.EnumValues {
		if values[v.Name] {
			return Refuse(v.Position, "", "Enum value \"%s.%s\" can only be defined once.", def.Name, v.Name)
		}
		values[v.Name] = true
		if err := c.uses(v.Directives, ast.LocationEnumValue, def.Name+"."+v.Name, map[string]bool{}); err != nil {
			return err
		}
	}
	location := ast.LocationFieldDefinition
	if def.Kind == ast.InputObject {
		location = ast.LocationInputFieldDefinition
	}
	fields := map[string]bool{}
	for _, f := range def.Fields {
		element := def.Name + "." + f.Name
		if fields[f.Name] {
			return Refuse(f.Position, "", "Field %q can only be defined once.", element)
		}
		fields[f.Name] = true
		for _, a := range f.Arguments {
			if err := c.knownType(a.Type.Name(), typePosition(a.Type, a.Position), element); err != nil {
				return err
			}
			if err := c.uses(a.Directives, ast.LocationArgumentDefinition, element, map[string]bool{}); err != nil {
				return err
			}
		}
		if err := c.knownType(f.Type.Name(), typePosition(f.Type, f.Position), element); err != nil {
			return err
		}
		if err := c.uses(f.Directives, location, element, map[string]bool{}); err != nil {
			return err
		}
	}
	return nil
}

func typePosition(t *ast.Type, otherwise *ast.Position) *ast.Position {
	for t.Elem != nil {
		t = t.Elem
	}
	if t.Position != nil {
		return t.Position
	}
	return otherwise
}
