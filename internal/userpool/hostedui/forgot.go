package hostedui

import (
	"strings"

	"preamp/internal/userpool"
)

// forgotPassword is the page on which people ask for a code by which they set a
// new password.
func (v *visit) forgotPassword() {
	req, ok := v.poolRequest()
	if !ok {
		return
	}
	if v.r.Method != "POST" {
		v.showForgot(req, req.hint, &page{})
		return
	}
	fields, f, ok := v.posted(req)
	if !ok {
		return
	}
	f.named(fields.Get("username"))
	if f.Username == "" {
		v.showForgot(req, "", &page{Error: "Please fill in your name."})
		return
	}
	d, err := v.ui.c.Users.ForgotPassword(v.r.Context(), v.call(), userpool.ByPages(req.client.ID, f.Username))
	if err != nil {
		v.showForgot(req, f.Username, &page{Error: v.say(err)})
		return
	}
	v.showReset(req, flow{Username: f.Username, Sent: sentTo(d)}, &page{})
}

func (v *visit) showForgot(req *request, name string, p *page) {
	p.Title = "Forgot your password?"
	p.Lead = "Tell us who you are, and we send you a code to set a new password."
	user := v.userField()
	user.Value, user.Focus = name, true
	p.Form = &form{Action: "forgotPassword", Submit: "Send code", Fields: []field{user}}
	p.Links = []link{backToLogin(req)}
	v.show(req, p, flow{})
}

// confirmForgotPassword is the page on which the code comes back with a new
// password.
func (v *visit) confirmForgotPassword() {
	req, ok := v.poolRequest()
	if !ok {
		return
	}
	if v.r.Method != "POST" {
		v.showReset(req, flow{}, &page{})
		return
	}
	fields, f, ok := v.posted(req)
	if !ok {
		return
	}
	f.named(fields.Get("username"))
	text, password := strings.TrimSpace(fields.Get("code")), fields.Get("password")
	if f.Username == "" || text == "" || password == "" {
		v.showReset(req, f, &page{Error: "Please fill in all fields."})
		return
	}
	err := v.ui.c.Users.ConfirmForgotPassword(v.r.Context(), v.call(), userpool.ByPages(req.client.ID, f.Username), text, password)
	if err != nil {
		v.showReset(req, f, &page{Error: v.say(err)})
		return
	}
	v.showLogin(req, f.Username, &page{Notice: "Your password is changed. Sign in with the new one."})
}

func (v *visit) showReset(req *request, f flow, p *page) {
	p.Title, p.Lead = "Set a new password", f.Sent
	var fields []field
	if f.Username == "" {
		fields = append(fields, v.userField())
	}
	password := newPasswordField()
	password.Label = "New password"
	fields = append(fields, codeField(), password)
	fields[0].Focus = true
	p.Form = &form{
		Action: "confirmForgotPassword", Submit: "Set password", Fields: fields, Rules: rules(v.pool.Settings.Password),
	}
	if f.Username != "" {
		p.Other = &form{Action: "forgotPassword", Submit: "Send another code", Quiet: true}
	}
	p.Links = []link{backToLogin(req)}
	v.show(req, p, flow{Username: f.Username, Sent: f.Sent})
}
