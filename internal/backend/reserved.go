package backend

import (
	"fmt"
	"strings"

	"preamp/internal/db"
)

// reservedPrefix begins the ids of apps that preamp keeps for itself. No
// operation accepts it in an app id, so nobody names them by accident.
const reservedPrefix = ":"

// The reserved apps. Each has one environment; neither is listed or cloned.
const (
	// ReservedCognito holds the pools that are made by the Cognito operations
	// themselves and so belong to no app.
	ReservedCognito = reservedPrefix + "cognito"
	// reservedConsole holds the login pool of an app's administration; the id of
	// the app follows.
	reservedConsole = reservedPrefix + "console:"
)

// ReservedConsole is the reserved app with the login pool of an app's
// administration.
func ReservedConsole(app string) string { return reservedConsole + app }

const reservedEnv = "main"

// ReservedEnv finds the environment of a reserved app, or adds both; a new
// environment is in state creating.
func (r *Registry) ReservedEnv(tx *db.Tx, app string) (Env, error) {
	if !strings.HasPrefix(app, reservedPrefix) {
		return Env{}, fmt.Errorf("the app %q is not a reserved one", app)
	}
	if e, found, err := r.EnvAny(tx.Query(), app, reservedEnv); err != nil || found {
		return e, err
	}
	if err := r.PutApp(tx, App{ID: app, Name: app}); err != nil {
		return Env{}, err
	}
	return r.CreateEnv(tx, app, reservedEnv)
}

// FindReservedEnv is ReservedEnv that adds nothing.
func (r *Registry) FindReservedEnv(q *db.Query, app string) (e Env, found bool, err error) {
	return r.EnvAny(q, app, reservedEnv)
}
