package amplifybackend

import (
	"context"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
	"preamp/internal/provision"
)

// CreateBackendAPI makes a GraphQL API from an annotated schema. An environment
// may hold several.
func (a *API) CreateBackendAPI(ctx context.Context, in *CreateBackendAPIRequest) (*CreateBackendAPIResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	if err := checkResource(in.ResourceName); err != nil {
		return nil, err
	}
	config := configOf(in.ResourceConfig)
	if config.TransformSchema == "" {
		return nil, errs.E(errs.Invalid, "Missing required key 'resourceConfig.transformSchema': an API is made from an annotated GraphQL schema")
	}
	if config.APIName == "" {
		config.APIName = in.ResourceName
	}
	if err := config.Check("resourceConfig"); err != nil {
		return nil, err
	}
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		q := tx.Query()
		env, err := a.ready(q, in.AppID, in.BackendEnvironmentName)
		if err != nil {
			return job.NewJob{}, err
		}
		present, err := a.Registry.Resource(q, env.UID, provision.CategoryAPI, in.ResourceName)
		if err == nil && present.LiveVersion == 0 {
			// Its job is still at work.
			return job.NewJob{}, job.Pending(in.AppID, env.Name)
		}
		if err == nil {
			return job.NewJob{}, errs.E(errs.Conflict, "An API named %s already exists in environment %s: use UpdateBackendAPI to change it", in.ResourceName, env.Name)
		}
		if errs.KindOf(err) != errs.NotFound {
			return job.NewJob{}, err
		}
		apiID, err := provision.LiveAPIID(present)
		if err != nil {
			return job.NewJob{}, err
		}
		return a.applyJob(tx, "CreateBackendAPI", in.AppID, env.Name, provision.APIArgs{
			EnvUID: env.UID, Name: in.ResourceName, APIID: apiID, Config: config, KeyDays: config.KeyDays(),
		})
	})
	if err != nil {
		return nil, err
	}
	return &CreateBackendAPIResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// applyJob writes the desired configuration and describes the job that makes it
// live.
func (a *API) applyJob(tx *db.Tx, operation, app, env string, args provision.APIArgs) (job.NewJob, error) {
	version, err := a.Registry.PutDesired(tx, args.EnvUID, provision.CategoryAPI, args.Name, args.Config)
	if err != nil {
		return job.NewJob{}, err
	}
	args.Version, args.CalledMS = version, now()
	return job.NewJob{App: app, Env: env, EnvUID: args.EnvUID, Kind: operation, Args: args}, nil
}

