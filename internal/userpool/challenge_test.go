package userpool_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

const wrongFactor = "CodeMismatch: Invalid code or auth state for the user."

func claimsOf(t testing.TB, raw string) map[string]any {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	must(t, "decode token", err)
	var out map[string]any
	must(t, "decode claims", json.Unmarshal(b, &out))
	return out
}

// totp is the code of an authenticator app.
func totp(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	must(t, "decode secret", err)
	m := hmac.New(sha1.New, key)
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := m.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1000000)
}

func names(name string, more ...string) map[string]string {
	out := map[string]string{"USERNAME": name}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func TestTemporaryPassword(t *testing.T) {
	t.Parallel()
	s := plain()
	s.Attributes = []userpool.Attribute{{Name: "name", Type: "String", Mutable: true, Required: true}}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.AdminCreateUser(ctx, f.call(), userpool.NewUser{Pool: poolID, Username: "alice", Attributes: mail("a@example.com")})
		must(t, "create", err)
		first := f.last(t)
		_, err = f.AdminCreateUser(ctx, f.call(), userpool.NewUser{Pool: poolID, Username: "alice"})
		want(t, "again", err, "UsernameExists: User account already exists")
		_, err = f.AdminCreateUser(ctx, f.call(), userpool.NewUser{Pool: poolID, Username: "alice", Resend: true})
		must(t, "resend", err)
		_, err = f.password(t, "alice", first.Code)
		want(t, "the password before", err, wrongPassword)
		code := f.last(t).Code
		_, err = f.ForgotPassword(ctx, f.call(), f.by("alice"))
		want(t, "forgot", err, "NotAuthorized: User password cannot be reset in the current state.")
		out, err := f.srp(t, "alice", code)
		must(t, "sign in", err)
		wantParameters := map[string]string{
			"requiredAttributes": `["userAttributes.name"]`, "userAttributes": `{"email":"a@example.com"}`,
		}
		if d := cmp.Diff(wantParameters, out.Parameters); d != "" || out.Challenge != "NEW_PASSWORD_REQUIRED" {
			t.Fatalf("%s %s", out.Challenge, d)
		}
		answer := func(p map[string]string) error {
			_, err := f.respond(t, "NEW_PASSWORD_REQUIRED", out.Session, p)
			return err
		}
		want(t, "weak", answer(names("alice", "NEW_PASSWORD", "x", "userAttributes.name", "A")),
			"InvalidPassword: Password does not conform to policy: Password not long enough")
		want(t, "incomplete", answer(names("alice", "NEW_PASSWORD", goodPass)),
			"InvalidParameter: Attributes did not conform to the schema: name: The attribute is required\n")
		want(t, "address", answer(names("alice", "NEW_PASSWORD", goodPass, "userAttributes.email", "b@example.com")),
			"NotAuthorized: Cannot modify an already provided email")
		want(t, "verified", answer(names("alice", "NEW_PASSWORD", goodPass, "userAttributes.email_verified", "true")),
			"NotAuthorized: A client attempted to write unauthorized attribute")
		must(t, "answer", answer(names("alice", "NEW_PASSWORD", goodPass, "userAttributes.name", "A")))
		want(t, "again", answer(names("alice", "NEW_PASSWORD", nextPass, "userAttributes.name", "A")),
			"NotAuthorized: Invalid session for the user, session can only be used once.")
		if f.access(t, "alice") == "" || f.user(t, "alice").Attributes["name"] != "A" {
			t.Error("not signed in")
		}

		must(t, "temporary", f.AdminSetPassword(ctx, f.call(), poolID, "alice", nextPass, false))
		f.after(7 * 24 * time.Hour)
		_, err = f.password(t, "alice", nextPass)
		want(t, "after a week", err, "NotAuthorized: Temporary password has expired and must be reset by an administrator.")
	})
}

