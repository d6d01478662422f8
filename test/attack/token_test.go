package attack_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"preamp/test/harness"
)

// forgery is a token that must not be taken.
type forgery struct{ name, token string }

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(t *testing.T, part string) harness.M {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var m harness.M
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func encode(t *testing.T, m harness.M) string {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b64(b)
}

// with is a copy of m with a member changed; nil takes it out.
func with(m harness.M, name string, value any) harness.M {
	out := harness.M{}
	maps.Copy(out, m)
	if out[name] = value; value == nil {
		delete(out, name)
	}
	return out
}

// publicKeys are the keys that the pool publishes.
func (w *world) publicKeys(a app) map[string]*rsa.PublicKey {
	w.Helper()
	r, err := harness.NewRequest(w.Context(), http.MethodGet, w.server.Status.URL+"/"+a.UserPool+"/.well-known/jwks.json", nil)
	if err != nil {
		w.Fatal(err)
	}
	got := w.good("JWKS", w.http.Send(r))
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := json.Unmarshal(got.Raw, &set); err != nil || len(set.Keys) < 2 {
		w.Fatalf("keys %v: %v", err, got)
	}
	out := map[string]*rsa.PublicKey{}
	for _, k := range set.Keys {
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		if err != nil {
			w.Fatal(err)
		}
		out[k.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
	}
	return out
}

// forgeries makes what can be made of a good token by who has no private key.
// wrongUse is a good token of the same user that is for something else, foreign
// one of another pool.
func (w *world) forgeries(good, wrongUse, foreign string) []forgery {
	w.Helper()
	t := w.T
	parts := strings.Split(good, ".")
	head, claims, signature := decode(t, parts[0]), decode(t, parts[1]), parts[2]
	kid, _ := head["kid"].(string)
	public := w.publicKeys(w.shop)[kid]
	if public == nil {
		t.Fatalf("the key %s of a token is not published", kid)
	}
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(public)})
	spki := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})

	join := func(head, claims harness.M, signature string) string {
		return encode(t, head) + "." + encode(t, claims) + "." + signature
	}
	ownSigned := func(head, claims harness.M) string {
		text := encode(t, head) + "." + encode(t, claims)
		sum := sha256.Sum256([]byte(text))
		s, err := rsa.SignPKCS1v15(nil, own, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + b64(s)
	}
	secretSigned := func(key []byte) string {
		text := encode(t, with(head, "alg", "HS256")) + "." + encode(t, claims)
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return text + "." + b64(m.Sum(nil))
	}
	ownJWK := harness.M{"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "n": b64(own.N.Bytes()), "e": "AQAB"}
	admin := with(claims, "cognito:groups", []string{"Admin"})
	later := with(claims, "exp", time.Now().Add(48*time.Hour).Unix())
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte{}, raw...)
	flipped[len(flipped)/2] ^= 1

	out := []forgery{
		{"empty", ""},
		{"one dot", "."},
		{"two dots", ".."},
		{"a word", "token"},
		{"null", "null"},
		{"alg none, no signature", join(with(head, "alg", "none"), claims, "")},
		{"alg none, the signature", join(with(head, "alg", "none"), claims, signature)},
		{"alg None", join(with(head, "alg", "None"), claims, "")},
		{"alg NONE", join(with(head, "alg", "NONE"), admin, "")},
		{"alg nOnE", join(with(head, "alg", "nOnE"), admin, signature)},
		{"alg empty", join(with(head, "alg", ""), claims, signature)},
		{"no alg", join(with(head, "alg", nil), claims, signature)},
		{"alg a number", join(with(head, "alg", 256), claims, signature)},
		{"alg a list", join(with(head, "alg", []string{"RS256"}), claims, signature)},
		{"HS256 by the PKCS#1 text of the public key", secretSigned(pkcs1)},
		{"HS256 by the SPKI text of the public key", secretSigned(spki)},
		{"HS256 by the SPKI bytes of the public key", secretSigned(der)},
		{"HS256 by the modulus", secretSigned(public.N.Bytes())},
		{"HS256 by nothing", secretSigned(nil)},
		{"alg RS384", join(with(head, "alg", "RS384"), claims, signature)},
		{"alg PS256", join(with(head, "alg", "PS256"), claims, signature)},
		{"alg ES256", join(with(head, "alg", "ES256"), claims, signature)},
		{"own key under its kid", ownSigned(head, claims)},
		{"own key without a kid", ownSigned(with(head, "kid", nil), claims)},
		{"own key under another kid", ownSigned(with(head, "kid", "mine"), claims)},
		{"own key in the header", ownSigned(with(head, "jwk", ownJWK), claims)},
		{"own key by jku", ownSigned(with(head, "jku", "http://127.0.0.1:1/keys"), claims)},
		{"own key by x5u", ownSigned(with(head, "x5u", "http://127.0.0.1:1/cert"), claims)},
		{"own key by x5c", ownSigned(with(head, "x5c", []string{"AAAA"}), claims)},
		{"kid with a path", join(with(head, "kid", "../../../dev/null"), claims, signature)},
		{"kid a URL", join(with(head, "kid", "http://127.0.0.1:1/key"), claims, signature)},
		{"kid with SQL", join(with(head, "kid", "' OR '1'='1"), claims, signature)},
		{"kid with NUL", join(with(head, "kid", kid+"\x00"), claims, signature)},
		{"kid empty", join(with(head, "kid", ""), claims, signature)},
		{"kid a number", join(with(head, "kid", 1), claims, signature)},
		{"kid of another pool", join(decode(t, strings.Split(foreign, ".")[0]), claims, signature)},
		{"critical extension", join(with(head, "crit", []string{"exp"}), claims, signature)},
		{"b64 false", join(with(with(head, "b64", false), "crit", []string{"b64"}), claims, signature)},
		{"typ JWE", join(with(head, "typ", "JWE"), claims, signature)},
		{"compressed", join(with(head, "zip", "DEF"), claims, signature)},
		{"claims with a group", join(head, admin, signature)},
		{"claims with a later end", join(head, later, signature)},
		{"claims of another user", join(head, with(claims, "sub", "11111111-2222-4333-8444-555555555555"), signature)},
		{"claims without an end", join(head, with(claims, "exp", nil), signature)},
		{"claims for another use", join(head, with(claims, "token_use", "refresh"), signature)},
		{"another issuer", join(head, with(claims, "iss", "https://attacker.example/"+w.shop.UserPool), signature)},
		{"issuer without a pool", join(head, with(claims, "iss", "https://attacker.example"), signature)},
		{"issuer a list", join(head, with(claims, "iss", []string{"a", "b"}), signature)},
		{"no claims", parts[0] + ".." + signature},
		{"claims a list", parts[0] + "." + b64([]byte(`[]`)) + "." + signature},
		{"claims not JSON", parts[0] + "." + b64([]byte(`{`)) + "." + signature},
		{"claims twice", parts[0] + "." + b64([]byte(`{"sub":"a","sub":"b"}`)) + "." + signature},
		{"no signature", parts[0] + "." + parts[1] + "."},
		{"two parts", parts[0] + "." + parts[1]},
		{"four parts", good + "." + signature},
		{"five parts", good + "." + signature + "." + signature},
		{"signature with a bit changed", parts[0] + "." + parts[1] + "." + b64(flipped)},
		{"signature cut", parts[0] + "." + parts[1] + "." + b64(raw[:len(raw)-1])},
		{"signature longer", parts[0] + "." + parts[1] + "." + b64(append(append([]byte{}, raw...), 0))},
		{"signature padded", good + "="},
		{"signature of zeros", parts[0] + "." + parts[1] + "." + b64(make([]byte, 256))},
		{"signature of another token", parts[0] + "." + parts[1] + "." + strings.Split(wrongUse, ".")[2]},
		{"another use's head", strings.Split(wrongUse, ".")[0] + "." + parts[1] + "." + signature},
		{"another pool's signature", parts[0] + "." + parts[1] + "." + strings.Split(foreign, ".")[2]},
		{"standard base64", strings.NewReplacer("-", "+", "_", "/").Replace(good) + "=="},
		{"white space inside", parts[0] + ". " + parts[1] + "." + signature},
		{"ten kilobytes", parts[0] + "." + b64(make([]byte, 1<<13)) + "." + signature},
		{"encrypted", encode(t, harness.M{"alg": "RSA-OAEP", "enc": "A256GCM", "kid": kid}) + ".AAAA.AAAA.AAAA.AAAA"},
	}
	return out
}

