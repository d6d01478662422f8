package httpx_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/uuid"

	"preamp/internal/authn"
	"preamp/internal/httpx"
)

// says answers with a name and the raw path it saw.
func says(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, name+" "+httpx.RawPath(r))
	})
}

func newFront(c httpx.FrontConfig) *httpx.Front {
	if c.ControlPlane == nil {
		c.ControlPlane = says("control")
	}
	f := httpx.NewFront(c)
	f.Handle("POST /api/{apiId}/graphql", says("graphql"))
	f.Handle("GET /healthz", says("health"))
	f.Handle("GET /_preamp/status", says("status"))
	return f
}

// request makes what a server would hand to its handler.
func request(method, target string) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	r.RequestURI = target
	u, err := r.URL.Parse("http://h/")
	if err != nil {
		panic(err)
	}
	path, query, _ := strings.Cut(target, "?")
	u.Path, u.RawQuery = path, query
	r.URL = u
	return r
}

func TestFrontDispatch(t *testing.T) {
	t.Parallel()
	const credential = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260115/us-east-1/%s/aws4_request, SignedHeaders=host, Signature=00"
	scope := func(service string) http.Header {
		return http.Header{"Authorization": {strings.Replace(credential, "%s", service, 1)}}
	}
	asks := func(headers ...string) http.Header { return http.Header{"Access-Control-Request-Headers": headers} }
	tests := []struct {
		name, method, target string
		header               http.Header
		seams                bool // Target and S3 are there
		want                 string
		status               int
	}{
		{name: "operation", method: "POST", target: "/backend/d1/details", want: "control /backend/d1/details"},
		{name: "empty label is not cleaned", method: "POST", target: "/backend//details", want: "control /backend//details"},
		{name: "dot segments are not cleaned", method: "POST", target: "/backend/../x/./y", want: "control /backend/../x/./y"},
		{name: "escapes stay", method: "POST", target: "/backend/a%2Fb%20c/challenge", want: "control /backend/a%2Fb%20c/challenge"},
		{name: "bare", method: "POST", target: "/backend", want: "control /backend"},
		{name: "query is not part of the path", method: "GET", target: "/backend/d/job/e/j?X-Amz-Signature=1", want: "control /backend/d/job/e/j"},
		{name: "buckets", method: "POST", target: "/s3Buckets", want: "control /s3Buckets"},
		{name: "absolute form", method: "POST", target: "http://h:1/backend/d", want: "control /backend/d"},
		{name: "another word", method: "POST", target: "/backendish", want: "404 page not found\n", status: 404},
		{name: "case matters", method: "POST", target: "/Backend/x", want: "404 page not found\n", status: 404},
		{name: "scope on another path", method: "POST", target: "/prod//x", header: scope("amplifybackend"), want: "control /prod//x"},
		{name: "scope in the query", method: "GET", target: "/x?X-Amz-Credential=K%2F20260115%2Fus-east-1%2Famplifybackend%2Faws4_request", want: "control /x"},
		{name: "region with slashes", method: "POST", target: "/x", header: scope("localhost:4500/#/amplifybackend"), want: "control /x"},
		{name: "another scope", method: "POST", target: "/api/a/graphql", header: scope("appsync"), want: "graphql /api/a/graphql"},
		// A signer with the wrong service: the API says so, the control plane has no such operation.
		{name: "scope of the control plane", method: "POST", target: "/api/a/graphql", header: scope("amplifybackend"), want: "graphql /api/a/graphql"},
		{name: "scope without end", method: "POST", target: "/x", header: http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=K/amplifybackend"}}, want: "404 page not found\n", status: 404},
		{name: "graphql", method: "POST", target: "/api/abc/graphql", want: "graphql /api/abc/graphql"},
		{name: "target without its surface", method: "POST", target: "/api/abc/graphql", header: http.Header{"X-Amz-Target": {"A.B"}}, want: "graphql /api/abc/graphql"},
		{name: "target", method: "POST", target: "/any//path", header: http.Header{"X-Amz-Target": {"A.B"}}, seams: true, want: "target /any//path"},
		{name: "target below another surface", method: "POST", target: "/backend/x", header: http.Header{"X-Amz-Target": {"A.B"}}, seams: true, want: "target /backend/x"},
		{name: "preflight of a target", method: "OPTIONS", target: "/cognito-idp/", header: asks("content-type,x-amz-target"), seams: true, want: "target /cognito-idp/"},
		{name: "preflight of a target, spelled otherwise", method: "OPTIONS", target: "/", header: asks("a", " X-Amz-Target "), seams: true, want: "target /"},
		{name: "preflight of something else", method: "OPTIONS", target: "/x", header: asks("x-amz-target-other"), seams: true, want: "404 page not found\n", status: 404},
		{name: "what a preflight asks is no target", method: "POST", target: "/x", header: asks("x-amz-target"), seams: true, want: "404 page not found\n", status: 404},
		{name: "s3 scope", method: "GET", target: "/backend2//../k", header: scope("s3"), seams: true, want: "s3 /backend2//../k"},
		{name: "s3 scope without its surface", method: "GET", target: "/k", header: scope("s3"), want: "404 page not found\n", status: 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := httpx.FrontConfig{}
			if tt.seams {
				c.Target, c.S3 = says("target"), says("s3")
			}
			r := request(tt.method, tt.target)
			r.Header = tt.header
			if r.Header == nil {
				r.Header = http.Header{}
			}
			w := httptest.NewRecorder()
			newFront(c).ServeHTTP(w, r)
			if tt.status == 0 {
				tt.status = 200
			}
			if w.Body.String() != tt.want || w.Code != tt.status {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body.String(), tt.status, tt.want)
			}
		})
	}
}

