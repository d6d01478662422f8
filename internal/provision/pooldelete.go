package provision

import (
	"context"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/identitypool"
	"preamp/internal/job"
	"preamp/internal/userpool"
)

// DeleteAuthArgs are the arguments of a DeleteBackendAuth job.
type DeleteAuthArgs struct {
	EnvUID string `json:"envUID"`
	Name   string `json:"name"`
}

// deleteAuth takes an auth resource from the data plane, then deletes its users.
// An imported one is only detached: its pool is somebody else's.
func (p *Provisioner) deleteAuth(ctx context.Context, r *job.Run, a DeleteAuthArgs) error {
	at, err := p.authPlace(ctx, a.EnvUID, a.Name, leaving)
	if err != nil {
		return err
	}
	env, err := p.open(ctx, a.EnvUID)
	if err != nil {
		return err
	}
	defer env.release()
	if at.live != nil && !at.live.Imported {
		if err := p.unprotected(ctx, env, at.live.UserPool); err != nil {
			return err
		}
	}
	// From here on what the steps say counts: a repetition finds less.
	var gone liveAuth
	err = r.ControlStep(ctx, "routes", &gone, func(tx *db.Tx) (any, error) {
		if at.live == nil {
			return liveAuth{}, nil
		}
		if !at.live.Imported {
			for _, k := range p.routesOf(*at.live) {
				if err := p.Registry.RemoveRoute(tx, k.Kind, k.Key); err != nil {
					return nil, err
				}
			}
		}
		return *at.live, nil
	})
	if err != nil {
		return err
	}
	p.authChanged(ctx, a.EnvUID, &gone, gone.AuthIDs)
	var left []backend.RouteKey
	err = r.EnvStep(ctx, "drop", &left, func(tx *db.Tx) (any, error) {
		if err := endpoint.BindUserPool(tx, at.ownPool); err != nil || gone.Imported || gone.UserPool == "" {
			return []backend.RouteKey{}, err
		}
		// What was added to the pool by the operations of Cognito goes with it.
		more, err := p.addedRoutes(tx.Query(), gone.UserPool)
		if err != nil {
			return nil, err
		}
		return more, dropAuth(tx, gone.AuthIDs)
	})
	if err != nil {
		return err
	}
	err = r.Complete(ctx, func(tx *db.Tx) error {
		for _, k := range left {
			if err := p.Registry.RemoveRoute(tx, k.Kind, k.Key); err != nil {
				return err
			}
		}
		return p.Registry.RemoveResource(tx, a.EnvUID, backend.CategoryAuth, a.Name)
	})
	if err != nil {
		return err
	}
	for _, k := range left {
		p.Registry.Forget(k.Kind, k.Key)
	}
	p.authChanged(ctx, a.EnvUID, &gone, gone.AuthIDs)
	return nil
}

// unprotected refuses to delete a pool whose deletion protection is on.
func (p *Provisioner) unprotected(ctx context.Context, env environment, pool string) error {
	return env.db.Read(ctx, func(q *db.Query) error {
		have, err := userpool.ReadPool(q, env.sealer, pool)
		if errs.KindOf(err) == errs.NotFound {
			return nil
		}
		if err == nil && have.Settings.Protected {
			return errs.E(errs.Invalid, "The user pool %s is protected from deletion: switch its DeletionProtection off first", pool)
		}
		return err
	})
}

// addedRoutes are the routes of the app clients and the domain of a pool.
func (p *Provisioner) addedRoutes(q *db.Query, pool string) ([]backend.RouteKey, error) {
	list := []backend.RouteKey{}
	clients, err := userpool.ClientIDs(q, pool)
	if err != nil {
		return nil, err
	}
	for _, id := range clients {
		list = append(list, backend.RouteKey{Kind: userpool.RouteClient, Key: id})
	}
	domain, err := userpool.DomainOf(q, pool)
	if domain != "" {
		list = append(list, p.domainRoute(domain))
	}
	return list, err
}

