package social

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"preamp/internal/oidc"
	"preamp/internal/outgoing"
	"preamp/internal/userpool"
)

// place is an address, and how to get there.
type place struct {
	url string
	by  *lane
}

// flow is a sign-in by one provider: where its endpoints are and what is special
// about it.
type flow struct {
	c *Connector
	p *userpool.Provider

	authorize, token, userInfo place
	// issuers are those of id tokens; none for a provider without.
	issuers []oidc.Issuer
	keys    *lane
	pkce    bool
	basic   bool
}

// real are the addresses of the providers that have one.
func (c *Connector) real(p *userpool.Provider) Endpoints {
	switch p.Type {
	case userpool.ProviderGoogle:
		return Endpoints{
			Authorize: "https://accounts.google.com/o/oauth2/v2/auth", Token: "https://oauth2.googleapis.com/token",
			Keys: "https://www.googleapis.com/oauth2/v3/certs", Issuer: "https://accounts.google.com",
		}
	case userpool.ProviderFacebook:
		version := p.Details["api_version"]
		if version == "" {
			version = graphVersion
		}
		return Endpoints{
			Authorize: "https://www.facebook.com/" + version + "/dialog/oauth",
			Token:     "https://graph.facebook.com/" + version + "/oauth/access_token",
			UserInfo:  "https://graph.facebook.com/" + version + "/me",
		}
	case userpool.ProviderAmazon:
		return Endpoints{
			Authorize: "https://www.amazon.com/ap/oa", Token: "https://api.amazon.com/auth/o2/token",
			UserInfo: "https://api.amazon.com/user/profile",
		}
	case userpool.ProviderApple:
		return Endpoints{
			Authorize: "https://appleid.apple.com/auth/authorize", Token: "https://appleid.apple.com/auth/token",
			Keys: "https://appleid.apple.com/auth/keys", Issuer: appleIssuer,
		}
	}
	return Endpoints{Issuer: p.Details["oidc_issuer"]}
}

// flow finds the endpoints of a provider.
func (c *Connector) flow(ctx context.Context, p *userpool.Provider) (*flow, error) {
	over, at := c.overrides[p.Name], c.real(p)
	f := &flow{c: c, p: p, pkce: p.Type == userpool.ProviderGoogle || p.Type == userpool.ProviderOIDC}
	found := c.guarded
	if p.Type == userpool.ProviderOIDC {
		var err error
		if at, found, err = f.findOIDC(ctx, over, at); err != nil {
			return nil, err
		}
	}
	pick := func(over, real string) place {
		switch {
		case over != "":
			return place{over, c.trusted}
		case found == c.trusted && origin(real) == origin(at.Issuer):
			return place{real, c.trusted}
		}
		return place{real, c.guarded}
	}
	f.authorize, f.token, f.userInfo = pick(over.Authorize, at.Authorize), pick(over.Token, at.Token), pick(over.UserInfo, at.UserInfo)
	keys := pick(over.Keys, at.Keys)
	f.keys = keys.by
	issuer := at.Issuer
	if over.Issuer != "" {
		issuer = over.Issuer
	}
	if issuer != "" {
		f.issuers = []oidc.Issuer{{URL: issuer, Keys: keys.url}}
		if bare, ok := strings.CutPrefix(issuer, "https://"); ok && p.Type == userpool.ProviderGoogle {
			// Google's documentation names both forms.
			f.issuers = append(f.issuers, oidc.Issuer{URL: bare, Keys: keys.url})
		}
	}
	return f, nil
}

// findOIDC finds what no override says: what the administrator of the pool has
// given, or else what the issuer publishes. Of an issuer that the operator has
// set the administrator gives nothing.
func (f *flow) findOIDC(ctx context.Context, over, at Endpoints) (Endpoints, *lane, error) {
	by := f.c.guarded
	if over.Issuer != "" {
		at.Issuer, by = over.Issuer, f.c.trusted
	} else if d := f.p.Details; d["authorize_url"] != "" {
		at.Authorize, at.Token, at.UserInfo, at.Keys = d["authorize_url"], d["token_url"], d["attributes_url"], d["jwks_uri"]
		return at, by, nil
	}
	if over.Authorize != "" && over.Token != "" && over.Keys != "" {
		return at, by, nil
	}
	doc, err := by.found.find(ctx, at.Issuer)
	if err != nil {
		return Endpoints{}, nil, err
	}
	f.pkce, f.basic = doc.pkce(), doc.basic()
	at.Authorize, at.Token, at.UserInfo, at.Keys = doc.Authorize, doc.Token, doc.UserInfo, doc.Keys
	return at, by, nil
}

