package creds_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/creds"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// each runs fn on both stores with a fresh key store.
func each(t *testing.T, fn func(t *testing.T, set *db.Set, s *creds.Store)) {
	t.Helper()
	lines := dbtest.Lines{Control: []db.Line{keys.ControlLine(), creds.ControlLine()}}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) { fn(t, set, open(t, set)) })
}

var master = keys.NewSecret([]byte("0123456789abcdef0123456789abcdef"))

func open(t *testing.T, set *db.Set) *creds.Store {
	t.Helper()
	ring, err := keys.Open(t.Context(), set.Control(), master)
	if err != nil {
		t.Fatal(err)
	}
	s, err := creds.New(creds.Config{Control: set.Control(), Sealer: ring.Control()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCreateAndLookup(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set, s *creds.Store) {
		ctx := t.Context()
		k, err := s.Create(ctx, "ci")
		if err != nil {
			t.Fatal(err)
		}
		if len(k.ID) != 20 || !strings.HasPrefix(k.ID, "AKIA") || len(k.Secret.Reveal()) != 40 {
			t.Errorf("key %q with a secret of %d characters", k.ID, len(k.Secret.Reveal()))
		}
		for _, store := range []*creds.Store{s, open(t, set)} { // cached, and not
			for range 2 {
				secret, arn, err := store.Lookup(ctx, k.ID)
				if err != nil {
					t.Fatal(err)
				}
				if secret != k.Secret.Reveal() || arn != "arn:aws:iam::000000000000:user/ci" {
					t.Errorf("lookup: right secret %t, ARN %q", secret == k.Secret.Reveal(), arn)
				}
			}
		}
		list, err := s.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 1 || !list[0].Secret.Empty() {
			t.Fatalf("list of %d keys; want one without its secret", len(list))
		}
		want := creds.Key{ID: k.ID, Name: "ci", Created: k.Created}
		if d := cmp.Diff(want, list[0], cmp.Comparer(keys.Secret.Equal)); d != "" {
			t.Error(d)
		}
	})
}

func TestSecretsAreSealed(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set, s *creds.Store) {
		k, err := s.Create(t.Context(), "ci")
		if err != nil {
			t.Fatal(err)
		}
		var stored []byte
		err = set.Control().Row(t.Context(), "SELECT secret_sealed FROM ctl.access_key").Scan(&stored)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stored), k.Secret.Reveal()) {
			t.Error("the secret is stored in clear")
		}
		// A sealed secret that is moved to another key must not open there.
		other, err := s.Create(t.Context(), "other")
		if err != nil {
			t.Fatal(err)
		}
		err = set.Control().Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE ctl.access_key SET secret_sealed = $1 WHERE id = $2", stored, other.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Lookup(t.Context(), other.ID); err == nil || errs.KindOf(err) != errs.Internal {
			t.Errorf("lookup of a key with a foreign secret: %v; want an internal error", err)
		}
	})
}

func TestRevoke(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set, s *creds.Store) {
		ctx := t.Context()
		k, err := s.Create(ctx, "ci")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Lookup(ctx, k.ID); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Revoke(ctx, k.ID); err != nil {
				t.Fatal(err)
			}
		}
		for _, store := range []*creds.Store{s, open(t, set)} {
			if _, _, err := store.Lookup(ctx, k.ID); errs.KindOf(err) != errs.NotFound {
				t.Errorf("lookup of a revoked key: %v; want not found", err)
			}
		}
		list, err := s.List(ctx)
		if err != nil || len(list) != 1 || !list[0].Revoked {
			t.Errorf("list %v, %v; want one revoked key", list, err)
		}
		if err := s.Revoke(ctx, "AKIAAAAAAAAAAAAAAAAA"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("revoke of an unknown key: %v; want not found", err)
		}
	})
}

