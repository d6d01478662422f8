package backend

import (
	"errors"
	"fmt"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/id"
)

// The states of an environment besides [StateReady]. Only ready ones can be used
// and are listed.
const (
	StateCreating = "creating"
	StateDeleting = "deleting"
)

// Env is a backend environment. UID is preamp's own key of it; Created is in
// milliseconds.
type Env struct {
	UID, App, Name, State string
	Created               int64
}

const envColumns = `uid, app, name, state, created_ms`

func scanEnv(row db.Row) (Env, error) {
	var e Env
	err := row.Scan(&e.UID, &e.App, &e.Name, &e.State, &e.Created)
	return e, err
}

func missingEnv(app, name string) error {
	return errs.Missing("BackendEnvironment", "The backend environment %s of the app %s does not exist.", printable(name), app)
}

// Env finds an environment that is ready. errs.NotFound for an unknown app or
// environment.
func (r *Registry) Env(q *db.Query, app, name string) (Env, error) {
	e, found, err := r.EnvAny(q, app, name)
	if err != nil || found && e.State == StateReady {
		return e, err
	}
	if _, err := r.App(q, app); err != nil {
		return Env{}, err
	}
	return Env{}, missingEnv(app, name)
}

// EnvAny finds an environment in any state.
func (r *Registry) EnvAny(q *db.Query, app, name string) (e Env, found bool, err error) {
	if !storable(app, name) {
		return Env{}, false, nil
	}
	e, err = scanEnv(q.Row(`SELECT `+envColumns+` FROM ctl.environment WHERE app = $1 AND name = $2`, app, name))
	if errors.Is(err, db.ErrNoRows) {
		return Env{}, false, nil
	}
	if err != nil {
		return Env{}, false, fmt.Errorf("read environment: %w", err)
	}
	return e, true, nil
}

// EnvByUID finds an environment in any state by its key. errs.NotFound when there
// is none.
func (r *Registry) EnvByUID(q *db.Query, uid string) (Env, error) {
	e, err := scanEnv(q.Row(`SELECT `+envColumns+` FROM ctl.environment WHERE uid = $1`, uid))
	if errors.Is(err, db.ErrNoRows) {
		return Env{}, errs.Missing("BackendEnvironment", "The backend environment does not exist.")
	}
	if err != nil {
		return Env{}, fmt.Errorf("read environment: %w", err)
	}
	return e, nil
}

// Envs are the environments of an app that are ready, the oldest first.
func (r *Registry) Envs(q *db.Query, app string) ([]Env, error) {
	return listEnvs(q, app, `AND state = $2`, StateReady)
}

// EnvsAny are the environments of an app in any state, the oldest first.
func (r *Registry) EnvsAny(q *db.Query, app string) ([]Env, error) {
	return listEnvs(q, app, ``)
}

func listEnvs(q *db.Query, app, condition string, args ...any) ([]Env, error) {
	envs := []Env{}
	if !storable(app) {
		return envs, nil
	}
	err := q.Each(`
		SELECT `+envColumns+` FROM ctl.environment WHERE app = $1 `+condition+` ORDER BY created_ms, name`,
		append([]any{app}, args...), func(row db.Row) error {
			e, err := scanEnv(row)
			envs = append(envs, e)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list environments: %w", err)
	}
	return envs, nil
}

// CreateEnv adds an environment in state creating. errs.NotFound for an unknown
// app, errs.Conflict when the name is taken, in whatever state.
func (r *Registry) CreateEnv(tx *db.Tx, app, name string) (Env, error) {
	if !id.ValidEnv(name) {
		return Env{}, errs.E(errs.Invalid, "The backend environment name must have the form %s.", id.EnvForm)
	}
	if _, err := r.App(tx.Query(), app); err != nil {
		return Env{}, err
	}
	created, err := nextMS(tx.Query(), `SELECT coalesce(max(created_ms), 0) FROM ctl.environment WHERE app = $1`, app)
	if err != nil {
		return Env{}, fmt.Errorf("read newest environment: %w", err)
	}
	e := Env{UID: id.NewEnv(), App: app, Name: name, State: StateCreating, Created: created}
	n, err := tx.Exec(`
		INSERT INTO ctl.environment (uid, app, name, state, created_ms) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (app, name) DO NOTHING`, e.UID, e.App, e.Name, e.State, e.Created)
	if err != nil {
		return Env{}, fmt.Errorf("insert environment: %w", err)
	}
	if n == 0 {
		return Env{}, errs.E(errs.Conflict, "The backend environment %s of the app %s exists already.", name, app)
	}
	return e, nil
}

// SetEnvState changes the state of an environment. errs.NotFound when there is
// none.
func (r *Registry) SetEnvState(tx *db.Tx, uid, state string) error {
	switch state {
	case StateCreating, StateReady, StateDeleting:
	default:
		return fmt.Errorf("set environment state: unknown state %q", state)
	}
	n, err := tx.Exec(`UPDATE ctl.environment SET state = $2 WHERE uid = $1`, uid, state)
	if err != nil {
		return fmt.Errorf("set environment state: %w", err)
	}
	if n == 0 {
		return errs.Missing("BackendEnvironment", "The backend environment does not exist.")
	}
	return nil
}

// RemoveEnv removes an environment with its resources, settings and routes. It
// is no error when there is none.
func (r *Registry) RemoveEnv(tx *db.Tx, uid string) error {
	r.routes.forgetEnv(uid)
	if _, err := tx.Exec(`DELETE FROM ctl.environment WHERE uid = $1`, uid); err != nil {
		return fmt.Errorf("remove environment: %w", err)
	}
	return nil
}

// Settings are the backend settings of an environment.
func (r *Registry) Settings(q *db.Query, envUID string) (map[string]string, error) {
	settings := map[string]string{}
	err := q.Each(`SELECT key, value FROM ctl.setting WHERE env_uid = $1`, []any{envUID}, func(row db.Row) error {
		var key, value string
		err := row.Scan(&key, &value)
		settings[key] = value
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return settings, nil
}

// PutSetting stores a backend setting. The environment must exist. errs.Invalid
// for one that ParseSetting refuses.
func (r *Registry) PutSetting(tx *db.Tx, envUID, key, value string) error {
	key, err := ParseSetting(key, value)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`
		INSERT INTO ctl.setting (env_uid, key, value) VALUES ($1, $2, $3)
		ON CONFLICT (env_uid, key) DO UPDATE SET value = excluded.value`, envUID, key, value)
	if err != nil {
		return fmt.Errorf("put setting: %w", err)
	}
	return nil
}
