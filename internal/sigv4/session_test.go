package sigv4_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/sigv4"
)

const (
	sessionKey    = "ASIAEXAMPLEEXAMPLE22"
	sessionSecret = "abcdefghijABCDEFGHIJabcdefghijABCDEFGHIJ"
	sessionToken  = "token-of/ASIAEXAMPLEEXAMPLE22+=="
	sessionARN    = "arn:aws:sts::000000000000:assumed-role/auth/CognitoIdentityCredentials"
	expiredToken  = "expired"
	tooOld        = "ExpiredTokenException"
)

var federated = authn.Federated{
	PoolID: "us-east-1:1", IdentityID: "us-east-1:2", RoleARN: "arn:aws:iam::000000000000:role/path/auth", Epoch: 7,
}

// sessions knows one session.
type sessions struct{ down error }

func (s sessions) OpenSession(key, token string, now time.Time) (secret string, f authn.Federated, err error) {
	switch {
	case s.down != nil:
		return "", f, s.down
	case !now.Equal(testTime):
		return "", f, errs.E(errs.Internal, "the verifier asks with another time")
	case key != sessionKey || token != sessionToken && token != expiredToken:
		return "", f, &errs.Error{Kind: errs.Unauthenticated, Code: unrecognized, Message: "invalid."}
	case token == expiredToken:
		return "", f, &errs.Error{Kind: errs.Unauthenticated, Code: tooOld, Message: "The security token included in the request is expired"}
	}
	return sessionSecret, federated, nil
}

func sessionVerifier(service string) *sigv4.Verifier {
	v := verifier(service)
	v.Sessions, v.AllowSessions = sessions{}, service != "amplifybackend"
	return v
}

// signing is what a request is signed with.
type signing struct {
	key, secret, token, region, service string
	at                                  time.Time
}

func defaults() signing {
	return signing{sessionKey, sessionSecret, sessionToken, "us-east-1", "appsync", testTime}
}

func (s signing) inHeader(t testing.TB) *http.Request {
	r := unsigned(t)
	if s.token != "" {
		r.Header.Set("X-Amz-Security-Token", s.token)
	}
	sigv4.Sign(r, []byte(body), s.key, s.secret, s.region, s.service, s.at)
	return received(r, nil)
}

func escaped(token string) string {
	return strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(token)
}

func (s signing) inQuery(t testing.TB) *http.Request {
	r := unsigned(t)
	if s.token != "" {
		r.URL.RawQuery = "X-Amz-Security-Token=" + escaped(s.token)
	}
	sigv4.Presign(r, []byte(body), s.key, s.secret, s.region, s.service, s.at, time.Minute)
	return received(r, nil)
}

