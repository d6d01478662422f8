package hostedui_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

func TestSignUp(t *testing.T) {
	t.Parallel()
	each(t, options{secret: true}, func(t *testing.T, f *fixture) {
		b := f.browser(t).begin().follow("Create an account")
		if b.title() != "Create an account" {
			t.Fatalf("%q", b.title())
		}
		b.submit("signup", "username", "alice", "attribute.email", "a@example.com", "password", "short")
		if b.alert() != "Password not long enough." || b.page.StatusCode != http.StatusBadRequest {
			t.Errorf("%d %q", b.page.StatusCode, b.alert())
		}
		if _, fields := b.form("signup"); fields.Get("username") != "alice" || fields.Get("attribute.email") != "a@example.com" || fields.Get("password") != "" {
			t.Errorf("the form forgets or knows too much: %v", fields)
		}
		b.submit("signup", "password", goodPass)
		if b.title() != "Confirm your account" || b.lead() != "We have sent a code by e-mail to a***@e***." {
			t.Fatalf("%q %q %q", b.title(), b.lead(), b.alert())
		}
		b.submit("confirmUser", "code", "000000")
		if b.alert() != "The code is wrong. Check it and try again." {
			t.Errorf("%q", b.alert())
		}
		first := f.code(t)
		b.submit("resendcode")
		if f.code(t) == first && b.lead() == "" {
			t.Error("no other code")
		}
		// Who has just chosen the password need not type it again.
		out, a := f.exchange(t, b.submit("confirmUser", "code", f.code(t)).code())
		if out.Access == "" {
			t.Fatal(a.body)
		}
		if b.silent() != "" {
			t.Error("not signed in")
		}
		b = f.browser(t).begin().follow("Create an account")
		b.submit("signup", "username", "ALICE", "attribute.email", "b@example.com", "password", goodPass)
		if b.alert() != "There is an account with this name already." {
			t.Errorf("a name that is taken: %q", b.alert())
		}
	})
}

// TestConfirmLater confirms in another browser, where the password is asked for.
func TestConfirmLater(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.browser(t).begin().follow("Create an account").
			submit("signup", "username", "alice", "attribute.email", "a@example.com", "password", goodPass)
		code := f.code(t)
		b := f.browser(t).signIn("alice", goodPass)
		if b.title() != "Confirm your account" || !strings.Contains(b.notice(), "not confirmed") {
			t.Fatalf("%q %q", b.title(), b.notice())
		}
		b = f.browser(t).open(f.path("/confirmUser?" + f.query().Encode()))
		b.submit("confirmUser", "username", "alice", "code", code)
		if b.title() != "Sign in" || b.notice() == "" {
			t.Fatalf("%q %q", b.title(), b.notice())
		}
		b.submit("login", "password", goodPass).code()
	})
}

func TestEmailPool(t *testing.T) {
	t.Parallel()
	s := userpool.Settings{UsernameAttributes: []string{"email"}, Attributes: []userpool.Attribute{
		{Name: "family_name", Type: userpool.TypeString, Mutable: true, Required: true},
		{Name: "birthdate", Type: userpool.TypeString, Mutable: true, Required: true, MinLength: new(10)},
		{Name: "phone_number", Type: userpool.TypeString, Mutable: true, Required: true},
	}}
	each(t, options{pool: s}, func(t *testing.T, f *fixture) {
		b := f.browser(t).begin("login_hint", "a@example.com")
		if _, fields := b.form("login"); fields.Get("username") != "a@example.com" {
			t.Errorf("login_hint: %v", fields)
		}
		b.follow("Create an account")
		_, fields := b.form("signup")
		fields.Del("_csrf")
		want := url.Values{
			"username": {""}, "password": {""}, "attribute.family_name": {""}, "attribute.birthdate": {""}, "attribute.phone_number": {""},
		}
		if d := cmp.Diff(want, fields); d != "" {
			t.Error(d)
		}
		for _, part := range []string{`type="email"`, `type="tel"`, `type="date"`, `autocomplete="new-password"`, `autocomplete="username"`, `inputmode="tel"`} {
			if !strings.Contains(b.page.body, part) {
				t.Errorf("no %s", part)
			}
		}
		b.submit("signup", "username", "no address", "password", goodPass, "attribute.family_name", "A", "attribute.birthdate", "2000-01-01", "attribute.phone_number", "+15555550100")
		if b.alert() != "The name must not have spaces in it, and not be too long." {
			t.Errorf("%q", b.alert())
		}
		b.submit("signup", "username", "no-address", "password", goodPass)
		if b.alert() != "Username should be an email." {
			t.Errorf("%q", b.alert())
		}
		b.submit("signup", "username", "a@example.com", "password", goodPass, "attribute.birthdate", "2000")
		if b.alert() != "Date of birth: String must be at least 10 characters long." {
			t.Errorf("%q", b.alert())
		}
		b.submit("signup", "password", goodPass, "attribute.birthdate", "2000-01-01", "attribute.phone_number", "5")
		if b.alert() != "Invalid phone number format." {
			t.Errorf("%q", b.alert())
		}
		b.submit("signup", "attribute.phone_number", "+15555550100")
		if b.alert() != "Please fill in all fields." {
			t.Errorf("%q", b.alert())
		}
		b.submit("signup", "username", "a@example.com", "password", goodPass)
		b.submit("confirmUser", "code", f.code(t)).code()
		u, err := f.users.AdminUser(t.Context(), f.call(), poolID, "a@example.com")
		must(t, "user", err)
		if u.Attributes["family_name"] != "A" || u.Attributes["email_verified"] != "true" || u.Attributes["birthdate"] != "2000-01-01" {
			t.Errorf("%v", u.Attributes)
		}
	})
}

