package identitypool

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	settingsVersion = 1

	maxProviders = 50
	maxSocial    = 10
	maxMappings  = 10
	maxRules     = 25
	maxTags      = 50
)

// Provider is an app client of a user pool whose tokens are logins.
type Provider struct {
	// Name is cognito-idp.<region>.amazonaws.com/<pool>.
	Name, Client string
	// Check refuses tokens whose session was ended: ServerSideTokenCheck.
	Check bool `json:",omitzero"`
}

// Settings is how an identity pool is set up, stored as one document.
type Settings struct {
	Version int
	Name    string
	// Guests is AllowUnauthenticatedIdentities.
	Guests bool
	// Classic is AllowClassicFlow, nil when nobody said.
	Classic   *bool      `json:",omitzero"`
	Providers []Provider `json:",omitzero"`
	// Social is SupportedLoginProviders: the application id by name.
	Social map[string]string `json:",omitzero"`
	// Authenticated and Unauthenticated are the ARNs of roles; empty for none.
	Authenticated, Unauthenticated string `json:",omitzero"`
	// Mappings choose other roles, by provider name, or provider name and ":" and
	// client.
	Mappings map[string]Mapping `json:",omitzero"`
	Tags     map[string]string  `json:",omitzero"`
}

// The types of mappings, what to do when none applies, and how rules compare.
const (
	MapToken = "Token"
	MapRules = "Rules"

	AmbiguousAuthenticated = "AuthenticatedRole"
	AmbiguousDeny          = "Deny"

	MatchEquals     = "Equals"
	MatchContains   = "Contains"
	MatchStartsWith = "StartsWith"
	MatchNotEqual   = "NotEqual"
)

// Mapping chooses the role of those who sign in by one provider.
type Mapping struct {
	Type      string
	Ambiguous string `json:",omitzero"`
	Rules     []Rule `json:",omitzero"`
}

// Rule gives a role to those with a claim.
type Rule struct{ Claim, Match, Value, Role string }

var (
	poolIDForm   = regexp.MustCompile(`^[\w-]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	userPoolForm = regexp.MustCompile(`^[a-z0-9-]{1,32}_[0-9A-Za-z]{1,55}$`)
	nameForm     = regexp.MustCompile(`^[\w\s+=,.@-]{1,128}$`)
	roleForm     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{0,511}[\w+=,.@-]$`)
	clientForm   = regexp.MustCompile(`^\w{1,128}$`)
)

// ProviderName is the name under which a user pool signs people in to identity
// pools.
func ProviderName(userPool string) string {
	region, _, _ := strings.Cut(userPool, "_")
	return "cognito-idp." + region + ".amazonaws.com/" + userPool
}

// canonical is the one name of a provider. A user pool has several: the one of AWS,
// and its issuer without the scheme, which depends on where preamp is reached. What
// names the pool is the last segment.
func canonical(name string) (provider, userPool string) {
	pool := name[strings.LastIndexByte(name, '/')+1:]
	if pool != name && userPoolForm.MatchString(pool) {
		return ProviderName(pool), pool
	}
	return name, ""
}

// canonicalMapping is the key of a mapping with the one name of its provider.
func canonicalMapping(key string) string {
	slash := strings.LastIndexByte(key, '/')
	name, client, ok := strings.Cut(key[slash+1:], ":")
	if slash < 0 || !ok {
		provider, _ := canonical(key)
		return provider
	}
	provider, _ := canonical(key[:slash+1] + name)
	return provider + ":" + client
}

// check judges settings and brings the names in them to their one form.
func (s *Settings) check(social []string) error {
	s.Version = settingsVersion
	if !nameForm.MatchString(s.Name) {
		return invalid("The name of an identity pool is 1 to 128 letters, digits, spaces and + = , . @ - _")
	}
	if err := s.checkProviders(); err != nil {
		return err
	}
	if len(s.Social) > maxSocial {
		return invalid("At most %d login providers can be set.", maxSocial)
	}
	for name := range s.Social {
		if !slices.Contains(social, name) {
			return unavailable("The login provider " + printable(name))
		}
	}
	for _, arn := range []string{s.Authenticated, s.Unauthenticated} {
		if arn != "" && !roleForm.MatchString(arn) {
			return invalid("%s is not the ARN of a role.", printable(arn))
		}
	}
	if err := s.checkMappings(); err != nil {
		return err
	}
	return checkTags(s.Tags)
}

