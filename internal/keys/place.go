package keys

import "preamp/internal/db"

// Env is an open environment as features are given it: its database and what
// seals its secrets.
type Env struct {
	// UID is preamp's own key of the environment.
	UID    string
	DB     *db.DB
	Sealer *Sealer
}
