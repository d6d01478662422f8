package transform

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// defaultsV2 checks @default, which changes nothing in the schema.
func (c *compiler) defaultsV2() error {
	return c.uses("default", func(e element) error {
		if c.byName[e.parent.Name] == nil || e.extension {
			return e.refuse("The @default directive may only be added to object definitions annotated with @model.")
		}
		if !c.keyable(e.field) {
			return e.refuse("The @default directive may only be added to scalar or enum field types.")
		}
		v := argument(e.directive, "value")
		switch {
		case v == nil:
			return e.refuse("The @default directive requires a value property on non-Postgres datasources.")
		case v.Kind == ast.NullValue:
			return e.refuse("The @default directive does not support null values.")
		}
		name := e.field.Type.Name()
		if t := c.out.get(name); t != nil && t.Kind == ast.Enum {
			if t.EnumValues.ForName(v.Raw) == nil {
				return e.refuse("Default value %q is not a member of %s enum.", v.Raw, name)
			}
		} else if !validDefault(name, v.Raw) {
			return e.refuse("Default value \"%s\" is not a valid %s.", v.Raw, name)
		}
		return nil
	})
}

var (
	wholeStart  = regexp.MustCompile(`^\s*[+-]?[0-9]`)
	numberStart = regexp.MustCompile(`^\s*[+-]?(Infinity|\.?[0-9])`)
	boolean     = regexp.MustCompile(`(?i)^(true|false)$`)
	clockTime   = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)
	email       = regexp.MustCompile(`^[a-zA-Z0-9.!#$%&'*+/=?^_{|}~` + "`" + `-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?` +
		`(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$`)
	phone       = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	absoluteURL = regexp.MustCompile(`^\s*[A-Za-z][A-Za-z0-9+.-]*:`)
	webURL      = regexp.MustCompile(`(?i)^\s*(https?|wss?|ftp):[/\\]*[^/\\?#\s:]+`)
	webScheme   = regexp.MustCompile(`(?i)^\s*(https?|wss?|ftp):`)
)

// validDefault says whether a text is a value of a scalar, as far as the
// official tool looks: numbers need only begin like one.
func validDefault(scalar, text string) bool {
	switch scalar {
	case "Int", "AWSTimestamp":
		return wholeStart.MatchString(text)
	case "Float":
		return numberStart.MatchString(text)
	case "Boolean":
		return boolean.MatchString(text)
	case "AWSJSON":
		return json.Valid([]byte(text))
	case "AWSDate":
		return validDate(text)
	case "AWSTime":
		return clockTime.MatchString(text)
	case "AWSDateTime":
		date, clock, ok := strings.Cut(text, "T")
		return ok && validDate(date) && clockTime.MatchString(clock)
	case "AWSEmail":
		return email.MatchString(text)
	case "AWSURL":
		if webScheme.MatchString(text) {
			return webURL.MatchString(text)
		}
		return absoluteURL.MatchString(text)
	case "AWSPhone":
		return phone.MatchString(strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(text))
	case "AWSIPAddress":
		_, err := netip.ParseAddr(text)
		return err == nil
	}
	return true
}

func validDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// mapsToV2 reads @mapsTo: the table keeps an old name.
func (c *compiler) mapsToV2() error {
	return c.uses("mapsTo", func(e element) error {
		m := c.byName[e.parent.Name]
		if m == nil {
			return e.refuse("@mapsTo is not supported on type %s. It can only be used on a @model type.", e.parent.Name)
		}
		name := stringArgument(e.directive, "name")
		if c.byName[name] != nil {
			return e.refuse("Cannot apply @mapsTo with name %q on type %q because %q model already exists in the schema.",
				name, m.name, name)
		}
		for _, d := range c.doc.AST.Definitions {
			other := d.Directives.ForName("mapsTo")
			if d.Name != m.name && other != nil && stringArgument(other, "name") == name {
				return e.refuse("Cannot apply @mapsTo with name %q on type %q because %q model already has the same name mapping.",
					name, m.name, d.Name)
			}
		}
		c.mapped[m.name] = name
		return nil
	})
}

var (
	numericValidations = []string{"gt", "lt", "gte", "lte"}
	lengthValidations  = []string{"minLength", "maxLength"}
	lengthStart        = regexp.MustCompile(`^\s*[+]?[0-9]`)
	zeroStart          = regexp.MustCompile(`^\s*-0+([^0-9]|$)`)
)

// validationsV2 checks @validate, which changes nothing in the schema.
func (c *compiler) validationsV2() error {
	return c.uses("validate", func(e element) error {
		if c.byName[e.parent.Name] == nil || e.extension {
			return e.refuse("@validate directive can only be used on fields within @model types.")
		}
		f := e.field
		if isList(f.Type) {
			return e.refuse("@validate directive cannot be used on list field '%s'", f.Name)
		}
		index := slices.Index(f.Directives, e.directive)
		kind := stringArgument(e.directive, "type")
		for i, d := range f.Directives {
			if d.Name == "default" && i > index {
				return e.refuse("@validate directive must be specified after @default directive")
			}
			if d.Name == "validate" && d != e.directive && stringArgument(d, "type") == kind {
				return e.refuse("Duplicate @validate directive with type '%s' on field '%s'. Each validation type can only be "+
					"used once per field.", kind, f.Name)
			}
		}
		return e.checkValidation(kind, stringArgument(e.directive, "value"))
	})
}

func (e element) checkValidation(kind, value string) error {
	typ := e.field.Type.Name()
	switch {
	case slices.Contains(numericValidations, kind):
		if typ != "Int" && typ != "Float" {
			return e.refuse("Validation type '%s' can only be used with numeric fields (Int, Float). Field '%s' is of type '%s'",
				kind, e.field.Name, typ)
		}
		if !numberStart.MatchString(value) {
			return e.refuse("%s value must be a number. Received '%s' for field '%s'", kind, value, e.field.Name)
		}
	case typ != "String":
		return e.refuse("Validation type '%s' can only be used with 'String' fields. Field '%s' is of type '%s'",
			kind, e.field.Name, typ)
	case slices.Contains(lengthValidations, kind) && !lengthStart.MatchString(value) && !zeroStart.MatchString(value):
		return e.refuse("%s value must be a non-negative integer. Received '%s' for field '%s'", kind, value, e.field.Name)
	}
	return nil
}
