package userpool_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

func sms(mode string) userpool.Settings {
	s := plain()
	s.MFA = userpool.MFASettings{Mode: mode, SMS: true, TOTP: true}
	return s
}

func withPhone() map[string]string {
	return map[string]string{"phone_number": "+15555550100", "phone_number_verified": "true"}
}

// begin begins USER_AUTH.
func (f *fixture) begin(t testing.TB, name string, more ...string) (userpool.AuthResult, error) {
	t.Helper()
	return f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{Client: f.client, Name: "USER_AUTH", Parameters: names(name, more...)})
}

// Thirty codes an hour are sent to a user at sign-in, whatever they are for.
func TestCodesPerHour(t *testing.T) {
	t.Parallel()
	each(t, sms(userpool.MFAOn), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", withPhone())
		for range 30 {
			out, err := f.password(t, "alice", goodPass)
			must(t, "sign in", err)
			if out.Challenge != "SMS_MFA" {
				t.Fatalf("%+v", out)
			}
		}
		sent := len(f.sent)
		_, err := f.password(t, "alice", goodPass)
		want(t, "password", err, limit)
		_, err = f.srp(t, "alice", goodPass)
		want(t, "SRP", err, limit)
		if len(f.sent) != sent {
			t.Error("a code was sent")
		}
		f.after(time.Hour)
		if _, err := f.password(t, "alice", goodPass); err != nil {
			t.Error(err)
		}
	})
	s := passwordless()
	s.FirstFactors = append(s.FirstFactors, "SMS_OTP")
	each(t, s, hiding(), func(t *testing.T, f *fixture) {
		f.newUser(t, "a@example.com", map[string]string{"email_verified": "true"})
		for _, name := range []string{"a@example.com", "nobody@example.com"} {
			for i := range 30 {
				_, err := f.begin(t, name, "PREFERRED_CHALLENGE", []string{"EMAIL_OTP", "SMS_OTP"}[i%2])
				must(t, name, err)
			}
			out, err := f.begin(t, name)
			must(t, "choose", err)
			_, err = f.respond(t, "SELECT_CHALLENGE", out.Session, names(name, "ANSWER", "EMAIL_OTP"))
			want(t, name, err, limit)
			// The choice is not used up by that.
			f.after(time.Hour)
			out, err = f.begin(t, name)
			must(t, "choose", err)
			if _, err = f.respond(t, "SELECT_CHALLENGE", out.Session, names(name, "ANSWER", "EMAIL_OTP")); err != nil {
				t.Error(err)
			}
		}
	})
}

// Whatever a user has or lacks, a client that hides users offers the same as for
// nobody, and a factor that the user cannot use looks like one that nobody can.
func TestUserAuthHidesFactors(t *testing.T) {
	t.Parallel()
	s := plain()
	s.FirstFactors = []string{"PASSWORD", "EMAIL_OTP", "SMS_OTP"}
	s.MFA = userpool.MFASettings{Mode: userpool.MFAOptional, TOTP: true, SMS: true}
	each(t, s, hiding(), func(t *testing.T, f *fixture) {
		email := map[string]string{"email": "x@example.com", "email_verified": "true"}
		f.newUser(t, "without", nil)
		f.newUser(t, "email", email)
		f.newUser(t, "phone", withPhone())
		f.newUser(t, "unproved", mail("x@example.com"))
		both := withPhone()
		maps.Copy(both, email)
		f.newUser(t, "factor", both)
		must(t, "turn on", f.AdminSetMFAPreference(t.Context(), f.call(), poolID, "factor", userpool.Preferences{SMS: &userpool.Preference{Enabled: true}}))
		f.newUser(t, "off", both)
		must(t, "turn off", f.AdminEnable(t.Context(), f.call(), poolID, "off", false))
		_, err := f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: f.by("passwordless")})
		must(t, "sign up", err)
		sees := func(name string, more ...string) string {
			out, err := f.begin(t, name, more...)
			got := fmt.Sprintln(out.Challenge, out.Available, len(out.Parameters), out.Parameters["CODE_DELIVERY_DELIVERY_MEDIUM"],
				len(out.Session) > 0, errText(err))
			if strings.HasSuffix(out.Challenge, "_OTP") {
				_, err := f.respond(t, out.Challenge, out.Session, names(name, out.Challenge+"_CODE", "x"))
				got += errText(err)
			}
			return got
		}
		for _, more := range [][]string{
			nil, {"PREFERRED_CHALLENGE", "EMAIL_OTP"}, {"PREFERRED_CHALLENGE", "SMS_OTP"}, {"PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", "x"},
		} {
			nobody := sees("nobody", more...)
			for _, name := range []string{"without", "email", "phone", "unproved", "factor", "off", "passwordless"} {
				if d := cmp.Diff(nobody, sees(name, more...)); d != "" {
					t.Errorf("%s %v: -nobody +user\n%s", name, more, d)
				}
			}
		}
		// Nothing is sent to who cannot use it.
		f.sent = nil
		for _, name := range []string{"without", "unproved", "factor", "nobody"} {
			_, err := f.begin(t, name, "PREFERRED_CHALLENGE", "EMAIL_OTP")
			must(t, name, err)
		}
		if len(f.sent) != 0 {
			t.Errorf("%+v", f.sent)
		}
		// The destination is made of what was typed.
		out, err := f.begin(t, "zoe@example.org", "PREFERRED_CHALLENGE", "EMAIL_OTP")
		must(t, "address", err)
		if out.Parameters["CODE_DELIVERY_DESTINATION"] != "z***@e***" {
			t.Errorf("%v", out.Parameters)
		}
	})
}

