package scalar

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrSyntax says that a text is not one JSON value: malformed, invalid UTF-8, a
// member name twice in an object, or something after the value.
var ErrSyntax = errors.New("scalar: not a JSON value")

// ErrDepth says that a JSON text nests deeper than allowed.
var ErrDepth = errors.New("scalar: JSON nests too deep")

// ErrSize says that a JSON text has more values than any request needs. The
// bound keeps a small text from taking much memory.
var ErrSize = errors.New("scalar: JSON has too many values")

// MaxValues is the number of values that one JSON text may have.
const MaxValues = 100_000

// Decode reads one JSON text strictly. Lists and objects may nest at most depth
// deep. The value shares memory with the text.
func Decode(text string, depth int) (Value, error) {
	return decode(decoder{text: text, depth: depth, left: MaxValues})
}

// DecodeOwn reads a JSON text that preamp has made itself, without limits.
func DecodeOwn(text string) (Value, error) {
	return decode(decoder{text: text, depth: len(text), left: len(text)})
}

func decode(d decoder) (Value, error) {
	d.space()
	v := d.value()
	d.space()
	if d.err == nil && d.pos != len(d.text) {
		d.err = ErrSyntax
	}
	if d.err != nil {
		return Value{}, d.err
	}
	return v, nil
}

type decoder struct {
	text  string
	pos   int
	depth int
	left  int // values that may still come
	err   error
}

func (d *decoder) fail() Value {
	if d.err == nil {
		d.err = ErrSyntax
	}
	return Value{}
}

