package userpool_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/keys"
	"preamp/internal/userpool"
)

func TestSRP(t *testing.T) {
	t.Parallel()
	each(t, byEmail(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice@example.com", nil)
		sub := f.user(t, "alice@example.com").Sub
		s, out, err := f.challenge(t, "Alice@example.com")
		must(t, "begin", err)
		if out.Session != "" || out.Parameters["USER_ID_FOR_SRP"] != sub || out.Challenge != "PASSWORD_VERIFIER" {
			t.Errorf("challenge %+v", out)
		}
		answer := s.answer(out.Parameters, goodPass)
		got, err := f.respond(t, "PASSWORD_VERIFIER", "", answer)
		must(t, "answer", err)
		if got.Tokens == nil || got.Tokens.Life != time.Hour {
			t.Fatalf("result %+v", got)
		}
		u, err := f.SignedIn(ctx, f.call(), got.Tokens.Access)
		must(t, "get user", err)
		if u.Sub != sub {
			t.Error("another user")
		}
		_, err = f.respond(t, "PASSWORD_VERIFIER", "", answer)
		want(t, "the same answer again", err, wrongPassword)
		_, err = f.srp(t, "alice@example.com", nextPass)
		want(t, "wrong password", err, wrongPassword)
		_, err = f.srp(t, "bob@example.com", nextPass)
		want(t, "unknown", err, noUser)

		other := f.newClient(t, flows())
		s, out, err = f.challenge(t, "alice@example.com")
		must(t, "begin", err)
		_, err = f.RespondToAuthChallenge(ctx, f.call(), userpool.AuthInput{
			Client: other.ID, Name: "PASSWORD_VERIFIER", Parameters: s.answer(out.Parameters, goodPass),
		})
		want(t, "block of another client", err, wrongPassword)
		f.after(3 * time.Minute)
		_, err = f.respond(t, "PASSWORD_VERIFIER", "", s.answer(out.Parameters, goodPass))
		want(t, "after three minutes", err, wrongPassword)
		answer = s.answer(out.Parameters, goodPass)
		answer["DEVICE_KEY"] = "us-east-1_x"
		_, err = f.respond(t, "PASSWORD_VERIFIER", "", answer)
		want(t, "device", err, "ResourceNotFound: Device does not exist.")
		for range 4 { // salts and ephemeral keys of all widths
			_, err = f.srp(t, "alice@example.com", goodPass)
			must(t, "sign in", err)
		}
	})
}

// The curve: from the fifth failure on, n failures lock for 2^(n-5) s, at most 15
// minutes.
func TestLockoutCurve(t *testing.T) {
	t.Parallel()
	each(t, byAlias(), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "true"})
		names := []string{"alice", "a@example.com", "ALICE", "A@EXAMPLE.COM"} // one counter for all
		for n := 1; n <= 17; n++ {
			_, err := f.password(t, names[n%4], "Wrong0ne!")
			want(t, "wrong", err, wrongPassword)
			if n < 5 {
				continue
			}
			lock := min(900*time.Second, time.Second<<(n-5))
			if n == 8 {
				f.restart(t)
			}
			f.after(lock - time.Millisecond)
			_, err = f.password(t, names[(n+1)%4], goodPass)
			want(t, "right while locked", err, exceeded)
			_, err = f.srp(t, "alice", goodPass)
			want(t, "SRP while locked", err, exceeded)
			f.after(time.Millisecond)
		}
		_, err := f.password(t, "alice", goodPass)
		must(t, "right after the lock", err)
		for range 5 {
			_, err := f.password(t, "alice", "Wrong0ne!")
			want(t, "counted from the beginning", err, wrongPassword)
		}
		f.after(15 * time.Minute)
		for range 5 {
			_, err := f.srp(t, "alice", "Wrong0ne!")
			want(t, "forgotten after 15 minutes", err, wrongPassword)
		}
		_, err = f.password(t, "alice", goodPass)
		want(t, "locked again", err, exceeded)
	})
}

