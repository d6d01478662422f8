package provision

import (
	"context"
	"crypto/sha1" //nolint:gosec // the form of lastPushDirHash, not a protection
	"encoding/base64"
	"fmt"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
	"preamp/internal/id"
	"preamp/internal/job"
)

// liveAPI is what the control database knows of an API that serves: the live
// part of its resource. All times are milliseconds.
type liveAPI struct {
	APIID      string    `json:"apiId"`
	Version    int64     `json:"version"`
	KeyExpires int64     `json:"keyExpires,omitempty"`
	Pushed     int64     `json:"pushed"`
	Digest     string    `json:"digest"`
	Config     APIConfig `json:"config"`
}

// liveAPIs are the APIs of an environment that serve, the oldest first.
func (p *Provisioner) liveAPIs(q *db.Query, envUID string) ([]liveAPI, error) {
	resources, err := p.Registry.Resources(q, envUID, CategoryAPI)
	if err != nil {
		return nil, err
	}
	live := make([]liveAPI, 0, len(resources))
	for _, r := range resources {
		if r.LiveVersion == 0 {
			continue
		}
		l, err := decode[liveAPI](r.Live, "API")
		if err != nil {
			return nil, err
		}
		live = append(live, l)
	}
	return live, nil
}

// APIArgs are the arguments of the CreateBackendAPI and UpdateBackendAPI jobs.
type APIArgs struct {
	EnvUID string `json:"envUID"`
	Name   string `json:"name"`
	// APIID is drawn by the call, so that all attempts use the same.
	APIID string `json:"apiId"`
	// Version is the desired version that the call wrote.
	Version int64 `json:"version"`
	// Config is the whole desired configuration, patches merged.
	Config APIConfig `json:"config"`
	// KeyDays is the new life of the API key, counted from the call; nil keeps
	// the present one.
	KeyDays  *int  `json:"keyDays,omitempty"`
	CalledMS int64 `json:"calledMS"`
}

// LiveAPIID is the id of the API behind a resource, for an update; a new id when
// it never served.
func LiveAPIID(r backend.Resource) (string, error) {
	if r.LiveVersion == 0 {
		return id.NewAPI(), nil
	}
	live, err := decode[liveAPI](r.Live, "API")
	return live.APIID, err
}

// applyAPI compiles the schema and makes it live. Everything that needs the
// schema read is judged before anything is written.
func (p *Provisioner) applyAPI(ctx context.Context, r *job.Run, a APIArgs) error {
	if err := a.Config.CheckServable(); err != nil {
		return err
	}
	if err := a.Config.CheckIssuer(p.Outgoing); err != nil {
		return err
	}
	options, settings, err := p.options(ctx, a.EnvUID, a.APIID, a.Config)
	if err != nil {
		return err
	}
	api, err := compile(a.Config.TransformSchema, options)
	if err != nil {
		return err
	}
	others, err := p.otherSchemas(ctx, a.EnvUID, a.Name)
	if err != nil {
		return err
	}
	if err := api.checkConflicts(settings, a.Config.ConflictResolution, others); err != nil {
		return err
	}
	auth := a.Config.Auth()
	if auth.Own {
		if auth.UserPool, err = p.ownPool(ctx, a.EnvUID); err != nil {
			return err
		}
	}
	env, err := p.open(ctx, a.EnvUID)
	if err != nil {
		return err
	}
	defer env.release()

	live := liveAPI{APIID: a.APIID, Version: a.Version, Pushed: a.CalledMS, Digest: digest(a.Config.TransformSchema), Config: a.Config}
	var built builtAPI
	err = r.EnvStep(ctx, "build", &built, func(tx *db.Tx) (any, error) {
		expires, err := keyExpiry(tx.Query(), env, a)
		if err != nil {
			return nil, err
		}
		return builtAPI{KeyExpires: expires}, build(tx, env, construction{
			apiID: a.APIID, name: a.Name, version: a.Version, compiled: api, auth: auth, nowMS: a.CalledMS, keyExpires: expires,
		})
	})
	if err != nil {
		return err
	}
	live.KeyExpires = built.KeyExpires
	// Before the job is seen as completed: who polls it queries the new version.
	p.Invalidate(a.APIID)
	return r.Complete(ctx, func(tx *db.Tx) error { return p.publishResource(tx, a.EnvUID, a.Name, live) })
}

