package hostedui_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"preamp/internal/userpool"
	"preamp/internal/userpool/social"
	"preamp/internal/userpool/social/socialtest"
)

// federated is a fixture whose pool has the providers of socialtest.
type federated struct {
	*fixture
	fakes *socialtest.Server
}

func eachFederated(t *testing.T, fn func(t *testing.T, f *federated)) {
	t.Helper()
	var fakes *socialtest.Server
	o := options{
		client: func(s *userpool.ClientSettings) {
			s.Providers = append([]string{"COGNITO"}, fakes.Names()...)
		},
		social: func(t testing.TB) social.Config {
			fakes = socialtest.New(t)
			return social.Config{Guard: http.DefaultTransport, Overrides: fakes.Overrides()}
		},
	}
	each(t, o, func(t *testing.T, f *fixture) {
		fakes.Now = f.clock
		for _, name := range fakes.Names() {
			fakes.Fake(name).Redirects = []string{f.path("/oauth2/idpresponse")}
			p := fakes.Provider(poolID, name)
			if name == socialtest.Corp {
				p.Identifiers = []string{"corp.example"}
			}
			_, err := f.users.CreateProvider(t.Context(), f.call(), p)
			must(t, name, err)
		}
		fn(t, &federated{f, fakes})
		for _, p := range fakes.Problems() {
			t.Errorf("a provider says: %s", p)
		}
	})
}

// away goes on at the provider, where the browser was sent, until it is sent back:
// with a request that the browser would make of the server.
func (f *federated) away(b *browser) *http.Request {
	b.t.Helper()
	to := b.page.Header.Get("Location")
	if !strings.HasPrefix(to, f.fakes.URL) {
		b.t.Fatalf("sent to %q: %d %q", to, b.page.StatusCode, b.alert())
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(to)
	must(b.t, "provider", err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(b.t, "read", err)
	if back := resp.Header.Get("Location"); back != "" {
		r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, back, nil)
		must(b.t, "request", err)
		return r
	}
	// A page that sends a form by itself, as Apple's does.
	form := url.Values{}
	for _, tag := range regexp.MustCompile(`(?i)<input [^>]*>`).FindAllString(string(body), -1) {
		a := map[string]string{}
		for _, p := range attribute.FindAllStringSubmatch(tag, -1) {
			a[p[1]] = unescape(p[2])
		}
		if a["name"] != "" {
			form.Set(a["name"], a["value"])
		}
	}
	m := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(string(body))
	if m == nil || len(form) == 0 {
		b.t.Fatalf("the provider answered %d %s", resp.StatusCode, body)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, unescape(m[1]), strings.NewReader(form.Encode()))
	must(b.t, "request", err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://appleid.apple.com")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return r
}

// back brings a browser back from the provider.
func (b *browser) back(r *http.Request) *browser {
	b.t.Helper()
	b.page, b.at = do(b.t, b.c, r), r.URL
	return b
}

func TestProviders(t *testing.T) {
	t.Parallel()
	eachFederated(t, func(t *testing.T, f *federated) {
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "true"})
		for _, name := range f.fakes.Names() {
			t.Run(name, func(t *testing.T) {
				b := f.browser(t).begin("identity_provider", name)
				var trip *http.Cookie
				for _, c := range b.page.Cookies() {
					if c.Name == "__Host-preamp-idp-"+poolID {
						trip = c
					}
				}
				if trip == nil || trip.SameSite != http.SameSiteNoneMode || !trip.Secure || !trip.HttpOnly || trip.MaxAge != 300 {
					t.Errorf("cookie %+v", trip)
				}
				b.back(f.away(b))
				out, a := f.exchange(t, b.code())
				if a.StatusCode != http.StatusOK {
					t.Fatal(a.body)
				}
				id := claims(t, out.ID)
				if !strings.HasPrefix(id["cognito:username"].(string), name+"_") || id["identities"] == nil {
					t.Errorf("%v", id)
				}
				// Signed in from now on, by this provider and for the pool.
				if got := b.silent("identity_provider", name); got != "" {
					t.Errorf("the same provider again: %q", got)
				}
				for _, other := range f.fakes.Names() {
					if got := b.silent("identity_provider", other); other != name && got != "login_required" {
						t.Errorf("%s is %s: %q", name, other, got)
					}
				}
			})
		}
		// By the page of sign-in, by an identifier, and as the only provider.
		b := f.browser(t).begin()
		if !strings.Contains(b.page.body, "Continue with Google") || !strings.Contains(b.page.body, "Continue with Apple") {
			t.Errorf("no buttons:\n%s", b.page.body)
		}
		b.follow("Continue with Google")
		b.back(f.away(b)).code()
		b = f.browser(t).begin("idp_identifier", "corp.example")
		b.back(f.away(b)).code()
		only := f.newClient(t, false, func(s *userpool.ClientSettings) { s.Providers = []string{socialtest.Corp} })
		b = f.browser(t).begin("client_id", only.ID)
		b.back(f.away(b)).code()
		for _, page := range []string{"/signup", "/forgotPassword", "/confirmForgotPassword", "/confirmUser", "/resendcode"} {
			b := f.browser(t).open(f.path(page + "?" + f.query("client_id", only.ID).Encode()))
			if b.alert() == "" || strings.Contains(b.page.body, `name="username"`) {
				t.Errorf("%s for a client without passwords: %q %q", page, b.title(), b.alert())
			}
		}
		if b := f.browser(t).begin("identity_provider", "COGNITO"); b.title() != "Sign in" || strings.Contains(b.page.body, "Continue with") {
			t.Errorf("COGNITO: %q", b.title())
		}
		if b := f.browser(t).begin("identity_provider", "Google", "client_id", only.ID); b.page.Header.Get("Location") == "" {
			t.Errorf("%d", b.page.StatusCode)
		} else if _, values := b.left(); values.Get("error") != "invalid_request" {
			t.Errorf("a provider that the client lacks: %v", values)
		}
	})
}

