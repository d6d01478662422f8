package userpool_test

import (
	"testing"
	"time"
)

// So many calls of an operation are judged for a user in an hour, right or wrong.
func TestCallsPerHour(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"email": "alice@example.com", "email_verified": "true"})
		f.signUp(t, "bob", mail("bob@example.com"))
		access := f.access(t, "alice")
		from, to := goodPass, nextPass
		for _, tc := range []struct {
			name    string
			allowed int
			call    func() error
		}{
			{"ConfirmSignUp", 15, func() error {
				_, err := f.ConfirmSignUp(ctx, f.call(), f.by("bob"), "x", false, "")
				return err
			}},
			{"ResendConfirmationCode", 5, func() error {
				_, err := f.ResendConfirmationCode(ctx, f.call(), f.by("bob"))
				return err
			}},
			{"ForgotPassword", 20, func() error {
				_, err := f.ForgotPassword(ctx, f.call(), f.by("alice"))
				return err
			}},
			{"ConfirmForgotPassword", 10, func() error { return f.ConfirmForgotPassword(ctx, f.call(), f.by("alice"), "x", nextPass) }},
			{"ChangePassword", 5, func() error {
				err := f.ChangePassword(ctx, f.call(), access, from, to)
				from, to = to, from
				return err
			}},
			{"GetUserAttributeVerificationCode", 5, func() error {
				_, err := f.SendAttributeCode(ctx, f.call(), access, "email")
				return err
			}},
			{"VerifyUserAttribute", 15, func() error { return f.VerifyAttribute(ctx, f.call(), access, "email", "x") }},
		} {
			judged := 0
			for range 30 {
				if errText(tc.call()) != limit {
					judged++
				}
			}
			if judged != tc.allowed {
				t.Errorf("%s: %d calls were judged; want %d", tc.name, judged, tc.allowed)
			}
		}
		f.after(time.Hour)
		if _, err := f.ForgotPassword(ctx, f.call(), f.by("alice")); err != nil {
			t.Errorf("in the next hour: %v", err)
		}
	})
}
