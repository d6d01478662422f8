package hostedui

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/httpx"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

const (
	unsupportedGrant = "unsupported_grant_type"
	unsupportedToken = "unsupported_token_type"
)

// oauthFail answers an error of the endpoints that programs call. Clients read
// error_message or error_description.
func (v *visit) oauthFail(status int, e *oauthError) {
	httpx.JSON(v.w, status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
		Message     string `json:"error_message,omitempty"`
	}{e.code, e.text, e.text})
}

// oauthOutcome answers what the core says at these endpoints.
func (v *visit) oauthOutcome(err error) {
	switch errs.KindOf(err) {
	case errs.Internal:
		v.ui.log.ErrorContext(v.r.Context(), "oauth endpoint", "error", err)
		v.oauthFail(http.StatusInternalServerError, &oauthError{serverError, "internal error"})
	case errs.Unavailable, errs.Timeout:
		v.ui.log.ErrorContext(v.r.Context(), "oauth endpoint", "error", err)
		v.oauthFail(http.StatusServiceUnavailable, &oauthError{serverError, "try again"})
	case errs.TooMany:
		v.oauthFail(http.StatusTooManyRequests, &oauthError{serverError, errs.Public(err).Message})
	default:
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidGrant, errs.Public(err).Message})
	}
}

// form reads the body of a request of a program. Parameters in the query do not
// count: addresses are logged.
func (v *visit) form() (url.Values, *oauthError) {
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("Pragma", "no-cache")
	kind, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, &oauthError{invalidRequest, "the body must be application/x-www-form-urlencoded"}
	}
	v.r.URL.RawQuery = ""
	if err := v.r.ParseForm(); err != nil {
		return nil, &oauthError{invalidRequest, "the body cannot be read"}
	}
	for name := range v.r.PostForm {
		if _, ok := single(v.r.PostForm, name); !ok {
			return nil, &oauthError{invalidRequest, "a parameter is too long, no text, or stands twice"}
		}
	}
	return v.r.PostForm, nil
}

// prove reads the client of a request and refuses one that does not know its
// secret. The answer has a status of its own at /oauth2/revoke.
func (v *visit) prove(form url.Values) (userpool.Client, *oauthError, error) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := v.r.BasicAuth(); ok {
		// RFC 6749, section 2.3.1: both are form-encoded inside.
		user, err := url.QueryUnescape(user)
		password, err2 := url.QueryUnescape(password)
		if err != nil || err2 != nil || secret != "" || id != "" && id != user {
			return userpool.Client{}, &oauthError{invalidRequest, "the client is named twice"}, nil
		}
		id, secret = user, password
	} else if v.r.Header.Get("Authorization") != "" {
		return userpool.Client{}, &oauthError{invalidClient, "Authorization must be Basic"}, nil
	}
	if id == "" {
		return userpool.Client{}, &oauthError{invalidRequest, "client_id is missing"}, nil
	}
	client, err := v.ui.c.Users.Client(v.r.Context(), v.call(), v.pool.ID, id)
	if errs.KindOf(err) == errs.NotFound {
		return userpool.Client{}, &oauthError{invalidClient, "there is no such client"}, nil
	}
	if err != nil {
		return userpool.Client{}, nil, err
	}
	if client.Secret.Empty() && secret != "" || !client.Secret.Empty() && !client.Secret.Equal(keys.NewSecret([]byte(secret))) {
		return userpool.Client{}, &oauthError{invalidClient, "the client secret is wrong"}, nil
	}
	return client, nil, nil
}

// token is the endpoint at which applications get tokens.
func (v *visit) token() {
	form, e := v.form()
	if e != nil {
		v.oauthFail(http.StatusBadRequest, e)
		return
	}
	client, e, err := v.prove(form)
	switch {
	case err != nil:
		v.oauthOutcome(err)
		return
	case e == nil && !client.Settings.OAuth:
		e = &oauthError{unauthorizedClient, "the client is not set up for OAuth"}
	}
	if e != nil {
		v.oauthFail(http.StatusBadRequest, e)
		return
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		v.exchange(client, form)
	case "refresh_token":
		v.refresh(client, form)
	case "client_credentials":
		v.oauthFail(http.StatusBadRequest, &oauthError{unauthorizedClient, "client_credentials is not available in this version"})
	case "":
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidRequest, "grant_type is missing"})
	default:
		v.oauthFail(http.StatusBadRequest, &oauthError{unsupportedGrant, "grant_type is not supported"})
	}
}

