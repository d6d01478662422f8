package codegen

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// declaration is a definition together with its extensions.
type declaration struct {
	def    *ast.Definition
	fields ast.FieldList
	values ast.EnumValueList
}

// declarations joins the parts of each type as the official tools do, in the
// order in which the types are first mentioned: fields stay in the order of the
// text, of enumerations the last part comes first.
func declarations(tree *ast.SchemaDocument) []*declaration {
	parts := slices.Concat(tree.Definitions, tree.Extensions)
	slices.SortStableFunc(parts, func(a, b *ast.Definition) int { return cmp.Compare(a.Position.Start, b.Position.Start) })
	extension := map[*ast.Definition]bool{}
	for _, x := range tree.Extensions {
		extension[x] = true
	}
	byName := map[string]*declaration{}
	var all []*declaration
	for _, p := range parts {
		d := byName[p.Name]
		if d == nil {
			d = &declaration{}
			byName[p.Name] = d
			all = append(all, d)
		}
		if !extension[p] {
			d.def = p
		}
		d.fields = append(d.fields, p.Fields...)
		d.values = slices.Concat(p.EnumValues, d.values)
	}
	// A schema that extends what it does not declare was refused.
	return slices.DeleteFunc(all, func(d *declaration) bool { return d.def == nil })
}

func readDirectives(list ast.DirectiveList) []*directive {
	var out []*directive
	for _, d := range list {
		args := newObject()
		for _, a := range d.Arguments {
			v := valueOf(a.Value)
			if s, ok := v.(string); ok && a.Name == "references" && isRelation(d.Name) {
				v = []any{s}
			}
			args.set(a.Name, v)
		}
		out = append(out, &directive{name: d.Name, args: args})
	}
	return out
}

func isRelation(name string) bool {
	return name == "hasOne" || name == "hasMany" || name == "belongsTo"
}

func readFields(list ast.FieldList) []*field {
	var out []*field
	for _, f := range list {
		x := typeInfo(f.Type)
		x.name, x.directives = f.Name, readDirectives(f.Directives)
		for _, a := range f.Arguments {
			p := typeInfo(a.Type)
			p.name = a.Name
			x.parameters = append(x.parameters, p)
		}
		out = append(out, x)
	}
	return out
}

// typeInfo reads a type. Of nested lists only the outermost counts.
func typeInfo(t *ast.Type) *field {
	if t.Elem != nil {
		f := typeInfo(t.Elem)
		f.list, f.listNullable = true, new(!t.NonNull)
		return f
	}
	return &field{typ: t.NamedType, nullable: !t.NonNull}
}

// readEnum reads an enumeration. Values that become the same constant count
// once, and constants that are whole numbers come first, as in a JavaScript
// object.
func readEnum(name string, values ast.EnumValueList) *enum {
	byConstant := map[string]string{}
	var constants []string
	for _, v := range values {
		c := constantName(v.Name)
		if _, ok := byConstant[c]; !ok {
			constants = append(constants, c)
		}
		byConstant[c] = v.Name
	}
	slices.SortStableFunc(constants, func(a, b string) int {
		x, xok := arrayIndex(a)
		y, yok := arrayIndex(b)
		switch {
		case xok && yok:
			return x - y
		case xok:
			return -1
		case yok:
			return 1
		}
		return 0
	})
	e := &enum{name: name}
	for _, c := range constants {
		e.values = append(e.values, byConstant[c])
	}
	return e
}

func arrayIndex(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == s
}
