package authz

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// joint separates the claims of a rule that names an owner by several, and their
// values.
const joint = "::"

// ownerValues is who the caller is by a claim, or by several of them joined by
// "::". full is what a row of the caller is stamped with, forms are all texts in a
// row that mean the caller: full and, with several claims, each of their values.
// It is not ok for a caller who lacks one of them.
//
// Users choose their names, so a name must not read like the joined identity of
// somebody else: a value with "::" counts as the last of several only, and never by
// itself.
func ownerValues(claims map[string]any, claim string) (full string, forms []string, ok bool) {
	names := strings.Split(claim, joint)
	if len(names) == 1 {
		full, ok = ownerClaim(claims, claim)
		if !ok {
			return "", nil, false
		}
		return full, []string{full}, true
	}
	parts := make([]string, len(names))
	for i, name := range names {
		if parts[i], ok = ownerClaim(claims, name); !ok {
			return "", nil, false
		}
		if i < len(names)-1 && strings.Contains(parts[i]+":", joint) {
			return "", nil, false
		}
	}
	full = strings.Join(parts, joint)
	forms = []string{full}
	for _, part := range parts {
		if !strings.Contains(part, joint) && !slices.Contains(forms, part) {
			forms = append(forms, part)
		}
	}
	return full, forms, true
}

// ownerClaim is the text of a claim that names a person. The name of a user is
// "username" in access tokens and "cognito:username" in ID tokens.
func ownerClaim(claims map[string]any, claim string) (string, bool) {
	if v := claims[claim]; v != nil || claim != "username" {
		return claimText(v)
	}
	return claimText(claims["cognito:username"])
}

// claimText is the text of a claim that is one, or a number. Nothing else names
// anybody: no boolean, no empty text, no text that a database does not take, and no
// number that has lost digits and so may be the number of somebody else.
func claimText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, v != "" && utf8.ValidString(v) && !strings.Contains(v, "\x00")
	case json.Number:
		return v.String(), v != ""
	case float64:
		if v != math.Trunc(v) || math.Abs(v) >= 1<<53 {
			return "", false
		}
		return strconv.FormatFloat(v+0, 'f', -1, 64), true
	}
	return "", false
}

// groups is the groups that a claim lists. A claim that is a text is a list in JSON
// or the name of one group. The official templates look for the group inside of
// that text instead, and so take somebody of "Admins" for one of "Admin"; here a
// group is always compared as a whole.
func groups(claims map[string]any, claim string) []string {
	var list []any
	switch v := claims[claim].(type) {
	case []any:
		list = v
	case []string:
		for _, s := range v {
			list = append(list, s)
		}
	case string:
		if json.Unmarshal([]byte(v), &list) != nil || list == nil {
			list = []any{v}
		}
	}
	var out []string
	for _, v := range list {
		s, isText := v.(string) // a number in a list is no group in the templates either
		if s, ok := claimText(s); isText && ok && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
