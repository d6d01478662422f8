package awswire_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/awswire"
	"preamp/internal/errs"
	"preamp/internal/sigv4"
)

const targetPrefix = "ExampleService"

// decodeNote is the decoder of outer with the constraints of an action.
func decodeNote(d *awswire.Decoder) (v outer, err error) {
	err = d.Object([]awswire.Member{{Name: "name", Required: true}, {Name: "count"}}, func(name string) (err error) {
		switch name {
		case "name":
			v.Name, err = (&awswire.Text{Min: 1, Max: 200}).Decode(d)
		case "count":
			v.Count, err = awswire.Ptr(d.Int(awswire.Range{Min: 0, Max: 25}))
		}
		return err
	})
	return v, err
}

// targetHandler makes a handler of a signed and an unsigned operation.
func targetHandler(t testing.TB, s *service, change func(*awswire.TargetConfig)) *awswire.TargetHandler {
	t.Helper()
	v := &sigv4.Verifier{Keys: keys{}, Service: "example"}
	modelled := []string{"InvalidParameterException", "NotAuthorizedException", "ResourceNotFoundException", "InternalErrorException"}
	c := awswire.TargetConfig{Services: []awswire.TargetService{{
		Name: "example", Prefix: targetPrefix,
		Actions: []awswire.Action{
			awswire.DefineAction(awswire.Action{Name: "Put", Errors: modelled}, decodeNote, s.call),
			awswire.DefineAction(awswire.Action{Name: "SignIn", Unsigned: true, Errors: modelled}, decodeNote, s.call),
			awswire.DefineAction(awswire.Action{Name: "Other", Unsigned: true, Errors: []string{"InternalServerException", "UnauthorizedException"}}, decodeNote, s.call),
		},
		Verify: func(r *http.Request, body []byte) (awswire.Identity, error) {
			id, err := v.Verify(r, body)
			return awswire.Identity{AccessKey: id.AccessKey, ARN: id.ARN, Region: id.Region}, err
		},
	}}}
	if change != nil {
		change(&c)
	}
	h, err := awswire.NewTargetHandler(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func targetRequest(operation, body string) *http.Request {
	r := makeRequest("POST", "/cognito-idp/", body)
	r.Header.Set("X-Amz-Target", targetPrefix+"."+operation)
	return r
}

func signedTarget(operation, body, service string) *http.Request {
	r := targetRequest(operation, body)
	sigv4.Sign(r, []byte(body), testKey, testSecret, "eu-west-1", service, time.Now())
	return r
}

// wantError asserts an error answer.
func wantError(t *testing.T, got *http.Response, status int, code, message string) {
	t.Helper()
	body := bodyOf(t, got)
	want, err := awswire.Marshal(map[string]string{"__type": code, "message": message})
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != status || body != string(want) || got.Header.Get("x-amzn-ErrorType") != code {
		t.Errorf("status %d, error type %s, body %s, want %d %s", got.StatusCode, got.Header.Get("x-amzn-ErrorType"), body, status, want)
	}
	if got := got.Header.Get("Content-Type"); got != "application/x-amz-json-1.1" {
		t.Errorf("content type %s", got)
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/cognito-idp/", "//any//path", "/backend/x?a=b"} {
		s := &service{}
		r := targetRequest("SignIn", `{"name":"<é>","count":3,"later":{}}`)
		r.RequestURI = path
		got := serve(targetHandler(t, s, nil), r)
		if b := bodyOf(t, got); got.StatusCode != 200 || b != `{"name":"<é>","count":3}` {
			t.Errorf("%s: status %d, body %s", path, got.StatusCode, b)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/x-amz-json-1.1", "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store",
			"Access-Control-Expose-Headers": "x-amzn-RequestId, x-amzn-ErrorType, x-amzn-ErrorMessage, Date", "x-amzn-ErrorType": "",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.Header.Get(name), want)
			}
		}
		if _, err := http.ParseTime(got.Header.Get("Date")); err != nil || got.Header.Get("x-amzn-RequestId") != s.req.ID || s.req.ID == "" {
			t.Errorf("%s: date %q, request %q, seen %q", path, got.Header.Get("Date"), got.Header.Get("x-amzn-RequestId"), s.req.ID)
		}
		if s.req.Operation != "SignIn" || s.req.Principal != "" || s.who.Mode != "" {
			t.Errorf("%s: request %+v, caller %+v", path, s.req, s.who)
		}
	}
}

