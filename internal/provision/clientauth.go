package provision

import (
	"net/url"
	"slices"
	"strings"

	"preamp/internal/userpool"
)

// The paths below the base URL at which client libraries reach user pools and
// identity pools.
const (
	userPoolPath     = "/cognito-idp/"
	identityPoolPath = "/cognito-identity/"
)

// auth is the auth resource that the app signs in with: that of the pool of its
// main API, else the main one.
func (c clientConfig) auth() (AuthView, bool) {
	if len(c.view.APIs) > 0 && c.view.APIs[0].usesPool() {
		if a, ok := c.view.poolResource(c.view.APIs[0].Auth().UserPool); ok {
			return a, true
		}
	}
	if a := c.view.Auth(); a != nil {
		return *a, true
	}
	return AuthView{}, false
}

// region is the one in the id of the pool, which client libraries go by.
func (a AuthView) region() string {
	region, _, _ := strings.Cut(a.UserPool, "_")
	return region
}

// responseType is what the hosted pages are asked for.
func (o *OAuthConfig) responseType() string {
	if o.Grant == grantCode {
		return "code"
	}
	return "token"
}

// oauth is the configuration of the hosted pages; nil without a domain, where there
// are none.
func (a AuthView) oauth() *OAuthConfig {
	if a.Domain == "" {
		return nil
	}
	return a.Config.UserPool.OAuth
}

// cognito is Auth.Cognito of ResourcesConfig.
func (c clientConfig) cognito(a AuthView) object {
	u := a.Config.UserPool
	o := object{
		{"userPoolId", a.UserPool},
		{"userPoolClientId", a.WebClient},
		{"userPoolEndpoint", c.base + userPoolPath},
	}
	if a.IdentityPool != "" {
		o.set("identityPoolId", a.IdentityPool)
		o.set("identityPoolEndpoint", c.base+identityPoolPath)
		o.set("allowGuestAccess", a.Config.Guests())
	}
	o.set("signUpVerificationMethod", "code")
	signIn := u.signInAttributes()
	login := object{
		{"username", len(signIn) == 0},
		{"email", slices.Contains(signIn, attrEmail)},
		{"phone", slices.Contains(signIn, attrPhone)},
	}
	if w := a.oauth(); w != nil {
		oauth := object{
			{"domain", c.domain(a)},
			{"scopes", a.Config.scopes()},
			{"redirectSignIn", unique(w.SignIn)},
			{"redirectSignOut", unique(w.SignOut)},
			{"responseType", w.responseType()},
		}
		providers := []string{}
		for _, name := range a.Config.used() {
			providers = append(providers, socialNames[name].js)
		}
		oauth.set("providers", providers)
		login.set("oauth", oauth)
	}
	o.set("loginWith", login)
	attributes := object{}
	for _, name := range unique(u.Required) {
		attributes.set(attributeName(name), object{{"required", true}})
	}
	o.set("userAttributes", attributes)
	m := valueOf(u.MFA)
	if m.Mode == "" {
		m.Mode = userpool.MFAOff
	}
	o.set("mfa", object{
		{"status", strings.ToLower(m.Mode)},
		{"totpEnabled", slices.Contains(m.Types, "TOTP")},
		{"smsEnabled", slices.Contains(m.Types, "SMS")},
	})
	length, constraints := u.policy()
	o.set("passwordFormat", object{
		{"minLength", length},
		{"requireLowercase", slices.Contains(constraints, "REQUIRE_LOWERCASE")},
		{"requireUppercase", slices.Contains(constraints, "REQUIRE_UPPERCASE")},
		{"requireNumbers", slices.Contains(constraints, "REQUIRE_DIGIT")},
		{"requireSpecialCharacters", slices.Contains(constraints, "REQUIRE_SYMBOL")},
	})
	return o
}

// domain is where the hosted pages of a pool are, without the scheme.
func (c clientConfig) domain(a AuthView) string {
	_, rest, _ := strings.Cut(c.base, "://")
	return rest + "/oauth/" + a.UserPool
}

// gen2Auth is the auth section of amplify_outputs.json.
func (c clientConfig) gen2Auth(a AuthView) object {
	u := a.Config.UserPool
	o := object{
		{"aws_region", a.region()},
		{"user_pool_id", a.UserPool},
		{"user_pool_client_id", a.WebClient},
	}
	o.set("identity_pool_id", a.IdentityPool)
	length, constraints := u.policy()
	o.set("password_policy", object{
		{"min_length", length},
		{"require_numbers", slices.Contains(constraints, "REQUIRE_DIGIT")},
		{"require_lowercase", slices.Contains(constraints, "REQUIRE_LOWERCASE")},
		{"require_uppercase", slices.Contains(constraints, "REQUIRE_UPPERCASE")},
		{"require_symbols", slices.Contains(constraints, "REQUIRE_SYMBOL")},
	})
	if w := a.oauth(); w != nil {
		providers := []string{}
		for _, name := range a.Config.used() {
			providers = append(providers, socialNames[name].outputs)
		}
		o.set("oauth", object{
			{"identity_providers", providers},
			{"domain", c.domain(a)},
			{"scopes", a.Config.scopes()},
			{"redirect_sign_in_uri", unique(w.SignIn)},
			{"redirect_sign_out_uri", unique(w.SignOut)},
			{"response_type", w.responseType()},
		})
	}
	required := []string{}
	for _, name := range unique(u.Required) {
		required = append(required, attributeName(name))
	}
	names := u.signInAttributes()
	if len(names) == 0 {
		names = []string{"username"}
	}
	m := valueOf(u.MFA)
	status := map[string]string{userpool.MFAOn: "REQUIRED", userpool.MFAOptional: "OPTIONAL"}[m.Mode]
	if status == "" {
		status = "NONE"
	}
	o.set("standard_required_attributes", required)
	o.set("username_attributes", names)
	o.set("user_verification_types", u.verified())
	if a.IdentityPool != "" {
		o.set("unauthenticated_identities_enabled", a.Config.Guests())
	}
	o.set("mfa_configuration", status)
	o.set("mfa_methods", unique(m.Types))
	return o
}

