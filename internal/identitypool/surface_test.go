package identitypool_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"preamp/internal/awswire"
	"preamp/internal/errs"
	"preamp/internal/identitypool"
	"preamp/internal/identitypool/wire"
	"preamp/internal/sigv4"
)

const (
	adminKey    = "AKIAEXAMPLEEXAMPLE22"
	adminSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

// accessKeys knows the key of an administrator.
type accessKeys struct{}

func (accessKeys) Lookup(_ context.Context, id string) (secret, arn string, err error) {
	if id != adminKey {
		return "", "", errs.Missing("AccessKey", "no key")
	}
	return adminSecret, "arn:aws:iam::000000000000:user/admin", nil
}

func (f *fixture) verifier(service string) *sigv4.Verifier {
	return &sigv4.Verifier{
		Keys: accessKeys{}, Sessions: f.sessions, Service: service, Now: f.clock, AllowSessions: service == "appsync",
	}
}

// TestSurface is the way of a browser app: without a signature to credentials, with
// which it signs requests to an API, and cannot administer anything.
func TestSurface(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		identity := f.verifier(wire.SigningName)
		h, err := awswire.NewTargetHandler(awswire.TargetConfig{
			Services: []awswire.TargetService{wire.Target(f.API, func(r *http.Request, body []byte) (awswire.Identity, error) {
				id, err := identity.Verify(r, body)
				return awswire.Identity{AccessKey: id.AccessKey, ARN: id.ARN, Region: id.Region}, err
			})},
			Now: f.clock,
		})
		if err != nil {
			t.Fatal(err)
		}
		send := func(operation, body string, sign func(r *http.Request, body []byte)) (status int, answer string) {
			t.Helper()
			r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/cognito-identity/", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("X-Amz-Target", wire.TargetPrefix+"."+operation)
			if sign != nil {
				sign(r, []byte(body))
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		refused := func(operation, body string, sign func(*http.Request, []byte), want string) {
			t.Helper()
			if status, answer := send(operation, body, sign); status == http.StatusOK || !strings.Contains(answer, want) {
				t.Errorf("%s: %d %s, want %s", operation, status, answer, want)
			}
		}
		admin := func(r *http.Request, body []byte) {
			sigv4.Sign(r, body, adminKey, adminSecret, "us-east-1", wire.SigningName, start)
		}

		pool := f.pool(t, nil)
		status, answer := send("GetId", `{"IdentityPoolId":"`+pool+`","Logins":{"127.0.0.1:7072/`+userPool+`":"`+token("a")+`"}}`, nil)
		var id struct{ IdentityId string }
		if err := json.Unmarshal([]byte(answer), &id); err != nil || status != http.StatusOK {
			t.Fatal(status, answer)
		}
		status, answer = send("GetCredentialsForIdentity",
			`{"IdentityId":"`+id.IdentityId+`","Logins":{"`+provider+`":"`+token("a")+`"}}`, nil)
		var got struct {
			IdentityId  string
			Credentials struct {
				AccessKeyId, SecretKey, SessionToken string
				Expiration                           float64
			}
		}
		if err := json.Unmarshal([]byte(answer), &got); err != nil || status != http.StatusOK {
			t.Fatal(status, answer)
		}
		c := got.Credentials
		if got.IdentityId != id.IdentityId || c.Expiration != float64(start.Add(time.Hour).Unix()) {
			t.Errorf("%s", answer)
		}
		temporary := func(service string) func(r *http.Request, body []byte) {
			return func(r *http.Request, body []byte) {
				r.Header.Set("X-Amz-Security-Token", c.SessionToken)
				sigv4.Sign(r, body, c.AccessKeyId, c.SecretKey, "us-east-1", service, start)
			}
		}

		// The API: signature, then what stands in the database.
		api := f.verifier("appsync")
		const query = `{"query":"{a}"}`
		call := func(sign func(*http.Request, []byte)) (sigv4.Identity, error) {
			r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/graphql", strings.NewReader(query))
			sign(r, []byte(query))
			who, err := api.Verify(r, []byte(query))
			if err != nil {
				return who, err
			}
			return who, f.Check(t.Context(), who.Federated)
		}
		who, err := call(temporary("appsync"))
		if err != nil {
			t.Fatal(err)
		}
		if who.ARN != "arn:aws:sts::000000000000:assumed-role/auth/CognitoIdentityCredentials" ||
			who.Federated.PoolID != pool || who.Federated.IdentityID != id.IdentityId || who.Federated.Guest ||
			who.Federated.Provider != provider || who.Federated.Subject != "a" || who.Federated.RoleARN != authRole {
			t.Errorf("%+v %+v", who, who.Federated)
		}
		if _, err := call(temporary("s3")); errs.Public(err).Code != "InvalidSignatureException" {
			t.Errorf("for another service: %v", err)
		}

		// The administration takes none of them, and the long-lived key as ever.
		list := `{"MaxResults":1}`
		if status, answer := send("ListIdentityPools", list, admin); status != http.StatusOK || !strings.Contains(answer, pool) {
			t.Errorf("%d %s", status, answer)
		}
		refused("ListIdentityPools", list, temporary(wire.SigningName), `"__type":"AccessDeniedException"`)
		refused("ListIdentityPools", list, temporary("appsync"), "InvalidSignatureException")
		refused("ListIdentityPools", list, nil, "MissingAuthenticationTokenException")
		refused("DeleteIdentityPool", `{"IdentityPoolId":"`+pool+`"}`, temporary(wire.SigningName), "AccessDeniedException")
		refused("ListIdentityPools", `{"MaxResults":61}`, admin, "InvalidParameterException")
		refused("LookupDeveloperIdentity", `{"IdentityPoolId":"`+pool+`"}`, admin, "LookupDeveloperIdentity is not available in this version")

		// The pool is deleted: its credentials end at once.
		if status, answer := send("DeleteIdentityPool", `{"IdentityPoolId":"`+pool+`"}`, admin); status != http.StatusOK {
			t.Fatal(status, answer)
		}
		if _, err := call(temporary("appsync")); errs.Public(err).Code != unrecognized {
			t.Errorf("after the pool was deleted: %v", err)
		}
		f.now = start.Add(time.Hour)
		if _, err := api.Verify(func() *http.Request {
			r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/graphql", strings.NewReader(query))
			r.Header.Set("X-Amz-Security-Token", c.SessionToken)
			sigv4.Sign(r, []byte(query), c.AccessKeyId, c.SecretKey, "us-east-1", "appsync", f.now)
			return r
		}(), []byte(query)); errs.Public(err).Code != "ExpiredTokenException" {
			t.Errorf("after an hour: %v", err)
		}
	})
}

// FuzzProvider feeds any name of a provider: the one form of a name is its own one
// form, and only names of user pools have one.
func FuzzProvider(f *testing.F) {
	for _, name := range []string{provider, "127.0.0.1:80/" + userPool, userPool, "", "/", "accounts.google.com", "a/b_c", "a/B_c"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		one, pool := identitypool.Canonical(name)
		again, samePool := identitypool.Canonical(one)
		switch {
		case one != again || pool != samePool:
			t.Errorf("%q becomes %q, which becomes %q", name, one, again)
		case pool == "" && one != name:
			t.Errorf("%q becomes %q without a user pool", name, one)
		case pool != "" && (one != identitypool.ProviderName(pool) || !strings.HasSuffix(name, "/"+pool)):
			t.Errorf("%q is of user pool %q and becomes %q", name, pool, one)
		}
	})
}
