package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"preamp/internal/config"
)

var update = flag.Bool("update", false, "rewrite the generated reference")

func parse(t *testing.T, text string) (*config.Config, config.Problems) {
	t.Helper()
	c, err := config.Parse("preamp.yaml", []byte(text))
	if err == nil {
		return c, nil
	}
	ps, ok := errors.AsType[config.Problems](err)
	if !ok {
		t.Fatalf("error is %T, want Problems: %v", err, err)
	}
	return nil, ps
}

func TestEveryKeyIsRead(t *testing.T) {
	t.Parallel()
	c, ps := parse(t, `
version: 1
listen: 127.0.0.1:0
public_url: https://Backend.example.com:8443
data: /srv/preamp
database: {url: "postgres://u:secret@db/preamp"}
master_key: {file: /k, env: KEY}
tls:
  cert: /c.pem
  key: /k.pem
trusted_proxies: [10.0.0.0/8, "::1"]
limits:
  body: 2MiB
  query_text: 8192
  query_tokens: 200
  query_depth: 10
  query_depth_api_key: 5
  query_aliases: 7
  query_fields: 8
  query_time: 1s
  page: 5
  page_max: 6
  json_depth: 9
  answer: 1MiB
  requests_per_second: 1
  request_burst: 2
  control_wait: 500ms
  open_environments: 3
  open_apis: 4
  cognito: {user_authentication: 1, user_creation: 2, user_account_recovery: 3, user_token: 4, user_read: 5, user_update: 6, user_list: 7,
    user_resource_read: 8, user_resource_update: 9, user_pool_read: 10, user_pool_update: 11, user_pool_resource_read: 12,
    user_pool_resource_update: 13, client_read: 14, client_update: 15, identity_get_id: 16, identity_open_id_token: 17, identity_credentials: 0, one_user_read: 19, one_user_write: 20}
sandbox: true
settings: {transformerversion: 2, improvepluralization: true}
functions: {anything: [1, {x: y}]}
outgoing: {allow: [192.168.7.0/24]}
durability: relaxed
mail: {smtp: {host: smtp.test, port: 2525, username: u, password: {file: /p}, from: "A <a@test.test>", tls: tls}}
sms: {webhook: {url: "http://127.0.0.1/x?token=abc", secret: {env: SMS}}}
social: {Google: {authorize_url: "http://127.0.0.1/a", token_url: "http://127.0.0.1/t", userinfo_url: "http://127.0.0.1/u", jwks_url: "http://127.0.0.1/k", issuer: "http://127.0.0.1"}, SignInWithApple: {issuer: "https://apple.test"}}
aws_names: true
oauth: {require_pkce: true}
test: {fixed_code: "123456"}
`)
	if ps != nil {
		t.Fatal(ps)
	}
	want := &config.Config{
		Listen: "127.0.0.1:0", PublicURL: "https://Backend.example.com:8443", Data: "/srv/preamp",
		Database:       config.Database{URL: "postgres://u:secret@db/preamp"},
		MasterKey:      config.MasterKey{File: "/k", Env: "KEY"},
		TLS:            config.TLS{Cert: "/c.pem", Key: "/k.pem"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Limits: config.Limits{
			Body: 2 << 20, QueryText: 8192, QueryTokens: 200, QueryDepth: 10, QueryDepthAPIKey: 5,
			QueryAliases: 7, QueryFields: 8, QueryTime: time.Second, RequestsPerSecond: 1, RequestBurst: 2,
			ControlWait: 500 * time.Millisecond, OpenEnvironments: 3, OpenAPIs: 4,
			Page: 5, PageMax: 6, JSONDepth: 9, Answer: 1 << 20,
			Cognito: config.CognitoRates{
				UserAuthentication: 1, UserCreation: 2, UserAccountRecovery: 3, UserToken: 4, UserRead: 5, UserUpdate: 6, UserList: 7,
				UserResourceRead: 8, UserResourceUpdate: 9, UserPoolRead: 10, UserPoolUpdate: 11, UserPoolResourceRead: 12,
				UserPoolResourceUpdate: 13, ClientRead: 14, ClientUpdate: 15, IdentityGetID: 16, IdentityOpenIDToken: 17, OneUserRead: 19, OneUserWrite: 20,
			},
		},
		Sandbox:    new(true),
		Settings:   map[string]string{"transformerversion": "2", "improvepluralization": "true"},
		Outgoing:   config.Outgoing{Allow: []netip.Prefix{netip.MustParsePrefix("192.168.7.0/24")}},
		Durability: config.DurabilityRelaxed,
		Mail: config.Mail{SMTP: config.SMTP{
			Host: "smtp.test", Port: 2525, Username: "u", Password: config.SecretAt{File: "/p"}, From: "A <a@test.test>", TLS: config.TLSAlways,
		}},
		SMS: config.SMS{URL: "http://127.0.0.1/x?token=abc", Secret: config.SecretAt{Env: "SMS"}},
		Social: map[string]*config.Endpoints{
			"Google": {
				Authorize: "http://127.0.0.1/a", Token: "http://127.0.0.1/t", UserInfo: "http://127.0.0.1/u", Keys: "http://127.0.0.1/k", Issuer: "http://127.0.0.1",
			},
			"Facebook": {}, "LoginWithAmazon": {}, "SignInWithApple": {Issuer: "https://apple.test"},
		},
		AWSNames: new(true), RequirePKCE: new(true),
		Test: config.Test{FixedCode: "123456"},
		Notes: []config.Problem{{
			Source: "preamp.yaml", Line: 35, Column: 12, Key: "functions",
			Message: "is accepted but has no effect before the release that brings @function",
		}},
	}
	opts := []cmp.Option{
		cmpopts.IgnoreUnexported(config.Config{}),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
	if d := cmp.Diff(want, c, opts...); d != "" {
		t.Error(d)
	}
}

func TestAnEmptyFileIsTheDefault(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# nothing\n", "---\n", "listen:\ntls:\nlimits:\n  body:\n"} {
		c, ps := parse(t, text)
		if ps != nil {
			t.Errorf("%q: %v", text, ps)
			continue
		}
		if c.Listen != "127.0.0.1:4500" || c.Data != ".preamp" || c.Limits.Body != 1<<20 || c.Sandbox != nil || c.Durability != "full" {
			t.Errorf("%q: %+v", text, c)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"unknown key with a near one", "lisen: x", "preamp.yaml:1:1: lisen is not known; did you mean listen?"},
		{"unknown key in another case", "Listen: x", "preamp.yaml:1:1: Listen is not known; did you mean listen?"},
		{"unknown member", "tls:\n  certificate: x\n", "preamp.yaml:2:3: tls.certificate is not known; known here: cert, key"},
		{"unknown setting", "settings:\n  transformversion: 2\n", "preamp.yaml:2:3: settings.transformversion is not known; did you mean transformerversion?"},
		{"dotted key", "tls.cert: x", "preamp.yaml:1:1: tls.cert must be written as a member of the mapping tls"},
		{"setting in another case", "settings: {transformerVersion: 2}", "preamp.yaml:1:12: settings.transformerVersion is not known; did you mean transformerversion?"},
		{"value of a flag", "settings: {improvepluralization: 1}", "preamp.yaml:1:34: settings.improvepluralization must be false or true, not \"1\""},
		{"value of a setting", "settings: {transformerversion: 3}", "preamp.yaml:1:32: settings.transformerversion must be 1 or 2, not \"3\""},
		{"number for text", "data: 12", "preamp.yaml:1:7: data must be text, not a number"},
		{"text for a number", "limits: {query_depth: ten}", "preamp.yaml:1:23: limits.query_depth must be a number, not text"},
		{"quoted number", `limits: {query_depth: "10"}`, "preamp.yaml:1:23: limits.query_depth must be a number, not text"},
		{"fraction", "limits: {query_depth: 1.5}", "preamp.yaml:1:23: limits.query_depth must be a number, not a fraction"},
		{"out of range", "limits: {query_depth: 0}", "preamp.yaml:1:23: limits.query_depth must be 1 to 1000, not 0"},
		{"octal", "limits: {query_depth: 0o17}", "preamp.yaml:1:23: limits.query_depth must be a whole number, not \"0o17\""},
		{"yes is not a boolean", "sandbox: yes", "preamp.yaml:1:10: sandbox must be true or false, not text"},
		{"size", "limits: {body: 1MB}", `preamp.yaml:1:16: limits.body must be a size such as 1MiB, 64KiB or 4096, not "1MB"`},
		{"size that overflows", "limits: {body: 9223372036854775807GiB}", "preamp.yaml:1:16: limits.body must be 1KiB to 256MiB, not 9223372036854775807GiB"},
		{"negative size", "limits: {body: -1}", "preamp.yaml:1:16: limits.body must be 1KiB to 256MiB, not -1"},
		{"duration", "limits: {query_time: 30}", "preamp.yaml:1:22: limits.query_time must be text, not a number"},
		{"duration out of range", "limits: {query_time: 2h}", "preamp.yaml:1:22: limits.query_time must be 100ms to 60s, not 2h"},
		{"list for a mapping", "tls: [a]", "preamp.yaml:1:6: tls must be a mapping, not a list"},
		{"mapping for a list", "trusted_proxies: {a: b}", "preamp.yaml:1:18: trusted_proxies must be a list, not a mapping"},
		{"list item", "trusted_proxies: [10.0.0.1/8]", "preamp.yaml:1:19: trusted_proxies[0] has bits set outside its mask: 10.0.0.1/8, did you mean 10.0.0.0/8?"},
		{"list item of another type", "trusted_proxies:\n- a: b\n", "preamp.yaml:2:3: trusted_proxies[0] must be text, not a mapping"},
		{"no mapping at all", "- a\n", "preamp.yaml:1:1: the file must be a mapping of keys, not a list"},
		{"duplicate", "data: a\ndata: b\n", "preamp.yaml:2:1: data stands twice; first in line 1"},
		{"duplicate member", "tls: {key: a, key: b}", "preamp.yaml:1:15: tls.key stands twice; first in line 1"},
		{"alias", "data: &d x\nlisten: *d\n", "preamp.yaml:1:7: data uses a YAML anchor or alias, which preamp.yaml may not have\n" +
			"preamp.yaml:2:9: listen uses a YAML anchor or alias, which preamp.yaml may not have"},
		{"merge key", "tls: {<<: {key: a}}", "preamp.yaml:1:7: tls has a key that is not text"},
		{"tag", "data: !!str x", "preamp.yaml:1:7: data has the YAML tag !!str, which preamp.yaml may not have"},
		{"two documents", "data: a\n---\ndata: b\n", "preamp.yaml: the file holds more than one YAML document"},
		{"version", "version: 2", "preamp.yaml:1:10: version is 2, but this version of preamp knows version 1 only"},
		{"listen", "listen: 4500", "preamp.yaml:1:9: listen must be text, not a number"},
		{"listen without port", "listen: localhost", `preamp.yaml:1:9: listen must be host:port such as 127.0.0.1:4500, not "localhost"`},
		{"public_url with a path", "public_url: https://a/b", `preamp.yaml:1:13: public_url must not have a path, query or fragment: "https://a/b"`},
		// The URL may hold a password and must not be quoted.
		{"database url", "database: {url: 'mysql://u:hunter2@h/d'}", "preamp.yaml:1:17: database.url must begin with postgres:// or postgresql:// (SQLite needs no URL: it lives in the data directory)"},
		{"a default page beyond the largest", "limits: {page: 2000}", "preamp.yaml:1:10: limits.page is 2000, over limits.page_max, which is 1000"},
		{"a default page beyond the largest that is set", "limits:\n  page_max: 50\n  page: 51\n", "preamp.yaml:3:3: limits.page is 51, over limits.page_max, which is 50"},
		{"one problem for one mistake", "limits: {page: 2000, page_max: no}", "preamp.yaml:1:32: limits.page_max must be a number, not text"},
		{"mail without a sender", "mail: {smtp: {host: h}}", "preamp.yaml:1:15: mail.smtp.host needs mail.smtp.from, the sender of the e-mails"},
		{"mail without a server", "mail: {smtp: {from: a@test.test}}", "preamp.yaml:1:15: mail.smtp.from is of no use without mail.smtp.host"},
		{"sender that is none", "mail: {smtp: {from: nobody}}", `preamp.yaml:1:21: mail.smtp.from must be an e-mail address such as no-reply@example.com, not "nobody"`},
		{"mail server with a port", "mail: {smtp: {host: 'h:25'}}", `preamp.yaml:1:21: mail.smtp.host must be a host name, not "h:25"`},
		{"a password in clear", "mail: {smtp: {password: hunter2}}", "preamp.yaml:1:25: mail.smtp.password must be a mapping, not text"},
		{"password over no TLS", "mail: {smtp: {host: h, from: a@test.test, tls: none, username: u, password: {env: P}}}", "preamp.yaml:1:54: mail.smtp.username is not sent in clear: mail.smtp.tls is none"},
		{"user without password", "mail: {smtp: {host: h, from: a@test.test, username: u}}", "preamp.yaml:1:43: mail.smtp.username needs a password: set mail.smtp.password.file or mail.smtp.password.env"},
		{"password without user", "mail: {smtp: {host: h, from: a@test.test, password: {env: P}}}", "preamp.yaml: mail.smtp.password is of no use without mail.smtp.username"},
		{"two secrets", "sms: {webhook: {url: 'https://h', secret: {file: f, env: e}}}", "preamp.yaml: sms.webhook.secret has both file and env: give one"},
		{"secret without webhook", "sms: {webhook: {secret: {file: f}}}", "preamp.yaml: sms.webhook.secret is of no use without sms.webhook.url"},
		// The URL may hold a secret and must not be quoted.
		{"webhook", "sms: {webhook: {url: 'ftp://hunter2'}}", "preamp.yaml:1:22: sms.webhook.url must be a URL that begins with https:// or http://"},
		{"social provider", "social: {Twitter: {issuer: 'https://x'}}", "preamp.yaml:1:10: social.Twitter is not known; known here: Google, Facebook, LoginWithAmazon, SignInWithApple"},
		{"social address", "social: {Google: {tokenurl: 'https://x'}}", "preamp.yaml:1:19: social.Google.tokenurl is not known; did you mean token_url?"},
		// Neither is the code.
		{"fixed code", "test: {fixed_code: '1234x6'}", "preamp.yaml:1:20: test.fixed_code must be 6 to 8 digits in quotes"},
		{"durability", "durability: none", `preamp.yaml:1:13: durability must be full or relaxed, not "none"`},
		{"all at once, in order", "durability: none\nlisen: x\ndata: 1\n", `preamp.yaml:1:13: durability must be full or relaxed, not "none"` + "\n" +
			"preamp.yaml:2:1: lisen is not known; did you mean listen?\npreamp.yaml:3:7: data must be text, not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, ps := parse(t, tt.text)
			if d := cmp.Diff(tt.want, ps.Error()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSyntaxErrorsHaveALine(t *testing.T) {
	t.Parallel()
	_, ps := parse(t, "data: a\nlisten: [\n")
	if len(ps) != 1 || ps[0].Line == 0 || strings.Contains(ps[0].Message, "yaml:") {
		t.Errorf("%+v", ps)
	}
}

func TestEnvironmentWins(t *testing.T) {
	t.Parallel()
	file := write(t, "preamp.yaml", "listen: 127.0.0.1:1\ndata: a\n", 0o644)
	c, err := config.Load(config.Options{File: file, Environ: []string{
		"PREAMP_LISTEN=127.0.0.1:2", "PREAMP_LIMITS_BODY=2MiB", "PREAMP_TRUSTED_PROXIES=10.0.0.0/8, ::1",
		"PREAMP_SANDBOX=false", "PREAMP_SERVICE_HOST=10.1.1.1", "PREAMP_LISTNE=x", "HOME=/root",
	}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:2" || c.Data != "a" || c.Limits.Body != 2<<20 || len(c.TrustedProxies) != 2 || c.Sandbox == nil || *c.Sandbox {
		t.Errorf("%+v", c)
	}
	if c.Source("listen") != "PREAMP_LISTEN" || c.Source("data") != file+":2" || c.Source("durability") != "" {
		t.Errorf("sources %q %q %q", c.Source("listen"), c.Source("data"), c.Source("durability"))
	}
	want := []config.Problem{{Source: "environment", Key: "PREAMP_LISTNE", Message: "is not known; did you mean PREAMP_LISTEN?"}}
	if d := cmp.Diff(want, c.Notes); d != "" {
		t.Error(d)
	}
	_, err = config.Load(config.Options{Environ: []string{"PREAMP_DURABILITY=sometimes", "PREAMP_LIMITS_BODY=x"}})
	if err == nil || !strings.Contains(err.Error(), "PREAMP_DURABILITY must be full or relaxed") || !strings.Contains(err.Error(), "PREAMP_LIMITS_BODY must be a size") {
		t.Errorf("error %v", err)
	}
}

func TestServeDemands(t *testing.T) {
	t.Parallel()
	keyText := base64.StdEncoding.EncodeToString(make([]byte, 32))
	good := write(t, "master.key", keyText+"\n", 0o600)
	open := write(t, "open.key", keyText, 0o644)
	short := write(t, "short.key", "c2hvcnQ=", 0o600)
	cert, key := certificate(t)

	tests := []struct {
		name, text string
		env        []string
		insecure   bool
		want       []string // parts of the error; none: accepted
	}{
		{
			name: "nothing given: all problems at once",
			want: []string{"public_url is required", "master_key is required", "tls is required"},
		},
		{name: "complete", text: "public_url: https://a.test\nmaster_key: {file: " + good + "}\ntls: {cert: " + cert + ", key: " + key + "}\n"},
		{name: "insecure needs no TLS", text: "public_url: http://a.test\nmaster_key: {file: " + good + "}\n", insecure: true},
		{name: "insecure still needs a key and a URL", insecure: true, want: []string{"public_url is required", "master_key is required"}},
		{
			name: "http without insecure", text: "public_url: http://a.test\nmaster_key: {file: " + good + "}\n",
			want: []string{"preamp.yaml:1:1: public_url must begin with https://", "tls is required"},
		},
		{
			name: "both keys", text: "public_url: http://a.test\nmaster_key: {file: " + good + ", env: K}\n", insecure: true,
			want: []string{"master_key has both file and env"},
		},
		{
			name: "key in the environment", text: "public_url: http://a.test\nmaster_key: {env: MY_KEY}\n", insecure: true,
			env: []string{"MY_KEY=" + keyText},
		},
		{
			name: "variable not set", text: "public_url: http://a.test\nmaster_key: {env: MY_KEY}\n", insecure: true,
			want: []string{"preamp.yaml:2:14: master_key.env names the variable MY_KEY, which is not set"},
		},
		{
			name: "variable of another size", text: "public_url: http://a.test\nmaster_key: {env: MY_KEY}\n", insecure: true,
			env: []string{"MY_KEY=c2hvcnQ="}, want: []string{"which does not hold 32 bytes"},
		},
		{
			name: "key file that others read", text: "public_url: http://a.test\nmaster_key: {file: " + open + "}\n", insecure: true,
			want: []string{"which others may read (mode 0644): chmod 600"},
		},
		{
			name: "key file too short", text: "public_url: http://a.test\nmaster_key: {file: " + short + "}\n", insecure: true,
			want: []string{"which does not hold 32 bytes"},
		},
		{
			name: "no key file", text: "public_url: http://a.test\nmaster_key: {file: /nowhere/k}\n", insecure: true,
			want: []string{"master_key.file cannot be read"},
		},
		{
			name: "half of TLS", text: "public_url: https://a.test\nmaster_key: {file: " + good + "}\ntls: {key: " + key + "}\n",
			want: []string{"tls.cert is missing"},
		},
		{
			name: "key of another certificate", text: "public_url: https://a.test\nmaster_key: {file: " + good + "}\ntls: {cert: " + cert + ", key: " + good + "}\n",
			want: []string{"tls cannot be used"},
		},
		{
			name: "one mistake is reported once", text: "public_url: ftp://a\nmaster_key: {file: 1}\ntls: {cert: 1}\n",
			want: []string{"public_url must be https://host", "master_key.file must be text", "tls.cert must be text"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := write(t, "preamp.yaml", tt.text, 0o644)
			_, err := config.Load(config.Options{File: file, Environ: tt.env, Serve: true, Insecure: tt.insecure})
			if len(tt.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			for _, part := range tt.want {
				part = strings.Replace(part, "preamp.yaml:", file+":", 1)
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is missing in\n%v", part, err)
				}
			}
			if got := len(strings.Split(err.Error(), "\n")); got != len(tt.want) {
				t.Errorf("%d problems, want %d:\n%v", got, len(tt.want), err)
			}
			if strings.Contains(err.Error(), keyText) {
				t.Error("the master key is in the error")
			}
		})
	}
}

func TestTheExampleOfTheReferenceIsValid(t *testing.T) {
	t.Parallel()
	if _, ps := parse(t, config.Example); ps != nil {
		t.Error(ps)
	}
}

func TestPrintCanBeReadAgain(t *testing.T) {
	t.Parallel()
	c, ps := parse(t, "public_url: https://a.test\nlimits: {query_time: 1m, body: 3KiB}\nsandbox: true\nsettings: {transformerversion: 1}\ntrusted_proxies: [10.0.0.0/8]\n")
	if ps != nil {
		t.Fatal(ps)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "public_url: https://a.test # from preamp.yaml:1") {
		t.Errorf("no origin in\n%s", out.String())
	}
	again, ps := parse(t, out.String())
	if ps != nil {
		t.Fatalf("%v in\n%s", ps, out.String())
	}
	if d := cmp.Diff(c, again, cmpopts.IgnoreUnexported(config.Config{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
		t.Error(d)
	}
}

func TestPrintHidesPasswords(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://u:hunter2@h/d", "postgres://h/d?user=u&password=hunter2", "postgres://h/d?sslpassword=hunter2"} {
		c, ps := parse(t, "database: {url: '"+url+"'}\n")
		if ps != nil {
			t.Fatal(ps)
		}
		var out bytes.Buffer
		if err := c.Print(&out); err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if text := out.String() + string(raw); strings.Contains(text, "hunter2") || !strings.Contains(text, "postgres://") {
			t.Errorf("%s", text)
		}
	}
}

func TestSecretsOfMessages(t *testing.T) {
	t.Parallel()
	good := write(t, "smtp", "hunter2\n", 0o600)
	open := write(t, "open", "hunter2", 0o644)
	empty := write(t, "empty", " \n", 0o600)
	const mail = "public_url: http://a.test\nmaster_key: {env: MASTER}\nmail: {smtp: {host: h, from: a@b.test, username: u, password: {%s}}}\n"
	for _, tt := range []struct {
		name, password, extra string
		want                  string // part of the problem; empty: accepted
	}{
		{name: "in a file", password: "file: " + good},
		{name: "in a variable", password: "env: SMTP_PASSWORD"},
		{name: "file that others read", password: "file: " + open, want: "which others may read (mode 0644): chmod 600"},
		{name: "empty file", password: "file: " + empty, want: "which is empty"},
		{name: "no file", password: "file: /nowhere/p", want: "mail.smtp.password cannot be read"},
		{name: "a folder", password: "file: " + t.TempDir(), want: "mail.smtp.password names"},
		{name: "variable that is not set", password: "env: NOTHING", want: "names the variable NOTHING, which is not set"},
		{name: "webhook", password: "file: " + good, extra: "sms: {webhook: {url: 'https://h', secret: {env: NOTHING}}}\n", want: "sms.webhook.secret names the variable NOTHING"},
		{name: "codes of tests", password: "file: " + good, extra: "test: {fixed_code: '123456'}\n", want: "test.fixed_code is for preamp dev only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := write(t, "preamp.yaml", fmt.Sprintf(mail, tt.password)+tt.extra, 0o600)
			environ := []string{"MASTER=" + base64.StdEncoding.EncodeToString(make([]byte, 32)), "SMTP_PASSWORD=hunter2"}
			c, err := config.Load(config.Options{File: file, Environ: environ, Serve: true, Insecure: true})
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "123456")):
				t.Errorf("error %v, want %s", err, tt.want)
			case tt.want == "" && strings.HasPrefix(tt.password, "file"):
				if secret, err := c.Mail.SMTP.Password.Read(); err != nil || secret.Reveal() != "hunter2" {
					t.Errorf("%q, %v", secret.Reveal(), err)
				}
			}
		})
	}
	// dev needs none of the secrets: it sends nothing.
	file := write(t, "preamp.yaml", "mail: {smtp: {host: h, from: a@b.test, username: u, password: {env: NOTHING}}}\ntest: {fixed_code: '123456'}\n", 0o600)
	if _, err := config.Load(config.Options{File: file}); err != nil {
		t.Error(err)
	}
	if secret, err := (config.SecretAt{}).Read(); err != nil || !secret.Empty() {
		t.Errorf("no secret: %v, %v", secret, err)
	}
}

func TestPrintHidesSecrets(t *testing.T) {
	t.Parallel()
	c, ps := parse(t, "sms: {webhook: {url: 'https://sms.test/hunter2?token=hunter2'}}\ntest: {fixed_code: '471147'}\n")
	if ps != nil {
		t.Fatal(ps)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{out.String(), string(raw)} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "471147") || !strings.Contains(text, "https://sms.test/[redacted]") {
			t.Error(text)
		}
	}
}

// TestReference keeps docs/reference/configuration.md up to date; run with
// -update to write it.
func TestReference(t *testing.T) {
	t.Parallel()
	const name = "../../docs/reference/configuration.md"
	var want bytes.Buffer
	if err := config.Reference(&want); err != nil {
		t.Fatal(err)
	}
	for _, path := range config.Keys() {
		if !strings.Contains(want.String(), "### `"+path+"`") {
			t.Errorf("%s is not in the reference", path)
		}
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.String(), string(got)); d != "" {
		t.Errorf("run `make generate`: %s", d)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(config.Example)
	f.Add("limits: {body: 1MiB}\n? [a]\n: b\n")
	f.Add("a: &x [*x]\n<<: *x\n")
	f.Add("functions: !!binary x\nsettings: {transformerversion: 2}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Parse("f", []byte(text))
		if err != nil {
			ps, ok := errors.AsType[config.Problems](err)
			if !ok || len(ps) == 0 {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		// What was accepted prints as a file that is accepted and prints the same.
		var one, two bytes.Buffer
		if err := c.Print(&one); err != nil {
			t.Fatal(err)
		}
		if c.Database.URL != "" { // masked, so not the same any more
			return
		}
		again, err := config.Parse("f", one.Bytes())
		if err != nil {
			t.Fatalf("%v in\n%s", err, one.String())
		}
		if err := again.Print(&two); err != nil {
			t.Fatal(err)
		}
		strip := func(s string) string {
			var out []string
			for line := range strings.Lines(s) {
				line, _, _ = strings.Cut(line, " # from ")
				out = append(out, strings.TrimSpace(line))
			}
			return strings.Join(out, "\n")
		}
		if strip(one.String()) != strip(two.String()) {
			t.Errorf("%s\nthen\n%s", one.String(), two.String())
		}
	})
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "c.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644),
		write(t, "k.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})), 0o600)
}
