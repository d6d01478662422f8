package oidc

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxIssuers is the number of issuers whose keys are kept.
const maxIssuers = 256

// Issuer is whose tokens are asked for.
type Issuer struct {
	// URL is the issuer, as it is: the iss of its tokens has to be equal.
	URL string
	// Keys is the address of its key set; empty finds it by discovery.
	Keys string
}

// Config makes a Verifier.
type Config struct {
	// Get fetches a document. The addresses come from whoever configures an API
	// and from what issuers answer: it has to refuse those that must not be
	// called. Required.
	Get func(ctx context.Context, address string) ([]byte, error)
	// Logger is told which issuers cannot be reached; nil is none.
	Logger *slog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Verifier verifies tokens by the keys that their issuers publish. It is safe for
// concurrent use.
type Verifier struct {
	c       Config
	log     *slog.Logger
	now     func() time.Time
	sources *lru.Cache[Issuer, *source]
	cache   *cache
}

// New makes a Verifier.
func New(c Config) (*Verifier, error) {
	if c.Get == nil {
		return nil, errors.New("oidc: Get is required")
	}
	v := &Verifier{c: c, log: c.Logger, now: c.Now}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	if v.now == nil {
		v.now = time.Now
	}
	var err error
	if v.sources, err = lru.New[Issuer, *source](maxIssuers); err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	if v.cache, err = newCache(); err != nil {
		return nil, fmt.Errorf("oidc: %w", err)
	}
	return v, nil
}

// Verify verifies a token of an issuer and answers its claims, which are shared:
// nobody changes them. Numbers are json.Number.
//
// Errors: one that wraps ErrRefused, or ErrExpired for a token that was good
// before; errs.Unavailable when the issuer's keys cannot be had.
func (v *Verifier) Verify(ctx context.Context, is Issuer, raw string) (map[string]any, error) {
	if _, _, err := cut(raw); err != nil {
		return nil, err
	}
	at := place{sha256.Sum256([]byte(raw)), is}
	if e, ok := v.cache.get(at); ok {
		// By the keys of now: a key that its issuer withdrew proves nothing.
		set, err := v.source(is).keys(ctx)
		if err != nil {
			return nil, err
		}
		if set.ids[e.key] {
			if err := e.check(v.now()); err != nil {
				v.cache.remove(at)
				return nil, err
			}
			return e.claims, nil
		}
		v.cache.remove(at)
	}
	t, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if is.URL == "" || t.claims["iss"] != is.URL {
		return nil, refuse("issuer")
	}
	id, err := v.verify(ctx, is, t)
	if err != nil {
		return nil, err
	}
	if err := t.check(v.now()); err != nil {
		return nil, err
	}
	v.cache.put(at, verified{claims: t.claims, times: t.times, key: id}, len(raw))
	return t.claims, nil
}

// verify finds the key of a token, and asks the issuer again when it is a new one.
func (v *Verifier) verify(ctx context.Context, is Issuer, t *token) (keyID, error) {
	s := v.source(is)
	set, err := s.keys(ctx)
	if err != nil {
		return keyID{}, err
	}
	if len(set.candidates(t)) == 0 {
		if set, err = s.wait(ctx); err != nil {
			return keyID{}, err
		}
	}
	return set.verify(t)
}

func (v *Verifier) source(is Issuer) *source {
	if s, ok := v.sources.Get(is); ok {
		return s
	}
	s := &source{v: v, is: is}
	if before, ok, _ := v.sources.PeekOrAdd(is, s); ok {
		return before
	}
	return s
}