func (s *Settings) checkProviders() error {
	if len(s.Providers) > maxProviders {
		return invalid("At most %d Cognito identity providers can be set.", maxProviders)
	}
	seen := map[Provider]bool{}
	for i := range s.Providers {
		p := &s.Providers[i]
		name, pool := canonical(p.Name)
		if pool == "" {
			return invalid("Invalid Cognito Identity Provider %s: it must be cognito-idp.<region>.amazonaws.com/<user pool>.", printable(p.Name))
		}
		if !clientForm.MatchString(p.Client) {
			return invalid("The Cognito identity provider %s has no valid ClientId.", printable(p.Name))
		}
		p.Name = name
		key := Provider{Name: name, Client: p.Client}
		if seen[key] {
			return invalid("The Cognito identity provider %s has the client %s more than once.", name, p.Client)
		}
		seen[key] = true
	}
	return nil
}

func (s *Settings) checkMappings() error {
	if len(s.Mappings) > maxMappings {
		return invalid("At most %d role mappings can be set.", maxMappings)
	}
	all := make(map[string]Mapping, len(s.Mappings))
	for key, m := range s.Mappings {
		name := canonicalMapping(key)
		if _, ok := all[name]; ok {
			return invalid("There is more than one role mapping for %s.", printable(name))
		}
		if err := m.check(name); err != nil {
			return err
		}
		all[name] = m
	}
	if s.Mappings != nil {
		s.Mappings = all
	}
	return nil
}

func (m *Mapping) check(name string) error {
	if m.Ambiguous != AmbiguousAuthenticated && m.Ambiguous != AmbiguousDeny {
		return invalid("AmbiguousRoleResolution of the role mapping for %s must be %s or %s.", printable(name),
			AmbiguousAuthenticated, AmbiguousDeny)
	}
	switch {
	case m.Type == MapToken && len(m.Rules) > 0:
		return invalid("The role mapping for %s is by token and has rules.", printable(name))
	case m.Type == MapToken:
		return nil
	case m.Type != MapRules:
		return invalid("The type of the role mapping for %s must be %s or %s.", printable(name), MapToken, MapRules)
	case len(m.Rules) < 1 || len(m.Rules) > maxRules:
		return invalid("The role mapping for %s must have 1 to %d rules.", printable(name), maxRules)
	}
	for _, r := range m.Rules {
		if !slices.Contains([]string{MatchEquals, MatchContains, MatchStartsWith, MatchNotEqual}, r.Match) {
			return invalid("A rule of the role mapping for %s has an unknown match type.", printable(name))
		}
		if r.Claim == "" || r.Value == "" {
			return invalid("A rule of the role mapping for %s has no claim or no value.", printable(name))
		}
		if !roleForm.MatchString(r.Role) {
			return invalid("%s is not the ARN of a role.", printable(r.Role))
		}
	}
	return nil
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("At most %d tags can be set.", maxTags)
	}
	for key, value := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return invalid("Tag keys must not begin with aws:.")
		}
		if key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 256 ||
			strings.ContainsRune(key+value, 0) {
			return invalid("Tag keys have 1 to 128 characters, values at most 256.")
		}
	}
	return nil
}

func decodeSettings(text string) (s Settings, err error) {
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("decode identity pool settings: %w", err)
	}
	if s.Version != settingsVersion {
		return s, fmt.Errorf("identity pool settings of version %d", s.Version)
	}
	return s, nil
}

// printable bounds what is echoed of a request.
func printable(s string) string {
	const most = 128
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}
