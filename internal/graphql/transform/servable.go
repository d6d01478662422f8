package transform

import (
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/schema"
)

// CheckServable refuses a schema that compiles but cannot be served yet, with
// the place of the first thing that is missing. api is the result of Expand.
func CheckServable(doc *schema.Document, api *API, o Options) error {
	version := doc.Effective(o.Version)
	s := &servable{doc: doc, version: version, defs: map[string]*ast.Definition{}}
	for _, d := range doc.AST.Definitions {
		s.defs[d.Name] = d
	}
	for _, d := range doc.AST.Definitions {
		if err := s.definition(d); err != nil {
			return err
		}
	}
	for _, d := range doc.AST.Extensions {
		if err := s.definition(d); err != nil {
			return err
		}
	}
	if err := s.fieldValues(api); err != nil {
		return err
	}
	if err := floatParts(doc, api); err != nil {
		return err
	}
	if o.sync() {
		return schema.Refuse(nil, "", "conflict detection is not available in this version")
	}
	if api != nil && api.Invalid != nil {
		return schema.Refuse(nil, "", "%s", api.Invalid.Error())
	}
	return s.relations(api)
}

// relations refuses relations whose keys cannot be compared.
func (s *servable) relations(api *API) error {
	if api == nil {
		return nil
	}
	for _, d := range s.doc.AST.Definitions {
		m := api.Models[d.Name]
		if m == nil {
			continue
		}
		for _, f := range m.Fields {
			if f.Kind == Relation && f.Link == nil {
				return schema.Refuse(d.Position, d.Name+"."+f.Name, "the keys of the two models have different types")
			}
		}
	}
	return nil
}

// fieldValues refuses what @default and @validate may say of a field but the
// server cannot do.
func (s *servable) fieldValues(api *API) error {
	if api == nil {
		return nil
	}
	for _, d := range s.doc.AST.Definitions {
		m := api.Models[d.Name]
		if m == nil {
			continue
		}
		for _, f := range d.Fields {
			x := m.Field(f.Name)
			for i, c := range f.Directives.ForNames("validate") {
				if x != nil && i < len(x.Checks) && x.Checks[i].Kind == "matches" && x.Checks[i].Pattern == nil {
					return at(c, d.Name+"."+f.Name, "the regular expression %q is not available in this version, which knows "+
						"neither lookaround nor back references", stringArgument(c, "value"))
				}
			}
			if c := f.Directives.ForName("default"); c != nil && x != nil && x.Column != "" && x.Default == nil {
				return at(c, d.Name+"."+f.Name, "the default value %q is not a value of the type %s", stringArgument(c, "value"), x.Named)
			}
		}
	}
	return nil
}

type servable struct {
	doc     *schema.Document
	version int
	defs    map[string]*ast.Definition
}

// unavailable are the directives that nothing stands behind yet.
var unavailable = map[string]string{
	"searchable": "search is", "function": "functions are", "http": "HTTP resolvers are", "predictions": "predictions are",
	"sql": "SQL data sources are", "refersTo": "SQL data sources are", "conversation": "AI directives are",
	"generation": "AI directives are",
}

func (s *servable) definition(d *ast.Definition) error {
	if err := s.directives(d.Name, d.Directives); err != nil {
		return err
	}
	for _, f := range d.Fields {
		if err := s.directives(d.Name+"."+f.Name, f.Directives); err != nil {
			return err
		}
	}
	if d.Kind == ast.Object && d.Directives.ForName("model") != nil {
		return s.fields(d, map[string]bool{}, true)
	}
	return nil
}

func (s *servable) directives(element string, list ast.DirectiveList) error {
	for _, d := range list {
		if what, ok := unavailable[d.Name]; ok {
			return at(d, element, "%s not available in this version", what)
		}
		if d.Name != "auth" {
			continue
		}
		for _, r := range itemsOf(argument(d, "rules")) {
			if ruleOf(r, s.version).Provider == "function" {
				return at(d, element, "functions are not available in this version, and so is no rule of the provider function")
			}
		}
	}
	return nil
}

// fields refuses what cannot be stored: abstract types, custom scalars, and
// models inside embedded objects.
func (s *servable) fields(d *ast.Definition, seen map[string]bool, isModel bool) error {
	if seen[d.Name] {
		return nil
	}
	seen[d.Name] = true
	for _, f := range d.Fields {
		name := f.Type.Name()
		t := s.defs[name]
		if isScalarName(name) || t == nil || t.Kind == ast.Enum {
			continue
		}
		element := d.Name + "." + f.Name
		switch {
		case t.Kind == ast.Interface || t.Kind == ast.Union:
			return schema.Refuse(f.Position, element, "a field of a model cannot have the abstract type %s", name)
		case t.Kind != ast.Object:
			return schema.Refuse(f.Position, element, "a field of a model cannot have the type %s", name)
		case t.Directives.ForName("model") != nil:
			if !isModel {
				return schema.Refuse(f.Position, element, "an object inside a model cannot hold the model %s", name)
			}
		default:
			if err := s.fields(t, seen, false); err != nil {
				return err
			}
		}
	}
	return nil
}
