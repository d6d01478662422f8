package backend

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"preamp/internal/db"
	"preamp/internal/errs"
)

// StateReady is the state of an app, and of an environment, that can be used.
const StateReady = "ready"

// App is an Amplify app.
type App struct{ ID, Name, State string }

func missingApp(app string) error {
	return errs.Missing("App", "The app %s does not exist.", printable(app))
}

// App finds an app. errs.NotFound when there is none.
func (r *Registry) App(q *db.Query, app string) (App, error) {
	if !storable(app) {
		return App{}, missingApp(app)
	}
	a := App{ID: app}
	err := q.Row(`SELECT name, state FROM ctl.app WHERE id = $1`, app).Scan(&a.Name, &a.State)
	if errors.Is(err, db.ErrNoRows) {
		return App{}, missingApp(app)
	}
	if err != nil {
		return App{}, fmt.Errorf("read app: %w", err)
	}
	return a, nil
}

// Apps are all apps except the reserved ones, the oldest first.
func (r *Registry) Apps(q *db.Query) ([]App, error) {
	apps := []App{}
	err := q.Each(`SELECT id, name, state FROM ctl.app ORDER BY created_ms, id`, nil, func(row db.Row) error {
		var a App
		err := row.Scan(&a.ID, &a.Name, &a.State)
		if !strings.HasPrefix(a.ID, reservedPrefix) {
			apps = append(apps, a)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list apps: %w", err)
	}
	return apps, nil
}

// PutApp creates an app, or changes the name and state of one. An empty state
// means ready.
func (r *Registry) PutApp(tx *db.Tx, a App) error {
	if a.ID == "" || !storable(a.ID, a.Name, a.State) {
		return errs.E(errs.Invalid, "The app id or name is not acceptable.")
	}
	created, err := nextMS(tx.Query(), `SELECT coalesce(max(created_ms), 0) FROM ctl.app`)
	if err != nil {
		return fmt.Errorf("read newest app: %w", err)
	}
	_, err = tx.Exec(`
		INSERT INTO ctl.app (id, name, state, created_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state`,
		a.ID, a.Name, cmp.Or(a.State, StateReady), created)
	if err != nil {
		return fmt.Errorf("put app: %w", err)
	}
	return nil
}

// RemoveApp removes an app with its configuration and tokens, and whatever the
// registry still knows of its environments. It is no error when there is none.
func (r *Registry) RemoveApp(tx *db.Tx, app string) error {
	var uids []string
	err := tx.Each(`SELECT uid FROM ctl.environment WHERE app = $1`, []any{app}, func(row db.Row) error {
		var uid string
		err := row.Scan(&uid)
		uids = append(uids, uid)
		return err
	})
	if err != nil {
		return fmt.Errorf("list environments: %w", err)
	}
	for _, uid := range uids {
		if err := r.RemoveEnv(tx, uid); err != nil {
			return err
		}
	}
	for _, sql := range []string{
		`DELETE FROM ctl.challenge WHERE app = $1`,
		`DELETE FROM ctl.app WHERE id = $1`,
	} {
		if _, err := tx.Exec(sql, app); err != nil {
			return fmt.Errorf("remove app: %w", err)
		}
	}
	return nil
}

// AppConfig is the configuration of an app's administration as PutAppConfig
// stored it, and whether there is one.
func (r *Registry) AppConfig(q *db.Query, app string) (config json.RawMessage, found bool, err error) {
	if !storable(app) {
		return nil, false, nil
	}
	err = q.Row(`SELECT config FROM ctl.app_config WHERE app = $1`, app).Scan(&config)
	if errors.Is(err, db.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read app configuration: %w", err)
	}
	return config, true, nil
}

// PutAppConfig stores the configuration of an app's administration.
// errs.NotFound when there is no such app.
func (r *Registry) PutAppConfig(tx *db.Tx, app string, config any) error {
	if _, err := r.App(tx.Query(), app); err != nil {
		return err
	}
	text, err := encode("app configuration", config)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`
		INSERT INTO ctl.app_config (app, config, updated_ms) VALUES ($1, $2, $3)
		ON CONFLICT (app) DO UPDATE SET config = excluded.config, updated_ms = excluded.updated_ms`, app, text, nowMS())
	if err != nil {
		return fmt.Errorf("put app configuration: %w", err)
	}
	return nil
}

// RemoveAppConfig removes it. It is no error when there is none.
func (r *Registry) RemoveAppConfig(tx *db.Tx, app string) error {
	if !storable(app) {
		return nil
	}
	if _, err := tx.Exec(`DELETE FROM ctl.app_config WHERE app = $1`, app); err != nil {
		return fmt.Errorf("remove app configuration: %w", err)
	}
	return nil
}
