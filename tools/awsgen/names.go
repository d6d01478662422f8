package main

import (
	"strings"
	"unicode"
)

// initialisms are the words that Go names write in capitals.
var initialisms = map[string]string{"Api": "API", "Arn": "ARN", "Id": "ID", "Ip": "IP", "Ttl": "TTL", "Url": "URL", "Mfa": "MFA"}

// upperWords are the words of enumerations that are more than capitalised.
var upperWords = map[string]string{
	"API": "API", "AWS": "AWS", "IAM": "IAM", "ID": "ID", "MFA": "MFA", "OPENID": "OpenID", "OTP": "OTP", "SMS": "SMS", "SRP": "SRP", "TOTP": "TOTP", "S3": "S3",
}

// fieldName is the Go name of a member.
func fieldName(s *shape) string { return goName(s.Model) }

// enumName is the Go name of an enumeration, before that of a value.
func enumName(s *shape) string { return goName(strings.TrimSuffix(s.Shape, "Element")) }

// goName is a name of the model with initialisms in capitals.
func goName(name string) string {
	var b, word strings.Builder
	flush := func() {
		w := word.String()
		if upper, ok := initialisms[w]; ok {
			w = upper
		}
		b.WriteString(w)
		word.Reset()
	}
	for _, r := range name {
		if unicode.IsUpper(r) {
			flush()
		}
		word.WriteRune(r)
	}
	flush()
	return b.String()
}

// constName is the Go name of a value of an enumeration.
func constName(enum *shape, value string) string {
	var b strings.Builder
	b.WriteString(enumName(enum))
	for word := range strings.SplitSeq(value, "_") {
		if upper, ok := upperWords[word]; ok {
			b.WriteString(upper)
			continue
		}
		if word == strings.ToUpper(word) {
			word = word[:1] + strings.ToLower(word[1:])
		}
		b.WriteString(upperFirst(word))
	}
	return b.String()
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// goType is the Go type of a member. Optional scalars are pointers, so that
// absent can be told from zero; structures are pointers everywhere but in lists.
func goType(s *shape) string {
	switch s.Type {
	case "structure":
		return "*" + s.Shape
	case "list":
		return "[]" + strings.TrimPrefix(goType(s.Member), "*")
	}
	scalar := map[string]string{"string": "string", "boolean": "bool", "double": "float64", "integer": "int32"}[s.Type]
	if s.Required {
		return scalar
	}
	return "*" + scalar
}

// kindName is the name of the member's type in awswire.
func kindName(s *shape) string {
	return "awswire.Kind" + strings.ToUpper(s.Type[:1]) + s.Type[1:]
}

// enumVar is the name of the list of an enumeration's values.
func enumVar(s *shape) string { return "enum" + enumName(s) }
