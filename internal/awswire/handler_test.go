package awswire_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/awswire"
	"preamp/internal/errs"
	"preamp/internal/sigv4"
)

const (
	testKey    = "AKIDEXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	testARN    = "arn:aws:iam::000000000000:user/test"
)

type keys struct{}

func (keys) Lookup(_ context.Context, id string) (secret, arn string, err error) {
	if id == "AKIDDOWN" {
		return "", "", errs.E(errs.Unavailable, "The keys cannot be read now")
	}
	if !strings.HasPrefix(id, testKey) {
		return "", "", errs.Missing("AccessKey", "no access key %s", id)
	}
	return testSecret, testARN, nil
}

// service is what the operations of the tests do and see.
type service struct {
	// answer is what they answer.
	answer func(ctx context.Context, in *outer) (*outer, error)
	// calls counts them.
	calls int
	last  outer
	req   awswire.Request
	who   authn.Caller
}

func (s *service) call(ctx context.Context, in *outer) (*outer, error) {
	s.calls++
	s.last = *in
	s.req, _ = awswire.RequestFrom(ctx)
	s.who, _ = authn.FromContext(ctx)
	if s.answer != nil {
		return s.answer(ctx, in)
	}
	return in, nil
}

// handler makes a handler of two operations.
func handler(t testing.TB, s *service, change func(*awswire.Config)) *awswire.Handler {
	t.Helper()
	v := &sigv4.Verifier{Keys: keys{}, Service: "amplifybackend"}
	c := awswire.Config{
		Operations: []awswire.Operation{
			awswire.Define(awswire.Operation{Name: "Put", Method: "POST", URI: "/backend/{appId}/put", Members: outerMembers}, decodeOuter, s.call),
			awswire.Define(awswire.Operation{Name: "Get", Method: "GET", URI: "/backend/{appId}/get"},
				func(d *awswire.Decoder, labels []string) (v outer, err error) {
					v.label = labels[0]
					return v, d.Object(nil, nil)
				}, s.call),
		},
		Verify: func(r *http.Request, body []byte) (awswire.Identity, error) {
			id, err := v.Verify(r, body)
			return awswire.Identity{AccessKey: id.AccessKey, ARN: id.ARN, Region: id.Region, Presigned: id.Presigned}, err
		},
	}
	if change != nil {
		change(&c)
	}
	h, err := awswire.NewHandler(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func makeRequest(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "http://127.0.0.1:4500/", strings.NewReader(body))
	// Not through httptest, which parses and refuses what a client can send.
	r.RequestURI = path
	return r
}

// signedRequest is a request with a signature in its headers.
func signedRequest(method, path, body string) *http.Request {
	r := makeRequest(method, path, body)
	sigv4.Sign(r, []byte(body), testKey, testSecret, "us-east-1", "amplifybackend", time.Now())
	return r
}

func serve(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	fail := func(err error) func(context.Context, *outer) (*outer, error) {
		return func(context.Context, *outer) (*outer, error) { return nil, err }
	}
	secret := errors.New("disk sda1 is on fire")
	const putBody = `{"name":"x"}`
	tests := []struct {
		name   string
		r      *http.Request
		answer func(context.Context, *outer) (*outer, error)
		status int
		code   string
		body   string
	}{
		{"success", signedRequest("POST", "/backend/a/put", putBody), nil, 200, "", `{"name":"x"}`},
		{"not html-escaped", signedRequest("POST", "/backend/a/put", `{"name":"<&>"}`), nil, 200, "", `{"name":"<&>"}`},
		{"get", signedRequest("GET", "/backend/a/get", ""), nil, 200, "", `{"name":""}`},
		{"invalid", signedRequest("POST", "/backend/a/put", `{}`), nil, 400, "BadRequestException", `{"message":"Missing required key 'name'"}`},
		{"not json", signedRequest("POST", "/backend/a/put", `}`), nil, 400, "BadRequestException", `{"message":"The request body is not valid JSON: unexpected character at byte 0"}`},
		{"conflict", signedRequest("POST", "/backend/a/put", putBody), fail(errs.E(errs.Conflict, "exists <a>")), 400, "BadRequestException", `{"message":"exists <a>"}`},
		{"not found", signedRequest("POST", "/backend/a/put", putBody), fail(errs.Missing("App", "App a does not exist")), 404, "NotFoundException", `{"message":"App a does not exist","resourceType":"App"}`},
		{"forbidden", signedRequest("POST", "/backend/a/put", putBody), fail(errs.E(errs.Forbidden, "User: x is not authorized")), 403, "AccessDeniedException", `{"message":"User: x is not authorized"}`},
		{"forbidden with a code", signedRequest("POST", "/backend/a/put", putBody), fail(&errs.Error{Kind: errs.Forbidden, Code: "OtherException", Message: "no"}), 403, "OtherException", `{"message":"no"}`},
		{
			"too many", signedRequest("POST", "/backend/a/put", putBody), fail(&errs.Error{Kind: errs.TooMany, Resource: "RequestRate", Message: "slow down"}),
			429, "TooManyRequestsException", `{"message":"slow down","limitType":"RequestRate"}`,
		},
		{"timeout", signedRequest("POST", "/backend/a/put", putBody), fail(errs.E(errs.Timeout, "busy")), 504, "GatewayTimeoutException", `{"message":"busy"}`},
		{"unavailable", signedRequest("POST", "/backend/a/put", putBody), fail(errs.Wrap(errs.Unavailable, secret, "try again")), 503, "ServiceUnavailableException", `{"message":"try again"}`},
		{"too large", signedRequest("POST", "/backend/a/put", putBody), fail(errs.E(errs.TooLarge, "large")), 413, "BadRequestException", `{"message":"large"}`},
		{"internal", signedRequest("POST", "/backend/a/put", putBody), fail(secret), 500, "InternalServerException", `{"message":"internal error"}`},
		{"internal with a message", signedRequest("POST", "/backend/a/put", putBody), fail(errs.Wrap(errs.Internal, secret, "sda1")), 500, "InternalServerException", `{"message":"internal error"}`},
		{"panic", signedRequest("POST", "/backend/a/put", putBody), func(context.Context, *outer) (*outer, error) { panic("sda1") }, 500, "InternalServerException", `{"message":"internal error"}`},
		{"no answer", signedRequest("POST", "/backend/a/put", putBody), fail(nil), 500, "InternalServerException", `{"message":"internal error"}`},
		{
			"answer that is no json", signedRequest("POST", "/backend/a/put", putBody),
			func(context.Context, *outer) (*outer, error) { return &outer{Size: new(inf())}, nil }, 500, "InternalServerException", `{"message":"internal error"}`,
		},
		{"no signature", makeRequest("POST", "/backend/a/put", putBody), nil, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"unknown key", signedBy("AKIDOTHER"), nil, 403, "UnrecognizedClientException", `{"message":"The security token included in the request is invalid."}`},
		{"keys cannot be read", signedBy("AKIDDOWN"), nil, 503, "ServiceUnavailableException", `{"message":"The keys cannot be read now"}`},
		{"unknown path", makeRequest("POST", "/backend/a/other", ""), nil, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"unknown path, spoiled signature", spoiled("/backend/a/other"), nil, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"unknown path, signed", signedRequest("POST", "/backend/a/other", ""), nil, 404, "NotFoundException", `{"message":"There is no operation at /backend/a/other"}`},
		{"other method", makeRequest("GET", "/backend/a/put", ""), nil, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"other method, signed", signedRequest("GET", "/backend/a/put", ""), nil, 405, "BadRequestException", `{"message":"This path takes only POST"}`},
		{"empty label", signedRequest("POST", "/backend//put", putBody), nil, 400, "BadRequestException", `{"message":"Value at 'appId' in the path must not be empty"}`},
		{"empty label, no signature", makeRequest("POST", "/backend//put", putBody), nil, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"dot segment", signedRequest("POST", "/backend/../put", putBody), nil, 400, "BadRequestException", `{"message":"The path must not contain the segments '.' or '..'."}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := serve(handler(t, &service{answer: tt.answer}, nil), tt.r)
			if got.StatusCode != tt.status {
				t.Errorf("status %d, want %d", got.StatusCode, tt.status)
			}
			if b := bodyOf(t, got); b != tt.body {
				t.Errorf("body %s, want %s", b, tt.body)
			}
			if code := got.Header.Get("x-amzn-ErrorType"); code != tt.code {
				t.Errorf("x-amzn-ErrorType %q, want %q", code, tt.code)
			}
			if ct := got.Header.Get("Content-Type"); ct != "application/json" {
				t.Errorf("Content-Type %q", ct)
			}
			if id := got.Header.Get("x-amzn-RequestId"); len(id) != 36 {
				t.Errorf("x-amzn-RequestId %q", id)
			}
			if _, err := http.ParseTime(got.Header.Get("Date")); err != nil {
				t.Errorf("Date: %v", err)
			}
			if o := got.Header.Get("Access-Control-Allow-Origin"); o != "*" || got.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("Access-Control-Allow-Origin %q", o)
			}
			if (got.Header.Get("Allow") != "") != (tt.status == 405) {
				t.Errorf("Allow %q", got.Header.Get("Allow"))
			}
		})
	}
}

func inf() float64 {
	var zero float64
	return 1 / zero
}

func signedBy(key string) *http.Request {
	r := makeRequest("POST", "/backend/a/put", "")
	sigv4.Sign(r, nil, key, testSecret, "us-east-1", "amplifybackend", time.Now())
	return r
}

func spoiled(path string) *http.Request {
	r := signedRequest("POST", path, "")
	r.Header.Set("Authorization", r.Header.Get("Authorization")+"0")
	return r
}

func TestRequest(t *testing.T) {
	t.Parallel()
	s := &service{}
	const body, path = `{"name":"x"}`, "/backend/a%2Fb/put"
	r := makeRequest("POST", path, body)
	r.Header.Set("amz-sdk-invocation-id", "11111111-2222-4333-8444-555555555555")
	sigv4.Sign(r, []byte(body), testKey, testSecret, "eu-west-1", "amplifybackend", time.Now())
	got := serve(handler(t, s, nil), r)
	if got.StatusCode != 200 {
		t.Fatalf("status %d: %s", got.StatusCode, bodyOf(t, got))
	}
	want := awswire.Request{
		ID: got.Header.Get("x-amzn-RequestId"), Operation: "Put", Principal: testKey, ARN: testARN, Region: "eu-west-1", Path: path,
		InvocationID: "11111111-2222-4333-8444-555555555555", BodySHA256: sha256.Sum256([]byte(body)), Body: []byte(body),
	}
	if d := cmp.Diff(want, s.req); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}
	if d := cmp.Diff(authn.Caller{Mode: authn.IAM, ID: testKey, ARN: testARN}, s.who); d != "" {
		t.Errorf("caller (-want +got):\n%s", d)
	}
	if s.last.label != "a/b" || s.last.Name != "x" {
		t.Errorf("input %+v", s.last)
	}
	if _, ok := awswire.RequestFrom(context.Background()); ok {
		t.Error("a request without one")
	}
}

func TestInvocationID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{"": "", "abc-1": "abc-1", strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): "", "a b": "", "é": ""} {
		s := &service{}
		r := makeRequest("GET", "/backend/a/get", "")
		r.Header.Set("amz-sdk-invocation-id", id)
		sigv4.Sign(r, nil, testKey, testSecret, "us-east-1", "amplifybackend", time.Now())
		serve(handler(t, s, nil), r)
		if s.calls != 1 || s.req.InvocationID != want {
			t.Errorf("%q is %q after %d calls, want %q", id, s.req.InvocationID, s.calls, want)
		}
	}
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	s := &service{}
	h := handler(t, s, nil)
	for _, path := range []string{"/backend/a/put", "/backend/a/get", "/backend//put"} {
		got := serve(h, makeRequest("OPTIONS", path, ""))
		want := map[string]string{
			"Access-Control-Allow-Origin":  "*",
			"Access-Control-Allow-Methods": "GET, POST, OPTIONS",
			"Access-Control-Allow-Headers": "authorization, content-type, x-amz-date, x-amz-security-token, x-amz-user-agent, " +
				"x-amz-content-sha256, amz-sdk-invocation-id, amz-sdk-request",
			"Access-Control-Expose-Headers":    "x-amzn-RequestId, x-amzn-ErrorType, Date",
			"Access-Control-Allow-Credentials": "",
		}
		for name, value := range want {
			if got.Header.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", path, name, got.Header.Get(name), value)
			}
		}
		if got.StatusCode != http.StatusNoContent || got.Header.Get("x-amzn-RequestId") == "" {
			t.Errorf("%s: status %d", path, got.StatusCode)
		}
	}
	if got := serve(h, makeRequest("OPTIONS", "/backend/a/other", "")); got.StatusCode != 403 {
		t.Errorf("unknown path: status %d", got.StatusCode)
	}
	if s.calls != 0 {
		t.Errorf("%d calls", s.calls)
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	type seen struct {
		Operation, Code string
		Status          int
	}
	var got []seen
	h := handler(t, &service{}, func(c *awswire.Config) {
		c.Observe = func(operation, code string, status int, took time.Duration) {
			if took < 0 {
				t.Errorf("took %s", took)
			}
			got = append(got, seen{operation, code, status})
		}
	})
	serve(h, signedRequest("POST", "/backend/a/put", `{"name":"x"}`))
	serve(h, signedRequest("POST", "/backend/a/put", `{}`))
	serve(h, makeRequest("GET", "/backend/a/get", ""))
	serve(h, makeRequest("GET", "/other", ""))
	want := []seen{{"Put", "", 200}, {"Put", "BadRequestException", 400}, {"Get", "MissingAuthenticationTokenException", 403}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("observed (-want +got):\n%s", d)
	}
}

// TestLog: what someone must look at is logged with its cause, and nothing else.
func TestLog(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	secret := errors.New("disk sda1 is on fire")
	s := &service{}
	h := handler(t, s, func(c *awswire.Config) { c.Logger = slog.New(slog.NewTextHandler(&b, nil)) })
	for _, tt := range []struct {
		err   error
		level string
	}{{secret, "level=ERROR"}, {errs.Wrap(errs.Unavailable, secret, "x"), "level=WARN"}, {errs.Wrap(errs.Invalid, secret, "x"), ""}} {
		b.Reset()
		s.answer = func(context.Context, *outer) (*outer, error) { return nil, tt.err }
		serve(h, signedRequest("GET", "/backend/a/get", ""))
		if got := b.String(); (tt.level == "") != (got == "") || !strings.Contains(got, tt.level) || got != "" && !strings.Contains(got, "sda1") {
			t.Errorf("logged %q, want %s", got, tt.level)
		}
	}
}

func TestAbort(t *testing.T) {
	t.Parallel()
	h := handler(t, &service{answer: func(context.Context, *outer) (*outer, error) { panic(http.ErrAbortHandler) }}, nil)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("recovered %v", p)
		}
	}()
	serve(h, signedRequest("GET", "/backend/a/get", ""))
}

func TestNewHandlerRefuses(t *testing.T) {
	t.Parallel()
	verify := func(*http.Request, []byte) (awswire.Identity, error) { return awswire.Identity{}, nil }
	for name, c := range map[string]awswire.Config{
		"no verifier":        {},
		"bad route":          {Verify: verify, Operations: []awswire.Operation{{URI: "x"}}},
		"rate without burst": {Verify: verify, Rate: awswire.Rate{PerSecond: 1}},
		"burst without rate": {Verify: verify, Rate: awswire.Rate{Burst: 1}},
	} {
		if _, err := awswire.NewHandler(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
