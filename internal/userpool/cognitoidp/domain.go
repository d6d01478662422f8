package cognitoidp

import (
	"context"

	"preamp/internal/errs"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// loginVersion is the look of the hosted pages that there is.
const loginVersion = 1

// domainID is the id of a domain in the directory.
func (a *API) domainID(prefix string) string { return prefix + "." + a.region }

func refuseDomain(custom *idp.CustomDomainConfigType, version *int32) error {
	switch {
	case custom != nil:
		return unavailable("CustomDomainConfig")
	case version != nil && *version != loginVersion:
		return unavailable("A ManagedLoginVersion other than 1")
	}
	return nil
}

// CreateUserPoolDomain implements idp.Service.
func (a *API) CreateUserPoolDomain(ctx context.Context, in *idp.CreateUserPoolDomainInput) (*idp.CreateUserPoolDomainOutput, error) {
	if err := refuseDomain(in.CustomDomainConfig, in.ManagedLoginVersion); err != nil {
		return nil, err
	}
	if err := userpool.CheckDomain(in.Domain); err != nil {
		return nil, err
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.CreateUserPoolDomainOutput, error) {
		id := a.domainID(in.Domain)
		switch err := a.directory.Put(ctx, userpool.RouteDomain, id, c.Env.UID); {
		case errs.KindOf(err) == errs.Conflict:
			return nil, invalid("Domain already associated with another user pool.")
		case err != nil:
			return nil, err
		}
		if err := a.users.SetDomain(ctx, c, in.UserPoolID, in.Domain); err != nil {
			// The way may be that of another pool of the environment.
			if _, other := a.users.Domain(ctx, c, in.Domain); errs.KindOf(other) == errs.NotFound {
				a.forget(ctx, err, userpool.RouteDomain, id)
			}
			return nil, err
		}
		return &idp.CreateUserPoolDomainOutput{ManagedLoginVersion: new(int32(loginVersion))}, nil
	})
}

// DescribeUserPoolDomain implements idp.Service. A domain that nobody has is an
// empty description, as in Cognito.
func (a *API) DescribeUserPoolDomain(ctx context.Context, in *idp.DescribeUserPoolDomainInput) (*idp.DescribeUserPoolDomainOutput, error) {
	out := &idp.DescribeUserPoolDomainOutput{DomainDescription: &idp.DomainDescriptionType{}}
	c, release, err := a.find(ctx, userpool.RouteDomain, a.domainID(in.Domain), errNoDomain)
	if errs.KindOf(err) == errs.NotFound {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer release()
	d, err := a.users.Domain(ctx, c, in.Domain)
	if errs.KindOf(err) == errs.NotFound {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	*out.DomainDescription = idp.DomainDescriptionType{
		UserPoolID: d.Pool, AWSAccountID: account, Domain: d.Prefix, Status: idp.DomainStatusTypeActive,
		ManagedLoginVersion: new(int32(loginVersion)),
	}
	return out, nil
}

var errNoDomain = fail(errs.NotFound, idp.ResourceNotFoundException, "No such domain or user pool exists.")

// UpdateUserPoolDomain implements idp.Service. There is nothing in a prefix that
// can be changed.
func (a *API) UpdateUserPoolDomain(ctx context.Context, in *idp.UpdateUserPoolDomainInput) (*idp.UpdateUserPoolDomainOutput, error) {
	if err := refuseDomain(in.CustomDomainConfig, in.ManagedLoginVersion); err != nil {
		return nil, err
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.UpdateUserPoolDomainOutput, error) {
		d, err := a.users.Domain(ctx, c, in.Domain)
		if errs.KindOf(err) == errs.NotFound || err == nil && d.Pool != in.UserPoolID {
			err = errNoDomain
		}
		if err != nil {
			return nil, err
		}
		return &idp.UpdateUserPoolDomainOutput{ManagedLoginVersion: new(int32(loginVersion))}, nil
	})
}

// DeleteUserPoolDomain implements idp.Service.
func (a *API) DeleteUserPoolDomain(ctx context.Context, in *idp.DeleteUserPoolDomainInput) (*idp.DeleteUserPoolDomainOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.DeleteUserPoolDomainOutput, error) {
		if err := a.users.DropDomain(ctx, c, in.UserPoolID, in.Domain); err != nil {
			return nil, err
		}
		a.remove(ctx, userpool.RouteDomain, a.domainID(in.Domain))
		return &idp.DeleteUserPoolDomainOutput{}, nil
	})
}

// prefix is the domain of a pool; empty when it has none.
func (a *API) prefix(ctx context.Context, c userpool.Call, pool string) (string, error) {
	d, err := a.users.PoolDomain(ctx, c, pool)
	if errs.KindOf(err) == errs.NotFound {
		return "", nil
	}
	return d.Prefix, err
}
