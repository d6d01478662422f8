package codegen

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

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
