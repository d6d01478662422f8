package hostedui_test

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

// TestHiddenUsers compares what the pages say of a user and of nobody.
func TestHiddenUsers(t *testing.T) {
	t.Parallel()
	token := regexp.MustCompile(`name="_csrf" value="[^"]*"`)
	each(t, options{client: func(s *userpool.ClientSettings) { s.HideUsers = true }}, func(t *testing.T, f *fixture) {
		f.newUser(t, "x-real@example.com", map[string]string{"email": "x-real@example.com", "email_verified": "true"})
		_, err := f.users.SignUp(t.Context(), f.call(), userpool.SignUpInput{
			ByClient: userpool.ByPages(f.client.ID, "x-open@example.com"), Password: goodPass, Attributes: map[string]string{"email": "x-open@example.com"},
		})
		must(t, "sign up", err)
		seen := map[string]string{}
		for _, name := range []string{"x-real@example.com", "x-open@example.com", "x-none@example.com"} {
			var all strings.Builder
			note := func(what string, b *browser) {
				page := token.ReplaceAllString(b.page.body, "")
				fmt.Fprintf(&all, "%s: %d %s\n", what, b.page.StatusCode, strings.ReplaceAll(page, html.EscapeString(name), "NAME"))
			}
			for i := range 7 { // beyond the lockout
				note(fmt.Sprint("password ", i), f.browser(t).signIn(name, "Wr0ng!pass"))
			}
			b := f.browser(t).begin().follow("Forgot your password?").submit("forgotPassword", "username", name)
			note("forgot", b)
			note("wrong code", b.submit("confirmForgotPassword", "code", "1234567", "password", nextPass))
			b = f.browser(t).open(f.path("/confirmUser?" + f.query().Encode()))
			note("confirm", b.submit("confirmUser", "username", name, "code", "1234567"))
			note("resend", b.submit("resendcode"))
			seen[name] = all.String()
		}
		for name, got := range seen {
			if d := cmp.Diff(seen["x-none@example.com"], got); d != "" {
				t.Errorf("%s is told from nobody: %s", name, d)
			}
		}
		if !strings.Contains(seen["x-none@example.com"], "Too many attempts have failed") {
			t.Error("no lockout")
		}
	})
}

// TestSharedLockout counts failures of the API and of the pages together.
func TestSharedLockout(t *testing.T) {
	t.Parallel()
	each(t, options{client: func(s *userpool.ClientSettings) { s.Flows = []string{userpool.FlowPassword} }}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		for range 3 {
			_, err := f.users.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
				Client: f.client.ID, Name: userpool.AuthPassword, Parameters: map[string]string{"USERNAME": "alice", "PASSWORD": "x"},
			})
			if err == nil {
				t.Fatal("signed in")
			}
		}
		for range 2 {
			f.browser(t).signIn("alice", "Wr0ng!pass")
		}
		b := f.browser(t).signIn("alice", goodPass)
		if b.alert() != "Too many attempts have failed. Wait a while, then try again." {
			t.Errorf("%q", b.alert())
		}
		f.after(2 * time.Second)
		f.browser(t).signIn("alice", goodPass).code()
	})
}

// hostile are texts that must stay texts on a page.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg/onload=alert(1)>`, `javascript:alert(1)`,
	`{{.}}`, `</title><script>alert(1)</script>`, `" autofocus onfocus="alert(1)`, "\u202egnp.exe", `&lt;script&gt;`, `<!--`, `]]>`,
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	s := userpool.Settings{MFA: userpool.MFASettings{Mode: userpool.MFAOn, TOTP: true}}
	each(t, options{pool: s}, func(t *testing.T, f *fixture) {
		check := func(what, body string) {
			t.Helper()
			for _, tag := range regexp.MustCompile(`<[a-zA-Z!][^>]*>`).FindAllString(body, -1) {
				if regexp.MustCompile(`(?i)^<(script|img|iframe|object|!--)|^<svg/|\son\w+=|javascript:`).MatchString(quoted.ReplaceAllString(tag, `""`)) {
					t.Errorf("%s: %s", what, tag)
				}
			}
			if strings.Contains(body, "<script") || strings.Contains(body, "<img") {
				t.Errorf("%s:\n%s", what, body)
			}
		}
		for _, name := range hostile {
			b := f.browser(t).begin("login_hint", name, "state", name, "nonce", name)
			check(name, b.page.body)
			check(name, b.submit("login", "username", name, "password", name).page.body)
			if _, fields := b.form("login"); fields.Get("username") != name {
				t.Errorf("%q became %q", name, fields.Get("username"))
			}
			b = f.browser(t).begin().follow("Create an account")
			check(name, b.submit("signup", "username", name, "attribute.email", name, "password", name).page.body)
			b = f.browser(t).open(f.path("/oauth2/authorize?" + f.query("client_id", name).Encode()))
			check(name, b.page.body)
			b = f.browser(t).open(f.path("/oauth2/authorize?" + f.query("redirect_uri", name).Encode()))
			check(name, b.page.body)
		}
		_, err := f.users.UpdatePool(t.Context(), f.call(), poolID, func(name *string, _ *userpool.Settings) error {
			*name = "shop =,.@-"
			return nil
		})
		must(t, "rename", err)
		name := `<script>"'&alert(1)`
		f.newUser(t, name, nil)
		check("set-up", f.browser(t).signIn(name, goodPass).page.body)
	})
}

var quoted = regexp.MustCompile(`"[^"]*"`)