func TestAdminCreateOnly(t *testing.T) {
	t.Parallel()
	each(t, options{pool: userpool.Settings{AdminCreateOnly: true}}, func(t *testing.T, f *fixture) {
		b := f.browser(t).begin()
		if strings.Contains(b.page.body, "Create an account") {
			t.Error("the page offers what it does not have")
		}
		b.open(f.path("/signup?" + f.query().Encode()))
		if b.alert() == "" {
			t.Errorf("%q", b.title())
		}
	})
}

func TestForgotPassword(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "true"})
		b := f.browser(t).begin().follow("Forgot your password?").submit("forgotPassword", "username", "alice")
		if b.title() != "Set a new password" || !strings.Contains(b.lead(), "a***@e***") {
			t.Fatalf("%q %q", b.title(), b.lead())
		}
		b.submit("confirmForgotPassword", "code", "000000", "password", nextPass)
		if b.alert() != "The code is wrong. Check it and try again." {
			t.Errorf("%q", b.alert())
		}
		b.submit("confirmForgotPassword", "code", f.code(t), "password", "weak")
		if b.alert() != "Password not long enough." {
			t.Errorf("%q", b.alert())
		}
		b.submit("forgotPassword")
		b.submit("confirmForgotPassword", "code", f.code(t), "password", nextPass)
		if b.title() != "Sign in" || b.notice() == "" {
			t.Fatalf("%q %q", b.title(), b.alert())
		}
		b.submit("login", "password", nextPass).code()

		must(t, "reset", f.users.AdminResetPassword(t.Context(), f.call(), poolID, "alice"))
		b = f.browser(t).signIn("alice", nextPass)
		if b.title() != "Set a new password" {
			t.Fatalf("reset by an administrator: %q %q", b.title(), b.alert())
		}
		b.submit("confirmForgotPassword", "code", f.code(t), "password", goodPass)
		f.browser(t).signIn("alice", goodPass).code()
	})
}

func TestTemporaryPassword(t *testing.T) {
	t.Parallel()
	s := userpool.Settings{Attributes: []userpool.Attribute{{Name: "name", Type: userpool.TypeString, Mutable: true, Required: true}}}
	each(t, options{pool: s}, func(t *testing.T, f *fixture) {
		_, err := f.users.AdminCreateUser(t.Context(), f.call(), userpool.NewUser{
			Pool: poolID, Username: "alice", Temporary: goodPass, Suppress: true,
		})
		must(t, "create", err)
		b := f.browser(t).signIn("alice", goodPass)
		if b.title() != "Choose your password" {
			t.Fatalf("%q %q", b.title(), b.alert())
		}
		b.submit("newPassword", "password", "weak", "attribute.name", "A")
		if b.alert() != "Password not long enough." {
			t.Errorf("%q", b.alert())
		}
		b.submit("newPassword", "password", nextPass, "attribute.name", "Alice").code()
		f.browser(t).signIn("alice", nextPass).code()
	})
}

// totp is the code of an authenticator app.
func totp(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ReplaceAll(secret, " ", ""), "="))
	must(t, "decode secret", err)
	m := hmac.New(sha1.New, key)
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := m.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1000000)
}

var secretTag = regexp.MustCompile(`<code>([^<]*)</code>`)

