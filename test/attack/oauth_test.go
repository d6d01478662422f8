package attack_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"preamp/test/harness"
)

// TestRedirects asks for a code or a sign-out that leads elsewhere. Nothing but
// the exact address of the settings may be redirected to.
func TestRedirects(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		variants := []string{
			"", "http://localhost:3000", "http://localhost:3000//", "http://localhost:3000/x", "http://localhost:3000/?a=b", "http://localhost:3000/#a",
			"http://localhost:3000/..", "http://localhost:3000/%2e", "http://localhost:3000/.", "http://localhost:3000%2f", "http://localhost:3000/%2f",
			"HTTP://localhost:3000/", "http://LOCALHOST:3000/", "http://localhost:03000/", "http://localhost:3001/", "http://localhost/",
			"https://localhost:3000/", "//localhost:3000/", "/", "localhost:3000/", "http:localhost:3000/", `http:\\localhost:3000\`, `http://localhost:3000\`,
			"http://localhost:3000/\\attacker.example", "http://localhost:3000@attacker.example/", "http://user@localhost:3000/", "http://localhost:3000.attacker.example/",
			"http://attacker.example/http://localhost:3000/", "http://attacker.example/?http://localhost:3000/", "http://attacker.example#http://localhost:3000/",
			"http://127.0.0.1:3000/", "http://[::1]:3000/", "http://localhost.:3000/", "http://localhost:3000/\x00", "http://localhost:3000/ ", " http://localhost:3000/",
			"http://localhost:3000/\t", "http://localhost:3000/\r\nSet-Cookie: a=b", "http://locаlhost:3000/", "http://localhoſt:3000/", "http://localhost%00:3000/",
			"javascript:alert(1)", "data:text/html,x", "http://localhost:3000/;a", "http://localhost:3000/,http://attacker.example/",
		}
		for _, place := range []struct {
			name, member string
			at           func(uri []string) string
		}{
			{"authorize", "redirect_uri", func(uri []string) string {
				q := w.authorizeQuery()
				q["redirect_uri"] = uri
				return "/oauth2/authorize?" + q.Encode()
			}},
			{"implicit", "redirect_uri", func(uri []string) string {
				q := w.authorizeQuery()
				q["redirect_uri"], q["response_type"] = uri, []string{"token"}
				return "/oauth2/authorize?" + q.Encode()
			}},
			{"logout", "logout_uri", func(uri []string) string {
				return "/logout?" + url.Values{"client_id": {w.shop.WebClient}, "logout_uri": uri}.Encode()
			}},
		} {
			t.Run(place.name, func(t *testing.T) {
				b := w.browser()
				for _, v := range variants {
					t.Run(v, func(t *testing.T) { stays(t, b.get(place.at([]string{v}))) })
				}
				t.Run("none", func(t *testing.T) { stays(t, b.get(place.at(nil))) })
				t.Run("two", func(t *testing.T) { stays(t, b.get(place.at([]string{redirect, "http://attacker.example/"}))) })
				t.Run("the same twice", func(t *testing.T) { stays(t, b.get(place.at([]string{redirect, redirect}))) })
				if place.name == "implicit" {
					return // the client has the code flow only: the control is the one of authorize
				}
				a := b.get(place.at([]string{redirect}))
				if a.Status < 300 || a.Status >= 400 || a.Header.Get("Location") == "" {
					t.Errorf("the control is not redirected: %v", a)
				}
			})
		}
		t.Run("unknown client", func(t *testing.T) {
			q := w.authorizeQuery()
			q.Set("client_id", "0123456789abcdefghijklmnop")
			stays(t, w.browser().get("/oauth2/authorize?"+q.Encode()))
		})
		t.Run("client of another pool", func(t *testing.T) {
			q := w.authorizeQuery()
			q.Set("client_id", w.other.WebClient)
			stays(t, w.browser().get("/oauth2/authorize?"+q.Encode()))
		})
	})
}

// stays fails the test when an answer redirects anywhere.
func stays(t *testing.T, a answer) {
	t.Helper()
	if a.Err != nil || a.Status < 400 || a.Status >= 500 || a.Header.Get("Location") != "" {
		t.Errorf("status %d, Location %q, error %v", a.Status, a.Header.Get("Location"), a.Err)
	}
	if a.Header.Get("Set-Cookie") != "" && strings.Contains(a.Header.Get("Set-Cookie"), "a=b") {
		t.Errorf("a header was injected: %v", a.Header)
	}
}

