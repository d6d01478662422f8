package userpool_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

func TestSignUpAndConfirm(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		out := f.signUp(t, "Alice", mail("alice@example.com"))
		wantDelivery := &userpool.Delivery{Attribute: "email", Medium: "EMAIL", Destination: "a***@e***"}
		if d := cmp.Diff(wantDelivery, out.Delivery); d != "" || out.Confirmed || out.Sub == "" {
			t.Errorf("%+v\n%s", out, d)
		}
		m := f.last(t)
		if m.To != "alice@example.com" || m.Subject != "Your verification code" || m.Body != "Your confirmation code is "+m.Code {
			t.Errorf("message %+v", m)
		}
		_, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("aLICE"), Password: goodPass})
		want(t, "same name in another case", err, "UsernameExists: User already exists")
		_, err = f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("Ａlice"), Password: goodPass})
		want(t, "same name in wide letters", err, "UsernameExists: User already exists")
		_, err = f.password(t, "alice", goodPass)
		want(t, "unconfirmed", err, "UserNotConfirmed: User is not confirmed.")
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), "000000", false, "")
		want(t, "wrong code", err, mismatch)
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("bob"), m.Code, false, "")
		want(t, "unknown user", err, noCombination)
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), m.Code, false, "")
		must(t, "confirm", err)
		u := f.user(t, "alice")
		if u.Status != userpool.StatusConfirmed || u.Attributes["email_verified"] != "true" || u.Username != "Alice" || u.Sub != out.Sub {
			t.Errorf("user %+v", u)
		}
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), m.Code, false, "")
		want(t, "again", err, "NotAuthorized: User cannot be confirmed. Current status is CONFIRMED")
		_, err = f.ResendConfirmationCode(ctx, f.call(), f.by("alice"))
		want(t, "resend", err, "InvalidParameter: User is already confirmed.")
		if f.access(t, "ALICE") == "" {
			t.Error("no token")
		}
	})
}

func TestConfirmationCodes(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.signUp(t, "alice", mail("alice@example.com"))
		first := f.last(t).Code
		_, err := f.ResendConfirmationCode(ctx, f.call(), f.by("alice"))
		must(t, "resend", err)
		second := f.last(t).Code
		if first != second { // one in a million
			_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), first, false, "")
			want(t, "the code before", err, mismatch)
		}
		f.after(24 * time.Hour)
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), second, false, "")
		want(t, "after its life", err, expired)
		for range 5 {
			_, err = f.ResendConfirmationCode(ctx, f.call(), f.by("alice"))
			must(t, "resend", err)
		}
		for range 3 { // refused calls do not count
			_, err = f.ResendConfirmationCode(ctx, f.call(), f.by("alice"))
			want(t, "sixth of the hour", err, limit)
		}
		f.after(time.Hour)
		_, err = f.ResendConfirmationCode(ctx, f.call(), f.by("alice"))
		must(t, "resend in the next hour", err)
		f.after(23 * time.Hour) // the attempts above were another hour's
		_, err = f.ResendConfirmationCode(ctx, f.call(), f.by("alice"))
		must(t, "resend the next day", err)
		code := f.last(t).Code
		for range 15 {
			_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), "x", false, "")
			want(t, "wrong", err, mismatch)
		}
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), code, false, "")
		want(t, "right code beyond the limit", err, limit)
		f.restart(t)
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), code, false, "")
		want(t, "after a restart", err, limit)
		f.after(time.Hour)
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), code, false, "")
		must(t, "in the next hour", err)
	})
}

// Of any number of parallel wrong codes no more are judged than the limit.
func TestParallelCodes(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.signUp(t, "alice", mail("alice@example.com"))
		count := map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() {
				_, err := f.ConfirmSignUp(t.Context(), f.call(), f.by("alice"), "x", false, "")
				mu.Lock()
				defer mu.Unlock()
				count[errText(err)]++
			})
		}
		wg.Wait()
		if d := cmp.Diff(map[string]int{mismatch: 15, limit: 45}, count); d != "" {
			t.Error(d)
		}
	})
}

