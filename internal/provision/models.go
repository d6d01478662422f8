package provision

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/codegen"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
	"preamp/internal/job"
)

//go:embed migrations
var migrations embed.FS

// EnvLine are the migrations of the environment tables of this package.
func EnvLine() db.Line {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("provision: the embedded migrations are missing: " + err.Error())
	}
	return db.Line{Name: "provision", FS: sub}
}

// The values of GetBackendAPIModels' status.
const (
	ModelsLatest = "LATEST"
	ModelsStale  = "STALE"
)

// Models are the artefacts that client libraries are given.
type Models struct {
	// SchemaJS is the text of schema.js; empty before the first generation.
	SchemaJS string
	// Introspection is the text of model-introspection.json.
	Introspection string
	// Status is ModelsLatest when they are those of the live schema.
	Status string
}

// GenerateModelsArgs are the arguments of a GenerateBackendAPIModels job.
type GenerateModelsArgs struct {
	EnvUID   string `json:"envUID"`
	Name     string `json:"name"`
	CalledMS int64  `json:"calledMS"`
}

func (p *Provisioner) generateModels(ctx context.Context, r *job.Run, a GenerateModelsArgs) error {
	live, env, err := p.openAPI(ctx, a.EnvUID, a.Name)
	if err != nil {
		return err
	}
	defer env.release()
	err = r.EnvStep(ctx, "generate", nil, func(tx *db.Tx) (any, error) {
		version, err := endpoint.LiveVersion(tx.Query(), live.APIID)
		if err != nil {
			return nil, err
		}
		doc, err := schema.ParseAs(version.Source, version.Options.Version)
		if err != nil {
			return nil, err
		}
		schemaJS, err := codegen.SchemaJS(doc, codegenOptions(version.Options, true))
		if err != nil {
			return nil, err
		}
		introspection, err := codegen.Introspection(doc, codegenOptions(version.Options, false))
		if err != nil {
			return nil, err
		}
		_, err = tx.Exec(`
			INSERT INTO env.api_model (api, version, models, introspection, created_ms) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (api) DO UPDATE SET version = excluded.version, models = excluded.models,
				introspection = excluded.introspection, created_ms = excluded.created_ms`,
			live.APIID, version.Number, schemaJS, introspection, a.CalledMS)
		return nil, err
	})
	if err != nil {
		return err
	}
	return r.Complete(ctx, func(*db.Tx) error { return nil })
}

// Models reads the generated artefacts of an API. errs.NotFound when the API
// does not exist.
func (p *Provisioner) Models(ctx context.Context, envUID, name string) (Models, error) {
	live, env, err := p.openAPI(ctx, envUID, name)
	if err != nil {
		return Models{}, err
	}
	defer env.release()
	m := Models{Status: ModelsStale}
	err = env.db.Read(ctx, func(q *db.Query) error {
		var version int64
		err := q.Row(`SELECT version, models, introspection FROM env.api_model WHERE api = $1`, live.APIID).
			Scan(&version, &m.SchemaJS, &m.Introspection)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		now, err := endpoint.LiveVersion(q, live.APIID)
		if err == nil && now.Number == version {
			m.Status = ModelsLatest
		}
		return err
	})
	if err != nil {
		return Models{}, fmt.Errorf("read models: %w", err)
	}
	return m, nil
}

// openAPI finds a live API and pins its environment.
func (p *Provisioner) openAPI(ctx context.Context, envUID, name string) (liveAPI, environment, error) {
	var res backend.Resource
	err := p.Set.Control().Read(ctx, func(q *db.Query) (err error) {
		res, err = p.Registry.Resource(q, envUID, CategoryAPI, name)
		return err
	})
	if err != nil {
		return liveAPI{}, environment{}, err
	}
	if res.LiveVersion == 0 {
		return liveAPI{}, environment{}, errs.Missing("Api", "The API %s is not live yet", name)
	}
	live, err := decode[liveAPI](res.Live, "API")
	if err != nil {
		return liveAPI{}, environment{}, err
	}
	env, err := p.open(ctx, envUID)
	return live, env, err
}

// removeModels deletes the artefacts of an API.
func removeModels(tx *db.Tx, apiID string) error {
	_, err := tx.Exec(`DELETE FROM env.api_model WHERE api = $1`, apiID)
	return err
}

// codegenOptions are the settings of the generators. schema.js is for DataStore
// only, so it is made as if that were in use.
func codegenOptions(o transform.Options, dataStore bool) codegen.Options {
	return codegen.Options{
		Version: o.Version, DataStore: dataStore || o.Conflict != transform.NoConflict, PartialRelationKeys: o.Flags.PartialRelationKeys,
	}
}