// Parallel attempts learn as much as single ones: five are judged, and a right
// password among those that come later is refused.
func TestParallelPasswords(t *testing.T) {
	t.Parallel()
	each(t, plain(), hiding(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		for _, name := range []string{"alice", "nobody"} {
			count := map[string]int{}
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 40 {
				wg.Go(func() {
					_, err := f.password(t, name, "Wrong0ne!")
					mu.Lock()
					defer mu.Unlock()
					count[errText(err)]++
				})
			}
			wg.Wait()
			if d := cmp.Diff(map[string]int{wrongPassword: 5, exceeded: 35}, count); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
		f.after(time.Second)
		// The lock that begins while a right password is judged refuses it.
		s, out, err := f.challenge(t, "alice")
		must(t, "begin", err)
		_, err = f.password(t, "alice", "Wrong0ne!")
		want(t, "sixth", err, wrongPassword)
		_, err = f.respond(t, "PASSWORD_VERIFIER", "", s.answer(out.Parameters, goodPass))
		want(t, "right while locked", err, exceeded)
	})
}

func TestHidingUsers(t *testing.T) {
	t.Parallel()
	for _, s := range []userpool.Settings{byEmail(), plain()} {
		each(t, s, hiding(), func(t *testing.T, f *fixture) {
			ctx := t.Context()
			real, fake := "real@example.com", "rake@example.com" // one mask
			f.newUser(t, real, map[string]string{"email": real, "email_verified": "true"})
			f.newUser(t, "plain@example.com", nil)
			f.signUp(t, "new@example.com", mail("new@example.com"))
			pairs := [][2]string{{real, fake}, {"new@example.com", "nobody@example.com"}, {"plain@example.com", "phony@example.com"}}
			same := func(what string, fn func(name string) (any, error)) {
				t.Helper()
				for _, p := range pairs {
					for range 25 { // into the limits, and beyond
						a, errA := fn(p[0])
						b, errB := fn(p[1])
						if d := cmp.Diff(a, b) + cmp.Diff(errText(errA), errText(errB)); d != "" {
							t.Fatalf("%s: -%s +%s\n%s", what, p[0], p[1], d)
						}
					}
				}
			}
			confirm := func(name string) (any, error) {
				_, err := f.ConfirmSignUp(ctx, f.call(), f.by(name), "x", false, "")
				return nil, err
			}
			confirmForgot := func(name string) (any, error) {
				return nil, f.ConfirmForgotPassword(ctx, f.call(), f.by(name), "x", nextPass)
			}
			same("password", func(name string) (any, error) { return f.password(t, name, "Wrong0ne!") })
			same("SRP while locked", func(name string) (any, error) { return f.srp(t, name, "Wrong0ne!") })
			f.after(time.Hour)
			same("SRP", func(name string) (any, error) { return f.srp(t, name, "Wrong0ne!") })
			same("confirm without asking for a code", confirm)
			same("confirm forgot without asking for a code", confirmForgot)
			f.after(time.Hour)
			same("resend", func(name string) (any, error) { return f.ResendConfirmationCode(ctx, f.call(), f.by(name)) })
			same("confirm", confirm)
			same("forgot", func(name string) (any, error) { return f.ForgotPassword(ctx, f.call(), f.by(name)) })
			same("confirm forgot", confirmForgot)
			f.after(24 * time.Hour)
			same("confirm late", confirm)
			same("confirm forgot late", confirmForgot)
			f.after(time.Hour)
			_, err := f.ResendConfirmationCode(ctx, f.call(), f.by("new@example.com"))
			must(t, "resend", err)
			code := f.last(t).Code
			f.after(24 * time.Hour)
			_, err = f.ConfirmSignUp(ctx, f.call(), f.by("new@example.com"), code, false, "")
			want(t, "the right code, late", err, expired)
			_, err = f.password(t, fake, goodPass)
			want(t, "unknown", err, wrongPassword)
			_, one, err := f.challenge(t, fake)
			must(t, "simulated challenge", err)
			_, two, err := f.challenge(t, strings.ToUpper(fake))
			must(t, "simulated challenge", err)
			if one.Parameters["SALT"] != two.Parameters["SALT"] || one.Parameters["SRP_B"] == two.Parameters["SRP_B"] {
				t.Error("the simulation differs by salt, or is the same by B")
			}
			_, other, err := f.challenge(t, "other@example.com")
			must(t, "simulated challenge", err)
			if other.Parameters["SALT"] == one.Parameters["SALT"] {
				t.Error("two names have one salt")
			}
			if got := len(one.Parameters["USER_ID_FOR_SRP"]); len(s.UsernameAttributes) > 0 && got != 36 {
				t.Errorf("USER_ID_FOR_SRP has %d characters", got)
			}
		})
	}
}

func TestRefreshAndRevoke(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		in, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		refresh := func(r keys.Secret) error {
			_, err := f.Refresh(ctx, f.call(), userpool.RefreshInput{Client: f.client, Token: r})
			return err
		}
		must(t, "refresh", refresh(in.Tokens.Refresh))
		out, err := f.InitiateAuth(ctx, f.call(), userpool.AuthInput{
			Client: f.client, Name: "REFRESH_TOKEN_AUTH", Parameters: map[string]string{"REFRESH_TOKEN": in.Tokens.Refresh.Reveal()},
		})
		must(t, "refresh flow", err)
		if !out.Tokens.Refresh.Empty() || out.Tokens.Access == in.Tokens.Access {
			t.Errorf("refreshed %+v", out.Tokens)
		}
		must(t, "disable", f.AdminEnable(ctx, f.call(), poolID, "alice", false))
		if err := refresh(in.Tokens.Refresh); err == nil {
			t.Error("a disabled user refreshes")
		}
		_, err = f.password(t, "alice", goodPass)
		want(t, "disabled", err, "NotAuthorized: User is disabled.")
		must(t, "enable", f.AdminEnable(ctx, f.call(), poolID, "alice", true))
		want(t, "the session has ended", refresh(in.Tokens.Refresh), "NotAuthorized: Refresh Token has been revoked")

		one, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		two, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		must(t, "revoke", f.Revoke(ctx, f.call(), f.client, keys.Secret{}, one.Tokens.Refresh))
		want(t, "revoked", refresh(one.Tokens.Refresh), "NotAuthorized: Refresh Token has been revoked")
		_, err = f.SignedIn(ctx, f.call(), one.Tokens.Access)
		want(t, "its access token", err, "NotAuthorized: Access Token has been revoked")
		must(t, "the other", refresh(two.Tokens.Refresh))
		must(t, "sign out", f.SignOutEverywhere(ctx, f.call(), two.Tokens.Access))
		want(t, "signed out", refresh(two.Tokens.Refresh), "NotAuthorized: Refresh Token has been revoked")

		last, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		must(t, "delete", f.DeleteUser(ctx, f.call(), last.Tokens.Access))
		if err := refresh(last.Tokens.Refresh); err == nil {
			t.Error("a deleted user refreshes")
		}
		must(t, "revoke after that", f.Revoke(ctx, f.call(), f.client, keys.Secret{}, last.Tokens.Refresh))
		_, err = f.password(t, "alice", goodPass)
		want(t, "deleted", err, noUser)
		f.newUser(t, "alice", nil)
		_, err = f.SignedIn(ctx, f.call(), last.Tokens.Access)
		if err == nil {
			t.Error("a token of a deleted user is good for the next of the name")
		}
	})
}

