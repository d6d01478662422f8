package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/oidc"
)

// UserPools are the user pools of this server.
type UserPools interface {
	// Issuer is the iss of the tokens of a pool. errs.NotFound for a pool that is
	// not one of this server.
	Issuer(ctx context.Context, poolID string) (string, error)
	// VerifyToken verifies an access or id token of a pool; it gets all texts that
	// could be one. Its errors: errs.NotFound for a pool that is not one of this
	// server; one that wraps oidc.ErrExpired for a token that was
	// good before, oidc.ErrRefused or errs.Unauthenticated for one that is not good,
	// and errs.Unavailable. They are logged, so they hold nothing of the token.
	VerifyToken(ctx context.Context, poolID, token string) (authn.Caller, error)
}

// The texts of AppSync for callers that are not let in.
const (
	textMissing    = "Missing authorization header"
	textInvalid    = "Valid authorization header not provided."
	textNotAllowed = "You are not authorized to make this call."
	textExpired    = "Token has expired."
)

func (r *Registry) unauthorized(message string) refuser {
	return r.refuser(http.StatusUnauthorized, codeUnauthorized, message)
}

// authenticate finds out who is calling, by the first proof that the request
// carries: an API key, a signature, a token. A proof that fails is not made good
// by another one. bad is what is wrong with the body.
func (r *Registry) authenticate(a *api, q *http.Request, room *buffer, bad refuser) (authn.Caller, refuser) {
	if values, there := q.Header["X-Api-Key"]; there {
		return r.byKey(a, values)
	}
	values, there := q.Header["Authorization"]
	if !there {
		return authn.Caller{}, r.unauthorized(textMissing)
	}
	if len(values) != 1 {
		return authn.Caller{}, r.unauthorized(textInvalid)
	}
	value := strings.TrimSpace(values[0])
	if strings.HasPrefix(value, "AWS4-") {
		return r.bySignature(a, q, room, bad)
	}
	const prefix = "bearer "
	if len(value) > len(prefix) && strings.EqualFold(value[:len(prefix)], prefix) {
		value = strings.TrimSpace(value[len(prefix):])
	}
	c, err := r.byToken(q.Context(), a.access, value)
	switch {
	case err == nil:
		return c, nil
	case !oidc.IsToken(value):
		// What is left are tokens for a Lambda authorizer.
		return authn.Caller{}, r.unauthorized(textInvalid)
	}
	return authn.Caller{}, r.refuseToken(q, err)
}

func (r *Registry) byKey(a *api, values []string) (authn.Caller, refuser) {
	switch {
	case len(values) == 1 && values[0] == "":
		return authn.Caller{}, r.unauthorized(textInvalid)
	case len(values) == 1 && a.access.has(authn.APIKey):
		if k, ok := a.key(values[0], r.now()); ok {
			return authn.Caller{Mode: authn.APIKey, ID: k.id}, nil
		}
	}
	return authn.Caller{}, r.unauthorized(textNotAllowed)
}

// bySignature verifies an AWS signature, which covers the body.
func (r *Registry) bySignature(a *api, q *http.Request, room *buffer, bad refuser) (authn.Caller, refuser) {
	switch {
	case !a.access.has(authn.IAM) || r.c.Signed == nil:
		return authn.Caller{}, r.unauthorized(textNotAllowed)
	case !room.whole:
		return authn.Caller{}, bad // what was not read cannot be verified
	}
	c, err := r.c.Signed(q, room.in)
	if err == nil {
		c.Mode = authn.IAM
		return c, nil
	}
	e := errs.Public(err)
	switch e.Kind {
	case errs.Unauthenticated, errs.Forbidden, errs.Invalid:
		code := e.Code
		if code == "" {
			code = "InvalidSignatureException"
		}
		return authn.Caller{}, r.refuser(http.StatusForbidden, code, e.Message)
	}
	ctx := q.Context()
	return authn.Caller{}, func(w http.ResponseWriter) { r.fault(ctx, w, err) }
}

var errForeign = errors.New("endpoint: the token is of no issuer of this API")

