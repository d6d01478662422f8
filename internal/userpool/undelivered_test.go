package userpool_test

import (
	"strings"
	"testing"

	"preamp/internal/errs"
	"preamp/internal/userpool"
)

// A message that cannot be delivered is told: the operation has happened, so that
// the kind is none after which clients repeat it. To clients that hide users it is
// not: only who exists is sent something.
func TestUndelivered(t *testing.T) {
	t.Parallel()
	s := plain()
	s.FirstFactors = []string{"PASSWORD", "EMAIL_OTP"}
	each(t, s, hiding(), func(t *testing.T, f *fixture) {
		f.newUser(t, "ann", map[string]string{"email": "ann@example.com", "email_verified": "true"})
		f.fails = true
		choose := func(name string) error {
			_, err := f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
				Client: f.client, Name: userpool.AuthChoice, Parameters: map[string]string{"USERNAME": name, "PREFERRED_CHALLENGE": "EMAIL_OTP"},
			})
			return err
		}
		for _, name := range []string{"ann", "nobody"} {
			if _, err := f.ForgotPassword(t.Context(), f.call(), f.by(name)); err != nil {
				t.Errorf("ForgotPassword of %s: %v", name, err)
			}
			if _, err := f.ResendConfirmationCode(t.Context(), f.call(), f.by(name)); err != nil {
				t.Errorf("ResendConfirmationCode of %s: %v", name, err)
			}
			if err := choose(name); err != nil {
				t.Errorf("sign-in of %s: %v", name, err)
			}
		}
		_, err := f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: f.by("bob"), Password: goodPass, Attributes: mail("b@example.com")})
		if !strings.HasPrefix(errText(err), "CodeDeliveryFailure: ") || errs.KindOf(err) == errs.Unavailable {
			t.Errorf("SignUp: %v", err)
		}
	})
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "ann", map[string]string{"email": "ann@example.com", "email_verified": "true"})
		f.fails = true
		if _, err := f.ForgotPassword(t.Context(), f.call(), f.by("ann")); !strings.HasPrefix(errText(err), "CodeDeliveryFailure: ") {
			t.Errorf("ForgotPassword: %v", err)
		}
	})
}

// The code of tests is the same in all messages.
func TestFixedCode(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.fixed = "123456"
		f.restart(t)
		for _, name := range []string{"ann", "bob"} {
			_, err := f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: f.by(name), Password: goodPass, Attributes: mail(name + "@example.com")})
			must(t, "sign up", err)
			if got := f.last(t).Code; got != "123456" {
				t.Errorf("code %s", got)
			}
			_, err = f.ConfirmSignUp(t.Context(), f.call(), f.by(name), "123456", false, "")
			must(t, "confirm", err)
		}
	})
}
