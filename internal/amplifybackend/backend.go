package amplifybackend

import (
	"context"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
	"preamp/internal/provision"
)

// CreateBackend makes an environment. An unknown app id makes the app: there is
// no console to do so.
func (a *API) CreateBackend(ctx context.Context, in *CreateBackendRequest) (*CreateBackendResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	if err := checkEnv("backendEnvironmentName", in.BackendEnvironmentName); err != nil {
		return nil, err
	}
	if in.AppName == "" || len(in.AppName) > maxResourceName {
		return nil, errs.E(errs.Invalid, "Value at 'appName' must have 1 to %d characters", maxResourceName)
	}
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		env, exists, err := a.Registry.EnvAny(tx.Query(), in.AppID, in.BackendEnvironmentName)
		if err != nil {
			return job.NewJob{}, err
		}
		if exists && env.State != backend.StateReady {
			return job.NewJob{}, job.Pending(in.AppID, in.BackendEnvironmentName)
		}
		if exists {
			return job.NewJob{}, errs.E(errs.Conflict, "BackendEnvironment %s already exists in app %s", in.BackendEnvironmentName, in.AppID)
		}
		if err := a.Registry.PutApp(tx, backend.App{ID: in.AppID, Name: in.AppName}); err != nil {
			return job.NewJob{}, err
		}
		if env, err = a.Registry.CreateEnv(tx, in.AppID, in.BackendEnvironmentName); err != nil {
			return job.NewJob{}, err
		}
		return job.NewJob{
			App: in.AppID, Env: env.Name, EnvUID: env.UID, Kind: "CreateBackend",
			Args: provision.CreateBackendArgs{EnvUID: env.UID},
		}, nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateBackendResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// failure is the error of a job for an answer: absent unless it failed.
func failure(j job.Job) *string {
	if j.Error == "" {
		return nil
	}
	return &j.Error
}

// GetBackend tells of an app, and with a name of one environment.
func (a *API) GetBackend(ctx context.Context, in *GetBackendRequest) (*GetBackendResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	out := &GetBackendResponse{AppID: &in.AppID, BackendEnvironmentList: []string{}}
	err := a.Control.Read(ctx, func(q *db.Query) error {
		app, err := a.Registry.App(q, in.AppID)
		if err != nil {
			return err
		}
		out.AppName = &app.Name
		envs, err := a.Registry.Envs(q, in.AppID)
		for _, e := range envs {
			out.BackendEnvironmentList = append(out.BackendEnvironmentList, e.Name)
		}
		return err
	})
	if err != nil || in.BackendEnvironmentName == nil {
		return out, err
	}
	v, err := a.Provision.View(ctx, in.AppID, *in.BackendEnvironmentName)
	if err != nil {
		return nil, err
	}
	meta, err := provision.Encode(a.Provision.Meta(v))
	if err != nil {
		return nil, err
	}
	flags, err := provision.Encode(a.Provision.FeatureFlags(v))
	if err != nil {
		return nil, err
	}
	out.BackendEnvironmentName = in.BackendEnvironmentName
	out.AmplifyMetaConfig, out.AmplifyFeatureFlags = &meta, &flags
	return out, nil
}

// CloneBackend makes an environment with the same resources, without rows. The
// answer and the job carry the source's name.
func (a *API) CloneBackend(ctx context.Context, in *CloneBackendRequest) (*CloneBackendResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	if err := checkEnv("targetEnvironmentName", in.TargetEnvironmentName); err != nil {
		return nil, err
	}
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		q := tx.Query()
		source, err := a.ready(q, in.AppID, in.BackendEnvironmentName)
		if err != nil {
			return job.NewJob{}, err
		}
		if _, exists, err := a.Registry.EnvAny(q, in.AppID, in.TargetEnvironmentName); err != nil {
			return job.NewJob{}, err
		} else if exists {
			return job.NewJob{}, errs.E(errs.Conflict, "BackendEnvironment %s already exists in app %s", in.TargetEnvironmentName, in.AppID)
		}
		apis, err := a.Registry.Resources(q, source.UID, provision.CategoryAPI)
		if err != nil {
			return job.NewJob{}, err
		}
		auths, err := a.Registry.Resources(q, source.UID, provision.CategoryAuth)
		if err != nil {
			return job.NewJob{}, err
		}
		pools, err := a.Provision.CloneAuthIDs(auths)
		if err != nil {
			return job.NewJob{}, err
		}
		target, err := a.Registry.CreateEnv(tx, in.AppID, in.TargetEnvironmentName)
		if err != nil {
			return job.NewJob{}, err
		}
		if err := a.Provision.ReserveDomains(tx, target.UID, pools, auths); err != nil {
			return job.NewJob{}, err
		}
		return job.NewJob{
			App: in.AppID, Env: source.Name, EnvUID: source.UID, Kind: "CloneBackend",
			Args: provision.CloneBackendArgs{
				SourceUID: source.UID, TargetUID: target.UID, APIs: provision.NewCloneIDs(apis), Auths: pools, CalledMS: now(),
			},
		}, nil
	})
	if err != nil {
		return nil, err
	}
	return &CloneBackendResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// DeleteBackend deletes an environment with all its data. From the call on
