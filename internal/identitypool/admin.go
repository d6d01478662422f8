package identitypool

import (
	"context"
	"maps"
	"regexp"

	"preamp/internal/db"
	"preamp/internal/identitypool/wire"
)

// maxPools bounds the pools that are made by CreateIdentityPool.
const maxPools = 1000

// CreateIdentityPool makes a pool that belongs to no app.
func (a *API) CreateIdentityPool(ctx context.Context, in *wire.CreateIdentityPoolInput) (*wire.CreateIdentityPoolOutput, error) {
	var s Settings
	if err := change(&s, in); err != nil {
		return nil, err
	}
	if err := s.check(a.c.LoginProviders); err != nil { // before anything is made
		return nil, err
	}
	env, release, err := a.c.Directory.Home(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	poolID := NewID(a.c.Region)
	if err := a.c.Directory.Put(ctx, RoutePool, poolID, env.UID); err != nil {
		return nil, err
	}
	now := a.c.Now()
	var p Pool
	err = env.DB.Tx(ctx, func(tx *db.Tx) error {
		var n int64
		if err := tx.Row(`SELECT count(*) FROM env.identity_pool`).Scan(&n); err != nil {
			return err
		}
		if n >= maxPools {
			return limitExceeded("At most %d identity pools can be made.", maxPools)
		}
		p, err = insertPool(tx, poolID, s, a.c.LoginProviders, now)
		return err
	})
	if err != nil {
		// The outcome may be unknown, and a route without a pool does no harm: what
		// cannot be removed stays.
		if _, there := FindPool(ctx, env, poolID); isNotFound(there) {
			_ = a.c.Directory.Remove(ctx, RoutePool, poolID)
		}
		return nil, err
	}
	return new(wire.CreateIdentityPoolOutput(describe(&p))), nil
}

// find reads a pool.
func (a *API) find(ctx context.Context, poolID string) (Pool, error) {
	env, release, err := a.pool(ctx, poolID)
	if err != nil {
		return Pool{}, err
	}
	defer release()
	return FindPool(ctx, env, poolID)
}

// update changes a pool.
func (a *API) update(ctx context.Context, poolID string, fn func(s *Settings) error) (Pool, error) {
	env, release, err := a.pool(ctx, poolID)
	if err != nil {
		return Pool{}, err
	}
	defer release()
	now := a.c.Now()
	var p Pool
	err = env.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		p, err = updatePool(tx, poolID, fn, a.c.LoginProviders, now)
		return err
	})
	return p, err
}

// DescribeIdentityPool answers how a pool is set up.
func (a *API) DescribeIdentityPool(
	ctx context.Context, in *wire.DescribeIdentityPoolInput,
) (*wire.DescribeIdentityPoolOutput, error) {
	p, err := a.find(ctx, in.IdentityPoolID)
	if err != nil {
		return nil, err
	}
	return new(describe(&p)), nil
}

// UpdateIdentityPool replaces how a pool is set up. Roles stay.
func (a *API) UpdateIdentityPool(ctx context.Context, in *wire.UpdateIdentityPoolInput) (*wire.UpdateIdentityPoolOutput, error) {
	p, err := a.update(ctx, in.IdentityPoolID, func(s *Settings) error {
		return change(s, &wire.CreateIdentityPoolInput{
			IdentityPoolName: in.IdentityPoolName, AllowUnauthenticatedIdentities: in.AllowUnauthenticatedIdentities,
			AllowClassicFlow: in.AllowClassicFlow, SupportedLoginProviders: in.SupportedLoginProviders,
			DeveloperProviderName: in.DeveloperProviderName, OpenIDConnectProviderARNs: in.OpenIDConnectProviderARNs,
			CognitoIdentityProviders: in.CognitoIdentityProviders, SamlProviderARNs: in.SamlProviderARNs,
			IdentityPoolTags: in.IdentityPoolTags,
		})
	})
	if err != nil {
		return nil, err
	}
	return new(wire.UpdateIdentityPoolOutput(describe(&p))), nil
}

// DeleteIdentityPool deletes a pool with its identities. Its credentials end at
// once.
func (a *API) DeleteIdentityPool(ctx context.Context, in *wire.DeleteIdentityPoolInput) (*wire.DeleteIdentityPoolOutput, error) {
	env, release, err := a.pool(ctx, in.IdentityPoolID)
	if err != nil {
		return nil, err
	}
	defer release()
	err = env.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := ReadPool(tx.Query(), in.IdentityPoolID); err != nil {
			return err
		}
		return DropPool(tx, in.IdentityPoolID)
	})
	if err != nil {
		return nil, err
	}
	if err := a.c.Directory.Remove(ctx, RoutePool, in.IdentityPoolID); err != nil {
		return nil, err
	}
	return &wire.DeleteIdentityPoolOutput{}, nil
}