func TestSessions(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, name := range []string{"alice", "bob"} {
			_, err := f.AdminCreateUser(ctx, f.call(), userpool.NewUser{Pool: poolID, Username: name, Temporary: goodPass})
			must(t, "create", err)
		}
		out, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		if n := len(out.Session); n < 20 || n > 2048 {
			t.Errorf("a session of %d characters", n)
		}
		const invalid = "NotAuthorized: Invalid session for the user."
		p := names("alice", "NEW_PASSWORD", nextPass)
		_, err = f.respond(t, "NEW_PASSWORD_REQUIRED", out.Session, names("bob", "NEW_PASSWORD", nextPass))
		want(t, "another user", err, invalid)
		_, err = f.respond(t, "SMS_MFA", out.Session, names("alice", "SMS_MFA_CODE", "1"))
		want(t, "another challenge", err, invalid)
		_, err = f.respond(t, "NEW_PASSWORD_REQUIRED", out.Session[:len(out.Session)-1], p)
		want(t, "cut", err, invalid)
		_, err = f.respond(t, "NEW_PASSWORD_REQUIRED", "x"+out.Session[1:], p)
		want(t, "changed", err, invalid)
		other := f.newClient(t, flows())
		_, err = f.RespondToAuthChallenge(ctx, f.call(), userpool.AuthInput{
			Client: other.ID, Name: "NEW_PASSWORD_REQUIRED", Session: out.Session, Parameters: p,
		})
		want(t, "another client", err, invalid)
		// Of parallel uses one succeeds.
		var mu sync.Mutex
		var wg sync.WaitGroup
		count := map[string]int{}
		for range 10 {
			wg.Go(func() {
				_, err := f.respond(t, "NEW_PASSWORD_REQUIRED", out.Session, p)
				mu.Lock()
				defer mu.Unlock()
				count[errText(err)]++
			})
		}
		wg.Wait()
		const used = "NotAuthorized: Invalid session for the user, session can only be used once."
		if d := cmp.Diff(map[string]int{"": 1, used: 9}, count); d != "" {
			t.Error(d)
		}
		out, err = f.password(t, "bob", goodPass)
		must(t, "sign in", err)
		f.after(3 * time.Minute)
		_, err = f.respond(t, "NEW_PASSWORD_REQUIRED", out.Session, names("bob", "NEW_PASSWORD", nextPass))
		want(t, "expired", err, "NotAuthorized: Invalid session for the user, session is expired.")
	})
}

func mfa(mode string) userpool.Settings {
	s := plain()
	s.MFA = userpool.MFASettings{Mode: mode, SMS: true, TOTP: true}
	return s
}

