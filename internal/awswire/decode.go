package awswire

import (
	"slices"
	"strconv"
	"strings"

	"preamp/internal/errs"
)

// Kind is the type of a member on the wire.
type Kind uint8

// The types that the models use.
const (
	KindString Kind = 1 + iota
	KindBoolean
	KindDouble
	KindInteger
	KindList
	KindStructure
)

// Member is one member of a structure that stands in a body.
type Member struct {
	Name string
	// Kind is there for operations that can be presigned.
	Kind     Kind
	Required bool
}

// Object reads a structure. It calls set for every known member that is there,
// with the decoder at its value; set must read it. An explicit null counts as
// absent, so that clients which write it for "not set" change nothing. Unknown
// members are skipped, except those that differ from a known one only in case.
func (d *Decoder) Object(members []Member, set func(name string) error) error {
	if d.peek() != '{' {
		return d.mistyped("an object")
	}
	present := make(map[string]bool, len(members))
	err := d.members(func(name string) error {
		if !slices.ContainsFunc(members, func(m Member) bool { return m.Name == name }) {
			for _, m := range members {
				if strings.EqualFold(m.Name, name) {
					return errs.E(errs.Invalid, "Unknown key '%s': it must be written '%s'", d.below(name), m.Name)
				}
			}
			return d.Skip()
		}
		if d.peek() == 'n' {
			return d.literal("null")
		}
		present[name] = true
		d.push(step{name: name})
		defer d.pop()
		return set(name)
	})
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Required && !present[m.Name] {
			if d.broken != nil {
				d.push(step{name: m.Name})
				d.violate("null", "Member must not be null")
				d.pop()
				continue
			}
			return errs.E(errs.Invalid, "Missing required key '%s'", d.below(m.Name))
		}
	}
	return nil
}

// members reads the members of an object and refuses a name that stands twice.
// Decoders differ in which of the two they believe.
func (d *Decoder) members(value func(name string) error) error {
	if err := d.open(); err != nil {
		return err
	}
	seen := map[string]struct{}{}
	for first := true; ; first = false {
		more, err := d.next(first, '}')
		if err != nil || !more {
			return err
		}
		if d.peek() != '"' {
			return d.unexpected()
		}
		name, err := d.text()
		if err != nil {
			return err
		}
		if _, dup := seen[name]; dup {
			return errs.E(errs.Invalid, "Key '%s' is given twice", clip(d.below(name)))
		}
		seen[name] = struct{}{}
		if !d.accept(':') {
			return d.unexpected()
		}
		if err := value(name); err != nil {
			return err
		}
	}
}

// Skip reads any value and forgets it.
func (d *Decoder) Skip() error {
	switch c := d.peek(); c {
	case '{':
		return d.members(func(string) error { return d.Skip() })
	case '[':
		return d.elements(d.Skip)
	case '"':
		_, err := d.text()
		return err
	case 't':
		return d.literal("true")
	case 'f':
		return d.literal("false")
	case 'n':
		return d.literal("null")
	default:
		_, err := d.number()
		return err
	}
}

// elements reads the elements of an array.
func (d *Decoder) elements(value func() error) error {
	if err := d.open(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := d.next(first, ']')
		if err != nil || !more {
			return err
		}
		if err := value(); err != nil {
			return err
		}
	}
}

// List reads an array. It is never nil, so that a list that is there and empty
// can be told from an absent one. A null in it is of the wrong type.
func List[T any](d *Decoder, element func(*Decoder) (T, error)) ([]T, error) {
	if d.peek() != '[' {
		return nil, d.mistyped("an array")
	}
	list := []T{}
	err := d.elements(func() error {
		d.push(step{index: len(list)})
		defer d.pop()
		v, err := element(d)
		list = append(list, v)
		return err
	})
	return list, err
}

// String reads a string.
func (d *Decoder) String() (string, error) {
	if d.peek() != '"' {
		return "", d.mistyped("a string")
	}
	return d.text()
}

// Enum reads a string that must be one of values.
func (d *Decoder) Enum(values []string) (string, error) {
	s, err := d.String()
	if err != nil {
		return "", err
	}
	if !slices.Contains(values, s) {
		return "", errs.E(errs.Invalid, "Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			clip(s), d.at(), strings.Join(values, ", "))
	}
	return s, nil
}

// Boolean reads a boolean.
func (d *Decoder) Boolean() (bool, error) {
	switch d.peek() {
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	}
	return false, d.mistyped("a boolean")
}

// Double reads a number.
func (d *Decoder) Double() (float64, error) {
	if d.kind() != "a number" {
		return 0, d.mistyped("a number")
	}
	text, err := d.number()
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, errs.E(errs.Invalid, "Value '%s' at '%s' is out of range", clip(text), d.at())
	}
	return f, nil
}

// Integer reads a whole number from lo to hi.
func (d *Decoder) Integer(lo, hi int32) (int32, error) {
	if d.kind() != "a number" {
		return 0, d.mistyped("a whole number")
	}
	text, err := d.number()
	if err != nil {
		return 0, err
	}
	if strings.ContainsAny(text, ".eE") {
		return 0, errs.E(errs.Invalid, "Value '%s' at '%s' must be a whole number", clip(text), d.at())
	}
	// Out of range of int64, ParseInt returns the nearest one: the comparisons hold.
	n, _ := strconv.ParseInt(text, 10, 64)
	if n > int64(hi) {
		return 0, errs.E(errs.Invalid, "Value '%s' at '%s' failed to satisfy constraint: Member must have value less than or equal to %d", clip(text), d.at(), hi)
	}
	if n < int64(lo) {
		return 0, errs.E(errs.Invalid, "Value '%s' at '%s' failed to satisfy constraint: Member must have value greater than or equal to %d", clip(text), d.at(), lo)
	}
	return int32(n), nil
}

// Ptr makes an optional member of what a decoding function returned.
func Ptr[T any](v T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// clip bounds what a message repeats of a request.
func clip(s string) string {
	const most = 128
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
