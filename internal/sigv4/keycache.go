package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
)

// keyCacheSize bounds the derived keys a verifier remembers. Only callers with
// a known access key can fill it.
const keyCacheSize = 1024

// keyCache remembers signing keys, which cost four HMACs each.
type keyCache struct {
	entries *lru.Cache[keyScope, keyEntry]
}

type keyScope struct {
	id    string
	scope scope
}

type keyEntry struct {
	// secret is the hash of the secret that the key was derived from, so that
	// an id with a new secret never meets the key of the old one.
	secret [sha256.Size]byte
	key    []byte
}

func newKeyCache() *keyCache {
	entries, err := lru.New[keyScope, keyEntry](keyCacheSize)
	if err != nil {
		panic(fmt.Sprintf("sigv4: cache size %d: %v", keyCacheSize, err))
	}
	return &keyCache{entries: entries}
}

// key is the signing key of an access key for a scope.
func (c *keyCache) key(id, secret string, s scope) []byte {
	at := keyScope{id: id, scope: s}
	sum := sha256.Sum256([]byte(secret))
	if e, ok := c.entries.Get(at); ok && subtle.ConstantTimeCompare(e.secret[:], sum[:]) == 1 {
		return e.key
	}
	e := keyEntry{secret: sum, key: signingKey(secret, s)}
	c.entries.Add(at, e)
	return e.key
}
