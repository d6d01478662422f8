package token

import (
	"context"
	"crypto/sha256"
	"time"

	"preamp/internal/errs"
)

// Verifier checks id and access tokens, and remembers those that it has checked.
type Verifier struct {
	keys  *Keys
	cache *cache
}

// NewVerifier makes a verifier by the given keys.
func NewVerifier(keys *Keys) (*Verifier, error) {
	c, err := newCache()
	if err != nil {
		return nil, err
	}
	return &Verifier{keys: keys, cache: c}, nil
}

// Verify answers the claims of a token of a pool. use is what the token must be
// for; empty takes both. Whether its session was ended is in the database and is
// asked by CheckSession.
//
// Errors: Unauthenticated, with ErrExpired in it for a token that was good before
// and else with ErrRefused; a failure to read the keys is neither.
func (v *Verifier) Verify(ctx context.Context, env Env, p Pool, use Use, raw string, now time.Time) (*Claims, error) {
	if len(raw) > maxToken { // before it is hashed
		return nil, refuse("too long")
	}
	keys, err := v.keys.set(ctx, env, p.ID, KeyAge, now)
	if errs.KindOf(err) == errs.NotFound {
		return nil, refuse("no such pool")
	}
	if err != nil {
		return nil, err
	}
	at := spot{sum: sha256.Sum256([]byte(raw)), env: env.UID, pool: p}
	e, ok := v.cache.get(at)
	if ok {
		_, ok = keys.find(e.kid, now)
	}
	if !ok {
		if e, err = v.verify(ctx, env, p, keys, raw, now); err != nil {
			return nil, err
		}
	}
	if use != "" && e.claims.Use != use {
		return nil, refuse("token_use")
	}
	if err := e.claims.checkTime(now); err != nil {
		v.cache.remove(at)
		return nil, err
	}
	if !ok {
		v.cache.put(at, e)
	}
	return e.claims, nil
}

func (v *Verifier) verify(ctx context.Context, env Env, p Pool, keys *keySet, raw string, now time.Time) (entry, error) {
	c, err := split(raw)
	if err != nil {
		return entry{}, err
	}
	k, ok := keys.find(c.kid, now)
	if !ok {
		// Perhaps another node has rotated the keys.
		if keys, err = v.keys.set(ctx, env, p.ID, unknownPause, now); err != nil {
			return entry{}, err
		}
		if k, ok = keys.find(c.kid, now); !ok {
			return entry{}, refuse("unknown key")
		}
	}
	all, err := c.open(k)
	if err != nil {
		return entry{}, err
	}
	claims, err := read(all, p, k.use)
	if err != nil {
		return entry{}, err
	}
	return entry{claims: claims, kid: k.kid, size: len(raw)}, nil
}
