package provision

import (
	"context"
	"fmt"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

// Directory leads from the ids in requests to environments: it is the
// userpool.Directory and identitypool.Directory of the server. Its kinds are
// those of routes.
type Directory struct{ p *Provisioner }

// Directory is the directory of everything that this provisioner makes live.
func (p *Provisioner) Directory() Directory { return Directory{p} }

// Find pins the environment that an id leads to. errs.NotFound when there is
// none, also while it is being deleted.
func (d Directory) Find(ctx context.Context, kind, id string) (keys.Env, func(), error) {
	uid, err := d.p.Registry.Route(ctx, kind, id)
	if err != nil {
		return keys.Env{}, nil, err
	}
	return d.pin(ctx, uid)
}

func (d Directory) pin(ctx context.Context, uid string) (keys.Env, func(), error) {
	e, err := d.p.open(ctx, uid)
	if err != nil {
		return keys.Env{}, nil, err
	}
	return keys.Env{UID: uid, DB: e.db, Sealer: e.sealer}, e.release, nil
}

// Home pins the environment of pools that belong to no app.
func (d Directory) Home(ctx context.Context) (keys.Env, func(), error) {
	uid, err := d.p.reserve(ctx, backend.ReservedCognito)
	if err != nil {
		return keys.Env{}, nil, err
	}
	return d.pin(ctx, uid)
}

// List answers ids of a kind in their order.
func (d Directory) List(ctx context.Context, kind, after string, limit int) (ids []string, err error) {
	err = d.p.Set.Control().Read(ctx, func(q *db.Query) error {
		ids, err = d.p.Registry.Routes(q, kind, after, limit)
		return err
	})
	return ids, err
}

// Put makes an id lead to an environment.
func (d Directory) Put(ctx context.Context, kind, id, envUID string) error {
	return d.p.Set.Control().Tx(ctx, func(tx *db.Tx) error { return d.p.Registry.PutRoute(tx, kind, id, envUID) })
}

// Remove forgets an id.
func (d Directory) Remove(ctx context.Context, kind, id string) error {
	err := d.p.Set.Control().Tx(ctx, func(tx *db.Tx) error { return d.p.Registry.RemoveRoute(tx, kind, id) })
	if err == nil {
		d.p.Registry.Forget(kind, id)
	}
	return err
}

// reserve answers the environment of a reserved app, which it makes the first
// time. Each of its steps may be repeated, by whoever comes next.
func (p *Provisioner) reserve(ctx context.Context, app string) (string, error) {
	var e backend.Env
	err := p.Set.Control().Read(ctx, func(q *db.Query) (err error) {
		var found bool
		if e, found, err = p.Registry.FindReservedEnv(q, app); err == nil && !found {
			err = errs.E(errs.NotFound, "not made yet")
		}
		return err
	})
	if err == nil && e.State == backend.StateReady {
		return e.UID, nil
	}
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return "", err
	}
	if err := p.Set.Control().Tx(ctx, func(tx *db.Tx) (err error) {
		e, err = p.Registry.ReservedEnv(tx, app)
		return err
	}); err != nil {
		return "", err
	}
	if err := p.Set.Create(ctx, e.UID); err != nil {
		return "", fmt.Errorf("make the environment of %s: %w", app, err)
	}
	d, release, err := p.Set.Acquire(ctx, e.UID)
	if err != nil {
		return "", fmt.Errorf("open the environment of %s: %w", app, err)
	}
	defer release()
	if err := d.Tx(ctx, func(tx *db.Tx) error { return p.Ring.CreateEnv(tx, e.UID) }); err != nil {
		return "", err
	}
	return e.UID, p.Set.Control().Tx(ctx, func(tx *db.Tx) error {
		return p.Registry.SetEnvState(tx, e.UID, backend.StateReady)
	})
}
