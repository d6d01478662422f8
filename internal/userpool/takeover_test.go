package userpool_test

import (
	"strings"
	"testing"

	"preamp/internal/userpool"
)

const invalidSession = "NotAuthorized: Invalid session for the user."

// Whoever knows the password can set up the first second factor, and no other one:
// a Session of the set-up must not be a way around the factor that came meanwhile.
func TestSetupEndsWithTheFirstFactor(t *testing.T) {
	t.Parallel()
	each(t, mfa(userpool.MFAOn), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		setup := func() userpool.Software {
			out, err := f.password(t, "alice", goodPass)
			must(t, "sign in", err)
			soft, err := f.AssociateSoftwareToken(ctx, f.call(), "", out.Session)
			must(t, "associate", err)
			return soft
		}
		thief := setup()
		late, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		own := setup()
		session, err := f.VerifySoftwareToken(ctx, f.call(), "", own.Session, totp(t, own.Secret, f.now), "")
		must(t, "verify", err)
		out, err := f.respond(t, "MFA_SETUP", session, names("alice"))
		must(t, "finish", err)
		if out.Tokens == nil {
			t.Fatalf("%+v", out)
		}
		_, err = f.AssociateSoftwareToken(ctx, f.call(), "", thief.Session)
		want(t, "another secret", err, invalidSession)
		_, err = f.AssociateSoftwareToken(ctx, f.call(), "", late.Session)
		want(t, "a secret by a Session that was not used", err, invalidSession)
		_, err = f.VerifySoftwareToken(ctx, f.call(), "", thief.Session, totp(t, thief.Secret, f.now), "")
		want(t, "another token", err, invalidSession)
	})
}

// What was begun with a password ends with it.
func TestChallengesEndWithThePassword(t *testing.T) {
	t.Parallel()
	each(t, mfa(userpool.MFAOn), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		out, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		soft, err := f.AssociateSoftwareToken(ctx, f.call(), "", out.Session)
		must(t, "associate", err)
		must(t, "another password", f.AdminSetPassword(ctx, f.call(), poolID, "alice", nextPass, true))
		_, err = f.AssociateSoftwareToken(ctx, f.call(), "", soft.Session)
		want(t, "a secret", err, invalidSession)
		_, err = f.VerifySoftwareToken(ctx, f.call(), "", soft.Session, totp(t, soft.Secret, f.now), "")
		want(t, "a token", err, invalidSession)

		f.newUser(t, "bob", map[string]string{"phone_number": "+15555550100"})
		out, err = f.password(t, "bob", goodPass)
		must(t, "sign in", err)
		code := f.last(t).Code
		must(t, "another password", f.AdminSetPassword(ctx, f.call(), poolID, "bob", nextPass, true))
		_, err = f.respond(t, "SMS_MFA", out.Session, names("bob", "SMS_MFA_CODE", code))
		want(t, "a code", err, invalidSession)

		_, err = f.AdminCreateUser(ctx, f.call(), userpool.NewUser{Pool: poolID, Username: "carol", Temporary: goodPass, Suppress: true})
		must(t, "create", err)
		out, err = f.password(t, "carol", goodPass)
		must(t, "sign in", err)
		_, err = f.AdminCreateUser(ctx, f.call(), userpool.NewUser{Pool: poolID, Username: "carol", Temporary: nextPass, Resend: true, Suppress: true})
		must(t, "another temporary password", err)
		_, err = f.respond(t, "NEW_PASSWORD_REQUIRED", out.Session, names("carol", "NEW_PASSWORD", "Passw0rd!z"))
		want(t, "a new password by the temporary one before", err, invalidSession)
	})
}

// The code of a sign-up confirms who has signed up, and lets nobody out of a state
// that an administrator has put the user in.
func TestSignUpCodeConfirmsOnce(t *testing.T) {
	t.Parallel()
	each(t, plain(), hiding(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.signUp(t, "alice", mail("a@example.com"))
		code := f.last(t).Code
		must(t, "temporary password", f.AdminSetPassword(ctx, f.call(), poolID, "alice", nextPass, false))
		_, err := f.ConfirmSignUp(ctx, f.call(), f.by("alice"), code, false, "")
		want(t, "confirm", err, mismatch)
		if u := f.user(t, "alice"); u.Status != userpool.StatusForceChange {
			t.Errorf("alice is %s", u.Status)
		}
	})
}