// TestCodes uses codes in every way but the right one.
func TestCodes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user(w.shop)
		fresh := func(t *testing.T, q url.Values) (*browser, string) {
			t.Helper()
			b := w.browser()
			return b, b.code(u, q).Get("code")
		}
		for _, tc := range []struct {
			name   string
			change url.Values
		}{
			{"another redirect", url.Values{"redirect_uri": {"http://localhost:3000/x"}}},
			{"no redirect", url.Values{"redirect_uri": nil}},
			{"another verifier", url.Values{"code_verifier": {"another-verifier-of-some-length-as-clients-make-them-012345"}}},
			{"no verifier", url.Values{"code_verifier": nil}},
			{"the challenge as the verifier", url.Values{"code_verifier": {challenge()}}},
			{"another client", url.Values{"client_id": {w.shop.NativeClient}}},
			{"a client of another pool", url.Values{"client_id": {w.other.WebClient}}},
			{"no client", url.Values{"client_id": nil}},
			{"a made-up code", url.Values{"code": {"11111111-2222-4333-8444-555555555555"}}},
			{"no code", url.Values{"code": nil}},
			{"an empty code", url.Values{"code": {""}}},
			{"two codes", url.Values{"code": {"a", "b"}}},
			{"another grant", url.Values{"grant_type": {"password"}}},
			{"client_credentials", url.Values{"grant_type": {"client_credentials"}}},
			{"no grant", url.Values{"grant_type": nil}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				b, code := fresh(t, w.authorizeQuery())
				if a := b.exchange(code, tc.change); a.Err != nil || a.Status < 400 || a.Status >= 500 || a.Text("access_token") != "" {
					t.Errorf("not refused: %v", a)
				}
			})
		}
		t.Run("control", func(t *testing.T) {
			b, code := fresh(t, w.authorizeQuery())
			taken(t, b.exchange(code, nil))
		})
		t.Run("verifier without a challenge", func(t *testing.T) {
			q := w.authorizeQuery()
			q.Del("code_challenge")
			q.Del("code_challenge_method")
			b, code := fresh(t, q)
			if a := b.exchange(code, nil); a.Status < 400 || a.Text("access_token") != "" {
				t.Errorf("not refused: %v", a)
			}
			b, code = fresh(t, q)
			taken(t, b.exchange(code, url.Values{"code_verifier": nil}))
		})
		t.Run("plain challenge", func(t *testing.T) {
			q := w.authorizeQuery()
			q.Set("code_challenge_method", "plain")
			a := w.browser().get("/oauth2/authorize?" + q.Encode())
			to, err := url.Parse(a.Header.Get("Location"))
			if err != nil || to.Query().Get("error") != "invalid_request" || to.Query().Get("code") != "" {
				t.Errorf("%v, Location %q", a.Status, a.Header.Get("Location"))
			}
		})
		t.Run("second use ends the session", func(t *testing.T) {
			b, code := fresh(t, w.authorizeQuery())
			first := taken(t, b.exchange(code, nil))
			access := first.Text("access_token")
			taken(t, w.idp("GetUser", harness.M{"AccessToken": access}))
			if a := b.exchange(code, nil); a.Status != http.StatusBadRequest || a.Text("error") != "invalid_grant" {
				t.Errorf("second use: %v", a)
			}
			refused(t, w.idp("GetUser", harness.M{"AccessToken": access}), "NotAuthorizedException")
			again := b.post(b.base+"/oauth2/token", url.Values{
				"grant_type": {"refresh_token"}, "client_id": {w.shop.WebClient}, "refresh_token": {first.Text("refresh_token")},
			}, nil)
			if again.Status != http.StatusBadRequest {
				t.Errorf("the refresh token of a code used twice: %v", again)
			}
		})
		t.Run("fifty at once", func(t *testing.T) {
			b, code := fresh(t, w.authorizeQuery())
			var wg sync.WaitGroup
			got := make([]answer, 50)
			for i := range got {
				wg.Go(func() { got[i] = b.exchange(code, nil) })
			}
			wg.Wait()
			good := 0
			for _, a := range got {
				if a.Status == http.StatusOK {
					good++
				} else if a.Status != http.StatusBadRequest {
					t.Errorf("refused by %v", a)
				}
			}
			if good != 1 {
				t.Errorf("%d of 50 exchanges succeed", good)
			}
		})
	})
}

// TestForms posts the form of sign-in as pages of others would.
func TestForms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user(w.shop)
		for _, tc := range []struct {
			name   string
			fields func(url.Values)
			change func(*http.Request)
			other  bool // sent by another browser than the one that opened the page
		}{
			{name: "no token", fields: func(f url.Values) { f.Del("_csrf") }},
			{name: "empty token", fields: func(f url.Values) { f.Set("_csrf", "") }},
			{name: "made-up token", fields: func(f url.Values) { f.Set("_csrf", "AAAA") }},
			{name: "changed token", fields: func(f url.Values) { f.Set("_csrf", f.Get("_csrf")+"A") }},
			{name: "cut token", fields: func(f url.Values) { f.Set("_csrf", f.Get("_csrf")[1:]) }},
			{name: "two tokens", fields: func(f url.Values) { f["_csrf"] = []string{"AAAA", f.Get("_csrf")} }},
			{name: "another browser's token", other: true},
			{name: "foreign origin", change: func(r *http.Request) { r.Header.Set("Origin", "https://attacker.example") }},
			{name: "null origin from another site", change: func(r *http.Request) { r.Header.Set("Origin", "null"); r.Header.Set("Sec-Fetch-Site", "cross-site") }},
			{name: "cross-site", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }},
			{name: "same-site", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }},
			{name: "no cookies", change: func(r *http.Request) { r.Header.Del("Cookie") }, other: true},
		} {
			t.Run(tc.name, func(t *testing.T) {
				b := w.browser()
				action, fields := b.loginPage(w.authorizeQuery())
				fields.Set("username", u.email)
				fields.Set("password", password)
				if tc.fields != nil {
					tc.fields(fields)
				}
				if tc.other {
					b = w.browser()
				}
				a := b.post(action, fields, tc.change)
				if a.Err != nil || a.Status != http.StatusForbidden || a.Header.Get("Location") != "" {
					t.Errorf("not refused: %v, Location %q", a.Status, a.Header.Get("Location"))
				}
			})
		}
		t.Run("control", func(t *testing.T) { w.browser().code(u, w.authorizeQuery()) })
	})
}
