package social_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
	"preamp/internal/userpool/social"
	"preamp/internal/userpool/social/socialtest"
)

// Every provider signs its account in, and has nothing to object to.
func TestSignIn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		id     string
		claims map[string]string // some of those that come
		first  map[string]string
		proved bool
	}{
		{
			name: userpool.ProviderGoogle, id: "110248495921238986420", proved: true,
			claims: map[string]string{"email": "ada@gmail.example", "email_verified": "true", "given_name": "Ada"},
		},
		{
			name: userpool.ProviderFacebook, id: "10221234567890123",
			claims: map[string]string{
				"email": "ada@facebook.example", "first_name": "Ada", "picture": "https://pictures.example/ada", "email_verified": "",
			},
		},
		{
			name: userpool.ProviderAmazon, id: "amzn1.account.AF3XEXAMPLE",
			claims: map[string]string{"email": "ada@amazon.example", "postal_code": "98101"},
		},
		{
			name: userpool.ProviderApple, id: "000456.0a1b2c3d4e5f.1234", proved: true,
			// The address in the form is what a browser says.
			claims: map[string]string{"email": "x7@privaterelay.example", "firstName": ""},
			first:  map[string]string{"firstName": "Ada", "lastName": "Lovelace", "name": "Ada Lovelace"},
		},
		{
			name: socialtest.Corp, id: "u-1", proved: true,
			claims: map[string]string{"email": "ada@corp.example", "groups": `["a","b"]`, "level": "7", "name": "Ada Lovelace"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			a := f.attempt(tc.name)
			a.p.Mapping["given_name"], a.p.Mapping["picture"] = "first_name", "picture"
			got, err := a.run(t)
			if err != nil || got.ID != tc.id || got.EmailVerified != tc.proved {
				t.Fatalf("%+v, %v", got, err)
			}
			for name, v := range tc.claims {
				if got.Claims[name] != v {
					t.Errorf("%s = %q, want %q", name, got.Claims[name], v)
				}
			}
			if diff := cmp.Diff(tc.first, got.First); diff != "" {
				t.Error(diff)
			}
			if p := f.s.Problems(); p != nil {
				t.Errorf("the provider objects: %q", p)
			}
		})
	}
}

// Begin sends the browser to where the provider really is, with what it needs.
func TestBegin(t *testing.T) {
	t.Parallel()
	c := connector(t, social.Config{})
	in := social.BeginInput{RedirectURI: callback, State: "st", Nonce: "no", CodeChallenge: "ch", LoginHint: "ada@example.com"}
	for _, tc := range []struct {
		name string
		p    userpool.Provider
		want string
	}{
		{
			"Google",
			userpool.Provider{Type: userpool.ProviderGoogle, Details: map[string]string{"client_id": "id", "authorize_scopes": "email profile"}},
			"https://accounts.google.com/o/oauth2/v2/auth?client_id=id&code_challenge=ch&code_challenge_method=S256&login_hint=ada%40example.com" +
				"&nonce=no&redirect_uri=https%3A%2F%2Fauth.example%2Foauth2%2Fidpresponse&response_type=code&scope=email+profile+openid&state=st",
		},
		{
			"Facebook",
			userpool.Provider{Type: userpool.ProviderFacebook, Details: map[string]string{
				"client_id": "id", "authorize_scopes": "public_profile, email", "api_version": "v17.0",
			}},
			"https://www.facebook.com/v17.0/dialog/oauth?client_id=id&redirect_uri=https%3A%2F%2Fauth.example%2Foauth2%2Fidpresponse" +
				"&response_type=code&scope=public_profile%2Cemail&state=st",
		},
		{
			"Amazon",
			userpool.Provider{Type: userpool.ProviderAmazon, Details: map[string]string{"client_id": "id", "authorize_scopes": "profile postal_code"}},
			"https://www.amazon.com/ap/oa?client_id=id&redirect_uri=https%3A%2F%2Fauth.example%2Foauth2%2Fidpresponse" +
				"&response_type=code&scope=profile+postal_code&state=st",
		},
		{
			"Apple",
			userpool.Provider{Type: userpool.ProviderApple, Details: map[string]string{"client_id": "id", "authorize_scopes": "email name"}},
			"https://appleid.apple.com/auth/authorize?client_id=id&nonce=no&redirect_uri=https%3A%2F%2Fauth.example%2Foauth2%2Fidpresponse" +
				"&response_mode=form_post&response_type=code&scope=email+name&state=st",
		},
		{
			"Apple without name and e-mail",
			userpool.Provider{Type: userpool.ProviderApple, Details: map[string]string{"client_id": "id", "authorize_scopes": "openid"}},
			"https://appleid.apple.com/auth/authorize?client_id=id&nonce=no&redirect_uri=https%3A%2F%2Fauth.example%2Foauth2%2Fidpresponse" +
				"&response_type=code&scope=openid&state=st",
		},
		{
			"OIDC whose addresses are given",
			userpool.Provider{Name: "Corp", Type: userpool.ProviderOIDC, Details: map[string]string{
				"client_id": "id", "authorize_scopes": "openid", "oidc_issuer": "https://corp.example", "authorize_url": "https://corp.example/a?tenant=1",
				"token_url": "https://corp.example/t", "jwks_uri": "https://corp.example/k",
			}},
			"https://corp.example/a?client_id=id&code_challenge=ch&code_challenge_method=S256&login_hint=ada%40example.com&nonce=no" +
				"&redirect_uri=https%3A%2F%2Fauth.example%2Foauth2%2Fidpresponse&response_type=code&scope=openid&state=st&tenant=1",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.Begin(t.Context(), tc.p, in)
			if err != nil || got != tc.want {
				t.Errorf("%v\n got %s\nwant %s", err, got, tc.want)
			}
		})
	}
}

