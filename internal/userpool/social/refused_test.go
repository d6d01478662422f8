package social_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"preamp/internal/errs"
	"preamp/internal/outgoing"
	"preamp/internal/userpool"
	"preamp/internal/userpool/social"
	"preamp/internal/userpool/social/socialtest"
)

func guard(t *testing.T, allow string) *outgoing.Client {
	t.Helper()
	g := outgoing.New(outgoing.Config{Allow: []netip.Prefix{netip.MustParsePrefix(allow)}})
	t.Cleanup(g.CloseIdle)
	return g
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func asks(query *url.Values, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*query = r.URL.Query()
		_, _ = w.Write([]byte(body))
	}
}

func sends(status int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	}
}

// control is the same sign-in without the fault.
func (f *fixture) control(t *testing.T, name string) {
	t.Helper()
	f.s.Fake(name).Misbehave(nil)
	f.s.Problems()
	got, err := f.attempt(name).run(t)
	if err != nil || got.ID == "" {
		t.Errorf("control: %+v, %v", got, err)
	}
}

func (f *fixture) refuses(t *testing.T, a *attempt, kind errs.Kind) {
	t.Helper()
	got, err := a.run(t)
	if err == nil || got.ID != "" || errs.KindOf(err) != kind {
		t.Errorf("%+v, %v; want the kind %v", got, err, kind)
	}
	if n := f.s.Elsewhere.Swap(0); n != 0 {
		t.Errorf("%d requests elsewhere", n)
	}
	if err == nil {
		return
	}
	text := errs.Public(err).Message
	for _, secret := range []string{a.p.ClientSecret.Reveal(), a.finish.Code, a.finish.CodeVerifier, f.s.URL, "zebra"} {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("the error tells too much: %s", text)
		}
	}
	for _, secret := range []string{a.p.ClientSecret.Reveal(), a.finish.Code, a.finish.CodeVerifier} {
		if secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("the log tells a secret: %v", err)
		}
	}
	if strings.Contains(err.Error(), "appsecret_proof") {
		t.Errorf("the log tells a proof: %v", err)
	}
}

// Endpoints that misbehave sign nobody in, and no secret goes elsewhere.
func TestBadEndpoints(t *testing.T) {
	t.Parallel()
	// One that would be good if its end were left off.
	huge := `{"access_token":"x","id":"x","user_id":"x","sub":"u-1"}` + strings.Repeat(" ", 300<<10)
	all := []string{userpool.ProviderGoogle, userpool.ProviderFacebook, userpool.ProviderAmazon, userpool.ProviderApple, socialtest.Corp}
	info := []string{userpool.ProviderFacebook, userpool.ProviderAmazon, socialtest.Corp}
	for _, tc := range []struct {
		name  string
		of    []string
		fault func(f *fixture) *socialtest.Fault
		kind  errs.Kind
	}{
		{"token: an error", all, token(says(400, `{"error":"invalid_grant","error_description":"zebra"}`)), errs.Unauthenticated},
		{"token: an error without JSON", all, token(says(400, `zebra`)), errs.Unauthenticated},
		{"token: an error with status 200", all, func(*fixture) *socialtest.Fault {
			return &socialtest.Fault{Answer: map[string]any{"error": "bad_verification_code"}}
		}, errs.Unauthenticated},
		{"token: down", all, token(says(503, `zebra`)), errs.Unavailable},
		{"token: huge", all, token(says(200, huge)), errs.Unauthenticated},
		{"token: nothing", all, token(says(200, ``)), errs.Unauthenticated},
		{"token: no tokens", all, token(says(200, `{}`)), errs.Unauthenticated},
		{"token: tokens that are no texts", all, token(says(200, `{"access_token":1,"id_token":{}}`)), errs.Unauthenticated},
		{"token: not JSON", all, token(says(200, `access_token=x&id_token=y`)), errs.Unauthenticated},
		{"token: a list", all, token(says(200, `[]`)), errs.Unauthenticated},
		{"token: null", all, token(says(200, `null`)), errs.Unauthenticated},
		{"token: redirect that keeps the form", all, elsewhere(307, "token"), errs.Unauthenticated},
		{"token: redirect", all, elsewhere(302, "token"), errs.Unauthenticated},
		{"token: hangs up", all, token(hangUp), errs.Unavailable},
		{"userinfo: an error", info, userInfo(says(401, `{"error":"zebra"}`)), errs.Unauthenticated},
		{"userinfo: down", info, userInfo(says(500, `zebra`)), errs.Unavailable},
		{"userinfo: huge", info, userInfo(says(200, huge)), errs.Unauthenticated},
		{"userinfo: not JSON", info, userInfo(says(200, `zebra`)), errs.Unauthenticated},
		{"userinfo: nobody", info, userInfo(says(200, `{"email":"ada@example.com"}`)), errs.Unauthenticated},
		{"userinfo: ids that are no texts", info, userInfo(says(200, `{"id":1,"user_id":1,"sub":1}`)), errs.Unauthenticated},
		{"userinfo: empty ids", info, userInfo(says(200, `{"id":"","user_id":"","sub":""}`)), errs.Unauthenticated},
		{"userinfo: an error with status 200", info, userInfo(says(200, `{"error":{},"id":"x","user_id":"x"}`)), errs.Unauthenticated},
		{"userinfo: hangs up", info, userInfo(hangUp), errs.Unavailable},
		{"userinfo: redirect", info, elsewhere(302, "userinfo"), errs.Unauthenticated},
		{"userinfo: somebody else", []string{socialtest.Corp}, userInfo(says(200, `{"sub":"u-2"}`)), errs.Unauthenticated},
	} {
		for _, name := range tc.of {
			t.Run(tc.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				f.s.Fake(name).Misbehave(tc.fault(f))
				f.refuses(t, f.attempt(name), tc.kind)
				f.control(t, name)
			})
		}
	}
}

