package transform

import (
	"cmp"
	"errors"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
)

// Expand compiles a schema. Its errors are of kind Invalid and name the place
// in the schema. It accepts what the official transformers accept; whether this
// version can serve the result is the question of CheckServable.
func Expand(doc *schema.Document, o Options) (*API, error) {
	version := doc.Effective(o.Version)
	if err := doc.Check(version); err != nil {
		return nil, err
	}
	out, err := newOutput(doc)
	if err != nil {
		return nil, err
	}
	c := &compiler{doc: doc, opt: o, version: version, out: out, byName: map[string]*model{}, mapped: map[string]string{}, openedIAM: map[string]bool{}}
	c.operations = map[ast.Operation]map[string]*operation{ast.Query: {}, ast.Mutation: {}, ast.Subscription: {}}
	if version == 1 {
		err = c.runV1()
	} else {
		err = c.runV2()
	}
	if err != nil {
		return nil, refusal(err)
	}
	return c.finish()
}

// refusal makes sure that whatever ends a compilation is an Invalid error.
func refusal(err error) error {
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return err
	}
	return schema.Refuse(nil, "", "%s", err.Error())
}

// compiler is one run of Expand.
type compiler struct {
	doc     *schema.Document
	opt     Options
	version int
	out     *output
	// models are the @model types in order of declaration.
	models []*model
	byName map[string]*model
	// mapped are the table names that @mapsTo gave to models.
	mapped map[string]string

	hasMany, hasOne, belongsTo, manyToManyEnds []*relation
	manyToMany                                 []*manyToMany
	// links are the relations of version 1.
	links       []*link
	searchable  []*search
	predictions []*prediction
	auth        *authorizer
	// openedIAM are the types and fields that sandbox mode opens to IAM: true for
	// those that named no mode before.
	openedIAM map[string]bool
	// operations are the generated root fields.
	operations map[ast.Operation]map[string]*operation
}

// operation is a root field that a directive generated.
type operation struct {
	kind  OperationKind
	model *model
	key   *key // IndexQuery
}

// model is what the compiler knows of a @model type.
type model struct {
	name string
	// def is the type as declared, extensions not folded in.
	def       *ast.Definition
	directive *ast.Directive
	modelArguments
	primary *key
	indexes []*key
	version *Counter // of @versioned
}

// key is a @primaryKey, @index or @key.
type key struct {
	name      string // empty for the primary key
	directive *ast.Directive
	model     *model
	field     *ast.FieldDefinition
	sort      []*ast.FieldDefinition
	query     string // generated query, empty for none
}

func (k *key) sortNames() []string {
	names := make([]string, len(k.sort))
	for i, f := range k.sort {
		names[i] = f.Name
	}
	return names
}

// register notes what stands behind a generated root field.
func (c *compiler) register(op ast.Operation, name string, o *operation) { c.operations[op][name] = o }

// at makes an error at a directive.
func at(d *ast.Directive, element, format string, args ...any) error {
	return schema.Refuse(d.Position, element+" @"+d.Name, format, args...)
}

// element is a declared type, field of a type, or extension of a type that
// carries a directive.
type element struct {
	parent    *ast.Definition
	field     *ast.FieldDefinition // nil for the type itself
	directive *ast.Directive
	extension bool
}

func (e element) String() string {
	if e.field == nil {
		return e.parent.Name
	}
	return e.parent.Name + "." + e.field.Name
}

// refuse makes an error at the element's directive.
func (e element) refuse(format string, args ...any) error {
	return at(e.directive, e.String(), format, args...)
}

// declared is all definitions and extensions in document order.
func (c *compiler) declared() []*ast.Definition {
	defs := slices.Concat(c.doc.AST.Definitions, c.doc.AST.Extensions)
	slices.SortStableFunc(defs, func(a, b *ast.Definition) int {
		return cmp.Compare(a.Position.Start, b.Position.Start)
	})
	return defs
}

// uses calls fn for every use of a directive on object types, interfaces and
// their fields, in document order.
func (c *compiler) uses(name string, fn func(element) error) error {
	extensions := map[*ast.Definition]bool{}
	for _, x := range c.doc.AST.Extensions {
		extensions[x] = true
	}
	for _, def := range c.declared() {
		if def.Kind != ast.Object && def.Kind != ast.Interface {
			continue
		}
		for _, d := range def.Directives {
			if d.Name != name {
				continue
			}
			e := element{parent: def, directive: d, extension: extensions[def]}
			if e.extension {
				return e.refuse("Directives are not supported on object or interface extensions. "+
					"See the '@%s' directive on '%s'", d.Name, def.Name)
			}
			if err := fn(e); err != nil {
				return err
			}
		}
		for _, f := range def.Fields {
			for _, d := range f.Directives {
				if d.Name != name {
					continue
				}
				e := element{parent: def, field: f, directive: d, extension: extensions[def]}
				if e.extension && !c.isRoot(def.Name) {
					return e.refuse("The '@%s' directive cannot be used on fields of type extensions other than 'Query', "+
						"'Mutation', and 'Subscription'. See %s.%s", d.Name, def.Name, f.Name)
				}
				if err := fn(e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// usesOf is uses of a version.
func (c *compiler) usesOf(version int) func(string, func(element) error) error {
	if version == 1 {
		return c.usesV1
	}
	return c.uses
}

func (c *compiler) isRoot(name string) bool {
	return name == "Query" || name == "Mutation" || name == "Subscription"
}
