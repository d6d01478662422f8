package identitypool_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/identitypool"
	"preamp/internal/identitypool/wire"
)

// TestCheck are credentials that end before their time.
func TestCheck(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.WithoutCancel(t.Context())
		login := func() (pool string, who authn.Federated) {
			pool = f.pool(t, nil)
			c := f.get(t, f.getID(t, pool, logins("a")), logins("a")).Credentials
			_, who, err := f.sessions.OpenSession(c.AccessKeyID, c.SessionToken, start)
			if err != nil {
				t.Fatal(err)
			}
			want(t, f.Check(ctx, &who), "", "")
			return pool, who
		}
		pool, who := login()
		expected := authn.Federated{
			PoolID: pool, IdentityID: who.IdentityID, RoleARN: authRole, Provider: provider, Subject: "a", Epoch: start.UnixMilli(),
		}
		if d := cmp.Diff(expected, who); d != "" {
			t.Error(d)
		}
		f.allowGuests(t, pool, false)
		want(t, f.Check(ctx, &who), "", "")

		for _, tt := range []struct {
			name   string
			change func(f *authn.Federated)
		}{
			{"other pool", func(f *authn.Federated) { f.PoolID = nobody }},
			{"other identity", func(f *authn.Federated) { f.IdentityID = nobody }},
			{"earlier epoch", func(f *authn.Federated) { f.Epoch-- }},
			{"later epoch", func(f *authn.Federated) { f.Epoch++ }},
			{"guest of a pool without guests", func(f *authn.Federated) { f.Guest = true }},
		} {
			other := who
			tt.change(&other)
			if err := f.Check(ctx, &other); errs.KindOf(err) != errs.Unauthenticated {
				t.Errorf("%s: %v", tt.name, err)
			}
		}

		// As if it were another pool that was made under the same id.
		f.tx(t, pool, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE env.identity_pool SET epoch = epoch + 1 WHERE id = $1`, pool)
			return err
		})
		want(t, f.Check(ctx, &who), unrecognized, "The security token included in the request is invalid.")
		again := f.get(t, who.IdentityID, logins("a")).Credentials
		_, who, err := f.sessions.OpenSession(again.AccessKeyID, again.SessionToken, start)
		if err != nil {
			t.Fatal(err)
		}
		want(t, f.Check(ctx, &who), "", "")

		if _, err := f.DeleteIdentityPool(ctx, &wire.DeleteIdentityPoolInput{IdentityPoolID: pool}); err != nil {
			t.Fatal(err)
		}
		want(t, f.Check(ctx, &who), unrecognized, "")

		// Deleted and made again under its old id, with the same identity, by a job.
		pool, who = login()
		f.tx(t, pool, func(tx *db.Tx) error {
			if err := identitypool.DropPool(tx, pool); err != nil {
				return err
			}
			if _, err := identitypool.InsertPool(tx, pool, identitypool.Settings{Name: "again"}, start.Add(time.Second)); err != nil {
				return err
			}
			_, err := tx.Exec(`INSERT INTO env.identity (id, pool, guest, created_ms, changed_ms) VALUES ($1, $2, 0, 1, 1)`, who.IdentityID, pool)
			return err
		})
		want(t, f.Check(ctx, &who), unrecognized, "")

		_, who = login()
		out, err := f.DeleteIdentities(ctx, &wire.DeleteIdentitiesInput{IdentityIdsToDelete: []string{who.IdentityID}})
		if err != nil || len(out.UnprocessedIdentityIds) != 0 {
			t.Fatal(out, err)
		}
		want(t, f.Check(ctx, &who), unrecognized, "")
	})
}

// The credentials of an app end with its environment.
func TestCheckWithoutEnvironment(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.jobPool(t)
		c := f.get(t, f.getID(t, pool, nil), nil).Credentials
		_, who, err := f.sessions.OpenSession(c.AccessKeyID, c.SessionToken, start)
		if err != nil {
			t.Fatal(err)
		}
		want(t, f.Check(t.Context(), &who), "", "")
		if err := f.dir.set.Drop(t.Context(), "other"); err != nil {
			t.Fatal(err)
		}
		want(t, f.Check(t.Context(), &who), unrecognized, "")
		_, err = f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: who.IdentityID})
		want(t, err, gone, "")
	})
}
