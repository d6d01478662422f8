package identitypool_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/identitypool"
	"preamp/internal/identitypool/wire"
)

func (f *fixture) openID(t *testing.T, id string, logins map[string]string) string {
	t.Helper()
	out, err := f.GetOpenIdToken(t.Context(), &wire.GetOpenIdTokenInput{IdentityID: id, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	if out.IdentityID != id {
		t.Errorf("the token is of %s", out.IdentityID)
	}
	return out.Token
}

func decode(t *testing.T, text string, v any) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil && v != nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// opened verifies a token by the keys that the server publishes.
func opened(t *testing.T, h http.Handler, pool, token string) map[string]any {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/cognito-identity/"+pool+"/.well-known/jwks.json", nil))
	var set struct {
		Keys []struct{ Alg, E, Kid, Kty, N, Use string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	parts := strings.Split(token, ".")
	var head map[string]string
	decode(t, parts[0], &head)
	k := set.Keys[0]
	if head["alg"] != "RS256" || head["kid"] != k.Kid || k.Alg != "RS256" || k.Kty != "RSA" || k.Use != "sig" {
		t.Errorf("header %v, key %+v", head, k)
	}
	key := &rsa.PublicKey{
		N: new(big.Int).SetBytes(decode(t, k.N, nil)), E: int(new(big.Int).SetBytes(decode(t, k.E, nil)).Int64()),
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], decode(t, parts[2], nil)); err != nil {
		t.Error(err)
	}
	var claims map[string]any
	decode(t, parts[1], &claims)
	return claims
}

func TestOpenIDToken(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		mux := http.NewServeMux()
		mux.Handle(identitypool.KeysPattern, f.KeysHandler())
		pool := f.pool(t, nil)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/cognito-identity/"+pool+"/.well-known/jwks.json", nil))
		if w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != `{"keys":[]}` {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		a, guest := f.getID(t, pool, logins("a")), f.getID(t, pool, nil)
		expected := map[string]any{
			"iss": "https://cognito-identity.amazonaws.com", "sub": a, "aud": pool,
			"iat": float64(start.Unix()), "exp": float64(start.Add(10 * time.Minute).Unix()),
			"amr": []any{"authenticated", provider, provider + ":CognitoSignIn:a"},
		}
		if d := cmp.Diff(expected, opened(t, mux, pool, f.openID(t, a, logins("a")))); d != "" {
			t.Error(d)
		}
		expected["sub"], expected["amr"] = guest, []any{"unauthenticated"}
		if d := cmp.Diff(expected, opened(t, mux, pool, f.openID(t, guest, nil))); d != "" {
			t.Error(d)
		}
		for _, path := range []string{nobody, "x", userPool} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/cognito-identity/"+path+"/.well-known/jwks.json", nil))
			if w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		_, err := f.GetOpenIdToken(t.Context(), &wire.GetOpenIdTokenInput{IdentityID: nobody})
		want(t, err, gone, "")
	})
}

// The first tokens of a pool, asked for at once, are signed by one key.
func TestOneKey(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		id := f.getID(t, pool, nil)
		heads := make([]string, 8)
		var wg sync.WaitGroup
		for i := range heads {
			wg.Go(func() {
				out, err := f.GetOpenIdToken(t.Context(), &wire.GetOpenIdTokenInput{IdentityID: id})
				if err != nil {
					t.Error(err)
					return
				}
				heads[i], _, _ = strings.Cut(out.Token, ".")
			})
		}
		wg.Wait()
		for _, h := range heads {
			if h != heads[0] {
				t.Error("two keys")
			}
		}
	})
}

func TestClassicFlow(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		for _, tt := range []struct {
			classic *bool
			code    string
		}{{nil, ""}, {new(true), ""}, {new(false), badParameter}} {
			pool := f.pool(t, func(in *wire.CreateIdentityPoolInput) { in.AllowClassicFlow = tt.classic })
			_, err := f.GetOpenIdToken(t.Context(), &wire.GetOpenIdTokenInput{IdentityID: f.getID(t, pool, nil)})
			want(t, err, tt.code, "Basic (classic) flow is not enabled, please use enhanced flow.")
		}
	})
}
