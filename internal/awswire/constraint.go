package awswire

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"preamp/internal/errs"
)

// Text is what the model says of a string. The zero value allows every string.
type Text struct {
	// Min and Max bound the length in characters; a Max of 0 is no bound.
	Min, Max int
	// Pattern must match all of it.
	Pattern *Pattern
	// Enum are the values allowed; all when empty.
	Enum []string
	// Sensitive keeps the value out of messages.
	Sensitive bool
}

// Size bounds the elements of a list or the entries of a map; a Max of 0 is no
// bound.
type Size struct{ Min, Max int }

// Range bounds a number.
type Range struct{ Min, Max int64 }

// maxViolations bounds what one answer says of a request.
const maxViolations = 20

// violations are the broken constraints of a request, as sentences.
type violations []string

// full reports whether no more are noted. Nothing is checked any more then: a
// large body of nothing but mistakes must not cost more than a good one.
func (v *violations) full() bool { return v == nil || len(*v) >= maxViolations }

// DecodeInput reads the body of an awsJson1_1 operation with fn. A body that
// cannot be read is a SerializationException; constraints that are broken are
// collected, so that one InvalidParameterException names them together.
func DecodeInput[T any](body []byte, fn func(*Decoder) (T, error)) (T, error) {
	d := &Decoder{data: body, broken: &violations{}}
	v, err := decode(d, fn)
	var zero T
	if err != nil {
		return zero, &errs.Error{Kind: errs.Invalid, Code: codeSerialization, Message: errs.Public(err).Message, Err: err}
	}
	if n := len(*d.broken); n > 0 {
		noun := " validation errors detected: "
		if n == 1 {
			noun = " validation error detected: "
		}
		return zero, &errs.Error{Kind: errs.Invalid, Code: codeInvalidParameter, Message: strconv.Itoa(n) + noun + strings.Join(*d.broken, "; ")}
	}
	return v, nil
}

// violate notes that the value being read breaks a constraint. shown is the
// value in quotes, empty for one that must not be shown.
//
// The sentences are those of the service: a broken constraint of an element is
// one of its list, and members are named as its own code does, with a small
// first letter, and indexes from one.
func (d *Decoder) violate(shown, constraint string) {
	if d.broken.full() {
		return
	}
	path := d.path
	for len(path) > 0 {
		last := path[len(path)-1]
		if last.entry {
			shown, constraint = "", "Map value must satisfy constraint: ["+constraint+"]"
		} else if last.name == "" {
			constraint = "Member must satisfy constraint: [" + constraint + "]"
			if shown != "" {
				shown = "'[" + shown[1:len(shown)-1] + "]'"
			}
		} else {
			break
		}
		path = path[:len(path)-1]
	}
	if shown != "" {
		shown = " " + shown
	}
	*d.broken = append(*d.broken, "Value"+shown+" at '"+memberPath(path)+"' failed to satisfy constraint: "+constraint)
}

// memberPath names a value as the services do, such as userAttributes.1.member.name.
func memberPath(path []step) string {
	var b strings.Builder
	for i, s := range path {
		if i > 0 {
			b.WriteByte('.')
		}
		switch {
		case s.entry:
			b.WriteString(clip(s.name) + ".member")
		case s.name == "":
			b.WriteString(strconv.Itoa(s.index+1) + ".member")
		default:
			b.WriteString(strings.ToLower(s.name[:1]) + s.name[1:])
		}
	}
	return b.String()
}

// check notes every constraint of c that s breaks.
func (c *Text) check(d *Decoder, s string) {
	if d.broken.full() {
		return
	}
	for _, constraint := range c.breaches(s) {
		if c.Sensitive {
			d.violate("", constraint)
		} else {
			d.violate("'"+clip(s)+"'", constraint)
		}
	}
}

// breaches are the constraints that s breaks. The length of a string is that of
// Smithy: Unicode scalar values. What is too long is not matched: it would let
// a request choose how long the matching takes.
func (c *Text) breaches(s string) []string {
	if c.Enum != nil {
		if slices.Contains(c.Enum, s) {
			return nil
		}
		return []string{"Member must satisfy enum value set: [" + strings.Join(c.Enum, ", ") + "]"}
	}
	n := utf8.RuneCountInString(s)
	if c.Max > 0 && n > c.Max {
		return []string{"Member must have length less than or equal to " + strconv.Itoa(c.Max)}
	}
	var list []string
	if c.Pattern != nil && !c.Pattern.Match(s) {
		list = append(list, "Member must satisfy regular expression pattern: "+c.Pattern.String())
	}
	if n < c.Min {
		list = append(list, "Member must have length greater than or equal to "+strconv.Itoa(c.Min))
	}
	return list
}

// check notes a number of elements or entries outside of c.
func (c Size) check(d *Decoder, n int) {
	if c.Max > 0 && n > c.Max {
		d.violate("", "Member must have length less than or equal to "+strconv.Itoa(c.Max))
	}
	if n < c.Min {
		d.violate("", "Member must have length greater than or equal to "+strconv.Itoa(c.Min))
	}
}

// check notes a number outside of c.
func (c Range) check(d *Decoder, n int64) {
	shown := "'" + strconv.FormatInt(n, 10) + "'"
	if n > c.Max {
		d.violate(shown, "Member must have value less than or equal to "+strconv.FormatInt(c.Max, 10))
	}
	if n < c.Min {
		d.violate(shown, "Member must have value greater than or equal to "+strconv.FormatInt(c.Min, 10))
	}
}
