package oidc

import (
	"context"
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
	// Tolerance is how far the clocks of issuers may be off. Zero is a minute for
	// times that lie in the past, and nothing for the end of a token.
	Tolerance time.Duration
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
	t, _, err := v.VerifyAny(ctx, raw, is)
	if err != nil {
		return nil, err
	}
	return t.Claims, nil
}

// VerifyAny is Verify for a token of one of several issuers, whose URLs differ: by
// is the index of the one that it is of.
func (v *Verifier) VerifyAny(ctx context.Context, raw string, issuers ...Issuer) (t *Token, by int, err error) {
	if len(raw) > MaxToken {
		return nil, 0, refuse("too large")
	}
	// A token that is remembered has the right form: it is neither cut nor decoded.
	at := place{sum: sum(raw)}
	for i, is := range issuers {
		at.issuer = is
		if t, err := v.recall(ctx, at); t != nil || err != nil {
			return t, i, err
		}
	}
	p, err := parse(raw)
	if err != nil {
		return nil, 0, err
	}
	for i, is := range issuers {
		if is.URL == "" || p.claims["iss"] != is.URL {
			continue
		}
		key, err := v.verify(ctx, is, p)
		if err != nil {
			return nil, i, err
		}
		if err := p.check(v.now(), v.c.Tolerance); err != nil {
			return nil, i, err
		}
		t, at.issuer = newToken(p), is
		v.cache.put(at, verified{token: t, times: p.times, key: key}, len(raw))
		return t, i, nil
	}
	return nil, 0, refuse("issuer")
}

// recall is a token that was verified before and still counts; nil for none.
func (v *Verifier) recall(ctx context.Context, at place) (*Token, error) {
	e, ok := v.cache.get(at)
	if !ok {
		return nil, nil
	}
	// By the keys of now: a key that its issuer withdrew proves nothing.
	set, err := v.source(at.issuer).keys(ctx)
	if err != nil {
		return nil, err
	}
	if !set.ids[e.key] {
		v.cache.remove(at)
		return nil, nil
	}
	if err := e.check(v.now(), v.c.Tolerance); err != nil {
		v.cache.remove(at)
		return nil, err
	}
	return e.token, nil
}

// verify finds the key of a token, and asks the issuer again when none of those that
// are known fits: it may be a new one, even under an old name.
func (v *Verifier) verify(ctx context.Context, is Issuer, t *token) (keyID, error) {
	s := v.source(is)
	set, err := s.keys(ctx)
	if err != nil {
		return keyID{}, err
	}
	id, err := set.verify(t)
	if err == nil {
		return id, nil
	}
	again, unreachable := s.wait(ctx)
	switch {
	case unreachable != nil:
		return keyID{}, unreachable
	case again == set:
		return keyID{}, err
	}
	return again.verify(t)
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
