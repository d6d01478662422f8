package provision

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/graphql/endpoint"
)

// oidcAuth is a good provider with changes.
func oidcAuth(change func(*AuthSettings)) AuthType {
	a := AuthType{Mode: "OPENID_CONNECT", Settings: AuthSettings{
		OpenIDIssueURL: new("https://issuer.example/tenant/"), OpenIDProviderName: new("example"), OpenIDClientID: new("web|mobile-[0-9]+"),
		OpenIDAuthTTL: new("3600000"), OpenIDIatTTL: new("0"),
	}}
	if change != nil {
		change(&a.Settings)
	}
	return a
}

func poolAuth(id string) AuthType {
	return AuthType{Mode: "AMAZON_COGNITO_USER_POOLS", Settings: AuthSettings{CognitoUserPoolID: &id}}
}

func TestCheckModes(t *testing.T) {
	t.Parallel()
	issuer := func(url string) AuthType {
		return oidcAuth(func(s *AuthSettings) { s.OpenIDIssueURL = &url })
	}
	for _, tc := range []struct {
		name string
		auth AuthType
		want string // part of the message; empty: accepted
	}{
		{"IAM", AuthType{Mode: "AWS_IAM"}, ""},
		{"user pool yet to be made", AuthType{Mode: "AMAZON_COGNITO_USER_POOLS"}, ""},
		{"user pool", poolAuth("us-east-1_AbC123"), ""},
		{"user pool without a region", poolAuth("AbC123"), "cognitoUserPoolId"},
		{"user pool with a path", poolAuth("us-east-1_AbC/../x"), "cognitoUserPoolId"},
		{"user pool with a long id", poolAuth("us-east-1_" + strings.Repeat("a", 60)), "cognitoUserPoolId"},
		{"OIDC", oidcAuth(nil), ""},
		{"OIDC with the issuer alone", AuthType{Mode: "OPENID_CONNECT", Settings: AuthSettings{OpenIDIssueURL: new("https://a.test")}}, ""},
		{"OIDC without an issuer", oidcAuth(func(s *AuthSettings) { s.OpenIDIssueURL = nil }), "'c.defaultAuthType.settings.openIDIssueURL'"},
		{"OIDC with an empty issuer", issuer(""), "openIDIssueURL"},
		{"issuer without a scheme", issuer("issuer.example"), "openIDIssueURL"},
		{"issuer of another scheme", issuer("file:///etc/passwd"), "openIDIssueURL"},
		{"issuer with a user", issuer("https://a:b@issuer.example"), "openIDIssueURL"},
		{"issuer with a query", issuer("https://issuer.example?x=1"), "openIDIssueURL"},
		{"issuer with an empty query", issuer("https://issuer.example?"), "openIDIssueURL"},
		{"issuer with a fragment", issuer("https://issuer.example#x"), "openIDIssueURL"},
		{"issuer without a host", issuer("https:///x"), "openIDIssueURL"},
		{"issuer with a control character", issuer("https://issuer.example/\n"), "openIDIssueURL"},
		{"long issuer", issuer("https://issuer.example/" + strings.Repeat("a", 2048)), "openIDIssueURL"},
		{"client that is no expression", oidcAuth(func(s *AuthSettings) { s.OpenIDClientID = new("(") }), "openIDClientId"},
		{"client with a look behind", oidcAuth(func(s *AuthSettings) { s.OpenIDClientID = new("(?<=a)b") }), "openIDClientId"},
		{"long client", oidcAuth(func(s *AuthSettings) { s.OpenIDClientID = new(strings.Repeat("a", 513)) }), "openIDClientId"},
		{"time that is no number", oidcAuth(func(s *AuthSettings) { s.OpenIDAuthTTL = new("1h") }), "openIDAuthTTL"},
		{"time below zero", oidcAuth(func(s *AuthSettings) { s.OpenIDIatTTL = new("-1") }), "openIDIatTTL"},
		{"time with a fraction", oidcAuth(func(s *AuthSettings) { s.OpenIDIatTTL = new("1.5") }), "openIDIatTTL"},
		{"time beyond all numbers", oidcAuth(func(s *AuthSettings) { s.OpenIDIatTTL = new("99999999999999999999") }), "openIDIatTTL"},
		{"Lambda", AuthType{Mode: "AWS_LAMBDA"}, "functions"},
		{"no mode at all", AuthType{Mode: "PASSWORD"}, "PASSWORD"},
		{"days for IAM", AuthType{Mode: "AWS_IAM", Settings: AuthSettings{ExpirationTime: new(7.0)}}, "belongs to an API key: the mode is AWS_IAM"},
		{"days for a user pool", AuthType{Mode: "AMAZON_COGNITO_USER_POOLS", Settings: AuthSettings{ExpirationTime: new(7.0)}}, "expirationTime"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := APIConfig{DefaultAuth: &tc.auth}.Check("c")
			if (tc.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("as default: %v, want %q", err, tc.want)
			}
			// The same beside the API key.
			err = APIConfig{AdditionalAuth: []AuthType{tc.auth}}.Check("c")
			if (tc.want == "") != (err == nil) {
				t.Errorf("as additional: %v", err)
			}
		})
	}
}

