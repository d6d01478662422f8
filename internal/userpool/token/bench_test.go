package token_test

import (
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/userpool/token"
)

// BenchmarkToken: what a sign-in pays for its two tokens, and what a request pays
// for the check of its token, the first time and again.
func BenchmarkToken(b *testing.B) {
	set := dbtest.Open(b, db.Config{Dir: b.TempDir(), Control: lines().Control, Env: lines().Env})
	env := newEnv(b, set, "env1")
	insert(b, env, pair(), pool.ID)
	k := newKeys(b)
	v := newVerifier(b, k)
	raw := issue(b, k, env, alice(), grant(), start).Access
	verify := func(b *testing.B) {
		b.Helper()
		if _, err := v.Verify(b.Context(), env, pool, token.Access, raw, late); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("issue", func(b *testing.B) {
		for b.Loop() {
			issue(b, k, env, alice(), grant(), start)
		}
	})
	b.Run("verify/first", func(b *testing.B) {
		for b.Loop() {
			v.Drop()
			verify(b)
		}
	})
	b.Run("verify/again", func(b *testing.B) {
		for b.Loop() {
			verify(b)
		}
	})
}
