package sigv4

import "net/http"

// Computed is what this package computes for a signed request.
type Computed struct{ Canonical, StringToSign, Signature string }

// Compute runs the canonicaliser on a signed request without judging it.
// Normalize and encode replace the rule of the service.
func Compute(r *http.Request, payload, secret string, normalize, encode bool) (Computed, error) {
	path, raw := target(r)
	query, err := parseQuery(raw)
	if err != nil {
		return Computed{}, err
	}
	p, err := parse(r, query)
	if err != nil {
		return Computed{}, err
	}
	m := message{method: r.Method, path: path, query: raw, header: headers(r), signed: p.signed, payload: payload}
	canonical, err := m.canonical(pathRule{normalize: normalize, encode: encode})
	if err != nil {
		return Computed{}, err
	}
	text := stringToSign(p.stamp, p.scope, canonical)
	return Computed{canonical, text, signature(signingKey(secret, p.scope), text)}, nil
}