// nothing else is accepted for it.
func (a *API) DeleteBackend(ctx context.Context, in *DeleteBackendRequest) (*DeleteBackendResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		q := tx.Query()
		if _, err := a.Registry.App(q, in.AppID); err != nil {
			return job.NewJob{}, err
		}
		env, ok, err := a.Registry.EnvAny(q, in.AppID, in.BackendEnvironmentName)
		if err != nil {
			return job.NewJob{}, err
		}
		if !ok {
			return job.NewJob{}, missingEnv(in.AppID, in.BackendEnvironmentName)
		}
		// One that is still being made, as the target of a clone is under its
		// source's name, has a job somewhere in the app; one whose making was given
		// up has none, and can be deleted.
		if env.State == backend.StateCreating {
			if err := a.Jobs.Begin(tx, in.AppID, "", true); err != nil {
				return job.NewJob{}, err
			}
		}
		if err := a.Registry.SetEnvState(tx, env.UID, backend.StateDeleting); err != nil {
			return job.NewJob{}, err
		}
		return job.NewJob{
			App: in.AppID, Env: env.Name, EnvUID: env.UID, Kind: "DeleteBackend",
			Args: provision.DeleteBackendArgs{EnvUID: env.UID},
		}, nil
	})
	if err != nil {
		return nil, err
	}
	return &DeleteBackendResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// RemoveAllBackends deletes every environment of an app and, if asked, the app.
// Its job belongs to no environment.
func (a *API) RemoveAllBackends(ctx context.Context, in *RemoveAllBackendsRequest) (*RemoveAllBackendsResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	j, err := a.start(ctx, in.AppID, "", func(tx *db.Tx) (job.NewJob, error) {
		q := tx.Query()
		if _, err := a.Registry.App(q, in.AppID); err != nil {
			return job.NewJob{}, err
		}
		envs, err := a.Registry.EnvsAny(q, in.AppID)
		if err != nil {
			return job.NewJob{}, err
		}
		args := provision.RemoveAllBackendsArgs{EnvUIDs: []string{}, CleanApp: in.CleanAmplifyApp != nil && *in.CleanAmplifyApp}
		for _, e := range envs {
			if err := a.Registry.SetEnvState(tx, e.UID, backend.StateDeleting); err != nil {
				return job.NewJob{}, err
			}
			args.EnvUIDs = append(args.EnvUIDs, e.UID)
		}
		if args.CleanApp {
			if args.Console, err = a.closeConsole(tx, in.AppID); err != nil {
				return job.NewJob{}, err
			}
		}
		return job.NewJob{App: in.AppID, Kind: "RemoveAllBackends", Args: args, AppLevel: true}, nil
	})
	if err != nil {
		return nil, err
	}
	return &RemoveAllBackendsResponse{
		AppID: &j.App, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}
