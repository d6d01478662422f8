package provision

import (
	"context"
	"slices"
	"strings"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/identitypool"
	"preamp/internal/userpool"
)

// SetDefaults fills in what was left out of a configuration: the name of an
// identity pool that is asked for, and that it takes no guests. Without an identity
// pool there is nothing to say of one.
func (c *AuthConfig) SetDefaults(resource string) {
	if !c.HasIdentityPool() {
		return
	}
	if c.IdentityPool.Name == "" {
		name := strings.Map(func(r rune) rune {
			if isAlnum(r) || strings.ContainsRune("_+=,.@-", r) {
				return r
			}
			return '_'
		}, resource)
		c.IdentityPool.Name = name[:min(len(name), 128-len("_identitypool"))] + "_identitypool"
	}
	if c.IdentityPool.Guests == nil {
		c.IdentityPool.Guests = new(false)
	}
}

// ReserveDomain keeps the prefix of a domain for an environment, in the transaction
// of the call that asks for it: whoever asks for a prefix in use is refused at once.
func (p *Provisioner) ReserveDomain(tx *db.Tx, envUID, prefix, path string) error {
	k := p.domainRoute(prefix)
	_, found, err := p.Registry.FindRoute(tx.Query(), k.Kind, k.Key)
	if err != nil {
		return err
	}
	if found {
		return errs.E(errs.Conflict, "Value '%s' at '%s' is the domain of another user pool: choose another prefix", prefix, path)
	}
	return p.Registry.PutRoute(tx, k.Kind, k.Key, envUID)
}

// Found is a pool that can be imported.
type Found struct {
	Name   string // of the resource
	IDs    AuthIDs
	Config AuthConfig
}

// Inspect reads the pool, the clients and the identity pool that an import names,
// and refuses those that do not belong together. errs.NotFound when one is not on
// this server.
func (p *Provisioner) Inspect(ctx context.Context, ids AuthIDs) (Found, error) {
	out := Found{IDs: ids}
	env, release, err := p.Directory().Find(ctx, userpool.RoutePool, ids.UserPool)
	if err != nil {
		return out, orMissing(err, "user pool", ids.UserPool)
	}
	defer release()
	var pool userpool.Pool
	var web userpool.Client
	var providers []userpool.Provider
	err = env.DB.Read(ctx, func(q *db.Query) (err error) {
		if pool, err = userpool.ReadPool(q, env.Sealer, ids.UserPool); err != nil {
			return orMissing(err, "user pool", ids.UserPool)
		}
		if web, err = userpool.ReadClient(q, env.Sealer, ids.UserPool, ids.WebClient); err != nil {
			return orMissing(err, "app client", ids.WebClient)
		}
		if _, err = userpool.ReadClient(q, env.Sealer, ids.UserPool, ids.NativeClient); err != nil {
			return orMissing(err, "app client", ids.NativeClient)
		}
		if providers, err = userpool.ReadProviders(q, env.Sealer, ids.UserPool); err != nil {
			return err
		}
		out.IDs.Domain, err = userpool.DomainOf(q, ids.UserPool)
		return err
	})
	if errs.KindOf(err) == errs.NotFound {
		return out, p.foreignClient(ctx, ids, err)
	}
	if err != nil {
		return out, err
	}
	out.Config = configOf(pool, web, providers, out.IDs.Domain)
	if out.Config.UserPool.OAuth == nil {
		out.IDs.Domain = ""
	}
	out.Name = importName(pool)
	if ids.IdentityPool != "" {
		identity, err := p.inspectIdentities(ctx, ids)
		if err != nil {
			return out, err
		}
		out.Config.Resources = UserAndIdentityPool
		out.Config.IdentityPool = IdentityPoolConfig{Name: identity.Name, Guests: &identity.Guests}
	}
	return out, nil
}

// foreignClient words the error for a client that is there, and of another pool.
func (p *Provisioner) foreignClient(ctx context.Context, ids AuthIDs, notFound error) error {
	for _, m := range []struct{ member, id string }{{"webClientId", ids.WebClient}, {"nativeClientId", ids.NativeClient}} {
		env, release, err := p.Directory().Find(ctx, userpool.RouteClient, m.id)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		err = env.DB.Read(ctx, func(q *db.Query) error {
			_, err := userpool.ReadClient(q, env.Sealer, ids.UserPool, m.id)
			return err
		})
		release()
		if errs.KindOf(err) == errs.NotFound {
			return errs.E(errs.Invalid, "Value '%s' at '%s' is an app client of another user pool than %s", m.id, m.member, ids.UserPool)
		}
	}
	return notFound
}