// A key that another node revoked works until the cache's age is over, and a key
// that another node made works at once although it was looked up before.
func TestRevokedElsewhere(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set, s *creds.Store) {
		ctx := t.Context()
		other := open(t, set)
		k, err := other.Create(ctx, "ci")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Lookup(ctx, k.ID); err != nil {
			t.Fatal(err)
		}
		if err := other.Revoke(ctx, k.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Lookup(ctx, k.ID); err != nil {
			t.Fatalf("the cache was not used: %v", err)
		}
		creds.Age(s, 5*time.Second)
		if _, _, err := s.Lookup(ctx, k.ID); errs.KindOf(err) != errs.NotFound {
			t.Errorf("after 5 s: %v; want not found", err)
		}
	})
}

func TestUnknownKeys(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set, s *creds.Store) {
		for _, id := range []string{
			"", "AKIA", "akiaaaaaaaaaaaaaaaaa", "AKIAAAAAAAAAAAAAAAA1", "ASIAAAAAAAAAAAAAAAAA",
			"AKIAAAAAAAAAAAAAAAAA\n", "AKIAAAAAAAAAAAAAAAAA", "AKIAAAAAAAAAAAAAAAAAA",
		} {
			for range 2 {
				if _, _, err := s.Lookup(t.Context(), id); errs.KindOf(err) != errs.NotFound {
					t.Errorf("lookup of %q: %v; want not found", id, err)
				}
			}
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	lines := dbtest.Lines{Control: []db.Line{keys.ControlLine(), creds.ControlLine()}}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) {
		s := open(t, set)
		k, err := s.Create(t.Context(), "ci")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Lookup(t.Context(), k.ID); err != nil {
			t.Fatal(err)
		}
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
		for n := range 3000 {
			id := fmt.Sprintf("AKIAAAAAAAAAAAAAA%c%c%c", letters[n>>10], letters[n>>5&31], letters[n&31])
			if _, _, err := s.Lookup(t.Context(), id); errs.KindOf(err) != errs.NotFound {
				t.Fatal(err)
			}
		}
		known, unknown := creds.CacheSizes(s)
		if known != 1 || unknown == 0 || unknown > 1024 {
			t.Errorf("%d known and %d unknown keys cached; want 1 and at most 1024", known, unknown)
		}
	})
}

func TestNames(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, s *creds.Store) {
		for _, c := range []struct {
			name string
			ok   bool
		}{
			{"a", true},
			{"A.b-c_d=e,f@g+1", true},
			{strings.Repeat("x", 64), true},
			{strings.Repeat("x", 65), false},
			{"", false},
			{"a b", false},
			{"a/b", false},
			{"a\n", false},
			{"ü", false},
			{"root", false},
		} {
			_, err := s.Create(t.Context(), c.name)
			if c.ok && err != nil || !c.ok && errs.KindOf(err) != errs.Invalid {
				t.Errorf("create %q: %v; want success %t", c.name, err, c.ok)
			}
		}
	})
}

func TestRootIsMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set, s *creds.Store) {
		ctx := t.Context()
		var wg sync.WaitGroup
		roots := make([]creds.Key, 8)
		for i := range roots {
			wg.Go(func() {
				var err error
				if roots[i], err = s.Root(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, k := range roots {
			if k.ID != roots[0].ID || !k.Secret.Equal(roots[0].Secret) || k.Name != "root" || !k.Created.Equal(roots[0].Created) {
				t.Fatalf("two root keys: %+v and %+v", roots[0], k)
			}
		}
		_, arn, err := s.Lookup(ctx, roots[0].ID)
		if err != nil || arn != "arn:aws:iam::000000000000:root" {
			t.Errorf("root has ARN %q, %v", arn, err)
		}
		again, err := open(t, set).Root(ctx)
		if err != nil || again.ID != roots[0].ID {
			t.Errorf("after a restart: %+v, %v", again, err)
		}
		if err := s.Revoke(ctx, roots[0].ID); err != nil {
			t.Fatal(err)
		}
		fresh, err := s.Root(ctx)
		if err != nil || fresh.ID == roots[0].ID {
			t.Errorf("after revocation: %+v, %v; want another key", fresh, err)
		}
	})
}

func TestNewChecksItsConfig(t *testing.T) {
	if _, err := creds.New(creds.Config{}); err == nil {
		t.Error("a store without a database was made")
	}
}