// TestSessions are requests with temporary credentials, each in both forms. The
// control is the same request unchanged.
func TestSessions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		with func(*signing)
		code string
	}{
		{"right", func(*signing) {}, ""},
		{"other region", func(s *signing) { s.region = "eu-west-1" }, ""},
		{"no token", func(s *signing) { s.token = "" }, unrecognized},
		{"other token", func(s *signing) { s.token = "x" }, unrecognized},
		{"longer token", func(s *signing) { s.token += "x" }, unrecognized},
		{"shorter token", func(s *signing) { s.token = s.token[1:] }, unrecognized},
		{"token in another case", func(s *signing) { s.token = strings.ToUpper(s.token) }, unrecognized},
		{"two tokens in one", func(s *signing) { s.token += "," + s.token }, unrecognized},
		{"expired token", func(s *signing) { s.token = expiredToken }, tooOld},
		{"other temporary key", func(s *signing) { s.key = "ASIAEXAMPLEEXAMPLE33" }, unrecognized},
		{"lower-case key", func(s *signing) { s.key = strings.ToLower(s.key) }, unrecognized},
		{"key with the other prefix", func(s *signing) { s.key = "AKIA" + s.key[4:] }, unrecognized},
		{"long-lived key with a token", func(s *signing) { s.key, s.secret = testKey, testSecret }, unrecognized},
		{"long-lived key with an expired token", func(s *signing) { s.key, s.secret, s.token = testKey, testSecret, expiredToken }, unrecognized},
		{"long-lived key", func(s *signing) { s.key, s.secret, s.token = testKey, testSecret, "" }, ""},
		{"secret of the long-lived key", func(s *signing) { s.secret = testSecret }, invalid},
		{"shorter secret", func(s *signing) { s.secret = s.secret[1:] }, invalid},
		{"no secret", func(s *signing) { s.secret = "" }, invalid},
		{"other service", func(s *signing) { s.service = "execute-api" }, invalid},
		{"control plane", func(s *signing) { s.service = "amplifybackend" }, invalid},
		{"signed ten minutes ago", func(s *signing) { s.at = testTime.Add(-10 * time.Minute) }, invalid},
		{"signed in ten minutes", func(s *signing) { s.at = testTime.Add(10 * time.Minute) }, invalid},
	} {
		for form, send := range map[string]func(signing, testing.TB) *http.Request{"header": signing.inHeader, "query": signing.inQuery} {
			t.Run(tt.name+"/"+form, func(t *testing.T) {
				t.Parallel()
				judgeSession(t, sessionVerifier("appsync"), send(defaults(), t), "")
				s := defaults()
				tt.with(&s)
				judgeSession(t, sessionVerifier("appsync"), send(s, t), tt.code)
			})
		}
	}
}

func judgeSession(t *testing.T, v *sigv4.Verifier, r *http.Request, code string) sigv4.Identity {
	t.Helper()
	id, err := v.Verify(r, []byte(body))
	e := errs.Public(err)
	switch {
	case code == "" && err != nil:
		t.Errorf("refused: %v", err)
	case code != "" && (err == nil || e.Code != code):
		t.Errorf("got %v, want %s", err, code)
	case code != "" && id != (sigv4.Identity{}):
		t.Errorf("a refusal answers %+v", id)
	}
	return id
}

// TestSessionHeaders are requests with temporary credentials that somebody changed
// on their way.
func TestSessionHeaders(t *testing.T) {
	t.Parallel()
	const name = "X-Amz-Security-Token"
	for _, tt := range []struct {
		name, code string
		query      bool
		change     func(*http.Request)
	}{
		{"header", "", false, func(*http.Request) {}},
		{"query", "", true, func(*http.Request) {}},
		{"no token", unrecognized, false, func(r *http.Request) { r.Header.Del(name) }},
		{"empty token", unrecognized, false, set(name, "")},
		{"other token", unrecognized, false, set(name, "x")},
		{"second token", incomplete, false, add(name, "x")},
		{"same token again", incomplete, false, add(name, sessionToken)},
		{"token in header and query", invalid, false, func(r *http.Request) {
			r.RequestURI += "?" + name + "=" + escaped(sessionToken)
		}},
		{"token unsigned", incomplete, false, replace(";x-amz-security-token", "")},
		{"key exchanged for the long-lived one", unrecognized, false, replace(sessionKey, testKey)},
		{"expired token", tooOld, false, set(name, expiredToken)},
		{"no token in the query", unrecognized, true, replaceTarget(name+"="+escaped(sessionToken)+"&", "")},
		{"empty token in the query", unrecognized, true, replaceTarget(escaped(sessionToken), "")},
		{"other token in the query", unrecognized, true, replaceTarget(escaped(sessionToken), "x")},
		{"second token in the query", incomplete, true, func(r *http.Request) { r.RequestURI += "&" + name + "=x" }},
		{"second token, in lower case", incomplete, true, func(r *http.Request) { r.RequestURI += "&x-amz-security-token=x" }},
		{"token in query and header", incomplete, true, set(name, sessionToken)},
		{"token moved to the header", incomplete, true, func(r *http.Request) {
			replaceTarget(name+"="+escaped(sessionToken)+"&", "")(r)
			r.Header.Set(name, sessionToken)
		}},
		{"another member", invalid, true, func(r *http.Request) { r.RequestURI += "&a=b" }},
		{"longer life", invalid, true, replaceTarget("X-Amz-Expires=60", "X-Amz-Expires=61")},
		{"other path", invalid, true, replaceTarget("/details", "/detail")},
		{"other method", invalid, false, func(r *http.Request) { r.Method = http.MethodPut }},
		{"other host", invalid, false, func(r *http.Request) { r.Host = "elsewhere" }},
		{"other date", invalid, false, set("X-Amz-Date", "20260115T120001Z")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := defaults()
			send := s.inHeader
			if tt.query {
				send = s.inQuery
			}
			judgeSession(t, sessionVerifier("appsync"), send(t), "")
			r := send(t)
			tt.change(r)
			judgeSession(t, sessionVerifier("appsync"), r, tt.code)
		})
	}
}

