package hostedui

import (
	"cmp"
	"slices"

	"preamp/internal/errs"
	"preamp/internal/userpool"
)

// login is the page of sign-in.
func (v *visit) login() {
	req, ok := v.request()
	if !ok || !v.resolve(req) {
		return
	}
	if v.r.Method != "POST" {
		if v.signedIn(req) {
			return
		}
		if req.prompt == promptNone {
			v.toApp(req, &oauthError{loginRequired, "nobody is signed in"})
			return
		}
		if to := req.only(); to != "" {
			req.provider = to
			v.toProvider(req)
			return
		}
		v.showLogin(req, req.hint, &page{})
		return
	}
	fields, _, ok := v.posted(req)
	if !ok {
		return
	}
	if !req.has(providerPool) {
		v.showLogin(req, "", &page{Error: "Please choose how you want to sign in."})
		return
	}
	name, password := fields.Get("username"), fields.Get("password")
	if name == "" || password == "" {
		v.showLogin(req, name, &page{Error: "Please fill in both fields."})
		return
	}
	out, err := v.ui.c.Users.HostedSignIn(v.r.Context(), v.call(), req.client.ID, name, password)
	if err == nil {
		v.next(req, flow{Username: name}, out)
		return
	}
	switch errs.Public(err).Code {
	case "UserNotConfirmedException":
		v.showConfirm(req, flow{Username: name}, &page{
			Notice: "Your account is not confirmed yet. Enter the code that you were sent when you signed up, or ask for another one.",
		})
	case "PasswordResetRequiredException":
		v.showReset(req, flow{Username: name}, &page{Notice: "Your password has to be reset. Enter the code that you were sent."})
	default:
		v.showLogin(req, name, &page{Error: v.say(err)})
	}
}

// only is the single way to sign in that the client has, if that is another
// provider: there is nothing to choose then.
func (req *request) only() string {
	if req.provider != "" && req.provider != providerPool {
		return req.provider
	}
	if list := req.client.Settings.Providers; len(list) == 1 && list[0] != providerPool {
		return list[0]
	}
	return ""
}

// next goes on after a step of a sign-in: with the next challenge, or back to the
// application.
func (v *visit) next(req *request, f flow, out userpool.AuthResult) {
	if out.Proved != nil {
		v.complete(req, *out.Proved, providerPool)
		return
	}
	f.Challenge, f.Session, f.Parameters = out.Challenge, out.Session, out.Parameters
	v.showChallenge(req, f, &page{})
}

func backToLogin(req *request) link { return link{Text: "Back to sign-in", To: req.link("login")} }

func (v *visit) showLogin(req *request, name string, p *page) {
	p.Title = "Sign in"
	if req.has(providerPool) {
		user := v.userField()
		user.Value, user.Focus = name, name == ""
		p.Form = &form{Action: "login", Submit: "Sign in", Fields: []field{
			user, {
				Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true,
				Focus: name != "", MaxLength: maxPassword,
			},
		}}
		p.Form.Help = &link{Text: "Forgot your password?", To: req.link("forgotPassword")}
		if !v.pool.Settings.AdminCreateOnly {
			p.Links = append(p.Links, link{Before: "New here?", Text: "Create an account", To: req.link("signup")})
		}
	}
	if req.provider != providerPool {
		p.Providers = req.buttons()
	}
	if p.Form == nil && len(p.Providers) == 0 {
		p.Error = "The application has no way to sign in that is available here."
	}
	v.show(req, p, flow{})
}

const (
	maxPassword = 256
	maxName     = 320 // of an e-mail address, the longest name
)

// userField asks for what users sign in by.
func (v *visit) userField() field {
	f := field{Name: "username", Label: "User name", Type: "text", Autocomplete: "username", Required: true, MaxLength: maxName}
	email := slices.Contains(v.pool.Settings.UsernameAttributes, "email")
	phone := slices.Contains(v.pool.Settings.UsernameAttributes, "phone_number")
	switch {
	case email && phone:
		f.Label, f.Hint = "E-mail address or phone number", phoneHint
	case email:
		f.Label, f.Type, f.Inputmode = "E-mail address", "email", "email"
	case phone:
		f.Label, f.Type, f.Inputmode, f.Hint = "Phone number", "tel", "tel", phoneHint
	}
	return f
}

const phoneHint = "Phone numbers with the country code, such as +1 for the United States: +15555550100"

// say is an error as the page tells it. Errors that are nobody's fault are logged.
func (v *visit) say(err error) string {
	e := errs.Public(err)
	switch errs.KindOf(err) {
	case errs.Internal, errs.Unavailable, errs.Timeout:
		if e.Code == "CodeDeliveryFailureException" {
			return "The code could not be sent. Please try again later."
		}
		v.ui.log.ErrorContext(v.r.Context(), "hosted pages", "error", err)
		return "This did not work, and it is not your fault. Please try again in a moment."
	}
	return cmp.Or(texts[e.Message], passwordRule(e), formRule(e), e.Message)
}