func token(h http.HandlerFunc) func(*fixture) *socialtest.Fault {
	return func(*fixture) *socialtest.Fault { return &socialtest.Fault{Token: h} }
}

func userInfo(h http.HandlerFunc) func(*fixture) *socialtest.Fault {
	return func(*fixture) *socialtest.Fault { return &socialtest.Fault{UserInfo: h} }
}

func elsewhere(status int, endpoint string) func(*fixture) *socialtest.Fault {
	return func(f *fixture) *socialtest.Fault {
		h := sends(status, f.s.URL+"/elsewhere")
		if endpoint == "token" {
			return &socialtest.Fault{Token: h}
		}
		return &socialtest.Fault{UserInfo: h}
	}
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// Keys that cannot be had are no reason to believe a token, nor to say that it is
// a bad one.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		h    func(f *fixture) http.HandlerFunc
	}{
		{"down", func(*fixture) http.HandlerFunc { return says(500, "") }},
		{"huge", func(*fixture) http.HandlerFunc {
			return says(200, `{"keys":[],"a":"`+strings.Repeat("x", 300<<10)+`"}`)
		}},
		{"empty", func(*fixture) http.HandlerFunc { return says(200, `{"keys":[]}`) }},
		{"redirect", func(f *fixture) http.HandlerFunc { return sends(302, f.s.URL+"/elsewhere") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			name := userpool.ProviderGoogle
			f.s.Fake(name).Misbehave(&socialtest.Fault{Keys: tc.h(f)})
			f.refuses(t, f.attempt(name), errs.Unavailable)
			// A connector without the memory of that.
			f.Connector = connector(t, social.Config{Overrides: f.s.Overrides()})
			f.control(t, name)
		})
	}
}

// A discovery document that is not the issuer's is not used.
func TestBadDiscovery(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		doc  func(issuer string) http.HandlerFunc
		kind errs.Kind
	}{
		{"of another issuer", func(issuer string) http.HandlerFunc {
			return says(200, `{"issuer":"https://evil.example","authorization_endpoint":"`+issuer+`/authorize","token_endpoint":"`+issuer+`/token","jwks_uri":"`+issuer+`/keys"}`)
		}, errs.Unauthenticated},
		{"without a token endpoint", func(issuer string) http.HandlerFunc {
			return says(200, `{"issuer":"`+issuer+`","authorization_endpoint":"`+issuer+`/authorize","jwks_uri":"`+issuer+`/keys"}`)
		}, errs.Unauthenticated},
		{"with a token endpoint at another host", func(issuer string) http.HandlerFunc {
			u, _ := url.Parse(issuer)
			return says(200, `{"issuer":"`+issuer+`","authorization_endpoint":"`+issuer+`/authorize","token_endpoint":"http://localhost:`+u.Port()+
				`/elsewhere","jwks_uri":"`+issuer+`/keys"}`)
		}, errs.Unavailable},
		{"not JSON", func(string) http.HandlerFunc { return says(200, `zebra`) }, errs.Unavailable},
		{"down", func(string) http.HandlerFunc { return says(500, ``) }, errs.Unavailable},
		{"huge", func(string) http.HandlerFunc { return says(200, `"`+strings.Repeat("x", 300<<10)+`"`) }, errs.Unavailable},
		{"elsewhere", func(issuer string) http.HandlerFunc {
			return sends(302, strings.TrimSuffix(issuer, socialtest.Corp)+"elsewhere")
		}, errs.Unavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			issuer := f.s.URL + "/" + socialtest.Corp
			fresh := func() {
				f.Connector = connector(t, social.Config{Overrides: map[string]social.Endpoints{socialtest.Corp: {Issuer: issuer}}})
			}
			fresh()
			f.s.Fake(socialtest.Corp).Misbehave(&socialtest.Fault{Discovery: tc.doc(issuer)})
			f.refuses(t, f.attempt(socialtest.Corp), tc.kind)
			fresh()
			f.control(t, socialtest.Corp)
		})
	}
}

