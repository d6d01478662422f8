package token

import (
	"crypto/rsa"
	"encoding/base64"
	"time"

	"preamp/internal/keys"
)

// Private is a key of a pair and its name.
func (p *Pair) Private(use Use) (*rsa.PrivateKey, string) {
	if use == ID {
		return p.id.private, p.id.kid
	}
	return p.access.private, p.access.kid
}

// Object is the strict reader of JSON.
func Object(raw []byte) (map[string]any, error) { return object(raw) }

// Cached is the number of tokens in the cache, and their weight.
func (v *Verifier) Cached() (n, bytes int) {
	v.cache.mu.Lock()
	defer v.cache.mu.Unlock()
	return v.cache.lru.Len(), v.cache.bytes
}

// Limits of the cache, and how long new keys are published before they sign.
const (
	CacheEntries  = cacheEntries
	CacheBytes    = cacheBytes
	MaxToken      = maxToken
	PublishFirst  = publishFirst
	RetiredMargin = retiredMargin
	MaxRecent     = maxRecent
	SweepLimit    = sweepLimit
)

// Fill puts a token of some size into the cache.
func (v *Verifier) Fill(i, size int) {
	at := spot{env: "fill"}
	at.sum[0], at.sum[1], at.sum[2] = byte(i), byte(i>>8), byte(i>>16)
	v.cache.put(at, entry{claims: &Claims{}, size: size})
}

// Drop empties the cache.
func (v *Verifier) Drop() {
	v.cache.mu.Lock()
	defer v.cache.mu.Unlock()
	v.cache.lru.Purge()
}

// Forge is a refresh token of the session and generation of another, without the
// key of the family.
func Forge(text keys.Secret, generation uint32) keys.Secret {
	t, err := parseRefresh(text.Reveal())
	if err != nil {
		panic(err)
	}
	return newRefresh([16]byte(t[1:17]), generation, random(), random()).secret()
}

// RefreshText parses a refresh token and writes it again.
func RefreshText(text string) (string, bool) {
	t, err := parseRefresh(text)
	return base64.RawURLEncoding.EncodeToString(t[:]), err == nil
}

// Parts opens a token with a key, without its pool.
func Parts(raw, kid string, public *rsa.PublicKey, p Pool, use Use, now time.Time) (*Claims, error) {
	c, err := split(raw)
	if err != nil {
		return nil, err
	}
	if c.kid != kid {
		return nil, refuse("unknown key")
	}
	all, err := c.open(publicKey{kid: c.kid, use: use, key: public})
	if err != nil {
		return nil, err
	}
	claims, err := read(all, p, use)
	if err != nil {
		return nil, err
	}
	return claims, claims.checkTime(now)
}
