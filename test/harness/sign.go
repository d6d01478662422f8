package harness

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// Signer signs requests with AWS Signature Version 4 the way botocore does for
// this service. It is a second implementation on purpose: the suites must not
// share an error with the product's verifier.
type Signer struct {
	Key, Secret string
	Region      string    // us-east-1 if empty
	Service     string    // amplifybackend if empty
	Token       string    // of temporary credentials
	Time        time.Time // the present if zero
}

const (
	amzTime = "20060102T150405Z"
	service = "amplifybackend"
)

func (s Signer) service() string { return cmp.Or(s.Service, service) }

func (s Signer) scope() (stamp, scope, region string) {
	now := s.Time
	if now.IsZero() {
		now = time.Now()
	}
	stamp = now.UTC().Format(amzTime)
	region = cmp.Or(s.Region, "us-east-1")
	return stamp, stamp[:8] + "/" + region + "/" + s.service() + "/aws4_request", region
}

// Sign adds the X-Amz-Date and Authorization headers. The request's
// URL.EscapedPath must be what is sent.
func (s Signer) Sign(r *http.Request, body []byte) {
	stamp, scope, region := s.scope()
	r.Header.Set("X-Amz-Date", stamp)
	headers := map[string]string{"host": r.Host, "x-amz-date": stamp}
	if s.Token != "" {
		r.Header.Set("X-Amz-Security-Token", s.Token)
		headers["x-amz-security-token"] = s.Token
	}
	if ct := r.Header.Get("Content-Type"); ct != "" {
		headers["content-type"] = ct
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		headers["x-amz-target"] = target
	}
	names, text := canonicalHeaders(headers)
	canonical := strings.Join([]string{
		r.Method, canonicalPath(r.URL), canonicalQuery(r.URL.Query()), text, names, hexSHA256(body),
	}, "\n")
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		s.Key, scope, names, s.signature(stamp, scope, region, canonical)))
}

// Presign is the URL that carries its signature in the query. With a content
// type the sender must use that one, as for operations that have body members.
func (s Signer) Presign(method, rawURL, contentType string, body []byte, life time.Duration) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", err
	}
	stamp, scope, region := s.scope()
	headers := map[string]string{"host": u.Host}
	if contentType != "" {
		headers["content-type"] = contentType
	}
	names, text := canonicalHeaders(headers)
	q := u.Query()
	q.Set("X-Amz-Algorithm", "AWS4-HMAC-SHA256")
	q.Set("X-Amz-Credential", s.Key+"/"+scope)
	q.Set("X-Amz-Date", stamp)
	q.Set("X-Amz-Expires", fmt.Sprint(int(life.Seconds())))
	q.Set("X-Amz-SignedHeaders", names)
	canonical := strings.Join([]string{
		method, canonicalPath(u), canonicalQuery(q), text, names, hexSHA256(body),
	}, "\n")
	u.RawQuery = canonicalQuery(q) + "&X-Amz-Signature=" + s.signature(stamp, scope, region, canonical)
	return u.String(), nil
}

func (s Signer) signature(stamp, scope, region, canonical string) string {
	key := []byte("AWS4" + s.Secret)
	for _, part := range []string{stamp[:8], region, s.service(), "aws4_request"} {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(hmacSHA256(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hexSHA256([]byte(canonical))))
}

// canonicalPath is the path as it is sent, without empty and dot segments,
// encoded once more.
func canonicalPath(u *url.URL) string {
	escaped := u.EscapedPath()
	normal := path.Clean("/" + escaped)
	if strings.HasSuffix(escaped, "/") && normal != "/" {
		normal += "/"
	}
	return awsEscape(normal, true)
}

func canonicalHeaders(h map[string]string) (names, text string) {
	var sorted []string
	for name := range h {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		text += name + ":" + strings.TrimSpace(h[name]) + "\n"
	}
	return strings.Join(sorted, ";"), text
}

func canonicalQuery(q url.Values) string {
	var pairs []string
	for name, values := range q {
		for _, v := range values {
			pairs = append(pairs, awsEscape(name, false)+"="+awsEscape(v, false))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// awsEscape percent-encodes all but the unreserved characters of RFC 3986.
func awsEscape(s string, keepSlash bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0, c == '/' && keepSlash:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