// TestTokens forges tokens at every place that takes one.
func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u, foreigner := w.signedIn(w.shop), w.signedIn(w.other)
		pool := "cognito-idp.us-east-1.amazonaws.com/" + w.shop.UserPool
		// The client of the identity pool is one that the resource made.
		web := u
		web.app.client = w.shop.WebClient
		idOfPool := w.idTokenOf(web)
		guest := w.good("GetId", w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool, "Logins": harness.M{pool: idOfPool}}))
		identity := guest.Text("IdentityId")
		bearer := func(token string) answer {
			r, err := harness.NewRequest(w.Context(), http.MethodGet, w.server.Status.TLSURL+"/oauth/"+w.shop.UserPool+"/oauth2/userInfo", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header["Authorization"] = []string{"Bearer " + token}
			return w.browser().do(r)
		}
		for _, place := range []struct {
			name                 string
			good, wrong, foreign string
			call                 func(token string) answer
			usesBoth             bool // takes id and access tokens alike
		}{
			{name: "GetUser", good: u.access, wrong: u.id, foreign: foreigner.access, call: func(token string) answer {
				return w.idp("GetUser", harness.M{"AccessToken": token})
			}},
			{name: "GraphQL", good: u.access, wrong: u.id, foreign: foreigner.access, usesBoth: true, call: w.graphql},
			{name: "GetId", good: idOfPool, wrong: u.access, foreign: foreigner.id, call: func(token string) answer {
				return w.identity("GetId", harness.M{"IdentityPoolId": w.shop.IdentityPool, "Logins": harness.M{pool: token}})
			}},
			{name: "GetCredentialsForIdentity", good: idOfPool, wrong: u.access, foreign: foreigner.id, call: func(token string) answer {
				return w.identity("GetCredentialsForIdentity", harness.M{"IdentityId": identity, "Logins": harness.M{pool: token}})
			}},
			{name: "userInfo", good: w.oauthToken(u), wrong: u.id, foreign: foreigner.access, call: bearer},
		} {
			t.Run(place.name, func(t *testing.T) {
				list := w.forgeries(place.good, place.wrong, place.foreign)
				if place.name != "GetUser" { // which serves all pools
					list = append(list, forgery{"a good token of another pool", place.foreign})
				}
				if !place.usesBoth {
					list = append(list, forgery{"a good token for another use", place.wrong})
				}
				for _, f := range list {
					t.Run(f.name, func(t *testing.T) { refused(t, place.call(f.token)) })
				}
				taken(t, place.call(place.good)) // after all, so that none of them locked it out
				if len(list) < 60 {
					t.Errorf("%d forgeries", len(list))
				}
			})
		}
	})
}

// idTokenOf signs a user in at a client that has SRP only, by an administrator.
func (w *world) idTokenOf(u user) string {
	w.Helper()
	w.good("UpdateUserPoolClient", w.admin("UpdateUserPoolClient", w.everyFlow(u.app)))
	w.signIn(&u)
	return u.id
}

// everyFlow is the present setting of a client with more flows.
func (w *world) everyFlow(a app) harness.M {
	w.Helper()
	got := w.good("DescribeUserPoolClient", w.admin("DescribeUserPoolClient", harness.M{"UserPoolId": a.UserPool, "ClientId": a.client}))
	client, _ := got.Body["UserPoolClient"].(harness.M)
	for _, name := range []string{"CreationDate", "LastModifiedDate", "ClientSecret"} {
		delete(client, name)
	}
	client["ExplicitAuthFlows"] = []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_AUTH"}
	return client
}