func (p *Provisioner) inspectIdentities(ctx context.Context, ids AuthIDs) (identitypool.Pool, error) {
	env, release, err := p.Directory().Find(ctx, identitypool.RoutePool, ids.IdentityPool)
	if err != nil {
		return identitypool.Pool{}, orMissing(err, "identity pool", ids.IdentityPool)
	}
	defer release()
	pool, err := identitypool.FindPool(ctx, env, ids.IdentityPool)
	if err != nil {
		return pool, orMissing(err, "identity pool", ids.IdentityPool)
	}
	for _, client := range []string{ids.WebClient, ids.NativeClient} {
		want := identitypool.Provider{Name: identitypool.ProviderName(ids.UserPool), Client: client}
		trusts := slices.ContainsFunc(pool.Providers, func(p identitypool.Provider) bool { return p.Name == want.Name && p.Client == want.Client })
		if !trusts {
			return pool, errs.E(errs.Invalid, "Value '%s' at 'identityPoolId' is an identity pool that does not trust the app client %s of the user pool %s",
				ids.IdentityPool, client, ids.UserPool)
		}
	}
	return pool, nil
}

func orMissing(err error, what, id string) error {
	if errs.KindOf(err) == errs.NotFound {
		return missingAuthPart(what, id)
	}
	return err
}

// importName is the resource name of an imported pool: no member of the operation
// carries one, so it is made of the pool's id.
func importName(pool userpool.Pool) string {
	var b strings.Builder
	for _, r := range pool.ID {
		if isAlnum(r) {
			b.WriteRune(r)
		}
	}
	return "imported" + b.String()
}

// configOf is how a pool that is there would have been configured. What
// CreateBackendAuth has no member for is left out.
func configOf(pool userpool.Pool, web userpool.Client, providers []userpool.Provider, domain string) AuthConfig {
	s := pool.Settings
	u := UserPoolConfig{Name: pool.Name, SignIn: SignInUsername, Required: []string{}}
	switch email, phone := slices.Contains(s.UsernameAttributes, attrEmail), slices.Contains(s.UsernameAttributes, attrPhone); {
	case email && phone:
		u.SignIn = SignInEmailAndPhone
	case email:
		u.SignIn = SignInEmail
	case phone:
		u.SignIn = SignInPhone
	}
	for _, a := range s.Attributes {
		if a.Required && !strings.HasPrefix(a.Name, "custom:") && a.Name != "sub" {
			u.Required = append(u.Required, requiredName(a.Name))
		}
	}
	slices.Sort(u.Required)
	if len(s.AutoVerified) > 0 {
		u.Verification = messagesOf(s.AutoVerified[0] == attrPhone, s.Messages.Verification)
	}
	u.Forgot = messagesOf(s.Recovery[0] == userpool.RecoverPhone, s.Messages.Forgot)
	u.MFA = &MFAConfig{Mode: s.MFA.Mode, SMS: given(s.Messages.Factor.SMS)}
	if s.MFA.SMS {
		u.MFA.Types = append(u.MFA.Types, "SMS")
	}
	if s.MFA.TOTP {
		u.MFA.Types = append(u.MFA.Types, "TOTP")
	}
	u.Password = &PasswordConfig{MinLength: new(float64(s.Password.MinLength)), Constraints: []string{}}
	for _, c := range []struct {
		on   bool
		name string
	}{
		{s.Password.Digit, "REQUIRE_DIGIT"},
		{s.Password.Lower, "REQUIRE_LOWERCASE"},
		{s.Password.Symbol, "REQUIRE_SYMBOL"},
		{s.Password.Upper, "REQUIRE_UPPERCASE"},
	} {
		if c.on {
			u.Password.Constraints = append(u.Password.Constraints, c.name)
		}
	}
	if domain != "" && web.Settings.OAuth {
		u.OAuth = oauthOf(web.Settings, providers, domain)
	}
	return AuthConfig{Resources: UserPoolOnly, Service: "COGNITO", UserPool: u}
}

func isAlnum(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func requiredName(attribute string) string {
	if attribute == "zoneinfo" {
		return "ZONE_INFO"
	}
	return strings.ToUpper(attribute)
}

func messagesOf(sms bool, t userpool.Template) *MessageConfig {
	m := &MessageConfig{Delivery: "EMAIL", Subject: given(t.Subject), Email: given(t.Email), SMS: given(t.SMS)}
	if sms {
		m.Delivery = deliverSMS
	}
	return m
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func oauthOf(s userpool.ClientSettings, providers []userpool.Provider, domain string) *OAuthConfig {
	o := &OAuthConfig{DomainPrefix: &domain, Grant: "IMPLICIT", Scopes: []string{}, SignIn: s.Callbacks, SignOut: s.Logouts}
	if slices.Contains(s.OAuthFlows, "code") {
		o.Grant = grantCode
	}
	for _, name := range []string{"PHONE", "EMAIL", "OPENID", "PROFILE", "AWS_COGNITO_SIGNIN_USER_ADMIN"} {
		if slices.Contains(s.OAuthScopes, scopeName(name)) {
			o.Scopes = append(o.Scopes, name)
		}
	}
	for _, to := range o.Providers.all() {
		i := slices.IndexFunc(providers, func(p userpool.Provider) bool { return p.Name == to.name })
		if i >= 0 && slices.Contains(s.Providers, to.name) {
			*to.config = &ProviderConfig{Client: providers[i].Details["client_id"], Team: providers[i].Details["team_id"]}
		}
	}
	return o
}
