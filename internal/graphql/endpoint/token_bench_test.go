package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/keys"
	"preamp/internal/oidc/oidctest"
)

// BenchmarkTokens measures requests that do next to nothing, by the proof that they
// carry. An API with a user pool and OIDC has to find out whose token it got.
func BenchmarkTokens(b *testing.B) {
	set := dbtest.Open(b, db.Config{
		Dir: b.TempDir(), Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), endpoint.EnvLine()}, Relaxed: true,
	})
	d := &doors{
		world: newWorld(b, set, plainSchema, endpoint.Limits{}), issuer: oidctest.New("", 0), aws: oidctest.New(awsURL, 1),
		own: oidctest.New("https://preamp.example/"+ownPool, 2), client: &http.Client{},
	}
	web := httptest.NewServer(d.issuer)
	b.Cleanup(web.Close)
	d.issuer.URL = web.URL
	d.open()
	groups := []string{"cognito:groups", `["admins","editors"]`, "scope", `"openid profile email"`, "token_use", `"access"`}
	provider := d.issuer.Good(d.clock(), groups...)
	pool := d.aws.Good(d.clock(), groups...)
	both := []authn.Mode{authn.UserPool, authn.OIDC, authn.APIKey}
	limits := endpoint.OIDC{Issuer: web.URL, Client: "web|app", IatTTL: 1 << 40}
	for _, bb := range []struct {
		name, header, value string
		modes               []authn.Mode
		auth                endpoint.Auth
	}{
		{"key", "X-Api-Key", apiKey, both, endpoint.Auth{}},
		{"provider", "Authorization", provider, []authn.Mode{authn.OIDC}, endpoint.Auth{OIDC: endpoint.OIDC{Issuer: web.URL}}},
		{"provider/client", "Authorization", provider, []authn.Mode{authn.OIDC}, endpoint.Auth{OIDC: limits}},
		{"provider/both", "Authorization", provider, both, endpoint.Auth{UserPool: awsPool, OIDC: endpoint.OIDC{Issuer: web.URL}}},
		{"pool", "Authorization", pool, []authn.Mode{authn.UserPool}, endpoint.Auth{UserPool: awsPool}},
		{"pool/both", "Authorization", pool, both, endpoint.Auth{UserPool: awsPool, OIDC: endpoint.OIDC{Issuer: web.URL}}},
	} {
		d.configure(bb.modes, bb.auth)
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				q := httptest.NewRequest(http.MethodPost, "/api/"+apiID+"/graphql", strings.NewReader(ping))
				q.Header.Set(bb.header, bb.value)
				rec := httptest.NewRecorder()
				d.registry.ServeHTTP(rec, q)
				if rec.Code != http.StatusOK {
					b.Fatal(rec.Code, rec.Body)
				}
			}
		})
	}
}
