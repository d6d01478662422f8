package provision

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"preamp/internal/errs"
	"preamp/internal/userpool"
)

// Bounds of the members, as the models of Cognito have them.
const (
	minPasswordLength = 6
	maxPasswordLength = 99
	maxSubject        = 140
	maxSMS            = 140
	maxEmailText      = 20000
	minText           = 6
	maxRedirects      = 100
	maxProviderText   = 2048
)

// codePlace is where a message shows the code.
const codePlace = "{####}"

var poolNameForm = regexp.MustCompile(`^[\w\s+=,.@-]{1,128}$`)

func missingKey(path string) error { return errs.E(errs.Invalid, "Missing required key '%s'", path) }

func badValue(value, path, format string, args ...any) error {
	return errs.E(errs.Invalid, "Value '%.200s' at '%s' "+format, append([]any{value, path}, args...)...)
}

// Check refuses what the configuration itself shows to be wrong, before a job is
// made. path names the configuration in the message.
func (c *AuthConfig) Check(path string) error {
	switch {
	case c.Resources != UserPoolOnly && c.Resources != UserAndIdentityPool:
		return missingKey(path + ".authResources")
	case !c.HasIdentityPool() && c.IdentityPool != (IdentityPoolConfig{}):
		return errs.E(errs.Invalid, "'%s.identityPoolConfigs' is of no use: authResources is %s", path, UserPoolOnly)
	case c.IdentityPool.Name != "" && !poolNameForm.MatchString(c.IdentityPool.Name):
		return badValue(c.IdentityPool.Name, path+".identityPoolConfigs.identityPoolName",
			"must have 1 to 128 letters, digits, spaces or any of _+=,.@-")
	}
	u := &c.UserPool
	path += ".userPoolConfigs"
	if !poolNameForm.MatchString(u.Name) {
		return badValue(u.Name, path+".userPoolName", "must have 1 to 128 letters, digits, spaces or any of _+=,.@-")
	}
	if err := u.Forgot.check(path + ".forgotPassword"); err != nil {
		return err
	}
	if err := u.Verification.check(path + ".verificationMessage"); err != nil {
		return err
	}
	if err := u.MFA.check(path + ".mfa"); err != nil {
		return err
	}
	if err := u.Password.check(path + ".passwordPolicy"); err != nil {
		return err
	}
	return u.OAuth.check(path + ".oAuth")
}

func (m *MessageConfig) check(path string) error {
	if m == nil {
		return nil
	}
	if m.Delivery == "" {
		return missingKey(path + ".deliveryMethod")
	}
	if err := checkText(m.Subject, path+".emailSettings.emailSubject", 1, maxSubject, false); err != nil {
		return err
	}
	if err := checkText(m.Email, path+".emailSettings.emailMessage", minText, maxEmailText, true); err != nil {
		return err
	}
	return checkText(m.SMS, path+".smsSettings.smsMessage", minText, maxSMS, true)
}

// checkText judges a text of a message, which must show the code if it is the
// body.
func checkText(s *string, path string, low, high int, code bool) error {
	if s == nil {
		return nil
	}
	if n := utf8.RuneCountInString(*s); n < low || n > high || !utf8.ValidString(*s) || strings.ContainsRune(*s, 0) {
		return badValue(*s, path, "must be a text of %d to %d characters", low, high)
	}
	if code && !strings.Contains(*s, codePlace) {
		return badValue(*s, path, "must contain %s, which the code takes the place of", codePlace)
	}
	return nil
}

func (m *MFAConfig) check(path string) error {
	if m == nil {
		return nil
	}
	if m.Mode == "" {
		return missingKey(path + ".MFAMode")
	}
	if m.Mode != userpool.MFAOff && len(m.Types) == 0 {
		return errs.E(errs.Invalid, "Missing required key '%s.settings.mfaTypes': MFAMode %s needs SMS, TOTP or both", path, m.Mode)
	}
	return checkText(m.SMS, path+".settings.smsMessage", minText, maxSMS, true)
}

func (p *PasswordConfig) check(path string) error {
	if p == nil {
		return nil
	}
	if p.MinLength == nil {
		return missingKey(path + ".minimumLength")
	}
	if n := *p.MinLength; n != math.Trunc(n) || n < minPasswordLength || n > maxPasswordLength {
		return errs.E(errs.Invalid, "Value '%v' at '%s.minimumLength' must be a whole number from %d to %d", n, path, minPasswordLength, maxPasswordLength)
	}
	return nil
}

