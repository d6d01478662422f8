package hostedui_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

func TestImplicit(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		b := f.browser(t).signIn("alice", goodPass, "response_type", "token", "nonce", "n-1")
		if to := b.page.Header.Get("Location"); !strings.HasPrefix(to, callback+"#") {
			t.Fatalf("%s", to)
		}
		_, values := b.left()
		id := claims(t, values.Get("id_token"))
		if values.Get("token_type") != "Bearer" || values.Get("expires_in") != "3600" || values.Get("state") != "st at/e" ||
			values.Has("refresh_token") || values.Has("code") || id["nonce"] != "n-1" {
			t.Errorf("%v", values)
		}
		if f.userInfo(t, values.Get("access_token")).StatusCode != http.StatusOK {
			t.Error("the access token is of no use")
		}
		b.begin("response_type", "token", "scope", "aws.cognito.signin.user.admin")
		if _, values := b.left(); values.Has("id_token") || values.Get("access_token") == "" {
			t.Errorf("without openid: %v", values)
		}
		b.begin("response_type", "token", "scope", "nonsense")
		if to := b.page.Header.Get("Location"); !strings.HasPrefix(to, callback+"#error=invalid_scope") {
			t.Errorf("error: %s", to)
		}
	})
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "true"})
		out, _ := f.exchange(t, f.browser(t).signIn("alice", goodPass).code())
		a := f.userInfo(t, out.Access)
		var got map[string]any
		must(t, "decode", json.Unmarshal([]byte(a.body), &got))
		want := map[string]any{
			"sub": claims(t, out.Access)["sub"], "username": "alice", "email": "a@example.com", "email_verified": "true",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.path("/oauth2/userInfo"), nil)
		must(t, "request", err)
		r.Header.Set("Authorization", "bearer "+out.Access)
		if a := do(t, f.plainClient(), r); a.StatusCode != http.StatusOK {
			t.Errorf("POST: %d", a.StatusCode)
		}
		const dead = `error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out."`
		refused := func(name, access string, status int, header string) {
			t.Helper()
			a := f.userInfo(t, access)
			if a.StatusCode != status || a.Header.Get("WWW-Authenticate") != header || strings.Contains(a.body, "example.com") {
				t.Errorf("%s: %d %s %s", name, a.StatusCode, a.Header.Get("WWW-Authenticate"), a.body)
			}
		}
		refused("none", "", http.StatusBadRequest, `error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"`)
		refused("garbage", "garbage", http.StatusUnauthorized, dead)
		refused("id token", out.ID, http.StatusUnauthorized, dead)
		refused("cut", out.Access[:len(out.Access)-1], http.StatusUnauthorized, dead)
		api, err := f.users.InitiateAuth(ctx, f.call(), userpool.AuthInput{
			Client: f.newClient(t, false, func(s *userpool.ClientSettings) { s.Flows = []string{userpool.FlowPassword} }).ID,
			Name:   userpool.AuthPassword, Parameters: map[string]string{"USERNAME": "alice", "PASSWORD": goodPass},
		})
		must(t, "sign in by the API", err)
		refused("token of the API", api.Tokens.Access, http.StatusUnauthorized, `error="invalid_token", error_description="Access token does not contain openid scope"`)
		must(t, "disable", f.users.AdminEnable(ctx, f.call(), poolID, "alice", false))
		refused("disabled", out.Access, http.StatusUnauthorized, dead)
		must(t, "enable", f.users.AdminEnable(ctx, f.call(), poolID, "alice", true))
		refused("enabled again", out.Access, http.StatusUnauthorized, dead)
	})
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		b := f.browser(t).signIn("alice", goodPass)
		out, _ := f.exchange(t, b.code())
		first := claims(t, out.Access)
		f.after(10 * 60e9)
		again := f.refresh(t, out.Refresh)
		second := claims(t, again.Access)
		if first["auth_time"] != second["auth_time"] || first["origin_jti"] != second["origin_jti"] || first["jti"] == second["jti"] {
			t.Errorf("%v, %v", first, second)
		}
		for name, text := range map[string]string{"cut": out.Refresh[1:], "access": out.Access, "empty": "", "bytes": "\x00"} {
			if got := f.refresh(t, text); got.Error == "" || got.Access != "" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		mine := f.client
		f.client = f.newClient(t, false, nil)
		if got := f.refresh(t, out.Refresh); got.Error != "invalid_grant" {
			t.Errorf("another client: %+v", got)
		}
		f.client = f.newClient(t, false, func(s *userpool.ClientSettings) { s.OAuth = false })
		if got := f.refresh(t, out.Refresh); got.Error != "unauthorized_client" {
			t.Errorf("a client without OAuth: %+v", got)
		}
		f.client = mine
		must(t, "disable", f.users.AdminEnable(t.Context(), f.call(), poolID, "alice", false))
		if got := f.refresh(t, out.Refresh); got.Error != "invalid_grant" {
			t.Errorf("disabled: %+v", got)
		}

		f.newUser(t, "bob", nil)
		f.client = f.newClient(t, false, func(s *userpool.ClientSettings) { s.Flows, s.Rotate = []string{userpool.FlowSRP}, true })
		out, _ = f.exchange(t, f.browser(t).signIn("bob", goodPass).code())
		fresh := f.refresh(t, out.Refresh)
		if fresh.Refresh == "" || fresh.Refresh == out.Refresh {
			t.Errorf("rotation: %+v", fresh)
		}
		if got := f.refresh(t, out.Refresh); got.Error != "invalid_grant" {
			t.Errorf("a token that was rotated out: %+v", got)
		}
		if got := f.refresh(t, fresh.Refresh); got.Error != "invalid_grant" {
			t.Errorf("its session goes on: %+v", got)
		}
	})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	each(t, options{secret: true}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		b := f.browser(t).signIn("alice", goodPass)
		out, _ := f.exchange(t, b.code())
		never := f.newClient(t, false, func(s *userpool.ClientSettings) { s.NoRevocation = true })
		right := url.Values{"client_id": {f.client.ID}, "client_secret": {f.client.Secret.Reveal()}}
		revoke := func(form url.Values, token string) answer {
			if token != "" {
				form.Set("token", token)
			}
			return f.post(t, "/oauth2/revoke", form)
		}
		for _, row := range []struct {
			name   string
			form   url.Values
			token  string
			status int
			want   string
		}{
			{"no token", url.Values{}, "", http.StatusBadRequest, "invalid_request"},
			{"an access token", url.Values{}, out.Access, http.StatusBadRequest, "unsupported_token_type"},
			{"no secret", url.Values{"client_secret": nil}, out.Refresh, http.StatusUnauthorized, "invalid_client"},
			{"wrong secret", url.Values{"client_secret": {"x"}}, out.Refresh, http.StatusUnauthorized, "invalid_client"},
			{"client without revocation", url.Values{"client_id": {never.ID}, "client_secret": nil}, out.Refresh, http.StatusBadRequest, "invalid_request"},
			{"nonsense is no error", url.Values{}, "nonsense", http.StatusOK, ""},
		} {
			t.Run(row.name, func(t *testing.T) {
				form := url.Values{}
				for _, v := range []url.Values{right, row.form} {
					maps.Copy(form, v)
				}
				a := revoke(form, row.token)
				if a.StatusCode != row.status || row.want != "" && decode(t, a).Error != row.want {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			})
		}
		if f.userInfo(t, out.Access).StatusCode != http.StatusOK {
			t.Fatal("a refused call has ended the session")
		}
		if a := revoke(right, out.Refresh); a.StatusCode != http.StatusOK || a.body != "" {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if f.userInfo(t, out.Access).StatusCode != http.StatusUnauthorized {
			t.Error("the session goes on")
		}
	})
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		get := func(path string) answer {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+path, nil)
			must(t, "request", err)
			return do(t, f.plainClient(), r)
		}
		a := get("/" + poolID + "/.well-known/openid-configuration")
		var doc map[string]any
		must(t, "decode", json.Unmarshal([]byte(a.body), &doc))
		pages := "https://" + strings.TrimPrefix(f.server.URL, "https://") + "/oauth/" + poolID
		if doc["issuer"] != "https://host.test/"+poolID || doc["authorization_endpoint"] != pages+"/oauth2/authorize" ||
			doc["jwks_uri"] != "https://host.test/"+poolID+"/.well-known/jwks.json" {
			t.Errorf("%v", doc)
		}
		a = get("/" + poolID + "/.well-known/jwks.json")
		var set struct{ Keys []map[string]string }
		must(t, "decode", json.Unmarshal([]byte(a.body), &set))
		if len(set.Keys) != 2 || set.Keys[0]["kty"] != "RSA" || set.Keys[0]["d"] != "" {
			t.Errorf("%s", a.body)
		}
		if a.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.Header.Get("Cache-Control"), "public") {
			t.Errorf("%v", a.Header)
		}
		for _, path := range []string{"/us-east-1_nobody/.well-known/jwks.json", "/oauth/us-east-1_nobody/login", "/oauth/x/oauth2/token"} {
			if a := get(path); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d", path, a.StatusCode)
			}
		}
	})
}

