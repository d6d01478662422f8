package endpoint_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"preamp/internal/authn"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/oidc/oidctest"
)

var allModes = []authn.Mode{authn.APIKey, authn.UserPool, authn.OIDC, authn.IAM}

func TestHeaders(t *testing.T) {
	t.Parallel()
	eachDoors(t, func(d *doors) {
		token := d.issuer.Good(d.clock())
		pool := d.aws.Good(d.clock(), "token_use", `"access"`)
		for _, tc := range []struct {
			name   string
			header []string
			want   answer
		}{
			{"nothing at all", nil, missing},
			{"a key", []string{"X-Api-Key", apiKey}, in},
			{"a key, lower case", []string{"x-api-key", apiKey}, in},
			{"a key, mixed case", []string{"x-API-kEy", apiKey}, in},
			{"a key with blanks around", []string{"X-Api-Key", "  " + apiKey + " "}, in},
			{"a key under another name", []string{"X_Api_Key", apiKey}, missing},
			{"a key in Authorization", []string{"Authorization", apiKey}, invalid},
			{"an empty key", []string{"X-Api-Key", ""}, invalid},
			{"a wrong key", []string{"X-Api-Key", "da2-wrong"}, notAllowed},
			{"the start of a key", []string{"X-Api-Key", apiKey[:len(apiKey)-1]}, notAllowed},
			{"a key in upper case", []string{"X-Api-Key", strings.ToUpper(apiKey)}, notAllowed},
			{"two good keys", []string{"X-Api-Key", apiKey, "X-Api-Key", apiKey}, notAllowed},
			{"two keys in two cases", []string{"x-api-key", apiKey, "X-API-KEY", "da2-wrong"}, notAllowed},
			{"two keys in one header", []string{"X-Api-Key", apiKey + ", " + apiKey}, notAllowed},
			{"a token of the issuer", []string{"Authorization", token}, in},
			{"a token, lower case", []string{"authorization", token}, in},
			{"a token behind Bearer", []string{"Authorization", "Bearer " + token}, in},
			{"a token behind bearer and blanks", []string{"Authorization", "bearer   " + token}, in},
			{"a token of the pool", []string{"Authorization", pool}, in},
			{"a token of the pool behind Bearer", []string{"Authorization", "Bearer " + pool}, in},
			{"two good tokens", []string{"Authorization", token, "Authorization", token}, invalid},
			{"a good token and nothing", []string{"Authorization", token, "Authorization", ""}, invalid},
			{"two tokens in one header", []string{"Authorization", token + ", " + token}, invalid},
			{"a token in X-Amz-Security-Token", []string{"X-Amz-Security-Token", token}, missing},
			{"a token in a proxy's header", []string{"Proxy-Authorization", token}, missing},
			{"an empty Authorization", []string{"Authorization", ""}, invalid},
			{"Bearer alone", []string{"Authorization", "Bearer"}, invalid},
			{"Bearer and a blank", []string{"Authorization", "Bearer "}, invalid},
			{"Bearer twice", []string{"Authorization", "Bearer Bearer " + token}, invalid},
			{"Basic", []string{"Authorization", "Basic dXNlcjpwYXNz"}, invalid},
			{"an opaque token, as for a Lambda authorizer", []string{"Authorization", "custom-authorized"}, invalid},
			{"a good key beside a bad token", []string{"X-Api-Key", apiKey, "Authorization", token + "x"}, in},
			{"a bad key beside a good token", []string{"X-Api-Key", "da2-wrong", "Authorization", token}, notAllowed},
			{"an empty key beside a good token", []string{"X-Api-Key", "", "Authorization", token}, invalid},
			{"a good key beside a bad signature", []string{"X-Api-Key", apiKey, "Authorization", "AWS4-HMAC-SHA256 x"}, in},
		} {
			if got := d.send(ping, tc.header...); got != tc.want {
				d.t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
			}
		}
		if strings.Contains(d.logs.String(), token[:40]) || strings.Contains(d.logs.String(), apiKey) {
			d.t.Error("a secret is in the log")
		}
	})
}

// A mode that is not configured lets nobody in, whatever the proof.
func TestOnlyConfiguredModes(t *testing.T) {
	t.Parallel()
	eachDoors(t, func(d *doors) {
		now := d.clock()
		for _, mode := range allModes {
			// The settings of modes that are not there stay without effect.
			d.configure([]authn.Mode{mode}, d.auth)
			proofs := map[authn.Mode]answer{
				authn.APIKey:   d.send(ping, "X-Api-Key", apiKey),
				authn.OIDC:     d.send(ping, "Authorization", d.issuer.Good(now)),
				authn.UserPool: d.send(ping, "Authorization", d.aws.Good(now, "token_use", `"id"`)),
				authn.IAM:      d.signed(ping, accessKey, secretKey, "us-east-1", "appsync", now, nil),
			}
			for proof, got := range proofs {
				want := notAllowed
				if proof == mode {
					want = in
				}
				if got != want {
					d.t.Errorf("%s at an API of %s: %+v", proof, mode, got)
				}
			}
		}
	})
}

