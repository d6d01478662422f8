package provision

import (
	"context"
	"fmt"
	"slices"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/id"
	"preamp/internal/job"
)

// CreateBackendArgs are the arguments of a CreateBackend job. The registry
// holds the environment, in state creating, since the call.
type CreateBackendArgs struct {
	EnvUID string `json:"envUID"`
}

func (p *Provisioner) createBackend(ctx context.Context, r *job.Run, a CreateBackendArgs) error {
	if err := p.makeEnvironment(ctx, r, a.EnvUID); err != nil {
		return err
	}
	return r.Complete(ctx, func(tx *db.Tx) error {
		for key, value := range p.Settings {
			if err := p.Registry.PutSetting(tx, a.EnvUID, key, value); err != nil {
				return err
			}
		}
		return p.Registry.SetEnvState(tx, a.EnvUID, backend.StateReady)
	})
}

// makeEnvironment makes the empty database of an environment and its data key.
func (p *Provisioner) makeEnvironment(ctx context.Context, r *job.Run, uid string) error {
	err := r.Step(ctx, "database", nil, func(ctx context.Context) (any, error) {
		return nil, p.Set.Create(ctx, uid)
	})
	if err != nil {
		return err
	}
	return r.EnvStepOn(ctx, uid, "data-key", nil, func(tx *db.Tx) (any, error) {
		return nil, p.Ring.CreateEnv(tx, uid)
	})
}

func (p *Provisioner) undoCreateBackend(ctx context.Context, r *job.Run, a CreateBackendArgs) error {
	return p.discard(ctx, r, a.EnvUID)
}

// discard removes an environment that never became ready.
func (p *Provisioner) discard(ctx context.Context, r *job.Run, uid string) error {
	err := r.Step(ctx, "drop", nil, func(ctx context.Context) (any, error) { return nil, p.Set.Drop(ctx, uid) })
	if err != nil {
		return fmt.Errorf("drop environment: %w", err)
	}
	return r.ControlStep(ctx, "forget", nil, func(tx *db.Tx) (any, error) { return nil, p.Registry.RemoveEnv(tx, uid) })
}

// DeleteBackendArgs are the arguments of a DeleteBackend job. The environment
// is in state deleting since the call.
type DeleteBackendArgs struct {
	EnvUID string `json:"envUID"`
}

func (p *Provisioner) deleteBackend(ctx context.Context, r *job.Run, a DeleteBackendArgs) error {
	if err := p.removeEnvironment(ctx, r, a.EnvUID); err != nil {
		return err
	}
	return r.Complete(ctx, func(tx *db.Tx) error { return p.Registry.RemoveEnv(tx, a.EnvUID) })
}

// removeEnvironment takes an environment from the data plane and deletes what it
// stored. The routes go first, so nobody meets a half-deleted environment.
func (p *Provisioner) removeEnvironment(ctx context.Context, r *job.Run, uid string) error {
	var apis []string
	err := r.ControlStep(ctx, "routes-"+uid, &apis, func(tx *db.Tx) (any, error) {
		live, err := p.liveAPIs(tx.Query(), uid)
		if err != nil {
			return nil, err
		}
		ids := make([]string, 0, len(live))
		for _, l := range live {
			ids = append(ids, l.APIID)
		}
		// All of them: pools are also made by the operations of Cognito.
		return ids, p.Registry.ParkRoutes(tx, uid)
	})
	if err != nil {
		return err
	}
	p.Registry.ForgetEnv(uid)
	for _, apiID := range apis {
		p.forget(apiID)
	}
	return r.Step(ctx, "drop-"+uid, nil, func(ctx context.Context) (any, error) {
		return nil, p.Set.Drop(ctx, uid)
	})
}

// RemoveAllBackendsArgs are the arguments of a RemoveAllBackends job. All
// environments of the app are in state deleting since the call.
type RemoveAllBackendsArgs struct {
	EnvUIDs  []string `json:"envUIDs"`
	CleanApp bool     `json:"cleanApp"`
	// Console is the environment of the app's administration, empty unless it goes
	// with the app.
	Console string `json:"console,omitempty"`
}

func (a RemoveAllBackendsArgs) all() []string {
	if a.Console == "" {
		return a.EnvUIDs
	}
	return append(slices.Clone(a.EnvUIDs), a.Console)
}

func (p *Provisioner) removeAllBackends(ctx context.Context, r *job.Run, a RemoveAllBackendsArgs) error {
	for _, uid := range a.all() {
		if err := p.removeEnvironment(ctx, r, uid); err != nil {
			return err
		}
	}
	return r.Complete(ctx, func(tx *db.Tx) error {
		for _, uid := range a.all() {
			if err := p.Registry.RemoveEnv(tx, uid); err != nil {
				return err
			}
		}
		if !a.CleanApp {
			return nil
		}
		if err := p.Registry.RemoveApp(tx, backend.ReservedConsole(r.Job.App)); err != nil {
			return err
		}
		return p.Registry.RemoveApp(tx, r.Job.App)
	})
}

func (p *Provisioner) undoDeleteBackend(ctx context.Context, r *job.Run, a DeleteBackendArgs) error {
	return p.settleRemoval(ctx, r, a.EnvUID)
}

func (p *Provisioner) undoRemoveAllBackends(ctx context.Context, r *job.Run, a RemoveAllBackendsArgs) error {
	for _, uid := range a.all() {
		if err := p.settleRemoval(ctx, r, uid); err != nil {
			return err
		}
	}
	return nil
}

