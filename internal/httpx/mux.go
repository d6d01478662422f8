package httpx

import (
	"net/http"
	"strings"
)

// Mux is where a feature puts its endpoints. Patterns are those of
// http.ServeMux ("POST /api/{apiId}/graphql").
type Mux interface {
	Handle(pattern string, h http.Handler)
}

// Handler is a feature with endpoints.
type Handler interface {
	Mount(Mux)
}

// RawPath is the path of the request exactly as the client sent it: still
// escaped and not cleaned. url.URL.EscapedPath is not enough, because it
// re-encodes paths that contain characters a client should have escaped, and a
// signature covers the bytes that were sent.
func RawPath(r *http.Request) string {
	target := r.RequestURI
	if target == "" { // not a server request
		return r.URL.EscapedPath()
	}
	target, _, _ = strings.Cut(target, "?")
	if strings.HasPrefix(target, "/") {
		return target
	}
	// Absolute form, as clients of a forward proxy send it.
	if _, rest, ok := strings.Cut(target, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
		return "/"
	}
	return target // "*" of OPTIONS, authority of CONNECT
}

// ScopeService is the service named by the SigV4 credential scope of a request,
// from the Authorization header or the X-Amz-Credential query parameter. It only
// says where the request wants to go; nothing is verified.
func ScopeService(r *http.Request) (service string, ok bool) {
	if auth := r.Header.Get("Authorization"); strings.HasPrefix(auth, "AWS4-") {
		_, rest, found := strings.Cut(auth, "Credential=")
		if !found {
			return "", false
		}
		if i := strings.IndexAny(rest, ", "); i >= 0 {
			rest = rest[:i]
		}
		return scopeService(rest)
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		return scopeService(r.URL.Query().Get("X-Amz-Credential"))
	}
	return "", false
}

// scopeService reads <key>/<date>/<region>/<service>/aws4_request from the
// right, because a region may contain slashes.
func scopeService(credential string) (string, bool) {
	rest, ok := strings.CutSuffix(credential, "/aws4_request")
	if !ok {
		return "", false
	}
	i := strings.LastIndexByte(rest, '/')
	if i < 0 || i == len(rest)-1 {
		return "", false
	}
	return rest[i+1:], true
}
