package userpool_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

// A pool in which telephone numbers and addresses sign in.
func TestPhoneAndEmailPool(t *testing.T) {
	t.Parallel()
	s := userpool.Settings{
		UsernameAttributes: []string{"email", "phone_number"}, AutoVerified: []string{"email", "phone_number"},
		Recovery: []string{userpool.RecoverPhone, userpool.RecoverEmail},
	}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("alice"), Password: goodPass})
		want(t, "neither", err, "InvalidParameter: Username should be either an email or a phone number.")
		out := f.signUp(t, "a@example.com", map[string]string{"phone_number": "+15555550100"})
		if d := cmp.Diff(&userpool.Delivery{Attribute: "phone_number", Medium: "SMS", Destination: "+*******0100"}, out.Delivery); d != "" {
			t.Error(d)
		}
		_, err = f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("+15555550100"), Password: goodPass})
		want(t, "number of another", err, "UsernameExists: User already exists")
		_, err = f.ConfirmSignUp(ctx, f.call(), f.by("+15555550100"), f.last(t).Code, false, "")
		must(t, "confirm", err)
		access := f.access(t, "+15555550100")
		d, err := f.ForgotPassword(ctx, f.call(), f.by("a@example.com"))
		must(t, "forgot", err)
		if d.Medium != "SMS" {
			t.Errorf("%+v", d)
		}
		// An address that was never proved is replaced at once.
		list, err := f.UpdateAttributes(ctx, f.call(), access, mail("b@example.com"))
		must(t, "update", err)
		if len(list) != 1 || f.user(t, "b@example.com").Attributes["email_verified"] != "false" {
			t.Errorf("%+v", list)
		}
		must(t, "verify", f.VerifyAttribute(ctx, f.call(), access, "email", f.last(t).Code))
		if f.user(t, "b@example.com").Attributes["email_verified"] != "true" {
			t.Error("not verified")
		}
		// Of two changes the last one counts, and taking away ends both.
		_, err = f.UpdateAttributes(ctx, f.call(), access, mail("c@example.com"))
		must(t, "update", err)
		first := f.last(t).Code
		_, err = f.UpdateAttributes(ctx, f.call(), access, mail("d@example.com"))
		must(t, "update", err)
		if second := f.last(t).Code; second != first {
			want(t, "the code before", f.VerifyAttribute(ctx, f.call(), access, "email", first), mismatch)
		}
		must(t, "take away", f.DeleteAttributes(ctx, f.call(), access, []string{"email"}))
		want(t, "the code after that", f.VerifyAttribute(ctx, f.call(), access, "email", f.last(t).Code), expired)
		if d := cmp.Diff(map[string]string{"phone_number": "+15555550100", "phone_number_verified": "true"}, f.user(t, "+15555550100").Attributes); d != "" {
			t.Error(d)
		}
	})
}