// gen1Auth adds the keys of aws-exports.js.
func (c clientConfig) gen1Auth(o *object, a AuthView) {
	f := a.Config.frontend()
	o.set("aws_cognito_identity_pool_id", a.IdentityPool)
	o.set("aws_cognito_region", a.region())
	o.set("aws_user_pools_id", a.UserPool)
	o.set("aws_user_pools_web_client_id", a.WebClient)
	oauth := object{}
	if w := a.oauth(); w != nil {
		oauth = object{
			{"domain", c.domain(a)},
			{"scope", a.Config.scopes()},
			{"redirectSignIn", strings.Join(unique(w.SignIn), ",")},
			{"redirectSignOut", strings.Join(unique(w.SignOut), ",")},
			{"responseType", w.responseType()},
		}
	}
	o.set("oauth", oauth)
	federation := "COGNITO_USER_POOLS"
	if len(f.SocialProviders) > 0 && a.IdentityPool != "" {
		federation = "COGNITO_USER_AND_IDENTITY_POOLS"
	}
	o.set("federationTarget", federation)
	o.set("aws_cognito_username_attributes", f.UsernameAttributes)
	o.set("aws_cognito_social_providers", f.SocialProviders)
	o.set("aws_cognito_signup_attributes", f.SignUpAttributes)
	o.set("aws_cognito_mfa_configuration", f.MFA)
	o.set("aws_cognito_mfa_types", f.MFATypes)
	o.set("aws_cognito_password_protection_settings", f.Password)
	o.set("aws_cognito_verification_mechanisms", f.Verification)
	if a.IdentityPool != "" && !a.Config.Guests() {
		o.set("aws_mandatory_sign_in", "enable")
	}
	// What aws-amplify 5 merges over the keys above.
	o.set("Auth", object{{"endpoint", c.base + userPoolPath}})
}

// nativeAuth is the plugin of amplifyconfiguration.json.
func (c clientConfig) nativeAuth(a AuthView) object {
	f := a.Config.frontend()
	pool := object{
		{"PoolId", a.UserPool},
		{"AppClientId", a.NativeClient},
		{"Region", a.region()},
		{"Endpoint", c.nativeEndpoint()},
	}
	settings := object{{"authenticationFlowType", "USER_SRP_AUTH"}}
	if w := a.oauth(); w != nil {
		settings.set("OAuth", object{
			{"WebDomain", c.domain(a)},
			{"AppClientId", a.NativeClient},
			{"SignInRedirectURI", strings.Join(unique(w.SignIn), ",")},
			{"SignOutRedirectURI", strings.Join(unique(w.SignOut), ",")},
			{"Scopes", a.Config.scopes()},
		})
	}
	settings = append(settings, object{
		{"socialProviders", f.SocialProviders},
		{"usernameAttributes", f.UsernameAttributes},
		{"signupAttributes", f.SignUpAttributes},
		{"passwordProtectionSettings", f.Password},
		{"mfaConfiguration", f.MFA},
		{"mfaTypes", f.MFATypes},
		{"verificationMechanisms", f.Verification},
	}...)
	plugin := object{
		{"UserAgent", "aws-amplify-cli/0.1.0"},
		{"Version", "0.1.0"},
		{"IdentityManager", object{{"Default", object{}}}},
	}
	if a.IdentityPool != "" {
		plugin.set("CredentialsProvider", object{{"CognitoIdentity", object{{"Default", object{
			{"PoolId", a.IdentityPool},
			{"Region", c.region},
		}}}}})
	}
	plugin.set("CognitoUserPool", object{{"Default", pool}})
	plugin.set("Auth", object{{"Default", settings}})
	return object{{"plugins", object{{"awsCognitoAuthPlugin", plugin}}}}
}

// nativeEndpoint is the host name alone where that is enough, because Android and
// Swift write https:// in front of it; else a URL, which Flutter takes.
func (c clientConfig) nativeEndpoint() string {
	u, err := url.Parse(c.base)
	if err == nil && u.Scheme == "https" && u.Port() == "" && u.Path == "" {
		return u.Hostname()
	}
	return c.base + userPoolPath
}
