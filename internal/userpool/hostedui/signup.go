package hostedui

import (
	"slices"
	"strings"

	"preamp/internal/errs"
	"preamp/internal/userpool"
)

// signUp is the page on which people make an account.
func (v *visit) signUp() {
	req, ok := v.poolRequest()
	if !ok {
		return
	}
	if v.pool.Settings.AdminCreateOnly {
		v.showLogin(req, "", &page{Error: "New accounts are made by an administrator."})
		return
	}
	if v.r.Method != "POST" {
		v.showSignUp(req, nil, &page{})
		return
	}
	fields, _, ok := v.posted(req)
	if !ok {
		return
	}
	given := map[string]string{}
	for _, f := range v.attributeFields(v.asked()) {
		if text := strings.TrimSpace(fields.Get(f.Name)); text != "" {
			given[strings.TrimPrefix(f.Name, attributePrefix)] = text
		}
	}
	name := strings.TrimSpace(fields.Get("username"))
	in := userpool.SignUpInput{
		ByClient: userpool.ByPages(req.client.ID, name), Password: fields.Get("password"), Attributes: given,
	}
	values := map[string]string{"username": name}
	for n, text := range given {
		values[attributePrefix+n] = text
	}
	if name == "" || in.Password == "" {
		v.showSignUp(req, values, &page{Error: "Please fill in all fields."})
		return
	}
	out, err := v.ui.c.Users.SignUp(v.r.Context(), v.call(), in)
	f := flow{Username: name, Session: out.Session}
	switch {
	case err != nil && out.Sub != "": // the account is there, the code is not
		v.showConfirm(req, f, &page{Error: v.say(err)})
	case err != nil:
		v.showSignUp(req, values, &page{Error: v.say(err)})
	case out.Delivery == nil && !out.Confirmed:
		v.showLogin(req, name, &page{Notice: "Your account is made. You can sign in when an administrator has confirmed it."})
	case out.Delivery == nil:
		v.showLogin(req, name, &page{Notice: "Your account is made. You can sign in now."})
	default:
		f.Sent = sentTo(out.Delivery)
		v.showConfirm(req, f, &page{})
	}
}

// asked are the attributes that a new account needs: those that the pool requires
// and those that it sends a code to, but for the one that is the name.
func (v *visit) asked() []string {
	set := &v.pool.Settings
	var out []string
	for name, a := range set.Schema() {
		needed := a.Required && name != "sub" || slices.Contains(set.AutoVerified, name) && len(set.UsernameAttributes) == 0
		if needed && !(len(set.UsernameAttributes) == 1 && set.UsernameAttributes[0] == name) {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(order(a), order(b)) })
	return out
}

// order puts addresses first and other attributes in their alphabetical order.
func order(name string) string {
	switch name {
	case "email":
		return "0"
	case "phone_number":
		return "1"
	case "name", "given_name":
		return "2"
	}
	return "3" + name
}

const attributePrefix = "attribute."

// attributeFields ask for attributes.
func (v *visit) attributeFields(names []string) []field {
	var out []field
	for _, name := range names {
		f := field{
			Name: attributePrefix + name, Label: attributeLabel(name), Type: "text", Required: true, MaxLength: 2048,
			Autocomplete: map[string]string{
				"email": "email", "phone_number": "tel", "name": "name", "given_name": "given-name", "family_name": "family-name",
				"middle_name": "additional-name", "nickname": "nickname", "birthdate": "bday", "website": "url", "gender": "sex",
				"address": "street-address", "locale": "language", "picture": "photo",
			}[name],
		}
		switch name {
		case "email":
			f.Type, f.Inputmode = "email", "email"
		case "phone_number":
			f.Type, f.Inputmode, f.Hint = "tel", "tel", "With the country code, such as +15555550100"
		case "birthdate":
			f.Type = "date"
		case "updated_at":
			f.Inputmode = "numeric"
		}
		out = append(out, f)
	}
	return out
}

// attributeLabel is what people call an attribute.
func attributeLabel(name string) string {
	switch name {
	case "email":
		return "E-mail address"
	case "name":
		return "Full name"
	case "birthdate":
		return "Date of birth"
	case "given_name":
		return "First name"
	case "family_name":
		return "Last name"
	case "zoneinfo":
		return "Time zone"
	}
	name = strings.ReplaceAll(strings.TrimPrefix(name, "custom:"), "_", " ")
	return strings.ToUpper(name[:1]) + name[1:]
}

