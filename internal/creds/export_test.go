package creds

import "time"

// Age makes all cached lookups older by d.
func Age(s *Store, d time.Duration) {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	for _, id := range s.cache.known.Keys() {
		e, _ := s.cache.known.Peek(id)
		e.until = e.until.Add(-d)
		s.cache.known.Add(id, e)
	}
}

// CacheSizes is the number of cached lookups of known and unknown keys.
func CacheSizes(s *Store) (known, unknown int) {
	return s.cache.known.Len(), s.cache.unknown.Len()
}

// Days is the number of keys that are remembered.
func Days(s *Sessions) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.days)
}
