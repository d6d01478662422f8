package provision

import (
	"slices"
	"strings"

	"preamp/internal/backend"
	"preamp/internal/identitypool"
	"preamp/internal/userpool"
)

const (
	attrEmail = "email"
	attrPhone = "phone_number"

	deliverSMS = "SMS"
	grantCode  = "CODE"

	providerOwn = "COGNITO" // users of the pool itself, among the providers of a client
)

// attributeName is what Cognito calls an attribute of RequiredSignUpAttributes.
func attributeName(name string) string {
	if name == "ZONE_INFO" {
		return "zoneinfo"
	}
	return strings.ToLower(name)
}

// signInAttributes are the attributes that sign in in the place of a user name.
func (u UserPoolConfig) signInAttributes() []string {
	switch u.SignIn {
	case SignInEmail:
		return []string{attrEmail}
	case SignInPhone:
		return []string{attrPhone}
	case SignInEmailAndPhone:
		return []string{attrEmail, attrPhone}
	}
	return nil
}

// verified are the attributes that are sent a code: that of the delivery method,
// and without one those that sign in. Of a user who signs in by either, what was
// given is verified, because there may be nothing else.
func (u UserPoolConfig) verified() []string {
	switch {
	case u.SignIn == SignInEmailAndPhone:
		return []string{attrEmail, attrPhone}
	case u.Verification != nil && u.Verification.Delivery == deliverSMS:
		return []string{attrPhone}
	case u.Verification != nil || u.SignIn != SignInPhone:
		return []string{attrEmail}
	}
	return []string{attrPhone}
}

// recovery are the ways by which a password is recovered.
func (u UserPoolConfig) recovery() []string {
	switch {
	case u.Forgot != nil && u.Forgot.Delivery == deliverSMS:
		return []string{userpool.RecoverPhone}
	case u.Forgot != nil:
		return []string{userpool.RecoverEmail}
	case u.SignIn == SignInPhone:
		return []string{userpool.RecoverPhone, userpool.RecoverEmail}
	}
	return []string{userpool.RecoverEmail, userpool.RecoverPhone}
}

// begin sets what stays as it is for as long as there is the pool.
func (u UserPoolConfig) begin(s *userpool.Settings) {
	s.UsernameAttributes = u.signInAttributes()
	for _, a := range userpool.StandardAttributes() {
		if slices.ContainsFunc(u.Required, func(name string) bool { return attributeName(name) == a.Name }) {
			a.Required = true
			s.Attributes = append(s.Attributes, a)
		}
	}
}

// apply sets what this configuration decides and leaves all else: what the
// operations of Cognito have set.
func (u UserPoolConfig) apply(s *userpool.Settings) {
	s.AutoVerified = u.verified()
	s.Recovery = u.recovery()
	s.Messages.Verification, s.Messages.Forgot = u.Verification.template(), u.Forgot.template()
	if s.MFA.Mode == "" {
		s.MFA.Mode = userpool.MFAOff
	}
	if m := u.MFA; m != nil {
		s.MFA.Mode = m.Mode
		s.MFA.SMS, s.MFA.TOTP = slices.Contains(m.Types, "SMS"), slices.Contains(m.Types, "TOTP")
		s.Messages.Factor.SMS = valueOf(m.SMS)
	}
	if p := u.Password; p != nil {
		if s.Password == (userpool.PasswordPolicy{}) {
			s.Password = userpool.DefaultPolicy()
		}
		s.Password.MinLength = int(*p.MinLength)
		s.Password.Upper, s.Password.Lower = slices.Contains(p.Constraints, "REQUIRE_UPPERCASE"), slices.Contains(p.Constraints, "REQUIRE_LOWERCASE")
		s.Password.Digit, s.Password.Symbol = slices.Contains(p.Constraints, "REQUIRE_DIGIT"), slices.Contains(p.Constraints, "REQUIRE_SYMBOL")
	}
}

func (m *MessageConfig) template() userpool.Template {
	if m == nil {
		return userpool.Template{}
	}
	return userpool.Template{Subject: valueOf(m.Subject), Email: valueOf(m.Email), SMS: valueOf(m.SMS)}
}

// newClientSettings are those of the clients of a new pool: every flow by which a
// user of Amplify can sign in, and no difference that tells whether a user exists.
func newClientSettings() userpool.ClientSettings {
	return userpool.ClientSettings{
		Flows:     []string{userpool.FlowSRP, userpool.FlowPassword, userpool.FlowChoice, userpool.FlowRefresh},
		HideUsers: true, Providers: []string{providerOwn},
	}
}

// applyClient sets what this configuration decides of an app client.
func (u UserPoolConfig) applyClient(s *userpool.ClientSettings) {
	o := u.OAuth
	if o == nil {
		return
	}
	s.OAuth = true
	s.OAuthFlows = []string{"implicit"}
	if o.Grant == grantCode {
		s.OAuthFlows = []string{"code"}
	}
	s.OAuthScopes = nil
	for _, scope := range slices.Compact(slices.Sorted(slices.Values(o.Scopes))) {
		s.OAuthScopes = append(s.OAuthScopes, scopeName(scope))
	}
	s.Callbacks, s.Logouts = unique(o.SignIn), unique(o.SignOut)
	if !slices.Contains(s.Callbacks, s.DefaultRedirect) {
		s.DefaultRedirect = ""
	}
	for _, p := range o.Providers.all() {
		if *p.config != nil && !slices.Contains(s.Providers, p.name) {
			s.Providers = append(s.Providers, p.name)
		}
	}
}

// scopeName is what Cognito calls a scope of oAuthScopes.
func scopeName(scope string) string {
	if scope == "AWS_COGNITO_SIGNIN_USER_ADMIN" {
		return "aws.cognito.signin.user.admin"
	}
	return strings.ToLower(scope)
}

func unique(list []string) []string {
	out := []string{}
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// providers are the social providers as the user pool has them.
func (u UserPoolConfig) providers() []userpool.Provider {
	list := []userpool.Provider{}
	if u.OAuth == nil {
		return list
	}
	social := u.OAuth.Providers
	for _, p := range social.all() {
		c := *p.config
		if c == nil {
			continue
		}
		details := map[string]string{"client_id": c.Client, "authorize_scopes": userpool.DefaultScopes(p.name)}
		if p.name == userpool.ProviderApple {
			details["team_id"], details["key_id"] = c.Team, c.KeyID.Reveal()
		}
		list = append(list, userpool.Provider{
			Name: p.name, Type: p.name, Details: details, ClientSecret: c.ClientSecret, PrivateKey: c.PrivateKey,
		})
	}
	return list
}

// roles are the names and ARNs of the roles of an environment.
type roles struct{ auth, authARN, unauth, unauthARN string }

func rolesOf(app string, env backend.Env) roles {
	stack := stackName(app, env)
	arn := "arn:aws:iam::" + account + ":role/"
	r := roles{auth: stack + "-authRole", unauth: stack + "-unauthRole"}
	r.authARN, r.unauthARN = arn+r.auth, arn+r.unauth
	return r
}

// identitySettings are those of a new identity pool.
func identitySettings(name string, ids AuthIDs, r roles) identitypool.Settings {
	pool := identitypool.ProviderName(ids.UserPool)
	return identitypool.Settings{
		Name:          name,
		Providers:     []identitypool.Provider{{Name: pool, Client: ids.WebClient}, {Name: pool, Client: ids.NativeClient}},
		Authenticated: r.authARN, Unauthenticated: r.unauthARN,
	}
}