// settleRemoval leaves no environment half removed: one whose database is still
// there serves again, one whose database is gone is forgotten.
func (p *Provisioner) settleRemoval(ctx context.Context, r *job.Run, uid string) error {
	_, release, err := p.Set.Acquire(ctx, uid)
	switch {
	case err == nil:
		release()
		return r.ControlStep(ctx, "restore-"+uid, nil, func(tx *db.Tx) (any, error) {
			if err := p.Registry.RestoreRoutes(tx, uid); err != nil {
				return nil, err
			}
			return nil, p.Registry.SetEnvState(tx, uid, backend.StateReady)
		})
	case errs.KindOf(err) != errs.NotFound:
		return fmt.Errorf("look for the environment: %w", err)
	}
	err = r.Step(ctx, "drop-"+uid, nil, func(ctx context.Context) (any, error) { return nil, p.Set.Drop(ctx, uid) })
	if err != nil {
		return err
	}
	return r.ControlStep(ctx, "forget-"+uid, nil, func(tx *db.Tx) (any, error) { return nil, p.Registry.RemoveEnv(tx, uid) })
}

// CloneBackendArgs are the arguments of a CloneBackend job. APIs maps the
// resource names of the source to the API ids of the target.
type CloneBackendArgs struct {
	SourceUID string            `json:"sourceUID"`
	TargetUID string            `json:"targetUID"`
	APIs      map[string]string `json:"apis"`
	// Auths maps them to the ids of the target's auth resources.
	Auths    map[string]AuthIDs `json:"auths,omitempty"`
	CalledMS int64              `json:"calledMS"`
}

// NewCloneIDs draws the API ids of a clone of the given resources.
func NewCloneIDs(apis []backend.Resource) map[string]string {
	ids := make(map[string]string, len(apis))
	for _, a := range apis {
		ids[a.Name] = id.NewAPI()
	}
	return ids
}

// cloneBackend copies the resources with ids and keys of their own, and no rows.
func (p *Provisioner) cloneBackend(ctx context.Context, r *job.Run, a CloneBackendArgs) error {
	if err := p.makeEnvironment(ctx, r, a.TargetUID); err != nil {
		return err
	}
	var resources, auths []backend.Resource
	var settings map[string]string
	err := p.Set.Control().Read(ctx, func(q *db.Query) (err error) {
		if resources, err = p.Registry.Resources(q, a.SourceUID, CategoryAPI); err != nil {
			return err
		}
		if auths, err = p.Registry.Resources(q, a.SourceUID, CategoryAuth); err != nil {
			return err
		}
		settings, err = p.Registry.Settings(q, a.SourceUID)
		return err
	})
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	source, err := p.open(ctx, a.SourceUID)
	if err != nil {
		return err
	}
	defer source.release()
	target, err := p.open(ctx, a.TargetUID)
	if err != nil {
		return err
	}
	defer target.release()

	pools, own, err := p.cloneAuths(ctx, r, a, source, target, auths)
	if err != nil {
		return err
	}
	clones := make(map[string]liveAPI, len(resources))
	for _, res := range resources {
		apiID, ok := a.APIs[res.Name]
		if !ok || res.LiveVersion == 0 {
			continue // made after the call, or never live
		}
		live, err := decode[liveAPI](res.Live, "API")
		if err != nil {
			return err
		}
		clone, err := p.cloneAPI(ctx, r, a, source, target, live, apiID, own, "api-"+res.Name)
		if err != nil {
			return err
		}
		clones[res.Name] = clone
	}
	return r.Complete(ctx, func(tx *db.Tx) error {
		// In the order of the source: the oldest is the main one.
		if err := p.publishClones(tx, a.TargetUID, auths, pools); err != nil {
			return err
		}
		for _, res := range resources {
			live, ok := clones[res.Name]
			if !ok {
				continue
			}
			if err := p.publishResource(tx, a.TargetUID, res.Name, live); err != nil {
				return err
			}
		}
		for key, value := range settings {
			if err := p.Registry.PutSetting(tx, a.TargetUID, key, value); err != nil {
				return err
			}
		}
		return p.Registry.SetEnvState(tx, a.TargetUID, backend.StateReady)
	})
}

func (p *Provisioner) cloneAPI(ctx context.Context, r *job.Run, a CloneBackendArgs, source, target environment, live liveAPI, apiID, ownPool, step string) (liveAPI, error) {
	var version endpoint.Version
	err := source.db.Read(ctx, func(q *db.Query) (err error) {
		version, err = endpoint.LiveVersion(q, live.APIID)
		return err
	})
	if err != nil {
		return liveAPI{}, fmt.Errorf("read the live version of the source: %w", err)
	}
	options := version.Options
	options.TablePrefix = tablePrefix(apiID)
	api, err := compile(version.Source, options)
	if err != nil {
		return liveAPI{}, err
	}
	if version.Auth.Own {
		version.Auth.UserPool = ownPool
	}
	clone := liveAPI{APIID: apiID, Version: 1, Pushed: a.CalledMS, Digest: live.Digest, Config: live.Config}
	if _, ok := live.Config.key(); ok {
		clone.KeyExpires = a.CalledMS + days(keyDays(live.Config))
	}
	err = r.EnvStepOn(ctx, a.TargetUID, step, nil, func(tx *db.Tx) (any, error) {
		return nil, build(tx, target, construction{
			apiID: apiID, name: clone.Config.APIName, version: 1, compiled: api, auth: version.Auth, nowMS: a.CalledMS, keyExpires: clone.KeyExpires,
		})
	})
	return clone, err
}

func (p *Provisioner) undoCloneBackend(ctx context.Context, r *job.Run, a CloneBackendArgs) error {
	return p.discard(ctx, r, a.TargetUID)
}
