package backend

import (
	"errors"
	"fmt"

	"preamp/internal/db"
	"preamp/internal/errs"
)

// EnvByUID finds an environment in any state by its key. errs.NotFound when
// there is none.
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
