package amplifybackend_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"preamp/internal/amplifybackend"
	"preamp/internal/awswire"
	"preamp/internal/errs"
)

// path is the template with labels, escaped as SDKs escape them.
func path(uri string) string {
	var parts []string
	for e := range strings.SplitSeq(uri, "/") {
		if name, ok := strings.CutPrefix(e, "{"); ok {
			e = url.PathEscape(strings.TrimSuffix(name, "}") + "-label")
		}
		parts = append(parts, e)
	}
	return strings.Join(parts, "/")
}

// send sends a request to a handler whose callers are all known.
func send(t *testing.T, ops []awswire.Operation, method, path, body string) (*http.Response, string) {
	t.Helper()
	h, err := awswire.NewHandler(awswire.Config{
		Operations: ops,
		Verify: func(*http.Request, []byte) (awswire.Identity, error) {
			return awswire.Identity{AccessKey: "AKIDEXAMPLE"}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "http://127.0.0.1:4500/", strings.NewReader(body))
	r.RequestURI = path
	h.ServeHTTP(w, r)
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(b)
}

// TestErrorBytes sends every operation through its route and compares the bytes
// of the four modelled errors, and of an answer.
func TestErrorBytes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err          error
		status       int
		code, answer string
	}{
		{errs.E(errs.Conflict, "exists"), 400, "BadRequestException", `{"message":"exists"}`},
		{errs.Missing("App", "gone"), 404, "NotFoundException", `{"message":"gone","resourceType":"App"}`},
		{&errs.Error{Kind: errs.TooMany, Resource: "RequestRate", Message: "many"}, 429, "TooManyRequestsException", `{"message":"many","limitType":"RequestRate"}`},
		{errs.E(errs.Timeout, "slow"), 504, "GatewayTimeoutException", `{"message":"slow"}`},
	}
	for i, op := range amplifybackend.Operations(amplifybackend.Unavailable{}) {
		facts := readFacts(t)[op.Name]
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			ops := amplifybackend.Operations(amplifybackend.Unavailable{})
			body := string(text(t, facts.Input.value(false)))
			for _, tt := range tests {
				called := ""
				for j := range ops {
					ops[j].Call = func(context.Context, any) (any, error) {
						called = ops[j].Name
						return nil, tt.err
					}
				}
				got, b := send(t, ops, facts.Method, path(facts.URI), body)
				if called != ops[i].Name {
					t.Fatalf("%s %s calls %q", facts.Method, path(facts.URI), called)
				}
				if got.StatusCode != tt.status || b != tt.answer || got.Header.Get("x-amzn-ErrorType") != tt.code {
					t.Errorf("status %d, %s: %s; want %d, %s: %s", got.StatusCode, got.Header.Get("x-amzn-ErrorType"), b, tt.status, tt.code, tt.answer)
				}
				if !slices.Contains(facts.Errors, tt.code) {
					t.Errorf("%s is not modelled", tt.code)
				}
			}
			got, b := send(t, amplifybackend.Operations(amplifybackend.Unavailable{}), facts.Method, path(facts.URI), body)
			if want := `{"message":"` + op.Name + ` is not available in this version"}`; got.StatusCode != 400 || b != want {
				t.Errorf("status %d: %s, want %s", got.StatusCode, b, want)
			}
		})
	}
}

// TestEmptyLabels sends every operation with each of its labels empty, as an SDK
// does that was given an empty text.
func TestEmptyLabels(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		ops := amplifybackend.Operations(amplifybackend.Unavailable{})
		for _, label := range labels(f.URI) {
			p := strings.Replace(path(f.URI), label, "", 1)
			got, b := send(t, ops, f.Method, p, string(text(t, f.Input.value(false))))
			want := `{"message":"Value at '` + strings.TrimSuffix(label, "-label") + `' in the path must not be empty"}`
			if got.StatusCode != 400 || b != want {
				t.Errorf("%s: status %d: %s, want %s", p, got.StatusCode, b, want)
			}
		}
	})
}

// TestRoutePositions: names of environments and apps that are literals elsewhere
// lead where their position says.
func TestRoutePositions(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, path, want string }{
		{"POST", "/backend/remove/remove", "RemoveAllBackends"},
		{"POST", "/backend/details/details", "GetBackend"},
		{"POST", "/backend/a/auth/remove", "UpdateBackendAuth"},
		{"POST", "/backend/a/auth/import", "UpdateBackendAuth"},
		{"POST", "/backend/a/auth/remove/remove", "DeleteBackendAuth"},
		{"POST", "/backend/a/auth/details/import", "ImportBackendAuth"},
		{"POST", "/backend/a/api/generateModels", "UpdateBackendAPI"},
		{"POST", "/backend/a/api/api/getModels", "GetBackendAPIModels"},
		{"POST", "/backend/a/storage/remove/details", "GetBackendStorage"},
		{"POST", "/backend/a/environments/clone/clone", "CloneBackend"},
		{"POST", "/backend/a/environments/remove/remove", "DeleteBackend"},
		{"POST", "/backend/a/config/remove", "RemoveBackendConfig"},
		{"POST", "/backend/config/config", "CreateBackendConfig"},
		{"POST", "/backend/a/job/remove", "ListBackendJobs"},
		{"GET", "/backend/a/job/dev/remove", "GetBackendJob"},
		{"POST", "/backend/a/job/dev/remove", "UpdateBackendJob"},
		{"GET", "/backend/a/challenge/remove", "GetToken"},
		{"POST", "/backend/a/challenge/remove/remove", "DeleteToken"},
		{"POST", "/s3Buckets", "ListS3Buckets"},
		{"POST", "/backend/a/challenge/remove", ""},
		{"GET", "/backend", ""},
		{"POST", "/backend/a", ""},
		{"POST", "/s3buckets", ""},
		{"POST", "/prod/backend", ""},
	}
	routes, err := awswire.NewRoutes(amplifybackend.Operations(amplifybackend.Unavailable{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			name := ""
			if m := routes.Match(tt.method, tt.path); m.Operation != nil {
				name = m.Operation.Name
			}
			if name != tt.want {
				t.Errorf("is %q, want %q", name, tt.want)
			}
		})
	}
}
