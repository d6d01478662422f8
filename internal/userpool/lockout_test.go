package userpool_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/keys"
	"preamp/internal/userpool"
)

// withTOTP makes a user with a software token and answers its secret.
func (f *fixture) withTOTP(t testing.TB, name string) (secret string) {
	t.Helper()
	f.newUser(t, name, nil)
	access := f.access(t, name)
	soft, err := f.AssociateSoftwareToken(t.Context(), f.call(), access, "")
	must(t, "associate", err)
	_, err = f.VerifySoftwareToken(t.Context(), f.call(), access, "", totp(t, soft.Secret, f.now), "")
	must(t, "verify", err)
	must(t, "turn on", f.SetMFAPreference(t.Context(), f.call(), access, userpool.Preferences{TOTP: &userpool.Preference{Enabled: true}}))
	f.after(time.Minute)
	return soft.Secret
}

// The curve of passwords is that of codes too, with a count of their own.
func TestLockoutCurveOfCodes(t *testing.T) {
	t.Parallel()
	each(t, mfa(userpool.MFAOptional), flows(), func(t *testing.T, f *fixture) {
		secret := f.withTOTP(t, "alice")
		ask := func() string {
			out, err := f.password(t, "alice", goodPass)
			must(t, "password", err)
			return out.Session
		}
		answer := func(session, code string) error {
			_, err := f.respond(t, "SOFTWARE_TOKEN_MFA", session, names("alice", "SOFTWARE_TOKEN_MFA_CODE", code))
			return err
		}
		for n := 1; n <= 17; n++ {
			want(t, "wrong", answer(ask(), "x"), wrongFactor)
			if n < 5 {
				continue
			}
			lock := min(900*time.Second, time.Second<<(n-5))
			f.after(lock - time.Millisecond)
			session := ask() // the password is not locked
			for range 3 {    // refused ones are not counted and lengthen nothing
				want(t, "right while locked", answer(session, totp(t, secret, f.now)), exceeded)
			}
			f.after(time.Millisecond)
		}
		must(t, "right after the lock", answer(ask(), totp(t, secret, f.now)))
		for range 4 {
			want(t, "counted from the beginning", answer(ask(), "x"), wrongFactor)
		}
		f.after(15*time.Minute - time.Millisecond)
		want(t, "not forgotten yet", answer(ask(), "x"), wrongFactor)
		want(t, "locked", answer(ask(), totp(t, secret, f.now)), exceeded)
		f.after(15 * time.Minute)
		for range 5 {
			want(t, "forgotten", answer(ask(), "x"), wrongFactor)
		}
	})
}

// Whoever knows an address can ask for a code and fail, also where the user cannot
// sign in by one, and locks nobody's second factor by it.
func TestFirstCodesLeaveSecondFactors(t *testing.T) {
	t.Parallel()
	settings := passwordless()
	settings.MFA = userpool.MFASettings{Mode: userpool.MFAOptional, TOTP: true}
	each(t, settings, hiding(), func(t *testing.T, f *fixture) {
		const name = "a@example.com"
		secret := f.withTOTP(t, name)
		must(t, "verify the address", f.AdminUpdateAttributes(t.Context(), f.call(), poolID, name, map[string]string{"email_verified": "true"}))
		out, err := f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
			Client: f.client, Name: "USER_AUTH", Parameters: names(name, "PREFERRED_CHALLENGE", "EMAIL_OTP"),
		})
		must(t, "begin", err)
		for range 6 {
			_, err := f.respond(t, "EMAIL_OTP", out.Session, names(name, "EMAIL_OTP_CODE", "00000000"))
			if text := errText(err); text != wrongFactor && text != exceeded {
				t.Fatalf("a wrong code: %s", text)
			}
		}
		out, err = f.password(t, name, goodPass)
		must(t, "password", err)
		out, err = f.respond(t, "SOFTWARE_TOKEN_MFA", out.Session, names(name, "SOFTWARE_TOKEN_MFA_CODE", totp(t, secret, f.now)))
		must(t, "second factor", err)
		if out.Tokens == nil {
			t.Errorf("%+v", out)
		}
	})
}

