package provision

import (
	"context"
	"fmt"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

// CloneAuthIDs draws the ids of the auth resources of a clone.
func (p *Provisioner) CloneAuthIDs(auths []backend.Resource) (map[string]AuthIDs, error) {
	ids := map[string]AuthIDs{}
	for _, res := range auths {
		if res.LiveVersion == 0 {
			continue
		}
		live, err := decode[liveAuth](res.Live, "auth resource")
		if err != nil {
			return nil, err
		}
		own := p.NewAuthIDs()
		if live.IdentityPool == "" {
			own.IdentityPool = ""
		}
		if live.Domain != "" {
			own.Domain = NewDomain()
		}
		if live.Imported {
			own = live.AuthIDs // still somebody else's
		}
		ids[res.Name] = own
	}
	return ids, nil
}

// ReserveDomains keeps the domains of new auth resources from others.
func (p *Provisioner) ReserveDomains(tx *db.Tx, envUID string, ids map[string]AuthIDs, auths []backend.Resource) error {
	for _, res := range auths {
		live, err := decode[liveAuth](res.Live, "auth resource")
		if err != nil {
			return err
		}
		if d := ids[res.Name].Domain; d != "" && !live.Imported {
			k := p.domainRoute(d)
			if err := p.Registry.PutRoute(tx, k.Kind, k.Key, envUID); err != nil {
				return err
			}
		}
	}
	return nil
}

// cloneAuths copies the auth resources: settings and providers, and no users. It
// answers what is live then, and the main pool.
func (p *Provisioner) cloneAuths(
	ctx context.Context, r *job.Run, a CloneBackendArgs, source, target environment, auths []backend.Resource,
) (clones map[string]liveAuth, main string, err error) {
	clones = map[string]liveAuth{}
	for _, res := range auths {
		ids, ok := a.Auths[res.Name]
		if !ok || res.LiveVersion == 0 {
			continue // made after the call, or never live
		}
		live, err := decode[liveAuth](res.Live, "auth resource")
		if err != nil {
			return nil, "", err
		}
		clone := liveAuth{AuthIDs: ids, Version: 1, Pushed: a.CalledMS, Digest: live.Digest, Imported: live.Imported, Config: live.Config}
		if !live.Imported {
			if clone.Config, err = p.cloneAuth(ctx, r, a, source, target, res.Name, live, ids); err != nil {
				return nil, "", err
			}
		}
		clones[res.Name] = clone
		if main == "" {
			main = ids.UserPool
		}
	}
	return clones, main, nil
}

func (p *Provisioner) cloneAuth(
	ctx context.Context, r *job.Run, a CloneBackendArgs, source, target environment, name string, live liveAuth, ids AuthIDs,
) (AuthConfig, error) {
	none := AuthConfig{}
	config := live.Config
	if err := config.open(p.Ring.Control(), a.SourceUID, name); err != nil {
		return none, err
	}
	if o := config.UserPool.OAuth; o != nil {
		own := *o
		own.DomainPrefix = &ids.Domain
		config.UserPool.OAuth = &own
	}
	at, err := p.authPlace(ctx, a.TargetUID, name, ids.UserPool)
	if err != nil {
		return none, err
	}
	b := authBuild{ids: ids, config: config, roles: at.roles, now: time.UnixMilli(a.CalledMS), clients: map[string]userpool.ClientSettings{}}
	err = source.db.Read(ctx, func(q *db.Query) error {
		pool, err := userpool.ReadPool(q, source.sealer, live.UserPool)
		if err != nil {
			return err
		}
		b.base = &pool.Settings
		if pool.Settings.AWSIssuer {
			b.issuer = backend.IssuerAWS
		}
		for from, to := range map[string]string{live.WebClient: ids.WebClient, live.NativeClient: ids.NativeClient} {
			client, err := userpool.ReadClient(q, source.sealer, live.UserPool, from)
			if errs.KindOf(err) == errs.NotFound {
				continue // somebody has deleted it
			}
			if err != nil {
				return err
			}
			b.clients[to] = client.Settings
		}
		b.providers, err = userpool.ReadProviders(q, source.sealer, live.UserPool)
		return err
	})
	if err != nil {
		return none, fmt.Errorf("read the user pool of the source: %w", err)
	}
	if b.pair, err = token.NewPair(); err != nil { // outside of transactions: it takes long
		return none, err
	}
	err = r.EnvStepOn(ctx, a.TargetUID, "auth-"+name, nil, func(tx *db.Tx) (any, error) { return nil, b.run(tx, target) })
	return config.seal(p.Ring.Control(), a.TargetUID, name), err
}

// publishClones writes what the registry knows of the auth resources of a clone.
func (p *Provisioner) publishClones(tx *db.Tx, envUID string, auths []backend.Resource, clones map[string]liveAuth) error {
	for _, res := range auths {
		live, ok := clones[res.Name]
		if !ok {
			continue
		}
		version, err := p.Registry.PutDesired(tx, envUID, CategoryAuth, res.Name, live.Config)
		if err != nil {
			return err
		}
		live.Version = version
		if err := p.publishAuth(tx, envUID, res.Name, live, nil); err != nil {
			return err
		}
	}
	return nil
}
