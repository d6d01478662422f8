package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"preamp/internal/errs"
)

const (
	// fresh is how long a key set is used without a look at the issuer.
	fresh = 15 * time.Minute
	// stale is how long it is used when the issuer cannot be reached.
	stale = 24 * time.Hour
	// pause is the least time between two calls to an issuer.
	pause = 20 * time.Second
	// fetchTime bounds one call, with its discovery.
	fetchTime = 15 * time.Second
)

// source is the key set of one issuer.
type source struct {
	v      *Verifier
	is     Issuer
	flight singleflight.Group

	mu  sync.Mutex
	set *KeySet
	// got is when set was fetched, tried when the last fetch ended, err how.
	got, tried time.Time
	err        error
}

func (s *source) state() (set *KeySet, age time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set, s.v.now().Sub(s.got)
}

// keys is the set to verify with. Only who finds none at all, or one that is too
// old, waits for the issuer.
func (s *source) keys(ctx context.Context) (*KeySet, error) {
	set, age := s.state()
	switch {
	case set != nil && age < fresh:
		return set, nil
	case set != nil && age < stale:
		s.refresh(ctx) // beside the request
		return set, nil
	}
	return s.wait(ctx)
}

// wait answers the set after a refresh.
func (s *source) wait(ctx context.Context) (*KeySet, error) {
	select {
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	case r := <-s.refresh(ctx):
		if r.Err != nil {
			return nil, unavailable(r.Err)
		}
		return r.Val.(*KeySet), nil
	}
}

func unavailable(err error) error {
	return errs.Wrap(errs.Unavailable, err, "The keys of the token's issuer are not available: try again.")
}

// refresh asks the issuer, unless it was asked a moment ago. Everybody who wants
// to know shares one call, which none of them can cancel.
func (s *source) refresh(ctx context.Context) <-chan singleflight.Result {
	return s.flight.DoChan("", func() (_ any, err error) {
		s.mu.Lock()
		since := s.v.now().Sub(s.tried)
		set, age, err := s.set, s.v.now().Sub(s.got), s.err
		s.mu.Unlock()
		if since >= 0 && since < pause {
			if set != nil && age < stale {
				return set, nil
			}
			return nil, err
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
		defer cancel()
		fetched, err := s.fetch(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tried, s.err = s.v.now(), err
		switch {
		case err == nil:
			s.set, s.got = fetched, s.tried
			return fetched, nil
		case set != nil && age < stale:
			s.v.log.WarnContext(ctx, "keys of an issuer not refreshed", "issuer", s.is.URL, "error", err)
			return set, nil
		}
		s.v.log.WarnContext(ctx, "keys of an issuer not available", "issuer", s.is.URL, "error", err)
		return nil, err
	})
}

// fetch reads the key set, after discovery unless its address is known.
func (s *source) fetch(ctx context.Context) (_ *KeySet, err error) {
	defer func() {
		if v := recover(); v != nil { // a defect must not end the process
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	address := s.is.Keys
	if address == "" {
		if address, err = s.discover(ctx); err != nil {
			return nil, fmt.Errorf("discovery: %w", err)
		}
	}
	raw, err := s.v.c.Get(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	return ParseKeySet(raw)
}

// discover asks the issuer where its keys are (Discovery 1.0, section 4).
func (s *source) discover(ctx context.Context) (string, error) {
	raw, err := s.v.c.Get(ctx, strings.TrimSuffix(s.is.URL, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return "", err
	}
	var doc struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return "", errors.New("the document is not JSON")
	}
	if doc.Issuer != s.is.URL {
		return "", fmt.Errorf("the document is that of the issuer %.200q", doc.Issuer)
	}
	if doc.Keys == "" {
		return "", errors.New("the document names no key set")
	}
	return doc.Keys, nil
}