func (v *visit) showSignUp(req *request, values map[string]string, p *page) {
	p.Title = "Create an account"
	user := v.userField()
	if len(v.pool.Settings.UsernameAttributes) > 0 {
		user.Autocomplete = "username" // the address is the name that password managers keep
	}
	fields := append([]field{user}, v.attributeFields(v.asked())...)
	for i := range fields {
		fields[i].Value = values[fields[i].Name]
	}
	password := newPasswordField()
	// Of a form that comes back only the password has to be typed again.
	fields[0].Focus, password.Focus = values == nil, values != nil
	p.Form = &form{
		Action: "signup", Submit: "Create account", Rules: rules(v.pool.Settings.Password),
		Fields: append(fields, password),
	}
	p.Links = []link{{Before: "Already have an account?", Text: "Sign in", To: req.link("login")}}
	v.show(req, p, flow{})
}

func newPasswordField() field {
	return field{
		Name: "password", Label: "Password", Type: "password", Autocomplete: "new-password", Required: true, MaxLength: maxPassword,
	}
}

func sentTo(d *userpool.Delivery) string {
	if d == nil {
		return ""
	}
	if d.Medium == userpool.MediumSMS {
		return "We have sent a code by text message to " + d.Destination + "."
	}
	return "We have sent a code by e-mail to " + d.Destination + "."
}

// confirmUser is the page on which the code of a sign-up comes back.
func (v *visit) confirmUser() {
	req, ok := v.poolRequest()
	if !ok {
		return
	}
	if v.r.Method != "POST" {
		v.showConfirm(req, flow{}, &page{})
		return
	}
	fields, f, ok := v.posted(req)
	if !ok {
		return
	}
	f.named(fields.Get("username"))
	text := strings.TrimSpace(fields.Get("code"))
	if f.Username == "" || text == "" {
		v.showConfirm(req, f, &page{Error: "Please fill in all fields."})
		return
	}
	ctx, users := v.r.Context(), v.ui.c.Users
	session, err := users.ConfirmSignUp(ctx, v.call(), userpool.ByPages(req.client.ID, f.Username), text, false, f.Session)
	if err != nil {
		v.showConfirm(req, f, &page{Error: v.say(err)})
		return
	}
	if session != "" {
		out, err := users.HostedConfirmed(ctx, v.call(), req.client.ID, f.Username, session)
		if err == nil {
			v.next(req, flow{Username: f.Username}, out)
			return
		}
		if errs.KindOf(err) == errs.Internal {
			v.say(err)
		}
	}
	v.showLogin(req, f.Username, &page{Notice: "Your account is confirmed. Sign in now."})
}

// named takes the name from the form where it was asked for.
func (f *flow) named(name string) {
	if f.Username == "" {
		f.Username = strings.TrimSpace(name)
	}
}

// resendCode sends another code of a sign-up.
func (v *visit) resendCode() {
	req, ok := v.poolRequest()
	if !ok {
		return
	}
	if v.r.Method != "POST" {
		v.showConfirm(req, flow{}, &page{})
		return
	}
	fields, f, ok := v.posted(req)
	if !ok {
		return
	}
	f.named(fields.Get("username"))
	if f.Username == "" {
		v.showConfirm(req, f, &page{Error: "Please fill in your name."})
		return
	}
	d, err := v.ui.c.Users.ResendConfirmationCode(v.r.Context(), v.call(), userpool.ByPages(req.client.ID, f.Username))
	if err != nil {
		v.showConfirm(req, f, &page{Error: v.say(err)})
		return
	}
	f.Sent = sentTo(d)
	v.showConfirm(req, f, &page{})
}

func (v *visit) showConfirm(req *request, f flow, p *page) {
	p.Title, p.Lead = "Confirm your account", f.Sent
	var fields []field
	if f.Username == "" {
		fields = append(fields, v.userField())
	}
	fields = append(fields, codeField())
	fields[0].Focus = true
	p.Form = &form{Action: "confirmUser", Submit: "Confirm account", Fields: fields}
	if f.Username != "" {
		p.Other = &form{Action: "resendcode", Submit: "Send another code", Quiet: true}
	}
	p.Links = []link{backToLogin(req)}
	v.show(req, p, flow{Username: f.Username, Session: f.Session, Sent: f.Sent})
}

func codeField() field {
	return field{
		Name: "code", Label: "Code", Type: "text", Autocomplete: "one-time-code", Inputmode: "numeric", Required: true, MaxLength: 64,
	}
}
