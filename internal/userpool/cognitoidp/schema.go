package cognitoidp

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

const (
	customPrefix = "custom:"
	maxLength    = 2048
)

// schemaOrder is the order in which Cognito lists the standard attributes.
var schemaOrder = []string{
	attrSub, "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
	"email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", attrPhone, "phone_number_verified", "address", "updated_at",
}

// newAttribute is an attribute that a request adds to a schema. custom says that
// it cannot be a standard one.
//
// Errors: InvalidParameterException.
func newAttribute(in idp.SchemaAttributeType, custom bool) (userpool.Attribute, error) {
	var standard *userpool.Attribute
	if !custom {
		for _, a := range userpool.StandardAttributes() {
			if a.Name == in.Name {
				standard = &a
			}
		}
	}
	out := userpool.Attribute{Name: in.Name, Type: in.AttributeDataType, Mutable: true}
	switch {
	case standard != nil:
		if in.AttributeDataType != "" && in.AttributeDataType != standard.Type || isTrue(in.DeveloperOnlyAttribute) {
			return out, invalid("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", in.Name)
		}
		out = *standard
	case isTrue(in.DeveloperOnlyAttribute):
		return out, unavailable("DeveloperOnlyAttribute")
	case in.AttributeDataType == "":
		return out, invalid("Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
	case !strings.HasPrefix(in.Name, customPrefix):
		out.Name = customPrefix + in.Name
	}
	if in.Mutable != nil {
		out.Mutable = *in.Mutable
	}
	if in.Required != nil {
		out.Required = *in.Required
	}
	return out, constrain(&out, in)
}

// constrain sets the constraints of the attribute's type; others mean nothing.
func constrain(out *userpool.Attribute, in idp.SchemaAttributeType) error {
	switch out.Type {
	case userpool.TypeString:
		if c := in.StringAttributeConstraints; c != nil {
			return lengths(out, in.Name, c)
		}
	case userpool.TypeNumber:
		if c := in.NumberAttributeConstraints; c != nil {
			return numbers(out, in.Name, c)
		}
	}
	return nil
}

func lengths(out *userpool.Attribute, name string, c *idp.StringAttributeConstraintsType) error {
	for _, b := range []struct {
		text string
		to   **int
	}{{c.MinLength, &out.MinLength}, {c.MaxLength, &out.MaxLength}} {
		if b.text == "" {
			continue
		}
		n, err := strconv.Atoi(b.text)
		switch {
		case err != nil || n < 0:
			return invalid("Invalid StringAttributeConstraints for schema attribute %s", name)
		case n > maxLength:
			return invalid("user.%s: String attributes cannot have a length of more than %d", name, maxLength)
		}
		*b.to = &n
	}
	if out.MinLength != nil && out.MaxLength != nil && *out.MaxLength < *out.MinLength {
		return invalid("user.%s: Max length cannot be less than min length.", name)
	}
	return nil
}

func numbers(out *userpool.Attribute, name string, c *idp.NumberAttributeConstraintsType) error {
	var bounds [2]*int64
	for i, b := range []struct {
		text string
		to   **string
	}{{c.MinValue, &out.Min}, {c.MaxValue, &out.Max}} {
		if b.text == "" {
			continue
		}
		n, err := strconv.ParseInt(b.text, 10, 64)
		if err != nil {
			return invalid("Invalid NumberAttributeConstraints for schema attribute %s", name)
		}
		*b.to, bounds[i] = new(strconv.FormatInt(n, 10)), &n
	}
	if bounds[0] != nil && bounds[1] != nil && *bounds[1] < *bounds[0] {
		return invalid("user.%s: Max value cannot be less than min value.", name)
	}
	return nil
}

// schemaAttributes are all attributes of a pool: the standard ones in Cognito's
// order and the custom ones as they were added.
func schemaAttributes(s *userpool.Settings) []idp.SchemaAttributeType {
	known := s.Schema()
	names := slices.Clone(schemaOrder)
	for _, a := range s.Attributes {
		if strings.HasPrefix(a.Name, customPrefix) {
			names = append(names, a.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	out := make([]idp.SchemaAttributeType, 0, len(names))
	for _, name := range names {
		out = append(out, attributeType(known[name]))
	}
	return out
}

func attributeType(a userpool.Attribute) idp.SchemaAttributeType {
	out := idp.SchemaAttributeType{
		Name: a.Name, AttributeDataType: a.Type, DeveloperOnlyAttribute: new(false), Mutable: &a.Mutable, Required: &a.Required,
	}
	switch a.Type {
	case userpool.TypeString:
		out.StringAttributeConstraints = &idp.StringAttributeConstraintsType{MinLength: number(a.MinLength), MaxLength: number(a.MaxLength)}
	case userpool.TypeNumber:
		if a.Min == nil && a.Max == nil {
			break
		}
		out.NumberAttributeConstraints = &idp.NumberAttributeConstraintsType{}
		if a.Min != nil {
			out.NumberAttributeConstraints.MinValue = *a.Min
		}
		if a.Max != nil {
			out.NumberAttributeConstraints.MaxValue = *a.Max
		}
	}
	return out
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