// TestTrips brings browsers back as they must not come.
func TestTrips(t *testing.T) {
	t.Parallel()
	eachFederated(t, func(t *testing.T, f *federated) {
		google := f.fakes.Fake("Google")
		for _, row := range []struct {
			name string
			edit func(t *testing.T, b *browser, r *http.Request)
			// want is the error that the application is told; empty for a page.
			want string
		}{
			{"another browser", func(t *testing.T, b *browser, _ *http.Request) { b.c.Jar = f.browser(t).c.Jar }, ""},
			{"a browser that began another sign-in", func(t *testing.T, b *browser, _ *http.Request) {
				b.c.Jar = f.browser(t).begin("identity_provider", "Google").c.Jar
			}, ""},
			{"late", func(*testing.T, *browser, *http.Request) { f.after(5 * time.Minute) }, ""},
			{"no state", func(_ *testing.T, _ *browser, r *http.Request) { edit(r, "state", "") }, ""},
			{"a state that is none", func(_ *testing.T, _ *browser, r *http.Request) { edit(r, "state", "AAAA") }, ""},
			{"a form as state", func(t *testing.T, b *browser, r *http.Request) {
				_, fields := f.browser(t).begin().form("login")
				edit(r, "state", fields.Get("_csrf"))
			}, ""},
			{"no code", func(_ *testing.T, _ *browser, r *http.Request) { edit(r, "code", "") }, "invalid_request"},
			{"another code", func(_ *testing.T, _ *browser, r *http.Request) { edit(r, "code", "x") }, "invalid_request"},
			{"an error", func(_ *testing.T, _ *browser, r *http.Request) { edit(r, "error", "access_denied") }, "access_denied"},
			{"a hostile error", func(_ *testing.T, _ *browser, r *http.Request) { edit(r, "error", "<script>&state=x") }, "access_denied"},
			{"a provider that fails", func(*testing.T, *browser, *http.Request) {
				google.Fault = &socialtest.Fault{Token: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }}
			}, "server_error"},
			{"a foreign nonce", func(*testing.T, *browser, *http.Request) {
				google.Fault = &socialtest.Fault{Claims: []string{"nonce", `"x"`}}
			}, "invalid_request"},
			{"a provider that the client has lost", func(t *testing.T, _ *browser, _ *http.Request) { f.setProviders(t, "COGNITO") }, "invalid_request"},
			{"a redirect URI that the client has lost", func(t *testing.T, _ *browser, _ *http.Request) {
				f.setCallbacks(t, "https://app.example/other")
			}, ""},
		} {
			t.Run(row.name, func(t *testing.T) {
				f.setProviders(t, "COGNITO", "Google")
				f.setCallbacks(t, callback)
				google.Fault = nil
				b := f.browser(t).begin("identity_provider", "Google")
				r := f.away(b)
				row.edit(t, b, r)
				b.back(r)
				_ = f.fakes.Problems()
				if row.want == "" {
					if b.page.StatusCode != http.StatusBadRequest || b.page.Header.Get("Location") != "" {
						t.Errorf("%d %s", b.page.StatusCode, b.page.Header.Get("Location"))
					}
				} else if to, values := b.left(); to != callback || values.Get("error") != row.want || values.Get("state") != "st at/e" || values.Has("code") {
					t.Errorf("%s %v", to, values)
				}
				for _, c := range b.page.Cookies() {
					if c.Name == "__Host-preamp-"+poolID {
						t.Error("signed in")
					}
				}
			})
		}
		google.Fault = nil
		f.setProviders(t, "COGNITO", "Google")
		f.setCallbacks(t, callback)
		b := f.browser(t).begin("identity_provider", "Google")
		r := f.away(b)
		b.back(r).code() // the control
		if b.back(r); b.page.Header.Get("Location") == "" {
			t.Errorf("twice: %d", b.page.StatusCode)
		} else if _, values := b.left(); values.Has("code") {
			t.Error("the answer of a provider works twice")
		}
		_ = f.fakes.Problems()
	})
}

func edit(r *http.Request, name, value string) {
	q := r.URL.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	r.URL.RawQuery = q.Encode()
}

func (f *federated) setProviders(t testing.TB, names ...string) {
	t.Helper()
	f.change(t, func(s *userpool.ClientSettings) { s.Providers = names })
}

func (f *federated) setCallbacks(t testing.TB, list ...string) {
	t.Helper()
	f.change(t, func(s *userpool.ClientSettings) { s.Callbacks = list })
}

func (f *federated) change(t testing.TB, change func(s *userpool.ClientSettings)) {
	t.Helper()
	_, err := f.users.UpdateClient(t.Context(), f.call(), poolID, f.client.ID, func(_ *string, s *userpool.ClientSettings) error {
		change(s)
		return nil
	})
	must(t, "change client", err)
}