// byToken verifies a token by the user pool or the OpenID Connect issuer of the
// API. Which of the two the token names decides the mode; the pool, if both have
// the same name.
func (r *Registry) byToken(ctx context.Context, a *access, token string) (authn.Caller, error) {
	if a.pool != "" && a.provider.URL == "" && r.c.UserPools != nil {
		// The usual case: there is nobody else whose token it could be, unless the pool
		// is one on AWS.
		c, err := r.c.UserPools.VerifyToken(ctx, a.pool, token)
		if errs.KindOf(err) != errs.NotFound {
			c.Mode = authn.UserPool
			return c, err
		}
	}
	pool, own, err := r.poolIssuer(ctx, a)
	if err != nil {
		return authn.Caller{}, err
	}
	provider := a.provider
	if provider.URL == pool.URL || r.c.Tokens == nil {
		provider.URL = ""
	}
	if own && (provider.URL == "" || r.own.issuer(token) == pool.URL) {
		c, err := r.c.UserPools.VerifyToken(ctx, a.pool, token)
		if err == nil && provider.URL != "" {
			r.own.remember(token, pool.URL)
		}
		c.Mode = authn.UserPool
		return c, err
	}
	var issuers [2]oidc.Issuer
	from, n := [2]authn.Mode{}, 0
	if pool.URL != "" && !own {
		issuers[n], from[n] = pool, authn.UserPool
		n++
	}
	if provider.URL != "" {
		issuers[n], from[n] = provider, authn.OIDC
		n++
	}
	if n == 0 {
		return authn.Caller{}, errForeign
	}
	t, by, err := r.c.Tokens.VerifyAny(ctx, token, issuers[:n]...)
	if err != nil {
		return authn.Caller{}, err
	}
	if from[by] == authn.OIDC {
		err = a.acceptsOIDC(t, r.now())
	} else if use := t.Claims["token_use"]; use != "access" && use != "id" {
		err = fmt.Errorf("%w: token_use is neither access nor id", oidc.ErrRefused)
	}
	if err != nil {
		return authn.Caller{}, err
	}
	return tokenCaller(from[by], t.Claims), nil
}

// poolIssuer is the issuer of the user pool of an API, and whether the pool is one
// of this server. It has no URL when there is no such pool.
func (r *Registry) poolIssuer(ctx context.Context, a *access) (is oidc.Issuer, own bool, err error) {
	if a.pool == "" {
		return oidc.Issuer{}, false, nil
	}
	if r.c.UserPools != nil {
		url, err := r.c.UserPools.Issuer(ctx, a.pool)
		if err == nil || errs.KindOf(err) != errs.NotFound {
			return oidc.Issuer{URL: url}, true, err
		}
	}
	if r.c.Tokens == nil {
		return oidc.Issuer{}, false, nil
	}
	return a.aws, false, nil
}

func tokenCaller(mode authn.Mode, claims map[string]any) authn.Caller {
	c := authn.Caller{Mode: mode, Claims: claims}
	for _, name := range []string{"sub", "username", "cognito:username"} {
		if c.ID, _ = claims[name].(string); c.ID != "" {
			break
		}
	}
	return c
}

// refuseToken answers a token that is not accepted. Why it is not stays in the log:
// the caller would learn what to change.
func (r *Registry) refuseToken(q *http.Request, err error) refuser {
	ctx, text := q.Context(), textNotAllowed
	switch {
	case errors.Is(err, oidc.ErrExpired):
		text = textExpired
	case errors.Is(err, errForeign), errors.Is(err, oidc.ErrRefused):
	default:
		switch errs.KindOf(err) {
		case errs.Unauthenticated, errs.Forbidden, errs.Invalid, errs.NotFound:
		default:
			return func(w http.ResponseWriter) { r.fault(ctx, w, err) }
		}
	}
	return func(w http.ResponseWriter) {
		// No more lines than requests, which are logged as well; none of these errors
		// holds anything of the token.
		r.log.InfoContext(ctx, "token refused", "api", q.PathValue("apiId"), "reason", err.Error())
		r.refuse(w, http.StatusUnauthorized, codeUnauthorized, text)
	}
}