func TestSignUpRefusals(t *testing.T) {
	t.Parallel()
	s := plain()
	s.Attributes = []userpool.Attribute{
		{Name: "preferred_username", Type: "String", Mutable: true, Required: true},
		{Name: "custom:age", Type: "Number", Mutable: true, Max: new("150")},
		{Name: "custom:secret", Type: "String", Mutable: true},
	}
	cs := flows()
	cs.Write = []string{"email", "phone_number", "preferred_username", "custom:age"}
	each(t, s, cs, func(t *testing.T, f *fixture) {
		const noPolicy = "InvalidPassword: Password did not conform with policy: "
		full := map[string]string{"preferred_username": "al"}
		with := func(name, value string) map[string]string {
			return map[string]string{"preferred_username": "al", name: value}
		}
		for _, c := range []struct {
			name, user, password string
			attributes           map[string]string
			want                 string
		}{
			{"short", "a", "Aa1!", full, noPolicy + "Password not long enough"},
			{"no upper case", "a", "aaaaaa1!", full, noPolicy + "Password must have uppercase characters"},
			{"no lower case", "a", "AAAAAA1!", full, noPolicy + "Password must have lowercase characters"},
			{"no digit", "a", "Aaaaaaa!", full, noPolicy + "Password must have numeric characters"},
			{"no symbol", "a", "Aaaaaaa1", full, noPolicy + "Password must have symbol characters"},
			{"space at the end", "a", "Aaaaaa1 ", full, noPolicy + "Password must have symbol characters"},
			{
				"required", "a", goodPass, nil,
				"InvalidParameter: Attributes did not conform to the schema: preferred_username: The attribute is required\n",
			},
			{
				"unknown attribute", "a", goodPass, with("custom:x", "1"),
				"InvalidParameter: Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.\n",
			},
			{
				"number", "a", goodPass, with("custom:age", "151"),
				"InvalidParameter: Attributes did not conform to the schema: custom:age: The value must be at most 150\n",
			},
			{"not writable", "a", goodPass, with("custom:secret", "1"), "NotAuthorized: A client attempted to write unauthorized attribute"},
			{"verified", "a", goodPass, with("email_verified", "true"), "NotAuthorized: A client attempted to write unauthorized attribute"},
			{"sub", "a", goodPass, with("sub", "x"), "NotAuthorized: A client attempted to write unauthorized attribute"},
			{"phone", "a", goodPass, with("phone_number", "555"), "InvalidParameter: Invalid phone number format."},
			{"email", "a", goodPass, with("email", "x"), "InvalidParameter: Invalid email address format."},
			{
				"space in the name", "a b", goodPass, full,
				`InvalidParameter: 1 validation error detected: Value at 'username' failed to satisfy constraint: ` +
					`Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`,
			},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: f.by(c.user), Password: c.password, Attributes: c.attributes})
				want(t, "sign up", err, c.want)
			})
		}
		_, err := f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: f.by("a"), Password: "Pass 0rd", Attributes: full})
		must(t, "a space counts as a symbol", err)
		_, err = f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: userpool.ByClient{Client: "nope", Username: "a"}, Password: goodPass})
		want(t, "unknown client", err, "ResourceNotFound: User pool client nope does not exist.")
	})
}

func TestEmailPool(t *testing.T) {
	t.Parallel()
	each(t, byEmail(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("alice"), Password: goodPass})
		want(t, "no address", err, "InvalidParameter: Username should be an email.")
		out := f.signUp(t, "Alice@Example.com", nil)
		u := f.user(t, "alice@example.COM")
		if u.Username != out.Sub || u.Attributes["email"] != "Alice@Example.com" {
			t.Errorf("user %+v", u)
		}
		if f.user(t, out.Sub).ID != u.ID {
			t.Error("the sub names another user")
		}
		_, err = f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("alice@example.com"), Password: goodPass})
		want(t, "same address", err, "UsernameExists: User already exists")
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice@example.com"), f.last(t).Code, false, "")
		must(t, "confirm", err)
		f.newUser(t, "bob@example.com", map[string]string{"email_verified": "true"})
		access := f.access(t, "bob@example.com")
		_, err = f.UpdateAttributes(ctx, f.call(), access, mail("ALICE@example.com"))
		want(t, "address of another", err, "AliasExists: An account with the given email already exists.")

		// The old address signs in until the new one is verified.
		_, err = f.UpdateAttributes(ctx, f.call(), access, mail("new@example.com"))
		must(t, "update", err)
		m := f.last(t)
		if m.To != "new@example.com" {
			t.Errorf("sent to %s", m.To)
		}
		if got := f.user(t, "bob@example.com").Attributes; got["email"] != "bob@example.com" || got["email_verified"] != "true" {
			t.Errorf("before verification: %v", got)
		}
		want(t, "wrong code", f.VerifyAttribute(ctx, f.call(), access, "email", "x"), mismatch)
		must(t, "verify", f.VerifyAttribute(ctx, f.call(), access, "email", m.Code))
		if got := f.user(t, "new@example.com").Attributes; got["email"] != "new@example.com" || got["email_verified"] != "true" {
			t.Errorf("after verification: %v", got)
		}
		_, err = f.AdminUser(ctx, f.call(), poolID, "bob@example.com")
		want(t, "the old address", err, noUser)
		want(t, "the code again", f.VerifyAttribute(ctx, f.call(), access, "email", m.Code), expired)
		f.signUp(t, "bob@example.com", nil) // it is free again
	})
}