func TestTargetEmptyAnswer(t *testing.T) {
	t.Parallel()
	type none struct{}
	h := targetHandler(t, &service{}, func(c *awswire.TargetConfig) {
		nothing := func(d *awswire.Decoder) (none, error) { return none{}, d.Object(nil, nil) }
		c.Services[0].Actions = []awswire.Action{
			awswire.DefineAction(awswire.Action{Name: "Nothing", Unsigned: true}, nothing, func(_ context.Context, in *none) (*none, error) { return in, nil }),
			awswire.DefineAction(awswire.Action{Name: "Text", Unsigned: true}, nothing, func(context.Context, *none) (*string, error) { return new(string), nil }),
			awswire.DefineAction(awswire.Action{Name: "Nil", Unsigned: true}, nothing, func(context.Context, *none) (*none, error) { return nil, nil }),
		}
	})
	for _, body := range []string{"", "{}", "null", " \n"} {
		if got := serve(h, targetRequest("Nothing", body)); got.StatusCode != 200 || bodyOf(t, got) != "{}" {
			t.Errorf("%q: status %d", body, got.StatusCode)
		}
	}
	wantError(t, serve(h, targetRequest("Text", "")), 500, "InternalErrorException", "internal error")
	wantError(t, serve(h, targetRequest("Nil", "")), 500, "InternalErrorException", "internal error")
}

func TestTargetUnknown(t *testing.T) {
	t.Parallel()
	const message = "The request does not name a known operation: it must be a POST with one X-Amz-Target"
	tests := []struct {
		name   string
		change func(r *http.Request)
	}{
		{"no target", func(r *http.Request) { r.Header.Del("X-Amz-Target") }},
		{"two targets", func(r *http.Request) { r.Header.Add("X-Amz-Target", targetPrefix+".Put") }},
		{"the same twice", func(r *http.Request) { r.Header.Add("X-Amz-Target", targetPrefix+".SignIn") }},
		{"other operation", func(r *http.Request) { r.Header.Set("X-Amz-Target", targetPrefix+".Signin") }},
		{"other service", func(r *http.Request) { r.Header.Set("X-Amz-Target", "Service.SignIn") }},
		{"no service", func(r *http.Request) { r.Header.Set("X-Amz-Target", "SignIn") }},
		{"list", func(r *http.Request) { r.Header.Set("X-Amz-Target", targetPrefix+".SignIn, "+targetPrefix+".Put") }},
		{"other method", func(r *http.Request) { r.Method = "PUT" }},
		{"get", func(r *http.Request) { r.Method = "GET" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &service{}
			r := targetRequest("SignIn", `{"name":"x"}`)
			r.Body = unreadable{t}
			tt.change(r)
			wantError(t, serve(targetHandler(t, s, nil), r), 400, "UnknownOperationException", message)
			if s.calls != 0 {
				t.Errorf("%d calls", s.calls)
			}
		})
	}
}

func TestTargetSignature(t *testing.T) {
	t.Parallel()
	s := &service{}
	h := targetHandler(t, s, nil)
	if got := serve(h, signedTarget("Put", `{"name":"x"}`, "example")); got.StatusCode != 200 {
		t.Fatalf("status %d: %s", got.StatusCode, bodyOf(t, got))
	}
	if d := cmp.Diff(authn.Caller{Mode: authn.IAM, ID: testKey, ARN: testARN}, s.who); d != "" {
		t.Errorf("caller (-want +got):\n%s", d)
	}
	if s.req.Principal != testKey || s.req.Region != "eu-west-1" || s.req.Operation != "Put" {
		t.Errorf("request %+v", s.req)
	}
	for name, tt := range map[string]struct {
		request *http.Request
		code    string
	}{
		"unsigned":          {targetRequest("Put", `{"name":"x"}`), "MissingAuthenticationTokenException"},
		"for other service": {signedTarget("Put", `{"name":"x"}`, "amplifybackend"), "InvalidSignatureException"},
		"for other operation": {func() *http.Request {
			r := signedTarget("SignIn", `{"name":"x"}`, "example")
			r.Header.Set("X-Amz-Target", targetPrefix+".Put")
			return r
		}(), "InvalidSignatureException"},
		"for other body": {func() *http.Request {
			r := signedTarget("Put", `{"name":"x"}`, "example")
			r.Body = io.NopCloser(strings.NewReader(`{"name":"y"}`))
			return r
		}(), "InvalidSignatureException"},
		// Whoever has not signed learns nothing of what the body must be.
		"unsigned and malformed": {targetRequest("Put", "{"), "MissingAuthenticationTokenException"},
	} {
		s.calls = 0
		got := serve(h, tt.request)
		if got.StatusCode != 400 || got.Header.Get("x-amzn-ErrorType") != tt.code || s.calls != 0 {
			t.Errorf("%s: status %d, %s", name, got.StatusCode, bodyOf(t, got))
		}
	}
	// An operation that needs no signature does not look at one.
	r := targetRequest("SignIn", `{"name":"x"}`)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 nonsense")
	if got := serve(h, r); got.StatusCode != 200 {
		t.Errorf("status %d", got.StatusCode)
	}
}

