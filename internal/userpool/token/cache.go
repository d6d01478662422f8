package token

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	cacheEntries = 8192
	cacheBytes   = 16 << 20
	// Claims take about four times the memory that their text takes.
	claimFactor, claimBase = 4, 1 << 10
)

// spot is where a verified token is remembered: its hash, and what it was
// verified for. The token itself is not kept.
type spot struct {
	sum  [sha256.Size]byte
	env  string
	pool Pool
}

type entry struct {
	claims *Claims
	kid    string
	size   int // of the token
}

func (e entry) weight() int { return claimFactor*e.size + claimBase }

// cache is verified tokens, bounded in number and in memory.
type cache struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[spot, entry]
	bytes int
}

func newCache() (*cache, error) {
	c := &cache{}
	lru, err := simplelru.NewLRU(cacheEntries, func(_ spot, e entry) { c.bytes -= e.weight() })
	if err != nil {
		return nil, fmt.Errorf("make token cache: %w", err)
	}
	c.lru = lru
	return c, nil
}

func (c *cache) get(at spot) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Get(at)
}

func (c *cache) put(at spot, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(at) // so that a replaced entry is counted out
	c.bytes += e.weight()
	c.lru.Add(at, e)
	for c.bytes > cacheBytes {
		c.lru.RemoveOldest()
	}
}

func (c *cache) remove(at spot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(at)
}
