package identitypool

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// The claims by which user pools say which roles the groups of a user have.
const (
	claimRoles     = "cognito:roles"
	claimPreferred = "cognito:preferred_role"
)

// role chooses the role of a caller. custom is the one that the caller asks for.
//
// Errors: NotAuthorizedException, InvalidIdentityPoolConfigurationException.
func (s *Settings) role(proofs []proof, custom string) (string, error) {
	if len(proofs) == 0 {
		if custom != "" {
			return "", invalid("CustomRoleArn needs a login.")
		}
		return orMisconfigured(s.Unauthenticated)
	}
	for _, l := range proofs {
		m, ok := s.Mappings[l.provider+":"+l.Client]
		if !ok {
			m, ok = s.Mappings[l.provider]
		}
		if !ok {
			continue
		}
		return s.mapped(m, l.Claims, custom)
	}
	if custom != "" {
		return "", badRole(custom)
	}
	return orMisconfigured(s.Authenticated)
}

func badRole(custom string) error {
	return notAuthorized("The role %s is not among those of the login.", printable(custom))
}

func orMisconfigured(role string) (string, error) {
	if !roleForm.MatchString(role) {
		return "", badConfiguration()
	}
	return role, nil
}

// mapped is the role that a mapping gives for the claims of a login.
func (s *Settings) mapped(m Mapping, claims map[string]any, custom string) (string, error) {
	if m.Type == MapRules {
		if custom != "" {
			return "", badRole(custom)
		}
		for _, r := range m.Rules {
			if r.matches(claims[r.Claim]) {
				return orMisconfigured(r.Role)
			}
		}
		return s.ambiguous(m)
	}
	roles := texts(claims[claimRoles])
	preferred, _ := claims[claimPreferred].(string)
	switch {
	case custom != "" && !slices.Contains(roles, custom):
		return "", badRole(custom)
	case custom != "":
		return orMisconfigured(custom)
	case preferred != "":
		return orMisconfigured(preferred)
	case len(roles) == 1:
		return orMisconfigured(roles[0])
	}
	return s.ambiguous(m)
}

// ambiguous is the answer of a mapping that does not say which role it is.
func (s *Settings) ambiguous(m Mapping) (string, error) {
	if m.Ambiguous == AmbiguousDeny {
		return "", notAuthorized("The role of the login is ambiguous, and the identity pool denies access then.")
	}
	return orMisconfigured(s.Authenticated)
}

// matches judges a claim. A claim that is not there matches no rule, also none that
// asks for another value. Of a list each element is taken as a whole, so that
// nobody of "Administrators" is taken for one of "Admin".
func (r Rule) matches(claim any) bool {
	if list, ok := claim.([]any); ok {
		has := slices.ContainsFunc(list, func(e any) bool {
			s, ok := text(e)
			return ok && (s == r.Value || r.Match == MatchStartsWith && strings.HasPrefix(s, r.Value))
		})
		return has != (r.Match == MatchNotEqual)
	}
	s, ok := text(claim)
	if !ok {
		return false
	}
	switch r.Match {
	case MatchEquals:
		return s == r.Value
	case MatchContains:
		return strings.Contains(s, r.Value)
	case MatchStartsWith:
		return strings.HasPrefix(s, r.Value)
	case MatchNotEqual:
		return s != r.Value
	}
	return false
}

// text is a claim as rules see it.
func text(claim any) (string, bool) {
	switch v := claim.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// texts is a list of texts; anything else in it is left out.
func texts(claim any) []string {
	list, _ := claim.([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok && s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