func TestSoftwareToken(t *testing.T) {
	t.Parallel()
	each(t, mfa(userpool.MFAOn), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		out, err := f.srp(t, "alice", goodPass)
		must(t, "sign in", err)
		if out.Challenge != "MFA_SETUP" || out.Parameters["MFAS_CAN_SETUP"] != `["SMS_MFA","SOFTWARE_TOKEN_MFA"]` {
			t.Fatalf("%+v", out)
		}
		_, err = f.respond(t, "MFA_SETUP", out.Session, names("alice"))
		want(t, "without a token", err, "NotAuthorized: Invalid session for the user.")
		soft, err := f.AssociateSoftwareToken(ctx, f.call(), "", out.Session)
		must(t, "associate", err)
		if len(soft.Secret) != 32 {
			t.Errorf("a secret of %d characters", len(soft.Secret))
		}
		_, err = f.VerifySoftwareToken(ctx, f.call(), "", soft.Session, "000000x", "")
		want(t, "wrong", err, "EnableSoftwareTokenMFA: Code mismatch and fail enable Software Token MFA")
		session, err := f.VerifySoftwareToken(ctx, f.call(), "", soft.Session, totp(t, soft.Secret, f.now), "phone")
		must(t, "verify", err)
		got, err := f.respond(t, "MFA_SETUP", session, names("alice"))
		must(t, "finish", err)
		if got.Tokens == nil {
			t.Fatalf("%+v", got)
		}

		f.after(time.Minute)
		next := func() userpool.AuthResult {
			out, err := f.srp(t, "alice", goodPass)
			must(t, "sign in", err)
			if d := cmp.Diff(map[string]string{"FRIENDLY_DEVICE_NAME": "phone"}, out.Parameters); d != "" || out.Challenge != "SOFTWARE_TOKEN_MFA" {
				t.Fatalf("%s %s", out.Challenge, d)
			}
			return out
		}
		answer := func(session, code string) error {
			_, err := f.respond(t, "SOFTWARE_TOKEN_MFA", session, names("alice", "SOFTWARE_TOKEN_MFA_CODE", code))
			return err
		}
		one := next()
		want(t, "wrong", answer(one.Session, "x"), wrongFactor)
		want(t, "two steps early", answer(one.Session, totp(t, soft.Secret, f.now.Add(time.Minute))), wrongFactor)
		want(t, "two steps late", answer(one.Session, totp(t, soft.Secret, f.now.Add(-time.Minute))), wrongFactor)
		code := totp(t, soft.Secret, f.now)
		must(t, "right", answer(one.Session, code))
		want(t, "the session again", answer(one.Session, code), "NotAuthorized: Invalid session for the user, session can only be used once.")
		two := next()
		want(t, "the code again", answer(two.Session, code), wrongFactor)
		want(t, "a code before it", answer(two.Session, totp(t, soft.Secret, f.now.Add(-30*time.Second))), wrongFactor)
		must(t, "one step early", answer(two.Session, totp(t, soft.Secret, f.now.Add(30*time.Second))))

		f.after(2 * time.Minute)
		three := next()
		for range 5 {
			want(t, "wrong", answer(three.Session, "x"), wrongFactor)
		}
		want(t, "locked", answer(three.Session, totp(t, soft.Secret, f.now)), exceeded)
		// A right password does not unlock the second factor.
		four := next()
		want(t, "still locked", answer(four.Session, totp(t, soft.Secret, f.now)), exceeded)
		f.after(time.Second)
		must(t, "after the lock", answer(four.Session, totp(t, soft.Secret, f.now)))
	})
}

func TestChoiceOfFactors(t *testing.T) {
	t.Parallel()
	each(t, mfa(userpool.MFAOptional), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"phone_number": "+15555550100"})
		access := f.access(t, "alice")
		on, off := &userpool.Preference{Enabled: true}, &userpool.Preference{}
		want(t, "no token", f.SetMFAPreference(ctx, f.call(), access, userpool.Preferences{TOTP: on}),
			"InvalidParameter: User has not verified software token mfa")
		soft, err := f.AssociateSoftwareToken(ctx, f.call(), access, "")
		must(t, "associate", err)
		_, err = f.VerifySoftwareToken(ctx, f.call(), access, "", totp(t, soft.Secret, f.now), "")
		must(t, "verify", err)
		if f.access(t, "alice") == "" {
			t.Error("a token alone asks for a factor")
		}
		must(t, "both", f.SetMFAPreference(ctx, f.call(), access, userpool.Preferences{TOTP: on, SMS: on}))
		out, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		if out.Challenge != "SELECT_MFA_TYPE" || out.Parameters["MFAS_CAN_CHOOSE"] != `["SMS_MFA","SOFTWARE_TOKEN_MFA"]` {
			t.Fatalf("%+v", out)
		}
		_, err = f.respond(t, "SELECT_MFA_TYPE", out.Session, names("alice", "ANSWER", "EMAIL_OTP"))
		want(t, "not a choice", err, "InvalidParameter: Invalid parameter ANSWER: the second factor cannot be chosen.")
		sms, err := f.respond(t, "SELECT_MFA_TYPE", out.Session, names("alice", "ANSWER", "SMS_MFA"))
		must(t, "choose", err)
		if d := cmp.Diff(map[string]string{"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******0100"}, sms.Parameters); d != "" {
			t.Error(d)
		}
		_, err = f.respond(t, "SMS_MFA", sms.Session, names("alice", "SMS_MFA_CODE", "x"))
		want(t, "wrong", err, wrongFactor)
		got, err := f.respond(t, "SMS_MFA", sms.Session, names("alice", "SMS_MFA_CODE", f.last(t).Code))
		must(t, "code", err)
		if got.Tokens == nil || len(f.last(t).Code) != 6 {
			t.Errorf("%+v", got)
		}
		prefer := &userpool.Preference{Enabled: true, Preferred: true}
		must(t, "prefer", f.AdminSetMFAPreference(ctx, f.call(), poolID, "alice", userpool.Preferences{TOTP: prefer}))
		out, err = f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		if out.Challenge != "SOFTWARE_TOKEN_MFA" {
			t.Errorf("%+v", out)
		}
		u := f.user(t, "alice")
		if d := cmp.Diff([]string{"SMS_MFA", "SOFTWARE_TOKEN_MFA"}, u.MFA.Settings()); d != "" || u.MFA.Preferred != "SOFTWARE_TOKEN_MFA" {
			t.Errorf("%+v %s", u.MFA, d)
		}
		must(t, "off", f.SetMFAPreference(ctx, f.call(), access, userpool.Preferences{TOTP: off, SMS: off}))
		if f.access(t, "alice") == "" {
			t.Error("no token")
		}
	})
}

