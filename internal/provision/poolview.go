package provision

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"preamp/internal/authn"
	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/identitypool"
)

// AuthView is a live auth resource.
type AuthView struct {
	AuthIDs
	Name string // resource name
	// SignIn is the sign-in method.
	SignIn string
	// DomainURL is where the hosted pages are; empty without.
	DomainURL string
	Imported  bool
	Config    AuthConfig // without secrets
	Pushed    time.Time
	Digest    string
}

// digest has the form of lastPushDirHash in amplify-meta.json.
func (c AuthConfig) digest() string {
	c.Sealed = nil // another text each time
	b, err := json.Marshal(c)
	if err != nil {
		panic("provision: an auth configuration cannot be written: " + err.Error())
	}
	return digest(string(b))
}

// DesiredAuth is the configuration that the owner of an auth resource wants, with
// its secrets.
func (p *Provisioner) DesiredAuth(r backend.Resource) (AuthConfig, error) {
	c, err := decode[AuthConfig](r.Desired, "auth configuration")
	if err != nil {
		return c, err
	}
	return c, c.open(p.Ring.Control(), r.EnvUID, r.Name)
}

// SealAuth is a configuration in the form in which it may be stored.
func (p *Provisioner) SealAuth(envUID, name string, c AuthConfig) AuthConfig {
	return c.seal(p.Ring.Control(), envUID, name)
}

// LiveAuthIDs are the ids of an auth resource that serves, and whether it is an
// imported one.
func LiveAuthIDs(r backend.Resource) (ids AuthIDs, imported bool, err error) {
	live, err := decode[liveAuth](r.Live, "auth resource")
	return live.AuthIDs, live.Imported, err
}

// liveAuths are the auth resources of an environment that serve, the oldest first.
func (p *Provisioner) liveAuths(q *db.Query, envUID string) ([]AuthView, error) {
	resources, err := p.Registry.Resources(q, envUID, CategoryAuth)
	if err != nil {
		return nil, err
	}
	var list []AuthView
	for _, r := range resources {
		if r.LiveVersion == 0 {
			continue
		}
		l, err := decode[liveAuth](r.Live, "auth resource")
		if err != nil {
			return nil, err
		}
		v := AuthView{
			AuthIDs: l.AuthIDs, Name: r.Name, SignIn: l.Config.UserPool.SignIn, Imported: l.Imported, Config: l.Config,
			Pushed: time.UnixMilli(l.Pushed).UTC(), Digest: l.Digest,
		}
		v.Config.Sealed = nil
		if !l.Config.HasIdentityPool() {
			v.IdentityPool = ""
		}
		if l.Domain != "" {
			_, rest, _ := strings.Cut(p.BaseURL(), "://")
			v.DomainURL = "https://" + rest + "/oauth/" + l.UserPool
		}
		list = append(list, v)
	}
	return list, nil
}

// ownPool is the user pool of an environment; empty when it has none.
func (p *Provisioner) ownPool(ctx context.Context, envUID string) (pool string, err error) {
	err = p.Set.Control().Read(ctx, func(q *db.Query) error {
		list, err := p.liveAuths(q, envUID)
		pool = ""
		if len(list) > 0 {
			pool = list[0].UserPool
		}
		return err
	})
	return pool, err
}

// Vouches reports whether an identity is one to the environment that an API is in:
// of its own identity pool, or, of a pool that belongs to no app, with one of its
// roles, which an administrator has then given to that pool. Names of roles alone
// say nothing: those of two apps of one name may be the same.
//
// Errors: errs.NotFound for the API.
func (p *Provisioner) Vouches(ctx context.Context, apiID string, f *authn.Federated) (yes bool, err error) {
	uid, err := p.Registry.Route(ctx, RouteAPI, apiID)
	if err != nil {
		return false, err
	}
	poolUID, err := p.Registry.Route(ctx, identitypool.RoutePool, f.PoolID)
	if errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = p.Set.Control().Read(ctx, func(q *db.Query) error {
		list, err := p.liveAuths(q, uid)
		if yes = slices.ContainsFunc(list, func(a AuthView) bool { return a.IdentityPool == f.PoolID }); yes || err != nil {
			return err
		}
		env, err := p.Registry.EnvByUID(q, uid)
		if err != nil {
			return err
		}
		app, err := p.Registry.App(q, env.App)
		if err != nil {
			return err
		}
		role := rolesOf(app.Name, env).authARN
		if f.Guest {
			role = rolesOf(app.Name, env).unauthARN
		}
		if f.RoleARN != role {
			return nil
		}
		home, found, err := p.Registry.FindReservedEnv(q, backend.ReservedCognito)
		yes = found && home.UID == poolUID
		return err
	})
	return yes, err
}