// What this side gets wrong, or a thief does, the provider refuses: so the tests
// above would see it if it were not sent.
func TestWrongCaller(t *testing.T) {
	t.Parallel()
	other := func() userpool.Provider {
		f := socialtest.New(t)
		return f.Provider(poolID, userpool.ProviderApple)
	}()
	for _, tc := range []struct {
		name, of string
		disturbs func(a *attempt)
		problem  string
	}{
		{"no code", userpool.ProviderGoogle, func(a *attempt) { a.finish.Code = "" }, ""},
		{"another code", userpool.ProviderGoogle, func(a *attempt) { a.finish.Code = "x" }, "unknown code"},
		{"another redirect URI", userpool.ProviderGoogle, func(a *attempt) { a.finish.RedirectURI += "/" }, "another redirect URI"},
		{"another verifier", userpool.ProviderGoogle, func(a *attempt) { a.finish.CodeVerifier += "x" }, "wrong code_verifier"},
		{"no verifier", socialtest.Corp, func(a *attempt) { a.finish.CodeVerifier = "" }, "wrong code_verifier"},
		{"the nonce of another sign-in", userpool.ProviderGoogle, func(a *attempt) { a.finish.Nonce = "x" }, ""},
		{"no nonce", userpool.ProviderGoogle, func(a *attempt) { a.finish.Nonce = "" }, ""},
		{"another secret", userpool.ProviderFacebook, func(a *attempt) { a.p.ClientSecret = socialtest.Secret("x") }, "wrong client_secret"},
		{"another client", userpool.ProviderAmazon, func(a *attempt) { a.p.Details["client_id"] = "x" }, "another client_id"},
		{"another key of Apple", userpool.ProviderApple, func(a *attempt) { a.p.PrivateKey = other.PrivateKey }, "wrong signature"},
		{"another key id", userpool.ProviderApple, func(a *attempt) { a.p.Details["key_id"] = "x" }, "kid"},
		{"another team", userpool.ProviderApple, func(a *attempt) { a.p.Details["team_id"] = "x" }, "iss"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			a := f.attempt(tc.of)
			a.disturbs = tc.disturbs
			f.refuses(t, a, errs.Unauthenticated)
			if got := strings.Join(f.s.Problems(), "\n"); !strings.Contains(got, tc.problem) || tc.problem == "" && got != "" {
				t.Errorf("the provider objects to %q", got)
			}
			f.control(t, tc.of)
		})
	}
}

// Without a nonce nothing ties a token to this sign-in, though none be in the token
// either.
func TestNoNonce(t *testing.T) {
	t.Parallel()
	for _, name := range []string{userpool.ProviderGoogle, userpool.ProviderApple, socialtest.Corp} {
		f := newFixture(t)
		f.s.Fake(name).Misbehave(&socialtest.Fault{Claims: []string{"nonce", ""}})
		a := f.attempt(name)
		a.disturbs = func(a *attempt) { a.finish.Nonce = "" }
		f.refuses(t, a, errs.Unauthenticated)
		f.control(t, name)
	}
}

// A code works once.
func TestCodeTwice(t *testing.T) {
	t.Parallel()
	for _, name := range []string{userpool.ProviderGoogle, userpool.ProviderFacebook, userpool.ProviderApple} {
		f := newFixture(t)
		a := f.attempt(name)
		if _, err := a.run(t); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Finish(t.Context(), a.p, a.finish); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An address is verified only by who names it.
func TestUnverified(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		of       string
		claims   []string
		info     map[string]any
		email    string
		verified bool
	}{
		{"control", socialtest.Corp, nil, nil, "ada@corp.example", true},
		{"not verified", socialtest.Corp, nil, map[string]any{"email_verified": false}, "ada@corp.example", false},
		{"not said", socialtest.Corp, nil, map[string]any{"email_verified": nil}, "ada@corp.example", false},
		{
			"said in the id token of another address", socialtest.Corp,
			[]string{"email", `"a@corp.example"`, "email_verified", "true"},
			map[string]any{"email_verified": nil},
			"ada@corp.example", false,
		},
		{
			"said beside no address", socialtest.Corp,
			[]string{"email", `"a@corp.example"`},
			map[string]any{"email": nil},
			"a@corp.example", false,
		},
		{
			"said in the id token of its own address", socialtest.Corp,
			[]string{"email", `"a@corp.example"`, "email_verified", "true"},
			map[string]any{"email": nil, "email_verified": nil},
			"a@corp.example", true,
		},
		{"a number", socialtest.Corp, nil, map[string]any{"email_verified": 1}, "ada@corp.example", false},
		{"Google: not verified", userpool.ProviderGoogle, []string{"email_verified", "false"}, nil, "ada@gmail.example", false},
		{"Apple: not verified", userpool.ProviderApple, []string{"email_verified", `"false"`}, nil, "x7@privaterelay.example", false},
		{"Amazon says nothing", userpool.ProviderAmazon, nil, nil, "ada@amazon.example", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.s.Fake(tc.of).Misbehave(&socialtest.Fault{Claims: tc.claims, Info: tc.info})
			got, err := f.attempt(tc.of).run(t)
			if err != nil || got.Claims["email"] != tc.email || got.EmailVerified != tc.verified {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}