// Addresses that the operator has not set go through the guard.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	open := guard(t, "127.0.0.0/8")
	at := func(p userpool.Provider) userpool.Provider {
		p.Details["oidc_issuer"] = f.s.URL + "/" + socialtest.Corp
		return p
	}
	real := f.s.Overrides()
	for _, tc := range []struct {
		name string
		c    social.Config
		// change is made to the provider.
		change func(p *userpool.Provider)
		fault  *socialtest.Fault
		basic  bool
		ok     bool
	}{
		{name: "the guard refuses", c: social.Config{}},
		{name: "the guard lets pass", c: social.Config{Guard: open}, ok: false}, // the browser is not sent to http by anybody but the operator
		{name: "the guard lets pass, the operator says where browsers go", c: social.Config{Guard: open, Overrides: map[string]social.Endpoints{
			socialtest.Corp: {Authorize: real[socialtest.Corp].Authorize},
		}}, ok: true},
		{name: "the guard refuses, the operator says where browsers go", c: social.Config{Overrides: map[string]social.Endpoints{
			socialtest.Corp: {Authorize: real[socialtest.Corp].Authorize},
		}}},
		{name: "the operator sets the issuer", c: social.Config{Overrides: map[string]social.Endpoints{
			socialtest.Corp: {Issuer: f.s.URL + "/" + socialtest.Corp},
		}}, ok: true},
		{name: "the operator sets another provider", c: social.Config{Overrides: map[string]social.Endpoints{
			"Other": real[socialtest.Corp],
		}}},
		{name: "the operator sets all but keys", c: social.Config{Overrides: map[string]social.Endpoints{
			socialtest.Corp: {Issuer: f.s.URL + "/" + socialtest.Corp, Authorize: real[socialtest.Corp].Authorize, Token: real[socialtest.Corp].Token},
		}}, ok: true},
		{name: "the secret in a header", c: social.Config{Overrides: map[string]social.Endpoints{
			socialtest.Corp: {Issuer: f.s.URL + "/" + socialtest.Corp},
		}}, basic: true, ok: true},
		{name: "an issuer of the operator leaves the administrator nothing to set", c: social.Config{Overrides: map[string]social.Endpoints{
			socialtest.Corp: {Issuer: f.s.URL + "/" + socialtest.Corp},
		}}, change: func(p *userpool.Provider) {
			p.Details["authorize_url"], p.Details["token_url"] = f.s.URL+"/elsewhere", f.s.URL+"/elsewhere"
			p.Details["jwks_uri"] = f.s.URL + "/elsewhere"
		}, ok: true},
		{name: "addresses of the administrator go through the guard", c: social.Config{}, change: func(p *userpool.Provider) {
			p.Details["authorize_url"], p.Details["token_url"] = real[socialtest.Corp].Authorize, f.s.URL+"/elsewhere"
			p.Details["jwks_uri"] = f.s.URL + "/elsewhere"
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &fixture{connector(t, tc.c), f.s}
			f.s.Fake(socialtest.Corp).Change(func(f *socialtest.Fake) { f.Basic = tc.basic })
			a := f.attempt(socialtest.Corp)
			a.p = at(a.p)
			if tc.change != nil {
				tc.change(&a.p)
			}
			got, err := a.run(t)
			if tc.ok != (err == nil) || tc.ok && got.ID != "u-1" {
				t.Errorf("%+v, %v", got, err)
			}
			if n := f.s.Elsewhere.Load(); n != 0 {
				t.Errorf("%d requests elsewhere", n)
			}
			if p := f.s.Problems(); p != nil {
				t.Errorf("the provider objects: %q", p)
			}
		})
	}
}

