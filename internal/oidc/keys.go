package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

const (
	// maxKeys is the number of keys in a set; more is not a set of signing keys.
	maxKeys = 100
	// maxTries is the number of keys that one token is held against.
	maxTries = 4
	// RSA keys that are shorter are broken, longer ones cost too much.
	minRSA, maxRSA = 2048, 8192
)

// KeySet is the usable signing keys of an issuer. It does not change.
type KeySet struct {
	keys []key
	ids  map[keyID]bool
}

// keyID tells keys apart by everything that the set says about them.
type keyID [sha256.Size]byte

type key struct {
	id     keyID
	kid    string
	public any
	// algs are the algorithms that may be used with the key.
	algs []string
}

// ParseKeySet reads a JWK set (RFC 7517, section 5). Keys that are of another
// kind, for another use or too weak are passed over; a set without a usable key is
// an error.
func ParseKeySet(raw []byte) (*KeySet, error) {
	var doc struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, errors.New("the key set is not JSON")
	}
	if len(doc.Keys) > maxKeys {
		return nil, fmt.Errorf("the key set has more than %d keys", maxKeys)
	}
	s := &KeySet{ids: map[keyID]bool{}}
	for _, raw := range doc.Keys {
		if k, ok := parseKey(raw); ok {
			s.keys = append(s.keys, k)
			s.ids[k.id] = true
		}
	}
	if len(s.keys) == 0 {
		return nil, errors.New("the key set has no usable signing key")
	}
	return s, nil
}

func parseKey(raw json.RawMessage) (key, bool) {
	m, err := strictObject(raw)
	if err != nil {
		return key{}, false
	}
	if use, there := m["use"]; there && use != "sig" {
		return key{}, false
	}
	if ops, there := m["key_ops"]; there {
		list, ok := ops.([]any)
		if !ok || !slices.Contains(list, any("verify")) {
			return key{}, false
		}
	}
	k := key{id: sha256.Sum256(raw)}
	if k.kid, err = text(m, "kid"); err != nil {
		return key{}, false
	}
	switch m["kty"] {
	case "RSA":
		k.public = rsaKey(m)
	case "EC":
		k.public = ecKey(m)
	}
	k.algs = algorithmsOf(k.public)
	if alg, there := m["alg"]; there {
		one, ok := alg.(string)
		if !ok || !slices.Contains(k.algs, one) {
			return key{}, false
		}
		k.algs = []string{one}
	}
	return k, len(k.algs) > 0
}

// number is a member that is a number without sign in base64url; nil if it is
// none, or if the key is a private one, which nobody publishes by intention.
func number(m map[string]any, name string) []byte {
	s, ok := m[name].(string)
	if _, private := m["d"]; !ok || private {
		return nil
	}
	b, err := encoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// rsaKey is nil unless it is a key that can be used.
func rsaKey(m map[string]any) any {
	n, e := new(big.Int).SetBytes(number(m, "n")), new(big.Int).SetBytes(number(m, "e"))
	bits := n.BitLen()
	if bits < minRSA || bits > maxRSA || n.Bit(0) == 0 || e.BitLen() > 31 || e.Int64() < 3 || e.Bit(0) == 0 {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

// ecKey is nil unless it is a point of a curve that can be used.
func ecKey(m map[string]any) any {
	var curve elliptic.Curve
	switch m["crv"] {
	case "P-256":
		curve = elliptic.P256()
	case "P-384":
		curve = elliptic.P384()
	case "P-521":
		curve = elliptic.P521()
	default:
		return nil
	}
	x, y := number(m, "x"), number(m, "y")
	if size := coordinate(curve); len(x) != size || len(y) != size {
		return nil
	}
	const uncompressed = 4
	k, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{uncompressed}, x, y))
	if err != nil {
		return nil
	}
	return k
}

// candidates are the keys that a token may be signed by. A token that names no
// key is held against the only one that fits, and against none when there are
// several.
func (s *KeySet) candidates(t *token) []key {
	var fit []key
	for _, k := range s.keys {
		if slices.Contains(k.algs, t.alg) && (t.kid == "" || t.kid == k.kid) {
			fit = append(fit, k)
		}
	}
	if t.kid == "" && len(fit) > 1 {
		return nil
	}
	return fit[:min(len(fit), maxTries)]
}

// verify finds the key that a token is signed by.
func (s *KeySet) verify(t *token) (keyID, error) {
	keys := s.candidates(t)
	if len(keys) == 0 {
		return keyID{}, refuse("no key of that name and algorithm")
	}
	for _, k := range keys {
		if t.signedBy(k) {
			return k.id, nil
		}
	}
	return keyID{}, refuse("signature")
}

// Check verifies a token by keys that are known already, and answers its claims.
// The error wraps ErrRefused, or ErrExpired for a token that was good before.
func (s *KeySet) Check(issuer, raw string, now time.Time) (map[string]any, error) {
	t, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if issuer == "" || t.claims["iss"] != issuer {
		return nil, refuse("issuer")
	}
	if _, err := s.verify(t); err != nil {
		return nil, err
	}
	if err := t.check(now, 0); err != nil {
		return nil, err
	}
	return t.claims, nil
}
