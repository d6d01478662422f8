package codegen

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"

	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// codegenVersion is not the version of this generator: DataStore of all
// versions checks for it.
const codegenVersion = "3.4.4"

// SchemaJS is the text of DataStore's schema.js. It holds no semicolon but the
// last character, because the Amplify CLI removes them all before it reads the
// object. Errors are of kind Invalid: relations that DataStore cannot keep.
func SchemaJS(doc *schema.Document, o Options) (string, error) {
	g, err := newGenerator(doc, o, false)
	if err != nil {
		return "", err
	}
	out, err := g.document()
	if err != nil {
		return "", err
	}
	out.set("codegenVersion", codegenVersion)
	out.set("version", g.hash())
	text := strings.ReplaceAll(encode(out, "    "), ";", `\u003b`)
	return "export const schema = " + text + ";", nil
}

// Introspection is the model introspection schema, as JSON text. Errors are of
// kind Invalid.
func Introspection(doc *schema.Document, o Options) (string, error) {
	g, err := newGenerator(doc, o, true)
	if err != nil {
		return "", err
	}
	out := newObject("version", number("1"))
	parts, err := g.document()
	if err != nil {
		return "", err
	}
	merge(out, parts)
	for _, name := range []string{"queries", "mutations", "subscriptions"} {
		list, err := g.operationList(g.operations[name])
		if err != nil {
			return "", err
		}
		if len(list.names) > 0 {
			out.set(name, list)
		}
	}
	inputs := newObject()
	for _, in := range g.inputs {
		members := newObject()
		for _, f := range in.fields {
			arg, err := g.argument(f)
			if err != nil {
				return "", err
			}
			members.set(f.name, arg)
		}
		inputs.set(in.name, newObject("name", in.name, "attributes", members))
	}
	if len(inputs.names) > 0 {
		out.set("inputs", inputs)
	}
	return encode(out, "    "), nil
}

// document is what both forms have in common.
func (g *generator) document() (*object, error) {
	models, enums, objects := newObject(), newObject(), newObject()
	for _, m := range g.models {
		o, err := g.fields(m)
		if err != nil {
			return nil, err
		}
		o.set("syncable", true)
		o.set("pluralName", pluralName(m.name))
		attributes := []any{}
		for _, d := range m.directives {
			attributes = append(attributes, newObject("type", d.name, "properties", d.args))
		}
		o.set("attributes", attributes)
		if g.introspection {
			if err := primaryKeyInfo(m, o); err != nil {
				return nil, err
			}
		}
		models.set(m.name, o)
	}
	for _, e := range g.enums {
		enums.set(e.name, newObject("name", e.name, "values", anyList(e.values)))
	}
	for _, m := range g.objects {
		o, err := g.fields(m)
		if err != nil {
			return nil, err
		}
		objects.set(m.name, o)
	}
	return newObject("models", models, "enums", enums, "nonModels", objects), nil
}

func pluralName(name string) string { return transform.Plural(name) }

func primaryKeyInfo(m *model, o *object) error {
	for _, f := range m.fields {
		if f.key == nil {
			continue
		}
		var sort []string
		for _, s := range f.key.sort {
			sort = append(sort, s.name)
		}
		o.set("primaryKeyInfo", newObject("isCustomPrimaryKey", f.key.custom, "primaryKeyFieldName", f.name,
			"sortKeyFieldNames", anyList(sort)))
		return nil
	}
	return invalid("No primary key found for model %s", m.name)
}

func (g *generator) fields(m *model) (*object, error) {
	fields := newObject()
	for _, f := range m.fields {
		if g.introspection && g.abstract[f.typ] {
			continue
		}
		t, err := g.typeOf(f.typ)
		if err != nil {
			return nil, err
		}
		o := newObject("name", f.name, "isArray", f.list, "type", t, "isRequired", !f.nullable, "attributes", []any{})
		if f.listNullable != nil {
			o.set("isArrayNullable", *f.listNullable)
		}
		if f.readOnly {
			o.set("isReadOnly", true)
		}
		if f.connection != nil {
			o.set("association", g.association(f.connection))
		}
		fields.set(f.name, o)
	}
	return newObject("name", m.name, "fields", fields), nil
}

