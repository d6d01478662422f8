package wire_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"preamp/test/harness"
)

// errorCase is a request and the error that it must meet.
type errorCase struct {
	name    string
	method  string // POST if empty
	path    string
	header  http.Header
	body    string
	change  func(*http.Request) // after signing
	unsign  bool
	status  int
	code    string // x-amzn-ErrorType
	message string // regular expression
}

func (c errorCase) run(t *testing.T, client *harness.Client) {
	t.Helper()
	method := c.method
	if method == "" {
		method = "POST"
	}
	r, err := harness.NewRequest(t.Context(), method, client.URL+c.path, []byte(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.header != nil {
		r.Header = c.header.Clone()
	}
	if !c.unsign {
		client.Signer.Sign(r, []byte(c.body))
	}
	if c.change != nil {
		c.change(r)
	}
	a := client.Send(r)
	if a.Err != nil {
		t.Fatal(a.Err)
	}
	if a.Status != c.status || (c.code != "" && a.Header.Get("X-Amzn-Errortype") != c.code) {
		t.Errorf("got %v\nwant %d %s", a, c.status, c.code)
	}
	if !regexp.MustCompile(c.message).MatchString(a.Text("message")) {
		t.Errorf("message %q does not match %q", a.Text("message"), c.message)
	}
	checkHeaders(t, a)
}

const (
	badRequest = "BadRequestException"
	notFound   = "NotFoundException"
	missing    = "MissingAuthenticationTokenException"
	incomplete = "IncompleteSignatureException"
	signature  = "InvalidSignatureException"
)

func TestRefused(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	const (
		backend = "/backend"
		details = "/backend/wire/details"
		api     = "/backend/wire/api"
	)
	withHeader := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	for _, c := range []errorCase{
		// The path.
		{name: "empty app label", path: "/backend//details", body: `{}`, status: 400, code: badRequest, message: "(?i)appId"},
		{name: "empty environment label", path: "/backend/wire/environments//remove", status: 400, code: badRequest, message: "(?i)backendEnvironmentName"},
		{name: "empty last label", method: "GET", path: "/backend/wire/job/dev/", status: 400, code: badRequest, message: "(?i)jobId"},
		{name: "slash inside a label", path: "/backend/wire%2Fx/details", body: `{}`, status: 400, code: badRequest, message: "wire/x"},
		{name: "slash inside the last label", method: "GET", path: "/backend/wire/job/dev/a%2Fb", status: 404, code: notFound, message: "a/b"},
		{name: "escaped dots are a label", path: "/backend/wire/api/%2E%2E/details", body: `{"resourceName":"x"}`, status: 400, message: "."},
		{name: "dot segments", path: "/backend/wire/../wire/details", body: `{}`, status: 400, message: "."},
		{name: "unknown route, unsigned", path: "/backend/wire/nothing/here", unsign: true, status: 403, code: missing, message: "^Missing Authentication Token$"},
		{name: "case of a literal", path: "/backend/wire/Details", body: `{}`, unsign: true, status: 403, code: missing, message: "."},

		// The body.
		{name: "no body where members are required", path: backend, status: 400, code: badRequest, message: "appId"},
		{name: "null where members are required", path: backend, body: `null`, status: 400, code: badRequest, message: "appId"},
		{name: "null for a required member", path: backend, body: `{"appId":"x","appName":null,"backendEnvironmentName":"dev"}`, status: 400, code: badRequest, message: "appName"},
		{name: "not JSON", path: details, body: `backendEnvironmentName=dev`, status: 400, code: badRequest, message: "."},
		{name: "a list", path: details, body: `["dev"]`, status: 400, code: badRequest, message: "."},
		{name: "a string", path: details, body: `"dev"`, status: 400, code: badRequest, message: "."},
		{name: "cut off", path: details, body: `{"backendEnvironmentName":"dev"`, status: 400, code: badRequest, message: "."},
		{name: "two values", path: details, body: `{} {}`, status: 400, code: badRequest, message: "."},
		{name: "trailing text", path: details, body: `{}x`, status: 400, code: badRequest, message: "."},
		{name: "duplicate member", path: details, body: `{"backendEnvironmentName":"dev","backendEnvironmentName":"prod"}`, status: 400, code: badRequest, message: "backendEnvironmentName"},
		{
			name: "duplicate member inside", path: api, status: 400, code: badRequest, message: "transformSchema",
			body: `{"backendEnvironmentName":"dev","resourceName":"shop","resourceConfig":{"transformSchema":"a","transformSchema":"b"}}`,
		},
		// Go's own decoder would match these without regard to case: AppSync's
		// cross-tenant flaw of 2022.
		{name: "member in another case", path: details, body: `{"BackendEnvironmentName":"dev"}`, status: 400, code: badRequest, message: "BackendEnvironmentName"},
		{
			name: "member in another case inside", path: api, status: 400, code: badRequest, message: "TransformSchema",
			body: `{"backendEnvironmentName":"dev","resourceName":"shop","resourceConfig":{"TransformSchema":"a"}}`,
		},
		{name: "too deep", path: details, body: deep, status: 400, code: badRequest, message: "."},
		{name: "too large", path: details, body: `{"backendEnvironmentName":"` + strings.Repeat("x", 1<<20) + `"}`, status: 413, message: "."},
		{name: "number out of range", path: "/backend/wire/job/dev", body: `{"maxResults":99999999999999999999}`, status: 400, code: badRequest, message: "maxResults"},
		{name: "string for a structure", path: api, body: `{"backendEnvironmentName":"dev","resourceName":"shop","resourceConfig":"x"}`, status: 400, code: badRequest, message: "resourceConfig"},
		{name: "structure for a list", path: api, body: `{"backendEnvironmentName":"dev","resourceName":"shop","resourceConfig":{"additionalAuthTypes":{}}}`, status: 400, code: badRequest, message: "additionalAuthTypes"},
		{
			name: "string for a number", path: api, status: 400, code: badRequest, message: "expirationTime",
			body: `{"backendEnvironmentName":"dev","resourceName":"shop","resourceConfig":{"defaultAuthType":{"mode":"API_KEY","settings":{"expirationTime":"30"}}}}`,
		},
		{name: "string for a boolean", path: "/backend/wire/remove", body: `{"cleanAmplifyApp":"true"}`, status: 400, code: badRequest, message: "cleanAmplifyApp"},
		{name: "number for a string", path: backend, body: `{"appId":7,"appName":"x","backendEnvironmentName":"dev"}`, status: 400, code: badRequest, message: "appId"},
		{name: "fraction", path: "/backend/wire/job/dev", body: `{"maxResults":1.5}`, status: 400, code: badRequest, message: "maxResults"},

		// The signature.
		{name: "unsigned", path: details, body: `{}`, unsign: true, status: 403, code: missing, message: "^Missing Authentication Token$"},
		{name: "bearer", path: details, body: `{}`, unsign: true, change: withHeader("Authorization", "Bearer x"), status: 403, message: "."},
		{name: "no signature part", path: details, body: `{}`, change: withHeader("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host"), status: 403, code: incomplete, message: "."},
		{name: "no date", path: details, body: `{}`, change: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, status: 403, message: "."},
		{name: "another body", path: details, body: `{}`, change: func(r *http.Request) {
			other := `{"backendEnvironmentName":"dev"}`
			r.Body, r.ContentLength = http.NoBody, 0
			n, _ := http.NewRequest("POST", r.URL.String(), strings.NewReader(other))
			r.Body, r.ContentLength, r.GetBody = n.Body, n.ContentLength, n.GetBody
		}, status: 403, code: signature, message: "."},
		{name: "another path", path: details, body: `{}`, change: func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/backend/other/details", "" }, status: 403, code: signature, message: "."},
		{name: "another host", path: details, body: `{}`, change: func(r *http.Request) { r.Host = "example.com" }, status: 403, code: signature, message: "."},
		{name: "a query that was not signed", path: details, body: `{}`, change: func(r *http.Request) { r.URL.RawQuery = "x=y" }, status: 403, code: signature, message: "."},
		{name: "an x-amz- header that was not signed", path: details, body: `{}`, change: withHeader("X-Amz-Acl", "x"), status: 403, message: "."},
		{name: "a content hash that is not the body's", path: details, body: `{}`, change: withHeader("X-Amz-Content-Sha256", strings.Repeat("0", 64)), status: 403, message: "."},
		{name: "UNSIGNED-PAYLOAD", path: details, body: `{}`, change: withHeader("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), status: 403, message: "."},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, client) })
	}

	t.Run("nothing was written", func(t *testing.T) {
		jobs := client.Must(t, "ListBackendJobs", harness.M{"appId": "wire", "backendEnvironmentName": "dev"})["jobs"].([]any)
		if len(jobs) != 1 {
			t.Errorf("%d jobs, want only that of the fixture", len(jobs))
		}
	})
}