func TestTargetErrors(t *testing.T) {
	t.Parallel()
	secret := errors.New("disk sda1 is on fire")
	tests := []struct {
		name, operation string
		err             error
		status          int
		code, message   string
	}{
		{"foreign", "SignIn", secret, 500, "InternalErrorException", "internal error"},
		{"foreign, other model", "Other", secret, 500, "InternalServerException", "internal error"},
		{"invalid", "SignIn", errs.E(errs.Invalid, "bad"), 400, "InvalidParameterException", "bad"},
		{"not found", "SignIn", errs.Missing("User", "gone"), 400, "ResourceNotFoundException", "gone"},
		{"forbidden", "SignIn", errs.E(errs.Forbidden, "no"), 400, "NotAuthorizedException", "no"},
		{"forbidden, other model", "Other", errs.E(errs.Forbidden, "no"), 400, "UnauthorizedException", "no"},
		{"own code", "SignIn", &errs.Error{Kind: errs.Conflict, Code: "UsernameExistsException", Message: "User already exists"}, 400, "UsernameExistsException", "User already exists"},
		{"conflict", "SignIn", errs.E(errs.Conflict, "busy"), 400, "InvalidParameterException", "busy"},
		{"too many", "SignIn", errs.E(errs.TooMany, "slow"), 400, "TooManyRequestsException", "slow"},
		{"unknown outcome", "SignIn", errs.Wrap(errs.Unavailable, secret, "try again"), 503, "InternalErrorException", "try again"},
		{"timeout", "SignIn", errs.Wrap(errs.Timeout, secret, "too busy"), 503, "InternalErrorException", "too busy"},
		{"line break", "SignIn", errs.E(errs.Invalid, "required\n"), 400, "InvalidParameterException", "required\n"},
		{"invalid text", "SignIn", errs.E(errs.Invalid, "a\u2028é<"), 400, "InvalidParameterException", "a\u2028é<"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			s := &service{answer: func(context.Context, *outer) (*outer, error) { return nil, tt.err }}
			h := targetHandler(t, s, func(c *awswire.TargetConfig) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			got := serve(h, targetRequest(tt.operation, `{"name":"hunter2"}`))
			wantError(t, got, tt.status, tt.code, tt.message)
			header := tt.message
			if strings.ContainsAny(header, "\n\u2028") {
				header = ""
			}
			if got.Header.Get("x-amzn-ErrorMessage") != header {
				t.Errorf("header x-amzn-ErrorMessage is %q", got.Header.Get("x-amzn-ErrorMessage"))
			}
			if logged := strings.Contains(log.String(), "sda1"); logged != (tt.status >= 500) || strings.Contains(log.String(), "hunter2") {
				t.Errorf("logged %q", log.String())
			}
		})
	}
	s := &service{answer: func(context.Context, *outer) (*outer, error) { panic("hunter2") }}
	wantError(t, serve(targetHandler(t, s, nil), targetRequest("SignIn", `{"name":"x"}`)), 500, "InternalErrorException", "internal error")
}

func TestTargetBody(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][2]string{
		"{":                              {"SerializationException", "The request body is not valid JSON: unexpected end at byte 1"},
		"[]":                             {"SerializationException", "The request body must be an object, not an array"},
		`{"name":"x","name":"x"}`:        {"SerializationException", "Key 'name' is given twice"},
		`{"Name":"x"}`:                   {"SerializationException", "Unknown key 'Name': it must be written 'name'"},
		`{"name":1}`:                     {"SerializationException", "Value at 'name' must be a string, not a number"},
		"{\"name\":\"\xff\"}":            {"SerializationException", "The request body is not valid UTF-8"},
		`{"name":"x","a":{"b":1,"b":1}}`: {"SerializationException", "Key 'b' is given twice"},
		"":                               {"InvalidParameterException", "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		`{"name":"","count":26}`: {"InvalidParameterException", "2 validation errors detected: " +
			"Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; " +
			"Value '26' at 'count' failed to satisfy constraint: Member must have value less than or equal to 25"},
	} {
		s := &service{}
		wantError(t, serve(targetHandler(t, s, nil), targetRequest("SignIn", body)), 400, want[0], want[1])
		if s.calls != 0 {
			t.Errorf("%s: called", body)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"announced":     func(r *http.Request) { r.Body, r.ContentLength = unreadable{t}, 101 },
		"not announced": func(r *http.Request) { r.Body, r.ContentLength = &endless{}, -1 },
	} {
		r := targetRequest("SignIn", "")
		change(r)
		t.Run(name, func(t *testing.T) {
			h := targetHandler(t, &service{}, func(c *awswire.TargetConfig) { c.MaxBody = 100 })
			wantError(t, serve(h, r), 413, "InvalidParameterException", "The request body is larger than 100 bytes")
		})
	}
}

