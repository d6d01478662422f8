package sigv4_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"preamp/internal/errs"
	"preamp/internal/sigv4"
)

// judge asserts that a request which was not signed with the key is refused
// with an error for the client.
func judge(t *testing.T, r *http.Request) {
	t.Helper()
	id, err := verifier("amplifybackend").Verify(r, []byte(body))
	if err == nil {
		t.Fatalf("accepted as %+v", id)
	}
	if k := errs.KindOf(err); k != errs.Unauthenticated && k != errs.Invalid {
		t.Fatalf("error of kind %s: %v", k, err)
	}
}

// FuzzAuthorization feeds any Authorization header. It may pass only if it is
// the right one, up to blanks around its parts.
func FuzzAuthorization(f *testing.F) {
	right := signed(f, testTime, nil).Header.Get("Authorization")
	f.Add(right)
	f.Add("")
	f.Add("AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=;, Signature==")
	f.Add(strings.Replace(right, "us-east-1", "preamp.test:4500/#", 1))
	f.Add(strings.Replace(right, "host;", "", 1))
	f.Add(strings.ReplaceAll(right, ", ", ","))
	// Signature=.., Credential=..: the order is free.
	plain := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	f.Fuzz(func(t *testing.T, header string) {
		r := signed(t, testTime, func(r *http.Request) { r.Header["Authorization"] = []string{header} })
		_, err := verifier("amplifybackend").Verify(r, []byte(body))
		if err == nil {
			for part := range strings.SplitSeq(strings.TrimPrefix(plain(right), "AWS4-HMAC-SHA256"), ",") {
				if !strings.Contains(plain(header), part) {
					t.Fatalf("%q passes without %q", header, part)
				}
			}
			return
		}
		judge(t, r)
	})
}

// FuzzQuery feeds any query to a request without a header signature. The right
// one is presigned with a key that the verifier does not have.
func FuzzQuery(f *testing.F) {
	r := unsigned(f)
	sigv4.Presign(r, []byte(body), testKey, "another secret", "us-east-1", "amplifybackend", testTime, time.Hour)
	f.Add(r.URL.RawQuery)
	f.Add(strings.ToLower(r.URL.RawQuery))
	f.Add(r.URL.RawQuery + "&" + r.URL.RawQuery)
	f.Add("&&=&a=%&X-Amz-Signature")
	f.Add("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=99999999999999999999")
	f.Fuzz(func(t *testing.T, query string) {
		judge(t, received(unsigned(t), func(r *http.Request) { r.RequestURI = target + "?" + query }))
	})
}

// FuzzSign signs any path, query and header and verifies what it signed.
func FuzzSign(f *testing.F) {
	f.Add("/backend/a%20b%2Fc/challenge", "a=1&b=%2B+&a=0", " x  y ")
	f.Add("//", "", "")
	f.Add("/%", "%zz", "\t")
	f.Fuzz(func(t *testing.T, path, query, value string) {
		if strings.ContainsAny(path, "?#") || !strings.HasPrefix(path, "/") {
			return
		}
		r := unsigned(t)
		r.RequestURI = path + "?" + query
		r.Header.Set("X-Amz-Meta", value)
		sigv4.Sign(r, []byte(body), testKey, testSecret, "us-east-1", "amplifybackend", testTime)
		_, err := verifier("amplifybackend").Verify(r, []byte(body))
		switch k := errs.KindOf(err); {
		case err == nil, k == errs.Invalid:
		case strings.Contains(query, "mz-"):
			// It holds a signature of its own.
		default:
			t.Fatalf("%s?%s with %q is refused: %v", path, query, value, err)
		}
	})
}
