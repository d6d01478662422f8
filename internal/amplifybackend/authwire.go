package amplifybackend

import (
	"preamp/internal/keys"
	"preamp/internal/provision"
)

// authConfigOf reads the wire form of CreateBackendAuth.
func authConfigOf(w *CreateBackendAuthResourceConfig) provision.AuthConfig {
	c := provision.AuthConfig{Resources: w.AuthResources, Service: w.Service}
	if i := w.IdentityPoolConfigs; i != nil {
		c.IdentityPool = provision.IdentityPoolConfig{Name: i.IdentityPoolName, Guests: &i.UnauthenticatedLogin}
	}
	u := w.UserPoolConfigs
	c.UserPool = provision.UserPoolConfig{Name: u.UserPoolName, SignIn: u.SignInMethod, Required: u.RequiredSignUpAttributes}
	if m := u.ForgotPassword; m != nil {
		c.UserPool.Forgot = messageOf(m.DeliveryMethod, m.EmailSettings, m.SmsSettings)
	}
	if m := u.VerificationMessage; m != nil {
		c.UserPool.Verification = messageOf(m.DeliveryMethod, m.EmailSettings, m.SmsSettings)
	}
	if m := u.MFA; m != nil {
		c.UserPool.MFA = mfaOf(m.MFAMode, m.Settings)
	}
	if o := u.OAuth; o != nil {
		c.UserPool.OAuth = &provision.OAuthConfig{
			DomainPrefix: o.DomainPrefix, Grant: o.OAuthGrantType, Scopes: o.OAuthScopes, SignIn: o.RedirectSignInURIs, SignOut: o.RedirectSignOutURIs,
			Providers: socialOf(o.SocialProviderSettings),
		}
	}
	if p := u.PasswordPolicy; p != nil {
		c.UserPool.Password = &provision.PasswordConfig{MinLength: &p.MinimumLength, Constraints: p.AdditionalConstraints}
	}
	return c
}

// authPatchOf reads the wire form of UpdateBackendAuth: what is absent stays, and a
// list that is there but empty removes all.
func authPatchOf(w *UpdateBackendAuthResourceConfig) provision.AuthConfig {
	c := provision.AuthConfig{Resources: w.AuthResources, Service: w.Service}
	if i := w.IdentityPoolConfigs; i != nil {
		c.IdentityPool.Guests = i.UnauthenticatedLogin
	}
	u := w.UserPoolConfigs
	if m := u.ForgotPassword; m != nil {
		c.UserPool.Forgot = messageOf(value(m.DeliveryMethod), m.EmailSettings, m.SmsSettings)
	}
	if m := u.VerificationMessage; m != nil {
		c.UserPool.Verification = messageOf(m.DeliveryMethod, m.EmailSettings, m.SmsSettings)
	}
	if m := u.MFA; m != nil {
		c.UserPool.MFA = mfaOf(value(m.MFAMode), m.Settings)
	}
	if o := u.OAuth; o != nil {
		c.UserPool.OAuth = &provision.OAuthConfig{
			DomainPrefix: o.DomainPrefix, Grant: value(o.OAuthGrantType), Scopes: o.OAuthScopes, SignIn: o.RedirectSignInURIs,
			SignOut: o.RedirectSignOutURIs, Providers: socialOf(o.SocialProviderSettings),
		}
	}
	if p := u.PasswordPolicy; p != nil {
		c.UserPool.Password = &provision.PasswordConfig{MinLength: p.MinimumLength, Constraints: p.AdditionalConstraints}
	}
	return c
}

func messageOf(delivery string, email *EmailSettings, sms *SmsSettings) *provision.MessageConfig {
	m := &provision.MessageConfig{Delivery: delivery}
	if email != nil {
		m.Subject, m.Email = email.EmailSubject, email.EmailMessage
	}
	if sms != nil {
		m.SMS = sms.SmsMessage
	}
	return m
}

func mfaOf(mode string, s *Settings) *provision.MFAConfig {
	m := &provision.MFAConfig{Mode: mode}
	if s != nil {
		m.Types, m.SMS = s.MFATypes, s.SmsMessage
	}
	return m
}

