package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net"
	"net/http"
	"time"
)

// issuer is an OpenID Connect provider on this machine. Its tokens are signed
// with RS256 and a key of 2048 bits, as those of user pools are.
type issuer struct {
	url      string
	listener net.Listener
	key      *rsa.PrivateKey
}

const (
	audience = "bench-client"
	subject  = "5b0f31c8-6d2f-4d1f-9a54-1f6d0a2f7f10"
	username = "bench-user"
	keyID    = "bench-key"
)

func startIssuer() (*issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i := &issuer{url: "http://" + l.Addr().String(), listener: l, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": i.url, "jwks_uri": i.url + "/jwks.json", "id_token_signing_alg_values_supported": []string{"RS256"},
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	})
	mux.HandleFunc("GET /jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
			"n": part(key.N.Bytes()), "e": part(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	go func() { _ = http.Serve(l, mux) }() // until close
	return i, nil
}

func (i *issuer) close() error { return i.listener.Close() }

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func part(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// claims are those of a token, which are also what the limit is planned for.
func claims(issuer, sub, username string, now time.Time) map[string]any {
	return map[string]any{
		"iss": issuer, "aud": audience, "azp": audience, "sub": sub, "username": username, "cognito:username": username,
		"token_use": "id", "iat": now.Unix(), "auth_time": now.Unix(), "exp": now.Add(6 * time.Hour).Unix(),
	}
}

// token signs claims.
func (i *issuer) token(claims map[string]any) (string, error) {
	head, err := json.Marshal(map[string]any{"alg": "RS256", "kid": keyID, "typ": "JWT"})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := part(head) + "." + part(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.Join(errors.New("sign a token"), err)
	}
	return text + "." + part(signature), nil
}
