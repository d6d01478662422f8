package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// options are what an API of an environment is compiled under, and the settings
// that they come from.
func (p *Provisioner) options(ctx context.Context, envUID, apiID string, c APIConfig) (o transform.Options, settings map[string]string, err error) {
	err = p.Set.Control().Read(ctx, func(q *db.Query) (err error) {
		settings, err = p.Registry.Settings(q, envUID)
		return err
	})
	if err != nil {
		return transform.Options{}, nil, fmt.Errorf("read settings: %w", err)
	}
	o = settingOptions(settings)
	o.DefaultAuth, o.AuthModes, o.TablePrefix = c.Default(), c.Modes()[1:], tablePrefix(apiID)
	if settings[backend.SettingLambdaAuthorizer] != "" {
		o.AuthModes = append(o.AuthModes, authn.Lambda)
	}
	return o, settings, nil
}

// tablePrefix keeps the tables of several APIs of one environment apart.
func tablePrefix(apiID string) string { return apiID[:8] + "_" }

// compile reads a schema and refuses what cannot be served.
func compile(source string, o transform.Options) (compiled, error) {
	if strings.TrimSpace(source) == "" {
		return compiled{}, errs.E(errs.Invalid, "1:1: the schema is empty")
	}
	doc, err := schema.ParseFor(source, o.Version)
	if err != nil {
		return compiled{}, err
	}
	// What is stored is what was decided: the version keeps its meaning when the
	// setting changes.
	o.Version = doc.Effective(o.Version)
	// A setting can configure the mode, but nothing runs the function yet. First,
	// because to be told that there is no authorizer would send its owner to
	// configure one.
	if slices.Contains(transform.Providers(doc, o.Version), authn.Lambda) {
		pos, element := customAuth(doc)
		return compiled{}, schema.Refuse(pos, element, "functions, and with them Lambda authorizers (allow: custom, @aws_lambda), are not available in this version")
	}
	api, err := transform.Expand(doc, o)
	if err != nil {
		return compiled{}, err
	}
	o.AuthModes = slices.DeleteFunc(slices.Clone(o.AuthModes), func(m authn.Mode) bool { return m == authn.Lambda })
	if err := transform.CheckServable(doc, api, o); err != nil {
		return compiled{}, err
	}
	return compiled{source: source, options: o, layout: api.Layout, doc: doc}, nil
}

// customAuth is the first directive by which a schema asks for a Lambda
// authorizer, and the element that it stands on.
func customAuth(doc *schema.Document) (*ast.Position, string) {
	find := func(element string, list ast.DirectiveList) (*ast.Position, string) {
		for _, d := range list {
			asks := transform.DirectiveMode(d.Name) == authn.Lambda
			if rules := d.Arguments.ForName("rules"); d.Name == "auth" && rules != nil {
				text := rules.Value.String()
				asks = strings.Contains(text, "allow:custom") || strings.Contains(text, "provider:function")
			}
			if asks {
				return d.Position, element + " @" + d.Name
			}
		}
		return nil, ""
	}
	for _, d := range slices.Concat(doc.AST.Definitions, doc.AST.Extensions) {
		if pos, element := find(d.Name, d.Directives); pos != nil {
			return pos, element
		}
		for _, f := range d.Fields {
			if pos, element := find(d.Name+"."+f.Name, f.Directives); pos != nil {
				return pos, element
			}
		}
	}
	return nil, ""
}

// compiled is a schema that can be served, and what it needs of the database.
type compiled struct {
	source  string
	options transform.Options
	layout  transform.Layout
	doc     *schema.Document
}

// checkConflicts refuses a model whose own setting asks for a conflict resolution,
// and a setting of a model that no API of the environment has: a slip of the hand
// would otherwise pass for a resolution. others are the schemas of the other APIs.
func (c compiled) checkConflicts(settings map[string]string, ofAPI string, others []string) error {
	models := modelsOf(c.doc)
	for _, source := range others {
		// One that cannot be read has no models that could be told.
		if doc, err := schema.Parse(source); err == nil {
			models = append(models, modelsOf(doc)...)
		}
	}
	own := backend.Conflicts(settings)
	for _, name := range slices.Sorted(maps.Keys(own)) {
		known := slices.ContainsFunc(models, func(d *ast.Definition) bool { return d.Name == name })
		if !known && own[name] != backend.NoConflict {
			return errs.E(errs.Invalid, "the setting conflict.%s=%s is of no use: there is no model %s in this schema or another API of the environment (conflict.%s=%s takes it back)",
				name, own[name], name, name, backend.NoConflict)
		}
	}
	for _, d := range modelsOf(c.doc) {
		if s := backend.Conflict(settings, d.Name, ofAPI); s != backend.NoConflict {
			return schema.Refuse(d.Position, d.Name, "conflict resolution %s, which the settings give this model, is not available in this version", s)
		}
	}
	return nil
}

// locate puts the position of the element that an error names in front of it.
// A layout knows names only; the document knows where they stand.
func (c compiled) locate(err error) error {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Kind != errs.Invalid {
		return err
	}
	element, text, ok := strings.Cut(e.Message, ": ")
	if !ok {
		return err
	}
	model, field, _ := strings.Cut(element, ".")
	def := c.doc.AST.Definitions.ForName(model)
	for _, d := range c.doc.AST.Definitions {
		if m := d.Directives.ForName("mapsTo"); m != nil {
			if a := m.Arguments.ForName("name"); a != nil && a.Value.Raw == model {
				def = d // a layout has the names of tables
			}
		}
	}
	if def == nil {
		return err
	}
	pos := def.Position
	if f := def.Fields.ForName(field); f != nil {
		pos = f.Position
	}
	return schema.Refuse(pos, element, "%s", text)
}
