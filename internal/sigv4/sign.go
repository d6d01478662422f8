package sigv4

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sign signs a request that is about to be sent with the given body, in its
// headers. It signs the host, the content type and every x-amz-* header, and
// sets X-Amz-Date and Authorization; for S3 it also sets X-Amz-Content-Sha256.
func Sign(r *http.Request, body []byte, accessKey, secret, region, service string, now time.Time) {
	stamp := now.UTC().Format(stampForm)
	payload := hexSHA256(body)
	r.Header.Del("Authorization")
	r.Header.Set("X-Amz-Date", stamp)
	if service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", payload)
	}
	s := scope{date: stamp[:8], region: region, service: service}
	signed := signedNames(r)
	sig := signRequest(r, s, stamp, payload, secret, signed)
	r.Header.Set("Authorization", algorithm+" Credential="+accessKey+"/"+s.String()+
		", SignedHeaders="+strings.Join(signed, ";")+", Signature="+sig)
}

// Presign signs a request in its query, so that the URL alone is enough to send
// it until it expires. The body is part of what is signed, except for S3.
// Whoever sends the request must send the content type and the x-amz-* headers
// that r has.
func Presign(r *http.Request, body []byte, accessKey, secret, region, service string, now time.Time, expires time.Duration) {
	stamp := now.UTC().Format(stampForm)
	payload := hexSHA256(body)
	if service == "s3" {
		payload = unsignedPayload
	}
	s := scope{date: stamp[:8], region: region, service: service}
	signed := signedNames(r)
	query := strings.Join([]string{
		"X-Amz-Algorithm=" + algorithm,
		"X-Amz-Credential=" + escape(accessKey+"/"+s.String(), false),
		"X-Amz-Date=" + stamp,
		"X-Amz-Expires=" + strconv.Itoa(int(expires/time.Second)),
		"X-Amz-SignedHeaders=" + escape(strings.Join(signed, ";"), false),
	}, "&")
	if r.URL.RawQuery != "" {
		query = r.URL.RawQuery + "&" + query
	}
	r.URL.RawQuery = query
	r.URL.RawQuery += "&X-Amz-Signature=" + signRequest(r, s, stamp, payload, secret, signed)
}

// signedNames are the headers to sign, in canonical order.
func signedNames(r *http.Request) []string {
	names := []string{"host"}
	for name := range r.Header {
		name = strings.ToLower(name)
		if name == "content-type" || strings.HasPrefix(name, "x-amz-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// signRequest computes the signature of a request. A query that does not
// percent-decode is signed as if it were empty; no verifier accepts it.
func signRequest(r *http.Request, s scope, stamp, payload, secret string, signed []string) string {
	path, query := target(r)
	m := message{method: r.Method, path: path, query: query, header: headers(r), signed: signed, payload: payload}
	canonical, err := m.canonical(pathRuleOf(s.service))
	if err != nil {
		m.query = ""
		canonical, _ = m.canonical(pathRuleOf(s.service))
	}
	return signature(signingKey(secret, s), stringToSign(stamp, s, canonical))
}
