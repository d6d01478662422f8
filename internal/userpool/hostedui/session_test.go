package hostedui_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"preamp/internal/userpool"
)

// silent asks for a code without a page, and answers the error.
func (b *browser) silent(changes ...string) string {
	b.t.Helper()
	b.begin(append([]string{"prompt", "none"}, changes...)...)
	_, values := b.left()
	return values.Get("error")
}

func TestBrowserSession(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		f.newUser(t, "bob", nil)
		other := f.newClient(t, false, nil)
		b := f.browser(t)
		if got := b.silent(); got != "login_required" {
			t.Fatalf("before: %q", got)
		}
		b.signIn("alice", goodPass)
		var session *http.Cookie
		for _, c := range b.page.Cookies() {
			if c.Name == "__Host-preamp-"+poolID {
				session = c
			}
		}
		if session == nil || !session.Secure || !session.HttpOnly || session.SameSite != http.SameSiteLaxMode ||
			session.Path != "/" || session.Domain != "" || session.MaxAge != 3600 || len(session.Value) < 40 {
			t.Fatalf("cookie %+v", session)
		}
		first := claims(t, func() string { out, _ := f.exchange(t, b.code()); return out.Access }())

		f.after(10 * time.Minute)
		out, _ := f.exchange(t, b.begin("client_id", other.ID).code(), "client_id", other.ID)
		second := claims(t, out.Access)
		if first["sub"] != second["sub"] || first["auth_time"] != second["auth_time"] || first["origin_jti"] == second["origin_jti"] {
			t.Errorf("another client: %v, %v", first, second)
		}
		b.open(f.path("/login?" + f.query().Encode()))
		b.code() // the page of sign-in asks nobody who is signed in
		if b.begin("prompt", "login").title() != "Sign in" {
			t.Errorf("prompt=login: %q", b.title())
		}
		b.submit("login", "username", "bob", "password", goodPass).code()
		for _, c := range b.c.Jar.Cookies(b.at) {
			if c.Name == session.Name && c.Value == session.Value {
				t.Error("the session of bob is that of alice")
			}
		}
		old := f.browser(t)
		old.c.Jar.SetCookies(b.at, []*http.Cookie{{Name: session.Name, Value: session.Value, Path: "/", Secure: true}})
		if got := old.silent(); got != "login_required" {
			t.Errorf("a session that was replaced: %q", got)
		}
		f.after(59 * time.Minute)
		if got := b.silent(); got != "" {
			t.Errorf("after 59 minutes: %q", got)
		}
		f.after(time.Minute)
		if got := b.silent(); got != "login_required" {
			t.Errorf("after an hour: %q", got)
		}
	})
}

// TestEndedSessions are the events after which a browser is not signed in.
func TestEndedSessions(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, row := range []struct {
			name string
			do   func(name string) error
		}{
			{"disabled", func(name string) error { return f.users.AdminEnable(ctx, f.call(), poolID, name, false) }},
			{"deleted", func(name string) error { return f.users.AdminDelete(ctx, f.call(), poolID, name) }},
			{"signed out everywhere", func(name string) error { return f.users.AdminSignOut(ctx, f.call(), poolID, name) }},
			{"reset", func(name string) error { return f.users.AdminResetPassword(ctx, f.call(), poolID, name) }},
			{"password forgotten", func(name string) error {
				by := userpool.ByPages(f.client.ID, name)
				if _, err := f.users.ForgotPassword(ctx, f.call(), by); err != nil {
					return err
				}
				return f.users.ConfirmForgotPassword(ctx, f.call(), by, f.code(t), nextPass)
			}},
		} {
			t.Run(row.name, func(t *testing.T) {
				name := strings.ReplaceAll(row.name, " ", "-")
				f.newUser(t, name, map[string]string{"email": name + "@example.com", "email_verified": "true"})
				b := f.browser(t).signIn(name, goodPass)
				code := b.code()
				if got := b.silent(); got != "" {
					t.Fatalf("before: %q", got)
				}
				must(t, row.name, row.do(name))
				if got := b.silent(); got != "login_required" {
					t.Errorf("after: %q", got)
				}
				out, a := f.exchange(t, code)
				if out.Access != "" {
					t.Errorf("a code from before: %d", a.StatusCode)
				}
			})
		}
	})
}

