package provision

import (
	"context"
	"fmt"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/graphql/endpoint"
)

// ExpiringKey is an API key whose end is near or past.
type ExpiringKey struct {
	App, Env, API string
	Expires       time.Time
	envUID        string
	apiID         string
}

// ExpiringKeys finds the API keys that end before the given time. It reads the
// control database only.
func (p *Provisioner) ExpiringKeys(ctx context.Context, before time.Time) ([]ExpiringKey, error) {
	var found []ExpiringKey
	err := p.Set.Control().Read(ctx, func(q *db.Query) error {
		found = nil
		apps, err := p.Registry.Apps(q)
		if err != nil {
			return err
		}
		for _, a := range apps {
			envs, err := p.Registry.Envs(q, a.ID)
			if err != nil {
				return err
			}
			for _, e := range envs {
				resources, err := p.Registry.Resources(q, e.UID, CategoryAPI)
				if err != nil {
					return err
				}
				for _, r := range resources {
					k, ok, err := expiring(a, e, r, before)
					if err != nil {
						return err
					}
					if ok {
						found = append(found, k)
					}
				}
			}
		}
		return nil
	})
	return found, err
}

func expiring(a backend.App, e backend.Env, r backend.Resource, before time.Time) (ExpiringKey, bool, error) {
	if r.LiveVersion == 0 {
		return ExpiringKey{}, false, nil
	}
	live, err := decode[liveAPI](r.Live, "API")
	if err != nil || live.KeyExpires == 0 || live.KeyExpires >= before.UnixMilli() {
		return ExpiringKey{}, false, err
	}
	return ExpiringKey{
		App: a.ID, Env: e.Name, API: r.Name, Expires: time.UnixMilli(live.KeyExpires).UTC(), envUID: e.UID, apiID: live.APIID,
	}, true, nil
}

// Renew gives a key the longest life, counted from now. The key stays the same.
func (p *Provisioner) Renew(ctx context.Context, k ExpiringKey, now time.Time) error {
	expires := now.UnixMilli() + days(maxKeyDays)
	env, err := p.open(ctx, k.envUID)
	if err != nil {
		return err
	}
	defer env.release()
	// The environment first: it decides whether a request is let in.
	err = env.db.Tx(ctx, func(tx *db.Tx) error { return endpoint.ExtendKey(tx, k.apiID, expires) })
	if err != nil {
		return fmt.Errorf("extend key: %w", err)
	}
	p.Invalidate(k.apiID)
	return p.Set.Control().Tx(ctx, func(tx *db.Tx) error {
		r, err := p.Registry.Resource(tx.Query(), k.envUID, CategoryAPI, k.API)
		if err != nil || r.LiveVersion == 0 {
			return err
		}
		live, err := decode[liveAPI](r.Live, "API")
		if err != nil {
			return err
		}
		live.KeyExpires = expires
		return p.Registry.SetLive(tx, k.envUID, CategoryAPI, k.API, r.LiveVersion, live)
	})
}
