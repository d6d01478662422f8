package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/oidc"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

const (
	maxOwnPools = 4096
	// ownPoolAge is how long the issuer of a pool is remembered; the keys of a pool
	// are remembered for as long.
	ownPoolAge = token.KeyAge
	// strangerAge is how long an id is remembered that is not of this server: an
	// API with a pool on AWS asks with every request.
	strangerAge = 2 * time.Second
)

// ownPools are the user pools of this server as its APIs see them.
type ownPools struct {
	directory userpool.Directory
	verifier  *token.Verifier
	issuer    func(pool string, awsName bool) string
	read      func(ctx context.Context, c userpool.Call, id string) (userpool.Pool, error)
	now       func() time.Time
	known     *lru.Cache[string, ownPool]
}

// ownPool is what is remembered of a pool id.
type ownPool struct {
	read    time.Time
	own     bool
	awsName bool
}

func newOwnPools(directory userpool.Directory, verifier *token.Verifier, users *userpool.Service, issuer func(string, bool) string) (*ownPools, error) {
	known, err := lru.New[string, ownPool](maxOwnPools)
	return &ownPools{directory: directory, verifier: verifier, issuer: issuer, read: users.Pool, now: time.Now, known: known}, err
}

func stranger(id string) error { return errs.Missing("UserPool", "there is no user pool %s here", id) }

// find pins the environment of a pool and answers the name that it signs with.
func (o *ownPools) find(ctx context.Context, id string) (env keys.Env, name token.Pool, release func(), err error) {
	p, ok := o.known.Get(id)
	fresh := ok && o.now().Sub(p.read) < ownPoolAge
	if ok && !p.own {
		if o.now().Sub(p.read) < strangerAge {
			return env, name, nil, stranger(id)
		}
		fresh = false
	}
	env, release, err = o.directory.Find(ctx, userpool.RoutePool, id)
	if err == nil && !fresh {
		var pool userpool.Pool
		if pool, err = o.read(ctx, userpool.Call{Env: env}, id); err == nil {
			p = ownPool{read: o.now(), own: true, awsName: pool.Settings.AWSIssuer}
			o.known.Add(id, p)
		} else {
			release()
		}
	}
	if errs.KindOf(err) == errs.NotFound {
		o.known.Add(id, ownPool{read: o.now()})
		return env, name, nil, stranger(id)
	}
	if err != nil {
		return env, name, nil, fmt.Errorf("find user pool: %w", err)
	}
	return env, token.Pool{ID: id, Issuer: o.issuer(id, p.awsName)}, release, nil
}

// forget makes the next use of a pool read it: it was changed or deleted.
func (o *ownPools) forget(id string) { o.known.Remove(id) }

// Issuer implements endpoint.UserPools.
func (o *ownPools) Issuer(ctx context.Context, id string) (string, error) {
	_, name, release, err := o.find(ctx, id)
	if err != nil {
		return "", err
	}
	release()
	return name.Issuer, nil
}

// VerifyToken implements endpoint.UserPools. Both id and access tokens are taken,
// as AppSync does; whether their session was ended is not asked.
func (o *ownPools) VerifyToken(ctx context.Context, id, raw string) (authn.Caller, error) {
	c, err := o.claims(ctx, id, raw)
	if err != nil {
		return authn.Caller{}, err
	}
	return authn.Caller{Mode: authn.UserPool, ID: c.Sub, Claims: c.All}, nil
}

// claims verifies a token of a pool.
func (o *ownPools) claims(ctx context.Context, id, raw string) (*token.Claims, error) {
	env, name, release, err := o.find(ctx, id)
	if err != nil {
		return nil, err
	}
	defer release()
	c, err := o.verifier.Verify(ctx, env, name, "", raw, o.now())
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, token.ErrExpired):
		return nil, fmt.Errorf("%w: %w", oidc.ErrExpired, err)
	case errors.Is(err, token.ErrRefused):
		return nil, fmt.Errorf("%w: %w", oidc.ErrRefused, err)
	}
	return nil, err
}

// lateSessions are the temporary credentials of a server that is still being opened.
type lateSessions struct{ s *Server }

// OpenSession implements sigv4.SessionSource.
func (l lateSessions) OpenSession(accessKey, token string, now time.Time) (string, authn.Federated, error) {
	return l.s.sessions.OpenSession(accessKey, token, now)
}

// lateUserPools are the pools of a server that is still being opened.
type lateUserPools struct{ s *Server }

// Issuer implements endpoint.UserPools.
func (l lateUserPools) Issuer(ctx context.Context, id string) (string, error) {
	return l.s.pools.Issuer(ctx, id)
}

// VerifyToken implements endpoint.UserPools.
func (l lateUserPools) VerifyToken(ctx context.Context, id, raw string) (authn.Caller, error) {
	return l.s.pools.VerifyToken(ctx, id, raw)
}
