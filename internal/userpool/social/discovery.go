package social

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

const (
	maxIssuers = 256
	// fresh is how long a document is used, pause the least time between two calls
	// to an issuer that did not give one.
	fresh = 15 * time.Minute
	pause = 20 * time.Second
)

// metadata is what is read of a discovery document (Discovery 1.0, section 3).
type metadata struct {
	Issuer      string   `json:"issuer"`
	Authorize   string   `json:"authorization_endpoint"`
	Token       string   `json:"token_endpoint"`
	UserInfo    string   `json:"userinfo_endpoint"`
	Keys        string   `json:"jwks_uri"`
	Challenges  []string `json:"code_challenge_methods_supported"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
}

// discovery remembers the documents of issuers.
type discovery struct {
	get    func(ctx context.Context, address string) ([]byte, error)
	now    func() time.Time
	flight singleflight.Group
	docs   *lru.Cache[string, discovered]
}

type discovered struct {
	doc *metadata
	err error
	at  time.Time
}

func newDiscovery(get func(ctx context.Context, address string) ([]byte, error), now func() time.Time) (*discovery, error) {
	docs, err := lru.New[string, discovered](maxIssuers)
	return &discovery{get: get, now: now, docs: docs}, err
}

// find answers the document of an issuer. Everybody who wants it shares one call,
// which none of them can cancel.
func (d *discovery) find(ctx context.Context, issuer string) (*metadata, error) {
	if had, ok := d.docs.Get(issuer); ok {
		age := d.now().Sub(had.at)
		if had.err == nil && age < fresh || had.err != nil && age < pause {
			return had.doc, had.err
		}
	}
	select {
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	case r := <-d.flight.DoChan(issuer, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
		defer cancel()
		doc, err := d.fetch(ctx, issuer)
		d.docs.Add(issuer, discovered{doc, err, d.now()})
		return doc, err
	}):
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*metadata), nil
	}
}

func (d *discovery) fetch(ctx context.Context, issuer string) (_ *metadata, err error) {
	defer func() {
		if v := recover(); v != nil { // a defect must not end the process
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	raw, err := d.get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, unavailable(fmt.Errorf("discovery: %w", err))
	}
	var doc metadata
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, unavailable(errors.New("discovery: the document is not JSON"))
	}
	if doc.Issuer != issuer {
		return nil, refuse("discovery: the document is that of the issuer %.200q", doc.Issuer)
	}
	if doc.Authorize == "" || doc.Token == "" || doc.Keys == "" {
		return nil, refuse("discovery: an endpoint is missing")
	}
	return &doc, nil
}

// pkce reports whether the provider can be sent a challenge. One that does not
// say passes over it (RFC 6749, section 3.1).
func (m *metadata) pkce() bool { return m.Challenges == nil || slices.Contains(m.Challenges, "S256") }

// basic reports whether the client proves itself by a header only.
func (m *metadata) basic() bool {
	return m.AuthMethods != nil && !slices.Contains(m.AuthMethods, "client_secret_post")
}
