package cognitoidp

import (
	"context"
	"fmt"
	"time"

	"preamp/internal/awswire"
	"preamp/internal/errs"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// account is the account in ARNs.
const account = "000000000000"

// ARN is the ARN of a pool.
func ARN(region, pool string) string {
	return fmt.Sprintf("arn:aws:cognito-idp:%s:%s:userpool/%s", region, account, pool)
}

// CreateUserPool implements idp.Service. The pool is made where the pools live
// that belong to no app.
func (a *API) CreateUserPool(ctx context.Context, in *idp.CreateUserPoolInput) (*idp.CreateUserPoolOutput, error) {
	var s userpool.Settings
	if err := newSettings(in, &s); err != nil {
		return nil, err
	}
	env, release, err := a.directory.Home(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	id := userpool.NewPoolID(a.region)
	// First the way to the pool: a way that leads nowhere harms nobody.
	if err := a.directory.Put(ctx, userpool.RoutePool, id, env.UID); err != nil {
		return nil, err
	}
	p, err := a.users.CreatePool(ctx, a.call(env), userpool.NewPool{ID: id, Name: in.PoolName, Settings: s})
	if err != nil {
		a.forget(ctx, err, userpool.RoutePool, id)
		return nil, err
	}
	out, err := a.poolType(&p)
	if err != nil {
		return nil, err
	}
	out.EstimatedNumberOfUsers = new(int32(0))
	return &idp.CreateUserPoolOutput{UserPool: out}, nil
}

// forget takes back the way to what was not made. When the outcome is unknown the
// way stays, because what it leads to may be there.
func (a *API) forget(ctx context.Context, cause error, kind, id string) {
	switch errs.KindOf(cause) {
	case errs.Unavailable, errs.Internal, errs.Timeout:
		return
	}
	a.remove(ctx, kind, id)
}

// remove forgets the way to what is gone. The way leads to nothing, so that a
// failure changes no answer.
func (a *API) remove(ctx context.Context, kind, id string) {
	if err := a.directory.Remove(context.WithoutCancel(ctx), kind, id); err != nil {
		a.log.WarnContext(ctx, "route not removed", "kind", kind, "id", id, "err", err)
	}
}

// DescribeUserPool implements idp.Service.
func (a *API) DescribeUserPool(ctx context.Context, in *idp.DescribeUserPoolInput) (*idp.DescribeUserPoolOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.DescribeUserPoolOutput, error) {
		p, err := a.users.Pool(ctx, c, in.UserPoolID)
		if err != nil {
			return nil, err
		}
		out, err := a.poolType(&p)
		if err != nil {
			return nil, err
		}
		if out.Domain, err = a.prefix(ctx, c, p.ID); err != nil {
			return nil, err
		}
		n, err := a.users.CountUsers(ctx, c, p.ID)
		if err != nil {
			return nil, err
		}
		out.EstimatedNumberOfUsers = new(int32(n))
		return &idp.DescribeUserPoolOutput{UserPool: out}, nil
	})
}

// UpdateUserPool implements idp.Service. As in Cognito, what is not given becomes
// what it is in a new pool; tags stay.
func (a *API) UpdateUserPool(ctx context.Context, in *idp.UpdateUserPoolInput) (*idp.UpdateUserPoolOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.UpdateUserPoolOutput, error) {
		_, err := a.users.UpdatePool(ctx, c, in.UserPoolID, func(name *string, s *userpool.Settings) error {
			if in.PoolName != "" {
				*name = in.PoolName
			}
			return changedSettings(in, s)
		})
		return nothing[idp.UpdateUserPoolOutput](err)
	})
}

