package sigv4_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"preamp/internal/errs"
	"preamp/internal/sigv4"
)

const (
	target = "/backend/d1a2b3c4d5e6f7/details"
	body   = `{"backendEnvironmentName":"dev"}`
)

// signed is a request that a server got, signed at a time with the test key.
func signed(t testing.TB, at time.Time, change func(*http.Request)) *http.Request {
	t.Helper()
	r := unsigned(t)
	sigv4.Sign(r, []byte(body), testKey, testSecret, "us-east-1", "amplifybackend", at)
	return received(r, change)
}

// presigned is the same with the signature in the query.
func presigned(t testing.TB, at time.Time, expires time.Duration, change func(*http.Request)) *http.Request {
	t.Helper()
	r := unsigned(t)
	sigv4.Presign(r, []byte(body), testKey, testSecret, "us-east-1", "amplifybackend", at, expires)
	return received(r, change)
}

func unsigned(t testing.TB) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://127.0.0.1:8080"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}

// received turns a request that was made into one that came in.
func received(r *http.Request, change func(*http.Request)) *http.Request {
	r.RequestURI = r.URL.RequestURI()
	if change != nil {
		change(r)
	}
	return r
}

// replace edits the Authorization header.
func replace(old, with string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
	}
}

// replaceTarget edits the target.
func replaceTarget(old, with string) func(*http.Request) {
	return func(r *http.Request) { r.RequestURI = strings.Replace(r.RequestURI, old, with, 1) }
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func add(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

const (
	missing      = "MissingAuthenticationTokenException"
	incomplete   = "IncompleteSignatureException"
	unrecognized = "UnrecognizedClientException"
	invalid      = "InvalidSignatureException"
	mismatch     = "The request signature we calculated does not match"
)

// check asserts what Verify answers: an error code, empty for success.
func check(t *testing.T, r *http.Request, code, message string) {
	t.Helper()
	_, err := verifier("amplifybackend").Verify(r, []byte(body))
	if code == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		t.Fatalf("error is %T: %v", err, err)
	}
	if e.Kind != errs.Unauthenticated || e.Code != code || !strings.Contains(e.Message, message) {
		t.Errorf("got %s %s %q, want %s %q", e.Kind, e.Code, e.Message, code, message)
	}
}

func TestHeaderForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(*http.Request)
		code    string
		message string
	}{
		{"as signed", nil, "", ""},
		{"no signature", func(r *http.Request) { r.Header.Del("Authorization") }, missing, "Missing Authentication Token"},
		{"header not signed", set("User-Agent", "x"), "", ""},
		{"bearer token", set("Authorization", "Bearer x"), incomplete, "AWS4-HMAC-SHA256"},
		{"other algorithm", replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), incomplete, "AWS4-HMAC-SHA256"},
		{"two authorization headers", add("Authorization", "x"), incomplete, "more than one"},
		{"both forms", func(r *http.Request) { r.RequestURI += "?X-Amz-Signature=x" }, incomplete, "Only one"},
		{"no credential", replace("Credential=", "Credentials="), incomplete, "unknown parameter"},
		{"empty signature", func(r *http.Request) { cutAfter(r, "Signature=") }, incomplete, "requires 'Signature'"},
		{"no signed headers", replace("SignedHeaders=content-type;host;x-amz-date, ", ""), incomplete, "requires 'SignedHeaders'"},
		{"parameter twice", replace("Signature=", "Signature=x, Signature="), incomplete, "more than one 'Signature'"},
		{"no equal sign", replace("Signature=", "Signature"), incomplete, "equal-sign"},
		{"short credential", replace("/amplifybackend", ""), incomplete, "at least 5"},
		{"empty key", replace("="+testKey, "="), incomplete, "empty elements"},
		{"empty region", replace("us-east-1", ""), incomplete, "empty elements"},
		{"other terminator", replace("aws4_request", "aws5_request"), invalid, "terminator"},
		{"other service", replace("/amplifybackend/", "/s3/"), invalid, "correct service: 'amplifybackend'"},
		{"other region", replace("us-east-1", "eu-west-1"), invalid, mismatch},
		{"slash in region", replace("us-east-1", "us-east-1/x"), invalid, mismatch},
		{"other key", replace(testKey, "AKIDOTHER"), unrecognized, "The security token included in the request is invalid."},
		{"temporary key without token", replace(testKey, "ASIAEXAMPLE"), unrecognized, "invalid."},
		{"scope of another day", replace("/20260115/", "/20260114/"), invalid, "Date in Credential scope does not match"},
		{"no date", func(r *http.Request) { r.Header.Del("X-Amz-Date") }, incomplete, "'X-Amz-Date' or a 'Date'"},
		{"two dates", add("X-Amz-Date", "20260115T120000Z"), incomplete, "more than one 'X-Amz-Date'"},
		{"malformed date", set("X-Amz-Date", "2026-01-15T12:00:00Z"), incomplete, "ISO-8601 'basic format'"},
		{"impossible date", set("X-Amz-Date", "20260115T256000Z"), incomplete, "ISO-8601 'basic format'"},
		{"unsigned date", func(r *http.Request) {
			r.Header.Del("X-Amz-Date")
			r.Header.Set("Date", testTime.Format(http.TimeFormat))
		}, incomplete, "'Date' must be a 'SignedHeader'"},
		{"host not signed", replace(";host", ""), incomplete, "'Host'"},
		{"unsigned x-amz header", set("X-Amz-Target", "x"), incomplete, "'x-amz-target' must be a 'SignedHeader'"},
		{"unsigned session token", set("X-Amz-Security-Token", "x"), incomplete, "'x-amz-security-token' must be a 'SignedHeader'"},
		{"unsigned content hash", set("X-Amz-Content-Sha256", hash(body)), incomplete, "'x-amz-content-sha256' must be a 'SignedHeader'"},
		{"signed header gone", func(r *http.Request) { r.Header.Del("Content-Type") }, invalid, "'content-type'"},
		{"signed header added to", add("Content-Type", "text/plain"), invalid, mismatch},
		{"signed headers out of order", replace("content-type;host", "host;content-type"), incomplete, "in order"},
		{"signed header twice", replace("host;", "host;host;"), incomplete, "without repeats"},
		{"signed header upper case", replace("host;", "Host;"), incomplete, "lower-case"},
		{"first signed header upper case", replace("content-type;", "Content-type;"), incomplete, "lower-case"},
		{"empty signed header", replace("host;", "host;;"), incomplete, "lower-case"},
		{"other method", func(r *http.Request) { r.Method = http.MethodGet }, invalid, mismatch},
		{"other host", func(r *http.Request) { r.Host = "example.com" }, invalid, mismatch},
		{"other path", replaceTarget("details", "remove"), invalid, mismatch},
		{"other escaping of the path", replaceTarget("details", "%64etails"), invalid, mismatch},
		{"query added", func(r *http.Request) { r.RequestURI += "?a=1" }, invalid, mismatch},
		{"absolute form", func(r *http.Request) { r.RequestURI = "http://127.0.0.1:8080" + r.RequestURI }, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check(t, signed(t, testTime, tt.change), tt.code, tt.message)
		})
	}
}

