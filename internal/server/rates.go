package server

import (
	"context"

	"golang.org/x/time/rate"

	"preamp/internal/awswire"
	"preamp/internal/config"
	"preamp/internal/errs"
	"preamp/internal/identitypool/wire"
	"preamp/internal/userpool/cognitoidp"
	"preamp/internal/userpool/idp"
)

// cognitoLimit refuses what is more than the server takes of an operation.
type cognitoLimit func(ctx context.Context, service string, q awswire.Request) error

// pages is the limit for the pages, which name operations of user pools.
func (l cognitoLimit) pages() func(ctx context.Context, operation string) error {
	if l == nil {
		return nil
	}
	return func(ctx context.Context, operation string) error {
		return l(ctx, idp.SigningName, awswire.Request{Operation: operation})
	}
}

// cognitoRates bounds the operations of user pools and identity pools; nil in dev, which has no rates.
func (s *Server) cognitoRates() cognitoLimit {
	if s.dev {
		return nil
	}
	pools, identities := poolRates(s.rates).Limit(nil), identityRates(s.rates)
	return func(ctx context.Context, service string, q awswire.Request) error {
		if l := identities[q.Operation]; service == wire.SigningName && l != nil && !l.Allow() {
			e := errs.E(errs.TooMany, "Too many requests")
			e.Code = wire.TooManyRequestsException
			return e
		}
		return pools(ctx, service, q)
	}
}

// identityRates are the rates of the operations of identity pools; those without
// one have none.
func identityRates(r config.CognitoRates) map[string]*rate.Limiter {
	out := map[string]*rate.Limiter{}
	for operation, n := range map[string]int{
		"GetId": r.IdentityGetID, "GetOpenIdToken": r.IdentityOpenIDToken, "GetCredentialsForIdentity": r.IdentityCredentials,
	} {
		if n > 0 {
			out[operation] = rate.NewLimiter(rate.Limit(n), n) // a second's worth at once
		}
	}
	return out
}

func poolRates(r config.CognitoRates) cognitoidp.Rates {
	f := func(n int) float64 { return float64(n) }
	return cognitoidp.Rates{
		UserAuthentication: f(r.UserAuthentication), UserCreation: f(r.UserCreation), UserAccountRecovery: f(r.UserAccountRecovery),
		UserToken: f(r.UserToken), UserRead: f(r.UserRead), UserUpdate: f(r.UserUpdate), UserList: f(r.UserList),
		UserResourceRead: f(r.UserResourceRead), UserResourceUpdate: f(r.UserResourceUpdate), UserPoolRead: f(r.UserPoolRead),
		UserPoolUpdate: f(r.UserPoolUpdate), UserPoolResourceRead: f(r.UserPoolResourceRead),
		UserPoolResourceUpdate: f(r.UserPoolResourceUpdate), ClientRead: f(r.ClientRead), ClientUpdate: f(r.ClientUpdate),
	}
}
