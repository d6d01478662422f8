package awswire

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"preamp/internal/errs"
)

// The functions here read members of operations whose constraints are collected;
// see DecodeInput. What is not of the member's type ends the decoding.

// Decode reads a string and checks it against c.
func (c *Text) Decode(d *Decoder) (string, error) {
	s, err := d.String()
	if err == nil {
		c.check(d, s)
	}
	return s, err
}

// Int reads a whole number of 32 bits and checks it against c.
func (d *Decoder) Int(c Range) (int32, error) {
	n, err := d.whole(math.MinInt32, math.MaxInt32)
	if err == nil {
		c.check(d, n)
	}
	return int32(n), err
}

// Long reads a whole number of 64 bits and checks it against c.
func (d *Decoder) Long(c Range) (int64, error) {
	n, err := d.whole(math.MinInt64, math.MaxInt64)
	if err == nil {
		c.check(d, n)
	}
	return n, err
}

// whole reads a whole number from lo to hi.
func (d *Decoder) whole(lo, hi int64) (int64, error) {
	if d.kind() != "a number" {
		return 0, d.mistyped("a whole number")
	}
	text, err := d.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if strings.ContainsAny(text, ".eE") {
		return 0, errs.E(errs.Invalid, "Value '%s' at '%s' must be a whole number", clip(text), d.at())
	}
	if err != nil || n < lo || n > hi {
		return 0, errs.E(errs.Invalid, "Value '%s' at '%s' is out of range", clip(text), d.at())
	}
	return n, nil
}

// Blob reads bytes, which are base64 text on the wire.
func (d *Decoder) Blob() ([]byte, error) {
	s, err := d.String()
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "Value at '%s' is not base64 text", d.at())
	}
	return b, nil
}

// Document reads any value as it stands. It is checked like the rest of the
// body: no name twice in an object, and no text that other decoders would read
// in another way.
func (d *Decoder) Document() (json.RawMessage, error) {
	d.peek()
	start := d.pos
	if err := d.Skip(); err != nil {
		return nil, err
	}
	return slices.Clone(d.data[start:d.pos]), nil
}

// ListOf reads an array whose number of elements c bounds; see List.
func ListOf[T any](d *Decoder, c Size, element func(*Decoder) (T, error)) ([]T, error) {
	list, err := List(d, element)
	if err == nil {
		c.check(d, len(list))
	}
	return list, err
}

// MapOf reads an object as a map, with keys that satisfy key, and c as the bound
// of its entries. It is never nil. An entry that is null counts as absent, as
// members do.
func MapOf[T any](d *Decoder, c Size, key *Text, value func(*Decoder) (T, error)) (map[string]T, error) {
	if d.peek() != '{' {
		return nil, d.mistyped("an object")
	}
	m := map[string]T{}
	err := d.members(func(name string) error {
		if d.peek() == 'n' {
			return d.literal("null")
		}
		if !d.broken.full() {
			for _, constraint := range key.breaches(name) {
				d.violate("", "Map keys must satisfy constraint: ["+constraint+"]")
			}
		}
		d.push(step{name: name, entry: true})
		defer d.pop()
		v, err := value(d)
		m[name] = v
		return err
	})
	if err == nil {
		c.check(d, len(m))
	}
	return m, err
}
