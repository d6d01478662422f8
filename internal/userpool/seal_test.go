package userpool_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/keys"
	"preamp/internal/userpool"
)

// Passwords, codes and secrets are in no column in a form that can be read, and
// what is sealed for one row does not open in another.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", mail("a@example.com"))
		f.newUser(t, "bob", nil)
		f.signUp(t, "carol", mail("c@example.com"))
		code := f.last(t).Code
		c, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: poolID, Name: "native", GenerateSecret: true})
		must(t, "client", err)
		access := f.access(t, "alice")
		soft, err := f.AssociateSoftwareToken(ctx, f.call(), access, "")
		if errText(err) == "" {
			t.Error("a software token in a pool without")
		}
		_, err = f.UpdatePool(ctx, f.call(), poolID, func(_ *string, s *userpool.Settings) error { s.MFA.TOTP = true; return nil })
		must(t, "turn on", err)
		soft, err = f.AssociateSoftwareToken(ctx, f.call(), access, "")
		must(t, "associate", err)
		for _, column := range []string{
			"user_account.verifier_sealed", "user_account.salt_sealed", "user_account.totp_new_sealed", "user_client.secret_sealed",
			"user_code.hash", "user_pool.secret_sealed",
		} {
			table, name, _ := strings.Cut(column, ".")
			err := f.env.DB.Read(ctx, func(q *db.Query) error {
				return q.Each("SELECT "+name+" FROM env."+table+" WHERE "+name+" IS NOT NULL", nil, func(r db.Row) error {
					var b []byte
					if err := r.Scan(&b); err != nil {
						return err
					}
					for _, secret := range []string{goodPass, c.Secret.Reveal(), soft.Secret, code} {
						if bytes.Contains(b, []byte(secret)) {
							t.Errorf("%s shows a secret", column)
						}
					}
					return nil
				})
			})
			must(t, column, err)
		}
		// Bob's verifier in alice's row would let bob's password in.
		err = f.env.DB.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE env.user_account SET verifier_sealed = (SELECT verifier_sealed FROM env.user_account WHERE username = 'bob')
				WHERE username = 'alice'`)
			return err
		})
		must(t, "move", err)
		if _, err := f.password(t, "alice", goodPass); errText(err) != ": internal error" {
			t.Errorf("a moved verifier: %v", err)
		}
	})
}

// Of parallel sign-ups with one name one succeeds.
func TestParallelSignUp(t *testing.T) {
	t.Parallel()
	each(t, byEmail(), flows(), func(t *testing.T, f *fixture) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		count := map[string]int{}
		for i := range 8 {
			wg.Go(func() {
				name := []string{"a@example.com", "A@Example.com"}[i%2]
				_, err := f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: f.by(name), Password: goodPass})
				mu.Lock()
				defer mu.Unlock()
				count[errText(err)]++
			})
		}
		wg.Wait()
		if d := cmp.Diff(map[string]int{"": 1, "UsernameExists: User already exists": 7}, count); d != "" {
			t.Error(d)
		}
	})
}

func TestSweep(t *testing.T) {
	t.Parallel()
	each(t, plain(), hiding(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for i := range 3 {
			_, err := f.ForgotPassword(ctx, f.call(), f.by(fmt.Sprint("nobody", i)))
			must(t, "forgot", err)
		}
		sweep := func() {
			err := f.env.DB.Tx(ctx, func(tx *db.Tx) error {
				more, err := userpool.Sweep(tx, f.now)
				if more {
					return errors.New("there is more")
				}
				return err
			})
			must(t, "sweep", err)
		}
		count := func() (n int64) {
			must(t, "count", f.env.DB.Row(ctx, "SELECT (SELECT count(*) FROM env.user_code) + (SELECT count(*) FROM env.user_attempt)").Scan(&n))
			return n
		}
		sweep()
		if n := count(); n != 6 {
			t.Errorf("%d rows before they expire", n)
		}
		f.after(25*time.Hour + time.Second)
		sweep()
		if n := count(); n != 0 {
			t.Errorf("%d rows after that", n)
		}
	})
}

func TestTextsThatNoDatabaseHolds(t *testing.T) {
	t.Parallel()
	each(t, plain(), hiding(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, bad := range []string{"a\x00b", "a\xffb", strings.Repeat("x", 10_000)} {
			_, err := f.password(t, bad, goodPass)
			want(t, "sign in", err, wrongPassword)
			_, err = f.AdminUser(ctx, f.call(), poolID, bad)
			want(t, "get", err, noUser)
			_, err = f.Group(ctx, f.call(), poolID, bad)
			want(t, "group", err, "ResourceNotFound: Group not found.")
			_, err = f.ForgotPassword(ctx, f.call(), f.by(bad))
			must(t, "forgot", err)
			if _, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("ok"), Password: goodPass, Attributes: map[string]string{"name": bad}}); err == nil {
				t.Error("the attribute was taken")
			}
		}
	})
}

func TestNewChecksItsConfig(t *testing.T) {
	t.Parallel()
	if _, err := userpool.New(userpool.Config{}); err == nil {
		t.Error("a service without anything was made")
	}
	if got := userpool.SecretHash(keys.NewSecret([]byte("s")), "alice", "cid"); len(got) != 44 {
		t.Errorf("hash %q", got)
	}
	ids := []string{userpool.NewPoolID("us-east-1"), userpool.NewPoolID("us-east-1")}
	if slices.Equal(ids[:1], ids[1:]) || len(ids[0]) != len("us-east-1_")+9 {
		t.Error(ids)
	}
}
