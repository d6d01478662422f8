package hostedui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"preamp/internal/userpool"
)

// registered are redirect URIs of a client; no other address is one of them.
var registered = []string{
	callback, "https://app.example/with?query=1", "http://localhost:3000/", "http://127.0.0.1:8080/cb", "http://[::1]:8080/cb",
	"myapp://callback/", "com.example.app://oauth",
}

// strangers are addresses that lead, or could be thought to lead, where one of the
// registered ones does. TestRedirects and TestLogoutAddresses try all of them.
var strangers = []string{
	"", "-", "https://app.example/CB", "https://app.example/cb/", "https://app.example/cb//", "https://app.example//cb",
	"https://app.example/./cb", "https://app.example/x/../cb", "https://app.example/cb?", "https://app.example/cb?x=1",
	"https://app.example/cb#", "https://app.example/cb#x", "https://app.example/cb;x", "https://app.example/cb%20", "https://app.example/cb ",
	" https://app.example/cb", "https://app.example/cb\t", "https://app.example/cb\n", "https://app.example/cb\x00",
	"https://app.example/c%62", "https://app.example%2fcb", "https://app.example/%2e%2e/cb", "https://APP.example/cb", "HTTPS://app.example/cb",
	"http://app.example/cb", "https://app.example:443/cb", "https://app.example:8443/cb", "https://app.example./cb",
	"https://app.example@evil.example/cb", "https://user@app.example/cb", "https://user:pass@app.example/cb",
	"https://app.example.evil.example/cb", "https://evil.example/https://app.example/cb", "https://evil.example?https://app.example/cb",
	"https://evil.example#https://app.example/cb", "https://sub.app.example/cb", "https://app-example/cb", "https://xn--pp-fka.example/cb",
	"https://аpp.example/cb", "https://app.example\\@evil.example/cb", "https:\\\\app.example\\cb", "https:/app.example/cb", "https:app.example/cb",
	"//app.example/cb", "///app.example/cb", "/cb", "cb", "app.example/cb", "https://*.example/cb", "https://app.example/*",
	"https://app.example/with", "https://app.example/with?query=2", "https://app.example/with?query=1&x=2",
	"http://localhost/", "http://localhost:3000", "http://localhost:3001/", "https://localhost:3000/", "http://localhost:3000/x",
	"http://127.0.0.1:8081/cb", "http://127.1:8080/cb", "http://2130706433:8080/cb", "http://0.0.0.0:8080/cb", "http://[::]:8080/cb",
	"http://[0:0:0:0:0:0:0:1]:8080/cb", "http://[::ffff:127.0.0.1]:8080/cb", "myapp://callback", "myapp:/callback/", "myapp:callback/",
	"myApp://callback/", "myapp://other/", "otherapp://callback/", "com.example.app://oauth/", "javascript:alert(1)",
	"javascript://app.example/%0aalert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "blob:https://app.example/x",
	"about:blank", "https://app.example/cb,https://evil.example/", "https://app.example/cb https://evil.example/",
}

func allRegistered(s *userpool.ClientSettings) {
	s.Callbacks, s.Logouts = registered, registered
}

// shown refuses an answer that sends the browser anywhere.
func shown(t *testing.T, a answer, address string) {
	t.Helper()
	if to := a.Header.Get("Location"); to != "" || a.Header.Get("Refresh") != "" {
		t.Errorf("%q leads to %q", address, to)
	}
	if a.StatusCode != http.StatusBadRequest || !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("%q: %d\n%s", address, a.StatusCode, a.body)
	}
	if strings.Contains(a.body, "evil") || strings.Contains(a.body, "http-equiv") {
		t.Errorf("%q is on the page", address)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	if len(strangers) < 45 {
		t.Fatalf("%d addresses", len(strangers))
	}
	each(t, options{client: allRegistered}, func(t *testing.T, f *fixture) {
		for _, page := range []string{"/oauth2/authorize", "/login", "/signup", "/forgotPassword", "/confirmUser"} {
			for _, address := range strangers {
				b := f.browser(t).open(f.path(page + "?" + f.query("redirect_uri", address).Encode()))
				shown(t, b.page, address)
			}
		}
		// Twice is not once, whichever one is looked at.
		for _, second := range []string{"https://evil.example/", callback} {
			q := f.query()
			q.Add("redirect_uri", second)
			shown(t, f.browser(t).open(f.path("/oauth2/authorize?"+q.Encode())).page, "twice "+second)
		}
		// The controls: each registered address works, with every flow.
		f.newUser(t, "alice", nil)
		b := f.browser(t).signIn("alice", goodPass)
		for _, address := range registered {
			for _, kind := range []string{"code", "token"} {
				b.begin("redirect_uri", address, "response_type", kind)
				if to := b.page.Header.Get("Location"); !strings.HasPrefix(to, address) {
					t.Errorf("%s: %s went to %q", kind, address, to)
				}
			}
		}
		b.begin("redirect_uri", "https://app.example/with?query=1")
		if _, values := b.left(); values.Get("query") != "1" || values.Get("code") == "" {
			t.Errorf("the query of the redirect URI: %v", values)
		}
	})
}