// A code of a forgotten password is of the address that it was sent to: who has
// another one since may have it because somebody else reads the old one.
func TestForgotCodeEndsWithTheAddress(t *testing.T) {
	t.Parallel()
	for _, client := range []userpool.ClientSettings{flows(), hiding()} {
		each(t, plain(), client, func(t *testing.T, f *fixture) {
			ctx := t.Context()
			f.newUser(t, "alice", map[string]string{"email": "old@example.com", "email_verified": "true"})
			_, err := f.ForgotPassword(ctx, f.call(), f.by("alice"))
			must(t, "forgot", err)
			code := f.last(t).Code
			must(t, "another address", f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice",
				map[string]string{"email": "new@example.com", "email_verified": "true"}))
			text := expired
			if client.HideUsers {
				text = mismatch
			}
			want(t, "confirm", f.ConfirmForgotPassword(ctx, f.call(), f.by("alice"), code, nextPass), text)
		})
	}
}

// Nobody takes the place of an address that will sign somebody else in.
func TestNamesThatLookLikeAddresses(t *testing.T) {
	t.Parallel()
	s := byAlias()
	s.AliasAttributes = append(s.AliasAttributes, "phone_number")
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", mail("a@example.com"))
		access := f.access(t, "alice")
		for _, name := range []string{"victim@example.com", "victim＠example.com", "ｖictim@example.com", "+15555550100", "＋15555550100", "+１5555550100"} {
			_, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by(name), Password: goodPass})
			if err == nil {
				t.Errorf("%s is a user name", name)
			}
			_, err = f.SignUp(ctx, f.call(), userpool.SignUpInput{
				ByClient: f.by("bob"), Password: goodPass, Attributes: map[string]string{"preferred_username": name},
			})
			if err == nil {
				t.Errorf("%s is a preferred user name", name)
			}
			if _, err := f.UpdateAttributes(ctx, f.call(), access, map[string]string{"preferred_username": name}); err == nil {
				t.Errorf("alice prefers to be %s", name)
			}
		}
		_, err := f.UpdateAttributes(ctx, f.call(), access, map[string]string{"preferred_username": "Alice B."})
		must(t, "another name", err)
	})
}

func TestRedirectURLsNameTheirHost(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"http://localhost:3000/cb": true, "http://127.0.0.1/cb": true, "http://[::1]:3000/": true, "myapp://cb": true,
		"http://localhost:x@evil.example/": false, "http://localhost@evil.example/": false, "http://[::1].evil.example/": false,
		"http://[::1]@evil.example/": false, "http://localhost:1@evil.example": false, "http://localhost?@evil.example/": true,
	} {
		if userpool.Redirectable(url) != good {
			t.Errorf("%s: %t", url, !good)
		}
	}
}

// Where users are hidden the answer to SRP_A does not tell how somebody has
// written the name at the sign-up.
func TestSRPHidesHowNamesAreWritten(t *testing.T) {
	t.Parallel()
	each(t, plain(), hiding(), func(t *testing.T, f *fixture) {
		f.newUser(t, "Alice", nil)
		f.newUser(t, "bob", nil)
		for _, name := range []string{"Alice", "alice", "ALICE", "BOB", "Nobody", "NOBODY"} {
			s := newSRPClient()
			out, err := f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
				Client: f.client, Name: userpool.AuthSRP, Parameters: names(name, "SRP_A", s.publicA().Text(16)),
			})
			must(t, name, err)
			id := strings.ToLower(name)
			if p := out.Parameters; p["USER_ID_FOR_SRP"] != id || p["USERNAME"] != id {
				t.Errorf("%s is %s, %s", name, p["USER_ID_FOR_SRP"], p["USERNAME"])
			}
			got, err := f.respond(t, "PASSWORD_VERIFIER", out.Session, s.answer(out.Parameters, goodPass))
			if id == "nobody" {
				want(t, name, err, wrongPassword)
			} else if err != nil || got.Tokens == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if name := claimsOf(t, f.access(t, "alice"))["username"]; name != "Alice" {
			t.Errorf("alice is called %v", name)
		}
	})
}
