package attack_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"preamp/test/harness"
)

// credentials are temporary ones, as an SDK has them.
type credentials struct{ id, secret, token string }

func (w *world) credentials(identity string, logins harness.M) credentials {
	w.Helper()
	a := w.good("GetCredentialsForIdentity", w.identity("GetCredentialsForIdentity", harness.M{"IdentityId": identity, "Logins": logins}))
	c, _ := a.Body["Credentials"].(harness.M)
	return credentials{text(c["AccessKeyId"]), text(c["SecretKey"]), text(c["SessionToken"])}
}

// notices asks for what signed callers may see, with credentials.
func (w *world) notices(c credentials, change func(*harness.Signer, *http.Request)) answer {
	w.Helper()
	body := []byte(`{"query":"{ listNotices { items { id title } } }"}`)
	r, err := harness.NewRequest(w.Context(), http.MethodPost, w.api.Endpoint, body)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	s := harness.Signer{Key: c.id, Secret: c.secret, Token: c.token, Service: "appsync"}
	if change != nil {
		change(&s, r)
	}
	s.Sign(r, body)
	if change != nil {
		change(nil, r)
	}
	a := w.http.Send(r)
	if a.Status == http.StatusOK && strings.Contains(string(a.Raw), `"errors"`) {
		a.Status = http.StatusUnauthorized
	}
	return a
}

// flip changes the character in the middle of a text.
func flip(s string) string {
	i := len(s) / 2
	c := "A"
	if s[i] == 'A' {
		c = "B"
	}
	return s[:i] + c + s[i+1:]
}

