package server

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/amplifybackend"
	"preamp/internal/authn"
	"preamp/internal/provision"
)

func TestModes(t *testing.T) {
	t.Parallel()
	off := map[string]string{"sandbox": "false"}
	on := map[string]string{"sandbox": "true"}
	for _, tc := range []struct {
		name, schema string
		settings     map[string]string
		want         []authn.Mode
	}{
		{"no rules", `type A @model { id: ID! }`, off, []authn.Mode{authn.APIKey}},
		{"public", `type A @model @auth(rules: [{allow: public}]) { id: ID! }`, off, []authn.Mode{authn.APIKey}},
		{"owner", `type A @model @auth(rules: [{allow: owner}]) { id: ID! }`, off, []authn.Mode{authn.UserPool}},
		{"owner in sandbox mode", `type A @model @auth(rules: [{allow: owner}]) { id: ID! }`, on, []authn.Mode{authn.UserPool, authn.APIKey}},
		{"public and owner", `type A @model @auth(rules: [{allow: owner}, {allow: public}]) { id: ID! }`, on, []authn.Mode{authn.APIKey, authn.UserPool}},
		{"IAM before OIDC", `type A @model @auth(rules: [{allow: owner, provider: oidc}, {allow: private, provider: iam}]) { id: ID! }`, off, []authn.Mode{authn.IAM, authn.OIDC}},
		{"a rule of a field only", `type A @model { id: ID! x: Int @auth(rules: [{allow: owner}]) }`, off, []authn.Mode{authn.UserPool}},
		{"a Lambda authorizer is no mode", `type A @model @auth(rules: [{allow: custom}]) { id: ID! }`, off, []authn.Mode{authn.APIKey}},
		{"version 1", `type A @model @auth(rules: [{allow: groups}]) { id: ID! }`, map[string]string{"transformerversion": "1"}, []authn.Mode{authn.UserPool}},
		{"no schema", `type`, off, []authn.Mode{authn.APIKey}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, Modes(tc.schema, tc.settings)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthTypes(t *testing.T) {
	t.Parallel()
	type config = amplifybackend.BackendAPIResourceConfig
	type auth = amplifybackend.BackendAPIAuthType
	type settings = amplifybackend.BackendAPIAppSyncAuthSettings
	mode := func(m string, s *settings) auth { return auth{Mode: &m, Settings: s} }
	issuer := &settings{OpenIDIssueURL: new("https://a.test"), OpenIDIatTTL: new("1000")}
	pool := &settings{CognitoUserPoolID: new("us-east-1_A")}
	for _, tc := range []struct {
		name    string
		modes   []authn.Mode
		with    Providers
		present *config
		first   auth
		others  []auth
		err     string
	}{
		{name: "new", modes: []authn.Mode{authn.UserPool}, first: mode("AMAZON_COGNITO_USER_POOLS", nil)},
		{
			name: "new with several", modes: []authn.Mode{authn.APIKey, authn.IAM},
			first: mode("API_KEY", nil), others: []auth{mode("AWS_IAM", nil)},
		},
		{
			name: "settings stay", modes: []authn.Mode{authn.UserPool, authn.APIKey},
			present: &config{DefaultAuthType: new(mode("API_KEY", &settings{ExpirationTime: new(7.0)})), AdditionalAuthTypes: []auth{mode("AMAZON_COGNITO_USER_POOLS", pool)}},
			first:   mode("AMAZON_COGNITO_USER_POOLS", pool), others: []auth{mode("API_KEY", &settings{ExpirationTime: new(7.0)})},
		},
		{
			name: "what the schema does not need stays", modes: []authn.Mode{authn.APIKey},
			present: &config{DefaultAuthType: new(mode("AWS_IAM", nil))},
			first:   mode("API_KEY", nil), others: []auth{mode("AWS_IAM", nil)},
		},
		{
			name: "nothing beside", modes: []authn.Mode{authn.APIKey}, present: &config{DefaultAuthType: new(mode("API_KEY", nil))},
			first: mode("API_KEY", nil), others: []auth{},
		},
		{
			name: "a provider by flags", modes: []authn.Mode{authn.OIDC}, with: Providers{Issuer: "https://b.test", ClientID: "web"},
			first: mode("OPENID_CONNECT", &settings{OpenIDIssueURL: new("https://b.test"), OpenIDClientID: new("web")}),
		},
		{
			name: "flags win", modes: []authn.Mode{authn.OIDC}, with: Providers{Issuer: "https://b.test"},
			present: &config{DefaultAuthType: new(mode("OPENID_CONNECT", issuer))},
			first:   mode("OPENID_CONNECT", &settings{OpenIDIssueURL: new("https://b.test"), OpenIDIatTTL: new("1000")}), others: []auth{},
		},
		{
			name: "a provider that is configured", modes: []authn.Mode{authn.OIDC}, present: &config{DefaultAuthType: new(mode("OPENID_CONNECT", issuer))},
			first: mode("OPENID_CONNECT", issuer), others: []auth{},
		},
		{
			name: "a pool by flag", modes: []authn.Mode{authn.UserPool}, with: Providers{UserPool: "us-east-1_A"},
			first: mode("AMAZON_COGNITO_USER_POOLS", pool),
		},
		{
			name: "a pool by flag wins", modes: []authn.Mode{authn.UserPool}, with: Providers{UserPool: "us-east-1_A"},
			present: &config{DefaultAuthType: new(mode("AMAZON_COGNITO_USER_POOLS", &settings{CognitoUserPoolID: new("us-east-1_B")}))},
			first:   mode("AMAZON_COGNITO_USER_POOLS", pool), others: []auth{},
		},
		{
			name: "a pool that nothing asks for", modes: []authn.Mode{authn.APIKey}, with: Providers{UserPool: "us-east-1_A"},
			first: mode("API_KEY", nil),
		},
		{name: "no provider", modes: []authn.Mode{authn.APIKey, authn.OIDC}, err: "--oidc-issuer URL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			first, others, err := AuthTypes(tc.modes, tc.with, tc.present)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.first, *first); diff != "" {
				t.Errorf("default (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.others, others); diff != "" {
				t.Errorf("additional (-want +got):\n%s", diff)
			}
		})
	}
}

// Status and banner name the modes, and the one that lets nobody in.
func TestModeList(t *testing.T) {
	t.Parallel()
	type auth = provision.AuthType
	type settings = provision.AuthSettings
	pool := func(id string) auth {
		return auth{Mode: "AMAZON_COGNITO_USER_POOLS", Settings: settings{CognitoUserPoolID: &id}}
	}
	for _, tc := range []struct {
		name   string
		config provision.APIConfig
		own    string
		text   string
		want   ModeList
	}{
		{"nothing configured", provision.APIConfig{}, "", "API_KEY (default)", ModeList{{Mode: "API_KEY", Default: true}}},
		{
			"no pool",
			provision.APIConfig{AdditionalAuth: []auth{{Mode: "AMAZON_COGNITO_USER_POOLS"}, {Mode: "AWS_IAM"}}},
			"",
			"API_KEY (default), AMAZON_COGNITO_USER_POOLS (no pool: lets nobody in), AWS_IAM",
			ModeList{{Mode: "API_KEY", Default: true}, {Mode: "AMAZON_COGNITO_USER_POOLS", Closed: true}, {Mode: "AWS_IAM"}},
		},
		{
			"a pool on AWS and an issuer",
			provision.APIConfig{
				DefaultAuth:    new(pool("us-east-1_A")),
				AdditionalAuth: []auth{{Mode: "OPENID_CONNECT", Settings: settings{OpenIDIssueURL: new("https://a.test")}}},
			},
			"",
			"AMAZON_COGNITO_USER_POOLS (default, us-east-1_A), OPENID_CONNECT (https://a.test)",
			ModeList{{Mode: "AMAZON_COGNITO_USER_POOLS", Default: true, UserPool: "us-east-1_A"}, {Mode: "OPENID_CONNECT", Issuer: "https://a.test"}},
		},
		{
			"a pool that is nowhere",
			provision.APIConfig{DefaultAuth: new(pool("mine_A"))},
			"us-east-1_B",
			"AMAZON_COGNITO_USER_POOLS (default, mine_A does not exist: lets nobody in)",
			ModeList{{Mode: "AMAZON_COGNITO_USER_POOLS", Default: true, UserPool: "mine_A", Closed: true}},
		},
		{
			"the pool of the environment",
			provision.APIConfig{AdditionalAuth: []auth{{Mode: "AMAZON_COGNITO_USER_POOLS"}}},
			"us-east-1_B",
			"API_KEY (default), AMAZON_COGNITO_USER_POOLS (us-east-1_B)",
			ModeList{{Mode: "API_KEY", Default: true}, {Mode: "AMAZON_COGNITO_USER_POOLS", UserPool: "us-east-1_B"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := modeList(provision.APIView{Config: tc.config, OwnPool: tc.own})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.String() != tc.text {
				t.Errorf("%s, want %s", got, tc.text)
			}
		})
	}
}

// A start without the preamp.yaml that allowed an issuer says why no token is good.
func TestWarnOfIssuer(t *testing.T) {
	t.Parallel()
	api := func(issuer string) provision.APIView {
		return provision.APIView{Name: "notes", Config: provision.APIConfig{DefaultAuth: &provision.AuthType{
			Mode: "OPENID_CONNECT", Settings: provision.AuthSettings{OpenIDIssueURL: &issuer},
		}}}
	}
	local := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, tc := range []struct {
		name    string
		allowed []netip.Prefix
		api     provision.APIView
		warned  bool
	}{
		{"an issuer of this machine", nil, api("http://127.0.0.1:9"), true},
		{"allowed", local, api("http://127.0.0.1:9"), false},
		{"public", nil, api("https://issuer.example.com"), false},
		{"none", nil, provision.APIView{}, false},
	} {
		var log strings.Builder
		warnOfIssuer(slog.New(slog.NewTextHandler(&log, nil)), tc.allowed, tc.api)
		if strings.Contains(log.String(), "outgoing.allow") != tc.warned {
			t.Errorf("%s: log %q", tc.name, log.String())
		}
	}
}
