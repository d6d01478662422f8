package provision

import (
	"slices"

	"preamp/internal/keys"
	"preamp/internal/userpool"
)

// The values of AuthConfig.Resources.
const (
	UserPoolOnly        = "USER_POOL_ONLY"
	UserAndIdentityPool = "IDENTITY_POOL_AND_USER_POOL"
)

// The ways to sign in.
const (
	SignInEmail         = "EMAIL"
	SignInPhone         = "PHONE_NUMBER"
	SignInEmailAndPhone = "EMAIL_AND_PHONE_NUMBER"
	SignInUsername      = "USERNAME"
)

// AuthConfig is the configuration of an auth resource as its owner wants it: the
// resourceConfig of the auth operations. As a patch it has what changes; absent
// members are nil or empty.
type AuthConfig struct {
	Resources    string             `json:"authResources,omitempty"`
	Service      string             `json:"service,omitempty"`
	IdentityPool IdentityPoolConfig `json:"identityPoolConfigs,omitzero"`
	UserPool     UserPoolConfig     `json:"userPoolConfigs,omitzero"`
	// SwitchedOff is how the identity pool was set up before it was switched off: it
	// comes back with the same name and identities.
	SwitchedOff IdentityPoolConfig `json:"identityPoolSwitchedOff,omitzero"`
	// Sealed are the secrets of the social providers, by provider and member. It is
	// the only form in which they are stored.
	Sealed map[string][]byte `json:"sealed,omitempty"`
}

// IdentityPoolConfig is how the identity pool is set up.
type IdentityPoolConfig struct {
	Name   string `json:"identityPoolName,omitempty"`
	Guests *bool  `json:"unauthenticatedLogin,omitempty"`
}

// UserPoolConfig is how the user pool is set up.
type UserPoolConfig struct {
	Name         string          `json:"userPoolName,omitempty"`
	SignIn       string          `json:"signInMethod,omitempty"`
	Required     []string        `json:"requiredSignUpAttributes,omitempty"`
	Forgot       *MessageConfig  `json:"forgotPassword,omitempty"`
	Verification *MessageConfig  `json:"verificationMessage,omitempty"`
	MFA          *MFAConfig      `json:"mfa,omitempty"`
	OAuth        *OAuthConfig    `json:"oAuth,omitempty"`
	Password     *PasswordConfig `json:"passwordPolicy,omitempty"`
}

// MessageConfig is how codes are delivered, and the texts around them.
type MessageConfig struct {
	Delivery string  `json:"deliveryMethod,omitempty"`
	Subject  *string `json:"emailSubject,omitempty"`
	Email    *string `json:"emailMessage,omitempty"`
	SMS      *string `json:"smsMessage,omitempty"`
}

// MFAConfig is the second factors.
type MFAConfig struct {
	Mode  string   `json:"MFAMode,omitempty"`
	Types []string `json:"mfaTypes,omitempty"`
	SMS   *string  `json:"smsMessage,omitempty"`
}

// OAuthConfig is the hosted pages.
type OAuthConfig struct {
	DomainPrefix *string      `json:"domainPrefix,omitempty"`
	Grant        string       `json:"oAuthGrantType,omitempty"`
	Scopes       []string     `json:"oAuthScopes,omitempty"`
	SignIn       []string     `json:"redirectSignInURIs,omitempty"`
	SignOut      []string     `json:"redirectSignOutURIs,omitempty"`
	Providers    SocialConfig `json:"socialProviderSettings,omitzero"`
}

// SocialConfig is the social providers; nil ones are not used.
type SocialConfig struct {
	Facebook *ProviderConfig `json:"Facebook,omitempty"`
	Google   *ProviderConfig `json:"Google,omitempty"`
	Amazon   *ProviderConfig `json:"LoginWithAmazon,omitempty"`
	Apple    *ProviderConfig `json:"SignInWithApple,omitempty"`
}

// ProviderConfig is an app at a social provider. Apple has team, key and private
// key in the place of a client secret. What is secret is stored in
// AuthConfig.Sealed alone.
type ProviderConfig struct {
	Client       string      `json:"client_id,omitempty"`
	Team         string      `json:"team_id,omitempty"`
	ClientSecret keys.Secret `json:"-"`
	KeyID        keys.Secret `json:"-"`
	PrivateKey   keys.Secret `json:"-"`
}

// PasswordConfig is the password policy.
type PasswordConfig struct {
	MinLength   *float64 `json:"minimumLength,omitempty"`
	Constraints []string `json:"additionalConstraints,omitempty"`
}

// HasIdentityPool reports whether the resource has an identity pool.
func (c AuthConfig) HasIdentityPool() bool { return c.Resources == UserAndIdentityPool }

// Guests reports whether the identity pool takes guests.
func (c AuthConfig) Guests() bool { return c.IdentityPool.Guests != nil && *c.IdentityPool.Guests }

// namedProvider is a social provider under the name that it has in a user pool.
type namedProvider struct {
	name   string
	config **ProviderConfig
}

// all are the social providers in the order of their names, those that are not
// used too.
func (s *SocialConfig) all() []namedProvider {
	return []namedProvider{
		{userpool.ProviderFacebook, &s.Facebook},
		{userpool.ProviderGoogle, &s.Google},
		{userpool.ProviderAmazon, &s.Amazon},
		{userpool.ProviderApple, &s.Apple},
	}
}

