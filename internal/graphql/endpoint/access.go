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
	// Own says that UserPool is that of the environment, whichever that is: see
	// BindUserPool.
	Own  bool `json:"own,omitempty"`
	OIDC OIDC `json:"oidc,omitzero"`
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
	if _, err := regexp.Compile(expression); err != nil { // "a)|(b" is only one around it
		return nil, err
	}
	return regexp.Compile("^(?:" + expression + ")$")
}

// access is who an API lets in.
type access struct {
	modes []authn.Mode
	// pool is the user pool whose tokens are accepted; empty for none. aws is its
	// issuer if it is on AWS.
	pool string
	aws  oidc.Issuer
	// provider is the issuer of the mode OIDC; without URL for none.
	provider oidc.Issuer
	oidc     OIDC
	client   *regexp.Regexp // nil accepts all
}

func newAccess(v Version) (*access, error) {
	a := &access{modes: []authn.Mode{authn.APIKey}, oidc: v.Auth.OIDC}
	if v.Options.DefaultAuth != "" {
		a.modes[0] = v.Options.DefaultAuth
	}
	a.modes = append(a.modes, v.Options.AuthModes...)
	if a.has(authn.UserPool) {
		a.pool = v.Auth.UserPool
		a.aws, _ = AWSUserPool(a.pool)
	}
	if a.has(authn.OIDC) {
		a.provider.URL = a.oidc.Issuer
	}
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

// acceptsOIDC judges a verified token by the settings of the API.
func (a *access) acceptsOIDC(t *oidc.Token, now time.Time) error {
	if a.client != nil && !t.MadeFor(a.client) {
		return fmt.Errorf("%w: made for another client", oidc.ErrRefused)
	}
	if err := within(a.oidc.AuthTTL, t.SignedIn, now, "auth_time"); err != nil {
		return err
	}
	return within(a.oidc.IatTTL, t.Issued, now, "iat")
}

// within bounds the time since a claim by milliseconds; 0 bounds nothing.
func within(ttl int64, since, now time.Time, claim string) error {
	switch {
	case ttl <= 0:
		return nil
	case since.IsZero():
		return fmt.Errorf("%w: no %s", oidc.ErrRefused, claim)
	// A Duration would overflow on a large setting.
	case now.UnixMilli()-since.UnixMilli() >= ttl:
		return fmt.Errorf("%w: %s is too long ago", oidc.ErrExpired, claim)
	}
	return nil
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
