package codegen

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// object is a JSON object that keeps its members in the order in which they
// were set, as JavaScript objects do. The hash in schema.js depends on it.
type object struct {
	names  []string
	values map[string]any
}

func newObject(pairs ...any) *object {
	o := &object{values: map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// set adds a member, or replaces its value where it stands.
func (o *object) set(name string, value any) {
	if _, ok := o.values[name]; !ok {
		o.names = append(o.names, name)
	}
	o.values[name] = value
}

func (o *object) get(name string) any { return o.values[name] }

func (o *object) has(name string) bool { _, ok := o.values[name]; return ok }

// text is a member as text; empty when it is absent or something else.
func (o *object) text(name string) string { s, _ := o.values[name].(string); return s }

// texts is a member as a list of texts; absent, null and other values give nil.
func (o *object) texts(name string) []string {
	list, ok := o.values[name].([]any)
	if !ok {
		return nil
	}
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (o *object) clone() *object {
	c := &object{names: slices.Clone(o.names), values: map[string]any{}}
	maps.Copy(c.values, o.values)
	return c
}

func anyList(texts []string) []any {
	list := make([]any, len(texts))
	for i, s := range texts {
		list[i] = s
	}
	return list
}

// number is a JSON number, as JavaScript prints it.
type number string

// valueOf is a literal as a JSON value; nil is null.
func valueOf(v *ast.Value) any {
	switch v.Kind {
	case ast.IntValue, ast.FloatValue:
		f, err := strconv.ParseFloat(v.Raw, 64)
		if err != nil {
			return number("null")
		}
		return number(strconv.FormatFloat(f, 'f', -1, 64))
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.NullValue:
		return nil
	case ast.ListValue:
		list := []any{}
		for _, c := range v.Children {
			list = append(list, valueOf(c.Value))
		}
		return list
	case ast.ObjectValue:
		o := newObject()
		for _, c := range v.Children {
			o.set(c.Name, valueOf(c.Value))
		}
		return o
	}
	return v.Raw
}

// encode writes a value as JSON.stringify does; with an empty indent on one
// line.
func encode(v any, indent string) string {
	var b strings.Builder
	write(&b, v, indent, "\n")
	return b.String()
}

func write(b *strings.Builder, v any, indent, line string) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case number:
		b.WriteString(string(v))
	case string:
		quote(b, v)
	case []any:
		group(b, "[]", len(v), indent, line, func(i int, inner string) { write(b, v[i], indent, inner) })
	case *object:
		group(b, "{}", len(v.names), indent, line, func(i int, inner string) {
			quote(b, v.names[i])
			b.WriteString(":")
			if indent != "" {
				b.WriteString(" ")
			}
			write(b, v.values[v.names[i]], indent, inner)
		})
	}
}

func group(b *strings.Builder, brackets string, n int, indent, line string, item func(i int, inner string)) {
	if n == 0 {
		b.WriteString(brackets)
		return
	}
	b.WriteByte(brackets[0])
	inner := line + indent
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		if indent != "" {
			b.WriteString(inner)
		}
		item(i, inner)
	}
	if indent != "" {
		b.WriteString(line)
	}
	b.WriteByte(brackets[1])
}

const hexDigits = "0123456789abcdef"

func quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20:
			b.WriteString(`\u00` + string(hexDigits[r>>4]) + string(hexDigits[r&15]))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}
