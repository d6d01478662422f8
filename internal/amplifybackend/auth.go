package amplifybackend

import (
	"context"
	"encoding/json"

	"preamp/internal/awswire"
	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
	"preamp/internal/provision"
)

// CreateBackendAuth makes a user pool with two app clients, and an identity pool if
// it is asked for. An environment may hold several auth resources; the oldest is
// the main one.
func (a *API) CreateBackendAuth(ctx context.Context, in *CreateBackendAuthRequest) (*CreateBackendAuthResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	if err := checkResource(in.ResourceName); err != nil {
		return nil, err
	}
	if in.ResourceConfig == nil || in.ResourceConfig.UserPoolConfigs == nil {
		return nil, errs.E(errs.Invalid, "Missing required key 'resourceConfig.userPoolConfigs'")
	}
	config := authConfigOf(in.ResourceConfig)
	config.SetDefaults(in.ResourceName)
	if err := config.Check("resourceConfig"); err != nil {
		return nil, err
	}
	ids := a.Provision.NewAuthIDs()
	if !config.HasIdentityPool() {
		ids.IdentityPool = ""
	}
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		env, err := a.ready(tx.Query(), in.AppID, in.BackendEnvironmentName)
		if err != nil {
			return job.NewJob{}, err
		}
		if err := a.newAuth(tx.Query(), env, in.ResourceName); err != nil {
			return job.NewJob{}, err
		}
		return a.applyAuth(tx, "CreateBackendAuth", env, provision.AuthArgs{Name: in.ResourceName, IDs: ids, Config: config}, "")
	})
	if err != nil {
		return nil, err
	}
	return &CreateBackendAuthResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// newAuth refuses a name that an auth resource has.
func (a *API) newAuth(q *db.Query, env backend.Env, name string) error {
	present, err := a.Registry.Resource(q, env.UID, provision.CategoryAuth, name)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		return nil
	case err != nil:
		return err
	case present.LiveVersion == 0:
		return job.Pending(env.App, env.Name) // its job is still at work
	}
	return errs.E(errs.Conflict, "An auth resource named %s already exists in environment %s: use UpdateBackendAuth to change it", name, env.Name)
}

// applyAuth writes the desired configuration, keeps the domain for it, and
// describes the job that makes it live. domain is the present one.
func (a *API) applyAuth(tx *db.Tx, operation string, env backend.Env, args provision.AuthArgs, domain string) (job.NewJob, error) {
	args.EnvUID = env.UID
	if o := args.Config.UserPool.OAuth; o != nil {
		own := *o
		if own.DomainPrefix == nil {
			own.DomainPrefix = new(provision.NewDomain())
		}
		args.Config.UserPool.OAuth, args.IDs.Domain = &own, *own.DomainPrefix
		if args.IDs.Domain != domain {
			if err := a.Provision.ReserveDomain(tx, env.UID, args.IDs.Domain, "resourceConfig.userPoolConfigs.oAuth.domainPrefix"); err != nil {
				return job.NewJob{}, err
			}
		}
	}
	args.Config = a.Provision.SealAuth(env.UID, args.Name, args.Config)
	version, err := a.Registry.PutDesired(tx, env.UID, provision.CategoryAuth, args.Name, args.Config)
	if err != nil {
		return job.NewJob{}, err
	}
	args.Version, args.CalledMS = version, now()
	return job.NewJob{App: env.App, Env: env.Name, EnvUID: env.UID, Kind: operation, Args: args}, nil
}

// UpdateBackendAuth changes an auth resource by a merge patch of its configuration.
func (a *API) UpdateBackendAuth(ctx context.Context, in *UpdateBackendAuthRequest) (*UpdateBackendAuthResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	if in.ResourceConfig == nil || in.ResourceConfig.UserPoolConfigs == nil {
		return nil, errs.E(errs.Invalid, "Missing required key 'resourceConfig.userPoolConfigs'")
	}
	patch, repeated := authPatchOf(in.ResourceConfig), immutables(ctx)
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		env, present, err := a.liveAuth(tx.Query(), in.AppID, in.BackendEnvironmentName, in.ResourceName)
		if err != nil {
			return job.NewJob{}, err
		}
		ids, imported, err := provision.LiveAuthIDs(present)
		if err != nil {
			return job.NewJob{}, err
		}
		if imported {
			return job.NewJob{}, errs.E(errs.Invalid, "The auth resource %s was imported: change its user pool by the operations of Cognito", in.ResourceName)
		}
		config, err := a.Provision.DesiredAuth(present)
		if err != nil {
			return job.NewJob{}, err
		}
		if err := config.KeepImmutable("resourceConfig", repeated); err != nil {
			return job.NewJob{}, err
		}
		config = config.Merge(patch)
		config.SetDefaults(in.ResourceName)
		if err := config.Check("resourceConfig"); err != nil {
			return job.NewJob{}, err
		}
		if ids.IdentityPool == "" && config.HasIdentityPool() {
			ids.IdentityPool = a.Provision.NewAuthIDs().IdentityPool
		}
		domain := ids.Domain
		return a.applyAuth(tx, "UpdateBackendAuth", env, provision.AuthArgs{Name: in.ResourceName, IDs: ids, Config: config}, domain)
	})
	if err != nil {
		return nil, err
	}
	return &UpdateBackendAuthResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// immutables are the members of a request that an update does not have: the model
