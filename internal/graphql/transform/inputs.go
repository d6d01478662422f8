package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/schema"
)

// refuseTaken refuses a field of a type whose name a generated type needs for
// itself.
func refuseTaken(from *ast.Definition, typ, name string) error {
	pos := from.Position
	if f := from.Fields.ForName(name); f != nil && f.Position != nil {
		pos = f.Position
	}
	return schema.Refuse(pos, from.Name+"."+name, "type %s has already a field with name %s", typ, name)
}

// inputFields are the fields of an object type as fields of an input. Fields
// whose type is neither scalar nor enum take the input of that type, whether
// or not there is one.
func (c *compiler) inputFields(def *ast.Definition, isModel bool) (ast.FieldList, error) {
	var fields ast.FieldList
	for _, f := range def.Fields {
		t, name := f.Type, f.Type.Name()
		switch {
		case isModel && isList(t) && filledNames[f.Name]:
			return nil, refuseListField(def.Name, f)
		case isModel && filled(f.Name, name):
			t = nullable(t)
		case !isScalarName(name) && !c.declaredEnum(name):
			t = renamed(t, objectInput(name))
		}
		fields = append(fields, field(f.Name, t))
	}
	return fields, nil
}

// refuseListField refuses a list where the server would fill in a single value;
// the official tools crash on it.
func refuseListField(typ string, f *ast.FieldDefinition) error {
	return schema.Refuse(f.Position, typ+"."+f.Name, "The field '%s' of a model cannot be a list.", f.Name)
}

var filledNames = map[string]bool{"id": true, "createdAt": true, "updatedAt": true}

// filled says whether the server gives a model field of that name and type a
// value, so that clients need not.
func filled(name, typ string) bool {
	switch name {
	case "id":
		return typ == "ID"
	case "createdAt", "updatedAt":
		return typ == "AWSDateTime" || typ == "String"
	}
	return false
}

func (c *compiler) declaredEnum(name string) bool {
	return slices.ContainsFunc(c.doc.AST.Definitions, func(d *ast.Definition) bool {
		return d.Kind == ast.Enum && d.Name == name
	})
}

// ensureObjectInputs adds the inputs of all object types that a type holds,
// however deep, except those of models.
func (c *compiler) ensureObjectInputs(def *ast.Definition) error {
	for _, f := range def.Fields {
		sub := c.out.object(f.Type.Name())
		if sub == nil || c.byName[sub.Name] != nil || c.out.has(objectInput(sub.Name)) {
			continue
		}
		fields, err := c.inputFields(sub, false)
		if err != nil {
			return err
		}
		c.out.put(input(objectInput(sub.Name), fields...))
		if err := c.ensureObjectInputs(sub); err != nil {
			return err
		}
	}
	return nil
}

// ownFields is a model type without the fields that hold other models.
func (c *compiler) ownFields(def *ast.Definition) *ast.Definition {
	own := *def
	own.Fields = slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool {
		return c.byName[f.Type.Name()] != nil
	})
	return &own
}

// createInputV2 is the input of the create mutation.
func (c *compiler) createInputV2(m *model, def *ast.Definition) (*ast.Definition, error) {
	fields, err := c.inputFields(c.ownFields(def), true)
	if err != nil {
		return nil, err
	}
	in := input(createInput(m.name), fields...)
	if id := def.Fields.ForName("id"); id == nil {
		in.Fields = append(in.Fields, field("id", named("ID")))
	} else if f := in.Fields.ForName("id"); f != nil && (id.Type.Name() == "ID" || id.Type.Name() == "String") {
		f.Type = nullable(f.Type)
	}
	m.relaxTimestamps(in)
	return in, c.addVersion(in, def)
}

// updateInputV2 is the input of the update mutation.
func (c *compiler) updateInputV2(m *model, def *ast.Definition) (*ast.Definition, error) {
	fields, err := c.inputFields(c.ownFields(def), true)
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		f.Type = nullable(f.Type)
	}
	in := input(pascal("Update", m.name, "Input"), fields...)
	if def.Fields.ForName("id") == nil {
		in.Fields = append(in.Fields, field("id", required(named("ID"))))
	} else if f := in.Fields.ForName("id"); f != nil {
		f.Type = required(f.Type)
	}
	m.relaxTimestamps(in)
	return in, c.addVersion(in, def)
}

// deleteInputV2 is the input of the delete mutation.
func (c *compiler) deleteInputV2(m *model) (*ast.Definition, error) {
	in := input(pascal("Delete", m.name, "Input"), field("id", required(named("ID"))))
	return in, c.addVersion(in, m.def)
}

// relaxTimestamps makes declared timestamps optional.
func (m *model) relaxTimestamps(in *ast.Definition) {
	for _, name := range []string{m.createdAt, m.updatedAt} {
		if f := in.Fields.ForName(name); f != nil && name != "" {
			if t := f.Type.Name(); t == "String" || t == "AWSDateTime" {
				f.Type = nullable(f.Type)
			}
		}
	}
}

func (c *compiler) addVersion(in, def *ast.Definition) error {
	if !c.opt.sync() {
		return nil
	}
	return addFields(in, def, field("_version", named("Int")))
}
