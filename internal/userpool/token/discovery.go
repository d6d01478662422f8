package token

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// IssuerURL is the name of a pool in its tokens. base is the base URL of the
// server: its host, port and path, with https whatever its scheme, name the pool.
// With the AWS name, which is opt-in, verifiers fetch keys from whatever that name
// leads to.
func IssuerURL(base *url.URL, poolID string, awsName bool) string {
	if awsName {
		region, _, _ := strings.Cut(poolID, "_")
		return "https://cognito-idp." + region + ".amazonaws.com/" + poolID
	}
	return "https://" + base.Host + strings.TrimSuffix(base.EscapedPath(), "/") + "/" + poolID
}

// jwk is a public key; the members are those of pools on AWS, in their order.
type jwk struct {
	Alg string `json:"alg"`
	E   string `json:"e"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	Use string `json:"use"`
}

// JWKS is the document at <issuer>/.well-known/jwks.json: the keys that sign, and
// those that were rotated out and whose tokens have not expired.
//
// Errors: NotFound for a pool without keys.
func (k *Keys) JWKS(ctx context.Context, env Env, pool string, now time.Time) ([]byte, error) {
	s, err := k.set(ctx, env, pool, KeyAge, now)
	if err != nil {
		return nil, err
	}
	doc := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, k := range s.public {
		if _, usable := s.find(k.kid, now); usable {
			doc.Keys = append(doc.Keys, jwk{
				Alg: algorithm, E: exponentText(k.key), Kid: k.kid, Kty: "RSA", N: modulusText(k.key), Use: "sig",
			})
		}
	}
	return encode(doc)
}

// Discovery is the document at <issuer>/.well-known/openid-configuration. pages
// is the URL below which the hosted pages and OAuth endpoints are.
func Discovery(issuer, pages string) ([]byte, error) {
	return encode(struct {
		Authorization string   `json:"authorization_endpoint"`
		EndSession    string   `json:"end_session_endpoint"`
		Algorithms    []string `json:"id_token_signing_alg_values_supported"`
		Issuer        string   `json:"issuer"`
		Keys          string   `json:"jwks_uri"`
		Responses     []string `json:"response_types_supported"`
		Revocation    string   `json:"revocation_endpoint"`
		Scopes        []string `json:"scopes_supported"`
		Subjects      []string `json:"subject_types_supported"`
		Token         string   `json:"token_endpoint"`
		TokenMethods  []string `json:"token_endpoint_auth_methods_supported"`
		UserInfo      string   `json:"userinfo_endpoint"`
	}{
		Authorization: pages + "/oauth2/authorize", EndSession: pages + "/logout", Algorithms: []string{algorithm},
		Issuer: issuer, Keys: issuer + "/.well-known/jwks.json", Responses: []string{"code", "token"},
		Revocation: pages + "/oauth2/revoke", Scopes: []string{"openid", "email", "phone", "profile"},
		Subjects: []string{"public"}, Token: pages + "/oauth2/token",
		TokenMethods: []string{"client_secret_basic", "client_secret_post"}, UserInfo: pages + "/oauth2/userInfo",
	})
}

// encode writes JSON as clients are used to see it, without escapes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
