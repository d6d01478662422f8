package backend

import (
	"errors"
	"fmt"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/id"
)

const (
	// challengeLife is a choice of preamp; the service's is not known.
	challengeLife = 5 * time.Minute
	// challengeChunk bounds how many expired tokens one call removes.
	challengeChunk = 100
)

// Challenge is a token that hands a session over from one place to another.
type Challenge struct {
	App, SessionID, Code string
	Expires              time.Time
}

func missingChallenge() error {
	return errs.Missing("Token", "The token does not exist or has expired.")
}

// codeSeal binds a sealed code to its row.
func codeSeal(session string) string { return "challenge.code." + session }

// CreateChallenge makes a token of an app that lives for five minutes from now.
// errs.NotFound for an unknown app.
func (r *Registry) CreateChallenge(tx *db.Tx, app string, now time.Time) (Challenge, error) {
	if _, err := r.App(tx.Query(), app); err != nil {
		return Challenge{}, err
	}
	_, err := tx.Exec(`
		DELETE FROM ctl.challenge WHERE session_id IN
			(SELECT session_id FROM ctl.challenge WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT $2)`,
		now.UnixMilli(), challengeChunk)
	if err != nil {
		return Challenge{}, fmt.Errorf("remove expired tokens: %w", err)
	}
	c := Challenge{
		App: app, SessionID: id.NewUUID(), Code: id.NewChallengeCode(),
		// Clients are told whole seconds.
		Expires: now.Add(challengeLife).Truncate(time.Second),
	}
	_, err = tx.Exec(`INSERT INTO ctl.challenge (session_id, app, code_sealed, expires_ms) VALUES ($1, $2, $3, $4)`,
		c.SessionID, app, r.Sealer.Seal(codeSeal(c.SessionID), []byte(c.Code)), c.Expires.UnixMilli())
	if err != nil {
		return Challenge{}, fmt.Errorf("insert token: %w", err)
	}
	return c, nil
}

// Challenge reads a token, as often as is wanted until it expires. errs.NotFound
// when there is none in this app, or it has expired.
func (r *Registry) Challenge(q *db.Query, app, session string, now time.Time) (Challenge, error) {
	if !storable(app, session) {
		return Challenge{}, missingChallenge()
	}
	c := Challenge{App: app, SessionID: session}
	var sealed []byte
	var expires int64
	err := q.Row(`SELECT code_sealed, expires_ms FROM ctl.challenge WHERE session_id = $1 AND app = $2`, session, app).
		Scan(&sealed, &expires)
	if errors.Is(err, db.ErrNoRows) || err == nil && expires <= now.UnixMilli() {
		return Challenge{}, missingChallenge()
	}
	if err != nil {
		return Challenge{}, fmt.Errorf("read token: %w", err)
	}
	code, err := r.Sealer.Open(codeSeal(session), sealed)
	if err != nil {
		return Challenge{}, fmt.Errorf("open token code: %w", err)
	}
	c.Code, c.Expires = string(code), time.UnixMilli(expires)
	return c, nil
}

// DeleteChallenge ends a token. errs.NotFound when there is none in this app, or
// it has expired.
func (r *Registry) DeleteChallenge(tx *db.Tx, app, session string, now time.Time) error {
	if !storable(app, session) {
		return missingChallenge()
	}
	n, err := tx.Exec(`DELETE FROM ctl.challenge WHERE session_id = $1 AND app = $2 AND expires_ms > $3`,
		session, app, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	if n == 0 {
		return missingChallenge()
	}
	return nil
}
