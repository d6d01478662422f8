package provision

import (
	"context"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/identitypool"
	"preamp/internal/job"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

// AuthIDs are the ids of what an auth resource consists of. IdentityPool is empty
// when it never had one, Domain (a prefix) without hosted pages.
type AuthIDs struct {
	UserPool     string `json:"userPool"`
	WebClient    string `json:"webClient"`
	NativeClient string `json:"nativeClient"`
	IdentityPool string `json:"identityPool,omitempty"`
	Domain       string `json:"domain,omitempty"`
}

// liveAuth is what the control database knows of an auth resource that serves: the
// live part of its resource.
type liveAuth struct {
	AuthIDs
	Version int64  `json:"version"`
	Pushed  int64  `json:"pushed"`
	Digest  string `json:"digest"`
	// Imported ones are pools of somebody else that this environment uses.
	Imported bool       `json:"imported,omitempty"`
	Config   AuthConfig `json:"config"`
}

// AuthArgs are the arguments of the jobs CreateBackendAuth, UpdateBackendAuth and
// ImportBackendAuth.
type AuthArgs struct {
	EnvUID string `json:"envUID"`
	Name   string `json:"name"`
	// IDs are drawn by the call, so that all attempts use the same.
	IDs AuthIDs `json:"ids"`
	// Version is the desired version that the call wrote.
	Version int64 `json:"version"`
	// Config is the whole desired configuration, patches merged, secrets sealed.
	Config   AuthConfig `json:"config"`
	CalledMS int64      `json:"calledMS"`
}

// applyAuth makes or changes a user pool, its two clients, its domain, its
// providers and its identity pool.
func (p *Provisioner) applyAuth(ctx context.Context, r *job.Run, a AuthArgs) error {
	at, err := p.authPlace(ctx, a.EnvUID, a.Name, a.IDs.UserPool)
	if err != nil {
		return err
	}
	env, err := p.open(ctx, a.EnvUID)
	if err != nil {
		return err
	}
	defer env.release()
	config, pair := a.Config, (*token.Pair)(nil)
	if err := config.open(p.Ring.Control(), a.EnvUID, a.Name); err != nil {
		return err
	}
	if at.live == nil {
		if pair, err = token.NewPair(); err != nil { // outside of transactions: it takes long
			return err
		}
	}
	err = r.EnvStep(ctx, "build", nil, func(tx *db.Tx) (any, error) {
		b := authBuild{ids: a.IDs, config: config, roles: at.roles, pair: pair, issuer: at.issuer, now: time.UnixMilli(a.CalledMS)}
		if at.live != nil {
			b.domainBefore = at.live.Domain
		}
		if err := b.run(tx, env); err != nil {
			return nil, err
		}
		return nil, endpoint.BindUserPool(tx, at.ownPool)
	})
	if err != nil {
		return err
	}
	live := liveAuth{AuthIDs: a.IDs, Version: a.Version, Pushed: a.CalledMS, Digest: a.Config.digest(), Config: a.Config}
	err = r.Complete(ctx, func(tx *db.Tx) error { return p.publishAuth(tx, a.EnvUID, a.Name, live, at.live) })
	if err != nil {
		return err
	}
	p.authChanged(ctx, a.EnvUID, at.live, live.AuthIDs)
	if at.issuer == backend.IssuerAWS {
		p.Logger.WarnContext(ctx, "a user pool signs its tokens with the issuer of AWS, as the setting tokenissuer says: verifiers that fetch keys by that name "+
			"must be led here", "pool", a.IDs.UserPool)
	}
	return nil
}

// authPlace is where an auth resource is made.
type authPlace struct {
	live  *liveAuth // nil before it served
	roles roles
	// issuer is the setting tokenissuer, empty when nobody set it.
	issuer string
	// ownPool is the pool of the environment once the job is done.
	ownPool string
}

// leaving is the pool of a resource that goes away, for authPlace.
const leaving = "-"

// authPlace reads what a job needs of the control database. pool is the one that
// the resource will have if it is not live: empty for none.
func (p *Provisioner) authPlace(ctx context.Context, envUID, name, pool string) (out authPlace, err error) {
	leaves := pool == leaving
	if leaves {
		pool = ""
	}
	err = p.Set.Control().Read(ctx, func(q *db.Query) error {
		out = authPlace{}
		env, err := p.Registry.EnvByUID(q, envUID)
		if err != nil {
			return err
		}
		app, err := p.Registry.App(q, env.App)
		if err != nil {
			return err
		}
		settings, err := p.Registry.Settings(q, envUID)
		if err != nil {
			return err
		}
		out.roles, out.issuer = rolesOf(app.Name, env), settings[backend.SettingTokenIssuer]
		resources, err := p.Registry.Resources(q, envUID, backend.CategoryAuth)
		if err != nil {
			return err
		}
		for _, res := range resources {
			if res.LiveVersion == 0 && res.Name != name {
				continue
			}
			own := pool
			if res.LiveVersion != 0 { // no job changes the pool of one
				live, err := decode[liveAuth](res.Live, "auth resource")
				if err != nil {
					return err
				}
				if res.Name == name {
					out.live = &live
				}
				if res.Name != name || !leaves {
					own = live.UserPool
				}
			}
			if out.ownPool == "" { // the oldest is the main one
				out.ownPool = own
			}
		}
		return nil
	})
	return out, err
}

// routesOf are the routes of a live auth resource.
func (p *Provisioner) routesOf(l liveAuth) []backend.RouteKey {
	list := []backend.RouteKey{
		{Kind: userpool.RoutePool, Key: l.UserPool}, {Kind: userpool.RouteClient, Key: l.WebClient}, {Kind: userpool.RouteClient, Key: l.NativeClient},
	}
	if l.Domain != "" {
		list = append(list, p.domainRoute(l.Domain))
	}
	if l.Config.HasIdentityPool() {
		list = append(list, backend.RouteKey{Kind: identitypool.RoutePool, Key: l.IdentityPool})
	}
	return list
}

func (p *Provisioner) domainRoute(prefix string) backend.RouteKey {
	return backend.RouteKey{Kind: userpool.RouteDomain, Key: prefix + "." + p.Region}
}

// publishAuth writes what the registry knows of a live auth resource, and its
// routes; those that it had before and has no more go.
func (p *Provisioner) publishAuth(tx *db.Tx, envUID, name string, live liveAuth, before *liveAuth) error {
	if err := p.Registry.SetLive(tx, envUID, backend.CategoryAuth, name, live.Version, live); err != nil {
		return err
	}
	if live.Imported {
		return nil
	}
	if before != nil {
		for _, k := range p.routesOf(*before) {
			if err := p.Registry.RemoveRoute(tx, k.Kind, k.Key); err != nil {
				return err
			}
		}
	}
	for _, k := range p.routesOf(live) {
		if err := p.Registry.PutRoute(tx, k.Kind, k.Key, envUID); err != nil {
			return err
		}
	}
	return nil
}

// authChanged makes this process forget what it remembers of an auth resource.
func (p *Provisioner) authChanged(ctx context.Context, envUID string, before *liveAuth, ids AuthIDs) {
	if before != nil {
		for _, k := range p.routesOf(*before) {
			p.Registry.Forget(k.Kind, k.Key)
		}
	}
	if p.PoolChanged != nil {
		p.PoolChanged(ids.UserPool)
	}
	p.apisChanged(ctx, envUID)
}

// apisChanged reloads the APIs of an environment: those that go by its pool have
// another one. That it fails is no harm, because they are looked at anyway.
func (p *Provisioner) apisChanged(ctx context.Context, envUID string) {
	_ = p.Set.Control().Read(ctx, func(q *db.Query) error {
		live, err := p.liveAPIs(q, envUID)
		for _, l := range live {
			p.Invalidate(l.APIID)
		}
		return err
	})
}

// undoApplyAuth leaves what was there before the job: the resource as it was, or
// nothing.
func (p *Provisioner) undoApplyAuth(ctx context.Context, r *job.Run, a AuthArgs) error {
	at, err := p.authPlace(ctx, a.EnvUID, a.Name, "")
	if err != nil {
		return err
	}
	env, err := p.open(ctx, a.EnvUID)
	if err != nil {
		return err
	}
	defer env.release()
	err = r.EnvStep(ctx, "withdraw", nil, func(tx *db.Tx) (any, error) {
		if err := endpoint.BindUserPool(tx, at.ownPool); err != nil {
			return nil, err
		}
		if at.live == nil {
			return nil, dropAuth(tx, a.IDs)
		}
		return nil, p.reapply(tx, env, a, at)
	})
	switch errs.KindOf(err) {
	case errs.Invalid, errs.NotFound, errs.Conflict:
		// What was changed or deleted by the operations of Cognito is why the job
		// failed, before it wrote anything: it stays as it was found.
		p.Logger.WarnContext(ctx, "a user pool stays as it was found", "pool", a.IDs.UserPool, "error", err)
	default:
		if err != nil {
			return err
		}
	}
	p.apisChanged(ctx, a.EnvUID)
	return r.ControlStep(ctx, "revert", nil, func(tx *db.Tx) (any, error) {
		// The call has put the route of the domain, so that nobody else takes it.
		if k := p.domainRoute(a.IDs.Domain); a.IDs.Domain != "" && (at.live == nil || at.live.Domain != a.IDs.Domain) {
			if err := p.Registry.RemoveRoute(tx, k.Kind, k.Key); err != nil {
				return nil, err
			}
		}
		return nil, p.Registry.RevertDesired(tx, a.EnvUID, backend.CategoryAuth, a.Name)
	})
}

// reapply makes an auth resource what it was before a job.
func (p *Provisioner) reapply(tx *db.Tx, env environment, a AuthArgs, at authPlace) error {
	config := at.live.Config
	if err := config.open(p.Ring.Control(), a.EnvUID, a.Name); err != nil {
		return err
	}
	b := authBuild{ids: at.live.AuthIDs, config: config, roles: at.roles, domainBefore: a.IDs.Domain, now: time.UnixMilli(at.live.Pushed)}
	if err := b.run(tx, env); err != nil {
		return err
	}
	if added := a.IDs.IdentityPool; added != at.live.IdentityPool {
		return identitypool.DropPool(tx, added)
	}
	return nil
}

// dropAuth deletes what an auth resource consists of, with users and identities.
func dropAuth(tx *db.Tx, ids AuthIDs) error {
	if err := userpool.DropPool(tx, ids.UserPool); err != nil {
		return err
	}
	if ids.IdentityPool == "" {
		return nil
	}
	return identitypool.DropPool(tx, ids.IdentityPool)
}
