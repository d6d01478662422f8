package wire_test

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const todo = `type Todo @model @auth(rules: [{allow: public}]) { id: ID! title: String }`

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// fixture is a dev server with app "wire" and its environment "dev".
func fixture(t *testing.T) (*harness.Server, *harness.Client) {
	t.Helper()
	s := harness.Dev(t)
	c := s.Client()
	c.Job(t, "CreateBackend", harness.M{"appId": "wire", "appName": "Wire", "backendEnvironmentName": "dev"})
	return s, c
}

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

// checkHeaders wants what every answer carries.
func checkHeaders(t *testing.T, a harness.Answer) {
	t.Helper()
	if id := a.Header.Get("X-Amzn-Requestid"); !uuid.MatchString(id) {
		t.Errorf("x-amzn-RequestId is %q, want a UUID: %v", id, a)
	}
	if date, err := http.ParseTime(a.Header.Get("Date")); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("Date is %q: %v", a.Header.Get("Date"), err)
	}
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		t.Errorf("Content-Type is %q: %v", ct, a)
	}
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
		{name: "an x-amz- header that was not signed", path: details, body: `{}`, change: withHeader("X-Amz-Target", "x"), status: 403, message: "."},
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

func TestAccepted(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	const details = "/backend/wire/details"
	jsonType := http.Header{"Content-Type": {"application/json"}}
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		body               string
		member, want       string
	}{
		{name: "empty body", path: details, member: "appName", want: "Wire"},
		{name: "empty object", path: details, body: `{}`, header: jsonType, member: "appName", want: "Wire"},
		{name: "null", path: details, body: `null`, header: jsonType, member: "appName", want: "Wire"},
		{name: "no content type", path: details, body: `{"backendEnvironmentName":"dev"}`, member: "backendEnvironmentName", want: "dev"},
		{name: "spaces and lines", path: details, body: " {\n \"backendEnvironmentName\" : \"dev\" }\n", header: jsonType, member: "backendEnvironmentName", want: "dev"},
		{name: "escapes in JSON", path: details, body: `{"backend\u0045nvironmentName":"\u0064ev"}`, header: jsonType, member: "backendEnvironmentName", want: "dev"},
		{name: "unknown members", path: details, body: `{"backendEnvironmentName":"dev","later":{"x":[1]}}`, header: jsonType, member: "backendEnvironmentName", want: "dev"},
		{name: "null for an optional member", path: details, body: `{"backendEnvironmentName":null}`, header: jsonType, member: "appName", want: "Wire"},
		{name: "escaped letter in a label", path: "/backend/w%69re/details", body: `{}`, header: jsonType, member: "appName", want: "Wire"},
		{name: "members of the query do not count", path: details + "?backendEnvironmentName=dev", body: `{}`, header: jsonType, member: "backendEnvironmentName", want: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := client.Raw(t.Context(), "POST", c.path, c.header, []byte(c.body))
			if a.Err != nil || a.Status != 200 || a.Text(c.member) != c.want {
				t.Errorf("got %v, want %s %q", a, c.member, c.want)
			}
			checkHeaders(t, a)
			if a.Header.Get("X-Amzn-Errortype") != "" {
				t.Errorf("an answer of success names an error: %v", a.Header)
			}
		})
	}
}

