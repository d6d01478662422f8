package hostedui_test

import (
	"net/http"
	"testing"
)

func TestCodeFlow(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "true", "name": "Alice"})
		b := f.browser(t).begin()
		if b.title() != "Sign in" || b.page.StatusCode != http.StatusOK {
			t.Fatalf("%d %q", b.page.StatusCode, b.title())
		}
		b.submit("login", "username", "alice", "password", goodPass)
		to, values := b.left()
		if to != callback || values.Get("state") != "st at/e" || b.page.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s %v", b.page.StatusCode, to, values)
		}
		out, a := f.exchange(t, values.Get("code"))
		if a.StatusCode != http.StatusOK || out.Type != "Bearer" || out.Life != 3600 || out.Refresh == "" || out.ID == "" {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Error("tokens can be cached")
		}
		id, access := claims(t, out.ID), claims(t, out.Access)
		if access["scope"] != "openid email" || access["client_id"] != f.client.ID || access["username"] != "alice" {
			t.Errorf("access token: %v", access)
		}
		if id["email"] != "a@example.com" || id["name"] != nil || id["aud"] != f.client.ID || id["at_hash"] == nil {
			t.Errorf("id token: %v", id)
		}
	})
}
