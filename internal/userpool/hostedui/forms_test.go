package hostedui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestForgedForms sends the form of sign-in, with the right password, as another
// site could make a browser send it.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		other := f.newClient(t, false, nil)
		stolen := f.browser(t).begin()
		_, attackers := stolen.form("login")
		for _, row := range []struct {
			name string
			edit func(b *browser, fields url.Values)
		}{
			{"no token", func(_ *browser, fields url.Values) { fields.Del("_csrf") }},
			{"an empty token", func(_ *browser, fields url.Values) { fields.Set("_csrf", "") }},
			{"a token that is none", func(_ *browser, fields url.Values) { fields.Set("_csrf", "AAAA") }},
			{"a token that was changed", func(_ *browser, fields url.Values) {
				text := []byte(fields.Get("_csrf"))
				text[len(text)/2] ^= 1
				fields.Set("_csrf", string(text))
			}},
			{"the token of another browser", func(_ *browser, fields url.Values) { fields.Set("_csrf", attackers.Get("_csrf")) }},
			{"another site", func(b *browser, _ url.Values) {
				b.edit = func(r *http.Request) {
					r.Header.Set("Origin", "https://evil.example")
					r.Header.Set("Sec-Fetch-Site", "cross-site")
				}
			}},
			{"a site of the same domain", func(b *browser, _ url.Values) {
				b.edit = func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }
			}},
			{"another origin of an old browser", func(b *browser, _ url.Values) {
				b.edit = func(r *http.Request) {
					r.Header.Set("Origin", "https://evil.example")
					r.Header.Del("Sec-Fetch-Site")
				}
			}},
			{"no origin to tell", func(b *browser, _ url.Values) {
				b.edit = func(r *http.Request) {
					r.Header.Set("Origin", "null")
					r.Header.Del("Sec-Fetch-Site")
				}
			}},
			{"another port", func(b *browser, _ url.Values) {
				b.edit = func(r *http.Request) {
					r.Header.Set("Origin", "https://127.0.0.1:1")
					r.Header.Del("Sec-Fetch-Site")
				}
			}},
			{"without cookies", func(b *browser, _ url.Values) {
				b.edit = func(r *http.Request) { r.Header.Del("Cookie") }
				b.c.Jar = nil
			}},
			{"an old page", func(*browser, url.Values) { f.after(time.Hour + time.Second) }},
		} {
			t.Run(row.name, func(t *testing.T) {
				b := f.browser(t).begin()
				to, fields := b.form("login")
				fields.Set("username", "alice")
				fields.Set("password", goodPass)
				row.edit(b, fields)
				b.send(http.MethodPost, to, fields)
				if b.page.StatusCode != http.StatusForbidden || b.page.Header.Get("Location") != "" {
					t.Errorf("%d %q %s", b.page.StatusCode, b.alert(), b.page.Header.Get("Location"))
				}
				for _, c := range b.page.Cookies() {
					if c.Name == "__Host-preamp-"+poolID {
						t.Error("signed in")
					}
				}
			})
		}
		// The form of one application is not one of another.
		b := f.browser(t).begin()
		to, fields := b.form("login")
		fields.Set("username", "alice")
		fields.Set("password", goodPass)
		b.send(http.MethodPost, strings.ReplaceAll(to, f.client.ID, other.ID), fields)
		if b.page.StatusCode != http.StatusForbidden {
			t.Errorf("another client: %d", b.page.StatusCode)
		}
		// The control.
		b.send(http.MethodPost, to, fields).code()
		// All pages that take forms ask for the same.
		for _, page := range []string{"/login", "/signup", "/confirmUser", "/resendcode", "/forgotPassword", "/confirmForgotPassword", "/mfa", "/newPassword"} {
			b := f.browser(t).begin()
			b.send(http.MethodPost, f.path(page+"?"+f.query().Encode()), url.Values{"username": {"alice"}, "code": {"1"}, "password": {"x"}})
			if b.page.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %d", page, b.page.StatusCode)
			}
		}
	})
}

// TestHeaders are what protects pages in the browser.
func TestHeaders(t *testing.T) {
	t.Parallel()
	each(t, options{client: allRegistered}, func(t *testing.T, f *fixture) {
		for address, action := range map[string]string{
			callback: "https://app.example", "http://localhost:3000/": "http://localhost:3000", "myapp://callback/": "myapp:",
			"http://[::1]:8080/cb": "http:", "com.example.app://oauth": "com.example.app:",
		} {
			b := f.browser(t).begin("redirect_uri", address)
			want := "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' " + action +
				"; frame-ancestors 'none'; base-uri 'none'"
			if got := b.page.Header.Get("Content-Security-Policy"); got != want {
				t.Errorf("%s: %s", address, got)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
				"Content-Type": "text/html; charset=utf-8",
			} {
				if got := b.page.Header.Get(name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
			for _, bad := range []string{"<script", "style=", " on", "javascript:"} {
				if strings.Contains(b.page.body, bad) && bad != " on" {
					t.Errorf("the page has %q", bad)
				}
			}
			for _, c := range b.page.Cookies() {
				if !strings.HasPrefix(c.Name, "__Host-preamp-") || !strings.Contains(c.Name, poolID) || !c.Secure || !c.HttpOnly || c.Path != "/" {
					t.Errorf("cookie %+v", c)
				}
			}
		}
		b := f.browser(t).open(f.path("/login?client_id=x"))
		if got := b.page.Header.Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self';") {
			t.Errorf("an error page: %s", got)
		}
		b.open(f.path("/hosted.css"))
		if b.page.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(b.page.body, "prefers-color-scheme") {
			t.Errorf("style: %v", b.page.Header)
		}
		b.send(http.MethodDelete, f.path("/login?"+f.query().Encode()), nil)
		if b.page.StatusCode != http.StatusMethodNotAllowed || b.page.Header.Get("Allow") != "GET, POST" {
			t.Errorf("DELETE: %d %v", b.page.StatusCode, b.page.Header)
		}
	})
}
