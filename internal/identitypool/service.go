package identitypool

import (
	"context"
	"crypto/rsa"
	"errors"
	"log/slog"
	"regexp"
	"time"

	"preamp/internal/authn"
	"preamp/internal/creds"
	"preamp/internal/errs"
	"preamp/internal/identitypool/wire"
	"preamp/internal/keys"
)

// The kinds of ids that lead to an environment: of pools, and the first 32 bits of
// the UUIDs of its identities, in hexadecimal.
const (
	RoutePool  = "identitypool"
	RouteShard = "identity"
)

// Directory leads from the ids in requests to the environments that hold what
// they name.
type Directory interface {
	// Find pins the environment of an id until the function is called.
	// errs.NotFound when nothing has the id.
	Find(ctx context.Context, kind, id string) (keys.Env, func(), error)
	// Home pins the environment in which pools are made that belong to no app, and
	// makes it the first time.
	Home(ctx context.Context) (keys.Env, func(), error)
	// List answers the ids of a kind in their order, those behind after.
	List(ctx context.Context, kind, after string, limit int) ([]string, error)
	// Put makes an id lead to an environment; it is stored when Put returns.
	// errs.Conflict when it leads to another one.
	Put(ctx context.Context, kind, id, envUID string) error
	// Remove forgets an id. It is no error when there is none.
	Remove(ctx context.Context, kind, id string) error
}

// Login is what a token of a provider proves.
type Login struct {
	// Subject is the user at the provider, Client the app that the token is for.
	Subject, Client string
	// Claims are all claims of the token; roles are chosen by them.
	Claims map[string]any
	// Ended says that the user has signed out of the session of the token. It
	// counts where the pool asks for it.
	Ended bool
}

// Config is what an API needs.
type Config struct {
	Directory Directory
	// Sessions makes credentials.
	Sessions *creds.Sessions
	// Sealer seals the tokens of lists that go over environments.
	Sealer *keys.Sealer
	// Region is the one of pools that are made here.
	Region string
	// VerifyLogin judges the token of a provider fully, but for its audience: form,
	// signature, issuer, use (an id token), time, and that its user exists and is
	// enabled. provider is in its one form; userPool is the id of the user pool that
	// it names, empty for one of LoginProviders. Its errors for tokens that are not
	// good are made by Refused and Expired, or are of kind Unauthenticated, Invalid
	// or NotFound; all others are failures.
	VerifyLogin func(ctx context.Context, provider, userPool, token string) (Login, error)
	// LoginProviders are the names besides user pools that VerifyLogin knows. A pool
	// cannot be set up with others.
	LoginProviders []string
	// NewKey makes the signing key of a pool; default is RSA with 2048 bits.
	NewKey func() (*rsa.PrivateKey, error)
	// Now is the clock; nil is time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// API is the operations of identity pools. It is safe for concurrent use.
type API struct {
	wire.Unavailable // developer identities, principal tags

	c Config
}

var _ wire.Service = (*API)(nil)

var regionForm = regexp.MustCompile(`^[a-z0-9-]{1,18}$`)

// New makes an API.
func New(c Config) (*API, error) {
	if c.Directory == nil || c.Sessions == nil || c.Sealer == nil || c.VerifyLogin == nil {
		return nil, errors.New("identitypool: Directory, Sessions, Sealer and VerifyLogin are required")
	}
	if !regionForm.MatchString(c.Region) {
		return nil, errors.New("identitypool: Region must be 1 to 18 of a-z, 0-9 and -")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewKey == nil {
		c.NewKey = newKey
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &API{c: c}, nil
}

// pool pins the environment of a pool.
func (a *API) pool(ctx context.Context, poolID string) (keys.Env, func(), error) {
	if !poolIDForm.MatchString(poolID) {
		return keys.Env{}, nil, noPool(poolID)
	}
	env, release, err := a.c.Directory.Find(ctx, RoutePool, poolID)
	if isNotFound(err) {
		return keys.Env{}, nil, noPool(poolID)
	}
	return env, release, err
}

// Check judges temporary credentials whose signature was verified, by what stands
// in the database: their pool is the one that gave them and has not ended them, it
// still takes guests if they are a guest's, and their identity was not deleted.
//
// Errors: UnrecognizedClientException.
func (a *API) Check(ctx context.Context, f *authn.Federated) error {
	env, release, err := a.c.Directory.Find(ctx, RoutePool, f.PoolID)
	if err == nil {
		defer release()
		err = check(ctx, env, f)
	}
	if isNotFound(err) {
		return &errs.Error{
			Kind: errs.Unauthenticated, Code: "UnrecognizedClientException",
			Message: "The security token included in the request is invalid.", Err: err,
		}
	}
	return err
}