// TestMembers compares the members of each answer with the model's: nothing
// missing, nothing more, absent members omitted and never null.
func TestMembers(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	at := harness.M{"appId": "wire", "backendEnvironmentName": "dev"}
	with := func(more harness.M) harness.M {
		m := harness.M{}
		for _, part := range []harness.M{at, more} {
			for k, v := range part {
				m[k] = v
			}
		}
		return m
	}
	app := harness.M{"appId": "wire"}
	api := with(harness.M{"resourceName": "shop"})
	job6 := []string{"appId", "backendEnvironmentName", "jobId", "operation", "status"}
	job4 := []string{"appId", "backendEnvironmentName", "jobId", "status"}
	job8 := append([]string{"createTime", "updateTime"}, job6...)
	token := []string{"appId", "challengeCode", "sessionId", "ttl"}
	sessionID := client.Must(t, "CreateToken", app)["sessionId"]
	session := harness.M{"appId": "wire", "sessionId": sessionID}
	first := client.Must(t, "ListBackendJobs", at)["jobs"].([]any)[0].(harness.M)["jobId"]

	for _, c := range []struct {
		op   string
		in   harness.M
		want []string
		job  bool
	}{
		{"GetBackend", app, []string{"appId", "appName", "backendEnvironmentList"}, false},
		{"CreateBackendAPI", with(harness.M{"resourceName": "shop", "resourceConfig": harness.M{"transformSchema": todo}}), job6, true},
		{"GetBackend", at, []string{"amplifyFeatureFlags", "amplifyMetaConfig", "appId", "appName", "backendEnvironmentList", "backendEnvironmentName"}, false},
		{"GetBackendAPI", api, []string{"appId", "backendEnvironmentName", "resourceConfig", "resourceName"}, false},
		{"UpdateBackendAPI", api, job6, true},
		{"GenerateBackendAPIModels", api, job6, true},
		{"GetBackendAPIModels", api, []string{"modelIntrospectionSchema", "models", "status"}, false},
		{"CloneBackend", with(harness.M{"targetEnvironmentName": "copy"}), job6, true},
		{"CreateBackendConfig", harness.M{"appId": "wire", "backendManagerAppId": "m"}, job4, true},
		{"UpdateBackendConfig", harness.M{"appId": "wire", "loginAuthConfig": harness.M{"aws_user_pools_id": "us-east-1_x"}}, []string{"appId", "backendManagerAppId", "loginAuthConfig"}, false},
		{"RemoveBackendConfig", app, nil, false},
		{"CreateToken", app, token, false},
		{"GetToken", session, token, false},
		{"DeleteToken", session, []string{"isSuccess"}, false},
		{"GetBackendJob", with(harness.M{"jobId": first}), job8, false},
		{"ListBackendJobs", at, []string{"jobs"}, false},
		{"ListBackendJobs", with(harness.M{"maxResults": 1}), []string{"jobs", "nextToken"}, false},
		{"DeleteBackendAPI", api, job6, true},
		{"DeleteBackend", at, job6, true},
		{"RemoveAllBackends", app, []string{"appId", "jobId", "operation", "status"}, true},
	} {
		t.Run(c.op, func(t *testing.T) {
			a := client.Call(t.Context(), c.op, c.in)
			if a.Err != nil || a.Status != 200 {
				t.Fatal(a)
			}
			checkHeaders(t, a)
			want := map[string]bool{}
			for _, m := range c.want {
				want[m] = true
			}
			got := map[string]bool{}
			for m, v := range a.Body {
				got[m] = v != nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			if !c.job {
				return
			}
			if a.Text("status") != "RUNNING" || !uuid.MatchString(a.Text("jobId")) {
				t.Errorf("got %v, want a RUNNING job", a)
			}
			done, err := client.WaitJob(t.Context(), "wire", "dev", a.Text("jobId"), harness.JobLimit)
			if err != nil || done["status"] != "COMPLETED" {
				t.Fatalf("job: %v %v", done, err)
			}
		})
	}
	// An empty list is there and is no null.
	a := client.Call(t.Context(), "ListBackendJobs", harness.M{"appId": "wire", "backendEnvironmentName": "dev", "status": "NONE"})
	if !bytes.Contains(a.Raw, []byte(`"jobs":[]`)) {
		t.Errorf("empty list: %v", a)
	}
}

// TestPreflight asks as a browser does before it calls: without a signature.
func TestPreflight(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	client := s.Client()
	const origin = "https://studio.example.com"
	for _, path := range []string{
		"/backend", "/backend/wire/details", "/backend/wire/api/dev/remove", "/backend/wire/job/dev/11111111-2222-4333-8444-555555555555",
		"/backend/wire/challenge", "/backend/wire/auth/dev", "/backend//details", "/s3Buckets",
	} {
		t.Run(path, func(t *testing.T) {
			r, err := harness.NewRequest(t.Context(), "OPTIONS", s.Status.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", "POST")
			r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,x-amz-date")
			a := client.Send(r)
			if a.Err != nil || a.Status != 200 && a.Status != 204 {
				t.Fatalf("preflight: %v", a)
			}
			allowed := strings.ToLower(a.Header.Get("Access-Control-Allow-Headers"))
			for _, h := range []string{
				"authorization", "content-type", "x-amz-date", "x-amz-security-token", "x-amz-user-agent",
				"x-amz-content-sha256", "amz-sdk-invocation-id", "amz-sdk-request",
			} {
				if !strings.Contains(allowed, h) {
					t.Errorf("header %s is not allowed: %s", h, allowed)
				}
			}
			if m := a.Header.Get("Access-Control-Allow-Methods"); !strings.Contains(m, "POST") || !strings.Contains(m, "GET") {
				t.Errorf("methods %q", m)
			}
			checkOrigin(t, a, origin)
		})
	}
	t.Run("answer", func(t *testing.T) {
		// The browser lets the page see an error, and the clock of the server, too.
		for _, sign := range []bool{true, false} {
			r, _ := harness.NewRequest(t.Context(), "POST", s.Status.URL+"/backend/nobody/details", nil)
			r.Header.Set("Origin", origin)
			if sign {
				client.Signer.Sign(r, nil)
			}
			a := client.Send(r)
			checkOrigin(t, a, origin)
			exposed := strings.ToLower(a.Header.Get("Access-Control-Expose-Headers"))
			for _, h := range []string{"x-amzn-requestid", "x-amzn-errortype", "date"} {
				if !strings.Contains(exposed, h) {
					t.Errorf("header %s is not exposed: %q", h, exposed)
				}
			}
		}
	})
}

func checkOrigin(t *testing.T, a harness.Answer, origin string) {
	t.Helper()
	allowed := a.Header.Get("Access-Control-Allow-Origin")
	if allowed != "*" && allowed != origin {
		t.Errorf("origin %q is not allowed: %q", origin, allowed)
	}
	if allowed == "*" && a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Error("wildcard together with credentials")
	}
}

// TestRepeatedCall sends attempts of one call: the same invocation id, as SDKs do.
func TestRepeatedCall(t *testing.T) {
	t.Parallel()
	s, client := fixture(t)
	const call = "7a3c2f10-5d9b-4c1e-8a77-0c6c5f1b2d3e"
	in := harness.M{"appId": "wire", "appName": "Wire", "backendEnvironmentName": "again"}

	first := client.CallAs(t.Context(), call, "CreateBackend", in)
	if first.Status != 200 {
		t.Fatal(first)
	}
	if _, err := client.WaitJob(t.Context(), "wire", "again", first.Text("jobId"), harness.JobLimit); err != nil {
		t.Fatal(err)
	}
	repeat := client.CallAs(t.Context(), call, "CreateBackend", in)
	if repeat.Status != 200 || repeat.Text("jobId") != first.Text("jobId") {
		t.Errorf("a repeat answers %v, want job %s", repeat, first.Text("jobId"))
	}
	for name, c := range map[string]struct {
		client *harness.Client
		call   string
		op     string
		in     harness.M
	}{
		"another call":     {client, "00000000-5d9b-4c1e-8a77-0c6c5f1b2d3e", "CreateBackend", in},
		"another body":     {client, call, "CreateBackend", harness.M{"appId": "wire", "appName": "Other", "backendEnvironmentName": "again"}},
		"another caller":   {otherKey(t, s), call, "CreateBackend", in},
		"another resource": {client, call, "CloneBackend", harness.M{"appId": "wire", "backendEnvironmentName": "dev", "targetEnvironmentName": "again"}},
	} {
		t.Run(name, func(t *testing.T) {
			// It is judged for itself: the environment exists.
			a := c.client.CallAs(t.Context(), c.call, c.op, c.in)
			if a.Status != 400 || a.Header.Get("X-Amzn-Errortype") != badRequest {
				t.Errorf("got %v, want 400 %s", a, badRequest)
			}
		})
	}

	t.Run("at the same time", func(t *testing.T) {
		in := harness.M{"appId": "wire", "appName": "Wire", "backendEnvironmentName": "racing"}
		answers := make([]harness.Answer, 8)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = client.CallAs(t.Context(), call+"-racing", "CreateBackend", in) })
		}
		wg.Wait()
		for _, a := range answers {
			if a.Status != 200 || a.Text("jobId") != answers[0].Text("jobId") {
				t.Errorf("got %v, want job %s for every attempt", a, answers[0].Text("jobId"))
			}
		}
	})
	t.Run("different calls for one name", func(t *testing.T) {
		in := harness.M{"appId": "wire", "appName": "Wire", "backendEnvironmentName": "contended"}
		made := make(chan string, 8)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if a := client.CallAs(t.Context(), fmt.Sprint(call, i), "CreateBackend", in); a.Status == 200 {
					made <- a.Text("jobId")
				} else if a.Status != 400 {
					t.Errorf("got %v, want 200 or 400", a)
				}
			})
		}
		wg.Wait()
		if len(made) != 1 {
			t.Errorf("%d of 8 calls made the environment, want 1", len(made))
		}
	})
}