// TestTokenAfterSigning are URLs to which the token was added when they had been
// signed, as some services demand.
func TestTokenAfterSigning(t *testing.T) {
	t.Parallel()
	s := defaults()
	s.token = ""
	after := func(token string) *http.Request {
		r := s.inQuery(t)
		r.RequestURI += "&X-Amz-Security-Token=" + escaped(token)
		return r
	}
	judgeSession(t, sessionVerifier("appsync"), after(sessionToken), "")
	judgeSession(t, sessionVerifier("appsync"), after("x"), unrecognized)
	judgeSession(t, sessionVerifier("appsync"), after(expiredToken), tooOld)
	r := after(sessionToken)
	r.RequestURI += "&a=b"
	judgeSession(t, sessionVerifier("appsync"), r, invalid)
	s.secret = testSecret
	judgeSession(t, sessionVerifier("appsync"), after(sessionToken), invalid)
}

func TestSessionIdentity(t *testing.T) {
	t.Parallel()
	id := judgeSession(t, sessionVerifier("appsync"), defaults().inHeader(t), "")
	want := sigv4.Identity{
		AccessKey: sessionKey, ARN: sessionARN, Federated: &federated, Region: "us-east-1", Service: "appsync", Date: testTime,
	}
	if d := cmp.Diff(want, id); d != "" {
		t.Error(d)
	}
	s := defaults()
	s.key, s.secret, s.token = testKey, testSecret, ""
	if id := judgeSession(t, sessionVerifier("appsync"), s.inHeader(t), ""); id.Federated != nil || id.ARN != testARN {
		t.Errorf("a long-lived key is %+v", id)
	}
}

// A service that does not take temporary credentials refuses whoever proves to have
// some, and answers all others as if it took them.
func TestSessionsNotAllowed(t *testing.T) {
	t.Parallel()
	s := defaults()
	s.service = "amplifybackend"
	v := sessionVerifier("amplifybackend")
	_, err := v.Verify(s.inHeader(t), []byte(body))
	if e := errs.Public(err); e.Kind != errs.Forbidden || e.Code != "AccessDeniedException" || !strings.Contains(e.Message, sessionARN) {
		t.Errorf("got %v", err)
	}
	judgeSession(t, v, s.inQuery(t), "AccessDeniedException")
	wrong := s
	wrong.secret = testSecret
	judgeSession(t, v, wrong.inHeader(t), invalid)
	wrong = s
	wrong.token = "x"
	judgeSession(t, v, wrong.inHeader(t), unrecognized)
	// Without a source no token is known.
	v = verifier("amplifybackend")
	v.AllowSessions = true
	judgeSession(t, v, s.inHeader(t), unrecognized)
	s.key, s.secret, s.token = testKey, testSecret, ""
	judgeSession(t, sessionVerifier("amplifybackend"), s.inHeader(t), "")
}

// What a source fails with is no refusal.
func TestSessionSourceFails(t *testing.T) {
	t.Parallel()
	v := sessionVerifier("appsync")
	v.Sessions = sessions{down: errs.E(errs.Unavailable, "down")}
	if _, err := v.Verify(defaults().inHeader(t), []byte(body)); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("got %v", err)
	}
}
