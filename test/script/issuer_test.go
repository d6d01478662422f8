package script_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type issuerKey struct{}

// issuer starts an OpenID Connect issuer on this machine until the script ends:
// issuer VAR puts its URL into a variable.
func issuer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: issuer VAR")
	}
	key := ts.Value(issuerKey{}).(*rsa.PrivateKey)
	var web *httptest.Server
	answer := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		answer(map[string]string{"issuer": web.URL, "jwks_uri": web.URL + "/jwks"})(w, r)
	})
	mux.HandleFunc("GET /jwks", answer(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}}))
	web = httptest.NewServer(mux)
	ts.Defer(web.Close)
	ts.Setenv(args[0], web.URL)
}

// token signs claims: token VAR ISSUER JSON. Those that every token has are
// added, for the client "web".
func token(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: token VAR ISSUER JSON")
	}
	now := time.Now()
	claims := map[string]any{"iss": args[1], "aud": "web", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	ts.Check(json.Unmarshal([]byte(args[2]), &claims))
	body, err := json.Marshal(claims)
	ts.Check(err)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"one"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, ts.Value(issuerKey{}).(*rsa.PrivateKey), crypto.SHA256, sum[:])
	ts.Check(err)
	ts.Setenv(args[0], text+"."+base64.RawURLEncoding.EncodeToString(signature))
}