func (d *decoder) space() {
	for d.pos < len(d.text) {
		switch d.text[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// next skips white space and answers the byte that follows, 0 at the end.
func (d *decoder) next() byte {
	d.space()
	if d.pos < len(d.text) {
		return d.text[d.pos]
	}
	return 0
}

func (d *decoder) value() Value {
	if d.pos >= len(d.text) {
		return d.fail()
	}
	if d.left--; d.left < 0 {
		if d.err == nil {
			d.err = ErrSize
		}
		return Value{}
	}
	switch c := d.text[d.pos]; c {
	case '{':
		return d.object()
	case '[':
		return d.list()
	case '"':
		return Value{Kind: String, Str: d.str()}
	case 't':
		return d.word("true", Boolean(true))
	case 'f':
		return d.word("false", Boolean(false))
	case 'n':
		return d.word("null", Value{})
	}
	return d.number()
}

func (d *decoder) word(w string, v Value) Value {
	if !strings.HasPrefix(d.text[d.pos:], w) {
		return d.fail()
	}
	d.pos += len(w)
	return v
}

func (d *decoder) enter() bool {
	d.pos++
	d.depth--
	if d.depth < 0 && d.err == nil {
		d.err = ErrDepth
	}
	return d.err == nil
}

func (d *decoder) list() Value {
	if !d.enter() {
		return Value{}
	}
	v := Value{Kind: List}
	if d.next() == ']' {
		d.pos++
		d.depth++
		return v
	}
	for {
		d.space()
		v.List = append(v.List, d.value())
		if d.err != nil {
			return Value{}
		}
		switch d.next() {
		case ',':
			d.pos++
		case ']':
			d.pos++
			d.depth++
			return v
		default:
			return d.fail()
		}
	}
}

func (d *decoder) object() Value {
	if !d.enter() {
		return Value{}
	}
	v := Value{Kind: Object}
	if d.next() == '}' {
		d.pos++
		d.depth++
		return v
	}
	// seen replaces the search among the names once an object is large, so that
	// a hostile body cannot make the check quadratic.
	var seen map[string]struct{}
	for {
		if d.next() != '"' {
			return d.fail()
		}
		name := d.str()
		if d.next() != ':' {
			return d.fail()
		}
		d.pos++
		d.space()
		if seen == nil && len(v.Keys) >= 16 {
			seen = make(map[string]struct{}, 64)
			for _, k := range v.Keys {
				seen[k] = struct{}{}
			}
		}
		if seen != nil {
			if _, twice := seen[name]; twice {
				return d.fail()
			}
			seen[name] = struct{}{}
		} else if _, twice := v.Get(name); twice {
			return d.fail()
		}
		val := d.value()
		if d.err != nil {
			return Value{}
		}
		v.Keys = append(v.Keys, name)
		v.List = append(v.List, val)
		switch d.next() {
		case ',':
			d.pos++
		case '}':
			d.pos++
			d.depth++
			return v
		default:
			return d.fail()
		}
	}
}

func (d *decoder) digits() bool {
	start := d.pos
	for d.pos < len(d.text) && d.text[d.pos] >= '0' && d.text[d.pos] <= '9' {
		d.pos++
	}
	return d.pos > start
}

func (d *decoder) at(c byte) bool { return d.pos < len(d.text) && d.text[d.pos] == c }

func (d *decoder) number() Value {
	start := d.pos
	if d.at('-') {
		d.pos++
	}
	if d.at('0') {
		d.pos++
	} else if !d.digits() {
		return d.fail()
	}
	if d.at('.') {
		d.pos++
		if !d.digits() {
			return d.fail()
		}
	}
	if d.at('e') || d.at('E') {
		d.pos++
		if d.at('+') || d.at('-') {
			d.pos++
		}
		if !d.digits() {
			return d.fail()
		}
	}
	return Value{Kind: Number, Str: d.text[start:d.pos]}
}

// str reads a string; the position is at its opening quote.
func (d *decoder) str() string {
	d.pos++
	start := d.pos
	ascii := true
	for d.pos < len(d.text) {
		c := d.text[d.pos]
		switch {
		case c == '"':
			s := d.text[start:d.pos]
			if !ascii && !utf8.ValidString(s) {
				d.fail()
				return ""
			}
			d.pos++
			return s
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			d.fail()
			return ""
		case c >= utf8.RuneSelf:
			ascii = false
		}
		d.pos++
	}
	d.fail()
	return ""
}

// escaped reads the rest of a string that has an escape at the position.
func (d *decoder) escaped(start int) string {
	buf := append(make([]byte, 0, 2*(d.pos-start)+32), d.text[start:d.pos]...)
	for d.pos < len(d.text) {
		c := d.text[d.pos]
		switch {
		case c == '"':
			if !utf8.Valid(buf) {
				d.fail()
				return ""
			}
			d.pos++
			return string(buf)
		case c < ' ':
			d.fail()
			return ""
		case c != '\\':
			buf = append(buf, c)
			d.pos++
			continue
		}
		if d.pos+1 >= len(d.text) {
			break
		}
		e := d.text[d.pos+1]
		d.pos += 2
		switch e {
		case '"', '\\', '/':
			buf = append(buf, e)
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r, ok := d.unicode()
			if !ok {
				d.fail()
				return ""
			}
			buf = utf8.AppendRune(buf, r)
		default:
			d.fail()
			return ""
		}
	}
	d.fail()
	return ""
}

func (d *decoder) hex4() (rune, bool) {
	if len(d.text)-d.pos < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(d.text[d.pos:d.pos+4], 16, 16)
	if err != nil {
		return 0, false
	}
	d.pos += 4
	return rune(n), true
}

// unicode reads the digits after \u, and the second half of a surrogate pair. A
// half without its partner becomes U+FFFD, as JavaScript's encoder does.
func (d *decoder) unicode() (rune, bool) {
	r, ok := d.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if len(d.text)-d.pos >= 6 && d.text[d.pos] == '\\' && d.text[d.pos+1] == 'u' {
		back := d.pos
		d.pos += 2
		low, ok := d.hex4()
		if !ok {
			return 0, false
		}
		if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
			return full, true
		}
		d.pos = back
	}
	return utf8.RuneError, true
}
