package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/userpool/token"
)

// published is the kids of the key set, which is checked to be of the form that
// verifiers know.
func published(t *testing.T, k *token.Keys, env token.Env, now time.Time) []string {
	t.Helper()
	raw, err := k.JWKS(t.Context(), env, pool.ID, now)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Keys []map[string]string }
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	var kids []string
	for _, j := range doc.Keys {
		n, err := base64.RawURLEncoding.DecodeString(j["n"])
		if err != nil || len(j) != 6 || j["alg"] != "RS256" || j["e"] != "AQAB" || j["kty"] != "RSA" || j["use"] != "sig" ||
			new(big.Int).SetBytes(n).BitLen() != 2048 || len(j["kid"]) != 44 {
			t.Errorf("key %v", j)
		}
		kids = append(kids, j["kid"])
	}
	if !bytes.HasPrefix(raw, []byte(`{"keys":[{"alg":"RS256","e":"AQAB","kid":"`)) {
		t.Errorf("%s", raw)
	}
	return kids
}

func kids(p *token.Pair) []string {
	_, id := p.Private(token.ID)
	_, access := p.Private(token.Access)
	return []string{id, access}
}

func sameKids(t *testing.T, when string, got []string, pairs ...*token.Pair) {
	t.Helper()
	var want []string
	for _, p := range pairs {
		want = append(want, kids(p)...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: published %v, want %v", when, got, want)
	}
}

// TestRotation follows two nodes through a rotation: no token is ever refused
// that has not expired, and no node signs with a key that another one does not
// publish.
func TestRotation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		here, there := newKeys(t), newKeys(t)
		v := newVerifier(t, there)
		g := grant()
		g.AccessLife, g.IDLife = token.MaxLife, token.MaxLife
		kid := func(out token.Issued) any { _, h := decode(t, out.Access, 0); return h["kid"] }
		check := func(when string, out token.Issued, now time.Time) {
			t.Helper()
			for _, raw := range []string{out.ID, out.Access} {
				if _, err := v.Verify(t.Context(), env, pool, "", raw, now); err != nil {
					t.Errorf("%s: %v", when, err)
				}
			}
		}
		sameKids(t, "at first", published(t, there, env, start), pair())
		old := issue(t, here, env, alice(), g, start)

		now := start.Add(time.Hour)
		sameKids(t, "just before", published(t, there, env, now), pair())
		write(t, env.DB, func(tx *db.Tx) error { return otherPair().Rotate(tx, env.Sealer, pool.ID, now) })
		here.Forget(env, pool.ID)
		sameKids(t, "here at once", published(t, here, env, now), pair(), otherPair())
		sameKids(t, "there a little later", published(t, there, env, now.Add(token.KeyAge)), pair(), otherPair())
		if out := issue(t, here, env, alice(), g, now.Add(token.PublishFirst-1)); kid(out) != kids(pair())[1] {
			t.Error("the new key signs before all nodes know it")
		}

		now = now.Add(token.PublishFirst)
		fresh := issue(t, here, env, alice(), g, now)
		if kid(fresh) != kids(otherPair())[1] {
			t.Error("the new key does not sign")
		}
		late := issue(t, there, env, alice(), g, now.Add(token.KeyAge)) // whatever it signs with
		check("old token", old, now)
		check("new token", fresh, now)
		now = now.Add(token.MaxLife - 1)
		check("new token at its end", fresh, now)
		check("late token at its end", late, now)

		now = now.Add(token.RetiredMargin + time.Minute)
		sameKids(t, "at the end", published(t, there, env, now), otherPair())
		third := makePair()
		write(t, env.DB, func(tx *db.Tx) error { return third.Rotate(tx, env.Sealer, pool.ID, now) })
		var n int
		if err := env.DB.Row(t.Context(), `SELECT count(*) FROM env.token_key`).Scan(&n); err != nil || n != 4 {
			t.Errorf("%d rows of keys, %v", n, err)
		}
	})
}