func TestCheckIssuer(t *testing.T) {
	t.Parallel()
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, tc := range []struct {
		name, url string
		allowed   []netip.Prefix
		want      string
	}{
		{"https", "https://issuer.example", nil, ""},
		{"http", "http://issuer.example", nil, "must begin with https"},
		{"http and a network that may be it", "http://issuer.internal", loopback, ""},
		{"public address over http", "http://1.1.1.1", loopback, "must begin with https"},
		{"public address over https", "https://1.1.1.1", nil, ""},
		{"loopback", "https://127.0.0.1:8443", nil, "outgoing.allow"},
		{"loopback over http", "http://127.0.0.1:8080", nil, "outgoing.allow"},
		{"listed loopback over http", "http://127.0.0.1:8080", loopback, ""},
		{"mapped loopback that is listed", "http://[::ffff:127.0.0.1]", loopback, ""},
		{"metadata", "http://169.254.169.254", loopback, "outgoing.allow"},
		{"private", "https://10.0.0.1", loopback, "outgoing.allow"},
		{"IPv6 loopback", "https://[::1]", loopback, "outgoing.allow"},
	} {
		a := oidcAuth(func(s *AuthSettings) { s.OpenIDIssueURL = &tc.url })
		err := APIConfig{AdditionalAuth: []AuthType{a}}.CheckIssuer(tc.allowed)
		if (tc.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	if err := (APIConfig{}).CheckIssuer(nil); err != nil {
		t.Errorf("no issuer: %v", err)
	}
}

// Every mode in what environments tell of themselves.
func TestModesAreShown(t *testing.T) {
	t.Parallel()
	v := view()
	v.APIs = v.APIs[:1]
	v.APIs[0].APIKey = ""
	pool := poolAuth("eu-west-1_AbC123")
	v.APIs[0].Config = APIConfig{DefaultAuth: &pool, AdditionalAuth: []AuthType{oidcAuth(nil), {Mode: "AWS_IAM"}}}
	want := endpoint.Auth{
		UserPool: "eu-west-1_AbC123",
		OIDC:     endpoint.OIDC{Issuer: "https://issuer.example/tenant/", Client: "web|mobile-[0-9]+", AuthTTL: 3_600_000},
	}
	if diff := cmp.Diff(want, v.APIs[0].Config.Auth()); diff != "" {
		t.Errorf("for the data plane (-want +got):\n%s", diff)
	}
	text, err := Encode(provisioner().Meta(v))
	if err != nil {
		t.Fatal(err)
	}
	const auth = `"authConfig":{"defaultAuthentication":{"authenticationType":"AMAZON_COGNITO_USER_POOLS","userPoolConfig":{"userPoolId":"eu-west-1_AbC123"}},` +
		`"additionalAuthenticationProviders":[{"authenticationType":"OPENID_CONNECT","openIDConnectConfig":{"name":"example",` +
		`"issuerUrl":"https://issuer.example/tenant/","clientId":"web|mobile-[0-9]+","iatTTL":"0","authTTL":"3600000"}},{"authenticationType":"AWS_IAM"}]}`
	if !strings.Contains(text, auth) {
		t.Errorf("GetBackend: %s\nwant %s", text, auth)
	}
	c := clientConfig{view: v, region: "us-east-1"}
	for _, tc := range []struct {
		name string
		got  object
		want []string
	}{
		{"hybrid", c.hybrid(), []string{
			`"defaultAuthMode":"userPool"`, `"Auth":{"Cognito":{"userPoolId":"eu-west-1_AbC123"}}`,
			`"authorization_types":["OPENID_CONNECT","AWS_IAM"]`,
		}},
		{"outputs", c.outputs(), []string{`"default_authorization_type":"AMAZON_COGNITO_USER_POOLS","authorization_types":["OPENID_CONNECT","AWS_IAM"]`}},
		{"aws-exports", c.awsExports(), []string{
			`"aws_appsync_authenticationType":"AMAZON_COGNITO_USER_POOLS"`, `"aws_cognito_region":"eu-west-1","aws_user_pools_id":"eu-west-1_AbC123"`,
		}},
		{"native", c.native(), []string{`"authorizationType":"AMAZON_COGNITO_USER_POOLS"`}},
	} {
		raw, err := json.Marshal(tc.got)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tc.want {
			if !strings.Contains(string(raw), want) {
				t.Errorf("%s: %s is not in %s", tc.name, want, raw)
			}
		}
		if strings.Contains(string(raw), "piKey") {
			t.Errorf("%s shows a key that the API does not have: %s", tc.name, raw)
		}
	}
}
