package endpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"preamp/internal/authn"
	"preamp/internal/oidc"
)

// Auth are the settings of the authentication modes of an API. Which modes it
// has, its options say.
type Auth struct {
	// UserPool is the user pool whose tokens are accepted: one of this server, or
	// one on AWS. Empty is a pool that is yet to be made: no token is accepted.
	UserPool string `json:"userPool,omitempty"`
	OIDC     OIDC   `json:"oidc,omitzero"`
}

// OIDC is the OpenID Connect issuer of an API, as AppSync configures it.
type OIDC struct {
	// Issuer is the URL of the issuer.
	Issuer string `json:"issuer,omitempty"`
	// Client is a regular expression for the client a token was made for; empty
	// accepts all.
	Client string `json:"client,omitempty"`
	// AuthTTL bounds the time since the user signed in, IatTTL the time since the
	// token was issued, both in milliseconds; 0 bounds nothing.
	AuthTTL int64 `json:"authTTL,omitempty"`
	IatTTL  int64 `json:"iatTTL,omitempty"`
}

// ParseClient compiles the regular expression for client ids. It has to match the
// whole id: with a part, whoever can choose a client id elsewhere could hold ours
// inside.
func ParseClient(expression string) (*regexp.Regexp, error) {
	return regexp.Compile("^(?:" + expression + ")$")
}

// access is who an API lets in.
type access struct {
	modes  []authn.Mode
	pool   string
	oidc   OIDC
	client *regexp.Regexp // nil accepts all
}

func newAccess(v Version) (*access, error) {
	a := &access{modes: []authn.Mode{authn.APIKey}, pool: v.Auth.UserPool, oidc: v.Auth.OIDC}
	if v.Options.DefaultAuth != "" {
		a.modes[0] = v.Options.DefaultAuth
	}
	a.modes = append(a.modes, v.Options.AuthModes...)
	if a.oidc.Client == "" {
		return a, nil
	}
	var err error
	if a.client, err = ParseClient(a.oidc.Client); err != nil {
		return nil, fmt.Errorf("client id of the OIDC provider: %w", err)
	}
	return a, nil
}

func (a *access) has(m authn.Mode) bool { return slices.Contains(a.modes, m) }

// acceptsOIDC judges the claims of a verified token by the settings of the API.
func (a *access) acceptsOIDC(claims map[string]any, now time.Time) error {
	if a.client != nil && !slices.ContainsFunc(clients(claims), a.client.MatchString) {
		return fmt.Errorf("%w: made for another client", oidc.ErrRefused)
	}
	for _, m := range []struct {
		name string
		ttl  int64
	}{{"auth_time", a.oidc.AuthTTL}, {"iat", a.oidc.IatTTL}} {
		if m.ttl <= 0 {
			continue
		}
		at, ok := oidc.Time(claims[m.name])
		if !ok {
			return fmt.Errorf("%w: no %s", oidc.ErrRefused, m.name)
		}
		// In milliseconds: a Duration would overflow on a large setting.
		if now.UnixMilli()-at.UnixMilli() >= m.ttl {
			return oidc.ErrExpired
		}
	}
	return nil
}

// clients are those that a token says it was made for: its audience, and who
// asked for it.
func clients(claims map[string]any) []string {
	var all []string
	switch aud := claims["aud"].(type) {
	case string:
		all = append(all, aud)
	case []any:
		for _, v := range aud {
			if s, ok := v.(string); ok {
				all = append(all, s)
			}
		}
	}
	if azp, ok := claims["azp"].(string); ok {
		all = append(all, azp)
	}
	return all
}

var awsPool = regexp.MustCompile(`^([a-z]{2}(?:-[a-z]+)+-[0-9])_[0-9A-Za-z]{1,55}$`)

// AWSUserPool is the issuer behind the id of a user pool on AWS: teams keep their
// users there while they move their API. ok is false for an id of another form.
func AWSUserPool(poolID string) (is oidc.Issuer, ok bool) {
	m := awsPool.FindStringSubmatch(poolID)
	if m == nil {
		return oidc.Issuer{}, false
	}
	domain := "amazonaws.com"
	if strings.HasPrefix(m[1], "cn-") {
		domain = "amazonaws.com.cn"
	}
	url := "https://cognito-idp." + m[1] + "." + domain + "/" + poolID
	return oidc.Issuer{URL: url, Keys: url + "/.well-known/jwks.json"}, true
}