// UpdateBackendAPI changes an API by a merge patch of its configuration.
func (a *API) UpdateBackendAPI(ctx context.Context, in *UpdateBackendAPIRequest) (*UpdateBackendAPIResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	patch := configOf(in.ResourceConfig)
	j, err := a.start(ctx, in.AppID, in.BackendEnvironmentName, func(tx *db.Tx) (job.NewJob, error) {
		q := tx.Query()
		env, err := a.ready(q, in.AppID, in.BackendEnvironmentName)
		if err != nil {
			return job.NewJob{}, err
		}
		present, err := a.Registry.Resource(q, env.UID, provision.CategoryAPI, in.ResourceName)
		if err != nil {
			return job.NewJob{}, err
		}
		if present.LiveVersion == 0 {
			return job.NewJob{}, job.Pending(in.AppID, env.Name)
		}
		config, err := provision.DesiredAPI(present)
		if err != nil {
			return job.NewJob{}, err
		}
		config = config.Merge(patch)
		if err := config.Check("resourceConfig"); err != nil {
			return job.NewJob{}, err
		}
		apiID, err := provision.LiveAPIID(present)
		if err != nil {
			return job.NewJob{}, err
		}
		return a.applyJob(tx, "UpdateBackendAPI", in.AppID, env.Name, provision.APIArgs{
			EnvUID: env.UID, Name: in.ResourceName, APIID: apiID, Config: config, KeyDays: patchedKeyDays(patch, config),
		})
	})
	if err != nil {
		return nil, err
	}
	return &UpdateBackendAPIResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// patchedKeyDays is the life of the API key if this call asks for one: an
// expirationTime of an earlier call does not extend the key again.
func patchedKeyDays(patch, merged provision.APIConfig) *int {
	if d := patch.DefaultAuth; d != nil && d.Settings.ExpirationTime != nil && merged.Default() == authn.APIKey {
		return merged.KeyDays()
	}
	for _, t := range patch.AdditionalAuth {
		if t.Mode == string(authn.APIKey) && t.Settings.ExpirationTime != nil {
			return merged.KeyDays()
		}
	}
	return nil
}

// DeleteBackendAPI deletes an API with its data.
func (a *API) DeleteBackendAPI(ctx context.Context, in *DeleteBackendAPIRequest) (*DeleteBackendAPIResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	j, err := a.startOnAPI(ctx, in.AppID, in.BackendEnvironmentName, in.ResourceName, "DeleteBackendAPI", func(uid string) any {
		return provision.DeleteAPIArgs{EnvUID: uid, Name: in.ResourceName}
	})
	if err != nil {
		return nil, err
	}
	return &DeleteBackendAPIResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// GenerateBackendAPIModels makes the artefacts that client libraries are given.
func (a *API) GenerateBackendAPIModels(ctx context.Context, in *GenerateBackendAPIModelsRequest) (*GenerateBackendAPIModelsResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	j, err := a.startOnAPI(ctx, in.AppID, in.BackendEnvironmentName, in.ResourceName, "GenerateBackendAPIModels", func(uid string) any {
		return provision.GenerateModelsArgs{EnvUID: uid, Name: in.ResourceName, CalledMS: now()}
	})
	if err != nil {
		return nil, err
	}
	return &GenerateBackendAPIModelsResponse{
		AppID: &j.App, BackendEnvironmentName: &j.Env, JobID: &j.ID, Operation: &j.Kind, Status: new(j.Status()), Error: failure(j),
	}, nil
}

// startOnAPI starts a job on an API that serves.
func (a *API) startOnAPI(ctx context.Context, app, env, name, operation string, args func(envUID string) any) (job.Job, error) {
	return a.start(ctx, app, env, func(tx *db.Tx) (job.NewJob, error) {
		e, err := a.ready(tx.Query(), app, env)
		if err != nil {
			return job.NewJob{}, err
		}
		present, err := a.Registry.Resource(tx.Query(), e.UID, provision.CategoryAPI, name)
		if err != nil {
			return job.NewJob{}, err
		}
		if present.LiveVersion == 0 {
			return job.NewJob{}, job.Pending(app, env)
		}
		return job.NewJob{App: app, Env: e.Name, EnvUID: e.UID, Kind: operation, Args: args(e.UID)}, nil
	})
}

// GetBackendAPI tells how an API is configured. While a job changes it, that is
// what the job was asked for; after one that failed, what serves.
func (a *API) GetBackendAPI(ctx context.Context, in *GetBackendAPIRequest) (*GetBackendAPIResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	env, err := a.readable(ctx, in.AppID, in.BackendEnvironmentName)
	if err != nil {
		return nil, err
	}
	out := &GetBackendAPIResponse{AppID: &in.AppID, BackendEnvironmentName: &env.Name, ResourceName: &in.ResourceName}
	err = a.Control.Read(ctx, func(q *db.Query) error {
		r, err := a.Registry.Resource(q, env.UID, provision.CategoryAPI, in.ResourceName)
		if err != nil {
			return err
		}
		config, err := provision.DesiredAPI(r)
		if err != nil {
			return err
		}
		out.ResourceConfig = wireConfig(config)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// GetBackendAPIModels reads what the last GenerateBackendAPIModels made.
func (a *API) GetBackendAPIModels(ctx context.Context, in *GetBackendAPIModelsRequest) (*GetBackendAPIModelsResponse, error) {
	if err := checkApp(in.AppID); err != nil {
		return nil, err
	}
	env, err := a.readable(ctx, in.AppID, in.BackendEnvironmentName)
	if err != nil {
		return nil, err
	}
	m, err := a.Provision.Models(ctx, env.UID, in.ResourceName)
	if err != nil {
		return nil, err
	}
	out := &GetBackendAPIModelsResponse{Status: &m.Status}
	if m.SchemaJS != "" {
		out.Models, out.ModelIntrospectionSchema = &m.SchemaJS, &m.Introspection
	}
	return out, nil
}

// configOf reads the wire form. A list that is there but empty stays so: it
// removes all.
func configOf(w *BackendAPIResourceConfig) provision.APIConfig {
	if w == nil {
		return provision.APIConfig{}
	}
	c := provision.APIConfig{
		APIName: value(w.APIName), Service: value(w.Service), TransformSchema: value(w.TransformSchema),
	}
	if w.ConflictResolution != nil {
		c.ConflictResolution = value(w.ConflictResolution.ResolutionStrategy)
	}
	if w.DefaultAuthType != nil {
		c.DefaultAuth = new(authOf(*w.DefaultAuthType))
	}
	if w.AdditionalAuthTypes != nil {
		c.AdditionalAuth = []provision.AuthType{}
		for _, t := range w.AdditionalAuthTypes {
			c.AdditionalAuth = append(c.AdditionalAuth, authOf(t))
		}
	}
	return c
}

func authOf(w BackendAPIAuthType) provision.AuthType {
	t := provision.AuthType{Mode: value(w.Mode)}
	if s := w.Settings; s != nil {
		t.Settings = provision.AuthSettings{
			CognitoUserPoolID: s.CognitoUserPoolID, Description: s.Description, ExpirationTime: s.ExpirationTime,
			OpenIDAuthTTL: s.OpenIDAuthTTL, OpenIDClientID: s.OpenIDClientID, OpenIDIatTTL: s.OpenIDIatTTL,
			OpenIDIssueURL: s.OpenIDIssueURL, OpenIDProviderName: s.OpenIDProviderName,
		}
	}
	return t
}

// wireConfig writes the wire form; members that are not set stay absent.
func wireConfig(c provision.APIConfig) *BackendAPIResourceConfig {
	w := &BackendAPIResourceConfig{
		APIName: optional(c.APIName), Service: optional(c.Service), TransformSchema: optional(c.TransformSchema),
	}
	if c.ConflictResolution != "" {
		w.ConflictResolution = &BackendAPIConflictResolution{ResolutionStrategy: &c.ConflictResolution}
	}
	if c.DefaultAuth != nil {
		w.DefaultAuthType = new(wireAuth(*c.DefaultAuth))
	}
	for _, t := range c.AdditionalAuth {
		w.AdditionalAuthTypes = append(w.AdditionalAuthTypes, wireAuth(t))
	}
	return w
}

func wireAuth(t provision.AuthType) BackendAPIAuthType {
	w := BackendAPIAuthType{Mode: optional(t.Mode)}
	if s := t.Settings; s != (provision.AuthSettings{}) {
		w.Settings = &BackendAPIAppSyncAuthSettings{
			CognitoUserPoolID: s.CognitoUserPoolID, Description: s.Description, ExpirationTime: s.ExpirationTime,
			OpenIDAuthTTL: s.OpenIDAuthTTL, OpenIDClientID: s.OpenIDClientID, OpenIDIatTTL: s.OpenIDIatTTL,
			OpenIDIssueURL: s.OpenIDIssueURL, OpenIDProviderName: s.OpenIDProviderName,
		}
	}
	return w
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
