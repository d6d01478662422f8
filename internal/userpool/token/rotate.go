package token

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

const (
	// MaxGrace bounds RetryGracePeriodSeconds.
	MaxGrace = time.Minute
	// maxRecent bounds how many tokens of a session are in their grace.
	maxRecent = 16
	// maxAttempts bounds how often a rotation is repeated because another one of
	// the same session was faster.
	maxAttempts = 8
)

// RefreshRequest is a refresh token that comes back.
type RefreshRequest struct {
	Token        keys.Secret
	Pool, Client string
	// Rotate gives another token, after which this one works for Grace.
	Rotate bool
	Grace  time.Duration
	// Allow says whether the session's user may go on (exists, is enabled), on the
	// same snapshot or in the same transaction. It may run more than once.
	Allow func(q *db.Query, s Session) error
}

// Refreshed is the session of a refresh token.
type Refreshed struct {
	Session
	// Token is the token to use from now on; empty when it is still the same.
	Token keys.Secret
}

// Refresh judges a refresh token, and rotates it if asked to. The use of a token
// after its grace ends the session.
//
// Errors: Unauthenticated for a token that is not good, with the code
// RefreshTokenReuseException when it was rotated out; what Allow answers;
// Unavailable when it is not known whether the token was rotated.
func Refresh(ctx context.Context, d *db.DB, r RefreshRequest, now time.Time) (Refreshed, error) {
	if r.Allow == nil || r.Grace < 0 || r.Grace > MaxGrace {
		return Refreshed{}, errors.New("token: Allow and a grace within its limit are required")
	}
	t, err := parseRefresh(r.Token.Reveal())
	if err != nil {
		return Refreshed{}, err
	}
	if !r.Rotate {
		out, reused, err := refreshOnly(ctx, d, r, t, now)
		if err != nil || !reused {
			return out, err
		}
	}
	for range maxAttempts {
		var out Refreshed
		var again, reused bool
		// An error would undo the end of the session, so reuse is not one in here.
		err := d.Tx(ctx, func(tx *db.Tx) (err error) {
			out, again, reused, err = rotate(tx, r, t, now)
			return err
		})
		switch {
		case err != nil:
			return Refreshed{}, err
		case reused:
			return Refreshed{}, errReused()
		case !again:
			return out, nil
		}
	}
	return Refreshed{}, errs.E(errs.Unavailable, "the session is being refreshed by others: try again")
}

// refreshOnly judges a token without writing.
func refreshOnly(ctx context.Context, d *db.DB, r RefreshRequest, t refresh, now time.Time) (out Refreshed, reused bool, err error) {
	err = d.Read(ctx, func(q *db.Query) error {
		s, err := load(q, r, t, now)
		if err != nil {
			return err
		}
		var live refresh
		if live, reused = s.live(t, now); reused {
			return nil
		}
		out = Refreshed{Session: s.Session}
		if live != t {
			out.Token = live.secret()
		}
		return r.Allow(q, s.Session)
	})
	if err != nil {
		return Refreshed{}, false, err
	}
	return out, reused, nil
}

// load reads the session of a genuine token that may be used at all.
func load(q *db.Query, r RefreshRequest, t refresh, now time.Time) (*row, error) {
	s, err := readRow(q, t.session())
	switch {
	case errors.Is(err, db.ErrNoRows):
		return nil, errInvalidRefresh()
	case err != nil:
		return nil, fmt.Errorf("read session: %w", err)
	// Who knows the id of a session, which stands in every token of it, must not
	// be able to end it by inventing refresh tokens.
	case s.Pool != r.Pool || s.Client != r.Client || !t.genuine(s.familyKey):
		return nil, errInvalidRefresh()
	case s.Revoked:
		return nil, unauthorized(ErrRevoked, "Refresh Token has been revoked")
	case !now.Before(s.Expires):
		return nil, unauthorized(ErrExpired, "Refresh Token has expired")
	}
	return s, nil
}

// live is the token of the session that works now, as it follows from t: t itself,
// or the one that t led to when t is in its grace. reused says that t is neither.
func (s *row) live(t refresh, now time.Time) (_ refresh, reused bool) {
	generation := int64(t.generation())
	if generation != s.generation {
		i := slices.IndexFunc(s.recent, func(g graced) bool { return g.Generation == generation })
		if i < 0 || s.recent[i].UntilMS <= now.UnixMilli() || !hmac.Equal(s.recent[i].Hash, t.hash()) {
			return refresh{}, true
		}
		for _, g := range s.recent[i:] {
			t = t.next(g.Salt, s.familyKey)
		}
	}
	if int64(t.generation()) != s.generation || !hmac.Equal(s.hash, t.hash()) {
		return refresh{}, true
	}
	return t, false
}

// rotate judges a token and puts its successor in its place. again says that
// another transaction was faster.
func rotate(tx *db.Tx, r RefreshRequest, t refresh, now time.Time) (_ Refreshed, again, reused bool, err error) {
	s, err := load(tx.Query(), r, t, now)
	if err != nil {
		return Refreshed{}, false, false, err
	}
	live, reused := s.live(t, now)
	if reused {
		n, err := RevokeSession(tx, s.Pool, s.ID, now)
		return Refreshed{}, n == 0, n > 0, err
	}
	if err := r.Allow(tx.Query(), s.Session); err != nil {
		return Refreshed{}, false, false, err
	}
	if live != t { // a repeat: its answer is the one of the first call
		return Refreshed{Session: s.Session, Token: live.secret()}, false, false, nil
	}
	done := graced{Generation: s.generation, Hash: t.hash(), Salt: random(), UntilMS: now.Add(r.Grace).UnixMilli()}
	fresh := t.next(done.Salt, s.familyKey)
	recent, err := json.Marshal(s.keep(done, now))
	if err != nil {
		return Refreshed{}, false, false, fmt.Errorf("encode rotated tokens: %w", err)
	}
	n, err := tx.Exec(`UPDATE env.auth_session SET generation = generation + 1, refresh_hash = $3, recent = $4
		WHERE origin_jti = $1 AND generation = $2 AND revoked_ms IS NULL`, s.ID, s.generation, fresh.hash(), string(recent))
	if err != nil {
		return Refreshed{}, false, false, fmt.Errorf("rotate refresh token: %w", err)
	}
	return Refreshed{Session: s.Session, Token: fresh.secret()}, n == 0, false, nil
}

// keep is the tokens in their grace after a rotation, oldest first. Those in the
// middle stay even when they are over: the way from an older one leads over them.
func (s *row) keep(done graced, now time.Time) []graced {
	out := append(slices.Clone(s.recent), done)
	for len(out) > 0 && (len(out) > maxRecent || out[0].UntilMS <= now.UnixMilli()) {
		out = out[1:]
	}
	return out
}

// secret is the token as text that does not show up in logs.
func (r refresh) secret() keys.Secret {
	return keys.NewSecret([]byte(base64.RawURLEncoding.EncodeToString(r[:])))
}
