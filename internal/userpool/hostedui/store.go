package hostedui

import (
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"preamp/internal/db"
)

//go:embed migrations
var migrations embed.FS

// EnvLine are the migrations of the environment tables of this package.
func EnvLine() db.Line {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("hostedui: embedded migrations: " + err.Error())
	}
	return db.Line{Name: "hostedui", FS: files}
}

const (
	codeLife = 5 * time.Minute
	// codeKept is how long a code is known after its end, to notice its theft.
	codeKept = 24 * time.Hour
	// sweepLimit bounds how long one sweep holds up the writers of an environment.
	sweepLimit = 500
)

// secretText is a random text that nobody guesses.
func secretText() string { return rand.Text() + rand.Text() }

// hashed is what is stored of such a text.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// code is a row of hosted_code.
type code struct {
	pool, client, userID string
	redirect, nonce      string
	scopes               []string
	challenge            string
	session              string
	// family is the browser's session that the code was given to.
	family            string
	authTime, expires time.Time
}

func insertCode(tx *db.Tx, text string, c code) error {
	_, err := tx.Exec(`INSERT INTO env.hosted_code (hash, pool, client, user_id, redirect, scope, nonce, challenge, session, family, auth_ms, expires_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $10, $11)`,
		hashed(text), c.pool, c.client, c.userID, c.redirect, strings.Join(c.scopes, " "), c.nonce, c.challenge, c.family,
		c.authTime.UnixMilli(), c.expires.UnixMilli())
	if err != nil {
		return fmt.Errorf("store code: %w", err)
	}
	return nil
}

// readCode answers false when there is no such code of the pool.
func readCode(q *db.Query, pool, text string) (c code, ok bool, err error) {
	var scopes string
	var auth, expires int64
	err = q.Row(`SELECT client, user_id, redirect, scope, nonce, challenge, session, family, auth_ms, expires_ms FROM env.hosted_code
		WHERE hash = $1 AND pool = $2`, hashed(text), pool).
		Scan(&c.client, &c.userID, &c.redirect, &scopes, &c.nonce, &c.challenge, &c.session, &c.family, &auth, &expires)
	if errors.Is(err, db.ErrNoRows) {
		return code{}, false, nil
	}
	if err != nil {
		return code{}, false, fmt.Errorf("read code: %w", err)
	}
	c.pool, c.scopes = pool, strings.Fields(scopes)
	c.authTime, c.expires = time.UnixMilli(auth), time.UnixMilli(expires)
	return c, true, nil
}

// errCodeUsed undoes the session of whoever came second.
var errCodeUsed = errors.New("hostedui: the code was used")

// errCodeEnded undoes the session of a code whose browser is not signed in any more.
var errCodeEnded = errors.New("hostedui: the sign-in of the code was ended")

// useCode uses up a code for a session.
func useCode(tx *db.Tx, text, session string) error {
	n, err := tx.Exec(`UPDATE env.hosted_code SET session = $2 WHERE hash = $1 AND session = ''`, hashed(text), session)
	if err != nil {
		return fmt.Errorf("use code: %w", err)
	}
	if n == 0 {
		return errCodeUsed
	}
	return nil
}

// Sweep deletes codes and sessions that are over, a bounded number at a time, and
// reports whether there may be more.
func Sweep(tx *db.Tx, now time.Time) (more bool, err error) {
	for _, t := range []struct {
		table string
		keep  time.Duration
	}{{"hosted_code", codeKept}, {"hosted_session", 0}} {
		n, err := tx.Exec(fmt.Sprintf(`DELETE FROM env.%[1]s WHERE hash IN (
			SELECT hash FROM env.%[1]s WHERE expires_ms < $1 ORDER BY expires_ms LIMIT $2)`, t.table),
			now.Add(-t.keep).UnixMilli(), sweepLimit)
		if err != nil {
			return false, fmt.Errorf("sweep %s: %w", t.table, err)
		}
		more = more || n == sweepLimit
	}
	return more, nil
}
