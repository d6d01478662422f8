package userpool_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

// work is what an answer costs: powers, openings of secrets, and transactions.
type work struct{ Powers, Unseals, Writes int64 }

// costs is what fn costs.
func (f *fixture) costs(fn func(c userpool.Call)) work {
	var unseals atomic.Int64
	powers, writes := userpool.Powers(f.Service), f.set.Stats().Mutations
	fn(userpool.Counted(f.call(), &unseals))
	return work{userpool.Powers(f.Service) - powers, unseals.Load(), f.set.Stats().Mutations - writes}
}

// A user that does not exist costs what one that does costs, on every path that a
// stranger can take. How long that takes is measured by the timing build (`go
// test -tags timing`), because clocks make tests that fail by chance.
func TestWorkForUnknownUsers(t *testing.T) {
	t.Parallel()
	s := passwordless()
	each(t, s, hiding(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice@example.com", map[string]string{"email_verified": "true"})
		ctx := t.Context()
		for _, c := range []struct {
			name string
			do   func(c userpool.Call, user string) error
			want string
		}{
			{"password", func(c userpool.Call, user string) error {
				_, err := f.InitiateAuth(ctx, c, userpool.AuthInput{
					Client: f.client, Name: userpool.AuthPassword, Parameters: names(user, "PASSWORD", "Wrong0ne!"),
				})
				return err
			}, wrongPassword},
			{"SRP", func(c userpool.Call, user string) error {
				client := newSRPClient()
				out, err := f.InitiateAuth(ctx, c, userpool.AuthInput{
					Client: f.client, Name: userpool.AuthSRP, Parameters: names(user, "SRP_A", client.publicA().Text(16)),
				})
				if err != nil {
					return err
				}
				_, err = f.RespondToAuthChallenge(ctx, c, userpool.AuthInput{
					Client: f.client, Name: "PASSWORD_VERIFIER", Parameters: client.answer(out.Parameters, "Wrong0ne!"),
				})
				return err
			}, wrongPassword},
			{"code", func(c userpool.Call, user string) error {
				out, err := f.InitiateAuth(ctx, c, userpool.AuthInput{
					Client: f.client, Name: userpool.AuthChoice, Parameters: names(user, "PREFERRED_CHALLENGE", "EMAIL_OTP"),
				})
				if err != nil {
					return err
				}
				_, err = f.RespondToAuthChallenge(ctx, c, userpool.AuthInput{
					Client: f.client, Name: "EMAIL_OTP", Session: out.Session, Parameters: names(user, "EMAIL_OTP_CODE", "x"),
				})
				return err
			}, wrongFactor},
			{"forgot", func(c userpool.Call, user string) error {
				_, err := f.ForgotPassword(ctx, c, f.by(user))
				return err
			}, ""},
			{"confirm forgot", func(c userpool.Call, user string) error {
				return f.ConfirmForgotPassword(ctx, c, f.by(user), "x", nextPass)
			}, mismatch},
		} {
			var got [2]work
			for i, user := range []string{"alice@example.com", "nobody@example.com"} {
				got[i] = f.costs(func(call userpool.Call) { want(t, c.name+" of "+user, c.do(call, user), c.want) })
			}
			if d := cmp.Diff(got[0], got[1]); d != "" {
				t.Errorf("%s: -user +nobody\n%s", c.name, d)
			}
			f.after(time.Hour) // no lock
		}
	})
}

// A sign-in is one transaction, and one more for each code that is sent or each
// challenge in between.
func TestWritesOfSignIn(t *testing.T) {
	t.Parallel()
	each(t, sms(userpool.MFAOptional), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		f.newUser(t, "bob", withPhone())
		must(t, "turn on", f.AdminSetMFAPreference(t.Context(), f.call(), poolID, "bob", userpool.Preferences{SMS: &userpool.Preference{Enabled: true}}))
		for _, c := range []struct {
			name string
			do   func() (userpool.AuthResult, error)
			want work
		}{
			{"SRP", func() (userpool.AuthResult, error) { return f.srp(t, "alice", goodPass) }, work{Powers: 3, Writes: 1}},
			{"password", func() (userpool.AuthResult, error) { return f.password(t, "alice", goodPass) }, work{Powers: 1, Writes: 1}},
			{"SRP challenge alone", func() (userpool.AuthResult, error) {
				_, out, err := f.challenge(t, "alice")
				return out, err
			}, work{Powers: 1}},
			{"password and code", func() (userpool.AuthResult, error) {
				out, err := f.password(t, "bob", goodPass)
				if err != nil {
					return out, err
				}
				return f.respond(t, "SMS_MFA", out.Session, names("bob", "SMS_MFA_CODE", f.last(t).Code))
			}, work{Powers: 1, Writes: 2}},
		} {
			got := f.costs(func(userpool.Call) {
				_, err := c.do()
				must(t, c.name, err)
			})
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s: %s", c.name, d)
			}
		}
	})
}
