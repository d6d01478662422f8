package server

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"preamp/internal/amplifybackend"
	"preamp/internal/creds"
	"preamp/internal/oidc/oidctest"
	"preamp/internal/provision"
	"preamp/internal/sigv4"
)

type (
	wireAuth     = amplifybackend.BackendAPIAuthType
	wireSettings = amplifybackend.BackendAPIAppSyncAuthSettings
	wireConfig   = amplifybackend.BackendAPIResourceConfig
)

func authType(mode string, s *wireSettings) wireAuth { return wireAuth{Mode: &mode, Settings: s} }

// call posts a query with headers, changed by sign before it goes out.
func (r *running) call(a provision.APIView, query string, sign func(q *http.Request, body []byte)) (int, string) {
	r.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		r.t.Fatal(err)
	}
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, a.Endpoint, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	sign(q, body)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, strings.ReplaceAll(string(text), " ", "")
}

func with(name, value string) func(*http.Request, []byte) {
	return func(q *http.Request, _ []byte) { q.Header.Set(name, value) }
}

func signedBy(k creds.Key, service string) func(*http.Request, []byte) {
	return func(q *http.Request, body []byte) {
		sigv4.Sign(q, body, k.ID, string(k.Secret.Bytes()), Region, service, time.Now())
	}
}

// createWith makes an API and answers the error of its job.
func (r *running) createWith(name string, c wireConfig) string {
	r.t.Helper()
	out, err := r.service.CreateBackendAPI(r.t.Context(), &amplifybackend.CreateBackendAPIRequest{
		AppID: "app", BackendEnvironmentName: "dev", ResourceName: name, ResourceConfig: &c,
	})
	if err != nil {
		return err.Error()
	}
	return r.ended(out.JobID, nil)
}

func (r *running) updateWith(name string, c wireConfig) string {
	r.t.Helper()
	out, err := r.service.UpdateBackendAPI(r.t.Context(), &amplifybackend.UpdateBackendAPIRequest{
		AppID: "app", BackendEnvironmentName: "dev", ResourceName: name, ResourceConfig: &c,
	})
	if err != nil {
		return err.Error()
	}
	return r.ended(out.JobID, nil)
}

func newIssuer(t *testing.T) *oidctest.Issuer {
	t.Helper()
	i := oidctest.New("", 0)
	web := httptest.NewServer(i)
	t.Cleanup(web.Close)
	i.URL = web.URL
	return i
}

const plain = `type Note @model { id: ID! title: String! }`