func TestFrontOverANetwork(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(newFront(httpx.FrontConfig{}))
	defer s.Close()
	resp := do(t, s, "POST", "/backend//details", nil)
	if _, err := uuid.Parse(resp.Header.Get("x-amzn-RequestId")); err != nil || resp.Header.Get("Date") == "" {
		t.Errorf("headers %v", resp.Header)
	}
	if body(t, resp) != "control /backend//details" {
		t.Error("the path was changed")
	}
	if resp := do(t, s, "GET", "/nowhere", nil); resp.StatusCode != 404 || resp.Header.Get("x-amzn-RequestId") == "" || resp.Header.Get("Date") == "" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

func do(t *testing.T, s *httptest.Server, method, path string, header http.Header) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCORS(t *testing.T) {
	t.Parallel()
	f := newFront(httpx.FrontConfig{ControlPlane: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			t.Error("a preflight reached the operations")
		}
	})})
	for _, target := range []string{"/backend", "/backend/d//job", "/s3Buckets"} {
		r := request("OPTIONS", target)
		r.Header.Set("Origin", "https://app.test")
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		h := w.Header()
		if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "amz-sdk-invocation-id") || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") {
			t.Errorf("%s: %d %v", target, w.Code, h)
		}
	}
	r := request("POST", "/backend/d/details")
	r.Header.Set("Origin", "https://app.test")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	if h := w.Header(); h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Expose-Headers") != "x-amzn-RequestId, x-amzn-ErrorType, Date" {
		t.Errorf("%v", h)
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var seen []httpx.Access
	f := newFront(httpx.FrontConfig{
		Logger:  slog.New(httpx.LogHandler(slog.NewJSONHandler(&out, nil))),
		Observe: func(a httpx.Access) { seen = append(seen, a) },
	})
	r := request("POST", "/api/abc/graphql?X-Amz-Signature=sesame&token=sesame")
	r.Header.Set("Authorization", "Bearer sesame")
	r.Header.Set("X-Api-Key", "da2-sesame")
	r.RemoteAddr = "192.0.2.7:1234"
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	if strings.Contains(out.String(), "sesame") {
		t.Errorf("a secret is in the log: %s", out.String())
	}
	var line struct {
		Msg, Method, Path, Peer string
		RequestID               string `json:"request_id"`
		Status, Bytes           int
		Duration                float64 `json:"duration_ms"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.Msg != "request" || line.Method != "POST" || line.Path != "/api/abc/graphql" || line.Status != 200 ||
		line.Bytes != w.Body.Len() || line.Duration < 0 || line.Peer != "192.0.2.7" || line.RequestID != w.Header().Get("x-amzn-RequestId") {
		t.Errorf("%+v", line)
	}
	if !strings.Contains(out.String(), `"duration_ms":`) {
		t.Error("no duration")
	}
	f.ServeHTTP(httptest.NewRecorder(), request("POST", "/backend/d1/details"))
	f.ServeHTTP(httptest.NewRecorder(), request("GET", "/"+strings.Repeat("x", 5000)))
	routes := []string{"POST /api/{apiId}/graphql", "control plane", "none"}
	for i, want := range routes {
		if seen[i].Route != want {
			t.Errorf("route %q, want %q", seen[i].Route, want)
		}
	}
	if seen[2].Status != 404 {
		t.Errorf("status %d", seen[2].Status)
	}
	for l := range strings.Lines(out.String()) {
		if len(l) > 700 {
			t.Errorf("a log line of %d bytes", len(l))
		}
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	f := newFront(httpx.FrontConfig{Logger: slog.New(httpx.LogHandler(slog.NewTextHandler(&out, nil)))})
	f.Handle("/early", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("cause 1") }))
	f.Handle("/late", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"half":`)
		panic("cause 2")
	}))
	w := httptest.NewRecorder()
	f.ServeHTTP(w, request("GET", "/early"))
	if w.Code != 500 || w.Body.String() != `{"message":"internal error"}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body.String())
	}
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler {
				t.Errorf("recovered %v: half an answer would look like a whole one", v)
			}
		}()
		f.ServeHTTP(httptest.NewRecorder(), request("GET", "/late"))
	}()
	if log := out.String(); !strings.Contains(log, "cause 1") || !strings.Contains(log, "cause 2") || strings.Count(log, "msg=request") != 2 || !strings.Contains(log, "front_test.go") {
		t.Errorf("log: %s", log)
	}
}

func TestPeer(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, remote string
		forwarded    []string
		trusted      []netip.Prefix
		want         string
	}{
		{"direct", "192.0.2.1:5", nil, trusted, "192.0.2.1"},
		{"header of a stranger is ignored", "192.0.2.1:5", []string{"198.51.100.1"}, trusted, "192.0.2.1"},
		{"nobody is trusted", "10.0.0.1:5", []string{"198.51.100.1"}, nil, "10.0.0.1"},
		{"one proxy", "10.0.0.1:5", []string{"198.51.100.1"}, trusted, "198.51.100.1"},
		{"two proxies", "10.0.0.1:5", []string{"198.51.100.1, 10.0.0.2"}, trusted, "198.51.100.1"},
		{"what the client claims is left of its address", "10.0.0.1:5", []string{"203.0.113.9, 198.51.100.1"}, trusted, "198.51.100.1"},
		{"several headers are one list", "10.0.0.1:5", []string{"203.0.113.9", "198.51.100.1"}, trusted, "198.51.100.1"},
		{"all are proxies", "10.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, trusted, "10.0.0.3"},
		{"nonsense ends the walk", "10.0.0.1:5", []string{"198.51.100.1, unknown, 10.0.0.2"}, trusted, "10.0.0.2"},
		{"no header", "10.0.0.1:5", nil, trusted, "10.0.0.1"},
		{"mapped address", "[::ffff:10.0.0.1]:5", []string{"198.51.100.1"}, trusted, "198.51.100.1"},
		{"ports and brackets", "[fd00::1]:5", []string{"[2001:db8::1]:77, 10.0.0.2:80"}, trusted, "2001:db8::1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got netip.Addr
			f := httpx.NewFront(httpx.FrontConfig{Trusted: tt.trusted, ControlPlane: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got, _ = httpx.Peer(r.Context())
			})})
			r := request("POST", "/backend")
			r.RemoteAddr = tt.remote
			r.Header["X-Forwarded-For"] = tt.forwarded
			f.ServeHTTP(httptest.NewRecorder(), r)
			if got.String() != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// A host that is somebody else's has all of its paths, but for operations that
// are named in a header.
func TestByHost(t *testing.T) {
	t.Parallel()
	answer := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	}
	f := newFront(httpx.FrontConfig{
		ControlPlane: answer("control"), Target: answer("target"),
		ByHost: func(host string) http.Handler {
			if host == "pool.test" {
				return answer("pool")
			}
			return nil
		},
	})
	f.Handle("/login", answer("mux"))
	for _, tc := range []struct{ name, host, path, target, want string }{
		{"its host", "pool.test", "/login", "", "pool"},
		{"its host, any path", "pool.test", "/a//b", "", "pool"},
		{"another host", "example.test", "/login", "", "mux"},
		{"named in a header", "pool.test", "/login", "Service.Operation", "target"},
	} {
		r := request("POST", tc.path)
		r.Host = tc.host
		if tc.target != "" {
			r.Header.Set("X-Amz-Target", tc.target)
		}
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if got := w.Body.String(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestRequireTLS(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	tests := []struct {
		name, target, remote string
		tls, forwardedTLS    bool
		status               int
		secure               bool
	}{
		{name: "in clear", target: "/backend", remote: "192.0.2.1:1", status: 403},
		{name: "in clear from this machine", target: "/backend", remote: "127.0.0.1:1", status: 403},
		{name: "over TLS", target: "/backend", remote: "192.0.2.1:1", tls: true, status: 200, secure: true},
		{name: "behind the proxy", target: "/backend", remote: "10.0.0.1:1", forwardedTLS: true, status: 200, secure: true},
		{name: "proxy that was reached in clear", target: "/backend", remote: "10.0.0.1:1", status: 200},
		{name: "claims TLS", target: "/backend", remote: "192.0.2.1:1", forwardedTLS: true, status: 403},
		{name: "health", target: "/healthz", remote: "192.0.2.1:1", status: 200},
		{name: "local command", target: "/_preamp/status", remote: "127.0.0.1:1", status: 200},
		{name: "local command from afar", target: "/_preamp/status", remote: "192.0.2.1:1", status: 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			secure := false
			f := newFront(httpx.FrontConfig{Trusted: trusted, RequireTLS: true, ControlPlane: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				secure = httpx.Secure(r.Context())
			})})
			method := "GET"
			r := request(method, tt.target)
			r.RemoteAddr = tt.remote
			if tt.tls {
				r.TLS = new(tls.ConnectionState)
			}
			if tt.forwardedTLS {
				r.Header.Set("X-Forwarded-Proto", "https")
			}
			w := httptest.NewRecorder()
			f.ServeHTTP(w, r)
			if w.Code != tt.status || secure != tt.secure {
				t.Errorf("%d secure %v, want %d %v", w.Code, secure, tt.status, tt.secure)
			}
		})
	}
}

func TestLogHandlerAddsTheCaller(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(httpx.LogHandler(slog.NewTextHandler(&out, nil))).With("a", 1)
	log.InfoContext(authn.NewContext(t.Context(), authn.Caller{ID: "AKID"}), "x")
	log.InfoContext(t.Context(), "y")
	want := "msg=x a=1 caller=AKID"
	if got := out.String(); !strings.Contains(got, want) || strings.Count(got, "caller") != 1 || strings.Contains(got, "request_id") {
		t.Errorf("%s", got)
	}
}

func FuzzScopeService(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=K/d/r/s/aws4_request, x")
	f.Add("AWS4-HMAC-SHA256 Credential=/aws4_request")
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", header)
		if s, ok := httpx.ScopeService(r); ok && (s == "" || strings.ContainsAny(s, "/, ")) {
			t.Errorf("service %q of %q", s, header)
		}
	})
}

func FuzzForwardedFor(f *testing.F) {
	f.Add("198.51.100.1, 10.0.0.2", "10.0.0.1:5")
	f.Add("[::1]:80,,unknown", "[fd00::1]:5")
	f.Fuzz(func(t *testing.T, header, remote string) {
		front := newFront(httpx.FrontConfig{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		r := request("GET", "/healthz")
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", header)
		front.ServeHTTP(httptest.NewRecorder(), r)
	})
}
