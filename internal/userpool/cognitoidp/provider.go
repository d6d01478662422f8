package cognitoidp

import (
	"context"
	"maps"

	"preamp/internal/awswire"
	"preamp/internal/errs"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// providerCognito is the pool itself among the providers of a client.
const providerCognito = "COGNITO"

func providerType(p *userpool.Provider) idp.IdentityProviderType {
	mapping := maps.Clone(p.Mapping)
	if mapping == nil {
		mapping = map[string]string{}
	}
	return idp.IdentityProviderType{
		UserPoolID: p.Pool, ProviderName: p.Name, ProviderType: p.Type, ProviderDetails: p.RevealDetails(),
		AttributeMapping: mapping, IdpIdentifiers: orEmpty(p.Identifiers),
		CreationDate: awswire.Timestamp{Time: p.Created}, LastModifiedDate: awswire.Timestamp{Time: p.Changed},
	}
}

// CreateIdentityProvider implements idp.Service.
func (a *API) CreateIdentityProvider(ctx context.Context, in *idp.CreateIdentityProviderInput) (*idp.CreateIdentityProviderOutput, error) {
	p := userpool.Provider{
		Pool: in.UserPoolID, Name: in.ProviderName, Type: in.ProviderType, Mapping: in.AttributeMapping, Identifiers: in.IdpIdentifiers,
	}
	p.SetDetails(in.ProviderDetails)
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.CreateIdentityProviderOutput, error) {
		out, err := a.users.CreateProvider(ctx, c, p)
		if err != nil {
			return nil, err
		}
		return &idp.CreateIdentityProviderOutput{IdentityProvider: providerType(&out)}, nil
	})
}

// DescribeIdentityProvider implements idp.Service.
func (a *API) DescribeIdentityProvider(ctx context.Context, in *idp.DescribeIdentityProviderInput) (*idp.DescribeIdentityProviderOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.DescribeIdentityProviderOutput, error) {
		p, err := a.users.Provider(ctx, c, in.UserPoolID, in.ProviderName)
		if err != nil {
			return nil, err
		}
		return &idp.DescribeIdentityProviderOutput{IdentityProvider: providerType(&p)}, nil
	})
}

// GetIdentityProviderByIdentifier implements idp.Service.
func (a *API) GetIdentityProviderByIdentifier(ctx context.Context, in *idp.GetIdentityProviderByIdentifierInput) (*idp.GetIdentityProviderByIdentifierOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.GetIdentityProviderByIdentifierOutput, error) {
		p, err := a.users.ProviderByIdentifier(ctx, c, in.UserPoolID, in.IdpIdentifier)
		if err != nil {
			return nil, err
		}
		return &idp.GetIdentityProviderByIdentifierOutput{IdentityProvider: providerType(&p)}, nil
	})
}

// UpdateIdentityProvider implements idp.Service. What is not given stays.
func (a *API) UpdateIdentityProvider(ctx context.Context, in *idp.UpdateIdentityProviderInput) (*idp.UpdateIdentityProviderOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.UpdateIdentityProviderOutput, error) {
		p, err := a.users.UpdateProvider(ctx, c, in.UserPoolID, in.ProviderName, func(p *userpool.Provider) error {
			if in.ProviderDetails != nil {
				p.SetDetails(in.ProviderDetails)
			}
			if in.AttributeMapping != nil {
				p.Mapping = in.AttributeMapping
			}
			if in.IdpIdentifiers != nil {
				p.Identifiers = in.IdpIdentifiers
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return &idp.UpdateIdentityProviderOutput{IdentityProvider: providerType(&p)}, nil
	})
}

// DeleteIdentityProvider implements idp.Service.
func (a *API) DeleteIdentityProvider(ctx context.Context, in *idp.DeleteIdentityProviderInput) (*idp.DeleteIdentityProviderOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.DeleteIdentityProviderOutput, error) {
		return nothing[idp.DeleteIdentityProviderOutput](a.users.DeleteProvider(ctx, c, in.UserPoolID, in.ProviderName))
	})
}

// ListIdentityProviders implements idp.Service.
func (a *API) ListIdentityProviders(ctx context.Context, in *idp.ListIdentityProvidersInput) (*idp.ListIdentityProvidersOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.ListIdentityProvidersOutput, error) {
		list, next, err := a.users.Providers(ctx, c, in.UserPoolID, page(in.MaxResults, in.NextToken))
		if err != nil {
			return nil, err
		}
		out := &idp.ListIdentityProvidersOutput{Providers: []idp.ProviderDescription{}, NextToken: next}
		for _, p := range list {
			out.Providers = append(out.Providers, idp.ProviderDescription{
				ProviderName: p.Name, ProviderType: p.Type,
				CreationDate: awswire.Timestamp{Time: p.Created}, LastModifiedDate: awswire.Timestamp{Time: p.Changed},
			})
		}
		return out, nil
	})
}

// hasProviders refuses providers of a client that its pool does not have.
func (a *API) hasProviders(ctx context.Context, c userpool.Call, pool string, names []string) error {
	for _, name := range names {
		if name == providerCognito {
			continue
		}
		_, err := a.users.Provider(ctx, c, pool, name)
		if errs.KindOf(err) == errs.NotFound {
			if _, err := a.users.Pool(ctx, c, pool); err != nil {
				return err
			}
			return invalid("The provider %s does not exist for User Pool %s.", name, pool)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
