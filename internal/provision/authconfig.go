package provision

import (
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/outgoing"
)

// The longest texts of the settings.
const (
	maxIssuerURL = 2048
	maxClientID  = 512
)

// poolForm is the form of user pool ids.
var poolForm = regexp.MustCompile(`^[\w-]+_[0-9a-zA-Z]+$`)

// Check refuses what the configuration itself shows to be wrong, before a job
// is made. path names the configuration in the message.
func (c APIConfig) Check(path string) error {
	seen := map[authn.Mode]bool{c.Default(): true}
	for i, a := range c.AdditionalAuth {
		if a.Mode == "" {
			return errs.E(errs.Invalid, "Missing required key '%s.additionalAuthTypes[%d].mode'", path, i)
		}
		if seen[authn.Mode(a.Mode)] {
			return errs.E(errs.Invalid, "Value '%s' at '%s.additionalAuthTypes[%d].mode' is the mode of another auth type of this API: each mode may be used once", a.Mode, path, i)
		}
		seen[authn.Mode(a.Mode)] = true
		if err := a.check(path + ".additionalAuthTypes"); err != nil {
			return err
		}
	}
	d := AuthType{}
	if c.DefaultAuth != nil {
		d = *c.DefaultAuth
	}
	d.Mode = string(c.Default())
	return d.check(path + ".defaultAuthType")
}

func (a AuthType) check(path string) error {
	s := a.Settings
	if d := s.ExpirationTime; d != nil {
		if a.Mode != string(authn.APIKey) {
			return errs.E(errs.Invalid, "Value '%v' at '%s.settings.expirationTime' belongs to an API key: the mode is %s", *d, path, a.Mode)
		}
		if *d < minKeyDays || *d > maxKeyDays || *d != math.Trunc(*d) {
			return errs.E(errs.Invalid, "Value '%v' at '%s.settings.expirationTime' must be a whole number of days from %d to %d", *d, path, minKeyDays, maxKeyDays)
		}
	}
	switch authn.Mode(a.Mode) {
	case authn.UserPool:
		if id := text(s.CognitoUserPoolID); id != "" && (len(id) > 55 || !poolForm.MatchString(id)) {
			return errs.E(errs.Invalid, "Value '%.60s' at '%s.settings.cognitoUserPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+", id, path)
		}
	case authn.OIDC:
		return s.checkOIDC(path)
	case authn.APIKey, authn.IAM:
	case authn.Lambda:
		return errs.E(errs.Invalid, "Value '%s' at '%s.mode' needs functions, which are not available in this version", a.Mode, path)
	default:
		return errs.E(errs.Invalid, "Value '%.60s' at '%s.mode' is not an auth mode", a.Mode, path)
	}
	return nil
}

func (s AuthSettings) checkOIDC(path string) error {
	issuer := text(s.OpenIDIssueURL)
	if issuer == "" {
		return errs.E(errs.Invalid, "Missing required key '%s.settings.openIDIssueURL': the mode OPENID_CONNECT needs an issuer", path)
	}
	u, err := url.Parse(issuer)
	if err != nil || outgoing.Check(u) != nil || len(issuer) > maxIssuerURL || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" {
		return errs.E(errs.Invalid, "Value '%.200s' at '%s.settings.openIDIssueURL' must be the https URL of an issuer, without a user name, query or fragment", issuer, path)
	}
	if client := text(s.OpenIDClientID); client != "" {
		if _, err := endpoint.ParseClient(client); err != nil || len(client) > maxClientID {
			return errs.E(errs.Invalid, "Value '%.200s' at '%s.settings.openIDClientId' must be a regular expression (RE2) of at most %d characters", client, path, maxClientID)
		}
	}
	for _, m := range []struct {
		name  string
		value *string
	}{{"openIDAuthTTL", s.OpenIDAuthTTL}, {"openIDIatTTL", s.OpenIDIatTTL}} {
		if _, ok := milliseconds(m.value); !ok {
			return errs.E(errs.Invalid, "Value '%.60s' at '%s.settings.%s' must be a whole number of milliseconds", *m.value, path, m.name)
		}
	}
	return nil
}

// milliseconds reads a number that AWS carries as text; absent is 0.
func milliseconds(s *string) (int64, bool) {
	if text(s) == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(*s, 10, 64)
	return n, err == nil && n >= 0
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// mode is the auth type of a mode, if the API has it.
func (c APIConfig) mode(m authn.Mode) (AuthType, bool) {
	if c.Default() == m {
		if c.DefaultAuth == nil {
			return AuthType{Mode: string(m)}, true
		}
		return *c.DefaultAuth, true
	}
	for _, a := range c.AdditionalAuth {
		if a.Mode == string(m) {
			return a, true
		}
	}
	return AuthType{}, false
}

// Auth are the settings by which the data plane lets callers in. The pool of an API
// that names none is that of its environment, which this does not know.
func (c APIConfig) Auth() endpoint.Auth {
	var out endpoint.Auth
	if a, ok := c.mode(authn.UserPool); ok {
		out.UserPool = text(a.Settings.CognitoUserPoolID)
		out.Own = out.UserPool == ""
	}
	if a, ok := c.mode(authn.OIDC); ok {
		s := a.Settings
		out.OIDC = endpoint.OIDC{Issuer: text(s.OpenIDIssueURL), Client: text(s.OpenIDClientID)}
		out.OIDC.AuthTTL, _ = milliseconds(s.OpenIDAuthTTL)
		out.OIDC.IatTTL, _ = milliseconds(s.OpenIDIatTTL)
	}
	return out
}

// CheckIssuer refuses an issuer that would never be called, as far as its address
// is written in the URL. What a name stands for is found out by the call.
func (c APIConfig) CheckIssuer(allowed []netip.Prefix) error {
	issuer := c.Auth().OIDC.Issuer
	if issuer == "" {
		return nil
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return errs.E(errs.Invalid, "openIDIssueURL is not a URL")
	}
	listed := len(allowed) > 0
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		listed = false
		for _, p := range allowed {
			listed = listed || p.Contains(a.Unmap())
		}
		if !listed && !outgoing.Public(a) {
			return errs.E(errs.Invalid, "openIDIssueURL %.200s is not an address of the public internet: it may be used if outgoing.allow in preamp.yaml lists its network", issuer)
		}
	}
	if u.Scheme != "https" && !listed {
		return errs.E(errs.Invalid, "openIDIssueURL %.200s must begin with https, unless outgoing.allow in preamp.yaml lists its network", issuer)
	}
	return nil
}
