package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"slices"

	// The hashes of the algorithms.
	_ "crypto/sha256"
	_ "crypto/sha512"
)

// algorithm is one of RFC 7518, section 3, whose keys are not secret.
type algorithm struct {
	name string
	hash crypto.Hash
	// verify checks a signature of a digest.
	verify func(public any, hash crypto.Hash, digest, signature []byte) bool
}

var algorithms = []algorithm{
	{"RS256", crypto.SHA256, pkcs1},
	{"RS384", crypto.SHA384, pkcs1},
	{"RS512", crypto.SHA512, pkcs1},
	{"PS256", crypto.SHA256, pss},
	{"PS384", crypto.SHA384, pss},
	{"PS512", crypto.SHA512, pss},
	{"ES256", crypto.SHA256, ec},
	{"ES384", crypto.SHA384, ec},
	{"ES512", crypto.SHA512, ec},
}

func find(name string) (algorithm, bool) {
	i := slices.IndexFunc(algorithms, func(a algorithm) bool { return a.name == name })
	if i < 0 {
		return algorithm{}, false
	}
	return algorithms[i], true
}

// algorithmsOf are those that a key may be used with, whatever is said of it.
func algorithmsOf(public any) []string {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []string{"ES256"}
		case elliptic.P384():
			return []string{"ES384"}
		case elliptic.P521():
			return []string{"ES512"}
		}
	}
	return nil
}

func pkcs1(public any, hash crypto.Hash, digest, signature []byte) bool {
	k, ok := public.(*rsa.PublicKey)
	return ok && rsa.VerifyPKCS1v15(k, hash, digest, signature) == nil
}

// pss demands a salt as long as the hash (RFC 7518, section 3.5); left to itself
// the library takes any.
func pss(public any, hash crypto.Hash, digest, signature []byte) bool {
	k, ok := public.(*rsa.PublicKey)
	return ok && rsa.VerifyPSS(k, hash, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
}

// ec reads the two halves of the signature, each of the size of the curve
// (section 3.4).
func ec(public any, _ crypto.Hash, digest, signature []byte) bool {
	k, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return false
	}
	size := coordinate(k.Curve)
	if len(signature) != 2*size {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
	return ecdsa.Verify(k, digest, r, s)
}

// coordinate is the size of a coordinate in bytes.
func coordinate(c elliptic.Curve) int { return (c.Params().BitSize + 7) / 8 }

// signedBy says whether a token is signed by a key, by the algorithm that it
// names and the key allows.
func (t *token) signedBy(k key) bool {
	a, ok := find(t.alg)
	if !ok || !slices.Contains(k.algs, t.alg) {
		return false
	}
	h := a.hash.New()
	h.Write([]byte(t.input))
	return a.verify(k.public, a.hash, h.Sum(nil), t.signature)
}
