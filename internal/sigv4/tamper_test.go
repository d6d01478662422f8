package sigv4_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"reflect"
	"testing"
	"time"

	"preamp/internal/sigv4"
)

// TestTamper changes every byte of a signed request, each in several ways, and
// expects each change to be refused: by the parser of HTTP or by the verifier.
// A change that leaves the same request (the case of a header's name) is none.
func TestTamper(t *testing.T) {
	t.Parallel()
	forms := []struct {
		name string
		sign func(r *http.Request)
	}{
		{"header", func(r *http.Request) {
			r.Header.Set("X-Amz-Content-Sha256", hash(body))
			sigv4.Sign(r, []byte(body), testKey, testSecret, "us-east-1", "amplifybackend", testTime)
		}},
		{"query", func(r *http.Request) {
			sigv4.Presign(r, []byte(body), testKey, testSecret, "us-east-1", "amplifybackend", testTime, time.Hour)
		}},
	}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			r := unsigned(t)
			form.sign(r)
			wire := onWire(r)
			original, sent := parseWire(wire)
			if original == nil {
				t.Fatalf("the request cannot be read:\n%s", wire)
			}
			v := verifier("amplifybackend")
			if _, err := v.Verify(original, sent); err != nil {
				t.Fatalf("the request is refused: %v", err)
			}
			changed := 0
			for i := range wire {
				for _, bit := range []byte{0x01, 0x02, 0x04, 0x10, 0x20, 0x40} {
					other := bytes.Clone(wire)
					other[i] ^= bit
					r, sent := parseWire(other)
					if r != nil && same(original, r) && string(sent) == body {
						continue
					}
					changed++
					if r == nil {
						continue
					}
					if id, err := v.Verify(r, sent); err == nil {
						t.Errorf("byte %d, %q -> %q: accepted as %+v:\n%s", i, wire[i], other[i], id, other)
					}
				}
			}
			if changed < 2000 {
				t.Errorf("only %d changes", changed)
			}
			t.Logf("%d changes", changed)
		})
	}
}

// onWire is a request as bytes. All headers but Content-Length are signed or
// the signature.
func onWire(r *http.Request) []byte {
	var b bytes.Buffer
	b.WriteString(r.Method + " " + r.URL.RequestURI() + " HTTP/1.1\r\nHost: " + r.URL.Host + "\r\n")
	_ = r.Header.Write(&b)
	b.WriteString("Content-Length: 32\r\n\r\n" + body)
	return b.Bytes()
}

// parseWire reads a request as a server does; nil when it cannot.
func parseWire(wire []byte) (*http.Request, []byte) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
	if err != nil {
		return nil, nil
	}
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil
	}
	return r, sent
}

// same reports whether two requests say the same: a server ignores the minor
// version of HTTP, and the content length once it has the body; in a query %2f
// is %2F.
func same(a, b *http.Request) bool {
	h := b.Header.Clone()
	if a.ContentLength == b.ContentLength {
		h["Content-Length"] = a.Header["Content-Length"]
	}
	// A header that is not signed may come in; here that is one whose name was
	// spoiled, so a signed one is missing.
	return a.Method == b.Method && a.Host == b.Host && reflect.DeepEqual(a.Header, h) &&
		a.URL.EscapedPath() == b.URL.EscapedPath() && reflect.DeepEqual(a.URL.Query(), b.URL.Query())
}
