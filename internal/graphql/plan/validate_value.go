package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/scalar"
)

// valueCheck checks one literal against a type. When it fails, path leads to
// the part bad that reason is about.
type valueCheck struct {
	s      *Schema
	v      *validator // notes variables; nil where there are none
	name   string
	path   []string
	bad    *ast.Value
	reason string
}

// where is the argument and the path in it: "input.tags[0]".
func (c *valueCheck) where() string {
	var b strings.Builder
	b.WriteString(c.name)
	for i := len(c.path) - 1; i >= 0; i-- {
		if !strings.HasPrefix(c.path[i], "[") {
			b.WriteString(".")
		}
		b.WriteString(c.path[i])
	}
	return b.String()
}

func (c *valueCheck) fail(v *ast.Value, format string, args ...any) bool {
	c.bad, c.reason = v, fmt.Sprintf(format, args...)
	return false
}

// value reports whether v is a value of the type, given in both forms.
func (c *valueCheck) value(v *ast.Value, t *typeRef, typ *ast.Type) bool {
	switch {
	case v.Kind == ast.Variable:
		if c.v != nil {
			c.v.use(v, typ, false)
		}
		return true
	case v.Kind == ast.NullValue:
		if t.nonNull {
			return c.fail(v, "must not be null")
		}
		return true
	case t.elem != nil:
		return c.list(v, t, typ)
	case t.named == nil:
		return true // an unknown type is reported where it is named
	}
	switch t.named.kind {
	case ast.Enum:
		if _, ok := t.named.values[v.Raw]; v.Kind != ast.EnumValue || !ok {
			return c.fail(v, "is not a valid '%s'", t.named.name)
		}
		return true
	case ast.InputObject:
		return c.object(v, t.named)
	}
	raw := leaf(v)
	if v.Kind == ast.ListValue || v.Kind == ast.ObjectValue {
		raw = scalar.Value{Kind: scalar.Object}
	}
	if _, reason := scalar.Input(t.named.name, &raw, true); reason != "" {
		return c.fail(v, "is not a valid '%s'", t.named.name)
	}
	return true
}

func (c *valueCheck) list(v *ast.Value, t *typeRef, typ *ast.Type) bool {
	if v.Kind != ast.ListValue {
		return c.value(v, t.elem, typ.Elem)
	}
	for i, child := range v.Children {
		if !c.value(child.Value, t.elem, typ.Elem) {
			c.path = append(c.path, "["+strconv.Itoa(i)+"]")
			return false
		}
	}
	return true
}

func (c *valueCheck) object(v *ast.Value, t *inputType) bool {
	if v.Kind != ast.ObjectValue {
		return c.fail(v, "must be an object type")
	}
	seen := make(map[string]struct{}, len(v.Children))
	for _, child := range v.Children {
		if _, twice := seen[child.Name]; twice {
			return c.fail(v, "contains the field '%s' more than once", child.Name)
		}
		seen[child.Name] = struct{}{}
	}
	var missing []string
	for i := range t.fields {
		f := &t.fields[i]
		if _, given := seen[f.name]; f.typ.nonNull && f.fallback == nil && !given {
			missing = append(missing, f.name)
		}
	}
	if len(missing) > 0 {
		return c.fail(v, "is missing required fields '[%s]'", strings.Join(missing, ", "))
	}
	def := c.s.API.Schema.Types[t.name]
	for _, child := range v.Children {
		i, ok := t.byName[child.Name]
		if !ok {
			return c.fail(v, "contains a field not in '%s': '%s'", t.name, child.Name)
		}
		typ := def.Fields[i].Type
		if child.Value.Kind == ast.Variable && c.v != nil {
			c.v.use(child.Value, typ, t.fields[i].fallback != nil)
			continue
		}
		if !c.value(child.Value, &t.fields[i].typ, typ) {
			c.path = append(c.path, child.Name)
			return false
		}
	}
	return true
}

// printLiteral is a literal in the words of graphql-java, cut off where it gets
// long.
func printLiteral(v *ast.Value) string {
	b := appendLiteral(nil, v)
	if len(b) > 500 {
		return strings.ToValidUTF8(string(b[:500]), "") + "..."
	}
	return string(b)
}

func appendLiteral(b []byte, v *ast.Value) []byte {
	if len(b) > 1000 {
		return b
	}
	switch v.Kind {
	case ast.Variable:
		return append(append(append(b, "VariableReference{name='"...), v.Raw...), "'}"...)
	case ast.IntValue:
		return append(append(append(b, "IntValue{value="...), v.Raw...), '}')
	case ast.FloatValue:
		return append(append(append(b, "FloatValue{value="...), v.Raw...), '}')
	case ast.StringValue, ast.BlockValue:
		return append(append(append(b, "StringValue{value='"...), v.Raw...), "'}"...)
	case ast.BooleanValue:
		return append(append(append(b, "BooleanValue{value="...), v.Raw...), '}')
	case ast.EnumValue:
		return append(append(append(b, "EnumValue{name='"...), v.Raw...), "'}"...)
	case ast.ListValue:
		b = append(b, "ArrayValue{values=["...)
		for i, c := range v.Children {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendLiteral(b, c.Value)
		}
		return append(b, "]}"...)
	case ast.ObjectValue:
		b = append(b, "ObjectValue{objectFields=["...)
		for i, c := range v.Children {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(append(append(b, "ObjectField{name='"...), c.Name...), "', value="...)
			b = append(appendLiteral(b, c.Value), '}')
		}
		return append(b, "]}"...)
	}
	return append(b, "NullValue{}"...)
}
