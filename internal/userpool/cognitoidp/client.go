package cognitoidp

import (
	"context"

	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// CreateUserPoolClient implements idp.Service.
func (a *API) CreateUserPoolClient(ctx context.Context, in *idp.CreateUserPoolClientInput) (*idp.CreateUserPoolClientOutput, error) {
	if isTrue(in.GenerateSecret) && in.ClientSecret != "" {
		return nil, invalid("GenerateSecret and ClientSecret cannot be given together.")
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.CreateUserPoolClientOutput, error) {
		n := userpool.NewClient{
			ID: userpool.NewClientID(), Pool: in.UserPoolID, Name: in.ClientName, GenerateSecret: isTrue(in.GenerateSecret),
			Secret: keys.NewSecret([]byte(in.ClientSecret)),
		}
		if err := applyClient(in, &n.Settings); err != nil {
			return nil, err
		}
		if err := a.hasProviders(ctx, c, in.UserPoolID, in.SupportedIdentityProviders); err != nil {
			return nil, err
		}
		if err := a.directory.Put(ctx, userpool.RouteClient, n.ID, c.Env.UID); err != nil {
			return nil, err
		}
		client, err := a.users.CreateClient(ctx, c, n)
		if err != nil {
			a.forget(ctx, err, userpool.RouteClient, n.ID)
			return nil, err
		}
		out, err := clientType(&client)
		return &idp.CreateUserPoolClientOutput{UserPoolClient: out}, err
	})
}

// DescribeUserPoolClient implements idp.Service.
func (a *API) DescribeUserPoolClient(ctx context.Context, in *idp.DescribeUserPoolClientInput) (*idp.DescribeUserPoolClientOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.DescribeUserPoolClientOutput, error) {
		client, err := a.users.Client(ctx, c, in.UserPoolID, in.ClientID)
		if err != nil {
			return nil, err
		}
		out, err := clientType(&client)
		return &idp.DescribeUserPoolClientOutput{UserPoolClient: out}, err
	})
}

// UpdateUserPoolClient implements idp.Service. As in Cognito, what is not given
// becomes what it is in a new client.
func (a *API) UpdateUserPoolClient(ctx context.Context, in *idp.UpdateUserPoolClientInput) (*idp.UpdateUserPoolClientOutput, error) {
	set := &idp.CreateUserPoolClientInput{
		RefreshTokenValidity: in.RefreshTokenValidity, AccessTokenValidity: in.AccessTokenValidity, IDTokenValidity: in.IDTokenValidity,
		TokenValidityUnits: in.TokenValidityUnits, ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes,
		ExplicitAuthFlows: in.ExplicitAuthFlows, SupportedIdentityProviders: in.SupportedIdentityProviders,
		CallbackURLs: in.CallbackURLs, LogoutURLs: in.LogoutURLs, DefaultRedirectURI: in.DefaultRedirectURI,
		AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthScopes: in.AllowedOAuthScopes,
		AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient, AnalyticsConfiguration: in.AnalyticsConfiguration,
		PreventUserExistenceErrors: in.PreventUserExistenceErrors, EnableTokenRevocation: in.EnableTokenRevocation,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		AuthSessionValidity:                      in.AuthSessionValidity, RefreshTokenRotation: in.RefreshTokenRotation,
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.UpdateUserPoolClientOutput, error) {
		if err := a.hasProviders(ctx, c, in.UserPoolID, in.SupportedIdentityProviders); err != nil {
			return nil, err
		}
		client, err := a.users.UpdateClient(ctx, c, in.UserPoolID, in.ClientID, func(name *string, s *userpool.ClientSettings) error {
			if in.ClientName != "" {
				*name = in.ClientName
			}
			*s = userpool.ClientSettings{}
			return applyClient(set, s)
		})
		if err != nil {
			return nil, err
		}
		out, err := clientType(&client)
		return &idp.UpdateUserPoolClientOutput{UserPoolClient: out}, err
	})
}

// DeleteUserPoolClient implements idp.Service.
func (a *API) DeleteUserPoolClient(ctx context.Context, in *idp.DeleteUserPoolClientInput) (*idp.DeleteUserPoolClientOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.DeleteUserPoolClientOutput, error) {
		if err := a.users.DeleteClient(ctx, c, in.UserPoolID, in.ClientID); err != nil {
			return nil, err
		}
		a.remove(ctx, userpool.RouteClient, in.ClientID)
		return &idp.DeleteUserPoolClientOutput{}, nil
	})
}

// ListUserPoolClients implements idp.Service.
func (a *API) ListUserPoolClients(ctx context.Context, in *idp.ListUserPoolClientsInput) (*idp.ListUserPoolClientsOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.ListUserPoolClientsOutput, error) {
		list, next, err := a.users.Clients(ctx, c, in.UserPoolID, page(in.MaxResults, in.NextToken))
		if err != nil {
			return nil, err
		}
		out := &idp.ListUserPoolClientsOutput{UserPoolClients: []idp.UserPoolClientDescription{}, NextToken: next}
		for _, client := range list {
			out.UserPoolClients = append(out.UserPoolClients, idp.UserPoolClientDescription{
				ClientID: client.ID, UserPoolID: client.Pool, ClientName: client.Name,
			})
		}
		return out, nil
	})
}

func page(limit *int32, token string) userpool.Page {
	p := userpool.Page{Token: token}
	if limit != nil {
		p.Limit = int(*limit)
	}
	return p
}
