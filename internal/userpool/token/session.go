package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

// Limits of the life of refresh tokens.
const (
	MinRefreshLife = time.Hour
	MaxRefreshLife = 3650 * 24 * time.Hour
)

// Session is one sign-in: the family of its refresh tokens, and the claim
// origin_jti of all its tokens.
type Session struct {
	ID           string
	Pool, Client string
	User         string // the sub of the user
	Scope        string
	// Data is the caller's: whatever the next tokens need that is not said here.
	Data                       string
	AuthTime, Created, Expires time.Time
	Revoked                    bool
}

// NewSession is what a session begins with.
type NewSession struct {
	Pool, Client, User, Scope, Data string
	AuthTime                        time.Time
	Life                            time.Duration
}

// StartSession makes a session and its first refresh token, in the transaction
// of the sign-in. The token is worth a password.
func StartSession(tx *db.Tx, n NewSession, now time.Time) (Session, keys.Secret, error) {
	if n.Pool == "" || n.Client == "" || n.User == "" || n.AuthTime.IsZero() || n.Life < MinRefreshLife || n.Life > MaxRefreshLife {
		return Session{}, keys.Secret{}, errors.New("token: pool, client, user, time of sign-in and a life within its limits are required")
	}
	id := uuid.New()
	s := Session{
		ID: id.String(), Pool: n.Pool, Client: n.Client, User: n.User, Scope: n.Scope, Data: n.Data,
		AuthTime: millis(n.AuthTime), Created: millis(now), Expires: millis(now.Add(n.Life)),
	}
	familyKey := random()
	first := newRefresh(id, 0, random(), familyKey)
	_, err := tx.Exec(`
		INSERT INTO env.auth_session (origin_jti, pool, client, user_id, scope, data, family_key, generation, refresh_hash,
			recent, auth_ms, created_ms, expires_ms, remove_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, '[]', $9, $10, $11, $12)`,
		s.ID, s.Pool, s.Client, s.User, s.Scope, s.Data, familyKey, first.hash(),
		s.AuthTime.UnixMilli(), s.Created.UnixMilli(), s.Expires.UnixMilli(), s.Expires.Add(MaxLife).UnixMilli())
	if err != nil {
		return Session{}, keys.Secret{}, fmt.Errorf("store session: %w", err)
	}
	return s, first.secret(), nil
}

// millis is a time as it is read back.
func millis(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()) }

// row is a session with what belongs to its refresh tokens.
type row struct {
	Session
	familyKey  []byte
	generation int64
	hash       []byte
	recent     []graced
}

// graced is a token that was rotated out and is in its grace.
type graced struct {
	Generation int64  `json:"g"`
	Hash       []byte `json:"h"`
	Salt       []byte `json:"s"` // of its successor
	UntilMS    int64  `json:"u"`
}

// readRow answers db.ErrNoRows when there is no such session.
func readRow(q *db.Query, id string) (*row, error) {
	r := &row{Session: Session{ID: id}}
	var recent string
	var auth, created, expires int64
	var revoked *int64
	err := q.Row(`SELECT pool, client, user_id, scope, data, family_key, generation, refresh_hash, recent,
			auth_ms, created_ms, expires_ms, revoked_ms FROM env.auth_session WHERE origin_jti = $1`, id).
		Scan(&r.Pool, &r.Client, &r.User, &r.Scope, &r.Data, &r.familyKey, &r.generation, &r.hash, &recent,
			&auth, &created, &expires, &revoked)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(recent), &r.recent); err != nil {
		return nil, fmt.Errorf("decode rotated tokens: %w", err)
	}
	r.AuthTime, r.Created, r.Expires = time.UnixMilli(auth), time.UnixMilli(created), time.UnixMilli(expires)
	r.Revoked = revoked != nil
	return r, nil
}