func TestSMSOTP(t *testing.T) {
	t.Parallel()
	s := plain()
	s.FirstFactors = []string{"PASSWORD", "SMS_OTP"}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", withPhone())
		f.newUser(t, "bob", map[string]string{"phone_number": "+15555550101"})
		out, err := f.begin(t, "alice")
		must(t, "begin", err)
		if d := cmp.Diff([]string{"PASSWORD_SRP", "PASSWORD", "SMS_OTP"}, out.Available); d != "" {
			t.Error(d)
		}
		out, err = f.respond(t, "SELECT_CHALLENGE", out.Session, names("alice", "ANSWER", "SMS_OTP"))
		must(t, "select", err)
		m := f.last(t)
		if out.Challenge != "SMS_OTP" || m.Medium != "SMS" || m.To != "+15555550100" || len(m.Code) != 8 || !strings.Contains(m.Body, m.Code) {
			t.Fatalf("%+v %+v", out, m)
		}
		if d := cmp.Diff(map[string]string{
			"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******0100",
		}, out.Parameters); d != "" {
			t.Error(d)
		}
		_, err = f.respond(t, "EMAIL_OTP", out.Session, names("alice", "EMAIL_OTP_CODE", m.Code))
		want(t, "as another challenge", err, "NotAuthorized: Invalid session for the user.")
		_, err = f.respond(t, "SMS_OTP", out.Session, names("bob", "SMS_OTP_CODE", m.Code))
		want(t, "as another user", err, "NotAuthorized: Invalid session for the user.")
		_, err = f.respond(t, "SMS_OTP", out.Session, names("alice", "SMS_OTP_CODE", "x"))
		want(t, "wrong", err, wrongFactor)
		got, err := f.respond(t, "SMS_OTP", out.Session, names("alice", "SMS_OTP_CODE", m.Code))
		if err != nil || got.Tokens == nil {
			t.Fatalf("%+v, %v", got, err)
		}
		_, err = f.respond(t, "SMS_OTP", out.Session, names("alice", "SMS_OTP_CODE", m.Code))
		want(t, "again", err, "NotAuthorized: Invalid session for the user, session can only be used once.")
		out, err = f.begin(t, "alice", "PREFERRED_CHALLENGE", "SMS_OTP")
		must(t, "preferred", err)
		f.after(3 * time.Minute)
		_, err = f.respond(t, "SMS_OTP", out.Session, names("alice", "SMS_OTP_CODE", f.last(t).Code))
		want(t, "late", err, "NotAuthorized: Invalid session for the user, session is expired.")
		// A number that is not proved is none.
		out, err = f.begin(t, "bob", "PREFERRED_CHALLENGE", "SMS_OTP")
		must(t, "not proved", err)
		if d := cmp.Diff([]string{"PASSWORD_SRP", "PASSWORD"}, out.Available); d != "" {
			t.Error(d)
		}
	})
}

// Ten reads and ten writes a second for one user, each on its own.
func TestUserRates(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		f.newUser(t, "bob", nil)
		_, err := f.CreateGroup(ctx, f.call(), userpool.Group{Pool: poolID, Name: "g"})
		must(t, "group", err)
		access := f.access(t, "alice")
		f.rate = userpool.DefaultUserRate
		f.restart(t)
		reads := []func() error{
			func() error { _, err := f.SignedIn(ctx, f.call(), access); return err },
			func() error { _, err := f.AdminUser(ctx, f.call(), poolID, "alice"); return err },
			func() error { _, _, err := f.FirstFactors(ctx, f.call(), access); return err },
			func() error { _, _, err := f.UserGroups(ctx, f.call(), poolID, "alice", userpool.Page{}); return err },
		}
		writes := []func() error{
			func() error {
				_, err := f.UpdateAttributes(ctx, f.call(), access, map[string]string{"name": "A"})
				return err
			},
			func() error {
				return f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", map[string]string{"name": "B"})
			},
			func() error { return f.AddToGroup(ctx, f.call(), poolID, "alice", "g") },
			func() error { return f.SetMFAPreference(ctx, f.call(), access, userpool.Preferences{}) },
		}
		const over = "TooManyRequests: Too many requests"
		for round := range 2 {
			for kind, list := range map[string][]func() error{"read": reads, "write": writes} {
				for i := range 10 {
					must(t, kind, list[i%4]())
				}
				for i := range 4 {
					want(t, fmt.Sprint(kind, i), list[i](), over)
				}
			}
			if _, err := f.AdminUser(ctx, f.call(), poolID, "bob"); err != nil {
				t.Errorf("another user: %v", err)
			}
			if round == 0 {
				f.after(100 * time.Millisecond)
				must(t, "one more after a tenth", reads[0]())
				want(t, "but one", reads[0](), over)
				f.after(time.Second)
			}
		}
		if f.storedName(t, "alice") != "B" {
			t.Error("a refused write was done")
		}
	})
}

// storedName is the name of a user, read around the rates.
func (f *fixture) storedName(t testing.TB, name string) string {
	t.Helper()
	f.rate = 0
	f.restart(t)
	return f.user(t, name).Attributes["name"]
}
