package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
)

// browser trusts the local authority and finds every host at the server.
func (r *running) browser() *http.Client {
	r.t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(r.ca.PEM())
	addr := r.listener.Addr().String()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	dialer := &net.Dialer{}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, addr)
	}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get fetches as a page of another origin would.
func (r *running) get(c *http.Client, url string) (*http.Response, string) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Origin", "https://app.example.com")
	resp, err := c.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(body)
}

// The documents by which others verify tokens are there over HTTP and TLS, for
// pages of any origin, and name the https issuer that is in the tokens.
func TestDocumentsOfPools(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		pool, client := r.newPool(r.newKey())
		tokens := r.signUp(client, "ann@example.com", "Passw0rd!")
		host := r.listener.Addr().String()
		issuer := "https://" + host + "/" + pool
		c, err := r.pools.VerifyToken(t.Context(), pool, at(tokens, "AuthenticationResult.IdToken"))
		if err != nil || c.Claims["iss"] != issuer {
			t.Errorf("iss %v, %v; want %s", c.Claims["iss"], err, issuer)
		}
		for _, scheme := range []string{"http://", "https://"} {
			for path, want := range map[string]string{
				"/.well-known/openid-configuration": `"issuer":"` + issuer + `"`,
				"/.well-known/jwks.json":            `"keys":[{"alg":"RS256"`,
			} {
				resp, body := r.get(r.browser(), scheme+host+"/"+pool+path)
				if resp.StatusCode != 200 || !strings.Contains(body, want) || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
					t.Errorf("%s%s: %d %v %s", scheme, path, resp.StatusCode, resp.Header, body)
				}
			}
			if resp, _ := r.get(r.browser(), scheme+host+"/us-east-1_Nothing00/.well-known/jwks.json"); resp.StatusCode != 404 {
				t.Errorf("no pool: %d", resp.StatusCode)
			}
		}
		// Pages are for browsers over TLS.
		if resp, _ := r.get(r.browser(), "https://"+host+"/oauth/"+pool+"/login"); resp.StatusCode >= 500 || resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("login: %d %v", resp.StatusCode, resp.Header)
		}
	})
}