// DeleteUserPool implements idp.Service.
func (a *API) DeleteUserPool(ctx context.Context, in *idp.DeleteUserPoolInput) (*idp.DeleteUserPoolOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.DeleteUserPoolOutput, error) {
		var clients []string
		page := userpool.Page{}
		for {
			list, next, err := a.users.Clients(ctx, c, in.UserPoolID, page)
			if err != nil {
				return nil, err
			}
			for _, client := range list {
				clients = append(clients, client.ID)
			}
			if next == "" {
				break
			}
			page.Token = next
		}
		prefix, err := a.prefix(ctx, c, in.UserPoolID)
		if err != nil {
			return nil, err
		}
		if err := a.users.DeletePool(ctx, c, in.UserPoolID); err != nil {
			return nil, err
		}
		if prefix != "" {
			a.remove(ctx, userpool.RouteDomain, a.domainID(prefix))
		}
		for _, id := range clients {
			a.remove(ctx, userpool.RouteClient, id)
		}
		a.remove(ctx, userpool.RoutePool, in.UserPoolID)
		return &idp.DeleteUserPoolOutput{}, nil
	})
}

const (
	poolsKind = "cognitoidp pools"
	// pageLife is how long the list of pools can be continued.
	pageLife = time.Hour
)

// ListUserPools implements idp.Service: the pools of all environments by their
// ids.
func (a *API) ListUserPools(ctx context.Context, in *idp.ListUserPoolsInput) (*idp.ListUserPoolsOutput, error) {
	after, err := a.openPage(ctx, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &idp.ListUserPoolsOutput{UserPools: []idp.UserPoolDescriptionType{}}
	limit := int(in.MaxResults)
	for {
		ids, err := a.directory.List(ctx, userpool.RoutePool, after, limit+1)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if len(out.UserPools) == limit {
				out.NextToken, err = a.sealPage(ctx, after)
				return out, err
			}
			after = id
			p, err := inPool(ctx, a, id, func(c userpool.Call) (userpool.Pool, error) { return a.users.Pool(ctx, c, id) })
			if errs.KindOf(err) == errs.NotFound {
				continue // it is being made or deleted
			}
			if err != nil {
				return nil, err
			}
			out.UserPools = append(out.UserPools, idp.UserPoolDescriptionType{
				ID: p.ID, Name: p.Name, LambdaConfig: &idp.LambdaConfigType{},
				CreationDate: awswire.Timestamp{Time: p.Created}, LastModifiedDate: awswire.Timestamp{Time: p.Changed},
			})
		}
		if len(ids) <= limit {
			return out, nil
		}
	}
}

func (a *API) openPage(ctx context.Context, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	env, release, err := a.directory.Home(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	after, err := env.Sealer.OpenToken(poolsKind, text, a.now())
	if err != nil {
		return "", invalid("Invalid pagination token.")
	}
	return string(after), nil
}

func (a *API) sealPage(ctx context.Context, after string) (string, error) {
	env, release, err := a.directory.Home(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return env.Sealer.SealToken(poolsKind, []byte(after), a.now().Add(pageLife)), nil
}

// AddCustomAttributes implements idp.Service.
func (a *API) AddCustomAttributes(ctx context.Context, in *idp.AddCustomAttributesInput) (*idp.AddCustomAttributesOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AddCustomAttributesOutput, error) {
		_, err := a.users.UpdatePool(ctx, c, in.UserPoolID, func(_ *string, s *userpool.Settings) error {
			known := s.Schema()
			for _, given := range in.CustomAttributes {
				added, err := newAttribute(given, true)
				if err != nil {
					return err
				}
				if _, ok := known[added.Name]; ok {
					return invalid("%[1]s: Existing attribute already has name %[1]s.", added.Name)
				}
				known[added.Name] = added
				s.Attributes = append(s.Attributes, added)
			}
			return nil
		})
		return nothing[idp.AddCustomAttributesOutput](err)
	})
}

// GetCSVHeader implements idp.Service: the columns of the file that users are
// imported from.
func (a *API) GetCSVHeader(ctx context.Context, in *idp.GetCSVHeaderInput) (*idp.GetCSVHeaderOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.GetCSVHeaderOutput, error) {
		p, err := a.users.Pool(ctx, c, in.UserPoolID)
		if err != nil {
			return nil, err
		}
		out := &idp.GetCSVHeaderOutput{UserPoolID: p.ID}
		for _, attribute := range schemaAttributes(&p.Settings) {
			if attribute.Name != attrSub {
				out.CSVHeader = append(out.CSVHeader, attribute.Name)
			}
		}
		out.CSVHeader = append(out.CSVHeader, "cognito:mfa_enabled", "cognito:username")
		return out, nil
	})
}
