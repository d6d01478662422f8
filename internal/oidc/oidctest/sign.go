package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
)

// B64 is base64url without padding.
func B64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// JWK writes a public key as a member of a key set.
func JWK(public any, kid string, more ...string) string {
	m := map[string]any{}
	if kid != "" {
		m["kid"] = kid
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", B64(k.N.Bytes()), B64(big.NewInt(int64(k.E)).Bytes())
	case *ecdsa.PublicKey:
		size := (k.Curve.Params().BitSize + 7) / 8
		point, err := k.Bytes()
		if err != nil {
			panic(err)
		}
		m["kty"], m["crv"] = "EC", k.Curve.Params().Name
		m["x"], m["y"] = B64(point[1:1+size]), B64(point[1+size:])
	case []byte:
		m["kty"], m["k"] = "oct", B64(k)
	}
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// JWKS is a key set.
func JWKS(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// Sign makes a compact JWS of any header and claims.
func Sign(header, claims, alg string, key any) string {
	input := B64([]byte(header)) + "." + B64([]byte(claims))
	return input + "." + B64(signature(input, alg, key))
}

func signature(input, alg string, key any) []byte {
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[alg[2:]]
	h := hash.New()
	h.Write([]byte(input))
	sum := h.Sum(nil)
	var out []byte
	var err error
	switch alg[:2] {
	case "RS":
		out, err = rsa.SignPKCS1v15(rand.Reader, key.(*rsa.PrivateKey), hash, sum)
	case "PS":
		out, err = rsa.SignPSS(rand.Reader, key.(*rsa.PrivateKey), hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "ES":
		k := key.(*ecdsa.PrivateKey)
		size := (k.Curve.Params().BitSize + 7) / 8
		r, s, e := ecdsa.Sign(rand.Reader, k, sum)
		out, err = make([]byte, 2*size), e
		if e == nil {
			r.FillBytes(out[:size])
			s.FillBytes(out[size:])
		}
	case "HS":
		m := hmac.New(sha256.New, key.([]byte))
		m.Write([]byte(input))
		out = m.Sum(nil)
	}
	if err != nil {
		panic(err)
	}
	return out
}