func TestAdminUsers(t *testing.T) {
	t.Parallel()
	each(t, byAlias(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		verified := func(address string) map[string]string {
			return map[string]string{"email": address, "email_verified": "true"}
		}
		f.newUser(t, "alice", verified("a@example.com"))
		create := func(n userpool.NewUser) error {
			n.Pool = poolID
			_, err := f.AdminCreateUser(ctx, f.call(), n)
			return err
		}
		want(t, "alias", create(userpool.NewUser{Username: "bob", Attributes: verified("A@example.com")}),
			"AliasExists: An account with the given email already exists.")
		must(t, "by force", create(userpool.NewUser{Username: "bob", Attributes: verified("A@example.com"), ForceAlias: true}))
		if f.user(t, "a@example.com").Username != "bob" || f.user(t, "alice").Attributes["email_verified"] != "false" {
			t.Error("the alias did not move")
		}
		want(t, "weak", create(userpool.NewUser{Username: "carol", Temporary: "weak"}),
			"InvalidPassword: Password did not conform with policy: Password not long enough")
		want(t, "sub", create(userpool.NewUser{Username: "carol", Attributes: map[string]string{"sub": "x"}}),
			"InvalidParameter: user.sub: Attribute cannot be updated.\n")
		want(t, "medium", create(userpool.NewUser{Username: "carol", Mediums: []string{"PIGEON"}}),
			"InvalidParameter: 1 validation error detected: Value 'PIGEON' at 'desiredDeliveryMediums' failed to satisfy constraint: "+
				"Member must satisfy enum value set: [SMS, EMAIL]")
		want(t, "resend to nobody", create(userpool.NewUser{Username: "carol", Resend: true}), noUser)
		want(t, "resend to a confirmed user", create(userpool.NewUser{Username: "alice", Resend: true}),
			"UnsupportedUserState: Resend not possible. alice status is not FORCE_CHANGE_PASSWORD")

		// A change by an administrator is at once, and ends a change that waits.
		access := f.access(t, "alice")
		must(t, "verify", f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", verified("alice@example.com")))
		_, err := f.UpdateAttributes(ctx, f.call(), access, mail("later@example.com"))
		must(t, "update", err)
		code := f.last(t).Code
		must(t, "update", f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", mail("now@example.com")))
		want(t, "the code", f.VerifyAttribute(ctx, f.call(), access, "email", code), expired)
		if d := cmp.Diff(map[string]string{"email": "now@example.com", "email_verified": "false"}, f.user(t, "alice").Attributes); d != "" {
			t.Error(d)
		}
		must(t, "delete", f.AdminDeleteAttributes(ctx, f.call(), poolID, "alice", []string{"email"}))
		if d := cmp.Diff(map[string]string{}, f.user(t, "alice").Attributes); d != "" {
			t.Error(d)
		}
		must(t, "sign out", f.AdminSignOut(ctx, f.call(), poolID, "alice"))
		_, err = f.SignedIn(ctx, f.call(), access)
		want(t, "signed out", err, "NotAuthorized: Access Token has been revoked")

		f.signUp(t, "dave", nil)
		must(t, "confirm", f.AdminConfirm(ctx, f.call(), poolID, "dave"))
		want(t, "again", f.AdminConfirm(ctx, f.call(), poolID, "dave"), "NotAuthorized: User cannot be confirmed. Current status is CONFIRMED")
		access = f.access(t, "dave")
		must(t, "new password", f.AdminSetPassword(ctx, f.call(), poolID, "dave", nextPass, true))
		_, err = f.SignedIn(ctx, f.call(), access)
		want(t, "session of the password before", err, "NotAuthorized: Access Token has been revoked")
		must(t, "delete", f.AdminDelete(ctx, f.call(), poolID, "dave"))
		_, err = f.AdminUser(ctx, f.call(), poolID, "dave")
		want(t, "deleted", err, noUser)
	})
}

func TestAdminOnlyPool(t *testing.T) {
	t.Parallel()
	s := plain()
	s.AdminCreateOnly = true
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("alice"), Password: goodPass})
		want(t, "sign up", err, "NotAuthorized: SignUp is not permitted for this user pool")
		f.newUser(t, "alice", nil)
		in := userpool.AuthInput{
			Pool: poolID, Client: f.client, Name: userpool.AuthAdminPassword, Parameters: names("alice", "PASSWORD", goodPass),
		}
		out, err := f.InitiateAuth(ctx, f.call(), in)
		must(t, "admin sign-in", err)
		if out.Tokens == nil {
			t.Errorf("%+v", out)
		}
		in.Pool = ""
		_, err = f.InitiateAuth(ctx, f.call(), in)
		want(t, "not as an administrator", err, "InvalidParameter: Initiate Auth method not supported")
		other, err := f.CreatePool(ctx, f.call(), userpool.NewPool{Region: "us-east-1", Name: "other"})
		must(t, "create", err)
		in.Pool = other.ID
		_, err = f.InitiateAuth(ctx, f.call(), in)
		want(t, "a client of another pool", err, "ResourceNotFound: User pool client "+f.client+" does not exist.")
		_, err = f.AdminUser(ctx, f.call(), other.ID, "alice")
		want(t, "a user of another pool", err, noUser)
	})
}

func TestRotation(t *testing.T) {
	t.Parallel()
	cs := flows()
	cs.Flows, cs.Rotate, cs.Grace = []string{userpool.FlowPassword}, true, 10
	each(t, plain(), cs, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		in, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		first := userpool.RefreshInput{Client: f.client, Token: in.Tokens.Refresh}
		out, err := f.Refresh(ctx, f.call(), first)
		must(t, "refresh", err)
		if out.Refresh.Empty() || out.Refresh.Equal(in.Tokens.Refresh) {
			t.Error("the token did not change")
		}
		f.after(9 * time.Second)
		again, err := f.Refresh(ctx, f.call(), first)
		must(t, "in its grace", err)
		if !again.Refresh.Equal(out.Refresh) {
			t.Error("another successor")
		}
		first.Flow = true
		_, err = f.Refresh(ctx, f.call(), first)
		want(t, "by the flow", err, "NotAuthorized: Refresh token rotation is enabled for this client: use GetTokensFromRefreshToken.")
		first.Flow = false
		f.after(time.Second)
		_, err = f.Refresh(ctx, f.call(), first)
		want(t, "after its grace", err, "RefreshTokenReuse: Refresh Token has been used before")
		_, err = f.Refresh(ctx, f.call(), userpool.RefreshInput{Client: f.client, Token: out.Refresh})
		want(t, "the family has ended", err, "NotAuthorized: Refresh Token has been revoked")
	})
}

// Of parallel uses of one code of a software token one succeeds, whatever Session
// it comes with.
func TestParallelSoftwareToken(t *testing.T) {
	t.Parallel()
	each(t, mfa(userpool.MFAOptional), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		access := f.access(t, "alice")
		soft, err := f.AssociateSoftwareToken(ctx, f.call(), access, "")
		must(t, "associate", err)
		_, err = f.VerifySoftwareToken(ctx, f.call(), access, "", totp(t, soft.Secret, f.now), "")
		must(t, "verify", err)
		must(t, "turn on", f.SetMFAPreference(ctx, f.call(), access, userpool.Preferences{TOTP: &userpool.Preference{Enabled: true}}))
		f.after(time.Minute)
		sessions := make([]string, 4)
		for i := range sessions {
			out, err := f.password(t, "alice", goodPass)
			must(t, "sign in", err)
			sessions[i] = out.Session
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		count := map[string]int{}
		for _, session := range sessions {
			wg.Go(func() {
				_, err := f.respond(t, "SOFTWARE_TOKEN_MFA", session, names("alice", "SOFTWARE_TOKEN_MFA_CODE", totp(t, soft.Secret, f.now)))
				mu.Lock()
				defer mu.Unlock()
				count[errText(err)]++
			})
		}
		wg.Wait()
		if d := cmp.Diff(map[string]int{"": 1, wrongFactor: 3}, count); d != "" {
			t.Error(d)
		}
	})
}