func TestSecondFactors(t *testing.T) {
	t.Parallel()
	s := userpool.Settings{MFA: userpool.MFASettings{Mode: userpool.MFAOn, SMS: true, TOTP: true, Email: true}}
	each(t, options{pool: s}, func(t *testing.T, f *fixture) {
		f.newUser(t, "texter", map[string]string{"phone_number": "+15555550100", "phone_number_verified": "true"})
		b := f.browser(t).signIn("texter", goodPass)
		if b.title() != "Enter the code" || b.lead() != "We have sent a code to +*******0100." {
			t.Fatalf("%q %q", b.title(), b.lead())
		}
		if b.silent() != "login_required" {
			t.Error("signed in by the password alone")
		}
		b = f.browser(t).signIn("texter", goodPass)
		for range 3 {
			b.submit("mfa", "code", "000000")
			if b.alert() != "The code is wrong. Check it and try again." {
				t.Errorf("%q", b.alert())
			}
		}
		b.submit("mfa", "code", f.code(t)).code()

		// Who has no factor sets one up.
		f.newUser(t, "newcomer", nil)
		b = f.browser(t).signIn("newcomer", goodPass)
		b.submit("mfa", "answer", "SOFTWARE_TOKEN_MFA")
		secret := text(secretTag, b.page.body)
		if secret == "" || !strings.Contains(b.page.body, "<svg") {
			t.Fatalf("%q %q", b.title(), b.alert())
		}
		b.submit("mfa", "code", "000000")
		if b.alert() == "" || text(secretTag, b.page.body) != secret {
			t.Errorf("a wrong code: %q", b.alert())
		}
		b.submit("mfa", "code", totp(t, secret, f.clock())).code()
		f.after(time.Minute)
		b = f.browser(t).signIn("newcomer", goodPass)
		if !strings.Contains(b.lead(), "authenticator app") {
			t.Fatalf("%q", b.lead())
		}
		b.submit("mfa", "code", totp(t, secret, f.clock())).code()

		// One who has two chooses.
		must(t, "phone", f.users.AdminUpdateAttributes(t.Context(), f.call(), poolID, "newcomer", map[string]string{
			"phone_number": "+15555550199", "phone_number_verified": "true",
		}))
		must(t, "no preference", f.users.AdminSetMFAPreference(t.Context(), f.call(), poolID, "newcomer", userpool.Preferences{
			TOTP: &userpool.Preference{Enabled: true},
		}))
		f.after(time.Minute)
		b = f.browser(t).signIn("newcomer", goodPass)
		if b.title() != "Choose the second step" {
			t.Fatalf("%q", b.title())
		}
		b.submit("mfa", "answer", "SMS_MFA").submit("mfa", "code", f.code(t)).code()

		// By e-mail.
		f.newUser(t, "writer", nil)
		b = f.browser(t).signIn("writer", goodPass)
		b.submit("mfa", "answer", "EMAIL_OTP").submit("mfa", "email", "w@example.com").submit("mfa", "code", f.code(t)).code()
		f.browser(t).signIn("writer", goodPass).submit("mfa", "code", f.code(t)).code()
	})
}

func TestSetupOfTheOnlyFactor(t *testing.T) {
	t.Parallel()
	each(t, options{pool: userpool.Settings{MFA: userpool.MFASettings{Mode: userpool.MFAOn, TOTP: true}}}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		b := f.browser(t).signIn("alice", goodPass)
		b.submit("mfa", "code", totp(t, text(secretTag, b.page.body), f.clock())).code()
	})
	each(t, options{pool: userpool.Settings{MFA: userpool.MFASettings{Mode: userpool.MFAOn, SMS: true}}}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		if b := f.browser(t).signIn("alice", goodPass); !strings.Contains(b.alert(), "administrator") {
			t.Errorf("%q %q", b.title(), b.alert())
		}
	})
}

// TestStepsInAnotherBrowser takes the form of a second factor elsewhere, and sends
// it again where it was used.
func TestStepsInAnotherBrowser(t *testing.T) {
	t.Parallel()
	s := userpool.Settings{MFA: userpool.MFASettings{Mode: userpool.MFAOn, SMS: true}}
	each(t, options{pool: s}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", map[string]string{"phone_number": "+15555550100", "phone_number_verified": "true"})
		b := f.browser(t).signIn("alice", goodPass)
		to, fields := b.form("mfa")
		fields.Set("code", f.code(t))
		other := f.browser(t).begin()
		if other.send(http.MethodPost, to, fields); other.page.StatusCode != http.StatusForbidden {
			t.Errorf("another browser: %d", other.page.StatusCode)
		}
		b.send(http.MethodPost, to, fields).code()
		b.send(http.MethodPost, to, fields)
		if b.title() != "Sign in" || b.alert() != "This step was done before. Please sign in again." {
			t.Errorf("again: %q %q", b.title(), b.alert())
		}
		b = f.browser(t).signIn("alice", goodPass)
		to, fields = b.form("mfa")
		fields.Set("code", f.code(t))
		f.after(3 * time.Minute)
		b.send(http.MethodPost, to, fields)
		if b.alert() != "The sign-in took too long. Please sign in again." {
			t.Errorf("late: %q %q", b.title(), b.alert())
		}
	})
}