func socialOf(w *SocialProviderSettings) (s provision.SocialConfig) {
	if w == nil {
		return s
	}
	s.Facebook, s.Google, s.Amazon = providerOf(w.Facebook), providerOf(w.Google), providerOf(w.LoginWithAmazon)
	if a := w.SignInWithApple; a != nil {
		s.Apple = &provision.ProviderConfig{Client: value(a.ClientID), Team: value(a.TeamID), KeyID: secret(a.KeyID), PrivateKey: secret(a.PrivateKey)}
	}
	return s
}

func providerOf(w *BackendAuthSocialProviderConfig) *provision.ProviderConfig {
	if w == nil {
		return nil
	}
	return &provision.ProviderConfig{Client: value(w.ClientID), ClientSecret: secret(w.ClientSecret)}
}

func secret(s *string) keys.Secret {
	if s == nil {
		return keys.Secret{}
	}
	return keys.NewSecret([]byte(*s))
}

// wireAuthConfig writes the wire form. Secrets are left out: they are written and
// never read.
func wireAuthConfig(c provision.AuthConfig) *CreateBackendAuthResourceConfig {
	u := c.UserPool
	users := &CreateBackendAuthUserPoolConfig{UserPoolName: u.Name, SignInMethod: u.SignIn, RequiredSignUpAttributes: u.Required}
	if m := u.Forgot; m != nil {
		email, sms := wireMessage(m)
		users.ForgotPassword = &CreateBackendAuthForgotPasswordConfig{DeliveryMethod: m.Delivery, EmailSettings: email, SmsSettings: sms}
	}
	if m := u.Verification; m != nil {
		email, sms := wireMessage(m)
		users.VerificationMessage = &CreateBackendAuthVerificationMessageConfig{DeliveryMethod: m.Delivery, EmailSettings: email, SmsSettings: sms}
	}
	if m := u.MFA; m != nil {
		users.MFA = &CreateBackendAuthMFAConfig{MFAMode: m.Mode}
		if m.Types != nil || m.SMS != nil {
			users.MFA.Settings = &Settings{MFATypes: m.Types, SmsMessage: m.SMS}
		}
	}
	if o := u.OAuth; o != nil {
		users.OAuth = &CreateBackendAuthOAuthConfig{
			DomainPrefix: o.DomainPrefix, OAuthGrantType: o.Grant, OAuthScopes: o.Scopes, RedirectSignInURIs: o.SignIn, RedirectSignOutURIs: o.SignOut,
			SocialProviderSettings: wireSocial(o.Providers),
		}
	}
	if p := u.Password; p != nil && p.MinLength != nil {
		users.PasswordPolicy = &CreateBackendAuthPasswordPolicyConfig{MinimumLength: *p.MinLength, AdditionalConstraints: p.Constraints}
	}
	w := &CreateBackendAuthResourceConfig{AuthResources: c.Resources, Service: c.Service, UserPoolConfigs: users}
	if c.HasIdentityPool() {
		w.IdentityPoolConfigs = &CreateBackendAuthIdentityPoolConfig{IdentityPoolName: c.IdentityPool.Name, UnauthenticatedLogin: c.Guests()}
	}
	return w
}

func wireMessage(m *provision.MessageConfig) (email *EmailSettings, sms *SmsSettings) {
	if m.Subject != nil || m.Email != nil {
		email = &EmailSettings{EmailSubject: m.Subject, EmailMessage: m.Email}
	}
	if m.SMS != nil {
		sms = &SmsSettings{SmsMessage: m.SMS}
	}
	return email, sms
}

func wireSocial(s provision.SocialConfig) *SocialProviderSettings {
	if s == (provision.SocialConfig{}) {
		return nil
	}
	w := &SocialProviderSettings{Facebook: wireProvider(s.Facebook), Google: wireProvider(s.Google), LoginWithAmazon: wireProvider(s.Amazon)}
	if a := s.Apple; a != nil {
		w.SignInWithApple = &BackendAuthAppleProviderConfig{ClientID: optional(a.Client), TeamID: optional(a.Team)}
	}
	return w
}

func wireProvider(p *provision.ProviderConfig) *BackendAuthSocialProviderConfig {
	if p == nil {
		return nil
	}
	return &BackendAuthSocialProviderConfig{ClientID: optional(p.Client)}
}