func TestUserPools(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pool string
		token      func(d *doors) string
		want       answer
	}{
		{"own pool, access token", ownPool, func(d *doors) string { return d.own.Good(d.clock(), "token_use", `"access"`) }, in},
		{"own pool, key of another", ownPool, func(d *doors) string { return d.aws.Good(d.clock(), "iss", `"`+d.own.URL+`"`) }, notAllowed},
		{"own pool, expired", ownPool, func(d *doors) string { return d.own.Good(d.clock(), "exp", "1000") }, expired},
		{"own pool, token of a pool on AWS", ownPool, func(d *doors) string { return d.aws.Good(d.clock(), "token_use", `"access"`) }, notAllowed},
		{"pool on AWS, access token", awsPool, func(d *doors) string { return d.aws.Good(d.clock(), "token_use", `"access"`) }, in},
		{"pool on AWS, id token", awsPool, func(d *doors) string { return d.aws.Good(d.clock(), "token_use", `"id"`) }, in},
		{"pool on AWS, refresh token", awsPool, func(d *doors) string { return d.aws.Good(d.clock(), "token_use", `"refresh"`) }, notAllowed},
		{"pool on AWS, no use", awsPool, func(d *doors) string { return d.aws.Good(d.clock()) }, notAllowed},
		{"pool on AWS, uses", awsPool, func(d *doors) string { return d.aws.Good(d.clock(), "token_use", `["access"]`) }, notAllowed},
		{"pool on AWS, expired", awsPool, func(d *doors) string { return d.aws.Good(d.clock(), "token_use", `"id"`, "exp", "1000") }, expired},
		{"pool on AWS, token of ours", awsPool, func(d *doors) string { return d.own.Good(d.clock(), "token_use", `"access"`) }, notAllowed},
		{"another pool on AWS", awsPool, func(d *doors) string {
			return d.aws.Good(d.clock(), "token_use", `"access"`, "iss", `"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other0000"`)
		}, notAllowed},
		{"no pool yet", "", func(d *doors) string { return d.own.Good(d.clock(), "token_use", `"access"`) }, notAllowed},
		{"a pool of no known form", "pool", func(d *doors) string { return d.own.Good(d.clock(), "token_use", `"access"`) }, notAllowed},
	}
	eachDoors(t, func(d *doors) {
		for _, modes := range [][]authn.Mode{{authn.UserPool}, {authn.OIDC, authn.UserPool}} {
			for _, tc := range tests {
				d.configure(modes, endpoint.Auth{UserPool: tc.pool, OIDC: endpoint.OIDC{Issuer: d.issuer.URL}})
				if got := d.send(ping, "Authorization", tc.token(d)); got != tc.want {
					d.t.Errorf("%v, %s: %+v, want %+v", modes, tc.name, got, tc.want)
				}
			}
		}
	})
}

func TestAWSUserPool(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, pool, want string }{
		{"usual", "us-east-1_AbC123xyz", "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123xyz"},
		{"government", "us-gov-west-1_A", "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_A"},
		{"China", "cn-north-1_A", "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A"},
		{"no region", "_A", ""},
		{"no id", "us-east-1_", ""},
		{"a host", "evil.example/_A", ""},
		{"a host behind the region", "us-east-1.evil.example_A", ""},
		{"a path", "us-east-1_A/../x", ""},
		{"a line break", "us-east-1_A\n", ""},
		{"upper case", "US-EAST-1_A", ""},
	} {
		is, ok := endpoint.AWSUserPool(tc.pool)
		if is.URL != tc.want || ok != (tc.want != "") || ok && is.Keys != tc.want+oidctest.KeysPath {
			t.Errorf("%s: %+v, %v", tc.name, is, ok)
		}
	}
}