func TestClients(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		off := f.newClient(t, false, func(s *userpool.ClientSettings) { s.OAuth = false })
		for _, row := range []struct{ name, id string }{
			{"missing", "-"},
			{"unknown", strings.Repeat("a", 26)},
			{"not a text", "\xff\xfe"},
			{"not set up for OAuth", off.ID},
			{"other case", strings.ToUpper(f.client.ID)},
		} {
			t.Run(row.name, func(t *testing.T) {
				b := f.browser(t).begin("client_id", row.id)
				shown(t, b.page, row.id)
			})
		}
		q := f.query()
		q.Add("client_id", off.ID)
		shown(t, f.browser(t).open(f.path("/oauth2/authorize?"+q.Encode())).page, "two clients")
		shown(t, f.browser(t).open(f.path("/oauth2/authorize?%zz")).page, "a broken query")
		shown(t, f.browser(t).open(f.path("/oauth2/authorize?a;b="+url.QueryEscape(callback))).page, "a semicolon")
	})
}

func TestLogoutAddresses(t *testing.T) {
	t.Parallel()
	each(t, options{client: allRegistered}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		b := f.browser(t).signIn("alice", goodPass)
		for _, address := range strangers {
			q := url.Values{"client_id": {f.client.ID}, "logout_uri": {address}}
			if address == "-" {
				q.Del("logout_uri")
			}
			shown(t, b.open(f.path("/logout?"+q.Encode())).page, address)
			q = f.query("redirect_uri", address)
			shown(t, b.open(f.path("/logout?"+q.Encode())).page, address)
		}
		shown(t, b.open(f.path("/logout?logout_uri="+url.QueryEscape(callback))).page, "no client")
		b.begin("prompt", "none")
		b.code() // nothing of that has signed out
		for _, address := range registered {
			b.signIn("alice", goodPass, "prompt", "login").code()
			b.open(f.path("/logout?" + url.Values{"client_id": {f.client.ID}, "logout_uri": {address}}.Encode()))
			if to := b.page.Header.Get("Location"); to != address {
				t.Errorf("logout to %q went to %q", address, to)
			}
			b.begin("prompt", "none")
			if _, values := b.left(); values.Get("error") != "login_required" {
				t.Errorf("after logout to %q: %v", address, values)
			}
		}
		// The other form leads to the page of sign-in, with the same request.
		b.signIn("alice", goodPass).code()
		b.open(f.path("/logout?" + f.query().Encode()))
		if b.title() != "Sign in" || b.at.Query().Get("state") != "st at/e" {
			t.Errorf("%q at %s", b.title(), b.at)
		}
		b.submit("login", "username", "alice", "password", goodPass).code()
	})
}

