package codegen

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
)

// Options say what the generator knows beside the schema.
type Options struct {
	// Version is the transformer to use when the schema does not decide; 0 is 2.
	Version int
	// DataStore says that conflict detection is on.
	DataStore bool
	// PartialRelationKeys is the flag of that name in transform.Flags.
	PartialRelationKeys bool
}

// directive is a directive with its arguments as JSON.
type directive struct {
	name string
	args *object
	// field is set once somebody looked for the directive by its arguments; it
	// is part of what the hash of the models covers.
	field string
}

// field is a field of a model, object, operation type or input.
type field struct {
	name           string
	directives     []*directive
	typ            string
	list, nullable bool
	listNullable   *bool
	readOnly       bool
	parameters     []*field
	connection     *connection
	key            *keyInfo // set on the partition field of the primary key
}

func (f *field) directive(name string) *directive { return findDirective(f.directives, name) }

func findDirective(list []*directive, name string) *directive {
	for _, d := range list {
		if d.name == name {
			return d
		}
	}
	return nil
}

type keyInfo struct {
	custom bool
	sort   []*field
}

// model is a @model type, or an object type that is none.
type model struct {
	name       string
	directives []*directive
	fields     []*field
}

func (m *model) field(name string) *field {
	for _, f := range m.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

func (m *model) add(f *field) {
	if m.field(f.name) == nil {
		m.fields = append(m.fields, f)
	}
}

func (m *model) remove(name string) {
	m.fields = slices.DeleteFunc(slices.Clone(m.fields), func(f *field) bool { return f.name == name })
}

// flatten is all directives of all fields, each told its field.
func (m *model) flatten() []*directive {
	var all []*directive
	for _, f := range m.fields {
		for _, d := range f.directives {
			d.field = f.name
			all = append(all, d)
		}
	}
	return all
}

// keyFields are the fields of the primary key.
func (m *model) keyFields() []*field {
	for _, f := range m.fields {
		if f.key != nil {
			return append([]*field{f}, f.key.sort...)
		}
	}
	return nil
}

// enum is an enumeration.
type enum struct {
	name   string
	values []string
}

// generator holds what the generator reads from a schema.
type generator struct {
	opt           Options
	version       int
	introspection bool // else schema.js
	models        []*model
	byName        map[string]*model
	objects       []*model
	objectNames   map[string]bool
	enums         []*enum
	inputs        []*model
	inputNames    map[string]bool
	abstract      map[string]bool // unions and interfaces
	operations    map[string][]*field
}

func invalid(format string, args ...any) error { return errs.E(errs.Invalid, format, args...) }

// newGenerator reads a schema and resolves keys and relations.
func newGenerator(doc *schema.Document, o Options, introspection bool) (*generator, error) {
	g := &generator{
		opt: o, version: doc.Effective(o.Version), introspection: introspection,
		byName: map[string]*model{}, objectNames: map[string]bool{}, inputNames: map[string]bool{},
		abstract: map[string]bool{}, operations: map[string][]*field{},
	}
	if err := g.read(doc); err != nil {
		return nil, err
	}
	var err error
	if g.version == 1 {
		err = g.connectV1()
	} else {
		err = g.connectV2()
	}
	if err != nil {
		return nil, err
	}
	g.auth()
	return g, nil
}

// customKeys says that relations use all key fields of a model.
func (g *generator) customKeys() bool { return g.version == 2 && !g.opt.PartialRelationKeys }

func (g *generator) read(doc *schema.Document) error {
	roots := map[string]string{"Query": "queries", "Mutation": "mutations", "Subscription": "subscriptions"}
	if len(doc.AST.Schema) > 0 {
		roots = map[string]string{}
		for _, op := range doc.AST.Schema[0].OperationTypes {
			roots[op.Type] = map[ast.Operation]string{
				ast.Query: "queries", ast.Mutation: "mutations", ast.Subscription: "subscriptions",
			}[op.Operation]
		}
	}
	for _, d := range declarations(doc.AST) {
		def, fields, values := d.def, d.fields, d.values
		if def.Name == "AMPLIFY" {
			continue
		}
		m := &model{name: def.Name, directives: readDirectives(def.Directives), fields: readFields(fields)}
		switch def.Kind {
		case ast.Enum:
			g.enums = append(g.enums, readEnum(def.Name, values))
		case ast.InputObject:
			g.inputs = append(g.inputs, m)
			g.inputNames[m.name] = true
		case ast.Union, ast.Interface:
			g.abstract[m.name] = true
		case ast.Object:
			switch {
			case findDirective(m.directives, "model") != nil:
				if err := g.addModel(m); err != nil {
					return err
				}
			case roots[m.name] != "":
				g.operations[roots[m.name]] = m.fields
			default:
				g.objects = append(g.objects, m)
				g.objectNames[m.name] = true
			}
		}
	}
	return nil
}

func (g *generator) addModel(m *model) error {
	if g.customKeys() || g.introspection {
		if err := g.ensureKey(m); err != nil {
			return err
		}
	} else {
		ensureID(m)
	}
	addTimestamps(m, findDirective(m.directives, "model"))
	idFirst(m)
	g.models = append(g.models, m)
	g.byName[m.name] = m
	return nil
}

// idFirst moves the field id to the front.
func idFirst(m *model) {
	if i := slices.IndexFunc(m.fields, func(f *field) bool { return f.name == "id" }); i > 0 {
		id := m.fields[i]
		m.fields = slices.Insert(slices.Delete(slices.Clone(m.fields), i, i+1), 0, id)
	}
}

func ensureID(m *model) {
	if id := m.field("id"); id != nil {
		id.nullable = false
		return
	}
	m.fields = slices.Insert(m.fields, 0, &field{name: "id", typ: "ID"})
}

// ensureKey finds the primary key of a model.
func (g *generator) ensureKey(m *model) error {
	name, sort, declared := "id", []string(nil), false
	if g.version == 1 {
		for _, d := range m.directives {
			if d.name == "key" && d.args.text("name") == "" {
				if fields := textsOf(d.args, "fields"); len(fields) > 0 {
					name, sort, declared = fields[0], fields[1:], true
				}
				break
			}
		}
	} else {
		for _, f := range m.fields {
			if d := f.directive("primaryKey"); d != nil {
				if d.args.text("sortKeyFields") != "" {
					return invalid("%s.%s @primaryKey: sortKeyFields must be a list", m.name, f.name)
				}
				name, sort, declared = f.name, d.args.texts("sortKeyFields"), true
				m.flatten()
				break
			}
		}
	}
	if !declared {
		ensureID(m)
	}
	f := m.field(name)
	if f == nil {
		return invalid("Cannot find primary key field in type %s", m.name)
	}
	if f.nullable {
		return invalid("The primary key on type '%s' must reference non-null fields.", m.name)
	}
	f.key = &keyInfo{custom: declared && (name != "id" || len(sort) > 0)}
	for _, s := range sort {
		if sf := m.field(s); sf != nil {
			f.key.sort = append(f.key.sort, sf)
		}
	}
	return nil
}

// textsOf is texts that takes a single text for a list of one.
func textsOf(o *object, name string) []string {
	if s := o.text(name); s != "" {
		return []string{s}
	}
	return o.texts(name)
}

func addTimestamps(m *model, d *directive) {
	created, updated := "createdAt", "updatedAt"
	if v, ok := d.args.values["timestamps"]; ok {
		t, _ := v.(*object)
		if t == nil {
			return
		}
		if s := t.text("createdAt"); s != "" {
			created = s
		}
		if s := t.text("updatedAt"); s != "" {
			updated = s
		}
	}
	for _, name := range []string{created, updated} {
		m.add(&field{name: name, typ: "AWSDateTime", nullable: true, readOnly: true})
	}
}
