package userpool

import (
	"embed"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"preamp/internal/db"
	"preamp/internal/userpool/token"
)

//go:embed migrations
var migrations embed.FS

// EnvLine are the migrations of the environment tables of this package.
func EnvLine() db.Line {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("userpool: embedded migrations: " + err.Error())
	}
	return db.Line{Name: "userpool", FS: files}
}

// Call is where and when an operation happens.
type Call struct {
	// Env is the environment of the pool.
	Env token.Env
	// Now is the time; the zero value is the present.
	Now time.Time

	// unseals counts how many secrets of users are opened, in tests.
	unseals *atomic.Int64
}

// unseal opens a secret of a user, or something like it in the place of one.
func (c Call) unseal(place string, sealed []byte) ([]byte, error) {
	if c.unseals != nil {
		c.unseals.Add(1)
	}
	return c.Env.Sealer.Open(place, sealed)
}

// now is the time of the call as it is stored.
func (c Call) now() time.Time {
	t := c.Now
	if t.IsZero() {
		t = time.Now()
	}
	return time.UnixMilli(t.UnixMilli())
}

// Sealed values are bound to their place: table, column and row.
func sealPlace(column, rowID string) string { return column + "." + rowID }

const (
	placePoolSecret   = "user_pool.secret_sealed"
	placeClientSecret = "user_client.secret_sealed"
	placeSalt         = "user_account.salt_sealed"
	placeVerifier     = "user_account.verifier_sealed"
	placeHash         = "user_account.hash_sealed"
	placeTOTP         = "user_account.totp_sealed"
	placeNewTOTP      = "user_account.totp_new_sealed"
	placeOldSalt      = "user_password.salt_sealed"
	placeOldVerifier  = "user_password.verifier_sealed"
)

// sweepLimit bounds how long one sweep holds up the writers of an environment.
const sweepLimit = 500

// Sweep deletes codes, attempts and used sessions that have expired, a bounded
// number at a time, and reports whether there may be more.
func Sweep(tx *db.Tx, now time.Time) (more bool, err error) {
	for _, t := range []struct {
		table, key string
		keep       time.Duration
	}{
		// Who comes late with the right code is told that it is late.
		{"user_code", "subject, purpose", 24 * time.Hour}, {"user_attempt", "subject, kind", 0}, {"user_used", "id", 0},
	} {
		n, err := tx.Exec(fmt.Sprintf(`DELETE FROM env.%[1]s WHERE (%[2]s) IN (
			SELECT %[2]s FROM env.%[1]s WHERE expires_ms < $1 ORDER BY expires_ms LIMIT $2)`, t.table, t.key),
			now.Add(-t.keep).UnixMilli(), sweepLimit)
		if err != nil {
			return false, fmt.Errorf("sweep %s: %w", t.table, err)
		}
		more = more || n == sweepLimit
	}
	return more, nil
}
