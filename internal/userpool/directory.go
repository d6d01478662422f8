package userpool

import (
	"context"

	"preamp/internal/keys"
)

// The kinds of ids that lead to an environment: of pools, of app clients, and
// of domains, which are written <prefix>.<region>.
const (
	RoutePool   = "userpool"
	RouteClient = "appclient"
	RouteDomain = "domain"
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