// cutAfter drops what follows a mark in the Authorization header.
func cutAfter(r *http.Request, mark string) {
	before, _, _ := strings.Cut(r.Header.Get("Authorization"), mark)
	r.Header.Set("Authorization", before+mark)
}

func TestQueryForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		change  func(*http.Request)
		code    string
		message string
	}{
		{"as signed", nil, "", ""},
		{"no signature", replaceTarget("X-Amz-Signature", "X-Amz-Signatur"), incomplete, "X-Amz-Signature"},
		{"no credential", replaceTarget("X-Amz-Credential", "Credential"), incomplete, "X-Amz-Credential"},
		{"no signed headers", replaceTarget("X-Amz-SignedHeaders", "Headers"), incomplete, "X-Amz-SignedHeaders"},
		{"no date", replaceTarget("X-Amz-Date", "Date"), incomplete, "X-Amz-Date"},
		{"no algorithm", replaceTarget("X-Amz-Algorithm", "Algorithm"), incomplete, "X-Amz-Algorithm"},
		{"other algorithm", replaceTarget("=AWS4-HMAC-SHA256", "=AWS4-HMAC-SHA512"), incomplete, "X-Amz-Algorithm"},
		{"parameter twice", func(r *http.Request) { r.RequestURI += "&X-Amz-Expires=1" }, incomplete, "more than one"},
		{"parameter twice in another case", func(r *http.Request) { r.RequestURI += "&x-amz-expires=1" }, incomplete, "more than one"},
		{"no expiry", replaceTarget("X-Amz-Expires", "Expires"), incomplete, "X-Amz-Expires"},
		{"other expiry", replaceTarget("Expires=60", "Expires=61"), invalid, mismatch},
		{"expiry zero", replaceTarget("Expires=60", "Expires=0"), incomplete, "1 to 604800"},
		{"expiry negative", replaceTarget("Expires=60", "Expires=-1"), incomplete, "1 to 604800"},
		{"expiry with sign", replaceTarget("Expires=60", "Expires=%2B60"), incomplete, "1 to 604800"},
		{"expiry over a week", replaceTarget("Expires=60", "Expires=604801"), incomplete, "1 to 604800"},
		{"expiry no number", replaceTarget("Expires=60", "Expires=1h"), incomplete, "1 to 604800"},
		{"other date", replaceTarget("Date=20260115T120000Z", "Date=20260115T120001Z"), invalid, mismatch},
		{"session token", func(r *http.Request) { r.RequestURI += "&X-Amz-Security-Token=x" }, unrecognized, "invalid."},
		{"member added", replaceTarget("?", "?backendEnvironmentName=prod&"), invalid, mismatch},
		{"content type gone", func(r *http.Request) { r.Header.Del("Content-Type") }, invalid, "'content-type'"},
		{"unsigned x-amz header", set("X-Amz-Target", "x"), incomplete, "'x-amz-target'"},
		{"order of parameters", func(r *http.Request) {
			path, query, _ := strings.Cut(r.RequestURI, "?")
			parts := strings.Split(query, "&")
			parts[0], parts[1] = parts[1], parts[0]
			r.RequestURI = path + "?" + strings.Join(parts, "&&")
		}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check(t, presigned(t, testTime, time.Minute, tt.change), tt.code, tt.message)
		})
	}
	t.Run("malformed escape", func(t *testing.T) {
		t.Parallel()
		r := presigned(t, testTime, time.Minute, func(r *http.Request) { r.RequestURI += "&a=%zz" })
		if _, err := verifier("amplifybackend").Verify(r, []byte(body)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("got %v", err)
		}
	})
}