// otherSchemas are the schemas of the APIs of an environment except one.
func (p *Provisioner) otherSchemas(ctx context.Context, envUID, name string) (sources []string, err error) {
	err = p.Set.Control().Read(ctx, func(q *db.Query) error {
		resources, err := p.Registry.Resources(q, envUID, CategoryAPI)
		if err != nil {
			return err
		}
		for _, r := range resources {
			if r.Name == name {
				continue
			}
			c, err := DesiredAPI(r)
			if err != nil {
				return err
			}
			sources = append(sources, c.TransformSchema)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the other APIs: %w", err)
	}
	return sources, nil
}

// builtAPI is what the build step reports.
type builtAPI struct {
	KeyExpires int64 `json:"keyExpires"`
}

// publishResource writes what the registry knows of a live API, and its route.
func (p *Provisioner) publishResource(tx *db.Tx, envUID, name string, live liveAPI) error {
	if _, err := p.Registry.Resource(tx.Query(), envUID, CategoryAPI, name); errs.KindOf(err) == errs.NotFound {
		// A clone: its resource is first written here.
		version, err := p.Registry.PutDesired(tx, envUID, CategoryAPI, name, live.Config)
		if err != nil {
			return err
		}
		live.Version = version
	} else if err != nil {
		return err
	}
	if err := p.Registry.SetLive(tx, envUID, CategoryAPI, name, live.Version, live); err != nil {
		return err
	}
	return p.Registry.PutRoute(tx, RouteAPI, live.APIID, envUID)
}

// undoApplyAPI leaves what was there before the job: the version before, or
// nothing.
func (p *Provisioner) undoApplyAPI(ctx context.Context, r *job.Run, a APIArgs) error {
	err := r.EnvStep(ctx, "withdraw", nil, func(tx *db.Tx) (any, error) {
		return nil, endpoint.Withdraw(tx, a.APIID, a.Version)
	})
	if err != nil {
		return err
	}
	p.Invalidate(a.APIID)
	return r.ControlStep(ctx, "revert", nil, func(tx *db.Tx) (any, error) {
		return nil, p.Registry.RevertDesired(tx, a.EnvUID, CategoryAPI, a.Name)
	})
}

// DeleteAPIArgs are the arguments of a DeleteBackendAPI job.
type DeleteAPIArgs struct {
	EnvUID string `json:"envUID"`
	Name   string `json:"name"`
}

// deleteAPI takes the API from the data plane, then deletes its tables.
func (p *Provisioner) deleteAPI(ctx context.Context, r *job.Run, a DeleteAPIArgs) error {
	var apiID string
	err := r.ControlStep(ctx, "route", &apiID, func(tx *db.Tx) (any, error) {
		res, err := p.Registry.Resource(tx.Query(), a.EnvUID, CategoryAPI, a.Name)
		if err != nil || res.LiveVersion == 0 {
			return "", err
		}
		live, err := decode[liveAPI](res.Live, "API")
		if err != nil {
			return "", err
		}
		return live.APIID, p.Registry.RemoveRoute(tx, RouteAPI, live.APIID)
	})
	if err != nil {
		return err
	}
	if apiID != "" {
		p.forget(apiID)
		err := r.EnvStep(ctx, "tables", nil, func(tx *db.Tx) (any, error) {
			if err := removeModels(tx, apiID); err != nil {
				return nil, err
			}
			return nil, endpoint.RemoveAPI(tx, apiID)
		})
		if err != nil {
			return err
		}
		p.Invalidate(apiID)
	}
	return r.Complete(ctx, func(tx *db.Tx) error {
		return p.Registry.RemoveResource(tx, a.EnvUID, CategoryAPI, a.Name)
	})
}

// undoDeleteAPI puts back an API whose tables are still there, and finishes the
// deletion of one whose tables are gone.
func (p *Provisioner) undoDeleteAPI(ctx context.Context, r *job.Run, a DeleteAPIArgs) error {
	live, env, err := p.openAPI(ctx, a.EnvUID, a.Name)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	defer env.release()
	err = env.db.Read(ctx, func(q *db.Query) error {
		_, err := endpoint.LiveVersion(q, live.APIID)
		return err
	})
	whole := err == nil
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	return r.ControlStep(ctx, "settle", nil, func(tx *db.Tx) (any, error) {
		if whole {
			return nil, p.Registry.PutRoute(tx, RouteAPI, live.APIID, a.EnvUID)
		}
		return nil, p.Registry.RemoveResource(tx, a.EnvUID, CategoryAPI, a.Name)
	})
}

// forget takes an API whose route is gone from the data plane of this process.
func (p *Provisioner) forget(apiID string) {
	p.Registry.Forget(RouteAPI, apiID)
	p.Invalidate(apiID)
}

// construction is everything that one version of an API consists of.
type construction struct {
	apiID, name string
	version     int64
	compiled
	auth       endpoint.Auth
	nowMS      int64
	keyExpires int64 // 0: no API key
}

// build makes a version and its tables, and switches to it, in one transaction.
func build(tx *db.Tx, env environment, c construction) error {
	present, err := endpoint.LiveVersion(tx.Query(), c.apiID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	merged, changes, err := transform.Merge(present.Layout, c.layout)
	if err != nil {
		return c.locate(err)
	}
	if err := endpoint.CreateAPI(tx, c.apiID, c.name, c.nowMS); err != nil {
		return err
	}
	if err := endpoint.ApplyChanges(tx, tx.Dialect(), changes); err != nil {
		return c.locate(err)
	}
	err = endpoint.PutVersion(tx, c.apiID, endpoint.Version{
		Number: c.version, Source: c.source, Options: c.options, Auth: c.auth, Layout: merged,
	})
	if err != nil {
		return err
	}
	if err := putKey(tx, env, c.apiID, c.keyExpires); err != nil {
		return err
	}
	if err := endpoint.Publish(tx, c.apiID, c.version); err != nil {
		return err
	}
	// The present version stays until the next push: a job that is cancelled now
	// goes back to it.
	return endpoint.Prune(tx, c.apiID, present.Number)
}

// putKey gives the API a key, or extends the one it has, or takes it away.
func putKey(tx *db.Tx, env environment, apiID string, expires int64) error {
	if expires == 0 {
		return endpoint.RemoveKeys(tx, apiID)
	}
	present, err := endpoint.Keys(tx.Query(), env.sealer, apiID)
	if err != nil {
		return err
	}
	if len(present) > 0 {
		return endpoint.ExtendKey(tx, apiID, expires)
	}
	return endpoint.PutKey(tx, env.sealer, apiID, id.NewAPIKey(), expires)
}

// keyExpiry is when the key of an API ends after this job; 0 without API_KEY.
func keyExpiry(q *db.Query, env environment, a APIArgs) (int64, error) {
	if _, ok := a.Config.key(); !ok {
		return 0, nil
	}
	if a.KeyDays != nil {
		return a.CalledMS + days(*a.KeyDays), nil
	}
	present, err := endpoint.Keys(q, env.sealer, a.APIID)
	if err != nil {
		return 0, err
	}
	if len(present) > 0 {
		return present[0].ExpiresMS, nil
	}
	return a.CalledMS + days(keyDays(a.Config)), nil
}

func keyDays(c APIConfig) int {
	if d := c.KeyDays(); d != nil {
		return *d
	}
	return defaultKeyDays
}

func days(n int) int64 { return int64(n) * (24 * time.Hour).Milliseconds() }

// digest has the form of lastPushDirHash in amplify-meta.json.
func digest(source string) string {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

// DesiredAPI is the configuration that an API's owner wants.
func DesiredAPI(r backend.Resource) (APIConfig, error) {
	return decode[APIConfig](r.Desired, "API configuration")
}

// CountModels is how many @model types a schema declares, as far as it can be
// read.
func CountModels(source string) int {
	doc, err := schema.Parse(source)
	if err != nil {
		return 0
	}
	return len(modelsOf(doc))
}

// modelsOf are the types of a schema with @model.
func modelsOf(doc *schema.Document) []*ast.Definition {
	var models []*ast.Definition
	for _, d := range doc.AST.Definitions {
		if d.Directives.ForName("model") != nil {
			models = append(models, d)
		}
	}
	return models
}
