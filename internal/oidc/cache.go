package oidc

import (
	"crypto/sha256"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	cacheEntries = 4096
	cacheBytes   = 16 << 20
	// weight is about how many bytes of memory a byte of a token is as claims.
	weight = 4
)

// place is where a verified token is remembered: its hash, and whom it was
// verified for.
type place struct {
	sum    [sha256.Size]byte
	issuer Issuer
}

// verified is a token whose signature was checked.
type verified struct {
	token *Token
	times
	key  keyID
	size int
}

// cache remembers verified tokens, so that one that comes with every request
// costs no signature. It is bounded in entries and in bytes.
type cache struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[place, verified]
	bytes int
}

func newCache() (*cache, error) {
	c := &cache{}
	var err error
	c.lru, err = simplelru.NewLRU(cacheEntries, func(_ place, v verified) { c.bytes -= v.size })
	return c, err
}

func (c *cache) get(p place) (verified, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Get(p)
}

func (c *cache) put(p place, v verified, tokenSize int) {
	v.size = weight*tokenSize + 512
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(p) // Add would not tell that an entry was replaced
	c.lru.Add(p, v)
	for c.bytes += v.size; c.bytes > cacheBytes; {
		c.lru.RemoveOldest()
	}
}

func (c *cache) remove(p place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(p)
}
