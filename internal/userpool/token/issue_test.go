package token_test

import (
	"crypto/sha256"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/errs"
	"preamp/internal/userpool/token"
)

// claims compares all claims of a token, but for its jti, which must be a UUID.
func claims(t *testing.T, raw string, want map[string]any) {
	t.Helper()
	_, got := decode(t, raw, 1)
	if id, _ := got["jti"].(string); !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(id) {
		t.Errorf("jti %v", got["jti"])
	}
	delete(got, "jti")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestIssue(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		now := start.Add(10 * time.Minute) // a refresh: auth_time stays
		out := issue(t, newKeys(t), env, alice(), grant(), now)
		if out.Life != time.Hour {
			t.Errorf("life %s", out.Life)
		}
		for raw, use := range map[string]token.Use{out.ID: token.ID, out.Access: token.Access} {
			if text, _ := decode(t, raw, 0); text != headerOf(pair(), use) {
				t.Errorf("header %s", text)
			}
		}
		claims(t, out.Access, map[string]any{
			"sub": alice().Sub, "iss": pool.Issuer, "token_use": "access", "auth_time": float64(start.Unix()),
			"iat": float64(now.Unix()), "exp": float64(now.Add(time.Hour).Unix()), "origin_jti": grant().Session,
			"event_id": grant().Event, "client_id": grant().Client, "username": "alice", "scope": "aws.cognito.signin.user.admin",
		})
		claims(t, out.ID, map[string]any{
			"sub": alice().Sub, "iss": pool.Issuer, "token_use": "id", "auth_time": float64(start.Unix()),
			"iat": float64(now.Unix()), "exp": float64(now.Add(time.Hour).Unix()), "origin_jti": grant().Session,
			"event_id": grant().Event, "aud": grant().Client, "cognito:username": "alice",
			"email": "alice@example.com", "email_verified": true,
		})
	})
}

// TestIssueEverything has each claim that is there only sometimes.
func TestIssueEverything(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		u, g := alice(), grant()
		u.Groups, u.Roles, u.PreferredRole = []string{"admins", "editors"}, []string{"arn:1", "arn:2"}, "arn:1"
		u.Attributes = map[string]string{
			"sub": u.Sub, "name": "A <b> & \"c\" ✓", "email_verified": "false", "phone_number": "+15550100",
			"phone_number_verified": "true", "custom:level": "7", "updated_at": "1700000000",
		}
		u.Identities = []token.Identity{
			{UserID: "1", Provider: "Google", Type: "Google", Primary: true, Created: start},
			{UserID: "2", Provider: "Corp", Type: "OIDC", Issuer: "https://corp.example", Created: start},
		}
		g.Scope, g.OAuth, g.Nonce, g.Device = "openid email", true, "n-0S6", "us-east-1_device"
		g.AccessLife, g.IDLife = token.MinLife, token.MaxLife
		out := issue(t, newKeys(t), env, u, g, start)
		groups := []any{"admins", "editors"}
		claims(t, out.Access, map[string]any{
			"sub": u.Sub, "iss": pool.Issuer, "token_use": "access", "auth_time": float64(start.Unix()),
			"iat": float64(start.Unix()), "exp": float64(start.Unix() + 300), "origin_jti": g.Session, "event_id": g.Event,
			"client_id": g.Client, "username": "alice", "scope": "openid email", "cognito:groups": groups,
			"device_key": "us-east-1_device", "version": float64(2),
		})
		sum := sha256.Sum256([]byte(out.Access))
		claims(t, out.ID, map[string]any{
			"sub": u.Sub, "iss": pool.Issuer, "token_use": "id", "auth_time": float64(start.Unix()),
			"iat": float64(start.Unix()), "exp": float64(start.Unix() + 86400), "origin_jti": g.Session, "event_id": g.Event,
			"aud": g.Client, "cognito:username": "alice", "cognito:groups": groups, "cognito:roles": []any{"arn:1", "arn:2"},
			"cognito:preferred_role": "arn:1", "name": "A <b> & \"c\" ✓", "email_verified": false, "phone_number": "+15550100",
			"phone_number_verified": true, "custom:level": "7", "updated_at": "1700000000", "nonce": "n-0S6", "at_hash": b64(sum[:16]),
			"identities": []any{
				map[string]any{"userId": "1", "providerName": "Google", "providerType": "Google", "issuer": nil, "primary": "true", "dateCreated": "1793606709000"},
				map[string]any{"userId": "2", "providerName": "Corp", "providerType": "OIDC", "issuer": "https://corp.example", "primary": "false", "dateCreated": "1793606709000"},
			},
		})
		if text, _ := decode(t, out.ID, 1); !strings.Contains(text, `A <b> & \"c\" ✓`) {
			t.Errorf("escaped as for HTML: %s", text)
		}
	})
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		k := newKeys(t)
		for name, change := range map[string]func(*token.User, *token.Grant){
			"no sub":                 func(u *token.User, _ *token.Grant) { u.Sub = "" },
			"no name":                func(u *token.User, _ *token.Grant) { u.Name = "" },
			"no client":              func(_ *token.User, g *token.Grant) { g.Client = "" },
			"no session":             func(_ *token.User, g *token.Grant) { g.Session = "" },
			"no event":               func(_ *token.User, g *token.Grant) { g.Event = "" },
			"no time of sign-in":     func(_ *token.User, g *token.Grant) { g.AuthTime = time.Time{} },
			"short life":             func(_ *token.User, g *token.Grant) { g.AccessLife = token.MinLife - 1 },
			"long life":              func(_ *token.User, g *token.Grant) { g.IDLife = token.MaxLife + 1 },
			"attribute over a claim": func(u *token.User, _ *token.Grant) { u.Attributes["cognito:groups"] = "admins" },
			"attribute over exp":     func(u *token.User, _ *token.Grant) { u.Attributes["exp"] = "9" },
		} {
			u, g := alice(), grant()
			change(&u, &g)
			if _, err := k.Issue(t.Context(), env, pool, u, g, start); err == nil {
				t.Errorf("%s: issued", name)
			}
		}
		_, err := k.Issue(t.Context(), env, token.Pool{ID: "us-east-1_none", Issuer: "x"}, alice(), grant(), start)
		if errs.KindOf(err) != errs.NotFound || !strings.Contains(err.Error(), "User pool us-east-1_none does not exist.") {
			t.Errorf("a pool without keys: %v", err)
		}
	})
}

func TestIssuerURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		base string
		aws  bool
		want string
	}{
		{"http://127.0.0.1:4500", false, "https://127.0.0.1:4500/us-east-1_AbCdEfGhI"},
		{"https://api.example.com/", false, "https://api.example.com/us-east-1_AbCdEfGhI"},
		{"https://example.com/pre/amp/", false, "https://example.com/pre/amp/us-east-1_AbCdEfGhI"},
		{"http://127.0.0.1:4500", true, "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI"},
	} {
		base, err := url.Parse(tt.base)
		if err != nil {
			t.Fatal(err)
		}
		if got := token.IssuerURL(base, pool.ID, tt.aws); got != tt.want {
			t.Errorf("%s, %t: %s", tt.base, tt.aws, got)
		}
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	got, err := token.Discovery(pool.Issuer, "https://host.test:4500/oauth/us-east-1_AbCdEfGhI")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"authorization_endpoint":"https://host.test:4500/oauth/us-east-1_AbCdEfGhI/oauth2/authorize",` +
		`"end_session_endpoint":"https://host.test:4500/oauth/us-east-1_AbCdEfGhI/logout",` +
		`"id_token_signing_alg_values_supported":["RS256"],"issuer":"https://host.test:4500/us-east-1_AbCdEfGhI",` +
		`"jwks_uri":"https://host.test:4500/us-east-1_AbCdEfGhI/.well-known/jwks.json","response_types_supported":["code","token"],` +
		`"revocation_endpoint":"https://host.test:4500/oauth/us-east-1_AbCdEfGhI/oauth2/revoke",` +
		`"scopes_supported":["openid","email","phone","profile"],"subject_types_supported":["public"],` +
		`"token_endpoint":"https://host.test:4500/oauth/us-east-1_AbCdEfGhI/oauth2/token",` +
		`"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],` +
		`"userinfo_endpoint":"https://host.test:4500/oauth/us-east-1_AbCdEfGhI/oauth2/userInfo"}`
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
}