func TestOIDCSettings(t *testing.T) {
	t.Parallel()
	const day = "86400"
	tests := []struct {
		name    string
		oidc    endpoint.OIDC
		changes func(now time.Time) []string
		want    answer
	}{
		{"no client asked for", endpoint.OIDC{}, nil, in},
		{"the audience", endpoint.OIDC{Client: "app"}, nil, in},
		{"one of the audiences", endpoint.OIDC{Client: "app"}, claim("aud", `["x","app"]`), in},
		{"an expression", endpoint.OIDC{Client: "web|ap."}, nil, in},
		{"who asked", endpoint.OIDC{Client: "mobile"}, claim("azp", `"mobile"`), in},
		{"another client", endpoint.OIDC{Client: "mobile"}, nil, notAllowed},
		{"a client that holds ours", endpoint.OIDC{Client: "app"}, claim("aud", `"my-app-2"`), notAllowed},
		{"one branch that begins ours", endpoint.OIDC{Client: "web|app"}, claim("aud", `"application"`), notAllowed},
		{"no audience", endpoint.OIDC{Client: "app"}, claim("aud", ""), notAllowed},
		{"an audience that is a number", endpoint.OIDC{Client: ".*"}, claim("aud", "5"), notAllowed},
		{"issued a moment ago", endpoint.OIDC{IatTTL: 60_000}, nil, in},
		{"issued long ago", endpoint.OIDC{IatTTL: 60_000}, ago("iat", time.Minute), expired},
		{"no time of issue", endpoint.OIDC{IatTTL: 60_000}, claim("iat", ""), notAllowed},
		{"signed in a moment ago", endpoint.OIDC{AuthTTL: 60_000}, ago("auth_time", time.Second), in},
		{"signed in long ago", endpoint.OIDC{AuthTTL: 60_000}, ago("auth_time", 2*time.Minute), expired},
		{"no time of sign-in", endpoint.OIDC{AuthTTL: 60_000}, nil, notAllowed},
		{"a time of sign-in that is a text", endpoint.OIDC{AuthTTL: 60_000}, claim("auth_time", `"`+day+`"`), notAllowed},
		{"a bound beyond all time", endpoint.OIDC{IatTTL: 1 << 62}, ago("iat", time.Minute), in},
	}
	eachDoors(t, func(d *doors) {
		for _, tc := range tests {
			tc.oidc.Issuer = d.issuer.URL
			d.configure([]authn.Mode{authn.OIDC}, endpoint.Auth{OIDC: tc.oidc})
			var changes []string
			if tc.changes != nil {
				changes = tc.changes(d.clock())
			}
			token := d.issuer.Good(d.clock(), changes...)
			for range 2 { // the settings count for a token that is known, too
				if got := d.send(ping, "Authorization", token); got != tc.want {
					d.t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
				}
			}
		}
	})
}

func claim(name, value string) func(time.Time) []string {
	return func(time.Time) []string { return []string{name, value} }
}

func ago(name string, d time.Duration) func(time.Time) []string {
	return func(now time.Time) []string { return []string{name, seconds(now.Add(-d))} }
}

// The table of bad tokens at the endpoint (header values that HTTP itself refuses
// do not get that far).
func TestBadTokens(t *testing.T) {
	t.Parallel()
	eachDoors(t, func(d *doors) {
		all := d.issuer.Bad(d.clock())
		for _, iss := range []*oidctest.Issuer{d.aws} {
			all = append(all, iss.Bad(d.clock())...)
		}
		sent := 0
		for _, tc := range all {
			if strings.ContainsAny(tc.Token, "\n\r") {
				continue
			}
			sent++
			got := d.send(ping, "Authorization", tc.Token)
			if got != invalid && got != notAllowed {
				d.t.Errorf("%s: %+v", tc.Name, got)
			}
		}
		if sent < 120 {
			d.t.Errorf("%d tokens only", sent)
		}
		if got := d.send(ping, "Authorization", d.issuer.Good(d.clock())); got != in {
			d.t.Errorf("the good one: %+v", got)
		}
	})
}

func TestIssuerOutOfReach(t *testing.T) {
	t.Parallel()
	eachDoors(t, func(d *doors) {
		d.configure([]authn.Mode{authn.OIDC, authn.APIKey}, endpoint.Auth{OIDC: endpoint.OIDC{Issuer: "https://127.0.0.1:1"}})
		token := d.issuer.Good(d.clock(), "iss", `"https://127.0.0.1:1"`)
		got := d.send(ping, "Authorization", token)
		if got.status != http.StatusServiceUnavailable || strings.Contains(got.body, "127.0.0.1") {
			d.t.Errorf("%+v", got)
		}
		if got := d.send(ping, "X-Api-Key", apiKey); got != in {
			d.t.Errorf("another mode: %+v", got)
		}
		if strings.Contains(d.logs.String(), token[:40]) {
			d.t.Error("a token is in the log")
		}
	})
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
