package httpx

import (
	"net/http"
	"slices"
	"strings"
)

// CORS is the cross-origin policy of a surface. Origins are not restricted and
// credentials (cookies) never allowed: callers prove themselves by signature,
// token or key, which a foreign page does not have.
type CORS struct {
	// Methods and Headers a page may use, and answer headers it may read.
	Methods, Headers, Expose string
}

// ControlPlaneCORS is the policy of the AWS control plane: the headers AWS SDKs
// send from a browser, and the answer headers they read (Date corrects their
// clock).
var ControlPlaneCORS = CORS{
	Methods: "GET, POST, OPTIONS",
	Headers: "authorization, content-type, x-amz-date, x-amz-security-token, x-amz-user-agent, " +
		"x-amz-content-sha256, amz-sdk-invocation-id, amz-sdk-request",
	Expose: "x-amzn-RequestId, x-amzn-ErrorType, Date",
}

// TargetCORS is the policy of the services that are named in X-Amz-Target, which
// are those that applications call from a page.
var TargetCORS = CORS{
	Methods: "POST, OPTIONS",
	Headers: "authorization, content-type, cache-control, x-amz-target, x-amz-date, x-amz-security-token, x-amz-user-agent, " +
		"x-amz-content-sha256, amz-sdk-invocation-id, amz-sdk-request",
	Expose: "x-amzn-RequestId, x-amzn-ErrorType, x-amzn-ErrorMessage, Date",
}

// With is the policy with more request headers allowed.
func (c CORS) With(headers ...string) CORS {
	c.Headers = strings.Join(slices.Concat([]string{c.Headers}, headers), ", ")
	return c
}

// anyOrigin is shared by all answers; nobody changes a header's value in place.
var anyOrigin = []string{"*"}

// Apply sets what an answer to an actual request needs. The names are canonical,
// which saves every answer from looking that up.
func (c CORS) Apply(h http.Header) {
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Access-Control-Expose-Headers"] = []string{c.Expose}
}

// Preflight answers an OPTIONS request.
func (c CORS) Preflight(w http.ResponseWriter) {
	h := w.Header()
	c.Apply(h)
	h.Set("Access-Control-Allow-Methods", c.Methods)
	h.Set("Access-Control-Allow-Headers", c.Headers)
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}
