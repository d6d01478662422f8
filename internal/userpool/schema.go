package userpool

import (
	"fmt"
	"maps"
	"math/big"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Types of attributes.
const (
	TypeString   = "String"
	TypeNumber   = "Number"
	TypeDateTime = "DateTime"
	TypeBoolean  = "Boolean"
)

const (
	maxCustom     = 50
	maxAttribute  = 2048 // bytes of a value
	customPrefix  = "custom:"
	maxCustomName = 20
)

// Attribute is what a pool knows of an attribute of its users.
type Attribute struct {
	Name     string // with custom: in front, if it is not a standard one
	Type     string
	Mutable  bool
	Required bool
	// MinLength and MaxLength bound texts, Min and Max numbers; nil does not.
	MinLength, MaxLength *int
	Min, Max             *string
}

// StandardAttributes are the attributes of OpenID Connect that every pool has.
func StandardAttributes() []Attribute {
	text := func(name string, low, high int) Attribute {
		return Attribute{Name: name, Type: TypeString, Mutable: true, MinLength: &low, MaxLength: &high}
	}
	sub := text(attrSub, 1, 2048)
	sub.Mutable, sub.Required = false, true
	zero := "0"
	out := []Attribute{
		sub, text("birthdate", 10, 10),
		{Name: "email_verified", Type: TypeBoolean, Mutable: true},
		{Name: "phone_number_verified", Type: TypeBoolean, Mutable: true},
		{Name: "updated_at", Type: TypeNumber, Mutable: true, Min: &zero},
	}
	for _, name := range []string{
		"address", attrEmail, "family_name", "gender", "given_name", "locale", "middle_name", "name", "nickname", attrPhone,
		"picture", attrPreferred, "profile", "website", "zoneinfo",
	} {
		out = append(out, text(name, 0, maxAttribute))
	}
	return out
}

// Schema is every attribute of the pool by name.
func (s *Settings) Schema() map[string]Attribute {
	out := map[string]Attribute{}
	for _, a := range append(StandardAttributes(), s.Attributes...) {
		out[a.Name] = a
	}
	return out
}

var customForm = regexp.MustCompile(`^custom:[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,20}$`)

func (s *Settings) checkSchema() error {
	standard := map[string]Attribute{}
	for _, a := range StandardAttributes() {
		standard[a.Name] = a
	}
	seen, custom := map[string]bool{}, 0
	for i := range s.Attributes {
		a := &s.Attributes[i]
		if seen[a.Name] {
			return invalid("%s: Attribute already exists in the schema.", a.Name)
		}
		seen[a.Name] = true
		if err := oneOf("attributeDataType", []string{a.Type}, []string{TypeString, TypeNumber, TypeDateTime, TypeBoolean}); err != nil {
			return err
		}
		if known, ok := standard[a.Name]; ok {
			if known.Type != a.Type {
				return invalid("You can not change AttributeDataType of a standard attribute (%s).", a.Name)
			}
			continue
		}
		if !customForm.MatchString(a.Name) {
			return invalid("%q is not the name of a custom attribute: 1 to %d characters after %s", a.Name, maxCustomName, customPrefix)
		}
		if a.Required {
			return invalid("Required custom attributes are not supported currently.")
		}
		if custom++; custom > maxCustom {
			return limitExceeded("A user pool has at most %d custom attributes.", maxCustom)
		}
	}
	return nil
}

// conform refuses attributes that the schema does not allow. complete asks for
// the required ones too.
func (s *Settings) conform(given map[string]string, complete bool) error {
	schema := s.Schema()
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(given)) {
		a, ok := schema[name]
		if !ok {
			fmt.Fprintf(&lines, "%s: Attribute does not exist in the schema.\n", name)
			continue
		}
		if why := a.refuses(given[name]); why != "" {
			fmt.Fprintf(&lines, "%s: %s\n", name, why)
		}
	}
	if complete {
		for _, name := range slices.Sorted(maps.Keys(schema)) {
			if schema[name].Required && name != attrSub && given[name] == "" {
				fmt.Fprintf(&lines, "%s: The attribute is required\n", name)
			}
		}
	}
	if lines.Len() > 0 {
		return nonconforming(lines.String())
	}
	if v := given[attrEmail]; v != "" && !isEmail(v) {
		return invalid("Invalid email address format.")
	}
	if v := given[attrPhone]; v != "" && !isPhone(v) {
		return invalid("Invalid phone number format.")
	}
	return nil
}

// knows refuses names that are not in the schema, where attributes are taken away.
func (s *Settings) knows(names []string) error {
	schema := s.Schema()
	var lines strings.Builder
	for _, name := range names {
		if _, ok := schema[name]; !ok {
			fmt.Fprintf(&lines, "user.%s: Attribute does not exist in the schema.\n", name)
		}
	}
	if lines.Len() > 0 {
		return invalid("Invalid user attributes: %s", lines.String())
	}
	return nil
}

// canonical writes truth values as they are stored: callers write True too.
func (s *Settings) canonical(given map[string]string) {
	schema := s.Schema()
	for name, v := range given {
		if lower := strings.ToLower(v); schema[name].Type == TypeBoolean && (lower == "true" || lower == "false") {
			given[name] = lower
		}
	}
}

// refuses says what is wrong with a value; an empty one takes the attribute away
// and is always right.
func (a Attribute) refuses(v string) string {
	switch {
	case len(v) > maxAttribute:
		return fmt.Sprintf("String must be no longer than %d characters", maxAttribute)
	case !utf8.ValidString(v) || strings.ContainsAny(v, "\x00\U0010ffff"):
		return "The value is not text"
	case v == "":
		return ""
	}
	switch a.Type {
	case TypeNumber:
		return a.refusesNumber(v)
	case TypeBoolean:
		if v != "true" && v != "false" {
			return "The value must be true or false"
		}
	case TypeDateTime:
		if _, err := time.Parse(time.RFC3339, v); err != nil {
			if _, err := strconv.ParseInt(v, 10, 64); err != nil {
				return "The value is not a date"
			}
		}
	default:
		n := utf8.RuneCountInString(v)
		if a.MinLength != nil && n < *a.MinLength {
			return fmt.Sprintf("String must be at least %d characters long", *a.MinLength)
		}
		if a.MaxLength != nil && n > *a.MaxLength {
			return fmt.Sprintf("String must be no longer than %d characters", *a.MaxLength)
		}
	}
	return ""
}

var integer = regexp.MustCompile(`^-?[0-9]{1,64}$`)

func (a Attribute) refusesNumber(v string) string {
	if !integer.MatchString(v) {
		return "The value is not a number"
	}
	n, _ := new(big.Int).SetString(v, 10)
	for _, bound := range []struct {
		limit *string
		sign  int
		word  string
	}{{a.Min, -1, "at least"}, {a.Max, 1, "at most"}} {
		if bound.limit == nil {
			continue
		}
		if limit, ok := new(big.Int).SetString(*bound.limit, 10); ok && n.Cmp(limit) == bound.sign {
			return fmt.Sprintf("The value must be %s %s", bound.word, *bound.limit)
		}
	}
	return ""
}

var phoneForm = regexp.MustCompile(`^\+[0-9]{1,15}$`)

// isPhone accepts what Cognito checks of E.164: a plus sign and digits.
func isPhone(v string) bool { return phoneForm.MatchString(v) }

// isEmail accepts a bare address.
func isEmail(v string) bool {
	if len(v) > 320 || strings.ContainsAny(v, " \t\r\n<>") {
		return false
	}
	a, err := mail.ParseAddress(v)
	return err == nil && a.Address == v && a.Name == ""
}