// otherKey is a client with a second access key of the installation.
func otherKey(t *testing.T, s *harness.Server) *harness.Client {
	t.Helper()
	key, secret := s.NewKey(t, "second")
	return harness.NewClient(s.Status.URL, key, secret)
}

// TestPresignedBody sends a body along with a query signature.
func TestPresignedBody(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	const ct = "application/json"
	body := []byte(`{"backendEnvironmentName":"dev"}`)
	send := func(t *testing.T, path, contentType string, signed, sent []byte) harness.Answer {
		t.Helper()
		u, err := client.Signer.Presign("POST", client.URL+path, contentType, signed, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		r, err := harness.NewRequest(t.Context(), "POST", u, sent)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", ct)
		return client.Send(r)
	}
	const details = "/backend/wire/details"
	if a := send(t, details, ct, body, body); a.Status != 200 || a.Text("backendEnvironmentName") != "dev" {
		t.Errorf("a body that was signed: %v", a)
	}
	if a := send(t, details, ct, nil, body); a.Status != 403 {
		t.Errorf("a body that was not signed: %v, want 403", a)
	}
	// With a body the members come from there only.
	if a := send(t, details+"?backendEnvironmentName=dev", ct, []byte(`{}`), []byte(`{}`)); a.Status != 200 || a.Text("backendEnvironmentName") != "" {
		t.Errorf("member in the query beside a body: %v", a)
	}
	if a := send(t, details+"?backendEnvironmentName=dev&unknown=x", "", nil, nil); a.Status != 200 || a.Text("backendEnvironmentName") != "dev" {
		t.Errorf("member in the query: %v", a)
	}
	if a := send(t, "/backend/wire/remove?cleanAmplifyApp=maybe", ct, nil, nil); a.Status != 400 || !strings.Contains(a.Text("message"), "cleanAmplifyApp") {
		t.Errorf("a boolean that is none: %v", a)
	}
	if a := send(t, "/backend/wire/job/dev?maxResults=ten", ct, nil, nil); a.Status != 400 || !strings.Contains(a.Text("message"), "maxResults") {
		t.Errorf("a number that is none: %v", a)
	}
	if a := send(t, "/backend/wire/remove?cleanAmplifyApp=true", ct, nil, nil); a.Status != 200 {
		t.Errorf("a boolean in lower case: %v", a)
	}
}

// TestClock signs with clocks that are wrong, and for lives that are not allowed.
func TestClock(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	now := time.Now()
	for _, c := range []struct {
		name   string
		offset time.Duration
		life   time.Duration // presigned if not 0
		status int
		text   string
	}{
		{name: "4 minutes late", offset: -4 * time.Minute, status: 200},
		{name: "4 minutes early", offset: 4 * time.Minute, status: 200},
		{name: "6 minutes late", offset: -6 * time.Minute, status: 403, text: `^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$`},
		{name: "6 minutes early", offset: 6 * time.Minute, status: 403, text: `^Signature not yet current`},
		{name: "presigned for an hour, half an hour ago", offset: -30 * time.Minute, life: time.Hour, status: 200},
		{name: "presigned for an hour, two hours ago", offset: -2 * time.Hour, life: time.Hour, status: 403},
		{name: "presigned for the future", offset: 6 * time.Minute, life: time.Hour, status: 403},
		{name: "presigned for a week", life: 604800 * time.Second, status: 200},
		{name: "presigned for more than a week", life: 604801 * time.Second, status: 403},
		{name: "presigned for no time", life: time.Millisecond, status: 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			signer := client.Signer
			signer.Time = now.Add(c.offset)
			const path = "/backend/wire/details"
			var r *http.Request
			var err error
			if c.life == 0 {
				r, err = harness.NewRequest(t.Context(), "POST", client.URL+path, nil)
				signer.Sign(r, nil)
			} else {
				u, uerr := signer.Presign("POST", client.URL+path, "", nil, c.life)
				if uerr != nil {
					t.Fatal(uerr)
				}
				r, err = harness.NewRequest(t.Context(), "POST", u, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			a := client.Send(r)
			if a.Status != c.status || !regexp.MustCompile(c.text).MatchString(a.Text("message")) {
				t.Errorf("got %v, want %d %s", a, c.status, c.text)
			}
			checkHeaders(t, a)
		})
	}
}
