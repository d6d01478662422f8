package oidc

import (
	"testing"
)

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c, err := newCache()
	if err != nil {
		t.Fatal(err)
	}
	at := func(i int) place {
		p := place{}
		p.sum[0], p.sum[1], p.sum[2] = byte(i), byte(i>>8), byte(i>>16)
		return p
	}
	for i := range cacheEntries + 100 {
		c.put(at(i), verified{}, 100)
	}
	if n := c.lru.Len(); n != cacheEntries {
		t.Errorf("%d entries", n)
	}
	if _, ok := c.get(at(0)); ok {
		t.Error("the oldest is still there")
	}
	for i := range cacheEntries {
		c.put(at(i), verified{}, MaxToken)
	}
	if c.bytes > cacheBytes || c.bytes < cacheBytes-2*weight*MaxToken {
		t.Errorf("%d bytes", c.bytes)
	}
	// The same token again, and its removal, do not drift the sum.
	before, last := c.bytes, at(cacheEntries-1)
	for range 10 {
		c.put(last, verified{}, MaxToken)
	}
	if c.bytes != before {
		t.Errorf("%d bytes, before %d", c.bytes, before)
	}
	for c.lru.Len() > 0 {
		p, _, _ := c.lru.GetOldest()
		c.remove(p)
	}
	if c.bytes != 0 {
		t.Errorf("%d bytes of nothing", c.bytes)
	}
}