func passwordless() userpool.Settings {
	s := byEmail()
	s.FirstFactors = []string{"PASSWORD", "EMAIL_OTP"}
	return s
}

func TestUserAuth(t *testing.T) {
	t.Parallel()
	each(t, passwordless(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		begin := func(p map[string]string, session string) (userpool.AuthResult, error) {
			return f.InitiateAuth(ctx, f.call(), userpool.AuthInput{Client: f.client, Name: "USER_AUTH", Parameters: p, Session: session})
		}
		// Without a password, and signed in by the confirmation.
		up, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("new@example.com")})
		must(t, "sign up", err)
		session, err := f.ConfirmSignUp(ctx, f.call(), f.by("new@example.com"), f.last(t).Code, false, up.Session)
		must(t, "confirm", err)
		out, err := begin(names("new@example.com"), session)
		must(t, "automatic sign-in", err)
		if out.Tokens == nil {
			t.Fatalf("%+v", out)
		}
		_, err = begin(names("new@example.com"), session)
		want(t, "again", err, "NotAuthorized: Invalid session for the user, session can only be used once.")
		up, err = f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("late@example.com")})
		must(t, "sign up", err)
		f.after(3 * time.Minute)
		session, err = f.ConfirmSignUp(ctx, f.call(), f.by("late@example.com"), f.last(t).Code, false, up.Session)
		must(t, "confirm late", err)
		if session != "" {
			t.Error("a session by an expired one")
		}
		// aws-amplify 6 confirms without the Session, and signs in by the answer: the
		// code is of the same address as one of EMAIL_OTP. It has to be as fresh.
		for _, c := range []struct {
			name   string
			wait   time.Duration
			signed bool
		}{{"prompt@example.com", 3*time.Minute - time.Millisecond, true}, {"slow@example.com", 3 * time.Minute, false}} {
			f.signUp(t, c.name, nil)
			f.after(c.wait)
			session, err = f.ConfirmSignUp(ctx, f.call(), f.by(c.name), f.last(t).Code, false, "")
			must(t, "confirm without a session", err)
			if (session != "") != c.signed {
				t.Fatalf("%s: session %q", c.name, session)
			}
			if c.signed {
				out, err = begin(names(c.name), session)
				must(t, "automatic sign-in", err)
				if out.Tokens == nil {
					t.Fatalf("%+v", out)
				}
			}
		}
		out, err = begin(names("new@example.com"), "")
		must(t, "the only factor", err)
		if out.Challenge != "EMAIL_OTP" || len(f.last(t).Code) != 8 {
			t.Errorf("%+v", out)
		}
		for range 3 {
			_, err = f.respond(t, "EMAIL_OTP", out.Session, names("new@example.com", "EMAIL_OTP_CODE", "x"))
			want(t, "wrong", err, wrongFactor)
		}
		out, err = f.respond(t, "EMAIL_OTP", out.Session, names("new@example.com", "EMAIL_OTP_CODE", f.last(t).Code))
		must(t, "code", err)
		if out.Tokens == nil {
			t.Fatalf("%+v", out)
		}
		_, err = f.password(t, "new@example.com", "")
		want(t, "no password is none", err, wrongPassword)

		f.newUser(t, "a@example.com", map[string]string{"email_verified": "true"})
		out, err = begin(names("a@example.com"), "")
		must(t, "begin", err)
		if d := cmp.Diff([]string{"PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"}, out.Available); d != "" || out.Challenge != "SELECT_CHALLENGE" {
			t.Fatal(d)
		}
		_, err = f.respond(t, "SELECT_CHALLENGE", out.Session, names("a@example.com", "ANSWER", "PASSWORD", "PASSWORD", "Wrong0ne!"))
		want(t, "wrong password", err, wrongPassword)
		got, err := f.respond(t, "SELECT_CHALLENGE", out.Session, names("a@example.com", "ANSWER", "PASSWORD", "PASSWORD", goodPass))
		must(t, "password", err)
		if got.Tokens == nil {
			t.Fatalf("%+v", got)
		}
		_, factors, err := f.FirstFactors(ctx, f.call(), got.Tokens.Access)
		must(t, "factors", err)
		if d := cmp.Diff([]string{"PASSWORD", "EMAIL_OTP"}, factors); d != "" {
			t.Error(d)
		}
		out, err = begin(names("a@example.com"), "")
		must(t, "begin", err)
		s := newSRPClient()
		out, err = f.respond(t, "SELECT_CHALLENGE", out.Session, names("a@example.com", "ANSWER", "PASSWORD_SRP", "SRP_A", s.publicA().Text(16)))
		must(t, "select SRP", err)
		if out.Session == "" {
			t.Error("no session")
		}
		got, err = f.respond(t, "PASSWORD_VERIFIER", out.Session, s.answer(out.Parameters, goodPass))
		must(t, "SRP", err)
		if got.Tokens == nil {
			t.Fatalf("%+v", got)
		}
		out, err = begin(names("a@example.com", "PREFERRED_CHALLENGE", "EMAIL_OTP"), "")
		must(t, "preferred", err)
		if out.Challenge != "EMAIL_OTP" {
			t.Errorf("%+v", out)
		}
		_, err = begin(names("b@example.com"), "")
		want(t, "unknown", err, noUser)
	})
}

func TestUserAuthHidesUsers(t *testing.T) {
	t.Parallel()
	each(t, passwordless(), hiding(), func(t *testing.T, f *fixture) {
		f.newUser(t, "real@example.com", map[string]string{"email_verified": "true"})
		for _, p := range [][]string{
			{}, {"PREFERRED_CHALLENGE", "EMAIL_OTP"}, {"PREFERRED_CHALLENGE", "SMS_OTP"}, {"PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", "x"},
		} {
			var got [2]string
			for i, name := range []string{"real@example.com", "rake@example.com"} {
				out, err := f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{Client: f.client, Name: "USER_AUTH", Parameters: names(name, p...)})
				got[i] = fmt.Sprintln(out.Challenge, out.Parameters, out.Available, len(out.Session) > 0, errText(err))
				for range 6 {
					if out.Challenge != "EMAIL_OTP" {
						break
					}
					_, err := f.respond(t, "EMAIL_OTP", out.Session, names(name, "EMAIL_OTP_CODE", "x"))
					got[i] += errText(err)
				}
			}
			if d := cmp.Diff(got[0], got[1]); d != "" {
				t.Errorf("%v: -real +fake\n%s", p, d)
			}
		}
	})
}