// A provider that says it has no PKCE by S256 is sent no challenge.
func TestNoPKCE(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	issuer := f.s.URL + "/" + socialtest.Corp
	for _, tc := range []struct {
		name, methods string
		want          bool
	}{
		{"not said", ``, true},
		{"plain only", `,"code_challenge_methods_supported":["plain"]`, false},
		{"none", `,"code_challenge_methods_supported":[]`, false},
		{"S256", `,"code_challenge_methods_supported":["S256"]`, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := connector(t, social.Config{Overrides: map[string]social.Endpoints{socialtest.Corp: {Issuer: issuer}}})
			f.s.Fake(socialtest.Corp).Misbehave(&socialtest.Fault{Discovery: says(200, `{"issuer":"`+issuer+`","authorization_endpoint":"`+issuer+
				`/authorize","token_endpoint":"`+issuer+`/token","jwks_uri":"`+issuer+`/keys"`+tc.methods+`}`)})
			a := f.attempt(socialtest.Corp)
			address, err := c.Begin(t.Context(), a.p, a.begin)
			if err != nil || strings.Contains(address, "code_challenge") != tc.want {
				t.Errorf("%s, %v", address, err)
			}
		})
	}
}

// A name that says nothing bad about where the browser is sent.
func TestBeginNowhere(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"javascript:alert(1)//https://corp.example", "data:text/html,x", "//corp.example/a", "http://corp.example/a", "https://user@corp.example/a",
		"https://", "ftp://corp.example", "https://corp.example:port/a", "",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			issuer := f.s.URL + "/" + socialtest.Corp
			f.s.Fake(socialtest.Corp).Misbehave(&socialtest.Fault{Discovery: says(200, `{"issuer":"`+issuer+`","authorization_endpoint":"`+address+
				`","token_endpoint":"`+issuer+`/token","jwks_uri":"`+issuer+`/keys"}`)})
			c := connector(t, social.Config{Overrides: map[string]social.Endpoints{socialtest.Corp: {Issuer: issuer}}})
			a := f.attempt(socialtest.Corp)
			if got, err := c.Begin(t.Context(), a.p, a.begin); err == nil {
				t.Errorf("the browser is sent to %s", got)
			}
		})
	}
}

// Facebook is asked for what the mapping needs, and for nothing that is not the
// name of a field.
func TestFacebookFields(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var asked url.Values
	f.s.Fake(userpool.ProviderFacebook).Misbehave(&socialtest.Fault{UserInfo: asks(&asked, `{"id":"1"}`)})
	a := f.attempt(userpool.ProviderFacebook)
	a.p.Mapping = map[string]string{
		"birthdate": "birthday", "username": "id", "email_verified": "email_verified", "profile": "friends{name,email}", "name": "name",
	}
	if _, err := a.run(t); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(asked.Get("fields"), ",")
	if want := []string{"birthday", "email", "id", "name"}; !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
}

// A discovery document is asked for once in a while, also where there is none.
func TestDiscoveryIsRemembered(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		after  time.Duration // until it is asked for again
	}{
		{"found", 200, 15 * time.Minute},
		{"not found", 404, 20 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			issuer := f.s.URL + "/" + socialtest.Corp
			var asked atomic.Int64
			doc := says(tc.status, `{"issuer":"`+issuer+`","authorization_endpoint":"`+issuer+`/authorize","token_endpoint":"`+issuer+
				`/token","jwks_uri":"`+issuer+`/keys"}`)
			f.s.Fake(socialtest.Corp).Misbehave(&socialtest.Fault{Discovery: func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				doc(w, r)
			}})
			now := time.Now()
			c := connector(t, social.Config{
				Overrides: map[string]social.Endpoints{socialtest.Corp: {Issuer: issuer}}, Now: func() time.Time { return now },
			})
			a := f.attempt(socialtest.Corp)
			for i, step := range []time.Duration{0, 0, tc.after - time.Second, time.Second, 0} {
				now = now.Add(step)
				_, err := c.Begin(t.Context(), a.p, a.begin)
				if (err == nil) != (tc.status == 200) {
					t.Fatal(err)
				}
				if want := int64(1 + i/3); asked.Load() != want {
					t.Errorf("step %d: asked %d times, want %d", i, asked.Load(), want)
				}
			}
		})
	}
}

// New says what it needs.
func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := social.New(social.Config{}); err == nil {
		t.Error("a connector without a guard")
	}
	if _, err := social.New(social.Config{Guard: guard(t, "127.0.0.0/8")}); err != nil {
		t.Error(err)
	}
}