func TestAliases(t *testing.T) {
	t.Parallel()
	each(t, byAlias(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("a@b.c"), Password: goodPass})
		want(t, "address as name", err, "InvalidParameter: Username cannot be of email format, since user pool is configured for email alias.")
		f.signUp(t, "alice", mail("shared@example.com"))
		first := f.last(t).Code
		f.signUp(t, "bob", mail("Shared@Example.com")) // not verified, so nobody's
		second := f.last(t).Code
		_, err = f.AdminUser(ctx, f.call(), poolID, "shared@example.com")
		want(t, "an alias that is not verified", err, noUser)
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("alice"), first, false, "")
		must(t, "confirm", err)
		if f.user(t, "SHARED@example.com").Username != "alice" {
			t.Error("the alias is not alice's")
		}
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("bob"), second, false, "")
		want(t, "taken alias", err, "AliasExists: An account with the given email already exists.")
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("bob"), second, true, "")
		must(t, "by force", err)
		if f.user(t, "shared@example.com").Username != "bob" {
			t.Error("the alias did not move")
		}
		if v := f.user(t, "alice").Attributes["email_verified"]; v != "false" {
			t.Errorf("alice's address is verified: %q", v)
		}
		must(t, "preferred name", f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", map[string]string{"preferred_username": "Queen"}))
		if f.user(t, "queen").Username != "alice" {
			t.Error("the preferred name does not sign in")
		}
		want(t, "taken preferred name", f.AdminUpdateAttributes(ctx, f.call(), poolID, "bob", map[string]string{"preferred_username": "queen"}),
			"AliasExists: An account with the given preferred_username already exists.")
		want(t, "a preferred name that is a user name", f.AdminUpdateAttributes(ctx, f.call(), poolID, "bob", map[string]string{"preferred_username": "Alice"}),
			"AliasExists: An account with the given preferred_username already exists.")
	})
}

func TestForgotPassword(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"email": "alice@example.com", "email_verified": "true"})
		f.newUser(t, "bob", mail("bob@example.com"))
		old := f.access(t, "alice")
		_, err := f.ForgotPassword(ctx, f.call(), f.by("nobody"))
		want(t, "unknown", err, noCombination)
		_, err = f.ForgotPassword(ctx, f.call(), f.by("bob"))
		want(t, "nothing verified", err,
			"InvalidParameter: Cannot reset password for the user as there is no registered/verified email or phone_number")
		d, err := f.ForgotPassword(ctx, f.call(), f.by("alice"))
		must(t, "forgot", err)
		if d.Destination != "a***@e***" {
			t.Errorf("delivery %+v", d)
		}
		code := f.last(t).Code
		confirm := func(code, password string) error {
			return f.ConfirmForgotPassword(ctx, f.call(), f.by("alice"), code, password)
		}
		want(t, "weak", confirm(code, "x"), "InvalidPassword: Password does not conform to policy: Password not long enough")
		want(t, "wrong", confirm("x", nextPass), mismatch)
		must(t, "confirm", confirm(code, nextPass))
		want(t, "again", confirm(code, nextPass), expired)
		_, err = f.password(t, "alice", goodPass)
		want(t, "the old password", err, wrongPassword)
		_, err = f.password(t, "alice", nextPass)
		must(t, "the new password", err)
		_, err = f.SignedIn(ctx, f.call(), old)
		want(t, "a session from before", err, "NotAuthorized: Access Token has been revoked")

		_, err = f.ForgotPassword(ctx, f.call(), f.by("alice"))
		must(t, "forgot", err)
		code = f.last(t).Code
		f.after(time.Hour)
		want(t, "after an hour", confirm(code, goodPass), expired)
		var wrong int
		for range 20 {
			if errText(confirm("x", goodPass)) == limit {
				break
			}
			wrong++
		}
		if wrong < 5 || wrong > 20 {
			t.Errorf("%d attempts in an hour", wrong)
		}
	})
}

func TestAdminReset(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"email": "alice@example.com", "email_verified": "true"})
		access := f.access(t, "alice")
		must(t, "reset", f.AdminResetPassword(ctx, f.call(), poolID, "alice"))
		_, err := f.password(t, "alice", goodPass)
		want(t, "sign in", err, "PasswordResetRequired: Password reset required for the user")
		_, err = f.SignedIn(ctx, f.call(), access)
		want(t, "session", err, "NotAuthorized: Access Token has been revoked")
		must(t, "confirm", f.ConfirmForgotPassword(ctx, f.call(), f.by("alice"), f.last(t).Code, nextPass))
		_, err = f.password(t, "alice", nextPass)
		must(t, "sign in", err)
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := plain()
	s.Password = userpool.DefaultPolicy()
	s.Password.History = 2
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		access := f.access(t, "alice")
		change := func(from, to string) error { return f.ChangePassword(ctx, f.call(), access, from, to) }
		want(t, "wrong", change("Wrong0ne!", nextPass), wrongPassword)
		want(t, "weak", change(goodPass, "weak"), "InvalidPassword: Password does not conform to policy: Password not long enough")
		want(t, "the same", change(goodPass, goodPass), "PasswordHistoryPolicyViolation: Password has previously been used.")
		must(t, "change", change(goodPass, nextPass))
		want(t, "the one before", change(nextPass, goodPass), "PasswordHistoryPolicyViolation: Password has previously been used.")
		must(t, "a third", change(nextPass, "Passw0rd!z"))
		f.after(time.Hour)
		access2, err := f.password(t, "alice", "Passw0rd!z")
		must(t, "sign in", err)
		access = access2.Tokens.Access
		must(t, "the first again", change("Passw0rd!z", goodPass))
	})
}
