package endpoint

import (
	"context"
	"errors"
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
	// VerifyToken verifies an access or id token of a pool. Its errors: one that
	// wraps oidc.ErrExpired for a token that was good before, oidc.ErrRefused or
	// errs.Unauthenticated for one that is not good, and errs.Unavailable.
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
	if !oidc.IsToken(value) {
		// What is left are tokens for a Lambda authorizer.
		return authn.Caller{}, r.unauthorized(textInvalid)
	}
	c, err := r.byToken(q.Context(), a.access, value)
	if err != nil {
		return authn.Caller{}, r.refuseToken(q.Context(), err)
	}
	return c, nil
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
// API. Which of the two the token names decides the mode.
func (r *Registry) byToken(ctx context.Context, a *access, token string) (authn.Caller, error) {
	pool := a.has(authn.UserPool) && a.pool != ""
	provider := a.has(authn.OIDC) && a.oidc.Issuer != ""
	if pool && provider {
		issuer, _, err := r.poolIssuer(ctx, a.pool)
		if err != nil && !errors.Is(err, errForeign) {
			return authn.Caller{}, err
		}
		named, ok := oidc.PeekIssuer(token)
		pool = ok && err == nil && named == issuer.URL
		provider = !pool
	}
	switch {
	case pool:
		return r.byUserPool(ctx, a.pool, token)
	case !provider || r.c.Tokens == nil:
		return authn.Caller{}, errForeign
	}
	claims, err := r.c.Tokens.Verify(ctx, oidc.Issuer{URL: a.oidc.Issuer}, token)
	if err != nil {
		return authn.Caller{}, err
	}
	if err := a.acceptsOIDC(claims, r.now()); err != nil {
		return authn.Caller{}, err
	}
	return tokenCaller(authn.OIDC, claims), nil
}

// poolIssuer is the issuer of a user pool, and whether the pool is one of this
// server; errForeign when there is no such pool.
func (r *Registry) poolIssuer(ctx context.Context, pool string) (is oidc.Issuer, own bool, err error) {
	if r.c.UserPools != nil {
		url, err := r.c.UserPools.Issuer(ctx, pool)
		if err == nil || errs.KindOf(err) != errs.NotFound {
			return oidc.Issuer{URL: url}, true, err
		}
	}
	is, ok := AWSUserPool(pool)
	if !ok || r.c.Tokens == nil {
		return oidc.Issuer{}, false, errForeign
	}
	return is, false, nil
}

// byUserPool verifies a token of the API's user pool.
func (r *Registry) byUserPool(ctx context.Context, pool, token string) (authn.Caller, error) {
	is, own, err := r.poolIssuer(ctx, pool)
	if err != nil {
		return authn.Caller{}, err
	}
	if own {
		c, err := r.c.UserPools.VerifyToken(ctx, pool, token)
		c.Mode = authn.UserPool
		return c, err
	}
	claims, err := r.c.Tokens.Verify(ctx, is, token)
	if err != nil {
		return authn.Caller{}, err
	}
	if use := claims["token_use"]; use != "access" && use != "id" {
		return authn.Caller{}, oidc.ErrRefused
	}
	return tokenCaller(authn.UserPool, claims), nil
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

// refuseToken answers a token that is not accepted. Why it is not stays here: the
// caller would learn what to change.
func (r *Registry) refuseToken(ctx context.Context, err error) refuser {
	if errors.Is(err, oidc.ErrExpired) {
		return r.unauthorized(textExpired)
	}
	if errors.Is(err, errForeign) || errors.Is(err, oidc.ErrRefused) {
		return r.unauthorized(textNotAllowed)
	}
	switch errs.KindOf(err) {
	case errs.Unauthenticated, errs.Forbidden, errs.Invalid, errs.NotFound:
		return r.unauthorized(textNotAllowed)
	}
	return func(w http.ResponseWriter) { r.fault(ctx, w, err) }
}