// verifierForm is RFC 7636, section 4.1.
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// fits reports whether a verifier is that of the challenge. One without the other
// fits nothing: that would be a way around PKCE.
func (c *code) fits(verifier string) bool {
	if c.challenge == "" {
		return verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return verifierForm.MatchString(verifier) && hmac.Equal([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(c.challenge))
}

// exchange gives tokens for a code, once.
func (v *visit) exchange(client userpool.Client, form url.Values) {
	text := form.Get("code")
	if text == "" || form.Get("redirect_uri") == "" {
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidRequest, "code or redirect_uri is missing"})
		return
	}
	var c code
	var ok bool
	err := v.env.DB.Read(v.r.Context(), func(q *db.Query) (err error) {
		c, ok, err = readCode(q, v.pool.ID, text)
		return err
	})
	switch {
	case err != nil:
		v.oauthOutcome(err)
	case !ok || c.client != client.ID:
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidGrant, "the code is not one of this client"})
	case c.session != "":
		v.replayed(text)
	case !v.now.Before(c.expires):
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidGrant, "the code has expired"})
	case c.redirect != form.Get("redirect_uri"):
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidGrant, "redirect_uri is not that of the code"})
	case !c.fits(form.Get("code_verifier")):
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidGrant, "code_verifier is not that of the code"})
	default:
		v.redeem(client, text, c)
	}
}

func (v *visit) redeem(client userpool.Client, text string, c code) {
	t, err := v.ui.c.Users.GrantTokens(v.r.Context(), v.call(), userpool.OAuthGrant{
		Pool: v.pool.ID, Client: client.ID, UserID: c.userID, Scopes: c.scopes, Nonce: c.nonce, AuthTime: c.authTime,
		Within: func(tx *db.Tx, session string) error {
			live, err := token.SessionLive(tx.Query(), v.pool.ID, c.family)
			if err == nil && !live {
				err = errCodeEnded
			}
			if err != nil {
				return err
			}
			return useCode(tx, text, session)
		},
	})
	switch {
	case errors.Is(err, errCodeUsed):
		v.replayed(text)
	case errors.Is(err, errCodeEnded):
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidGrant, "the sign-in of the code was ended"})
	case err != nil:
		v.oauthOutcome(err)
	default:
		v.giveJSON(t)
	}
}

// replayed ends the session that a code began: whoever comes second or came first
// has stolen it (RFC 9700, section 4.10).
func (v *visit) replayed(text string) {
	err := v.env.DB.Tx(v.r.Context(), func(tx *db.Tx) error {
		c, ok, err := readCode(tx.Query(), v.pool.ID, text)
		if err != nil || !ok {
			return err
		}
		_, err = token.RevokeSession(tx, v.pool.ID, c.session, v.now)
		return err
	})
	if err != nil {
		v.oauthOutcome(err)
		return
	}
	v.oauthFail(http.StatusBadRequest, &oauthError{invalidGrant, "the code was used before"})
}

func (v *visit) refresh(client userpool.Client, form url.Values) {
	text := form.Get("refresh_token")
	if text == "" {
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidRequest, "refresh_token is missing"})
		return
	}
	t, err := v.ui.c.Users.Refresh(v.r.Context(), v.call(), userpool.RefreshInput{
		Client: client.ID, Token: keys.NewSecret([]byte(text)), Secret: client.Secret,
	})
	if err != nil {
		v.oauthOutcome(err)
		return
	}
	v.giveJSON(t)
}

func (v *visit) giveJSON(t *userpool.Tokens) {
	httpx.JSON(v.w, http.StatusOK, struct {
		ID      string `json:"id_token,omitempty"`
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token,omitempty"`
		Life    int    `json:"expires_in"`
		Type    string `json:"token_type"`
	}{t.ID, t.Access, t.Refresh.Reveal(), int(t.Life / time.Second), "Bearer"})
}

// revoke ends the session of a refresh token. A token that is none is no error
// (RFC 7009, section 2.2).
func (v *visit) revoke() {
	form, e := v.form()
	if e != nil {
		v.oauthFail(http.StatusBadRequest, e)
		return
	}
	client, e, err := v.prove(form)
	if err != nil {
		v.oauthOutcome(err)
		return
	}
	if e != nil {
		status := http.StatusBadRequest
		if e.code == invalidClient {
			status = http.StatusUnauthorized
		}
		v.oauthFail(status, e)
		return
	}
	text := form.Get("token")
	switch {
	case text == "":
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidRequest, "token is missing"})
		return
	case client.Settings.NoRevocation:
		v.oauthFail(http.StatusBadRequest, &oauthError{invalidRequest, "token revocation is not enabled for the client"})
		return
	case jwtForm.MatchString(text):
		v.oauthFail(http.StatusBadRequest, &oauthError{unsupportedToken, "only refresh tokens can be revoked"})
		return
	}
	if err := v.ui.c.Users.Revoke(v.r.Context(), v.call(), client.ID, client.Secret, keys.NewSecret([]byte(text))); err != nil {
		v.oauthOutcome(err)
		return
	}
	v.w.Header().Set("Content-Length", strconv.Itoa(0))
	v.w.WriteHeader(http.StatusOK)
}

// jwtForm is of access and id tokens; refresh tokens have no dots.
var jwtForm = regexp.MustCompile(`^[^.]+\.[^.]+\.[^.]*$`)
