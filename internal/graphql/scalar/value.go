package scalar

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Kind says what a Value is.
type Kind uint8

// The kinds. A number of a request is Number, with its text in Str, until
// coercion makes it Int or Float.
const (
	Null Kind = iota
	Bool
	Number
	Int
	Float
	String
	Enum
	List
	Object
)

var kindNames = [...]string{"null", "Boolean", "Number", "Int", "Float", "String", "Enum", "List", "Map"}

// String is the name that error messages use.
func (k Kind) String() string { return kindNames[k] }

// Value is a JSON or GraphQL value. The zero value is null. Values are never
// changed once made, so they may share their parts.
type Value struct {
	Kind Kind
	// Int is the number of an Int, and 0 or 1 of a Bool.
	Int int64
	// Num is the number of a Float.
	Num float64
	// Str is the text of a String or Enum, or a Number as it was written.
	Str string
	// Keys are the member names of an Object, in order of appearance.
	Keys []string
	// List holds the elements of a List, or the member values of an Object.
	List []Value
}

// Constructors of the simple values.

// Text is a String value.
func Text(s string) Value { return Value{Kind: String, Str: s} }

// Integer is an Int value.
func Integer(n int64) Value { return Value{Kind: Int, Int: n} }

// Boolean is a Bool value.
func Boolean(b bool) Value {
	if b {
		return Value{Kind: Bool, Int: 1}
	}
	return Value{Kind: Bool}
}

// IsNull reports whether the value is null.
func (v *Value) IsNull() bool { return v.Kind == Null }

// Get is the member of an object with that name.
func (v *Value) Get(name string) (*Value, bool) {
	for i, k := range v.Keys {
		if k == name {
			return &v.List[i], true
		}
	}
	return nil, false
}

// Bound is the value as a database argument: nil, int64, float64, bool or
// string. Lists and objects are their JSON text.
func (v *Value) Bound() any {
	switch v.Kind {
	case Null:
		return nil
	case Bool:
		return v.Int != 0
	case Int:
		return v.Int
	case Float:
		return v.Num
	case String, Enum, Number:
		return v.Str
	}
	return string(v.AppendJSON(nil))
}

// KeyPart is the value as a part of a joined sort key.
func (v *Value) KeyPart() string {
	switch v.Kind {
	case String, Enum, Number:
		return v.Str
	case Bool:
		return strconv.FormatBool(v.Int != 0)
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Float:
		return string(appendFloat(nil, v.Num))
	}
	return string(v.AppendJSON(nil))
}

// AppendJSON appends the canonical JSON text: no white space, members in order.
func (v *Value) AppendJSON(b []byte) []byte {
	switch v.Kind {
	case Bool:
		return strconv.AppendBool(b, v.Int != 0)
	case Int:
		return strconv.AppendInt(b, v.Int, 10)
	case Float:
		return appendFloat(b, v.Num)
	case Number:
		return append(b, v.Str...)
	case String, Enum:
		return AppendString(b, v.Str)
	case List:
		b = append(b, '[')
		for i := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = v.List[i].AppendJSON(b)
		}
		return append(b, ']')
	case Object:
		b = append(b, '{')
		for i := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, v.Keys[i])
			b = append(b, ':')
			b = v.List[i].AppendJSON(b)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendFloat writes a finite number so that it reads back as the same number.
func appendFloat(b []byte, f float64) []byte {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

const hex = "0123456789abcdef"

// AppendString appends a JSON string.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, s[start:i]...)
				b = append(b, "\ufffd"...)
				i++
				start = i
				continue
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