func TestCORS(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		for path, allowed := range map[string]bool{
			"/oauth2/token": true, "/oauth2/userInfo": true, "/oauth2/revoke": true, "/login": false, "/oauth2/authorize": false,
		} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, f.path(path), nil)
			must(t, "request", err)
			r.Header.Set("Origin", "https://app.example")
			r.Header.Set("Access-Control-Request-Method", "POST")
			r.Header.Set("Access-Control-Request-Headers", "x-amz-user-agent")
			a := do(t, f.plainClient(), r)
			if got := a.Header.Get("Access-Control-Allow-Origin") == "*"; got != allowed {
				t.Errorf("%s: %d %v", path, a.StatusCode, a.Header)
			}
			if allowed && !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "x-amz-user-agent") {
				t.Errorf("%s: %v", path, a.Header)
			}
			if a.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s allows credentials", path)
			}
		}
		if a := f.post(t, "/oauth2/token", url.Values{}); a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("an error: %v", a.Header)
		}
	})
}

func TestDomain(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		must(t, "domain", f.users.SetDomain(t.Context(), f.call(), poolID, "shop"))
		f.newUser(t, "alice", nil)
		b := f.browser(t)
		host := domain
		b.edit = func(r *http.Request) { r.Host = host }
		b.open(f.server.URL + "/oauth2/authorize?" + f.query().Encode())
		if b.title() != "Sign in" || b.at.Path != "/login" {
			t.Fatalf("%q at %s", b.title(), b.at)
		}
		b.edit = func(r *http.Request) {
			r.Host = strings.ToUpper(domain) + ":443"
			if r.Header.Get("Origin") != "" {
				r.Header.Set("Origin", "https://"+domain)
			}
		}
		b.submit("login", "username", "alice", "password", goodPass).code()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+"/"+poolID+"/.well-known/openid-configuration", nil)
		must(t, "request", err)
		for at, want := range map[string]string{
			"cognito-idp.us-east-1.amazonaws.com": "https://" + domain, "cognito-idp.eu-west-1.amazonaws.com": f.path(""),
		} {
			r.Host = at
			if a := do(t, f.plainClient(), r); !strings.Contains(a.body, `"authorization_endpoint":"`+want+`/oauth2/authorize"`) {
				t.Errorf("%s: %s", at, a.body)
			}
		}
		for _, host = range []string{"other.auth.us-east-1.amazoncognito.com", "shop.auth.eu-west-1.amazoncognito.com", "shop.auth.us-east-1.amazoncognito.com.evil.example", "shop.us-east-1"} {
			b.edit = func(r *http.Request) { r.Host = host }
			if b.open(f.server.URL + "/login?" + f.query().Encode()); b.page.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", host, b.page.StatusCode)
			}
		}
	})
}