// ignores them, and whoever sends them means something by it.
func immutables(ctx context.Context) provision.Immutables {
	var body struct {
		Config struct {
			UserPool struct {
				Name     *string  `json:"userPoolName"`
				SignIn   *string  `json:"signInMethod"`
				Required []string `json:"requiredSignUpAttributes"`
			} `json:"userPoolConfigs"`
			IdentityPool struct {
				Name *string `json:"identityPoolName"`
			} `json:"identityPoolConfigs"`
		} `json:"resourceConfig"`
	}
	if r, ok := awswire.RequestFrom(ctx); ok {
		if err := json.Unmarshal(r.Body, &body); err != nil {
			// The body itself was read before: one of these members has another type,
			// and so surely another value.
			return provision.Immutables{Unreadable: true}
		}
	}
	u := body.Config.UserPool
	return provision.Immutables{PoolName: u.Name, SignIn: u.SignIn, Required: u.Required, IdentityPoolName: body.Config.IdentityPool.Name}
}

// liveAuth finds an auth resource that serves.
func (a *API) liveAuth(q *db.Query, app, name, resource string) (backend.Env, backend.Resource, error) {
	env, err := a.ready(q, app, name)
	if err != nil {
		return env, backend.Resource{}, err
	}
	r, err := a.Registry.Resource(q, env.UID, provision.CategoryAuth, resource)
	if err == nil && r.LiveVersion == 0 {
		err = job.Pending(app, name)
	}
	return env, r, err
}

// DeleteBackendAuth deletes an auth resource with its users; an imported one is
// only detached.
func (a *API) DeleteBackendAuth(ctx context.Context, in *DeleteBackendAuthRequest) (*DeleteBackendAuthResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		env, _, err := a.liveAuth(tx.Query(), in.AppID, in.BackendEnvironmentName, in.ResourceName)
		if err != nil {
			return job.NewJob{}, err
		}
		return job.NewJob{
			App: in.AppID, Env: env.Name, EnvUID: env.UID, Kind: "DeleteBackendAuth",
			Args: provision.DeleteAuthArgs{EnvUID: env.UID, Name: in.ResourceName},
		}, nil
	})
	if err != nil {
		return nil, err
	}
	return &DeleteBackendAuthResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// ImportBackendAuth makes an environment use a user pool, its clients and an
// identity pool that are on this server. The resource has the name of the pool.
func (a *API) ImportBackendAuth(ctx context.Context, in *ImportBackendAuthRequest) (*ImportBackendAuthResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	if _, err := a.readable(ctx, in.AppID, in.BackendEnvironmentName); err != nil {
		return nil, err
	}
	ids := provision.AuthIDs{
		UserPool: in.UserPoolID, WebClient: in.WebClientID, NativeClient: in.NativeClientID, IdentityPool: value(in.IdentityPoolID),
	}
	if in.IdentityPoolID != nil && ids.IdentityPool == "" {
		return nil, errs.E(errs.Invalid, "Value at 'identityPoolId' must not be empty")
	}
	found, err := a.Provision.Inspect(ctx, ids)
	if err != nil {
		return nil, err
	}
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		env, err := a.ready(tx.Query(), in.AppID, in.BackendEnvironmentName)
		if err != nil {
			return job.NewJob{}, err
		}
		if err := a.Provision.CheckRoutes(tx.Query(), ids); err != nil {
			return job.NewJob{}, err
		}
		if err := a.newAuth(tx.Query(), env, found.Name); err != nil {
			return job.NewJob{}, err
		}
		version, err := a.Registry.PutDesired(tx, env.UID, provision.CategoryAuth, found.Name, found.Config)
		if err != nil {
			return job.NewJob{}, err
		}
		return job.NewJob{App: env.App, Env: env.Name, EnvUID: env.UID, Kind: "ImportBackendAuth", Args: provision.AuthArgs{
			EnvUID: env.UID, Name: found.Name, IDs: found.IDs, Version: version, Config: found.Config, CalledMS: now(),
		}}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ImportBackendAuthResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// GetBackendAuth tells how an auth resource is configured, without its secrets.
// While a job changes it, that is what the job was asked for; after one that
// failed, what serves.
func (a *API) GetBackendAuth(ctx context.Context, in *GetBackendAuthRequest) (*GetBackendAuthResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	env, err := a.readable(ctx, in.AppID, in.BackendEnvironmentName)
	if err != nil {
		return nil, err
	}
	out := &GetBackendAuthResponse{AppID: &in.AppID, BackendEnvironmentName: &env.Name, ResourceName: &in.ResourceName}
	err = a.Control.Read(ctx, func(q *db.Query) error {
		r, err := a.Registry.Resource(q, env.UID, provision.CategoryAuth, in.ResourceName)
		if err != nil {
			return err
		}
		config, err := a.Provision.DesiredAuth(r)
		if err != nil {
			return err
		}
		out.ResourceConfig = wireAuthConfig(config)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