func TestClientSecret(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		c, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: poolID, Name: "native", GenerateSecret: true, Settings: flows()})
		must(t, "create", err)
		auth := func(hash string) error {
			_, err := f.InitiateAuth(ctx, f.call(), userpool.AuthInput{Client: c.ID, Name: userpool.AuthPassword, Parameters: map[string]string{
				"USERNAME": "alice", "PASSWORD": goodPass, "SECRET_HASH": hash,
			}})
			return err
		}
		want(t, "none", auth(""), "NotAuthorized: Client "+c.ID+" is configured with secret but SECRET_HASH was not received")
		want(t, "wrong", auth("x"), "NotAuthorized: Unable to verify secret hash for client "+c.ID)
		must(t, "right", auth(userpool.SecretHash(c.Secret, "alice", c.ID)))
		again, err := f.Client(ctx, f.call(), poolID, c.ID)
		must(t, "read", err)
		if !again.Secret.Equal(c.Secret) || c.Secret.Empty() {
			t.Error("the secret is not the same")
		}
	})
}

func TestFlowsOfClients(t *testing.T) {
	t.Parallel()
	each(t, plain(), userpool.ClientSettings{}, func(t *testing.T, f *fixture) {
		for flow, text := range map[string]string{
			userpool.AuthPassword: "InvalidParameter: USER_PASSWORD_AUTH flow not enabled for this client",
			userpool.AuthChoice:   "InvalidParameter: USER_AUTH flow not enabled for this client",
			"CUSTOM_AUTH":         "InvalidParameter: CUSTOM_AUTH is not available in this version.",
		} {
			_, err := f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
				Client: f.client, Name: flow, Parameters: map[string]string{"USERNAME": "alice", "PASSWORD": "x"},
			})
			want(t, flow, err, text)
		}
		_, err := f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{Client: f.client, Name: "X"})
		if !strings.HasPrefix(errText(err), "InvalidParameter: 1 validation error detected: Value 'X' at 'authFlow' failed to satisfy constraint: "+
			"Member must satisfy enum value set: [") {
			t.Error(err)
		}
		_, err = f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
			Client: f.client, Name: userpool.AuthSRP, Parameters: map[string]string{"USERNAME": "alice", "SRP_A": "0"},
		})
		want(t, "unknown first", err, noUser)
		f.newUser(t, "alice", nil)
		for _, a := range []string{"", "0", srpPrime, "-1", "xyz"} {
			_, err = f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
				Client: f.client, Name: userpool.AuthSRP, Parameters: map[string]string{"USERNAME": "alice", "SRP_A": a},
			})
			want(t, "SRP_A "+a, err, "InvalidParameter: SRP_A is not valid.")
		}
	})
}

func TestGroupsInTokens(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		for _, g := range []userpool.Group{
			{Name: "late", Precedence: new(int64(9)), Role: "arn:aws:iam::000000000000:role/late"},
			{Name: "none"},
			{Name: "first", Precedence: new(int64(1)), Role: "arn:aws:iam::000000000000:role/first"},
		} {
			g.Pool = poolID
			_, err := f.CreateGroup(ctx, f.call(), g)
			must(t, "create", err)
			must(t, "add", f.AddToGroup(ctx, f.call(), poolID, "alice", g.Name))
		}
		out, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		claims := claimsOf(t, out.Tokens.ID)
		got := []any{claims["cognito:groups"], claims["cognito:preferred_role"], claims["cognito:roles"]}
		wantClaims := []any{
			[]any{"first", "late", "none"},
			"arn:aws:iam::000000000000:role/first",
			[]any{"arn:aws:iam::000000000000:role/first", "arn:aws:iam::000000000000:role/late"},
		}
		if d := cmp.Diff(wantClaims, got); d != "" {
			t.Error(d)
		}
		if !slices.Equal(claimsOf(t, out.Tokens.Access)["cognito:groups"].([]any), wantClaims[0].([]any)) {
			t.Error("groups of the access token")
		}
	})
}