// TestCredentials changes temporary credentials, and uses them where they do not
// belong.
func TestCredentials(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		guest := w.good("GetId", w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool})).Text("IdentityId")
		c, other := w.credentials(guest, nil), w.credentials(guest, nil)
		foreign := w.credentials(w.good("GetId", w.identity("GetId", harness.M{"IdentityPoolId": w.other.IdentityPool})).Text("IdentityId"), nil)
		signer := func(change func(s *harness.Signer)) func(*harness.Signer, *http.Request) {
			return func(s *harness.Signer, _ *http.Request) {
				if s != nil {
					change(s)
				}
			}
		}
		after := func(change func(r *http.Request)) func(*harness.Signer, *http.Request) {
			return func(s *harness.Signer, r *http.Request) {
				if s == nil {
					change(r)
				}
			}
		}
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(c.token, "="))
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			name   string
			change func(*harness.Signer, *http.Request)
		}{
			{"no token", signer(func(s *harness.Signer) { s.Token = "" })},
			{"another's token", signer(func(s *harness.Signer) { s.Token = other.token })},
			{"another's key", signer(func(s *harness.Signer) { s.Key = other.id })},
			{"another's secret", signer(func(s *harness.Signer) { s.Secret = other.secret })},
			{"another pool's token", signer(func(s *harness.Signer) { s.Token = foreign.token })},
			{"token with a bit changed", signer(func(s *harness.Signer) { s.Token = flip(c.token) })},
			{"first byte of the token changed", signer(func(s *harness.Signer) {
				b := append([]byte{}, raw...)
				b[0] ^= 1
				s.Token = b64(b)
			})},
			{"last byte of the token changed", signer(func(s *harness.Signer) {
				b := append([]byte{}, raw...)
				b[len(b)-1] ^= 1
				s.Token = b64(b)
			})},
			{"token cut", signer(func(s *harness.Signer) { s.Token = c.token[:len(c.token)-4] })},
			{"token longer", signer(func(s *harness.Signer) { s.Token = c.token + "AAAA" })},
			{"token made up", signer(func(s *harness.Signer) { s.Token = strings.Repeat("A", 300) })},
			{"token huge", signer(func(s *harness.Signer) { s.Token = strings.Repeat("A", 12_000) })},
			{"key made up", signer(func(s *harness.Signer) { s.Key = "ASIAAAAAAAAAAAAAAAAA" })},
			{"key of another kind", signer(func(s *harness.Signer) { s.Key = "AKIA" + c.id[4:] })},
			{"key in lower case", signer(func(s *harness.Signer) { s.Key = strings.ToLower(c.id) })},
			{"secret changed", signer(func(s *harness.Signer) { s.Secret = flip(c.secret) })},
			{"the server's key with the token", signer(func(s *harness.Signer) { s.Key, s.Secret = w.http.Signer.Key, flip(w.http.Signer.Secret) })},
			{"another service", signer(func(s *harness.Signer) { s.Service = "s3" })},
			{"the control plane's service", signer(func(s *harness.Signer) { s.Service = "amplifybackend" })},
			{"token removed after signing", after(func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") })},
			{"token replaced after signing", after(func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", other.token) })},
			{"two tokens", after(func(r *http.Request) { r.Header.Add("X-Amz-Security-Token", other.token) })},
			{"body replaced after signing", after(func(r *http.Request) { r.Header.Set("Content-Type", "application/json; a=b") })},
			{"signature removed", after(func(r *http.Request) { r.Header.Del("Authorization") })},
		} {
			t.Run(tc.name, func(t *testing.T) { refused(t, w.notices(c, tc.change)) })
		}
		t.Run("control", func(t *testing.T) { taken(t, w.notices(c, nil)) })

		for _, operation := range []string{"ListUsers", "AdminGetUser", "AdminCreateUser", "DescribeUserPool", "CreateUserPool"} {
			t.Run("guest calls "+operation, func(t *testing.T) {
				s := harness.Signer{Key: c.id, Secret: c.secret, Token: c.token, Service: "cognito-idp"}
				refused(t, w.target("AWSCognitoIdentityProviderService."+operation, harness.M{"UserPoolId": w.shop.UserPool, "Username": "x", "PoolName": "x"}, &s))
			})
		}
		t.Run("guest calls the control plane", func(t *testing.T) {
			client := harness.NewClient(w.server.Status.URL, c.id, c.secret)
			client.Signer.Token = c.token
			refused(t, client.Call(t.Context(), "GetBackend", harness.M{"appId": "shop"}))
		})
		t.Run("guest writes", func(t *testing.T) {
			body := []byte(`{"query":"mutation { createNotice(input: {title: \"x\"}) { id } }"}`)
			r, err := harness.NewRequest(w.Context(), http.MethodPost, w.api.Endpoint, body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			harness.Signer{Key: c.id, Secret: c.secret, Token: c.token, Service: "appsync"}.Sign(r, body)
			if a := w.http.Send(r); !strings.Contains(string(a.Raw), "Unauthorized") {
				t.Errorf("a guest writes: %v", a)
			}
		})
	})
}

// TestIdentities asks for identities with what gives no right to them.
func TestIdentities(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		pool := "cognito-idp.us-east-1.amazonaws.com/" + w.shop.UserPool
		web := w.user(app{Auth: w.shop.Auth, client: w.shop.WebClient})
		own := w.idTokenOf(web)
		foreigner, unlisted := w.signedIn(w.other), w.signedIn(w.shop) // its client is not one of the identity pool's
		identity := w.good("GetId", w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool, "Logins": harness.M{pool: own}})).Text("IdentityId")
		guest := w.good("GetId", w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool})).Text("IdentityId")
		second := w.user(app{Auth: w.shop.Auth, client: w.shop.WebClient})
		others := w.idTokenOf(second)
		w.good("GetId", w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool, "Logins": harness.M{pool: others}}))
		get := func(id string, logins harness.M) answer {
			return w.identity("GetCredentialsForIdentity", harness.M{"IdentityId": id, "Logins": logins})
		}
		for _, tc := range []struct {
			name string
			try  func() answer
		}{
			{"no login for an identity with one", func() answer { return get(identity, nil) }},
			{"another user's login", func() answer { return get(identity, harness.M{pool: others}) }},
			{"a user of another pool", func() answer { return get(identity, harness.M{pool: foreigner.id}) }},
			{"another pool's login", func() answer {
				return get(identity, harness.M{"cognito-idp.us-east-1.amazonaws.com/" + w.other.UserPool: foreigner.id})
			}},
			{"a client that is not listed", func() answer {
				return w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool, "Logins": harness.M{pool: unlisted.id}})
			}},
			{"an unknown provider", func() answer { return get(identity, harness.M{"login.attacker.example": own}) }},
			{"a provider that is not set up", func() answer { return get(identity, harness.M{"accounts.google.com": own}) }},
			{"an empty login", func() answer { return get(identity, harness.M{pool: ""}) }},
			{"another region's identity", func() answer { return get("eu-west-1:"+strings.SplitN(guest, ":", 2)[1], nil) }},
			{"an identity that does not exist", func() answer { return get(flip(guest), nil) }},
			{"an identity that is none", func() answer { return get("us-east-1:x", nil) }},
			{"a pool that does not exist", func() answer { return w.identity("GetId", harness.M{"IdentityPoolId": flip(w.shop.IdentityPool)}) }},
			{"a pool's id as an identity", func() answer { return get(w.shop.IdentityPool, nil) }},
			{"unlink another's identity", func() answer {
				return w.identity("UnlinkIdentity", harness.M{"IdentityId": identity, "Logins": harness.M{pool: others}, "LoginsToRemove": []string{pool}})
			}},
			{"an OpenID token of another's identity", func() answer {
				return w.identity("GetOpenIdToken", harness.M{"IdentityId": identity, "Logins": harness.M{pool: others}})
			}},
		} {
			t.Run(tc.name, func(t *testing.T) { refused(t, tc.try()) })
		}
		t.Run("control", func(t *testing.T) {
			taken(t, get(identity, harness.M{pool: own}))
			taken(t, get(guest, nil))
		})
		t.Run("guests off", func(t *testing.T) {
			c := w.credentials(guest, nil)
			taken(t, w.notices(c, nil))
			w.http.Job(t, "UpdateBackendAuth", harness.M{"appId": "shop", "backendEnvironmentName": "dev", "resourceName": "shopauth", "resourceConfig": harness.M{
				"authResources": "IDENTITY_POOL_AND_USER_POOL", "service": "COGNITO", "identityPoolConfigs": harness.M{"unauthenticatedLogin": false}, "userPoolConfigs": harness.M{},
			}})
			refused(t, w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool}), "NotAuthorizedException")
			refused(t, get(guest, nil), "NotAuthorizedException")
			refused(t, w.notices(c, nil))
			taken(t, get(identity, harness.M{pool: own}))
		})
		t.Run("auth resource deleted", func(t *testing.T) {
			c := w.credentials(identity, harness.M{pool: own})
			taken(t, w.notices(c, nil))
			taken(t, w.graphql(web.fresh(w)))
			token := web.fresh(w)
			w.http.Job(t, "DeleteBackendAuth", harness.M{"appId": "shop", "backendEnvironmentName": "dev", "resourceName": "shopauth"})
			refused(t, w.notices(c, nil))
			refused(t, w.graphql(token))
			refused(t, w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool}))
			refused(t, w.idp("GetUser", harness.M{"AccessToken": token}))
			refused(t, w.password(w.shop.WebClient, web.email, password))
		})
	})
}

// fresh is a new access token of a user.
func (u user) fresh(w *world) string { return w.access(u) }