// Of 200 wrong codes at once five are judged, and the lock is that of five.
func TestParallelWrongCodes(t *testing.T) {
	t.Parallel()
	each(t, mfa(userpool.MFAOptional), flows(), func(t *testing.T, f *fixture) {
		secret := f.withTOTP(t, "alice")
		out, err := f.password(t, "alice", goodPass)
		must(t, "password", err)
		count := map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				_, err := f.respond(t, "SOFTWARE_TOKEN_MFA", out.Session, names("alice", "SOFTWARE_TOKEN_MFA_CODE", "x"))
				mu.Lock()
				defer mu.Unlock()
				count[errText(err)]++
			})
		}
		wg.Wait()
		if d := cmp.Diff(map[string]int{wrongFactor: 5, exceeded: 195}, count); d != "" {
			t.Error(d)
		}
		f.after(time.Second)
		_, err = f.respond(t, "SOFTWARE_TOKEN_MFA", out.Session, names("alice", "SOFTWARE_TOKEN_MFA_CODE", totp(t, secret, f.now)))
		must(t, "after the lock of five", err)
	})
}

// A lock is in the store: a server that starts again keeps it, with its length.
func TestLockSurvivesRestart(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, db.Config{Control: lines().Control, Env: lines().Env}, func(t *testing.T, c db.Config) {
		ctx := t.Context()
		set, err := db.Open(ctx, c)
		must(t, "open", err)
		f := &fixture{set: set, now: start}
		release := f.openEnv(t)
		_, err = f.CreatePool(ctx, f.call(), userpool.NewPool{ID: poolID, Name: "test", Settings: plain()})
		must(t, "pool", err)
		f.client = f.newClient(t, flows()).ID
		f.newUser(t, "alice", nil)
		for range 7 {
			_, err := f.password(t, "alice", "Wrong0ne!")
			want(t, "wrong", err, wrongPassword)
			f.after(4 * time.Second)
		}
		f.after(-time.Millisecond)
		release()
		must(t, "close", set.Close())
		if set, err = db.Open(ctx, c); err != nil {
			t.Fatal(err)
		}
		f.set = set
		release = f.openEnv(t)
		_, err = f.password(t, "alice", goodPass)
		want(t, "locked", err, exceeded)
		f.after(time.Millisecond)
		if _, err := f.password(t, "alice", goodPass); err != nil {
			t.Errorf("after the lock: %v", err)
		}
		release()
		must(t, "close", set.Close())
	})
}

// openEnv opens the environment, which it makes the first time.
func (f *fixture) openEnv(t testing.TB) (release func()) {
	t.Helper()
	ctx := t.Context()
	ring, err := keys.Open(ctx, f.set.Control(), master)
	must(t, "ring", err)
	must(t, "create", f.set.Create(ctx, "env1"))
	d, release, err := f.set.Acquire(ctx, "env1")
	must(t, "acquire", err)
	must(t, "keys", d.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, "env1") }))
	sealer, err := ring.Env(ctx, "env1", d)
	must(t, "sealer", err)
	f.env.UID, f.env.DB, f.env.Sealer = "env1", d, sealer
	f.restart(t)
	return release
}

// A code of a software token works once, at whichever node, and no code of an
// earlier step works after it.
func TestSoftwareTokenAcrossNodes(t *testing.T) {
	t.Parallel()
	each(t, mfa(userpool.MFAOptional), flows(), func(t *testing.T, f *fixture) {
		secret := f.withTOTP(t, "alice")
		nodes := []*userpool.Service{f.Service}
		for range 2 {
			f.restart(t)
			nodes = append(nodes, f.Service)
		}
		try := func(node int, code string) error {
			f.Service = nodes[node]
			out, err := f.password(t, "alice", goodPass)
			must(t, "password", err)
			_, err = f.respond(t, "SOFTWARE_TOKEN_MFA", out.Session, names("alice", "SOFTWARE_TOKEN_MFA_CODE", code))
			return err
		}
		now := totp(t, secret, f.now)
		must(t, "first", try(0, now))
		want(t, "again at another node", try(1, now), wrongFactor)
		want(t, "the step before at a third", try(2, totp(t, secret, f.now.Add(-30*time.Second))), wrongFactor)
		must(t, "the next step", try(1, totp(t, secret, f.now.Add(30*time.Second))))
		want(t, "the next step again", try(2, totp(t, secret, f.now.Add(30*time.Second))), wrongFactor)
	})
}
