package awswire

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"preamp/internal/errs"
)

// maxDepth bounds the nesting of arrays and objects in a body.
const maxDepth = 64

// Decoder reads one JSON text, strictly: names are matched with their case, no
// name may stand twice in an object, and what encoding/json would silently
// repair (lone surrogates, invalid UTF-8) is refused. Its errors are *errs.Error
// of kind Invalid that name the member and what is allowed there.
type Decoder struct {
	data  []byte
	pos   int
	depth int
	path  []step
	// broken is where broken constraints are noted; nil when the first ends the
	// decoding.
	broken *violations
}

// step is one element of the path to the value being read: a member, the entry
// of a map, or an index when name is empty.
type step struct {
	name  string
	index int
	// entry says that name is the key of a map.
	entry bool
}

// Decode reads a body with fn. An empty body and null are read as {}.
func Decode[T any](body []byte, fn func(*Decoder) (T, error)) (T, error) {
	return decode(&Decoder{data: body}, fn)
}

// decode reads the text of d with fn.
func decode[T any](d *Decoder, fn func(*Decoder) (T, error)) (T, error) {
	var zero T
	if !utf8.Valid(d.data) {
		return zero, errs.E(errs.Invalid, "The request body is not valid UTF-8")
	}
	if b := bytes.Trim(d.data, " \t\r\n"); len(b) == 0 || string(b) == "null" {
		d.data = []byte("{}")
	}
	v, err := fn(d)
	if err != nil {
		return zero, err
	}
	if d.peek() != 0 {
		return zero, d.syntax("unexpected text after the end")
	}
	return v, nil
}

// peek is the first byte of the next token, and 0 at the end. A byte 0 in the
// text is told from the end by reading it as 1, which begins no token either.
func (d *Decoder) peek() byte {
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\r', '\n':
			d.pos++
		case 0:
			return 1
		default:
			return c
		}
	}
	return 0
}

// accept reads one punctuation character if it comes next.
func (d *Decoder) accept(c byte) bool {
	if d.peek() != c {
		return false
	}
	d.pos++
	return true
}

func (d *Decoder) syntax(what string) error {
	return errs.E(errs.Invalid, "The request body is not valid JSON: %s at byte %d", what, d.pos)
}

func (d *Decoder) unexpected() error {
	if d.peek() == 0 {
		return d.syntax("unexpected end")
	}
	return d.syntax("unexpected character")
}

// kind names the next value, for messages.
func (d *Decoder) kind() string {
	switch c := d.peek(); c {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return "a number"
		}
		return ""
	}
}

// mistyped is the error of a value that is not what its member must be. What is
// no value at all is a syntax error.
func (d *Decoder) mistyped(want string) error {
	got := d.kind()
	if got == "" {
		return d.unexpected()
	}
	if len(d.path) == 0 {
		return errs.E(errs.Invalid, "The request body must be %s, not %s", want, got)
	}
	return errs.E(errs.Invalid, "Value at '%s' must be %s, not %s", d.at(), want, got)
}

// at is the path of the value being read, such as resourceConfig.types[0].mode.
func (d *Decoder) at() string {
	var b strings.Builder
	for i, s := range d.path {
		switch {
		case s.entry:
			b.WriteString("['" + clip(s.name) + "']")
		case s.name == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// below is the path of a member of the object being read.
func (d *Decoder) below(name string) string {
	if len(d.path) == 0 {
		return name
	}
	return d.at() + "." + name
}

func (d *Decoder) push(s step) { d.path = append(d.path, s) }
func (d *Decoder) pop()        { d.path = d.path[:len(d.path)-1] }

// open enters an array or object.
func (d *Decoder) open() error {
	d.pos++
	if d.depth++; d.depth > maxDepth {
		return errs.E(errs.Invalid, "The request body is nested more than %d levels deep", maxDepth)
	}
	return nil
}

// next goes on to the next element of an array or object, and reports false
// after the closing character.
func (d *Decoder) next(first bool, end byte) (bool, error) {
	if first {
		if d.accept(end) {
			d.depth--
			return false, nil
		}
		return true, nil
	}
	if d.accept(',') {
		return true, nil
	}
	if d.accept(end) {
		d.depth--
		return false, nil
	}
	return false, d.unexpected()
}

// literal reads true, false or null.
func (d *Decoder) literal(text string) error {
	if !bytes.HasPrefix(d.data[d.pos:], []byte(text)) {
		return d.unexpected()
	}
	d.pos += len(text)
	return nil
}

// number reads a number and returns its text.
func (d *Decoder) number() (string, error) {
	start := d.pos
	if d.pos < len(d.data) && d.data[d.pos] == '-' {
		d.pos++
	}
	switch {
	case d.pos < len(d.data) && d.data[d.pos] == '0':
		d.pos++
	case d.digits() == 0:
		return "", d.unexpected()
	}
	if d.pos < len(d.data) && d.data[d.pos] == '.' {
		d.pos++
		if d.digits() == 0 {
			return "", d.unexpected()
		}
	}
	if d.pos < len(d.data) && (d.data[d.pos] == 'e' || d.data[d.pos] == 'E') {
		d.pos++
		if d.pos < len(d.data) && (d.data[d.pos] == '+' || d.data[d.pos] == '-') {
			d.pos++
		}
		if d.digits() == 0 {
			return "", d.unexpected()
		}
	}
	return string(d.data[start:d.pos]), nil
}

// digits skips digits and counts them.
func (d *Decoder) digits() int {
	start := d.pos
	for d.pos < len(d.data) && '0' <= d.data[d.pos] && d.data[d.pos] <= '9' {
		d.pos++
	}
	return d.pos - start
}

// text reads a string.
func (d *Decoder) text() (string, error) {
	d.pos++
	start := d.pos
	var out []byte // nil as long as the string is a plain piece of data
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			piece := d.data[start:d.pos]
			d.pos++
			if out == nil {
				return string(piece), nil
			}
			return string(append(out, piece...)), nil
		case c < 0x20:
			return "", d.syntax("control character in a string")
		case c == '\\':
			out = append(out, d.data[start:d.pos]...)
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
			start = d.pos
		default:
			d.pos++
		}
	}
	return "", d.syntax("unexpected end")
}

// escape reads an escape sequence, a surrogate pair as one.
func (d *Decoder) escape() (rune, error) {
	if d.pos+1 >= len(d.data) {
		d.pos = len(d.data)
		return 0, d.syntax("unexpected end")
	}
	c := d.data[d.pos+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		d.pos += 2
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, d.syntax("invalid escape")
	}
	r, ok := d.hex()
	if !ok {
		return 0, d.syntax("invalid escape")
	}
	if utf16.IsSurrogate(r) {
		low, ok := d.hex()
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return 0, d.syntax("lone surrogate before")
		}
	}
	if r == 0 {
		// PostgreSQL cannot store it, and no member has a use for it.
		return 0, d.syntax("the character U+0000 before")
	}
	return r, nil
}

// hex reads \uXXXX.
func (d *Decoder) hex() (rune, bool) {
	if d.pos+6 > len(d.data) || d.data[d.pos] != '\\' || d.data[d.pos+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(d.data[d.pos+2:d.pos+6]), 16, 16)
	if err != nil {
		return 0, false
	}
	d.pos += 6
	return rune(n), true
}