// origin is what trust in an address extends to.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// begin is the URL to which the browser goes.
func (f *flow) begin(in BeginInput) (string, error) {
	u, err := url.Parse(f.authorize.url)
	if err != nil {
		return "", refuse("the authorization endpoint is not a URL")
	}
	if err := outgoing.Check(u); err != nil || u.Scheme != "https" && f.authorize.by != f.c.trusted {
		return "", refuse("the authorization endpoint is not one to send a browser to")
	}
	q := u.Query()
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("client_id", f.p.Details["client_id"])
	set("redirect_uri", in.RedirectURI)
	set("response_type", "code")
	set("state", in.State)
	set("scope", strings.Join(f.scopes(), f.separator()))
	if len(f.issuers) > 0 {
		set("nonce", in.Nonce)
	}
	if f.pkce && in.CodeChallenge != "" {
		set("code_challenge", in.CodeChallenge)
		set("code_challenge_method", "S256")
	}
	switch f.p.Type {
	case userpool.ProviderGoogle, userpool.ProviderOIDC:
		set("login_hint", in.LoginHint)
	case userpool.ProviderApple:
		if asksForm(f.scopes()) {
			set("response_mode", "form_post")
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// finish exchanges the code and reads who signed in.
func (f *flow) finish(ctx context.Context, in FinishInput) (Profile, error) {
	answer, err := f.exchange(ctx, in)
	if err != nil {
		return Profile{}, err
	}
	switch f.p.Type {
	case userpool.ProviderFacebook:
		return f.facebook(ctx, answer.access)
	case userpool.ProviderAmazon:
		return f.amazon(ctx, answer.access)
	}
	claims, err := f.idToken(ctx, answer.id, in.Nonce)
	if err != nil {
		return Profile{}, err
	}
	var first map[string]string
	switch f.p.Type {
	case userpool.ProviderOIDC:
		if claims, err = f.withUserInfo(ctx, answer.access, claims); err != nil {
			return Profile{}, err
		}
	case userpool.ProviderApple:
		first = appleUser(in.User)
	}
	out := newProfile(f.p, claims)
	out.First = first
	return out, nil
}

// tokens are what a code is exchanged for.
type tokens struct{ access, id string }

// exchange sends the code to the token endpoint (RFC 6749, section 4.1.3).
func (f *flow) exchange(ctx context.Context, in FinishInput) (tokens, error) {
	if in.Code == "" {
		return tokens{}, refuse("no code")
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {in.Code}, "redirect_uri": {in.RedirectURI}}
	id, secret := f.p.Details["client_id"], f.p.ClientSecret.Reveal()
	if f.p.Type == userpool.ProviderApple {
		var err error
		if secret, err = f.appleSecret(); err != nil {
			return tokens{}, err
		}
	}
	if !f.basic || secret == "" {
		form.Set("client_id", id)
		if secret != "" {
			form.Set("client_secret", secret)
		}
	}
	if f.pkce && in.CodeVerifier != "" {
		form.Set("code_verifier", in.CodeVerifier)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.token.url, strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, refuse("the token endpoint is not a URL")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if f.basic && secret != "" {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) // section 2.3.1
	}
	answer, err := f.token.by.object(r, "token endpoint")
	if err != nil {
		return tokens{}, err
	}
	if code, there := answer["error"]; there { // some say so with status 200
		return tokens{}, refuse("token endpoint: error %.60q", fmt.Sprint(code))
	}
	var out tokens
	out.access, _ = answer["access_token"].(string)
	out.id, _ = answer["id_token"].(string)
	if out.access == "" && out.id == "" {
		return tokens{}, refuse("token endpoint: no tokens")
	}
	return out, nil
}

// get asks an endpoint about the user of an access token (RFC 6750).
func (f *flow) get(ctx context.Context, method, access, query string) (map[string]any, error) {
	if access == "" {
		return nil, refuse("no access token")
	}
	u, err := url.Parse(f.userInfo.url)
	if err != nil {
		return nil, refuse("the userinfo endpoint is not a URL")
	}
	if query != "" {
		u.RawQuery = query
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, refuse("the userinfo endpoint is not a URL")
	}
	r.Header.Set("Authorization", "Bearer "+access)
	return f.userInfo.by.object(r, "userinfo endpoint")
}

// newProfile is what claims say of a user.
func newProfile(p *userpool.Provider, claims map[string]any) Profile {
	out := Profile{Claims: map[string]string{}}
	for name, v := range claims {
		if text, ok := claimText(v); ok {
			out.Claims[name] = text
		}
	}
	out.ID = out.Claims[p.IDClaim()]
	out.EmailVerified = out.Claims["email"] != "" && out.Claims["email_verified"] == "true"
	return out
}

// claimText is a claim as the text that an attribute can be.
func claimText(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case bool, json.Number:
		return fmt.Sprint(v), true
	}
	b, err := json.Marshal(v)
	return string(b), err == nil
}