// secrets are the members of a provider that are sealed.
func (p *ProviderConfig) secrets() map[string]*keys.Secret {
	return map[string]*keys.Secret{"client_secret": &p.ClientSecret, "key_id": &p.KeyID, "private_key": &p.PrivateKey}
}

// social is the social providers of the configuration.
func (c *AuthConfig) social() *SocialConfig {
	if c.UserPool.OAuth == nil {
		return &SocialConfig{}
	}
	return &c.UserPool.OAuth.Providers
}

func secretPlace(envUID, resource, member string) string {
	return "auth_resource." + envUID + "/" + resource + "/" + member
}

// seal is c in the form that is stored: its secrets in Sealed.
func (c AuthConfig) seal(s *keys.Sealer, envUID, resource string) AuthConfig {
	c.Sealed = map[string][]byte{}
	for _, p := range c.social().all() {
		if *p.config == nil {
			continue
		}
		for name, secret := range (*p.config).secrets() {
			if member := p.name + "." + name; !secret.Empty() {
				c.Sealed[member] = s.Seal(secretPlace(envUID, resource, member), secret.Bytes())
			}
		}
	}
	return c
}

// open puts the secrets of a stored configuration back to where they belong.
func (c *AuthConfig) open(s *keys.Sealer, envUID, resource string) error {
	for _, p := range c.social().all() {
		if *p.config == nil {
			continue
		}
		for name, to := range (*p.config).secrets() {
			member := p.name + "." + name
			sealed, ok := c.Sealed[member]
			if !ok {
				continue
			}
			plain, err := s.Open(secretPlace(envUID, resource, member), sealed)
			if err != nil {
				return err
			}
			*to = keys.NewSecret(plain)
		}
	}
	c.Sealed = nil
	return nil
}

// Merge is c with the members that patch sets (RFC 7396, member by member:
// structures recursively, lists as a whole). Secrets that patch does not have
// stay.
func (c AuthConfig) Merge(patch AuthConfig) AuthConfig {
	switch none := (IdentityPoolConfig{}); {
	case patch.Resources == UserPoolOnly && c.IdentityPool != none:
		c.IdentityPool, c.SwitchedOff = none, c.IdentityPool
	case patch.Resources == UserAndIdentityPool && c.IdentityPool == none:
		c.IdentityPool, c.SwitchedOff = c.SwitchedOff, none
	}
	replace(&c.Resources, patch.Resources)
	replace(&c.Service, patch.Service)
	if patch.IdentityPool.Guests != nil {
		c.IdentityPool.Guests = patch.IdentityPool.Guests
	}
	u, to := patch.UserPool, &c.UserPool
	to.Forgot = mergeMessage(to.Forgot, u.Forgot)
	to.Verification = mergeMessage(to.Verification, u.Verification)
	if u.MFA != nil {
		m := valueOf(to.MFA)
		replace(&m.Mode, u.MFA.Mode)
		replaceList(&m.Types, u.MFA.Types)
		replaceValue(&m.SMS, u.MFA.SMS)
		to.MFA = &m
	}
	if u.OAuth != nil {
		o := valueOf(to.OAuth)
		replaceValue(&o.DomainPrefix, u.OAuth.DomainPrefix)
		replace(&o.Grant, u.OAuth.Grant)
		replaceList(&o.Scopes, u.OAuth.Scopes)
		replaceList(&o.SignIn, u.OAuth.SignIn)
		replaceList(&o.SignOut, u.OAuth.SignOut)
		o.Providers = o.Providers.merge(u.OAuth.Providers)
		to.OAuth = &o
	}
	if u.Password != nil {
		p := valueOf(to.Password)
		replaceValue(&p.MinLength, u.Password.MinLength)
		replaceList(&p.Constraints, u.Password.Constraints)
		to.Password = &p
	}
	return c
}

func mergeMessage(to, patch *MessageConfig) *MessageConfig {
	if patch == nil {
		return to
	}
	m := valueOf(to)
	replace(&m.Delivery, patch.Delivery)
	replaceValue(&m.Subject, patch.Subject)
	replaceValue(&m.Email, patch.Email)
	replaceValue(&m.SMS, patch.SMS)
	return &m
}

func (s SocialConfig) merge(patch SocialConfig) SocialConfig {
	from := patch.all()
	for i, to := range s.all() {
		p := *from[i].config
		if p == nil {
			continue
		}
		m := valueOf(*to.config)
		replace(&m.Client, p.Client)
		replace(&m.Team, p.Team)
		theirs := p.secrets()
		for name, secret := range m.secrets() {
			if given := theirs[name]; !given.Empty() {
				*secret = *given
			}
		}
		*to.config = &m
	}
	return s
}

// valueOf is a copy of what v points to.
func valueOf[T any](v *T) (out T) {
	if v != nil {
		out = *v
	}
	return out
}

func replaceValue[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

// replaceList keeps a list for nil; an empty one removes all.
func replaceList(to *[]string, from []string) {
	if from != nil {
		*to = slices.Clone(from)
	}
}
