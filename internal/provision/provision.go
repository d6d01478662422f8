package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/job"
	"preamp/internal/keys"
)

// The resource categories of GraphQL APIs and of user pools in the registry.
const (
	CategoryAPI  = backend.CategoryAPI
	CategoryAuth = backend.CategoryAuth
)

// RouteAPI is the kind of route that leads from an API id to its environment.
const RouteAPI = "api"

// Config is what a Provisioner works with. All fields are required unless they
// say otherwise.
type Config struct {
	Set      *db.Set
	Registry *backend.Registry
	Ring     *keys.Ring
	// Invalidate tells the data plane that an API changed or is gone.
	Invalidate func(apiID string)
	// PoolChanged, if set, is told that a user pool changed or is gone.
	PoolChanged func(poolID string)
	// BaseURL is the URL that clients use, without a slash at the end.
	BaseURL func() string
	// Settings are the backend settings of a new environment.
	Settings map[string]string
	// Outgoing are the networks that may be called in clear: outgoing.allow.
	Outgoing []netip.Prefix
	// Region is the AWS region name that clients are given; us-east-1 if empty.
	Region string
	Logger *slog.Logger
}

// Provisioner makes, changes and removes what a backend consists of.
type Provisioner struct {
	Config
}

// New makes a Provisioner. It panics when a required field is missing.
func New(c Config) *Provisioner {
	if c.Set == nil || c.Registry == nil || c.Ring == nil || c.Invalidate == nil || c.BaseURL == nil || c.Logger == nil {
		panic("provision.New: a required field of Config is nil")
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	return &Provisioner{Config: c}
}

// Kinds are the job kinds, named like the operations that start them.
func (p *Provisioner) Kinds() []job.Kind {
	return []job.Kind{
		job.Define("CreateBackend", p.createBackend, p.undoCreateBackend),
		job.Define("CloneBackend", p.cloneBackend, p.undoCloneBackend),
		job.Define("DeleteBackend", p.deleteBackend, p.undoDeleteBackend),
		job.Define("RemoveAllBackends", p.removeAllBackends, p.undoRemoveAllBackends),
		job.Define("CreateBackendAPI", p.applyAPI, p.undoApplyAPI),
		job.Define("UpdateBackendAPI", p.applyAPI, p.undoApplyAPI),
		job.Define("DeleteBackendAPI", p.deleteAPI, p.undoDeleteAPI),
		job.Define("GenerateBackendAPIModels", p.generateModels, nil),
		job.Define("CreateBackendAuth", p.applyAuth, p.undoApplyAuth),
		job.Define("UpdateBackendAuth", p.applyAuth, p.undoApplyAuth),
		job.Define("ImportBackendAuth", p.importAuth, p.undoImportAuth),
		job.Define("DeleteBackendAuth", p.deleteAuth, p.undoDeleteAuth),
		job.Define("CreateBackendConfig", p.createConfig, p.undoCreateConfig),
		job.Define("RemoveBackendConfig", p.removeConfig, p.undoRemoveConfig),
	}
}

// environment is an open environment: its database and the seal of its secrets.
type environment struct {
	db      *db.DB
	sealer  *keys.Sealer
	release func()
}

// open pins an environment. The caller releases it.
func (p *Provisioner) open(ctx context.Context, uid string) (environment, error) {
	d, release, err := p.Set.Acquire(ctx, uid)
	if err != nil {
		return environment{}, fmt.Errorf("open environment: %w", err)
	}
	s, err := p.Ring.Env(ctx, uid, d)
	if err != nil {
		release()
		return environment{}, fmt.Errorf("open the keys of an environment: %w", err)
	}
	return environment{db: d, sealer: s, release: release}, nil
}

// Locate finds the environment of a live API for the data plane: its database,
// pinned until the function is called, and the seal of its secrets.
// errs.NotFound when there is no such API.
func (p *Provisioner) Locate(ctx context.Context, apiID string) (*db.DB, *keys.Sealer, func(), error) {
	uid, err := p.Registry.Route(ctx, RouteAPI, apiID)
	if err != nil {
		return nil, nil, nil, err
	}
	e, err := p.open(ctx, uid)
	if err != nil {
		return nil, nil, nil, err
	}
	return e.db, e.sealer, e.release, nil
}

// decode reads a configuration that preamp wrote itself.
func decode[T any](raw json.RawMessage, what string) (T, error) {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, errs.Wrap(errs.Internal, err, "the stored %s is not readable", what)
	}
	return v, nil
}
