package hostedui

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"preamp/internal/errs"
	"preamp/internal/httpx"
	"preamp/internal/userpool/token"
)

// userInfo answers what the access token opens of its user. All values are texts,
// also email_verified, as in Cognito.
func (v *visit) userInfo() {
	v.w.Header().Set("Cache-Control", "no-store")
	kind, raw, ok := strings.Cut(v.r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(kind, "Bearer") || raw == "" {
		v.noUserInfo(http.StatusBadRequest, invalidRequest, "Bad OAuth2 request at UserInfo Endpoint")
		return
	}
	// A token of another pool of the environment is good there only.
	if pool, err := token.UnverifiedPool(raw); err != nil || pool != v.pool.ID {
		v.noUserInfo(http.StatusUnauthorized, "invalid_token", deadToken)
		return
	}
	u, err := v.ui.c.Users.UserInfo(v.r.Context(), v.call(), raw)
	switch {
	case err == nil:
	case errors.Is(err, token.ErrRefused), errors.Is(err, token.ErrExpired), errors.Is(err, token.ErrRevoked):
		v.noUserInfo(http.StatusUnauthorized, "invalid_token", deadToken)
		return
	case errs.KindOf(err) == errs.Internal, errs.KindOf(err) == errs.Unavailable, errs.KindOf(err) == errs.Timeout:
		v.oauthOutcome(err)
		return
	case strings.Contains(errs.Public(err).Message, "scopes"):
		v.noUserInfo(http.StatusUnauthorized, "invalid_token", "Access token does not contain openid scope")
		return
	default: // the user is gone, disabled and so on
		v.noUserInfo(http.StatusUnauthorized, "invalid_token", deadToken)
		return
	}
	out := u.All() // with sub, and identities as a text
	out["username"] = u.Username
	httpx.JSON(v.w, http.StatusOK, out)
}

const deadToken = "Access token is expired, disabled, or deleted, or the user has globally signed out."

// noUserInfo answers in the form of Cognito, which names no scheme.
func (v *visit) noUserInfo(status int, code, text string) {
	quoted, _ := json.Marshal(text) // a text always has one
	v.w.Header().Set("WWW-Authenticate", `error="`+code+`", error_description=`+string(quoted))
	httpx.JSON(v.w, status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, text})
}