// With aws_names the server answers at the names of AWS, with certificates of its
// own authority; without, it neither does nor vouches for them.
func TestAWSNames(t *testing.T) {
	t.Parallel()
	names := []string{"cognito-idp.us-east-1.amazonaws.com", "cognito-identity.us-east-1.amazonaws.com", "shop.auth.us-east-1.amazoncognito.com"}
	others := []string{"s3.us-east-1.amazonaws.com", "a.shop.auth.us-east-1.amazoncognito.com", "amazonaws.com", "cognito-idp.eu-west-1.amazonaws.com"}
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, d db.Config) {
		r, log := startServe(t, d, func(o *options) { o.awsNames = true })
		if !strings.Contains(log.String(), "host names of AWS") {
			t.Error("nothing warns")
		}
		key := r.newKey()
		pool, client := r.newPool(key)
		r.idp(key, "CreateUserPoolDomain", in{"UserPoolId": pool, "Domain": "shop"})
		r.idp(key, "UpdateUserPoolClient", in{
			"UserPoolId": pool, "ClientId": client, "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []string{"code"},
			"AllowedOAuthScopes": []string{"openid"}, "CallbackURLs": []string{"https://app.example.com/"}, "SupportedIdentityProviders": []string{"COGNITO"},
		})
		b := r.browser()
		for _, name := range names {
			if resp, _ := r.get(b, "https://"+name+"/healthz"); resp.TLS == nil {
				t.Errorf("%s: no TLS", name)
			}
		}
		if resp, body := r.get(b, "https://"+names[0]+"/"+pool+"/.well-known/jwks.json"); resp.StatusCode != 200 || !strings.Contains(body, "RS256") {
			t.Errorf("keys: %d %s", resp.StatusCode, body)
		}
		login := "/login?client_id=" + client + "&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fapp.example.com%2F"
		if resp, body := r.get(b, "https://"+names[2]+login); resp.StatusCode != 200 || !strings.Contains(body, "<form") {
			t.Errorf("login: %d %s", resp.StatusCode, body)
		}
		if resp, _ := r.get(b, "https://other.auth.us-east-1.amazoncognito.com/login"); resp.StatusCode != 404 {
			t.Errorf("no domain: %d", resp.StatusCode)
		}
		for _, name := range others {
			if _, err := b.Get("https://" + name + "/healthz"); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, d db.Config) {
		r := start(t, d)
		for _, name := range names {
			if _, err := r.browser().Get("https://" + name + "/healthz"); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// An identity pool gives credentials for the token of a user pool, and to guests,
// and an API takes them.
func TestIdentityPoolOfThisServer(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		key := r.newKey()
		pool, client := r.newPool(key)
		id := at(r.signUp(client, "ann@example.com", "Passw0rd!"), "AuthenticationResult.IdToken")
		access := at(r.signIn(client, "ann@example.com", "Passw0rd!"), "AuthenticationResult.AccessToken")
		provider := strings.TrimPrefix(r.issuer(pool, true), "https://")
		identity := func(key bool, operation string, v any) map[string]any {
			t.Helper()
			k := r.newKey()
			if !key {
				k = nil
			}
			status, out := r.cognito(k, "cognito-identity", operation, v)
			if status != 200 {
				t.Fatalf("%s: %d %v", operation, status, out)
			}
			return out
		}
		identities := at(identity(true, "CreateIdentityPool", in{
			"IdentityPoolName": "people", "AllowUnauthenticatedIdentities": true,
			"CognitoIdentityProviders": []in{{"ProviderName": provider, "ClientId": client}},
		}), "IdentityPoolId")
		roles := func(authenticated, unauthenticated string) {
			t.Helper()
			identity(true, "SetIdentityPoolRoles", in{"IdentityPoolId": identities, "Roles": in{
				"authenticated": authenticated, "unauthenticated": unauthenticated,
			}})
		}
		roles("arn:aws:iam::000000000000:role/auth", "arn:aws:iam::000000000000:role/unauth")
		credentials := func(logins in) temporary {
			t.Helper()
			who := at(identity(false, "GetId", in{"IdentityPoolId": identities, "Logins": logins}), "IdentityId")
			out := identity(false, "GetCredentialsForIdentity", in{"IdentityId": who, "Logins": logins})
			return temporary{at(out, "Credentials.AccessKeyId"), at(out, "Credentials.SecretKey"), at(out, "Credentials.SessionToken")}
		}
		// The name of a pool in its tokens, and the one of AWS.
		own := strings.TrimPrefix(r.issuer(pool, false), "https://")
		foreignUser, foreignGuest := credentials(in{own: id}), credentials(in{})
		credentials(in{provider: id})

		// An API takes its own roles: any pool can call somebody authenticated.
		r.createBackend("dev")
		auth, unauth := r.roles("dev")
		roles(auth, unauth)
		user, guest := credentials(in{own: id}), credentials(in{})
		schema := `
			type Note @model @auth(rules: [{allow: private, provider: iam}]) { id: ID! }
			type News @model @auth(rules: [{allow: public, provider: iam, operations: [read]}, {allow: private, provider: iam}]) { id: ID! }`
		if e := r.createWith("notes", wireConfig{TransformSchema: &schema, DefaultAuthType: new(authType("AWS_IAM", nil))}); e != "" {
			t.Fatal(e)
		}
		a := r.api("dev", "notes")
		const notes, news = `{ listNotes { items { id } } }`, `{ listNews { items { id } } }`
		for _, tc := range []struct {
			name, query string
			by          temporary
			want        string
		}{
			{"user", notes, user, `"items":[]`},
			{"user", news, user, `"items":[]`},
			{"guest", news, guest, `"items":[]`},
			{"guest", notes, guest, `NotAuthorized`},
			{"user with a role of elsewhere", news, foreignUser, `Permissiondenied`},
			{"guest with a role of elsewhere", news, foreignGuest, `Permissiondenied`},
			{"another secret", news, temporary{user.key, guest.secret, user.token}, `InvalidSignatureException`},
			{"another token", news, temporary{user.key, user.secret, guest.token}, `UnrecognizedClientException`},
			{"no token", news, temporary{user.key, user.secret, ""}, `UnrecognizedClientException`},
		} {
			if _, body := r.call(a, tc.query, tc.by.sign("appsync")); !strings.Contains(body, tc.want) {
				t.Errorf("%s: %s: %s, want %s", tc.name, tc.query, body, tc.want)
			}
		}

		// They administer nothing.
		for service, operation := range map[string]string{"cognito-idp": "ListUserPools", "cognito-identity": "ListIdentityPools"} {
			if status, out := r.signedBy(user, service, operation, in{"MaxResults": 1}); status == 200 || !strings.Contains(at(out, "__type"), "AccessDenied") {
				t.Errorf("%s: %d %v", operation, status, out)
			}
		}
		// Tokens that are no logins.
		other, otherClient := r.newPool(key)
		foreign := at(r.signUp(otherClient, "eve@example.com", "Passw0rd!"), "AuthenticationResult.IdToken")
		for name, token := range map[string]string{"access token": access, "of another pool": foreign, "cut": id[:len(id)-1], "none": "x"} {
			if status, out := r.cognito(nil, "cognito-identity", "GetId", in{"IdentityPoolId": identities, "Logins": in{own: token}}); status != 400 || at(out, "__type") != "NotAuthorizedException" {
				t.Errorf("%s: %d %v", name, status, out)
			}
		}
		if status, out := r.cognito(nil, "cognito-identity", "GetId", in{"IdentityPoolId": identities, "Logins": in{strings.Replace(own, pool, other, 1): foreign}}); status != 400 {
			t.Errorf("a pool that is no provider: %d %v", status, out)
		}

		// A deleted identity pool vouches for nobody.
		identity(true, "DeleteIdentityPool", in{"IdentityPoolId": identities})
		if status, body := r.call(a, news, user.sign("appsync")); status != 403 || !strings.Contains(body, "UnrecognizedClientException") {
			t.Errorf("after the pool: %d %s", status, body)
		}
	})
}

// roles are the ARNs of the roles of an environment.
func (r *running) roles(env string) (auth, unauth string) {
	r.t.Helper()
	v, err := r.provision.View(r.t.Context(), "app", env)
	if err != nil {
		r.t.Fatal(err)
	}
	c := r.provision.Meta(v).Providers.CloudFormation
	return c.AuthRoleArn, c.UnauthRoleArn
}

// temporary is credentials of an identity pool.
type temporary struct{ key, secret, token string }

func (c temporary) sign(service string) func(*http.Request, []byte) {
	return func(q *http.Request, body []byte) {
		if c.token != "" {
			q.Header.Set("X-Amz-Security-Token", c.token)
		}
		signRequest(q, body, c.key, c.secret, service)
	}
}

func (r *running) signedBy(c temporary, service, operation string, v any) (int, map[string]any) {
	r.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.target(service, operation, body, c.sign(service))
}
