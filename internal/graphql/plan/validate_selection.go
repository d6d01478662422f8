package plan

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

var typenameDefinition = &ast.FieldDefinition{Name: "__typename", Type: ast.NonNullNamedType("String", nil)}

// fieldOf is a field of a type, __typename included, or nil.
func fieldOf(def *ast.Definition, name string) *ast.FieldDefinition {
	if name == "__typename" {
		return typenameDefinition
	}
	if def.Kind == ast.Union {
		return nil
	}
	return def.Fields.ForName(name)
}

func (v *validator) selections(set ast.SelectionSet, def *ast.Definition) {
	for _, sel := range set {
		if v.full() {
			return
		}
		switch sel := sel.(type) {
		case *ast.Field:
			v.path = append(v.path, sel.Name)
			v.field(sel, def)
			v.path = v.path[:len(v.path)-1]
		case *ast.InlineFragment:
			v.directives(sel.Directives, ast.LocationInlineFragment)
			inner := def
			if sel.TypeCondition != "" {
				inner = v.s.API.Schema.Types[sel.TypeCondition]
				switch {
				case inner == nil:
					v.add("UnknownType", sel.Position, "Unknown type %s", sel.TypeCondition)
					continue
				case !inner.IsCompositeType():
					v.add("InlineFragmentTypeConditionInvalid", sel.Position, "Inline fragment type condition is invalid, must be on Object/Interface/Union")
					continue
				case !v.overlap(def, inner):
					v.add("InvalidFragmentType", sel.Position, "Fragment cannot be spread here as objects of type %s can never be of type %s", def.Name, inner.Name)
				}
			}
			v.selections(sel.SelectionSet, inner)
		case *ast.FragmentSpread:
			v.directives(sel.Directives, ast.LocationFragmentSpread)
			f := v.fragments[sel.Name]
			if f == nil {
				v.add("UndefinedFragment", sel.Position, "Undefined fragment %s", sel.Name)
				continue
			}
			v.now.spreads = append(v.now.spreads, sel.Name)
			inner := v.s.API.Schema.Types[f.TypeCondition]
			if inner != nil && inner.IsCompositeType() && !v.overlap(def, inner) {
				v.add("InvalidFragmentType", sel.Position, "Fragment %s cannot be spread here as objects of type %s can never be of type %s", sel.Name, def.Name, inner.Name)
			}
		}
	}
}

func (v *validator) field(f *ast.Field, parent *ast.Definition) {
	def := fieldOf(parent, f.Name)
	if def == nil || v.s.API.NoIntrospection && (f.Name == "__schema" || f.Name == "__type") {
		v.add("FieldUndefined", f.Position, "Field '%s' in type '%s' is undefined", f.Name, parent.Name)
		// What is below it has no type; its variables still count as used.
		v.unknown(f)
		return
	}
	v.directives(f.Directives, ast.LocationField)
	v.arguments(f.Arguments, def.Arguments, f.Position, false)
	inner := v.s.API.Schema.Types[def.Type.Name()]
	switch {
	case inner == nil:
	case inner.IsLeafType() && len(f.SelectionSet) > 0:
		v.add("SubSelectionNotAllowed", f.Position, "Sub selection not allowed on leaf type %s of field %s", def.Type.String(), f.Name)
	case !inner.IsLeafType() && len(f.SelectionSet) == 0:
		v.add("SubSelectionRequired", f.Position, "Sub selection required for type %s of field %s", def.Type.String(), f.Name)
	case !inner.IsLeafType():
		v.selections(f.SelectionSet, inner)
	}
}

// unknown notes what stands below a field that does not exist, so that one
// fault is not reported again as unused variables and fragments.
func (v *validator) unknown(f *ast.Field) {
	for _, a := range f.Arguments {
		v.noteVariables(a.Value)
	}
	for _, d := range f.Directives {
		for _, a := range d.Arguments {
			v.noteVariables(a.Value)
		}
	}
	v.unknownSet(f.SelectionSet)
}

func (v *validator) unknownSet(set ast.SelectionSet) {
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			v.unknown(sel)
		case *ast.InlineFragment:
			v.unknownSet(sel.SelectionSet)
		case *ast.FragmentSpread:
			v.now.spreads = append(v.now.spreads, sel.Name)
		}
	}
}

func (v *validator) noteVariables(val *ast.Value) {
	if val == nil {
		return
	}
	if val.Kind == ast.Variable {
		v.use(val, nil, false)
	}
	for _, c := range val.Children {
		v.noteVariables(c.Value)
	}
}

func (v *validator) use(val *ast.Value, t *ast.Type, fallback bool) {
	v.now.usages = append(v.now.usages, usage{
		name: val.Raw, typ: t, fallback: fallback, pos: val.Position, path: strings.Join(v.path, "/"),
	})
}

// arguments checks the arguments of a field or a directive.
func (v *validator) arguments(args ast.ArgumentList, defs ast.ArgumentDefinitionList, owner *ast.Position, directive bool) {
	unknown, missing, what := "UnknownArgument", "MissingFieldArgument", "field"
	if directive {
		unknown, missing, what = "UnknownDirective", "MissingDirectiveArgument", "directive"
	}
	for i, a := range args {
		for _, earlier := range args[:i] {
			if earlier.Name == a.Name {
				v.add("DuplicateArgumentNames", a.Position, "There can be only one argument named '%s'", a.Name)
				break
			}
		}
		def := defs.ForName(a.Name)
		if def == nil {
			v.add(unknown, a.Position, "Unknown %s argument %s", what, a.Name)
			v.noteVariables(a.Value)
			continue
		}
		if a.Value.Kind == ast.Variable {
			v.use(a.Value, def.Type, def.DefaultValue != nil)
			continue
		}
		c := valueCheck{s: v.s, v: v, name: a.Name}
		t := v.s.typeRef(def.Type)
		if !c.value(a.Value, &t, def.Type) {
			v.add("WrongType", a.Position, "argument '%s' with value '%s' %s", c.where(), printLiteral(c.bad), c.reason)
		}
		if v.full() {
			return
		}
	}
	for _, def := range defs {
		if def.Type.NonNull && def.DefaultValue == nil && args.ForName(def.Name) == nil {
			v.add(missing, owner, "Missing %s argument %s", what, def.Name)
		}
	}
}

func (v *validator) directives(list ast.DirectiveList, location ast.DirectiveLocation) {
	for i, d := range list {
		def := v.s.API.Schema.Directives[d.Name]
		if def == nil {
			v.add("UnknownDirective", d.Position, "Unknown directive %s", d.Name)
			for _, a := range d.Arguments {
				v.noteVariables(a.Value)
			}
			continue
		}
		placed := false
		for _, l := range def.Locations {
			placed = placed || l == location
		}
		if !placed {
			v.add("MisplacedDirective", d.Position, "Directive %s not allowed here", d.Name)
		}
		for _, earlier := range list[:i] {
			if earlier.Name == d.Name && !def.IsRepeatable {
				v.add("DuplicateDirectiveName", d.Position,
					"Directives must be uniquely named within a location. The directive '%s' used on a '%s' is not unique.", d.Name, location)
				break
			}
		}
		v.arguments(d.Arguments, def.Arguments, d.Position, true)
		if v.full() {
			return
		}
	}
}
