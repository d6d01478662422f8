package identitypool

import (
	"context"
	"fmt"

	"preamp/internal/authn"
	"preamp/internal/awswire"
	"preamp/internal/db"
	"preamp/internal/identitypool/wire"
	"preamp/internal/keys"
)

// GetId answers the identity of logins, which it makes the first time, or a new
// identity for a guest.
func (a *API) GetId(ctx context.Context, in *wire.GetIdInput) (*wire.GetIdOutput, error) {
	env, release, err := a.pool(ctx, in.IdentityPoolID)
	if err != nil {
		return nil, err
	}
	defer release()
	p, err := FindPool(ctx, env, in.IdentityPoolID)
	if err != nil {
		return nil, err
	}
	proofs, err := a.verify(ctx, &p, in.Logins)
	if err != nil {
		return nil, err
	}
	identityID, err := a.settle(ctx, env, &p, "", proofs)
	if err != nil {
		return nil, err
	}
	return &wire.GetIdOutput{IdentityID: identityID}, nil
}

// caller is who calls an operation with an identity.
type caller struct {
	pool   Pool
	id     string
	proofs []proof
}

// enter finds an identity and verifies logins, and answers with them while the
// environment is pinned.
func (a *API) enter(ctx context.Context, identityID string, logins map[string]string, then func(env keys.Env, c caller) error) error {
	env, release, err := a.home(ctx, identityID)
	if err != nil {
		return err
	}
	defer release()
	c := caller{id: identityID}
	err = env.DB.Read(ctx, func(q *db.Query) error {
		i, err := readIdentity(q, identityID)
		if err != nil {
			return err
		}
		c.pool, err = ReadPool(q, i.pool)
		return err
	})
	if err != nil {
		return err
	}
	// A pool that was switched off is still in the database, and so are its identities.
	_, unpin, err := a.c.Directory.Find(ctx, RoutePool, c.pool.ID)
	if isNotFound(err) {
		return noIdentity(identityID)
	}
	if err != nil {
		return err
	}
	defer unpin()
	if c.proofs, err = a.verify(ctx, &c.pool, logins); err != nil {
		return err
	}
	return then(env, c)
}

// GetCredentialsForIdentity gives an identity temporary credentials. A guest who
// has signed in keeps the identity, or gets the one that the login had before.
func (a *API) GetCredentialsForIdentity(
	ctx context.Context, in *wire.GetCredentialsForIdentityInput,
) (out *wire.GetCredentialsForIdentityOutput, err error) {
	err = a.enter(ctx, in.IdentityID, in.Logins, func(env keys.Env, c caller) error {
		// A role that is refused changes nothing.
		role, err := c.pool.role(c.proofs, in.CustomRoleARN)
		if err != nil && len(c.proofs) > 0 {
			return err
		}
		// Whether a guest is one comes before what guests may.
		identityID, settled := a.settle(ctx, env, &c.pool, c.id, c.proofs)
		if settled != nil {
			return settled
		}
		if err != nil {
			return err
		}
		f := authn.Federated{
			PoolID: c.pool.ID, IdentityID: identityID, Guest: len(c.proofs) == 0, RoleARN: role, Epoch: c.pool.Epoch,
		}
		if !f.Guest {
			f.Provider, f.Subject = c.proofs[0].provider, c.proofs[0].Subject
		}
		t, err := a.c.Sessions.Issue(f, a.c.Now())
		if err != nil {
			return err
		}
		out = &wire.GetCredentialsForIdentityOutput{IdentityID: identityID, Credentials: &wire.Credentials{
			AccessKeyID: t.AccessKey, SecretKey: t.Secret.Reveal(), SessionToken: t.Token,
			Expiration: awswire.Timestamp{Time: t.Expires},
		}}
		return nil
	})
	return out, err
}

// GetOpenIdToken gives an identity a token of its own.
func (a *API) GetOpenIdToken(ctx context.Context, in *wire.GetOpenIdTokenInput) (out *wire.GetOpenIdTokenOutput, err error) {
	err = a.enter(ctx, in.IdentityID, in.Logins, func(env keys.Env, c caller) error {
		if c.pool.Classic != nil && !*c.pool.Classic {
			return invalid("Basic (classic) flow is not enabled, please use enhanced flow.")
		}
		identityID, err := a.settle(ctx, env, &c.pool, c.id, c.proofs)
		if err != nil {
			return err
		}
		token, err := a.sign(ctx, env, c.pool.ID, identityID, c.proofs)
		if err != nil {
			return err
		}
		out = &wire.GetOpenIdTokenOutput{IdentityID: identityID, Token: token}
		return nil
	})
	return out, err
}

// UnlinkIdentity takes logins away from the identity of the caller, who proves by
// one of them to be it. An identity without any is closed for good.
func (a *API) UnlinkIdentity(ctx context.Context, in *wire.UnlinkIdentityInput) (*wire.UnlinkIdentityOutput, error) {
	err := a.enter(ctx, in.IdentityID, in.Logins, func(env keys.Env, c caller) error {
		if len(c.proofs) == 0 {
			return noMatch()
		}
		now := a.c.Now()
		return env.DB.Tx(ctx, func(tx *db.Tx) error {
			owners, _, err := ownersOf(tx.Query(), c.pool.ID, c.proofs)
			switch {
			case err != nil:
				return err
			case len(owners) == 0:
				return noMatch()
			case len(owners) > 1 || owners[0] != c.id:
				return forbidden(c.id)
			}
			for _, name := range in.LoginsToRemove {
				provider, _ := canonical(name)
				_, err := tx.Exec(`DELETE FROM env.identity_login WHERE identity = $1 AND provider = $2`, c.id, provider)
				if err != nil {
					return fmt.Errorf("unlink login: %w", err)
				}
			}
			_, err = tx.Exec(`UPDATE env.identity SET changed_ms = $2 WHERE id = $1`, c.id, now.UnixMilli())
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return &wire.UnlinkIdentityOutput{}, nil
}
