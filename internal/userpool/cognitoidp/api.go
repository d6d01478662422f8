package cognitoidp

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
	"preamp/internal/userpool/token"
)

// Config is what an API needs.
type Config struct {
	// Users runs the operations. Required.
	Users *userpool.Service
	// Directory leads to the environments of pools and clients. Required.
	Directory userpool.Directory
	// Region is where pools are made. Required.
	Region string
	// Now is the clock; time.Now if nil.
	Now    func() time.Time
	Logger *slog.Logger
}

// API implements idp.Service. Operations that this version does not have are
// those of idp.Unavailable.
type API struct {
	idp.Unavailable

	users     *userpool.Service
	directory userpool.Directory
	region    string
	now       func() time.Time
	log       *slog.Logger
}

var _ idp.Service = (*API)(nil)

// New makes an API.
func New(c Config) (*API, error) {
	if c.Users == nil || c.Directory == nil || c.Region == "" {
		return nil, errors.New("cognitoidp: Users, Directory and Region are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &API{users: c.Users, directory: c.Directory, region: c.Region, now: c.Now, log: c.Logger}, nil
}

// find pins the environment that an id leads to.
func (a *API) find(ctx context.Context, kind, id string, missing error) (userpool.Call, func(), error) {
	env, release, err := a.directory.Find(ctx, kind, id)
	if errs.KindOf(err) == errs.NotFound {
		err = missing
	}
	if err != nil {
		return userpool.Call{}, nil, err
	}
	return a.call(env), release, nil
}

func (a *API) call(env keys.Env) userpool.Call { return userpool.Call{Env: env, Now: a.now()} }

// inPool runs fn in the environment of a pool.
//
// Errors: ResourceNotFoundException, those of fn.
func inPool[T any](ctx context.Context, a *API, pool string, fn func(c userpool.Call) (T, error)) (T, error) {
	c, release, err := a.find(ctx, userpool.RoutePool, pool, noPool(pool))
	if err != nil {
		var none T
		return none, err
	}
	defer release()
	return fn(c)
}

// inClient runs fn in the environment of an app client.
//
// Errors: ResourceNotFoundException, those of fn.
func inClient[T any](ctx context.Context, a *API, client string, fn func(c userpool.Call) (T, error)) (T, error) {
	c, release, err := a.find(ctx, userpool.RouteClient, client, noClient(client))
	if err != nil {
		var none T
		return none, err
	}
	defer release()
	return fn(c)
}

// inToken runs fn in the environment that an access token claims to be of, where
// the token is verified.
//
// Errors: NotAuthorizedException, those of fn.
func inToken[T any](ctx context.Context, a *API, accessToken string, fn func(c userpool.Call) (T, error)) (T, error) {
	var none T
	pool, err := token.UnverifiedPool(accessToken)
	if err != nil {
		return none, err
	}
	c, release, err := a.find(ctx, userpool.RoutePool, pool, invalidToken())
	if err != nil {
		return none, err
	}
	defer release()
	return fn(c)
}

// nothing is the answer of operations that answer an empty object.
func nothing[T any](err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return new(T), nil
}
