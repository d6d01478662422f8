package sigv4_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"preamp/internal/errs"
	"preamp/internal/sigv4"
)

func TestBody(t *testing.T) {
	t.Parallel()
	for _, r := range []*http.Request{signed(t, testTime, nil), presigned(t, testTime, time.Minute, nil)} {
		for _, other := range []string{"", body + " ", strings.ToUpper(body)} {
			_, err := verifier("amplifybackend").Verify(r, []byte(other))
			if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != invalid {
				t.Errorf("body %q: got %v", other, err)
			}
		}
	}
}

// TestDeclaredHash: a declared hash is part of what is signed, and must be true.
// No service but S3 takes an unsigned payload.
func TestDeclaredHash(t *testing.T) {
	t.Parallel()
	for _, declared := range []string{hash(body), hash("other"), "UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", strings.ToUpper(hash(body))} {
		r := unsigned(t)
		r.Header.Set("X-Amz-Content-Sha256", declared)
		sigv4.Sign(r, []byte(body), testKey, testSecret, "us-east-1", "amplifybackend", testTime)
		r.RequestURI = r.URL.RequestURI()
		if declared == hash(body) {
			check(t, r, "", "")
		} else {
			check(t, r, invalid, "does not match what was computed")
		}
	}
}

func TestS3Payload(t *testing.T) {
	t.Parallel()
	sign := func(declared string, query bool) *http.Request {
		r := unsigned(t)
		if query {
			sigv4.Presign(r, nil, testKey, testSecret, "us-east-1", "s3", testTime, time.Minute)
		} else {
			sigv4.Sign(r, []byte(body), testKey, testSecret, "us-east-1", "s3", testTime)
		}
		return received(r, func(r *http.Request) {
			if declared != "" {
				r.Header.Set("X-Amz-Content-Sha256", declared)
			}
		})
	}
	tests := []struct {
		name string
		r    *http.Request
		ok   bool
	}{
		{"presigned without a hash", sign("", true), true},
		{"declared hash", sign("", false), true},
		{"no hash", received(sign("", false), func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }), false},
		{"unsigned in clear", sign("UNSIGNED-PAYLOAD", false), false},
		{"chunks", sign("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", false), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := verifier("s3").Verify(tt.r, []byte(body)); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("unsigned over TLS is judged by its signature", func(t *testing.T) {
		t.Parallel()
		r := sign("UNSIGNED-PAYLOAD", false)
		r.TLS = &tls.ConnectionState{}
		_, err := verifier("s3").Verify(r, []byte(body))
		if e, ok := errors.AsType[*errs.Error](err); !ok || !strings.Contains(e.Message, mismatch) {
			t.Errorf("got %v", err)
		}
	})
}