// TestUnknownKeyIsLookedFor: another node may have rotated, or restored.
func TestUnknownKeyIsLookedFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		v, now := newVerifier(t, newKeys(t)), start
		out := issue(t, newKeys(t), env, alice(), grant(), now)
		if _, err := v.Verify(t.Context(), env, pool, "", out.ID, now); err != nil {
			t.Fatal(err)
		}
		write(t, env.DB, func(tx *db.Tx) error { return otherPair().Rotate(tx, env.Sealer, pool.ID, now.Add(-time.Hour)) })
		out = issue(t, newKeys(t), env, alice(), grant(), now)
		if _, err := v.Verify(t.Context(), env, pool, "", out.ID, now.Add(500*time.Millisecond)); err == nil {
			t.Error("the keys are read again at once: forged tokens would read them as often as they like")
		}
		if _, err := v.Verify(t.Context(), env, pool, "", out.ID, now.Add(2*time.Second)); err != nil {
			t.Error(err)
		}
	})
}

func TestInsertKeepsKeys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		insert(t, env, otherPair(), pool.ID) // a job step that is repeated
		sameKids(t, "after the second", published(t, newKeys(t), env, start), pair())
		err := env.DB.Tx(t.Context(), func(tx *db.Tx) error {
			return otherPair().Rotate(tx, env.Sealer, "us-east-1_none", start)
		})
		if errs.KindOf(err) != errs.NotFound {
			t.Errorf("rotation of a pool without keys: %v", err)
		}
	})
}

func TestDropPool(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		k := newKeys(t)
		v := newVerifier(t, k)
		out := issue(t, k, env, alice(), grant(), start)
		if _, err := v.Verify(t.Context(), env, pool, "", out.ID, start); err != nil {
			t.Fatal(err)
		}
		begin(t, env, "alice", start)
		write(t, env.DB, func(tx *db.Tx) error { return token.DropPool(tx, pool.ID) })
		k.Forget(env, pool.ID)
		if _, err := k.JWKS(t.Context(), env, pool.ID, start); errs.KindOf(err) != errs.NotFound {
			t.Errorf("keys: %v", err)
		}
		if _, err := v.Verify(t.Context(), env, pool, "", out.ID, start); !errors.Is(err, token.ErrRefused) {
			t.Errorf("a token that was verified before: %v", err)
		}
		// Nor by the keys of another pool of the same id.
		insert(t, env, otherPair(), pool.ID)
		k.Forget(env, pool.ID)
		if _, err := v.Verify(t.Context(), env, pool, "", out.ID, start); !errors.Is(err, token.ErrRefused) {
			t.Errorf("a token that was verified before, with other keys: %v", err)
		}
		var n int
		if err := env.DB.Row(t.Context(), `SELECT count(*) FROM env.auth_session`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d sessions, %v", n, err)
		}
	})
}

// TestPrivateKeysAreSealed looks for the keys in what is stored.
func TestPrivateKeysAreSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		private, kid := pair().Private(token.ID)
		var stored []byte
		if err := env.DB.Row(t.Context(), `SELECT private_sealed FROM env.token_key WHERE kid = $1`, kid).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(stored, private.Primes[0].Bytes()) || bytes.Contains(stored, private.D.Bytes()) {
			t.Error("the key stands there in clear")
		}
		// Sealed bytes that are moved to another row do not open.
		_, other := pair().Private(token.Access)
		write(t, env.DB, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE env.token_key SET private_sealed = $2 WHERE kid = $1`, other, stored)
			return err
		})
		if _, err := newKeys(t).Issue(t.Context(), env, pool, alice(), grant(), start); errs.KindOf(err) != errs.Internal || err == nil {
			t.Errorf("issue with a moved key: %v", err)
		}
	})
}

// TestKeysShareOneRead: many callers that need the same keys at once.
func TestKeysShareOneRead(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		k := newKeys(t)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := k.JWKS(t.Context(), env, pool.ID, start); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() { k.Forget(env, pool.ID) })
		}
		wg.Wait()
		sameKids(t, "afterwards", published(t, k, env, start), pair())
	})
}
