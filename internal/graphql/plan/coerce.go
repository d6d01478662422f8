package plan

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/scalar"
)

// Var is the value of a variable in one request.
type Var struct {
	Value scalar.Value
	// Set says that the variable has a value, null included, given or default.
	Set bool
}

// variable is a variable definition of an operation.
type variable struct {
	name     string
	typ      typeRef
	fallback *ast.Value
	location Location
}

// coercer coerces the value of one variable.
type coercer struct {
	v   *variable
	err *Error
}

// Coerce checks the variables of a request against the operation. values is the
// "variables" member, an object or null.
func (o *Operation) Coerce(values *scalar.Value) ([]Var, *Error) {
	if len(o.vars) == 0 {
		return nil, nil
	}
	out := make([]Var, len(o.vars))
	for i := range o.vars {
		v := &o.vars[i]
		given, ok := values.Get(v.name)
		c := coercer{v: v}
		switch {
		case v.fallback != nil && (!ok || given.IsNull()): // null asks for the default, as in graphql-java
			out[i] = Var{Value: literal(v.fallback, &v.typ), Set: true}
		case !ok && v.typ.nonNull:
			return nil, c.null(v.name, &v.typ)
		case ok:
			out[i] = Var{Value: c.value(given, &v.typ, v.name), Set: true}
			if c.err != nil {
				return nil, c.err
			}
		}
	}
	return out, nil
}

func (c *coercer) null(name string, t *typeRef) *Error {
	return &Error{
		Message:   fmt.Sprintf("Variable '%s' has coerced Null value for NonNull type '%s'", name, t.text),
		Locations: []Location{c.v.location},
	}
}

func (c *coercer) invalid(name, reason string) scalar.Value {
	if c.err == nil {
		c.err = &Error{
			Message:   fmt.Sprintf("Variable '%s' has an invalid value. %s", name, reason),
			Locations: []Location{c.v.location},
		}
	}
	return scalar.Value{}
}

// value coerces a value to a type; name is the variable or the input field that
// messages speak of.
func (c *coercer) value(v *scalar.Value, t *typeRef, name string) scalar.Value {
	if v.IsNull() {
		if t.nonNull && c.err == nil {
			c.err = c.null(name, t)
		}
		return scalar.Value{}
	}
	if t.elem != nil {
		return c.list(v, t.elem, name)
	}
	if t.named == nil {
		return c.invalid(name, "Its type is not defined.")
	}
	switch t.named.kind {
	case ast.Enum:
		if v.Kind == scalar.String {
			if _, ok := t.named.values[v.Str]; ok {
				return scalar.Value{Kind: scalar.Enum, Str: v.Str}
			}
		}
		return c.invalid(name, fmt.Sprintf("Invalid input for Enum '%s'. No value found for name '%s'", t.named.name, printed(v)))
	case ast.InputObject:
		return c.object(v, t.named, name)
	}
	out, reason := scalar.Input(t.named.name, v, false)
	if reason != "" {
		return c.invalid(name, reason)
	}
	return out
}

func (c *coercer) list(v *scalar.Value, elem *typeRef, name string) scalar.Value {
	if v.Kind != scalar.List {
		return scalar.Value{Kind: scalar.List, List: []scalar.Value{c.value(v, elem, name)}}
	}
	out := scalar.Value{Kind: scalar.List, List: make([]scalar.Value, len(v.List))}
	for i := range v.List {
		out.List[i] = c.value(&v.List[i], elem, name)
		if c.err != nil {
			break
		}
	}
	return out
}

func (c *coercer) object(v *scalar.Value, t *inputType, name string) scalar.Value {
	if v.Kind != scalar.Object {
		return c.invalid(name, "Expected type 'Map' but was '"+v.Kind.String()+
			"'. Variables for input objects must be an instance of type 'Map'.")
	}
	out := scalar.Value{
		Kind: scalar.Object,
		Keys: make([]string, len(v.Keys), len(v.Keys)+1),
		List: make([]scalar.Value, len(v.Keys), len(v.Keys)+1),
	}
	given := 0
	for i, key := range v.Keys {
		f, ok := t.byName[key]
		if !ok {
			c.err = &Error{Message: fmt.Sprintf("The variables input contains a field name '%s' that is not defined for input object type '%s' ",
				key, t.name)}
			return scalar.Value{}
		}
		out.Keys[i] = t.fields[f].name // not the request's memory
		out.List[i] = c.value(&v.List[i], &t.fields[f].typ, key)
		if c.err != nil {
			return scalar.Value{}
		}
		given++
	}
	if given == len(t.fields) {
		return out
	}
	for i := range t.fields {
		f := &t.fields[i]
		if !f.typ.nonNull && f.fallback == nil {
			continue
		}
		if _, ok := v.Get(f.name); ok {
			continue
		}
		if f.fallback == nil {
			c.err = c.null(f.name, &f.typ)
			return scalar.Value{}
		}
		out.Keys = append(out.Keys, f.name)
		out.List = append(out.List, literal(f.fallback, &f.typ))
	}
	return out
}

// printed is a value as a message shows it.
func printed(v *scalar.Value) string {
	switch v.Kind {
	case scalar.String, scalar.Enum, scalar.Number:
		if len(v.Str) > 100 {
			return strings.ToValidUTF8(v.Str[:100], "") + "..."
		}
		return v.Str
	}
	return v.Kind.String()
}

// literal coerces a value of the query text or the schema that validation has
// accepted and that holds no variables.
func literal(v *ast.Value, t *typeRef) scalar.Value {
	if v.Kind == ast.NullValue {
		return scalar.Value{}
	}
	if t.elem != nil {
		if v.Kind != ast.ListValue {
			return scalar.Value{Kind: scalar.List, List: []scalar.Value{literal(v, t.elem)}}
		}
		out := scalar.Value{Kind: scalar.List}
		for _, child := range v.Children {
			out.List = append(out.List, literal(child.Value, t.elem))
		}
		return out
	}
	switch t.named.kind {
	case ast.Enum:
		return scalar.Value{Kind: scalar.Enum, Str: v.Raw}
	case ast.InputObject:
		out := scalar.Value{Kind: scalar.Object}
		for _, child := range v.Children {
			i, ok := t.named.byName[child.Name]
			if !ok {
				continue
			}
			out.Keys = append(out.Keys, child.Name)
			out.List = append(out.List, literal(child.Value, &t.named.fields[i].typ))
		}
		return withDefaults(out, t.named)
	}
	raw := leaf(v)
	out, _ := scalar.Input(t.named.name, &raw, true)
	return out
}

// withDefaults adds the fields that have a default and were not given.
func withDefaults(v scalar.Value, t *inputType) scalar.Value {
	for i := range t.fields {
		f := &t.fields[i]
		if f.fallback == nil {
			continue
		}
		if _, ok := v.Get(f.name); !ok {
			v.Keys = append(v.Keys, f.name)
			v.List = append(v.List, literal(f.fallback, &f.typ))
		}
	}
	return v
}

// leaf is a literal that is neither list nor object, not yet coerced.
func leaf(v *ast.Value) scalar.Value {
	switch v.Kind {
	case ast.IntValue, ast.FloatValue:
		return scalar.Value{Kind: scalar.Number, Str: v.Raw}
	case ast.StringValue, ast.BlockValue:
		return scalar.Text(v.Raw)
	case ast.BooleanValue:
		return scalar.Boolean(v.Raw == "true")
	case ast.EnumValue:
		return scalar.Value{Kind: scalar.Enum, Str: v.Raw}
	}
	return scalar.Value{}
}
