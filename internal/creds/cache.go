package creds

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	cacheAge  = 5 * time.Second
	cacheSize = 1024
)

// entry is the outcome of a lookup; an empty secret means that there is no such
// key.
type entry struct {
	secret, arn string
	until       time.Time
}

// cache remembers lookups. Known and unknown keys have a bounded space each, so
// that a flood of invented ids does not push real keys out.
type cache struct {
	mu             sync.Mutex
	known, unknown *simplelru.LRU[string, entry]
	// changes counts calls of forget: a lookup that began before one of them may
	// have read what it changed, and is not stored.
	changes uint64
}

func newCache() (*cache, error) {
	known, err := simplelru.NewLRU[string, entry](cacheSize, nil)
	if err != nil {
		return nil, err
	}
	unknown, err := simplelru.NewLRU[string, entry](cacheSize, nil)
	if err != nil {
		return nil, err
	}
	return &cache{known: known, unknown: unknown}, nil
}

func (c *cache) get(id string) (entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.known.Get(id)
	if !ok {
		e, ok = c.unknown.Get(id)
	}
	return e, ok && time.Now().Before(e.until)
}

// begin is called before a lookup whose outcome goes to put.
func (c *cache) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes
}

func (c *cache) put(begun uint64, id string, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if begun != c.changes {
		return
	}
	e.until = time.Now().Add(cacheAge)
	c.known.Remove(id)
	c.unknown.Remove(id)
	if e.secret == "" {
		c.unknown.Add(id, e)
	} else {
		c.known.Add(id, e)
	}
}

func (c *cache) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.known.Remove(id)
	c.unknown.Remove(id)
}
