// Package oidctest is an OpenID Connect issuer for tests and benchmarks: it signs
// whatever it is asked to, publishes its keys, and has a table of bad tokens that
// every place which takes tokens is held against.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Keys are the private keys of an issuer. Other and OtherEC are keys that it does
// not sign with.
type Keys struct {
	RSA, Other    *rsa.PrivateKey
	P256, OtherEC *ecdsa.PrivateKey
	P384, P521    *ecdsa.PrivateKey
}

// The paths of an issuer, which are those of a user pool too.
const (
	DiscoveryPath = "/.well-known/openid-configuration"
	KeysPath      = "/.well-known/jwks.json"
)

// Issuer signs tokens and publishes its keys.
type Issuer struct {
	// URL is the iss of its tokens. It has to be set before the first request.
	URL string
	Keys
	// Asked counts the requests.
	Asked atomic.Int64
}

// made are the keys of a process: making an RSA key takes long.
var (
	mu   sync.Mutex
	made = map[int]Keys{}
)

// New makes an issuer. Those with different numbers have different keys.
func New(url string, number int) *Issuer {
	mu.Lock()
	defer mu.Unlock()
	k, ok := made[number]
	if !ok {
		k = Keys{
			RSA: newRSA(), Other: newRSA(), P256: newEC(elliptic.P256()), OtherEC: newEC(elliptic.P256()),
			P384: newEC(elliptic.P384()), P521: newEC(elliptic.P521()),
		}
		made[number] = k
	}
	return &Issuer{URL: url, Keys: k}
}

func newRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return k
}

func newEC(c elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return k
}

// Token is a token with the given claims, signed by RS256, which is what user
// pools do. iss is added unless it is there.
func (i *Issuer) Token(claims map[string]any) string {
	all := map[string]any{"iss": i.URL}
	maps.Copy(all, claims)
	body, err := json.Marshal(all)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return Sign(`{"alg":"RS256","kid":"rsa"}`, string(body), "RS256", i.RSA)
}

// Claims are the claims of a good token as JSON, with changes: names and their
// JSON values. An empty value takes a claim away.
func (i *Issuer) Claims(now time.Time, changes ...string) string {
	m := map[string]json.RawMessage{
		"iss": json.RawMessage(`"` + i.URL + `"`), "sub": json.RawMessage(`"alice"`), "aud": json.RawMessage(`"app"`),
		"iat": json.RawMessage(fmt.Sprint(now.Unix())), "exp": json.RawMessage(fmt.Sprint(now.Add(time.Hour).Unix())),
	}
	for j := 0; j < len(changes); j += 2 {
		if changes[j+1] == "" {
			delete(m, changes[j])
		} else {
			m[changes[j]] = json.RawMessage(changes[j+1])
		}
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return string(raw)
}

// Good is a token that is to be accepted.
func (i *Issuer) Good(now time.Time, changes ...string) string {
	return Sign(`{"alg":"RS256","kid":"rsa"}`, i.Claims(now, changes...), "RS256", i.RSA)
}

// KeySet is the published key set.
func (i *Issuer) KeySet() []byte {
	return []byte(JWKS(JWK(&i.RSA.PublicKey, "rsa"), JWK(&i.P256.PublicKey, "p256"), JWK(&i.P384.PublicKey, "p384"),
		JWK(&i.P521.PublicKey, "p521"), JWK(&i.RSA.PublicKey, "ps", "alg", "PS256"), JWK(&i.Other.PublicKey, "enc", "use", "enc")))
}

// Discovery is the discovery document.
func (i *Issuer) Discovery() []byte {
	return fmt.Appendf(nil, `{"issuer":%q,"jwks_uri":%q}`, i.URL, i.URL+KeysPath)
}

// ServeHTTP answers the two documents.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	i.Asked.Add(1)
	switch q.URL.Path {
	case DiscoveryPath:
		_, _ = w.Write(i.Discovery())
	case KeysPath:
		_, _ = w.Write(i.KeySet())
	default:
		http.NotFound(w, q)
	}
}