func TestAuthModes(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		issuer := newIssuer(t)
		token := issuer.Good(time.Now())
		key, err := r.creds.Create(t.Context(), "tester")
		if err != nil {
			t.Fatal(err)
		}
		provider := &wireSettings{OpenIDIssueURL: &issuer.URL, OpenIDClientID: new("app"), OpenIDIatTTL: new("3600000")}
		if e := r.createWith("notes", wireConfig{TransformSchema: new(plain), DefaultAuthType: new(authType("OPENID_CONNECT", provider))}); e != "" {
			t.Fatal(e)
		}
		a := r.api("dev", "notes")
		if a.APIKey != "" {
			t.Error("an API without API_KEY has a key")
		}
		const ok = `{"data":{"__typename":"Query"}}`
		check := func(name string, sign func(*http.Request, []byte), status int, want string) {
			t.Helper()
			if got, body := r.call(a, `{ __typename }`, sign); got != status || !strings.Contains(body, want) {
				t.Errorf("%s: %d %s, want %d %s", name, got, body, status, want)
			}
		}
		check("token", with("Authorization", token), 200, ok)
		check("token behind Bearer", with("Authorization", "Bearer "+token), 200, ok)
		check("token for another client", with("Authorization", issuer.Good(time.Now(), "aud", `"other"`)), 401, "Youarenotauthorized")
		check("expired token", with("Authorization", issuer.Good(time.Now(), "exp", "1000")), 401, "Tokenhasexpired.")
		check("no header", func(*http.Request, []byte) {}, 401, "Missingauthorizationheader")
		check("signature", signedBy(key, "appsync"), 401, "Youarenotauthorized")
		check("key", with("x-api-key", "da2-x"), 401, "Youarenotauthorized")

		// More modes beside it.
		more := []wireAuth{authType("AWS_IAM", nil), authType("API_KEY", nil), authType("AMAZON_COGNITO_USER_POOLS", nil)}
		if e := r.updateWith("notes", wireConfig{AdditionalAuthTypes: more}); e != "" {
			t.Fatal(e)
		}
		a = r.api("dev", "notes")
		check("token", with("Authorization", token), 200, ok)
		check("signature", signedBy(key, "appsync"), 200, ok)
		check("key", with("x-api-key", a.APIKey), 200, ok)
		check("signature for the control plane", signedBy(key, "amplifybackend"), 403, "Credentialshouldbescopedtocorrectservice:'appsync'.")
		check("signature by an unknown key", signedBy(creds.Key{ID: "AKIAZZZZZZZZZZZZZZZZ", Secret: key.Secret}, "appsync"), 403, "UnrecognizedClientException")
		if err := r.creds.Revoke(t.Context(), key.ID); err != nil {
			t.Fatal(err)
		}
		check("signature by a revoked key", signedBy(key, "appsync"), 403, "UnrecognizedClientException")

		// What the operations tell of it.
		out, err := r.service.GetBackendAPI(t.Context(), &amplifybackend.GetBackendAPIRequest{AppID: "app", BackendEnvironmentName: "dev", ResourceName: "notes"})
		if err != nil {
			t.Fatal(err)
		}
		if c := out.ResourceConfig; *c.DefaultAuthType.Mode != "OPENID_CONNECT" || *c.DefaultAuthType.Settings.OpenIDIssueURL != issuer.URL || len(c.AdditionalAuthTypes) != 3 {
			t.Errorf("GetBackendAPI: %+v", c)
		}
		backend, err := r.service.GetBackend(t.Context(), &amplifybackend.GetBackendRequest{AppID: "app", BackendEnvironmentName: new("dev")})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"issuerUrl":"` + issuer.URL + `"`, `{"authenticationType":"AWS_IAM"}`, `"authenticationType":"API_KEY","apiKeyConfig"`} {
			if !strings.Contains(*backend.AmplifyMetaConfig, want) {
				t.Errorf("GetBackend: %s is not in %s", want, *backend.AmplifyMetaConfig)
			}
		}

		// A clone has the same doors; the key is its own.
		clone, err := r.service.CloneBackend(t.Context(), &amplifybackend.CloneBackendRequest{AppID: "app", BackendEnvironmentName: "dev", TargetEnvironmentName: "copy"})
		if err != nil {
			t.Fatal(err)
		}
		r.must(clone.JobID, nil)
		first := a
		a = r.api("copy", "notes")
		check("token at the clone", with("Authorization", token), 200, ok)
		check("key of the first at the clone", with("x-api-key", first.APIKey), 401, "Youarenotauthorized")
		check("key of the clone", with("x-api-key", a.APIKey), 200, ok)
		a = first

		// Taken away again, all together.
		if e := r.updateWith("notes", wireConfig{AdditionalAuthTypes: []wireAuth{}}); e != "" {
			t.Fatal(e)
		}
		check("token", with("Authorization", token), 200, ok)
		check("key", with("x-api-key", first.APIKey), 401, "Youarenotauthorized")
		if e := r.updateWith("notes", wireConfig{DefaultAuthType: new(authType("AWS_IAM", nil))}); e != "" {
			t.Fatal(e)
		}
		check("token", with("Authorization", token), 401, "Youarenotauthorized")
	})
}

// What cannot be configured changes nothing, and is told by its name.
func TestAuthThatIsRefused(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		r.createBackend("dev")
		issuer := func(url string) *wireSettings { return &wireSettings{OpenIDIssueURL: &url} }
		for _, tc := range []struct {
			name   string
			config wireConfig
			want   string
		}{
			{"no issuer", wireConfig{DefaultAuthType: new(authType("OPENID_CONNECT", nil))}, "openIDIssueURL"},
			{"an issuer in clear", wireConfig{DefaultAuthType: new(authType("OPENID_CONNECT", issuer("http://1.1.1.1")))}, "must begin with https"},
			{"an issuer in a private network", wireConfig{DefaultAuthType: new(authType("OPENID_CONNECT", issuer("https://10.0.0.1")))}, "outgoing.allow"},
			{"the metadata service", wireConfig{AdditionalAuthTypes: []wireAuth{authType("OPENID_CONNECT", issuer("http://169.254.169.254"))}}, "outgoing.allow"},
			{"a Lambda authorizer", wireConfig{DefaultAuthType: new(authType("AWS_LAMBDA", nil))}, "functions"},
			{"a mode that does not exist", wireConfig{DefaultAuthType: new(authType("PASSWORD", nil))}, "PASSWORD"},
			{"days for IAM", wireConfig{DefaultAuthType: new(authType("AWS_IAM", &wireSettings{ExpirationTime: new(7.0)}))}, "expirationTime"},
			{"conflict resolution", wireConfig{ConflictResolution: &amplifybackend.BackendAPIConflictResolution{ResolutionStrategy: new("AUTOMERGE")}}, "AUTOMERGE"},
			{
				"rules for a mode that is not there",
				wireConfig{TransformSchema: new(`type A @model @auth(rules: [{allow: owner, provider: oidc}]) { id: ID! }`)},
				"has no OPENID_CONNECT authentication provider configured",
			},
		} {
			if tc.config.TransformSchema == nil {
				tc.config.TransformSchema = new(plain)
			}
			if e := r.createWith("notes", tc.config); !strings.Contains(e, tc.want) {
				t.Errorf("%s: %q, want %q", tc.name, e, tc.want)
			}
		}
		if v, err := r.provision.View(t.Context(), "app", "dev"); err != nil || len(v.APIs) != 0 {
			t.Errorf("there are APIs: %+v, %v", v.APIs, err)
		}

		// Settings that ask for what is not there yet.
		const at = "/_preamp/settings?app=app&env=dev&set="
		custom := wireConfig{TransformSchema: new(`type A @model @auth(rules: [{allow: custom}]) { id: ID! }`)}
		if status, body := r.local(http.MethodPost, at+"lambdaauthorizer=../x"); status != http.StatusBadRequest {
			t.Errorf("a name that is none: %d %s", status, body)
		}
		for _, set := range []string{"", "lambdaauthorizer=authorize"} {
			if set != "" {
				if status, body := r.local(http.MethodPost, at+set); status != http.StatusOK || !strings.Contains(body, `"lambdaauthorizer":"authorize"`) {
					t.Fatalf("%d %s", status, body)
				}
			}
			// Whoever is told to configure an authorizer would do so in vain.
			const want = "1:15: A @auth: functions, and with them Lambda authorizers"
			if e := r.createWith("notes", custom); !strings.HasPrefix(e, want) {
				t.Errorf("with %q: %q, want %q", set, e, want)
			}
		}
		// An API that does not need it is served.
		if e := r.createWith("notes", wireConfig{TransformSchema: new(plain)}); e != "" {
			t.Error(e)
		}
		r.local(http.MethodPost, at+"conflict.Note=AUTOMERGE")
		if e := r.updateAPI("notes", plain); !strings.Contains(e, "1:6: Note: conflict resolution AUTOMERGE") {
			t.Errorf("conflict of a model: %q", e)
		}
		r.local(http.MethodPost, at+"conflict.Note=NONE")

		// A name that no API has is a mistake, and NONE takes it back.
		r.local(http.MethodPost, at+"conflict.Nope=AUTOMERGE")
		if e := r.updateAPI("notes", plain); !strings.Contains(e, "conflict.Nope=AUTOMERGE") || !strings.Contains(e, "no model Nope") {
			t.Errorf("conflict of no model: %q", e)
		}
		if e := r.createWith("other", wireConfig{TransformSchema: new(`type Nope @model { id: ID! }`)}); !strings.Contains(e, "1:6: Nope: conflict resolution AUTOMERGE") {
			t.Errorf("conflict of a model of another API: %q", e)
		}
		r.local(http.MethodPost, at+"conflict.Nope=NONE")
		if e := r.updateAPI("notes", plain); e != "" {
			t.Errorf("conflict taken back: %q", e)
		}
		// The settings are those of all APIs of the environment.
		if e := r.createWith("other", wireConfig{TransformSchema: new(`type Nope @model { id: ID! }`)}); e != "" {
			t.Fatal(e)
		}
		r.local(http.MethodPost, at+"conflict.Nope=AUTOMERGE")
		if e := r.updateAPI("notes", plain); e != "" {
			t.Errorf("conflict of a model of another API: %q", e)
		}
	})
}
