package hostedui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/userpool"
)

// authorize begins a sign-in: at once for who is signed in, by a page or at
// another provider for others.
func (v *visit) authorize() {
	req, ok := v.request()
	if !ok || !v.resolve(req) {
		return
	}
	if v.signedIn(req) {
		return
	}
	switch {
	case req.prompt == promptNone:
		v.toApp(req, &oauthError{loginRequired, "nobody is signed in"})
	case req.provider != "" && req.provider != providerPool:
		v.toProvider(req)
	default:
		v.leave("../" + req.link("login"))
	}
}

// signedIn goes on for who is signed in, unless the application wants a fresh
// proof, and reports whether the request was answered.
func (v *visit) signedIn(req *request) bool {
	if req.prompt == promptLogin {
		return false
	}
	s, ok, err := v.session()
	if err != nil {
		v.fail(err)
		return true
	}
	// Who is signed in by one provider has not proved to be somebody at another.
	// And a client lets in those whom its providers vouch for.
	if !ok || req.provider != "" && req.provider != providerPool && req.provider != s.provider || !req.has(s.provider) {
		return false
	}
	v.give(req, userpool.Proved{UserID: s.userID, AuthTime: s.authTime}, s.family)
	return true
}

// complete signs the browser in and sends it back to the application.
func (v *visit) complete(req *request, who userpool.Proved, provider string) {
	u, err := v.ui.c.Users.HostedUser(v.r.Context(), v.call(), v.pool.ID, who.UserID)
	if err != nil {
		v.toApp(req, &oauthError{accessDenied, errs.Public(err).Message})
		return
	}
	var family string
	text := secretText()
	err = v.env.DB.Tx(v.r.Context(), func(tx *db.Tx) error {
		family, err = v.newSession(tx, who, u.Sub, provider, text)
		return err
	})
	if err != nil {
		v.fail(err)
		return
	}
	v.setCookie(cookieSession, text, sessionLife)
	v.give(req, who, family)
}

// give sends the browser back with a code, or with tokens. family is its session.
func (v *visit) give(req *request, who userpool.Proved, family string) {
	if req.kind == typeToken {
		v.giveTokens(req, who)
		return
	}
	text := secretText()
	err := v.env.DB.Tx(v.r.Context(), func(tx *db.Tx) error {
		return insertCode(tx, text, code{
			pool: v.pool.ID, client: req.client.ID, userID: who.UserID, redirect: req.redirect, nonce: req.nonce,
			scopes: req.scopes, challenge: req.challenge, family: family, authTime: who.AuthTime, expires: v.now.Add(codeLife),
		})
	})
	if err != nil {
		v.fail(err)
		return
	}
	v.leave(req.answer(url.Values{"code": {text}}))
}

// giveTokens is the implicit flow: no refresh token leaves the server.
func (v *visit) giveTokens(req *request, who userpool.Proved) {
	t, err := v.ui.c.Users.GrantTokens(v.r.Context(), v.call(), userpool.OAuthGrant{
		Pool: v.pool.ID, Client: req.client.ID, UserID: who.UserID, Scopes: req.scopes, Nonce: req.nonce, AuthTime: who.AuthTime,
	})
	if err != nil {
		if errs.KindOf(err) == errs.Unauthenticated {
			v.toApp(req, &oauthError{accessDenied, errs.Public(err).Message})
			return
		}
		v.fail(err)
		return
	}
	values := url.Values{
		"access_token": {t.Access}, "token_type": {"Bearer"}, "expires_in": {strconv.Itoa(int(t.Life / time.Second))},
	}
	if t.ID != "" {
		values.Set("id_token", t.ID)
	}
	v.leave(req.answer(values))
}

// logout signs the browser out of the pool and sends it to an address of the
// application, or to the page of sign-in.
func (v *visit) logout() {
	q, ok := readQuery(v.r)
	if !ok {
		v.errorPage(http.StatusBadRequest, "The address of this page is damaged.")
		return
	}
	to, ok := v.afterLogout(q)
	if !ok {
		return
	}
	err := v.env.DB.Tx(v.r.Context(), func(tx *db.Tx) error { return v.endSession(tx) })
	if err != nil {
		v.fail(err)
		return
	}
	v.setCookie(cookieSession, "", 0)
	v.leave(to)
}

// afterLogout is where the browser goes. When it reports false the request was
// answered and nobody is signed out.
func (v *visit) afterLogout(q url.Values) (string, bool) {
	if q.Has("redirect_uri") && !q.Has("logout_uri") {
		req, ok := v.request()
		if !ok {
			return "", false
		}
		return req.link("login"), true
	}
	id, once := single(q, "client_id")
	uri, once2 := single(q, "logout_uri")
	if !once || !once2 || id == "" || uri == "" {
		v.errorPage(http.StatusBadRequest, "The application has left out client_id or logout_uri, or sent one of them twice.")
		return "", false
	}
	client, ok := v.client(id)
	if !ok {
		return "", false
	}
	if slices.Contains(client.Settings.Logouts, uri) {
		return uri, true
	}
	v.errorPage(http.StatusBadRequest, "The address to which the application wants you to return (logout_uri) is not among those in its settings.")
	return "", false
}
