package hostedui

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

const (
	// sessionLife is fixed: using the session does not make it longer.
	sessionLife = time.Hour
	// pagesClient is in the place of an app client in the sessions of browsers. No
	// client can have the name.
	pagesClient = "hosted pages"
	// cookieSize bounds what is looked at of a cookie.
	cookieSize = 128
)

// browserSession is a browser that is signed in.
type browserSession struct {
	hash, userID, sub, family string
	provider                  string
	authTime                  time.Time
}

// cookieName is the name of a cookie of the pool. All pools of a host see each
// other's cookies.
func (v *visit) cookieName(kind string) string { return "__Host-preamp-" + kind + v.pool.ID }

// Kinds of cookies: the session has none.
const (
	cookieSession = ""
	cookieForm    = "form-"
	cookieTrip    = "idp-"
)

func (v *visit) cookie(kind string) string {
	c, err := v.r.Cookie(v.cookieName(kind))
	if err != nil || len(c.Value) > cookieSize {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie; an empty value takes it away.
func (v *visit) setCookie(kind, value string, life time.Duration) {
	c := &http.Cookie{
		Name: v.cookieName(kind), Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		MaxAge: int(life / time.Second),
	}
	if kind == cookieTrip {
		c.SameSite = http.SameSiteNoneMode // the answer of Apple is a form of another site
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.w, c)
}

// session answers who is signed in, if somebody is and still may be.
func (v *visit) session() (s browserSession, ok bool, err error) {
	text := v.cookie(cookieSession)
	if text == "" {
		return browserSession{}, false, nil
	}
	err = v.env.DB.Read(v.r.Context(), func(q *db.Query) error {
		s, ok, err = v.readSession(q, text)
		return err
	})
	if err != nil || !ok {
		return browserSession{}, false, err
	}
	// Disabled, deleted and so on since.
	if _, err := v.ui.c.Users.HostedUser(v.r.Context(), v.call(), v.pool.ID, s.userID); err != nil {
		if errs.KindOf(err) == errs.Internal || errs.KindOf(err) == errs.Unavailable {
			return browserSession{}, false, err
		}
		return browserSession{}, false, nil
	}
	return s, true, nil
}

func (v *visit) readSession(q *db.Query, text string) (s browserSession, ok bool, err error) {
	s.hash = hashed(text)
	var auth, expires int64
	err = q.Row(`SELECT user_id, sub, family, provider, auth_ms, expires_ms FROM env.hosted_session WHERE hash = $1 AND pool = $2`,
		s.hash, v.pool.ID).Scan(&s.userID, &s.sub, &s.family, &s.provider, &auth, &expires)
	if errors.Is(err, db.ErrNoRows) {
		return browserSession{}, false, nil
	}
	if err != nil {
		return browserSession{}, false, fmt.Errorf("read browser session: %w", err)
	}
	s.authTime = time.UnixMilli(auth)
	if v.now.UnixMilli() >= expires {
		return browserSession{}, false, nil
	}
	err = token.CheckSession(q, v.pool.ID, &token.Claims{Session: s.family, Client: pagesClient, Sub: s.sub})
	if errors.Is(err, token.ErrRevoked) {
		return browserSession{}, false, nil
	}
	return s, err == nil, err
}

// newSession signs the browser in, in the place of whoever was signed in before,
// with the text of the cookie. It answers the session that ends with those of the
// user.
func (v *visit) newSession(tx *db.Tx, who userpool.Proved, sub, provider, text string) (string, error) {
	if err := v.endSession(tx); err != nil {
		return "", err
	}
	family, _, err := token.StartSession(tx, token.NewSession{
		Pool: v.pool.ID, Client: pagesClient, User: sub, AuthTime: who.AuthTime, Life: sessionLife,
	}, v.now)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO env.hosted_session (hash, pool, user_id, sub, family, provider, auth_ms, expires_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		hashed(text), v.pool.ID, who.UserID, sub, family.ID, provider, who.AuthTime.UnixMilli(), v.now.Add(sessionLife).UnixMilli())
	if err != nil {
		return "", fmt.Errorf("store browser session: %w", err)
	}
	return family.ID, nil
}

// endSession signs the browser out.
func (v *visit) endSession(tx *db.Tx) error {
	text := v.cookie(cookieSession)
	if text == "" {
		return nil
	}
	var family string
	err := tx.Row(`SELECT family FROM env.hosted_session WHERE hash = $1 AND pool = $2`, hashed(text), v.pool.ID).Scan(&family)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read browser session: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM env.hosted_session WHERE hash = $1`, hashed(text)); err != nil {
		return fmt.Errorf("delete browser session: %w", err)
	}
	_, err = token.RevokeSession(tx, v.pool.ID, family, v.now)
	return err
}
