package token

import (
	"embed"
	"fmt"
	"io/fs"

	"preamp/internal/db"
	"preamp/internal/keys"
)

//go:embed migrations
var migrations embed.FS

// EnvLine are the migrations of the environment tables of this package.
func EnvLine() db.Line {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("token: embedded migrations: " + err.Error())
	}
	return db.Line{Name: "token", FS: files}
}

// Env is an environment that holds pools.
type Env = keys.Env

// Pool is a user pool and the name that it signs with, which is made from the
// base URL at the moment (see IssuerURL) and never stored.
type Pool struct{ ID, Issuer string }

// DropPool deletes the keys and sessions of a pool, in the transaction that
// deletes the pool. Keys.Forget follows the commit.
func DropPool(tx *db.Tx, pool string) error {
	for _, sql := range []string{
		`DELETE FROM env.token_key WHERE pool = $1`, `DELETE FROM env.auth_session WHERE pool = $1`,
	} {
		if _, err := tx.Exec(sql, pool); err != nil {
			return fmt.Errorf("drop tokens of a pool: %w", err)
		}
	}
	return nil
}