// TestRequests are the errors that applications are told.
func TestRequests(t *testing.T) {
	t.Parallel()
	few := options{client: func(s *userpool.ClientSettings) {
		s.OAuthFlows, s.OAuthScopes, s.Providers = []string{"code"}, []string{"openid", "email"}, []string{"COGNITO", "Google"}
	}}
	challenge := strings.Repeat("a", 43)
	each(t, few, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		for _, row := range []struct {
			name    string
			changes []string
			want    string // the error; empty signs in
			scope   string
		}{
			{name: "as it should be", scope: "openid email"},
			{name: "no response type", changes: []string{"response_type", "-"}, want: "invalid_request"},
			{name: "unknown response type", changes: []string{"response_type", "id_token"}, want: "invalid_request"},
			{name: "two response types", changes: []string{"response_type", "code token"}, want: "invalid_request"},
			{name: "a flow that the client lacks", changes: []string{"response_type", "token"}, want: "unauthorized_client"},
			{name: "no scopes are all", changes: []string{"scope", "-"}, scope: "openid email"},
			{name: "a scope that the client lacks is ignored", changes: []string{"scope", "openid phone"}, scope: "openid"},
			{name: "only scopes that the client lacks", changes: []string{"scope", "aws.cognito.signin.user.admin"}, want: "invalid_scope"},
			{name: "an unknown scope", changes: []string{"scope", "openid everything"}, want: "invalid_scope"},
			{name: "scopes in upper case", changes: []string{"scope", "OPENID"}, want: "invalid_scope"},
			{name: "scopes with commas", changes: []string{"scope", "openid,email"}, want: "invalid_scope"},
			{name: "email without openid", changes: []string{"scope", "email"}, want: "invalid_scope"},
			{name: "a scope twice", changes: []string{"scope", "openid openid"}, scope: "openid"},
			{name: "challenge", changes: []string{"code_challenge", challenge, "code_challenge_method", "S256"}},
			{name: "plain challenge", changes: []string{"code_challenge", challenge, "code_challenge_method", "plain"}, want: "invalid_request"},
			{name: "challenge without method", changes: []string{"code_challenge", challenge}, want: "invalid_request"},
			{name: "method without challenge", changes: []string{"code_challenge_method", "S256"}, want: "invalid_request"},
			{name: "short challenge", changes: []string{"code_challenge", "abc", "code_challenge_method", "S256"}, want: "invalid_request"},
			{name: "challenge of other characters", changes: []string{"code_challenge", challenge[1:] + "=", "code_challenge_method", "S256"}, want: "invalid_request"},
			{name: "method in lower case", changes: []string{"code_challenge", challenge, "code_challenge_method", "s256"}, want: "invalid_request"},
			{name: "unknown provider", changes: []string{"identity_provider", "Nobody"}, want: "invalid_request"},
			{name: "a provider that the client lacks", changes: []string{"identity_provider", "Facebook"}, want: "invalid_request"},
			{name: "the pool itself", changes: []string{"identity_provider", "COGNITO"}},
			{name: "unknown identifier", changes: []string{"idp_identifier", "nobody.example"}, want: "invalid_request"},
			{name: "unknown prompt", changes: []string{"prompt", "dance"}, want: "invalid_request"},
			{name: "none and login", changes: []string{"prompt", "none login"}, want: "invalid_request"},
			{name: "none", changes: []string{"prompt", "none"}, want: "login_required"},
			{name: "consent", changes: []string{"prompt", "consent"}},
			{name: "lang", changes: []string{"lang", "de"}},
			{name: "a nonce that is no text", changes: []string{"nonce", "\xff"}, want: "invalid_request"},
			{name: "a nonce with a null", changes: []string{"nonce", "a\x00b"}, want: "invalid_request"},
			{name: "an identifier with a null", changes: []string{"idp_identifier", "a\x00b"}, want: "invalid_request"},
			{name: "long state", changes: []string{"state", strings.Repeat("s", 5000)}, want: "invalid_request"},
		} {
			t.Run(row.name, func(t *testing.T) {
				b := f.browser(t).begin(row.changes...)
				if row.want == "" {
					b.submit("login", "username", "alice", "password", goodPass)
					if row.scope != "" {
						out, _ := f.exchange(t, b.code())
						if got := claims(t, out.Access)["scope"]; got != row.scope {
							t.Errorf("scope %v", got)
						}
					}
					return
				}
				to, values := b.left()
				if to != callback || values.Get("error") != row.want || values.Get("code") != "" {
					t.Errorf("%s %v", to, values)
				}
				if row.name != "long state" && values.Get("state") != "st at/e" {
					t.Errorf("state %q", values.Get("state"))
				}
			})
		}
		q := f.query()
		q.Add("scope", "openid")
		if _, values := f.browser(t).open(f.path("/oauth2/authorize?" + q.Encode())).left(); values.Get("error") != "invalid_request" {
			t.Errorf("scope twice: %v", values)
		}
	})
}
