package endpoint_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"preamp/internal/authn"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/httpx"
)

// TestRefusedTokensAreLogged: clients are not told why a token is refused, but
// whoever reads the log is, and finds nothing of the token there.
func TestRefusedTokensAreLogged(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		token  func(d *doors, now time.Time) string
		client string
		iatTTL int64
		want   answer
		reason string
	}{
		{"another issuer", func(d *doors, now time.Time) string { return d.own.Good(now) }, "", 0, notAllowed, "issuer"},
		{"another key", func(d *doors, now time.Time) string { return d.aws.Good(now, "iss", `"`+d.issuer.URL+`"`) }, "", 0, notAllowed, "signature"},
		{"another client", func(d *doors, now time.Time) string { return d.issuer.Good(now) }, "mobile", 0, notAllowed, "made for another client"},
		{"no use", func(d *doors, now time.Time) string { return d.aws.Good(now) }, "", 0, notAllowed, "token_use is neither access nor id"},
		{"from the future", func(d *doors, now time.Time) string { return d.issuer.Good(now, "iat", seconds(now.Add(time.Hour))) }, "", 0, notAllowed, "issued in the future"},
		{"expired", func(d *doors, now time.Time) string { return d.issuer.Good(now, "exp", "1000") }, "", 0, expired, "the token has expired"},
		{"too old", func(d *doors, now time.Time) string { return d.issuer.Good(now, "iat", seconds(now.Add(-time.Hour))) }, "", 1000, expired, "iat is too long ago"},
	}
	eachDoors(t, func(d *doors) {
		front := httpx.NewFront(httpx.FrontConfig{ControlPlane: http.NotFoundHandler(), Logger: slog.New(slog.DiscardHandler)})
		d.registry.Mount(front)
		for _, tc := range tests {
			d.configure([]authn.Mode{authn.UserPool, authn.OIDC}, endpoint.Auth{
				UserPool: awsPool, OIDC: endpoint.OIDC{Issuer: d.issuer.URL, Client: tc.client, IatTTL: tc.iatTTL},
			})
			token := tc.token(d, d.clock())
			q := httptest.NewRequest(http.MethodPost, "/api/"+apiID+"/graphql", strings.NewReader(ping))
			q.Header.Set("Authorization", token)
			rec, before := httptest.NewRecorder(), len(d.logs.String())
			front.ServeHTTP(rec, q)
			if got := (answer{rec.Code, rec.Header().Get("x-amzn-ErrorType"), rec.Body.String()}); got != tc.want {
				d.t.Errorf("%s: %+v", tc.name, got)
			}
			var line strings.Builder
			for l := range strings.Lines(d.logs.String()[before:]) {
				if strings.Contains(l, `msg="token refused"`) {
					line.WriteString(l)
				}
			}
			id := rec.Header().Get("X-Amzn-RequestId")
			for _, want := range []string{"level=INFO", "api=" + apiID, tc.reason + `"`, "request_id=" + id} {
				if id == "" || strings.Count(line.String(), want) != 1 {
					d.t.Errorf("%s: no %q in %q", tc.name, want, line.String())
				}
			}
		}
		before := len(d.logs.String())
		bad := d.issuer.Bad(d.clock())
		for _, tc := range bad {
			if !strings.ContainsAny(tc.Token, "\n\r") {
				d.send(ping, "Authorization", tc.Token)
			}
		}
		text := d.logs.String()[before:]
		if n := strings.Count(text, "token refused"); n < 50 {
			d.t.Errorf("%d lines", n)
		}
		for _, tc := range bad {
			for part := range strings.SplitSeq(tc.Token, ".") {
				if len(part) > 8 && strings.Contains(text, part) {
					d.t.Errorf("%s: a part of the token is in the log", tc.Name)
				}
			}
		}
		if strings.Contains(text, "alice") {
			d.t.Error("a claim is in the log")
		}
	})
}

// TestTwoIssuers sends tokens again and again to an API that has a user pool and an
// OpenID Connect issuer: which mode a token is of does not change when it is
// remembered, in this API or in another one.
func TestTwoIssuers(t *testing.T) {
	t.Parallel()
	const schema = `type InPool @model @auth(rules: [{allow: private, provider: userPools}]) { id: ID! }
type InOIDC @model @auth(rules: [{allow: private, provider: oidc}]) { id: ID! }`
	// mode is who the API takes the caller for, by what is refused.
	mode := func(d *doors, token string) string {
		got := d.send(`{"query":"{ pool: getInPool(id: 1) { id } oidc: getInOIDC(id: 1) { id } }"}`, "Authorization", token)
		pool, oidc := strings.Contains(got.body, `"path":["pool"]`), strings.Contains(got.body, `"path":["oidc"]`)
		switch {
		case got.status == http.StatusOK && oidc && !pool:
			return "pool"
		case got.status == http.StatusOK && pool && !oidc:
			return "oidc"
		}
		return got.kind + got.body
	}
	eachDoors(t, func(d *doors) {
		now := d.clock()
		d.modes, d.auth = []authn.Mode{authn.UserPool, authn.OIDC}, endpoint.Auth{OIDC: endpoint.OIDC{Issuer: d.issuer.URL}}
		for _, pool := range []struct {
			name, id string
			token    string
		}{
			{"pool on AWS", awsPool, d.aws.Good(now, "token_use", `"access"`)},
			{"pool of this server", ownPool, d.own.Good(now, "token_use", `"access"`)},
		} {
			d.auth.UserPool = pool.id
			d.push(schema)
			d.registry.Invalidate(apiID)
			forged := d.issuer.Good(now, "iss", `"`+d.own.URL+`"`)
			provider := d.issuer.Good(now)
			for _, when := range []string{"first", "again", "once more"} {
				for _, tc := range []struct{ name, token, want string }{
					{"of the pool", pool.token, "pool"}, {"of the issuer", provider, "oidc"}, {"forged", forged, notAllowed.kind + notAllowed.body},
				} {
					if got := mode(d, tc.token); got != tc.want {
						d.t.Errorf("%s, token %s, %s: %s", pool.name, tc.name, when, got)
					}
				}
			}
		}
		// One name for both: the token is the pool's.
		d.modes, d.auth = []authn.Mode{authn.UserPool, authn.OIDC}, endpoint.Auth{UserPool: ownPool, OIDC: endpoint.OIDC{Issuer: d.own.URL}}
		d.push(schema)
		d.registry.Invalidate(apiID)
		if got := mode(d, d.own.Good(now)); got != "pool" {
			d.t.Errorf("one name for both: %s", got)
		}
	})
}
