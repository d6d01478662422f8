package targettest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"preamp/internal/awswire"
	"preamp/internal/errs"
	"preamp/internal/sigv4"
)

const (
	accessKey = "AKIDEXAMPLE"
	secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

type keys struct{}

func (keys) Lookup(_ context.Context, id string) (secret, arn string, err error) {
	if id != accessKey {
		return "", "", errs.Missing("AccessKey", "no access key %s", id)
	}
	return secretKey, "arn:aws:iam::000000000000:user/test", nil
}

// Verify is a signature check that knows one key.
func Verify(signingName string) func(r *http.Request, body []byte) (awswire.Identity, error) {
	v := &sigv4.Verifier{Keys: keys{}, Service: signingName}
	return func(r *http.Request, body []byte) (awswire.Identity, error) {
		id, err := v.Verify(r, body)
		return awswire.Identity{AccessKey: id.AccessKey, ARN: id.ARN, Region: id.Region, Presigned: id.Presigned}, err
	}
}

// Answer is what a request was answered.
type Answer struct {
	Status  int
	Type    string
	Message string
	Header  http.Header
}

// Send sends a request for an operation; an empty signingName leaves it
// unsigned.
func Send(t testing.TB, h http.Handler, path, target, signingName string, body []byte) Answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:4500"+path, strings.NewReader(string(body)))
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if signingName != "" {
		sigv4.Sign(r, body, accessKey, secretKey, "us-east-1", signingName, time.Now())
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := Answer{Status: w.Code, Header: w.Header()}
	var text struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &text); err != nil {
		t.Fatalf("%s: %s: %v", target, w.Body, err)
	}
	a.Type, a.Message = text.Type, text.Message
	return a
}

// RunHTTP sends requests to every operation of a service whose operations are
// all unavailable.
func RunHTTP(t *testing.T, f *Facts, s awswire.TargetService) {
	t.Helper()
	h, err := awswire.NewTargetHandler(awswire.TargetConfig{Services: []awswire.TargetService{s}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range f.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op, target := f.Operations[name], s.Prefix+"."+name
			signedAs := ""
			if op.Signed {
				signedAs = s.Name
			}
			full := marshal(t, op.Body(t, true))
			for _, path := range []string{"/", "/" + s.Name + "/", "//a/../b?x=1"} {
				if op.Signed && strings.Contains(path, "..") {
					continue // no signer agrees with another one about such a path
				}
				a := Send(t, h, path, target, signedAs, full)
				if a.Status != 400 || a.Message != name+" is not available in this version" || !slices.Contains(op.Errors, a.Type) {
					t.Errorf("%s: answer %+v", path, a)
				}
				for _, header := range []string{"x-amzn-RequestId", "Date", "Access-Control-Allow-Origin"} {
					if a.Header.Get(header) == "" {
						t.Errorf("no header %s", header)
					}
				}
				if got := a.Header.Get("x-amzn-ErrorType"); got != a.Type {
					t.Errorf("header %s, body %s", got, a.Type)
				}
			}
			unknown := append([]byte(`{"FutureMember":{"a":[1]},`), full[1:]...)
			if string(full) == "{}" {
				unknown = []byte(`{"FutureMember":1}`)
			}
			if a := Send(t, h, "/", target, signedAs, unknown); !strings.Contains(a.Message, "not available") {
				t.Errorf("unknown member: %+v", a)
			}
			if a := Send(t, h, "/", target, signedAs, nil); a.Status != 400 || !slices.Contains(op.Errors, a.Type) {
				t.Errorf("empty input: %+v", a)
			}
			checkSignature(t, h, op, target, full)
		})
	}
}

// checkSignature sends requests whose signature is absent or for another
// service. They reach an operation that needs none, and no other.
func checkSignature(t *testing.T, h http.Handler, op *Operation, target string, body []byte) {
	t.Helper()
	for _, tt := range []struct{ signedAs, want string }{{"", "MissingAuthenticationTokenException"}, {"amplifybackend", "InvalidSignatureException"}} {
		a := Send(t, h, "/", target, tt.signedAs, body)
		reached := strings.Contains(a.Message, "not available")
		if reached == op.Signed || op.Signed && (a.Status != 400 || a.Type != tt.want) {
			t.Errorf("signed as %q: %+v", tt.signedAs, a)
		}
	}
}
