package hostedui_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/userpool"
	"preamp/internal/userpool/hostedui"
)

const verifier = "a-verifier-of-at-least-forty-three-characters~._"

func challengeOf(v string) string {
	sum := sha256.Sum256([]byte(v))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestCodeBinding presents codes as they must not be, and then as they must: none
// of the wrong ways uses a code up.
func TestCodeBinding(t *testing.T) {
	t.Parallel()
	each(t, options{client: func(s *userpool.ClientSettings) { s.Callbacks = append(s.Callbacks, "https://app.example/other") }}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		other := f.newClient(t, false, nil)
		b := f.browser(t).signIn("alice", goodPass)
		pkce := []string{"code_challenge", challengeOf(verifier), "code_challenge_method", "S256"}
		for _, row := range []struct {
			name    string
			request []string
			wrong   []string
			right   []string
			want    string
		}{
			{name: "another client", wrong: []string{"client_id", other.ID}},
			{name: "another redirect URI of the client", wrong: []string{"redirect_uri", "https://app.example/other"}},
			{name: "no redirect URI", wrong: []string{"redirect_uri", "-"}, want: "invalid_request"},
			{name: "another code", wrong: []string{"code", strings.Repeat("A", 52)}},
			{name: "no code", wrong: []string{"code", "-"}, want: "invalid_request"},
			{name: "a code of bytes", wrong: []string{"code", "\x00\xff"}, want: "invalid_request"},
			{name: "verifier without challenge", wrong: []string{"code_verifier", verifier}},
			{name: "challenge without verifier", request: pkce, right: []string{"code_verifier", verifier}},
			{name: "another verifier", request: pkce, wrong: []string{"code_verifier", verifier + "x"}, right: []string{"code_verifier", verifier}},
			{name: "the challenge as verifier", request: pkce, wrong: []string{"code_verifier", challengeOf(verifier)}, right: []string{"code_verifier", verifier}},
			{name: "an empty verifier", request: pkce, wrong: []string{"code_verifier", ""}, right: []string{"code_verifier", verifier}},
			{
				name: "a verifier that is none", request: []string{"code_challenge", challengeOf("short"), "code_challenge_method", "S256"},
				wrong: []string{"code_verifier", "short"}, right: nil,
			},
			{name: "another grant", wrong: []string{"grant_type", "password"}, want: "unsupported_grant_type"},
			{name: "no grant", wrong: []string{"grant_type", "-"}, want: "invalid_request"},
			{name: "client_credentials", wrong: []string{"grant_type", "client_credentials"}, want: "unauthorized_client"},
			{name: "a secret of a client without", wrong: []string{"client_secret", "x"}, want: "invalid_client"},
			{name: "an unknown client", wrong: []string{"client_id", strings.Repeat("b", 26)}, want: "invalid_client"},
			{name: "no client", wrong: []string{"client_id", "-"}, want: "invalid_request"},
		} {
			t.Run(row.name, func(t *testing.T) {
				if row.want == "" {
					row.want = "invalid_grant"
				}
				code := b.begin(row.request...).code()
				out, a := f.exchange(t, code, row.wrong...)
				if a.StatusCode != http.StatusBadRequest || out.Error != row.want || out.Access != "" || out.Message == "" {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
				if row.name == "a verifier that is none" {
					return
				}
				if out, a := f.exchange(t, code, row.right...); out.Access == "" {
					t.Errorf("the right way: %s", a.body)
				}
			})
		}
		code := b.begin().code()
		f.after(5 * time.Minute)
		if out, _ := f.exchange(t, code); out.Error != "invalid_grant" {
			t.Errorf("after five minutes: %+v", out)
		}
	})
}

// TestCodeTwice uses a code again: what the first use gave is worthless then.
func TestCodeTwice(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		other := f.newClient(t, false, nil)
		b := f.browser(t).signIn("alice", goodPass)
		bystander, _ := f.exchange(t, b.begin().code())
		code := b.begin().code()
		out, _ := f.exchange(t, code)
		if f.userInfo(t, out.Access).StatusCode != http.StatusOK {
			t.Fatal("the token is of no use")
		}
		f.exchange(t, code, "client_id", other.ID)
		if f.userInfo(t, out.Access).StatusCode != http.StatusOK {
			t.Error("another client has ended the session")
		}
		if again, a := f.exchange(t, code); again.Error != "invalid_grant" || again.Access != "" {
			t.Errorf("again: %d %s", a.StatusCode, a.body)
		}
		if f.userInfo(t, out.Access).StatusCode != http.StatusUnauthorized {
			t.Error("the access token still works")
		}
		if again := f.refresh(t, out.Refresh); again.Error != "invalid_grant" {
			t.Errorf("the refresh token still works: %+v", again)
		}
		if f.userInfo(t, bystander.Access).StatusCode != http.StatusOK {
			t.Error("another session of the user has ended")
		}
		f.after(10 * time.Minute)
		late := b.begin().code()
		out, _ = f.exchange(t, late)
		f.after(10 * time.Minute)
		f.exchange(t, late)
		if again := f.refresh(t, out.Refresh); again.Error != "invalid_grant" {
			t.Error("a code that is used again after its end ends nothing")
		}
	})
}