// undoDeleteAuth puts back an auth resource whose users are still there, and
// finishes the deletion of one whose users are gone.
func (p *Provisioner) undoDeleteAuth(ctx context.Context, r *job.Run, a DeleteAuthArgs) error {
	at, err := p.authPlace(ctx, a.EnvUID, a.Name, "")
	if err != nil || at.live == nil {
		return err
	}
	own := at.live.UserPool
	env, err := p.open(ctx, a.EnvUID)
	if err != nil {
		return err
	}
	defer env.release()
	routes, whole := p.routesOf(*at.live), true
	if at.live.Imported {
		routes = nil
	} else {
		err = env.db.Read(ctx, func(q *db.Query) error {
			if _, err := userpool.ReadPool(q, env.sealer, own); err != nil {
				return err
			}
			more, err := p.addedRoutes(q, own)
			routes = append(routes, more...)
			return err
		})
		whole = errs.KindOf(err) != errs.NotFound
		if err != nil && whole {
			return err
		}
	}
	if whole {
		err = r.EnvStep(ctx, "bind", nil, func(tx *db.Tx) (any, error) { return nil, endpoint.BindUserPool(tx, at.ownPool) })
		if err != nil {
			return err
		}
	}
	err = r.ControlStep(ctx, "settle", nil, func(tx *db.Tx) (any, error) {
		if !whole {
			return nil, p.Registry.RemoveResource(tx, a.EnvUID, backend.CategoryAuth, a.Name)
		}
		for _, k := range routes {
			if err := p.Registry.PutRoute(tx, k.Kind, k.Key, a.EnvUID); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	p.apisChanged(ctx, a.EnvUID)
	return err
}

// importAuth makes an environment use a pool that is there.
func (p *Provisioner) importAuth(ctx context.Context, r *job.Run, a AuthArgs) error {
	at, err := p.authPlace(ctx, a.EnvUID, a.Name, a.IDs.UserPool)
	if err != nil {
		return err
	}
	err = r.EnvStep(ctx, "build", nil, func(tx *db.Tx) (any, error) { return nil, endpoint.BindUserPool(tx, at.ownPool) })
	if err != nil {
		return err
	}
	live := liveAuth{AuthIDs: a.IDs, Version: a.Version, Pushed: a.CalledMS, Digest: a.Config.digest(), Imported: true, Config: a.Config}
	err = r.Complete(ctx, func(tx *db.Tx) error {
		if err := p.CheckRoutes(tx.Query(), a.IDs); err != nil {
			return err
		}
		return p.publishAuth(tx, a.EnvUID, a.Name, live, nil)
	})
	if err != nil {
		return err
	}
	p.apisChanged(ctx, a.EnvUID)
	return nil
}

func (p *Provisioner) undoImportAuth(ctx context.Context, r *job.Run, a AuthArgs) error {
	at, err := p.authPlace(ctx, a.EnvUID, a.Name, "")
	if err != nil {
		return err
	}
	err = r.EnvStep(ctx, "withdraw", nil, func(tx *db.Tx) (any, error) { return nil, endpoint.BindUserPool(tx, at.ownPool) })
	if err != nil {
		return err
	}
	p.apisChanged(ctx, a.EnvUID)
	return r.ControlStep(ctx, "revert", nil, func(tx *db.Tx) (any, error) {
		return nil, p.Registry.RevertDesired(tx, a.EnvUID, backend.CategoryAuth, a.Name)
	})
}

// CheckRoutes refuses ids of an auth resource that lead nowhere.
func (p *Provisioner) CheckRoutes(q *db.Query, ids AuthIDs) error {
	for _, m := range []struct{ what, kind, id string }{
		{"user pool", userpool.RoutePool, ids.UserPool},
		{"app client", userpool.RouteClient, ids.WebClient},
		{"app client", userpool.RouteClient, ids.NativeClient},
		{"identity pool", identitypool.RoutePool, ids.IdentityPool},
	} {
		if m.id == "" {
			continue
		}
		_, found, err := p.Registry.FindRoute(q, m.kind, m.id)
		if err != nil {
			return err
		}
		if !found {
			return missingAuthPart(m.what, m.id)
		}
	}
	return nil
}

func missingAuthPart(what, id string) error {
	return errs.Missing("Auth", "There is no %s %.128q on this server", what, id)
}
