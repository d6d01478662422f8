package server

import (
	"context"
	"errors"
	"net/http"

	"preamp/internal/authn"
	"preamp/internal/config"
	"preamp/internal/creds"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/identitypool"
	"preamp/internal/sigv4"
	"preamp/internal/userpool"
	"preamp/internal/userpool/hostedui"
	"preamp/internal/userpool/social"
	"preamp/internal/userpool/token"
)

// openIdentities makes the identity pools of the server.
func (s *Server) openIdentities() (err error) {
	s.sessions = creds.NewSessions(s.ring.Derive)
	s.identities, err = identitypool.New(identitypool.Config{
		Directory: s.provision.Directory(), Sessions: s.sessions, Sealer: s.ring.Control(), Region: Region,
		VerifyLogin: s.verifyLogin, Logger: s.logger,
	})
	return err
}

// verifyLogin judges an id token that is shown to an identity pool. Only user pools
// of this server are providers.
func (s *Server) verifyLogin(ctx context.Context, _, userPool, raw string) (identitypool.Login, error) {
	env, name, release, err := s.pools.find(ctx, userPool)
	if errs.KindOf(err) == errs.NotFound {
		return identitypool.Login{}, identitypool.Refused("")
	}
	if err != nil {
		return identitypool.Login{}, err
	}
	defer release()
	now := s.pools.now()
	c, err := s.verifier.Verify(ctx, env, name, token.ID, raw, now)
	if e, ok := errors.AsType[token.Expired](err); ok {
		return identitypool.Login{}, identitypool.Expired(now, e.At)
	}
	switch {
	case errors.Is(err, token.ErrRefused):
		return identitypool.Login{}, identitypool.Refused("")
	case err != nil:
		return identitypool.Login{}, err
	}
	u, err := s.users.AdminUser(ctx, userpool.Call{Env: env, Now: now}, userPool, c.Sub)
	switch {
	case errs.KindOf(err) == errs.NotFound || err == nil && (u.Sub != c.Sub || !u.Enabled):
		return identitypool.Login{}, identitypool.Refused("")
	case err != nil:
		return identitypool.Login{}, err
	}
	login := identitypool.Login{Subject: c.Sub, Client: c.Client, Claims: c.All}
	err = env.DB.Read(ctx, func(q *db.Query) error { return token.CheckSession(q, userPool, c) })
	if errors.Is(err, token.ErrRevoked) {
		login.Ended, err = true, nil
	}
	return login, err
}

// signed verifies GraphQL requests that are signed. Who has a long-lived access key
// of this server administers all APIs; credentials of an identity pool are for the
// APIs of its environment, and as good as the pool says at the moment.
func (s *Server) signed() func(*http.Request, []byte) (authn.Caller, error) {
	verifier := &sigv4.Verifier{Keys: s.creds, Service: "appsync", Sessions: lateSessions{s}, AllowSessions: true}
	return func(q *http.Request, body []byte) (authn.Caller, error) {
		i, err := verifier.Verify(q, body)
		c := authn.Caller{Mode: authn.IAM, ID: i.AccessKey, ARN: i.ARN, Federated: i.Federated}
		if err != nil {
			return c, err
		}
		if i.Federated == nil {
			c.Admin = true
			return c, nil
		}
		if err := s.identities.Check(q.Context(), i.Federated); err != nil {
			return c, err
		}
		// The credentials are good, but the roles of another environment are not roles
		// of this one.
		yes, err := s.provision.Vouches(q.Context(), q.PathValue("apiId"), i.Federated)
		if err == nil && !yes {
			err = &errs.Error{Kind: errs.Forbidden, Code: "UnauthorizedException", Message: "Permission denied"}
		}
		return c, err
	}
}

// newPages makes the hosted pages of user pools.
func (s *Server) newPages(limit cognitoLimit) (*hostedui.UI, error) {
	connector, err := social.New(social.Config{Guard: s.outside, Overrides: overrides(s.social), Logger: s.logger})
	if err != nil {
		return nil, err
	}
	return hostedui.New(hostedui.Config{
		Users: s.users, Keys: s.tokenKeys, Directory: s.provision.Directory(), Social: connector, BaseURL: s.baseURL, Issuer: s.issuer,
		RequirePKCE: s.requirePKCE, Limit: limit.pages(), Logger: s.logger,
	})
}

// overrides are the addresses of identity providers that preamp.yaml sets.
func overrides(c map[string]*config.Endpoints) map[string]social.Endpoints {
	out := map[string]social.Endpoints{}
	for name, e := range c {
		if *e != (config.Endpoints{}) {
			out[name] = social.Endpoints(*e)
		}
	}
	return out
}