// Auth are the settings by which the data plane lets callers in: those of the
// configuration, and the pool of the environment where it names none.
func (a APIView) Auth() endpoint.Auth {
	auth := a.Config.Auth()
	if auth.Own {
		auth.UserPool = a.OwnPool
	}
	return auth
}

// metaAuthResource is an auth resource in amplify-meta.json.
type metaAuthResource struct {
	Service           string       `json:"service"`
	ServiceType       string       `json:"serviceType"`
	ProviderPlugin    string       `json:"providerPlugin"`
	DependsOn         []string     `json:"dependsOn"`
	CustomAuth        bool         `json:"customAuth"`
	FrontendAuth      frontendAuth `json:"frontendAuthConfig"`
	Output            object       `json:"output"`
	ProviderMetadata  metaMetadata `json:"providerMetadata"`
	LastPushTimeStamp string       `json:"lastPushTimeStamp"`
	LastPushDirHash   string       `json:"lastPushDirHash"`
}

// frontendAuth is what client configurations say of a user pool.
type frontendAuth struct {
	SocialProviders    []string        `json:"socialProviders"`
	UsernameAttributes []string        `json:"usernameAttributes"`
	SignUpAttributes   []string        `json:"signupAttributes"`
	Password           metaPasswordSet `json:"passwordProtectionSettings"`
	MFA                string          `json:"mfaConfiguration"`
	MFATypes           []string        `json:"mfaTypes"`
	Verification       []string        `json:"verificationMechanisms"`
}

type metaPasswordSet struct {
	MinLength  int      `json:"passwordPolicyMinLength"`
	Characters []string `json:"passwordPolicyCharacters"`
}

// socialNames are the names of social providers in client configurations and in
// Gen 2 files, and the output of amplify-meta.json that carries their client id.
var socialNames = map[string]struct{ frontend, outputs, js, client string }{
	"Facebook":        {"FACEBOOK", "FACEBOOK", "Facebook", "FacebookWebClient"},
	"Google":          {"GOOGLE", "GOOGLE", "Google", "GoogleWebClient"},
	"LoginWithAmazon": {"AMAZON", "LOGIN_WITH_AMAZON", "Amazon", "AmazonWebClient"},
	"SignInWithApple": {"APPLE", "SIGN_IN_WITH_APPLE", "Apple", "AppleWebClient"},
}

// used are the names of the social providers that are configured.
func (c AuthConfig) used() []string {
	names := []string{}
	for _, s := range c.social().all() {
		if *s.config != nil {
			names = append(names, s.name)
		}
	}
	return names
}

func (c AuthConfig) frontend() frontendAuth {
	u := c.UserPool
	f := frontendAuth{
		SocialProviders: []string{}, UsernameAttributes: []string{}, SignUpAttributes: unique(u.Required),
		MFA: "OFF", MFATypes: []string{}, Verification: []string{}, Password: metaPasswordSet{Characters: []string{}},
	}
	for _, name := range c.used() {
		f.SocialProviders = append(f.SocialProviders, socialNames[name].frontend)
	}
	for _, a := range u.signInAttributes() {
		f.UsernameAttributes = append(f.UsernameAttributes, strings.ToUpper(a))
	}
	for _, a := range u.verified() {
		f.Verification = append(f.Verification, strings.ToUpper(a))
	}
	if u.MFA != nil {
		f.MFA, f.MFATypes = u.MFA.Mode, unique(u.MFA.Types)
	}
	length, constraints := u.policy()
	f.Password.MinLength = length
	for _, c := range []struct{ constraint, word string }{
		{"REQUIRE_LOWERCASE", "REQUIRES_LOWERCASE"},
		{"REQUIRE_UPPERCASE", "REQUIRES_UPPERCASE"},
		{"REQUIRE_DIGIT", "REQUIRES_NUMBERS"},
		{"REQUIRE_SYMBOL", "REQUIRES_SYMBOLS"},
	} {
		if slices.Contains(constraints, c.constraint) {
			f.Password.Characters = append(f.Password.Characters, c.word)
		}
	}
	return f
}

