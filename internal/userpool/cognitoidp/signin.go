package cognitoidp

import (
	"context"
	"time"

	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// InitiateAuth implements idp.Service.
func (a *API) InitiateAuth(ctx context.Context, in *idp.InitiateAuthInput) (*idp.InitiateAuthOutput, error) {
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.InitiateAuthOutput, error) {
		out, err := a.users.InitiateAuth(ctx, c, userpool.AuthInput{
			Client: in.ClientID, Name: in.AuthFlow, Parameters: in.AuthParameters, Session: in.Session,
		})
		if err != nil {
			return nil, err
		}
		return new(idp.InitiateAuthOutput(authOf(out))), nil
	})
}

// AdminInitiateAuth implements idp.Service.
func (a *API) AdminInitiateAuth(ctx context.Context, in *idp.AdminInitiateAuthInput) (*idp.AdminInitiateAuthOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminInitiateAuthOutput, error) {
		out, err := a.users.InitiateAuth(ctx, c, userpool.AuthInput{
			Pool: in.UserPoolID, Client: in.ClientID, Name: in.AuthFlow, Parameters: in.AuthParameters, Session: in.Session,
		})
		if err != nil {
			return nil, err
		}
		return new(idp.AdminInitiateAuthOutput(authOf(out))), nil
	})
}

// RespondToAuthChallenge implements idp.Service.
func (a *API) RespondToAuthChallenge(ctx context.Context, in *idp.RespondToAuthChallengeInput) (*idp.RespondToAuthChallengeOutput, error) {
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.RespondToAuthChallengeOutput, error) {
		out, err := a.users.RespondToAuthChallenge(ctx, c, userpool.AuthInput{
			Client: in.ClientID, Name: in.ChallengeName, Parameters: in.ChallengeResponses, Session: in.Session,
		})
		if err != nil {
			return nil, err
		}
		return new(idp.RespondToAuthChallengeOutput(challengeOf(out))), nil
	})
}

// AdminRespondToAuthChallenge implements idp.Service.
func (a *API) AdminRespondToAuthChallenge(ctx context.Context, in *idp.AdminRespondToAuthChallengeInput) (*idp.AdminRespondToAuthChallengeOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminRespondToAuthChallengeOutput, error) {
		out, err := a.users.RespondToAuthChallenge(ctx, c, userpool.AuthInput{
			Pool: in.UserPoolID, Client: in.ClientID, Name: in.ChallengeName, Parameters: in.ChallengeResponses, Session: in.Session,
		})
		if err != nil {
			return nil, err
		}
		return new(idp.AdminRespondToAuthChallengeOutput(challengeOf(out))), nil
	})
}

// GetTokensFromRefreshToken implements idp.Service.
func (a *API) GetTokensFromRefreshToken(ctx context.Context, in *idp.GetTokensFromRefreshTokenInput) (*idp.GetTokensFromRefreshTokenOutput, error) {
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.GetTokensFromRefreshTokenOutput, error) {
		t, err := a.users.Refresh(ctx, c, userpool.RefreshInput{
			Client: in.ClientID, Token: keys.NewSecret([]byte(in.RefreshToken)), Secret: keys.NewSecret([]byte(in.ClientSecret)),
		})
		if err != nil {
			return nil, err
		}
		return &idp.GetTokensFromRefreshTokenOutput{AuthenticationResult: tokensOf(t)}, nil
	})
}

// RevokeToken implements idp.Service. It has errors of its own for clients that
// are unknown, or without their secrets.
func (a *API) RevokeToken(ctx context.Context, in *idp.RevokeTokenInput) (*idp.RevokeTokenOutput, error) {
	out, err := a.revokeToken(ctx, in)
	if k := errs.KindOf(err); k == errs.NotFound || k == errs.Unauthenticated {
		err = fail(errs.Unauthenticated, idp.UnauthorizedException, "%s", errs.Public(err).Message)
	}
	return out, err
}

func (a *API) revokeToken(ctx context.Context, in *idp.RevokeTokenInput) (*idp.RevokeTokenOutput, error) {
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.RevokeTokenOutput, error) {
		secret, refresh := keys.NewSecret([]byte(in.ClientSecret)), keys.NewSecret([]byte(in.Token))
		return nothing[idp.RevokeTokenOutput](a.users.Revoke(ctx, c, in.ClientID, secret, refresh))
	})
}

// authResult has the members of the answers of InitiateAuth and its like, so that
// they convert.
type authResult struct {
	ChallengeName        string
	Session              string
	ChallengeParameters  map[string]string
	AuthenticationResult *idp.AuthenticationResultType
	AvailableChallenges  []string
}

// challengeResult is authResult for the answers to challenges.
type challengeResult struct {
	ChallengeName        string
	Session              string
	ChallengeParameters  map[string]string
	AuthenticationResult *idp.AuthenticationResultType
}

func authOf(r userpool.AuthResult) authResult {
	c := challengeOf(r)
	return authResult{c.ChallengeName, c.Session, c.ChallengeParameters, c.AuthenticationResult, r.Available}
}

// challengeOf has ChallengeParameters in any case, as Cognito has.
func challengeOf(r userpool.AuthResult) challengeResult {
	out := challengeResult{ChallengeName: r.Challenge, Session: r.Session, ChallengeParameters: r.Parameters}
	if out.ChallengeParameters == nil {
		out.ChallengeParameters = map[string]string{}
	}
	if r.Tokens != nil {
		out.AuthenticationResult = tokensOf(r.Tokens)
	}
	return out
}

func tokensOf(t *userpool.Tokens) *idp.AuthenticationResultType {
	return &idp.AuthenticationResultType{
		AccessToken: t.Access, IDToken: t.ID, RefreshToken: t.Refresh.Reveal(), TokenType: "Bearer",
		ExpiresIn: new(int32(t.Life / time.Second)),
	}
}
