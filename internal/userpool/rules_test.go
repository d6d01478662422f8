package userpool_test

import (
	"context"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/userpool"
)

func TestLockFor(t *testing.T) {
	t.Parallel()
	for n, lock := range map[int64]time.Duration{
		0: 0, 4: 0, 5: time.Second, 6: 2 * time.Second, 7: 4 * time.Second, 10: 32 * time.Second, 14: 512 * time.Second,
		15: 900 * time.Second, 16: 900 * time.Second, 1 << 40: 900 * time.Second,
	} {
		if got := userpool.LockFor(n); got != lock {
			t.Errorf("%d failures lock for %s; want %s", n, got, lock)
		}
	}
}

// The vectors of RFC 6238, appendix B, cut to six digits.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := userpool.TOTP([]byte("12345678901234567890"), at/30); got != code {
			t.Errorf("at %d: %s; want %s", at, got, code)
		}
	}
}

func TestGeneratedPasswords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, length := range []int{6, 8, 40, 99} {
		p := userpool.DefaultPolicy()
		p.MinLength = length
		for range 50 {
			got, err := p.Generate()
			must(t, "generate", err)
			if why := p.Refuses(got); why != "" || seen[got] {
				t.Errorf("%q: %s", got, why)
			}
			seen[got] = true
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ attribute, to, want string }{
		{"email", "alice@example.com", "a***@e***"},
		{"email", "é@é.com", "é***@é***"},
		{"email", "", "***@***"},
		{"phone_number", "+15555550100", "+*******0100"},
		{"phone_number", "+123", "+123"},
	} {
		if got := userpool.Mask(c.attribute, c.to); got != c.want {
			t.Errorf("%s: %s; want %s", c.to, got, c.want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{`username = "a"`, `email ^= "x\"y"`, `"sub" = ""`, ``, `= "`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { userpool.ParseFilter(text) })
}

// A password that does not get its turn within a second is refused.
func TestProofsWaitTheirTurn(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		free := userpool.Busy(f.Service)
		begun := time.Now()
		_, err := f.password(t, "alice", goodPass)
		want(t, "all turns are taken", err, "TooManyRequests: Too many requests")
		if d := time.Since(begun); d < time.Second {
			t.Errorf("waited %s", d)
		}
		time.AfterFunc(100*time.Millisecond, free)
		_, err = f.password(t, "alice", goodPass)
		must(t, "in the queue", err)
	})
}

// A password that was replaced while it was judged signs nobody in.
func TestPasswordReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		free := userpool.Busy(f.Service)
		replaced := make(chan error, 1)
		time.AfterFunc(200*time.Millisecond, func() {
			replaced <- f.env.DB.Tx(context.WithoutCancel(t.Context()), func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE env.user_account SET verifier_sealed = NULL, salt_sealed = NULL`)
				return err
			})
			free()
		})
		_, err := f.password(t, "alice", goodPass)
		want(t, "sign in", err, wrongPassword)
		must(t, "replace", <-replaced)
	})
}

// BenchmarkSignIn is a sign-in without HTTP: proof, session on disk, two tokens.
func BenchmarkSignIn(b *testing.B) {
	set := dbtest.Open(b, db.Config{Dir: b.TempDir(), Control: lines().Control, Env: lines().Env})
	f := newFixture(b, set, plain(), flows())
	f.newUser(b, "alice", nil)
	b.Run("password", func(b *testing.B) {
		for b.Loop() {
			_, err := f.password(b, "alice", goodPass)
			must(b, "sign in", err)
		}
	})
	b.Run("password/parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, err := f.password(b, "alice", goodPass)
				must(b, "sign in", err)
			}
		})
	})
	b.Run("SRP/begin", func(b *testing.B) {
		for b.Loop() {
			_, _, err := f.challenge(b, "alice")
			must(b, "begin", err)
		}
	})
}
