package transform

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/scalar"
)

// defaultOf is the value of @default, a text that the official resolver writes
// as a literal of the field's type. Nil without the directive, and when the text
// is no such literal.
func (a *assembler) defaultOf(f *ast.FieldDefinition) *scalar.Value {
	d := f.Directives.ForName("default")
	if d == nil || a.version == 1 {
		return nil
	}
	text, name := stringArgument(d, "value"), f.Type.Name()
	v := scalar.Text(text)
	switch name {
	case "Int", "Float", "AWSTimestamp":
		v = scalar.Value{Kind: scalar.Number, Str: strings.TrimPrefix(strings.TrimSpace(text), "+")}
		if _, err := strconv.ParseFloat(v.Str, 64); err != nil {
			return nil
		}
	case "Boolean":
		v = scalar.Boolean(strings.EqualFold(text, "true"))
	}
	if t := a.out.get(name); t != nil && t.Kind == ast.Enum {
		return &scalar.Value{Kind: scalar.Enum, Str: text}
	}
	out, reason := scalar.Input(name, &v, false)
	if reason != "" {
		return nil
	}
	return &out
}

// checkWords make the message of a check that has none of its own.
var checkWords = map[string]string{
	"gt": "be greater than", "lt": "be less than", "gte": "be greater than or equal to", "lte": "be less than or equal to",
	"minLength": "have a minimum length of", "maxLength": "have a maximum length of",
	"startsWith": "start with", "endsWith": "end with", "matches": "match",
}

// checksOf reads the @validate directives of a field.
func checksOf(model string, f *ast.FieldDefinition) []Check {
	var out []Check
	for _, d := range f.Directives.ForNames("validate") {
		value := stringArgument(d, "value")
		c := Check{Kind: stringArgument(d, "type"), Text: value}
		c.Message = "Field " + f.Name + " of type " + model + " must " + checkWords[c.Kind] + " " + value
		if m := stringArgument(d, "errorMessage"); m != "" {
			c.Message = m
		}
		switch c.Kind {
		case "gt", "lt", "gte", "lte":
			c.Number = leadingNumber(value)
		case "minLength", "maxLength":
			c.Number = leadingNumber(wholePrefix.FindString(value))
		case "matches":
			// The whole text must match, as with Java's Pattern.matches, by which
			// AppSync defines $util.matches.
			if _, err := regexp.Compile(value); err == nil {
				c.Pattern, _ = regexp.Compile(`\A(?:` + value + `)\z`)
			}
		}
		out = append(out, c)
	}
	return out
}

var (
	numberPrefix = regexp.MustCompile(`^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+|Infinity)([eE][+-]?[0-9]+)?`)
	wholePrefix  = regexp.MustCompile(`^\s*[+-]?[0-9]+`)
)

// leadingNumber reads a number as parseFloat does: as far as it is one.
func leadingNumber(text string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSpace(numberPrefix.FindString(text)), 64) // infinite beyond the range
	return n
}
