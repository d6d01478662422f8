package oidc

import (
	"crypto/sha256"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Token is a token that was verified. It is shared: nobody changes it.
type Token struct {
	// Claims is what the token says. Numbers are json.Number.
	Claims map[string]any
	// Issued and SignedIn are the claims iat and auth_time; zero without a time.
	Issued, SignedIn time.Time
	// clients are those that the token says it was made for.
	clients []string
	last    atomic.Pointer[match]
}

// match is what an expression said about the clients of a token.
type match struct {
	client *regexp.Regexp
	ok     bool
}

func newToken(t *token) *Token {
	out := &Token{Claims: t.claims, Issued: t.issued, clients: clients(t.claims)}
	out.SignedIn, _ = Time(t.claims["auth_time"])
	return out
}

// clients are those that a token says it was made for: its audience, and who
// asked for it.
func clients(claims map[string]any) []string {
	var all []string
	switch aud := claims["aud"].(type) {
	case string:
		all = append(all, aud)
	case []any:
		for _, v := range aud {
			if s, ok := v.(string); ok {
				all = append(all, s)
			}
		}
	}
	if azp, ok := claims["azp"].(string); ok {
		all = append(all, azp)
	}
	return all
}

// MadeFor says whether an expression matches a client that the token was made for.
// The answer for the last expression is remembered: a token comes again and again
// to the same API.
func (t *Token) MadeFor(client *regexp.Regexp) bool {
	if m := t.last.Load(); m != nil && m.client == client {
		return m.ok
	}
	m := &match{client, slices.ContainsFunc(t.clients, client.MatchString)}
	t.last.Store(m)
	return m.ok
}

// rooms are for tokens as bytes: the hash would make a copy of each text.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

func sum(raw string) [sha256.Size]byte {
	room := rooms.Get().(*[]byte)
	*room = append((*room)[:0], raw...)
	s := sha256.Sum256(*room)
	rooms.Put(room)
	return s
}
