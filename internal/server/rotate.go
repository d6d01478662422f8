package server

import (
	"net/http"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

// findPool pins the environment of the pool that a local command names.
func (s *Server) findPool(r *http.Request) (pool string, env keys.Env, release func(), err error) {
	pool = r.URL.Query().Get("pool")
	env, release, err = s.provision.Directory().Find(r.Context(), userpool.RoutePool, pool)
	if errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("UserPool", "there is no user pool %q on this server", pool)
	}
	return pool, env, release, err
}

// rotateKeys gives a user pool new signing keys. Tokens that the old keys signed
// are good until they end.
func (s *Server) rotateKeys(r *http.Request) (any, error) {
	pool, env, release, err := s.findPool(r)
	if err != nil {
		return nil, err
	}
	defer release()
	ctx := r.Context()
	pair, err := token.NewPair() // outside: it takes long
	if err != nil {
		return nil, err
	}
	if err := env.DB.Tx(ctx, func(tx *db.Tx) error { return pair.Rotate(tx, env.Sealer, pool, time.Now()) }); err != nil {
		return nil, err
	}
	s.forgetPool(env, pool)
	s.logger.InfoContext(ctx, "signing keys rotated", "pool", pool)
	return map[string]string{"pool": pool, "issuer": s.poolIssuer(r, pool)}, nil
}

// setIssuer chooses the form of the name that the tokens of a pool have: self or
// aws.
func (s *Server) setIssuer(r *http.Request) (any, error) {
	form := r.URL.Query().Get("form")
	if form != "self" && form != "aws" {
		return nil, errs.E(errs.Invalid, "the issuer of a user pool is self or aws")
	}
	pool, env, release, err := s.findPool(r)
	if err != nil {
		return nil, err
	}
	defer release()
	_, err = s.users.UpdatePool(r.Context(), userpool.Call{Env: env}, pool, func(_ *string, set *userpool.Settings) error {
		set.AWSIssuer = form == "aws"
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.pools.forget(pool)
	s.logger.InfoContext(r.Context(), "issuer of a user pool changed", "pool", pool, "form", form)
	return map[string]string{"pool": pool, "issuer": s.poolIssuer(r, pool)}, nil
}

// poolIssuer is the name of a pool, empty when it cannot be told.
func (s *Server) poolIssuer(r *http.Request, pool string) string {
	issuer, err := s.pools.Issuer(r.Context(), pool)
	if err != nil {
		return ""
	}
	return issuer
}
