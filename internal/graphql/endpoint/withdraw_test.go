package endpoint_test

import (
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/keys"
)

// A version that is taken back takes the new life of the API key with it, and a
// key that it brought.
func TestWithdrawRevertsTheKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, dbtest.Lines{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), endpoint.EnvLine()}}, func(t *testing.T, set *db.Set) {
		ring, err := keys.Open(t.Context(), set.Control(), keys.NewSecret(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		const uid = "abcdefghijklmnop"
		if err := set.Create(t.Context(), uid); err != nil {
			t.Fatal(err)
		}
		d, release, err := set.Acquire(t.Context(), uid)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if err := d.Tx(t.Context(), func(tx *db.Tx) error { return ring.CreateEnv(tx, uid) }); err != nil {
			t.Fatal(err)
		}
		sealer, err := ring.Env(t.Context(), uid, d)
		if err != nil {
			t.Fatal(err)
		}
		version := func(api string, n int64, key func(tx *db.Tx) error) {
			t.Helper()
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				if err := endpoint.CreateAPI(tx, api, "x", 1); err != nil {
					return err
				}
				if err := endpoint.PutVersion(tx, api, endpoint.Version{Number: n}); err != nil {
					return err
				}
				if err := key(tx); err != nil {
					return err
				}
				return endpoint.Publish(tx, api, n)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		none := func(*db.Tx) error { return nil }
		version("extended", 1, func(tx *db.Tx) error { return endpoint.PutKey(tx, sealer, "extended", "da2-a", 1000) })
		version("extended", 2, func(tx *db.Tx) error { return endpoint.ExtendKey(tx, "extended", 5) })
		version("added", 1, none)
		version("added", 2, func(tx *db.Tx) error { return endpoint.PutKey(tx, sealer, "added", "da2-b", 1000) })
		for _, tc := range []struct {
			api  string
			want int64 // end of the key; 0: none
		}{{"extended", 1000}, {"added", 0}} {
			err := d.Tx(t.Context(), func(tx *db.Tx) error { return endpoint.Withdraw(tx, tc.api, 2) })
			if err != nil {
				t.Fatal(err)
			}
			var found []endpoint.Key
			err = d.Read(t.Context(), func(q *db.Query) (err error) {
				found, err = endpoint.Keys(q, sealer, tc.api)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tc.want == 0 && len(found) > 0:
				t.Errorf("%s: a key is left", tc.api)
			case tc.want != 0 && (len(found) != 1 || found[0].ExpiresMS != tc.want):
				t.Errorf("%s: keys %v, want one that ends at %d", tc.api, found, tc.want)
			}
		}
	})
}