// TestOAuthTokens proves that the scopes of a token hold everywhere.
func TestOAuthTokens(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "true", "name": "Alice", "phone_number": "+15555550100"})
		b := f.browser(t).signIn("alice", goodPass)
		grant := func(scope string) tokens {
			out, _ := f.exchange(t, b.begin("scope", scope, "nonce", "n-1").code())
			return out
		}
		const admin = "aws.cognito.signin.user.admin"
		for _, row := range []struct {
			scope     string
			id        bool
			api       bool
			attribute []string
		}{
			{"openid", true, false, []string{"email", "email_verified", "name", "phone_number"}},
			{"openid email", true, false, []string{"email", "email_verified"}},
			{"openid phone", true, false, []string{"phone_number"}},
			{"openid email phone", true, false, []string{"email", "email_verified", "phone_number"}},
			{"openid profile", true, false, []string{"email", "email_verified", "name", "phone_number"}},
			{"openid " + admin, true, true, []string{"email", "email_verified", "name", "phone_number"}},
			{admin, false, true, nil},
		} {
			t.Run(row.scope, func(t *testing.T) {
				out := grant(row.scope)
				refreshed := f.refresh(t, out.Refresh)
				if refreshed.Refresh != "" {
					t.Error("another refresh token without rotation")
				}
				for name, got := range map[string]tokens{"code": out, "refresh": refreshed} {
					if (got.ID != "") != row.id || claims(t, got.Access)["scope"] != row.scope {
						t.Errorf("%s: %+v", name, got)
					}
					if _, err := f.users.SignedIn(ctx, f.call(), got.Access); (err == nil) != row.api {
						t.Errorf("%s: GetUser: %v", name, err)
					}
					if !row.id {
						continue
					}
					id := claims(t, got.ID)
					for _, a := range []string{"email", "email_verified", "name", "phone_number"} {
						if _, has := id[a]; has != contains(row.attribute, a) {
							t.Errorf("%s: %s: %t", name, a, has)
						}
					}
					if (id["nonce"] == "n-1") != (name == "code") || id["at_hash"] == nil {
						t.Errorf("%s: %v", name, id)
					}
				}
				if got := f.userInfo(t, out.Access).StatusCode == http.StatusOK; got != row.id {
					t.Errorf("userInfo: %t", got)
				}
			})
		}
	})
}

func contains(list []string, s string) bool {
	return slices.Contains(list, s)
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		plain := httptest.NewServer(f.server.Config.Handler)
		defer plain.Close()
		get := func(path string) answer {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plain.URL+path, nil)
			must(t, "request", err)
			r.Host = "attacker.example"
			return do(t, f.plainClient(), r)
		}
		path := "/oauth/" + poolID + "/login?" + f.query().Encode()
		a := get(path)
		if to := a.Header.Get("Location"); a.StatusCode != http.StatusPermanentRedirect || to != f.server.URL+path {
			t.Errorf("%d %s", a.StatusCode, to)
		}
		if len(a.Cookies()) != 0 {
			t.Errorf("cookies in clear: %v", a.Cookies())
		}
		if a := get("/" + poolID + "/.well-known/jwks.json"); a.StatusCode != http.StatusOK {
			t.Errorf("keys: %d", a.StatusCode)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, plain.URL+"/oauth/"+poolID+"/oauth2/token",
			strings.NewReader(url.Values{"grant_type": {"x"}, "client_id": {f.client.ID}}.Encode()))
		must(t, "request", err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := do(t, f.plainClient(), r); a.StatusCode != http.StatusBadRequest {
			t.Errorf("token endpoint: %d", a.StatusCode)
		}
	})
}