func TestCodeInParallel(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		code := f.browser(t).signIn("alice", goodPass).code()
		var mu sync.Mutex
		var good []tokens
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				out, a := f.exchange(t, code)
				mu.Lock()
				defer mu.Unlock()
				if out.Access != "" {
					good = append(good, out)
				} else if out.Error != "invalid_grant" {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			})
		}
		wg.Wait()
		if len(good) != 1 {
			t.Fatalf("%d exchanges succeeded", len(good))
		}
		if f.refresh(t, good[0].Refresh).Error != "invalid_grant" {
			t.Error("the session goes on though the code was used 50 times")
		}
	})
}

// TestCodeRace comes second after both have read the code: the case that many
// requests at once may or may not meet.
func TestCodeRace(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		code := f.browser(t).signIn("alice", goodPass).code()
		use := func(session string) error {
			return f.env.DB.Tx(t.Context(), func(tx *db.Tx) error { return hostedui.UseCode(tx, code, session) })
		}
		must(t, "first", use("one"))
		if err := use("two"); !errors.Is(err, hostedui.ErrCodeUsed) {
			t.Errorf("second: %v", err)
		}
		var session string
		must(t, "read", f.env.DB.Row(t.Context(), `SELECT session FROM env.hosted_code`).Scan(&session))
		if session != "one" {
			t.Errorf("the code is that of %q", session)
		}
	})
}

func (f *fixture) userInfo(t testing.TB, access string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.path("/oauth2/userInfo"), nil)
	must(t, "request", err)
	if access != "" {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	return do(t, f.plainClient(), r)
}

func (f *fixture) refresh(t testing.TB, refresh string) tokens {
	t.Helper()
	return decode(t, f.post(t, "/oauth2/token", url.Values{
		"grant_type": {"refresh_token"}, "client_id": {f.client.ID}, "refresh_token": {refresh},
	}))
}

// TestClientSecret is the ways in which a client with a secret proves it.
func TestClientSecret(t *testing.T) {
	t.Parallel()
	each(t, options{secret: true}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		b := f.browser(t).signIn("alice", goodPass) // the pages need no secret
		basic := func(user, password string) func(*http.Request) {
			return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password)) }
		}
		id, secret := f.client.ID, f.client.Secret.Reveal()
		for _, row := range []struct {
			name string
			form url.Values
			edit func(*http.Request)
			want string
		}{
			{name: "post", form: url.Values{"client_id": {id}, "client_secret": {secret}}},
			{name: "basic", edit: basic(id, secret)},
			{name: "basic with the id in the body", form: url.Values{"client_id": {id}}, edit: basic(id, secret)},
			{name: "no secret", form: url.Values{"client_id": {id}}, want: "invalid_client"},
			{name: "wrong secret", form: url.Values{"client_id": {id}, "client_secret": {secret + "x"}}, want: "invalid_client"},
			{name: "wrong basic", edit: basic(id, "x"), want: "invalid_client"},
			{name: "both", form: url.Values{"client_id": {id}, "client_secret": {secret}}, edit: basic(id, secret), want: "invalid_request"},
			{name: "another id in the body", form: url.Values{"client_id": {strings.Repeat("c", 26)}}, edit: basic(id, secret), want: "invalid_request"},
			{name: "bearer", form: url.Values{"client_id": {id}, "client_secret": {secret}}, edit: func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, want: "invalid_client"},
			{name: "twice", form: url.Values{"client_id": {id, id}, "client_secret": {secret}}, want: "invalid_request"},
		} {
			t.Run(row.name, func(t *testing.T) {
				form := url.Values{"grant_type": {"authorization_code"}, "code": {b.begin().code()}, "redirect_uri": {callback}}
				maps.Copy(form, row.form)
				if row.edit == nil {
					row.edit = func(*http.Request) {}
				}
				a := f.post(t, "/oauth2/token", form, row.edit)
				if out := decode(t, a); out.Error != row.want || (out.Access != "") != (row.want == "") {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			})
		}
		t.Run("in the query", func(t *testing.T) {
			a := f.post(t, "/oauth2/token?client_secret="+secret, url.Values{
				"grant_type": {"authorization_code"}, "client_id": {id}, "code": {b.begin().code()}, "redirect_uri": {callback},
			})
			if out := decode(t, a); out.Error != "invalid_client" {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
		t.Run("JSON", func(t *testing.T) {
			a := f.post(t, "/oauth2/token", nil, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") })
			if out := decode(t, a); out.Error != "invalid_request" {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
	})
}

func TestRequirePKCE(t *testing.T) {
	t.Parallel()
	each(t, options{config: func(c *hostedui.Config) { c.RequirePKCE = true }}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		if _, values := f.browser(t).begin().left(); values.Get("error") != "invalid_request" {
			t.Errorf("without a challenge: %v", values)
		}
		f.browser(t).signIn("alice", goodPass, "code_challenge", challengeOf(verifier), "code_challenge_method", "S256").code()
		f.client = f.newClient(t, true, nil)
		f.browser(t).signIn("alice", goodPass).code() // it has a secret
	})
}
