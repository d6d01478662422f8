package identitypool

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/id"
	"preamp/internal/keys"
)

// shardTries bounds the search for numbers that no other environment has. With a
// million environments one in four thousand is taken.
const shardTries = 8

// shard is the number of an environment, with which the ids of its identities
// begin, so that an id leads to it. It is chosen when it is needed first.
func (a *API) shard(ctx context.Context, env keys.Env) (string, error) {
	const read = `SELECT shard FROM env.identity_shard WHERE id = 1`
	var shard string
	err := env.DB.Row(ctx, read).Scan(&shard)
	if !errors.Is(err, db.ErrNoRows) {
		return shard, err
	}
	fresh, err := a.reserve(ctx, env.UID)
	if err != nil {
		return "", err
	}
	err = env.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO env.identity_shard (id, shard) VALUES (1, $1) ON CONFLICT DO NOTHING`, fresh)
		if err != nil {
			return err
		}
		return tx.Row(read).Scan(&shard)
	})
	if err != nil {
		return "", fmt.Errorf("store identity shard: %w", err)
	}
	if shard != fresh { // somebody else was faster
		err = a.c.Directory.Remove(ctx, RouteShard, fresh)
	}
	return shard, err
}

// reserve makes a number lead to an environment.
func (a *API) reserve(ctx context.Context, uid string) (string, error) {
	for range shardTries {
		b := make([]byte, 4)
		_, _ = rand.Read(b) // never fails
		shard := hex.EncodeToString(b)
		err := a.c.Directory.Put(ctx, RouteShard, shard, uid)
		if err == nil {
			return shard, nil
		}
		if errs.KindOf(err) != errs.Conflict {
			return "", fmt.Errorf("reserve identity shard: %w", err)
		}
	}
	return "", errs.E(errs.Unavailable, "no free number for the identities of the environment was found")
}

// newIdentityID makes the id of an identity of a pool.
func newIdentityID(poolID, shard string) string {
	region, _, _ := strings.Cut(poolID, ":")
	return region + ":" + shard + id.NewUUID()[len(shard):]
}

// home pins the environment of an identity.
func (a *API) home(ctx context.Context, identityID string) (keys.Env, func(), error) {
	_, rest, _ := strings.Cut(identityID, ":")
	if !poolIDForm.MatchString(identityID) {
		return keys.Env{}, nil, noIdentity(printable(identityID))
	}
	env, release, err := a.c.Directory.Find(ctx, RouteShard, rest[:8])
	if isNotFound(err) {
		return keys.Env{}, nil, noIdentity(identityID)
	}
	return env, release, err
}
