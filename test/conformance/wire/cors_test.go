package wire_test

import (
	"strings"
	"testing"

	"preamp/test/harness"
)

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