func TestTargetPreflight(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("OPTIONS", "/cognito-idp/", nil)
	got := serve(targetHandler(t, &service{}, nil), r)
	if got.StatusCode != 204 || got.Header.Get("Access-Control-Allow-Methods") != "POST, OPTIONS" || got.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("status %d, header %v", got.StatusCode, got.Header)
	}
	allowed := strings.Split(got.Header.Get("Access-Control-Allow-Headers"), ", ")
	for _, name := range []string{
		"authorization", "content-type", "cache-control", "x-amz-target", "x-amz-date", "x-amz-security-token", "x-amz-user-agent",
		"x-amz-content-sha256", "amz-sdk-invocation-id", "amz-sdk-request",
	} {
		if !strings.Contains(strings.Join(allowed, ","), name) {
			t.Errorf("header %s is not allowed", name)
		}
	}
}

func TestTargetLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		h := targetHandler(t, s, func(c *awswire.TargetConfig) {
			c.Rate = awswire.Rate{PerSecond: 10, Burst: 2}
			c.Limit = func(_ context.Context, service string, q awswire.Request) error {
				if service != "example" || q.ID == "" {
					t.Errorf("service %s, request %+v", service, q)
				}
				if q.Operation == "SignIn" && q.Principal == "" {
					return &errs.Error{Kind: errs.TooMany, Code: "LimitExceededException", Message: "wait"}
				}
				return nil
			}
		})
		for range 2 {
			if got := serve(h, signedTarget("Put", `{"name":"x"}`, "example")); got.StatusCode != 200 {
				t.Fatalf("status %d", got.StatusCode)
			}
		}
		wantError(t, serve(h, signedTarget("Put", `{"name":"x"}`, "example")), 400, "TooManyRequestsException", "Rate exceeded: more than 10 requests per second")
		// The hook comes before the body is judged.
		wantError(t, serve(h, targetRequest("SignIn", `{`)), 400, "LimitExceededException", "wait")
		if s.calls != 2 {
			t.Errorf("%d calls", s.calls)
		}
	})
}

func TestTargetObserve(t *testing.T) {
	t.Parallel()
	var got []string
	h := targetHandler(t, &service{}, func(c *awswire.TargetConfig) {
		c.Observe = func(service, operation, code string, status int, _ time.Duration) {
			b, _ := json.Marshal([]any{service, operation, code, status})
			got = append(got, string(b))
		}
	})
	serve(h, targetRequest("SignIn", `{"name":"x"}`))
	serve(h, targetRequest("Put", `{}`))
	serve(h, targetRequest("Nothing", `{}`))
	want := []string{`["example","SignIn","",200]`, `["example","Put","MissingAuthenticationTokenException",400]`}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("observed (-want +got):\n%s", d)
	}
}

func TestTargetAbort(t *testing.T) {
	t.Parallel()
	h := targetHandler(t, &service{answer: func(context.Context, *outer) (*outer, error) { panic(http.ErrAbortHandler) }}, nil)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("recovered %v", p)
		}
	}()
	serve(h, targetRequest("SignIn", `{"name":"x"}`))
}

func TestNewTargetHandlerRefuses(t *testing.T) {
	t.Parallel()
	verify := func(*http.Request, []byte) (awswire.Identity, error) { return awswire.Identity{}, nil }
	one := awswire.TargetService{Name: "a", Prefix: "A", Verify: verify, Actions: []awswire.Action{{Name: "X"}}}
	for name, c := range map[string]awswire.TargetConfig{
		"no verifier":        {Services: []awswire.TargetService{{Name: "a", Prefix: "A"}}},
		"no prefix":          {Services: []awswire.TargetService{{Name: "a", Verify: verify}}},
		"no name":            {Services: []awswire.TargetService{{Prefix: "A", Verify: verify}}},
		"twice":              {Services: []awswire.TargetService{one, one}},
		"rate without burst": {Rate: awswire.Rate{PerSecond: 1}},
	} {
		if _, err := awswire.NewTargetHandler(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