func TestEmailAsSecondFactor(t *testing.T) {
	t.Parallel()
	s := plain()
	s.MFA = userpool.MFASettings{Mode: userpool.MFAOn, Email: true}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		out, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		if out.Parameters["MFAS_CAN_SETUP"] != `["EMAIL_OTP"]` {
			t.Fatalf("%+v", out)
		}
		_, err = f.respond(t, "MFA_SETUP", out.Session, names("alice", "EMAIL", "x"))
		want(t, "no address", err, "InvalidParameter: Invalid email address format.")
		out, err = f.respond(t, "MFA_SETUP", out.Session, names("alice", "EMAIL", "a@example.com"))
		must(t, "set up", err)
		_, err = f.respond(t, "EMAIL_OTP", out.Session, names("alice", "EMAIL_OTP_CODE", "x"))
		want(t, "wrong", err, wrongFactor)
		if f.user(t, "alice").Attributes["email"] != "" {
			t.Error("an address that is not proved")
		}
		got, err := f.respond(t, "EMAIL_OTP", out.Session, names("alice", "EMAIL_OTP_CODE", f.last(t).Code))
		must(t, "prove", err)
		if got.Tokens == nil || f.user(t, "alice").MFA.Preferred != "EMAIL_OTP" {
			t.Errorf("%+v", got)
		}
		out, err = f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		got, err = f.respond(t, "EMAIL_OTP", out.Session, names("alice", "EMAIL_OTP_CODE", f.last(t).Code))
		must(t, "second factor", err)
		if got.Tokens == nil {
			t.Errorf("%+v", got)
		}
	})
}

// Many users sign in at once, and one user does many times.
func TestParallelRightPasswords(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		f.newUser(t, "bob", nil)
		var wg sync.WaitGroup
		for i := range 24 {
			wg.Go(func() {
				if _, err := f.password(t, []string{"alice", "bob"}[i%2], goodPass); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// What does not belong together is refused.
func TestTokensOfOthers(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		in, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		for name, raw := range map[string]string{
			"id token": in.Tokens.ID, "nothing": "", "cut": in.Tokens.Access[:len(in.Tokens.Access)-1], "longer": in.Tokens.Access + "A",
			"refresh token": in.Tokens.Refresh.Reveal(),
		} {
			if _, err := f.SignedIn(ctx, f.call(), raw); errText(err) != "NotAuthorized: Invalid Access Token" {
				t.Errorf("%s: %v", name, err)
			}
		}
		other := f.newClient(t, flows())
		_, err = f.Refresh(ctx, f.call(), userpool.RefreshInput{Client: other.ID, Token: in.Tokens.Refresh})
		want(t, "another client", err, "NotAuthorized: Invalid Refresh Token")
		f.after(time.Hour)
		_, err = f.SignedIn(ctx, f.call(), in.Tokens.Access)
		want(t, "after an hour", err, "NotAuthorized: Access Token has expired")
		must(t, "delete client", f.DeleteClient(ctx, f.call(), poolID, f.client))
		_, err = f.Refresh(ctx, f.call(), userpool.RefreshInput{Client: f.client, Token: in.Tokens.Refresh})
		want(t, "client that is gone", err, "ResourceNotFound: User pool client "+f.client+" does not exist.")
	})
}

// Nodes share what was counted and used.
func TestNodes(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		nodes := []*userpool.Service{f.Service}
		for range 2 {
			f.restart(t)
			nodes = append(nodes, f.Service)
		}
		for n := range 5 {
			f.Service = nodes[n%3]
			_, err := f.password(t, "alice", "Wrong0ne!")
			want(t, "wrong", err, wrongPassword)
		}
		for _, f.Service = range nodes {
			_, err := f.password(t, "alice", goodPass)
			want(t, "locked", err, exceeded)
		}
		f.after(time.Second)
		s, out, err := f.challenge(t, "alice")
		must(t, "begin", err)
		answer := s.answer(out.Parameters, goodPass)
		f.Service = nodes[0]
		got, err := f.respond(t, "PASSWORD_VERIFIER", "", answer)
		must(t, "answer at another node", err)
		f.Service = nodes[1]
		_, err = f.respond(t, "PASSWORD_VERIFIER", "", answer)
		want(t, "again at a third", err, wrongPassword)
		_, err = f.SignedIn(t.Context(), f.call(), got.Tokens.Access)
		must(t, "the tokens", err)
	})
}