// policy is the password policy in force: without one, that of Cognito.
func (u UserPoolConfig) policy() (length int, constraints []string) {
	if u.Password == nil || u.Password.MinLength == nil {
		return 8, []string{"REQUIRE_DIGIT", "REQUIRE_LOWERCASE", "REQUIRE_SYMBOL", "REQUIRE_UPPERCASE"}
	}
	return int(*u.Password.MinLength), u.Password.Constraints
}

// meta is the resource as amplify-meta.json has it.
func (a AuthView) meta(bucket string) metaAuthResource {
	out := object{
		{"UserPoolId", a.UserPool},
		{"AppClientIDWeb", a.WebClient},
		{"AppClientID", a.NativeClient},
	}
	out.set("IdentityPoolId", a.IdentityPool)
	out.set("UserPoolArn", "arn:aws:cognito-idp:"+a.region()+":"+account+":userpool/"+a.UserPool)
	if a.IdentityPool != "" {
		out.set("IdentityPoolName", a.Config.IdentityPool.Name)
	}
	out.set("UserPoolName", a.Config.UserPool.Name)
	out.set("HostedUIDomain", a.Domain)
	if o := a.Config.UserPool.OAuth; o != nil {
		out.set("OAuthMetadata", textOf(object{
			{"AllowedOAuthFlows", []string{a.Config.flow()}},
			{"AllowedOAuthScopes", a.Config.scopes()},
			{"CallbackURLs", unique(o.SignIn)},
			{"LogoutURLs", unique(o.SignOut)},
		}))
	}
	if m := a.Config.UserPool.MFA; m != nil && slices.Contains(m.Types, "SMS") {
		out.set("CreatedSNSRole", "arn:aws:iam::"+account+":role/"+a.Name+"-sns")
	}
	for _, s := range a.Config.social().all() {
		if c := *s.config; c != nil {
			out.set(socialNames[s.name].client, c.Client)
		}
	}
	kind := "managed"
	if a.Imported {
		kind = "imported"
	}
	return metaAuthResource{
		Service: "Cognito", ServiceType: kind, ProviderPlugin: "awscloudformation", DependsOn: []string{}, FrontendAuth: a.Config.frontend(), Output: out,
		ProviderMetadata: metaMetadata{
			TemplateURL: "https://s3.amazonaws.com/" + bucket + "/amplify-cfn-templates/auth/" + a.Name + "-cloudformation-template.json",
			LogicalID:   CategoryAuth + a.Name,
		},
		LastPushTimeStamp: a.Pushed.Format(timeForm), LastPushDirHash: a.Digest,
	}
}

// textOf is JSON within JSON.
func textOf(o object) string {
	text, err := Encode(o)
	if err != nil {
		panic("provision: texts cannot be written as JSON: " + err.Error())
	}
	return text
}

// flow is the OAuth flow as Cognito calls it.
func (c AuthConfig) flow() string {
	if c.UserPool.OAuth.Grant == grantCode {
		return "code"
	}
	return "implicit"
}

// scopes are the scopes as Cognito calls them.
func (c AuthConfig) scopes() []string {
	out := []string{}
	for _, s := range unique(c.UserPool.OAuth.Scopes) {
		out = append(out, scopeName(s))
	}
	return out
}

// metaDependency is how an API names the auth resource that it goes by.
type metaDependency struct {
	Category     string   `json:"category"`
	ResourceName string   `json:"resourceName"`
	Attributes   []string `json:"attributes"`
}

// poolResource is the auth resource of a pool in an environment, if it has one.
func (v View) poolResource(pool string) (AuthView, bool) {
	i := slices.IndexFunc(v.Auths, func(a AuthView) bool { return a.UserPool == pool })
	if i < 0 || pool == "" {
		return AuthView{}, false
	}
	return v.Auths[i], true
}

// usesPool reports whether an API lets in users of a pool.
func (a APIView) usesPool() bool { return slices.Contains(a.Config.Modes(), authn.UserPool) }
