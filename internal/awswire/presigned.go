package awswire

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"preamp/internal/errs"
)

// presignedBody makes a body of the members that stand in the query of a
// presigned request. boto3 puts them there when it presigns a POST, as Python
// text: strings as they are, numbers in decimal, True and False. Structures and
// lists come in Python's own notation, which no one can read back.
//
// Parameters that are no members are ignored. A parameter that differs from a
// member only in case is handed on for the decoder to refuse, and so is a member
// that stands there twice.
func presignedBody(r *http.Request, members []Member) ([]byte, error) {
	var fields, unreadable []string
	for part := range strings.SplitSeq(rawQuery(r), "&") {
		rawName, rawValue, _ := strings.Cut(part, "=")
		// PathUnescape leaves "+" alone, as signers do.
		name, err1 := url.PathUnescape(rawName)
		i := slices.IndexFunc(members, func(m Member) bool { return strings.EqualFold(m.Name, name) })
		if err1 == nil && i < 0 {
			continue
		}
		value, err2 := url.PathUnescape(rawValue)
		if err1 != nil || err2 != nil {
			return nil, errs.E(errs.Invalid, "The query string has malformed percent-encoding")
		}
		if !utf8.ValidString(value) {
			return nil, errs.E(errs.Invalid, "Value at '%s' in the query string is not valid UTF-8", members[i].Name)
		}
		if m := members[i]; name == m.Name && (m.Kind == KindStructure || m.Kind == KindList) {
			unreadable = append(unreadable, "'"+m.Name+"'")
			continue
		}
		key, err := Marshal(name)
		if err != nil {
			return nil, err
		}
		text, err := presignedValue(members[i].Kind, value)
		if err != nil {
			return nil, err
		}
		fields = append(fields, string(key)+":"+text)
	}
	if len(unreadable) > 0 {
		return nil, errs.E(errs.Invalid, "A presigned request cannot carry structures or lists in its query: %s. "+
			"Sign the request in its headers, or presign it together with a body", strings.Join(unreadable, ", "))
	}
	return []byte("{" + strings.Join(fields, ",") + "}"), nil
}

// presignedValue is the JSON text of a value. What does not look like the
// member's type becomes a string, and is then refused by the decoder.
func presignedValue(kind Kind, value string) (string, error) {
	switch kind {
	case KindBoolean:
		if b := strings.ToLower(value); b == "true" || b == "false" {
			return b, nil
		}
	case KindDouble, KindInteger:
		if json.Valid([]byte(value)) && strings.Trim(value, "+-.0123456789eE") == "" {
			return value, nil
		}
	}
	text, err := Marshal(value)
	return string(text), err
}

// rawQuery is the query as it was sent.
func rawQuery(r *http.Request) string {
	if r.RequestURI == "" {
		return r.URL.RawQuery
	}
	_, query, _ := strings.Cut(r.RequestURI, "?")
	return query
}