func (o *OAuthConfig) check(path string) error {
	if o == nil {
		return nil
	}
	switch {
	case o.Grant == "":
		return missingKey(path + ".oAuthGrantType")
	case len(o.Scopes) == 0:
		return errs.E(errs.Invalid, "Missing required key '%s.oAuthScopes': at least one scope", path)
	case len(o.SignIn) == 0:
		return errs.E(errs.Invalid, "Missing required key '%s.redirectSignInURIs': at least one URI", path)
	}
	if o.DomainPrefix != nil {
		if err := userpool.CheckDomain(*o.DomainPrefix); err != nil {
			return badValue(*o.DomainPrefix, path+".domainPrefix",
				"must have 1 to 63 of a-z, 0-9 and -, not begin or end with -, and not contain aws, amazon or cognito")
		}
	}
	for _, list := range []struct {
		name string
		uris []string
	}{{"redirectSignInURIs", o.SignIn}, {"redirectSignOutURIs", o.SignOut}} {
		if len(list.uris) > maxRedirects {
			return errs.E(errs.Invalid, "'%s.%s' has %d URIs: at most %d", path, list.name, len(list.uris), maxRedirects)
		}
		for _, uri := range list.uris {
			if !userpool.Redirectable(uri) {
				return badValue(uri, path+"."+list.name, "must be an absolute URI without a fragment: https, http://localhost or the scheme of an app")
			}
		}
	}
	for _, p := range o.Providers.all() {
		if *p.config == nil {
			continue
		}
		if err := (*p.config).check(path+".socialProviderSettings."+p.name, p.name); err != nil {
			return err
		}
	}
	return nil
}

func (p *ProviderConfig) check(path, name string) error {
	required := []struct{ member, value string }{{"client_id", p.Client}, {"client_secret", p.ClientSecret.Reveal()}}
	if name == userpool.ProviderApple {
		required = []struct{ member, value string }{
			{"client_id", p.Client}, {"team_id", p.Team}, {"key_id", p.KeyID.Reveal()}, {"private_key", p.PrivateKey.Reveal()},
		}
	}
	for _, r := range required {
		switch {
		case r.value == "":
			return missingKey(path + "." + r.member)
		case len(r.value) > maxProviderText || !utf8.ValidString(r.value) || strings.ContainsRune(r.value, 0):
			return errs.E(errs.Invalid, "The value at '%s.%s' must be a text of at most %d bytes", path, r.member, maxProviderText)
		}
	}
	if name == userpool.ProviderApple {
		key := userpool.Provider{PrivateKey: p.PrivateKey}
		if _, err := key.SigningKey(); err != nil {
			return errs.E(errs.Invalid, "The value at '%s.private_key' must be an EC P-256 key in PKCS #8", path)
		}
	}
	for _, v := range []struct{ member, value string }{{"client_id", p.Client}, {"team_id", p.Team}, {"key_id", p.KeyID.Reveal()}} {
		if strings.ContainsFunc(v.value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return errs.E(errs.Invalid, "The value at '%s.%s' must not have control characters", path, v.member)
		}
	}
	return nil
}

// KeepImmutable refuses a change of what users were made by.
func (c AuthConfig) KeepImmutable(path string, given Immutables) error {
	if given.Unreadable {
		return errs.E(errs.Invalid, "'%s' has userPoolName, signInMethod, requiredSignUpAttributes or identityPoolName in another form: "+
			"they cannot be changed once the auth resource is made", path)
	}
	for _, m := range []struct {
		path string
		same bool
	}{
		{"userPoolConfigs.userPoolName", given.PoolName == nil || *given.PoolName == c.UserPool.Name},
		{"userPoolConfigs.signInMethod", given.SignIn == nil || *given.SignIn == c.UserPool.SignIn},
		{"userPoolConfigs.requiredSignUpAttributes", given.Required == nil || sameMembers(given.Required, c.UserPool.Required)},
		{"identityPoolConfigs.identityPoolName", given.IdentityPoolName == nil || *given.IdentityPoolName == c.IdentityPool.Name},
	} {
		if !m.same {
			return errs.E(errs.Invalid, "'%s.%s' cannot be changed once the auth resource is made", path, m.path)
		}
	}
	return nil
}

// Immutables are members that an update may repeat, and not change.
type Immutables struct {
	PoolName, SignIn, IdentityPoolName *string
	Required                           []string
	// Unreadable says that one of them is of another type.
	Unreadable bool
}

func sameMembers(a, b []string) bool {
	subset := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
	}
	return subset(a, b) && subset(b, a)
}
