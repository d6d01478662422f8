package backend

import (
	"encoding/json"
	"errors"
	"fmt"

	"preamp/internal/db"
	"preamp/internal/errs"
)

// Resource is a part of a backend: an API, an auth or a storage resource.
// Desired is what its owner asked for last, Live what serves. LiveVersion is 0
// and Live empty until it has served.
type Resource struct {
	EnvUID, Category, Name string
	Desired                json.RawMessage
	DesiredVersion         int64
	LiveVersion            int64
	Live                   json.RawMessage
	// Created and Updated are milliseconds.
	Created, Updated int64
}

// The categories of resources.
const (
	CategoryAPI     = "api"
	CategoryAuth    = "auth"
	CategoryStorage = "storage"
)

// resourceTypes are the words that clients are told for a category.
var resourceTypes = map[string]string{CategoryAPI: "Api", CategoryAuth: "Auth", CategoryStorage: "Storage"}

func missingResource(category, name string) error {
	return errs.Missing(resourceTypes[category], "The %s resource %s does not exist.", category, printable(name))
}

const resourceColumns = `env_uid, category, name, desired, desired_version, live_version, live, created_ms, updated_ms`

func scanResource(row db.Row) (Resource, error) {
	var r Resource
	err := row.Scan(&r.EnvUID, &r.Category, &r.Name, &r.Desired, &r.DesiredVersion, &r.LiveVersion, &r.Live, &r.Created, &r.Updated)
	return r, err
}

// Resource finds a resource. errs.NotFound when there is none.
func (r *Registry) Resource(q *db.Query, envUID, category, name string) (Resource, error) {
	if !storable(name) {
		return Resource{}, missingResource(category, name)
	}
	res, err := scanResource(q.Row(`
		SELECT `+resourceColumns+` FROM ctl.resource WHERE env_uid = $1 AND category = $2 AND name = $3`,
		envUID, category, name))
	if errors.Is(err, db.ErrNoRows) {
		return Resource{}, missingResource(category, name)
	}
	if err != nil {
		return Resource{}, fmt.Errorf("read resource: %w", err)
	}
	return res, nil
}

// Resources are the resources of a category, the oldest first.
func (r *Registry) Resources(q *db.Query, envUID, category string) ([]Resource, error) {
	resources := []Resource{}
	err := q.Each(`
		SELECT `+resourceColumns+` FROM ctl.resource WHERE env_uid = $1 AND category = $2 ORDER BY created_ms, name`,
		[]any{envUID, category}, func(row db.Row) error {
			res, err := scanResource(row)
			resources = append(resources, res)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list resources: %w", err)
	}
	return resources, nil
}

// PutDesired creates a resource or changes what it should be, and answers the
// number of this version.
func (r *Registry) PutDesired(tx *db.Tx, envUID, category, name string, desired any) (version int64, err error) {
	if _, ok := resourceTypes[category]; !ok || name == "" || !storable(name) {
		return 0, errs.E(errs.Invalid, "The name or category of the resource is not acceptable.")
	}
	text, err := encode("resource", desired)
	if err != nil {
		return 0, err
	}
	created, err := nextMS(tx.Query(), `
		SELECT coalesce(max(created_ms), 0) FROM ctl.resource WHERE env_uid = $1 AND category = $2`, envUID, category)
	if err != nil {
		return 0, fmt.Errorf("read newest resource: %w", err)
	}
	err = tx.Row(`
		INSERT INTO ctl.resource AS r (env_uid, category, name, desired, desired_version, last_version, live_version, created_ms, updated_ms)
		VALUES ($1, $2, $3, $4, 1, 1, 0, $5, $6)
		ON CONFLICT (env_uid, category, name) DO UPDATE SET desired = excluded.desired,
			desired_version = r.last_version + 1, last_version = r.last_version + 1, updated_ms = excluded.updated_ms
		RETURNING desired_version`, envUID, category, name, text, created, nowMS()).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("put desired resource: %w", err)
	}
	return version, nil
}

// SetLive records that a version serves, and how. errs.NotFound when there is no
// such resource.
func (r *Registry) SetLive(tx *db.Tx, envUID, category, name string, version int64, live any) error {
	text, err := encode("live resource", live)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`
		UPDATE ctl.resource SET live_version = $4, live = $5, updated_ms = $6,
			live_desired = CASE WHEN desired_version = $4 THEN desired ELSE live_desired END
		WHERE env_uid = $1 AND category = $2 AND name = $3`, envUID, category, name, version, text, nowMS())
	if err != nil {
		return fmt.Errorf("set live resource: %w", err)
	}
	if n == 0 {
		return missingResource(category, name)
	}
	return nil
}

// RevertDesired takes back what did not become live: what is desired is again
// what was desired of the live version. A resource that never was live is
// removed. It is no error when there is none.
func (r *Registry) RevertDesired(tx *db.Tx, envUID, category, name string) error {
	for _, sql := range []string{
		`DELETE FROM ctl.resource WHERE env_uid = $1 AND category = $2 AND name = $3 AND live_version = 0`,
		`UPDATE ctl.resource SET desired = coalesce(live_desired, desired), desired_version = live_version
			WHERE env_uid = $1 AND category = $2 AND name = $3 AND desired_version <> live_version`,
	} {
		if _, err := tx.Exec(sql, envUID, category, name); err != nil {
			return fmt.Errorf("revert desired resource: %w", err)
		}
	}
	return nil
}

// RemoveResource removes a resource. It is no error when there is none.
func (r *Registry) RemoveResource(tx *db.Tx, envUID, category, name string) error {
	_, err := tx.Exec(`DELETE FROM ctl.resource WHERE env_uid = $1 AND category = $2 AND name = $3`, envUID, category, name)
	if err != nil {
		return fmt.Errorf("remove resource: %w", err)
	}
	return nil
}