func (g *generator) association(c *connection) *object {
	o := newObject("connectionType", string(c.kind))
	var with []string
	for _, f := range c.with {
		with = append(with, f.name)
	}
	lists := g.introspection || g.customKeys()
	if c.kind != belongsTo {
		switch {
		case g.introspection && g.version == 1:
			o.set("associatedWith", []any{})
		case lists:
			o.set("associatedWith", anyList(with))
		default:
			o.set("associatedWith", with[0])
		}
	}
	switch {
	case c.kind == hasMany:
	case g.introspection && g.version == 1:
		o.set("targetNames", []any{})
	case lists && c.targets == nil && !g.introspection:
	case lists:
		o.set("targetNames", anyList(c.targets))
	case c.targets != nil:
		o.set("targetName", c.targets[0])
	}
	return o
}

var scalars = []string{
	"ID", "Boolean", "String", "AWSDate", "AWSTime", "AWSDateTime", "AWSEmail", "AWSJSON", "AWSURL", "AWSPhone",
	"AWSIPAddress", "Int", "Float", "AWSTimestamp",
}

func (g *generator) typeOf(name string) (any, error) {
	switch {
	case slices.Contains(scalars, name):
		return name, nil
	case slices.ContainsFunc(g.enums, func(e *enum) bool { return e.name == name }):
		return newObject("enum", name), nil
	case g.objectNames[name]:
		return newObject("nonModel", name), nil
	case g.byName[name] != nil:
		return newObject("model", name), nil
	case g.introspection && g.inputNames[name]:
		return newObject("input", name), nil
	}
	return nil, invalid("Unknown type %s", name)
}

func (g *generator) operationList(fields []*field) (*object, error) {
	out := newObject()
	for _, f := range fields {
		if g.abstract[f.typ] {
			continue
		}
		o, err := g.argument(f)
		if err != nil {
			return nil, err
		}
		args := newObject()
		for _, p := range f.parameters {
			arg, err := g.argument(p)
			if err != nil {
				return nil, err
			}
			args.set(p.name, arg)
		}
		if len(args.names) > 0 {
			o.set("arguments", args)
		}
		out.set(f.name, o)
	}
	return out, nil
}

func (g *generator) argument(f *field) (*object, error) {
	t, err := g.typeOf(f.typ)
	if err != nil {
		return nil, err
	}
	o := newObject("name", f.name, "isArray", f.list, "type", t, "isRequired", !f.nullable)
	if f.listNullable != nil {
		o.set("isArrayNullable", *f.listNullable)
	}
	return o, nil
}

// hash identifies the models: their names, fields, keys and relations.
func (g *generator) hash() string {
	relations := []string{"connection"}
	if g.version == 2 {
		relations = []string{"hasOne", "belongsTo", "hasMany", "manyToMany"}
	}
	all := slices.Concat(g.models, g.objects)
	slices.SortStableFunc(all, func(a, b *model) int { return cmp.Compare(a.name, b.name) })
	list := []any{}
	for _, m := range all {
		keys := []any{}
		for _, d := range m.directives {
			if g.version == 1 && d.name == "key" || g.version == 2 && (d.name == "primaryKey" || d.name == "index") {
				keys = append(keys, hashDirective(d))
			}
		}
		fields := slices.Clone(m.fields)
		slices.SortStableFunc(fields, func(a, b *field) int { return cmp.Compare(a.name, b.name) })
		out := []any{}
		for _, f := range fields {
			ds := []any{}
			for _, d := range f.directives {
				if slices.Contains(relations, d.name) {
					ds = append(ds, hashDirective(d))
				}
			}
			o := newObject("name", f.name, "directives", ds, "type", f.typ, "isNullable", f.nullable, "isList", f.list)
			if f.listNullable != nil {
				o.set("isListNullable", *f.listNullable)
			}
			out = append(out, o)
		}
		list = append(list, newObject("name", m.name, "directives", keys, "fields", out))
	}
	sum := md5.Sum([]byte(encode(list, "")))
	return hex.EncodeToString(sum[:])
}

func hashDirective(d *directive) *object {
	o := newObject("name", d.name, "arguments", d.args)
	if d.field != "" {
		o.set("fieldName", d.field)
	}
	return o
}