// CheckSession refuses a token of a session that was ended or does not exist, by
// one read. A session whose refresh token has expired may still have access
// tokens.
//
// Errors: Unauthenticated, with ErrRevoked in it.
func CheckSession(q *db.Query, pool string, c *Claims) error {
	var client, user string
	var revoked *int64
	err := q.Row(`SELECT client, user_id, revoked_ms FROM env.auth_session WHERE origin_jti = $1 AND pool = $2`,
		c.Session, pool).Scan(&client, &user, &revoked)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return fmt.Errorf("read session: %w", err)
	}
	if err != nil || revoked != nil || client != c.Client || user != c.Sub {
		return unauthorized(ErrRevoked, "Access Token has been revoked")
	}
	return nil
}

// SessionLive reports whether a session was begun and not ended.
func SessionLive(q *db.Query, pool, session string) (bool, error) {
	var revoked *int64
	err := q.Row(`SELECT revoked_ms FROM env.auth_session WHERE origin_jti = $1 AND pool = $2`, session, pool).Scan(&revoked)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read session: %w", err)
	}
	return revoked == nil, nil
}

// RevokeUser ends all sessions of a user: global sign-out, and when the user is
// disabled or deleted or gets another password.
func RevokeUser(tx *db.Tx, pool, user string, now time.Time) (int64, error) {
	return revoke(tx, `UPDATE env.auth_session SET revoked_ms = $1 WHERE revoked_ms IS NULL AND pool = $2 AND user_id = $3`,
		now, pool, user)
}

// RevokeClient ends all sessions of an app client, when it is deleted.
func RevokeClient(tx *db.Tx, pool, client string, now time.Time) (int64, error) {
	return revoke(tx, `UPDATE env.auth_session SET revoked_ms = $1 WHERE revoked_ms IS NULL AND pool = $2 AND client = $3`,
		now, pool, client)
}

// RevokeSession ends one session by its id, as when a code is used twice.
func RevokeSession(tx *db.Tx, pool, session string, now time.Time) (int64, error) {
	return revoke(tx, `UPDATE env.auth_session SET revoked_ms = $1 WHERE revoked_ms IS NULL AND pool = $2 AND origin_jti = $3`,
		now, pool, session)
}

func revoke(tx *db.Tx, sql string, now time.Time, args ...any) (int64, error) {
	n, err := tx.Exec(sql, append([]any{now.UnixMilli()}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("revoke sessions: %w", err)
	}
	return n, nil
}

// RevokeToken ends the session of a refresh token, live or not, and reports
// whether it was a token of the client. Nothing tells the caller of a client that
// a token of another one is good.
func RevokeToken(tx *db.Tx, pool, client string, text keys.Secret, now time.Time) (bool, error) {
	t, err := parseRefresh(text.Reveal())
	if err != nil {
		return false, nil
	}
	r, err := readRow(tx.Query(), t.session())
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read session: %w", err)
	}
	if r.Pool != pool || r.Client != client || !t.genuine(r.familyKey) {
		return false, nil
	}
	_, err = RevokeSession(tx, pool, r.ID, now)
	return err == nil, err
}

// sweepLimit bounds how long one sweep holds up the writers of an environment.
const sweepLimit = 500

// Sweep deletes sessions of which no token can be valid, a bounded number at a
// time, and reports whether there may be more.
func Sweep(tx *db.Tx, now time.Time) (more bool, err error) {
	n, err := tx.Exec(`DELETE FROM env.auth_session WHERE origin_jti IN (
		SELECT origin_jti FROM env.auth_session WHERE remove_ms < $1 ORDER BY remove_ms LIMIT $2)`, now.UnixMilli(), sweepLimit)
	if err != nil {
		return false, fmt.Errorf("sweep sessions: %w", err)
	}
	return n == sweepLimit, nil
}

func errInvalidRefresh() error {
	return unauthorized(ErrRefused, "Invalid Refresh Token")
}

func errReused() error {
	return &errs.Error{
		Kind: errs.Unauthenticated, Code: "RefreshTokenReuseException", Err: ErrRevoked,
		Message: "Refresh Token has been used before",
	}
}