// SetIdentityPoolRoles replaces the roles of a pool and how they are chosen.
func (a *API) SetIdentityPoolRoles(ctx context.Context, in *wire.SetIdentityPoolRolesInput) (*wire.SetIdentityPoolRolesOutput, error) {
	_, err := a.update(ctx, in.IdentityPoolID, func(s *Settings) error { return setRoles(s, in) })
	if err != nil {
		return nil, err
	}
	return &wire.SetIdentityPoolRolesOutput{}, nil
}

// GetIdentityPoolRoles answers the roles of a pool.
func (a *API) GetIdentityPoolRoles(ctx context.Context, in *wire.GetIdentityPoolRolesInput) (*wire.GetIdentityPoolRolesOutput, error) {
	p, err := a.find(ctx, in.IdentityPoolID)
	if err != nil {
		return nil, err
	}
	return rolesOf(&p), nil
}

// poolARNForm is the ARN of a pool. preamp has one account, and takes the number of
// any.
var poolARNForm = regexp.MustCompile(`^arn:aws[a-z-]*:cognito-identity:[a-z0-9-]*:[0-9]{12}:identitypool/(.+)$`)

func poolOfARN(arn string) (string, error) {
	m := poolARNForm.FindStringSubmatch(arn)
	if m == nil || !poolIDForm.MatchString(m[1]) {
		return "", invalid("%s is not the ARN of an identity pool.", printable(arn))
	}
	return m[1], nil
}

// TagResource sets tags of a pool.
func (a *API) TagResource(ctx context.Context, in *wire.TagResourceInput) (*wire.TagResourceOutput, error) {
	poolID, err := poolOfARN(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	_, err = a.update(ctx, poolID, func(s *Settings) error {
		if s.Tags == nil {
			s.Tags = map[string]string{}
		}
		maps.Copy(s.Tags, in.Tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &wire.TagResourceOutput{}, nil
}

// UntagResource removes tags of a pool.
func (a *API) UntagResource(ctx context.Context, in *wire.UntagResourceInput) (*wire.UntagResourceOutput, error) {
	poolID, err := poolOfARN(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	_, err = a.update(ctx, poolID, func(s *Settings) error {
		for _, key := range in.TagKeys {
			delete(s.Tags, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &wire.UntagResourceOutput{}, nil
}

// ListTagsForResource answers the tags of a pool.
func (a *API) ListTagsForResource(ctx context.Context, in *wire.ListTagsForResourceInput) (*wire.ListTagsForResourceOutput, error) {
	poolID, err := poolOfARN(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	p, err := a.find(ctx, poolID)
	if err != nil {
		return nil, err
	}
	return &wire.ListTagsForResourceOutput{Tags: p.Tags}, nil
}

// DescribeIdentity answers the logins of an identity.
func (a *API) DescribeIdentity(ctx context.Context, in *wire.DescribeIdentityInput) (*wire.DescribeIdentityOutput, error) {
	env, release, err := a.home(ctx, in.IdentityID)
	if err != nil {
		return nil, err
	}
	defer release()
	var i identity
	err = env.DB.Read(ctx, func(q *db.Query) (err error) {
		i, err = readIdentity(q, in.IdentityID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return new(wire.DescribeIdentityOutput(describeIdentity(i))), nil
}

// DeleteIdentities deletes identities; their credentials end at once. Those that do
// not exist come back as AccessDenied.
func (a *API) DeleteIdentities(ctx context.Context, in *wire.DeleteIdentitiesInput) (*wire.DeleteIdentitiesOutput, error) {
	out := &wire.DeleteIdentitiesOutput{}
	for _, identityID := range in.IdentityIdsToDelete {
		err := a.deleteIdentity(ctx, identityID)
		if err == nil {
			continue
		}
		code := wire.ErrorCodeAccessDenied
		if !isNotFound(err) {
			code = wire.ErrorCodeInternalServerError
			a.c.Logger.ErrorContext(ctx, "delete identity", "error", err)
		}
		out.UnprocessedIdentityIds = append(out.UnprocessedIdentityIds,
			wire.UnprocessedIdentityId{IdentityID: identityID, ErrorCode: code})
	}
	return out, nil
}

func (a *API) deleteIdentity(ctx context.Context, identityID string) error {
	env, release, err := a.home(ctx, identityID)
	if err != nil {
		return err
	}
	defer release()
	return env.DB.Tx(ctx, func(tx *db.Tx) error { return dropIdentity(tx, identityID) })
}

func dropIdentity(tx *db.Tx, identityID string) error {
	// The identity first: those who are linking it hold its row.
	n, err := tx.Exec(`DELETE FROM env.identity WHERE id = $1`, identityID)
	if err != nil {
		return err
	}
	if n == 0 {
		return noIdentity(identityID)
	}
	_, err = tx.Exec(`DELETE FROM env.identity_login WHERE identity = $1`, identityID)
	return err
}