// TestTime checks both edges of both forms, to the second. The texts are those
// that AWS clients look for.
func TestTime(t *testing.T) {
	t.Parallel()
	const week = 604_800 * time.Second
	tests := []struct {
		name    string
		r       *http.Request
		message string
	}{
		{"five minutes ago", signed(t, testTime.Add(-5*time.Minute), nil), ""},
		{
			"longer ago", signed(t, testTime.Add(-5*time.Minute-time.Second), nil),
			"Signature expired: 20260115T115459Z is now earlier than 20260115T115500Z (20260115T120000Z - 5 min.)",
		},
		{"in five minutes", signed(t, testTime.Add(5*time.Minute), nil), ""},
		{
			"later", signed(t, testTime.Add(5*time.Minute+time.Second), nil),
			"Signature not yet current: 20260115T120501Z is still later than 20260115T120500Z (20260115T120000Z + 5 min.)",
		},
		{"presigned, last second", presigned(t, testTime.Add(-59*time.Second), time.Minute, nil), ""},
		{
			"presigned, expired", presigned(t, testTime.Add(-time.Minute), time.Minute, nil),
			"Signature expired: 20260115T120000Z is now earlier than 20260115T120000Z (20260115T115900Z + 60 sec.)",
		},
		{"presigned in the future", presigned(t, testTime.Add(5*time.Minute), time.Minute, nil), ""},
		{"presigned too far in the future", presigned(t, testTime.Add(5*time.Minute+time.Second), time.Minute, nil), "Signature not yet current: "},
		{"presigned for a week", presigned(t, testTime.Add(time.Second-week), week, nil), ""},
		{"presigned a week ago", presigned(t, testTime.Add(-week), week, nil), "Signature expired: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code := invalid
			if tt.message == "" {
				code = ""
			}
			check(t, tt.r, code, tt.message)
		})
	}
}

func TestDotSegments(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/.", "/..", "/backend/../s3Buckets", "/backend/./details", "/a/%2e%2E/b", "/a/.%2e", "/backend/%2E"} {
		r := signed(t, testTime, func(r *http.Request) { r.RequestURI = path })
		if _, err := verifier("amplifybackend").Verify(r, []byte(body)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: got %v", path, err)
		}
	}
	for _, path := range []string{"/...", "/a./b", "/.a", "/a..b/", "/%2e%2e%2e"} {
		r := unsigned(t)
		r.RequestURI = path
		sigv4.Sign(r, []byte(body), testKey, testSecret, "us-east-1", "amplifybackend", testTime)
		check(t, r, "", "")
	}
}

func TestDateHeader(t *testing.T) {
	t.Parallel()
	// Made by hand: no SDK signs "date" any more, but the protocol has it.
	r := request("GET", "/", "", [][2]string{
		{"Host", "127.0.0.1:8080"},
		{"Date", "Thu, 15 Jan 2026 12:00:00 GMT"},
		{"Authorization", "AWS4-HMAC-SHA256 Credential=" + testKey + "/20260115/us-east-1/amplifybackend/aws4_request, SignedHeaders=date;host, Signature=x"},
	})
	got, err := sigv4.Compute(r, hash(""), testSecret, true, true)
	if err != nil {
		t.Fatal(err)
	}
	replace("Signature=x", "Signature="+got.Signature)(r)
	if _, err := verifier("amplifybackend").Verify(r, nil); err != nil {
		t.Error(err)
	}
}

func TestRegion(t *testing.T) {
	t.Parallel()
	v := verifier("amplifybackend")
	v.Region = "eu-west-1"
	_, err := v.Verify(signed(t, testTime, nil), []byte(body))
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != invalid || !strings.Contains(e.Message, "'us-east-1'") {
		t.Errorf("got %v", err)
	}
	v = verifier("amplifybackend")
	v.Region = "us-east-1"
	if _, err := v.Verify(signed(t, testTime, nil), []byte(body)); err != nil {
		t.Error(err)
	}
}
