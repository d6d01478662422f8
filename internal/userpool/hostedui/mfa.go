package hostedui

import (
	"encoding/json"
	"errors"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"preamp/internal/errs"
	"preamp/internal/userpool"
)

// Challenges that have a page.
const (
	smsMFA      = "SMS_MFA"
	totpMFA     = "SOFTWARE_TOKEN_MFA"
	emailMFA    = "EMAIL_OTP"
	selectMFA   = "SELECT_MFA_TYPE"
	setupMFA    = "MFA_SETUP"
	newPassword = "NEW_PASSWORD_REQUIRED"
)

// challenge is the page of what follows the password: second factors, their
// set-up, the place of a temporary password.
func (v *visit) challenge() {
	req, ok := v.request()
	if !ok {
		return
	}
	if v.r.Method != "POST" { // what it is about comes with the form before
		v.leave(req.link("login"))
		return
	}
	fields, f, ok := v.posted(req)
	if !ok {
		return
	}
	switch f.Challenge {
	case smsMFA, totpMFA, emailMFA:
		v.respond(req, f, map[string]string{f.Challenge + "_CODE": strings.TrimSpace(fields.Get("code"))})
	case selectMFA:
		v.respond(req, f, map[string]string{"ANSWER": fields.Get("answer")})
	case newPassword:
		v.answerNewPassword(req, f, fields)
	case setupMFA:
		v.answerSetup(req, f, fields)
	default:
		v.leave(req.link("login"))
	}
}

// respond answers a challenge of the core and goes on with what it says.
func (v *visit) respond(req *request, f flow, answers map[string]string) {
	answers["USERNAME"] = f.Username
	out, err := v.ui.c.Users.HostedRespond(v.r.Context(), v.call(), userpool.AuthInput{
		Client: req.client.ID, Name: f.Challenge, Session: f.Session, Parameters: answers,
	})
	if err != nil {
		v.again(req, f, err)
		return
	}
	v.next(req, flow{Username: f.Username}, out)
}

// again shows the page of a challenge once more when another answer may be right,
// and else the page of sign-in.
func (v *visit) again(req *request, f flow, err error) {
	text := v.say(err)
	switch errs.Public(err).Code {
	case "CodeMismatchException", "EnableSoftwareTokenMFAException", "InvalidPasswordException", "InvalidParameterException",
		"PasswordHistoryPolicyViolationException", "TooManyRequestsException":
		v.showChallenge(req, f, &page{Error: text})
	default:
		v.showLogin(req, f.Username, &page{Error: text})
	}
}

func (v *visit) showChallenge(req *request, f flow, p *page) {
	p.Links = []link{backToLogin(req)}
	code := codeField()
	code.Focus = true
	switch f.Challenge {
	case smsMFA, emailMFA:
		p.Title, p.Lead = "Enter the code", "We have sent a code to "+f.Parameters["CODE_DELIVERY_DESTINATION"]+"."
		p.Form = &form{Action: "mfa", Submit: "Sign in", Fields: []field{code}}
	case totpMFA:
		p.Title, p.Lead = "Enter the code", "Open your authenticator app, and type the code that it shows"
		if name := f.Parameters["FRIENDLY_DEVICE_NAME"]; name != "" {
			p.Lead += " for " + name
		}
		p.Lead += "."
		p.Form = &form{Action: "mfa", Submit: "Sign in", Fields: []field{code}}
	case selectMFA:
		p.Title = "Choose the second step"
		p.Form = &form{Action: "mfa", Submit: "Continue", Fields: []field{choiceField(listed(f.Parameters["MFAS_CAN_CHOOSE"]))}}
	case setupMFA:
		if !v.setupPage(f, p) {
			v.beginSetup(req, f, p)
			return
		}
	case newPassword:
		v.newPasswordPage(f, p)
	default:
		// Another step than the pages have.
		v.showLogin(req, f.Username, &page{Error: "The account needs a step to sign in that these pages do not have. Ask an administrator."})
		return
	}
	v.show(req, p, f)
}

// listed reads a parameter that is a list as JSON.
func listed(text string) (out []string) {
	if json.Unmarshal([]byte(text), &out) != nil {
		return nil
	}
	return out
}

func choiceField(names []string) field {
	f := field{Name: "answer", Label: "How do you want to get the code?"}
	for i, name := range names {
		label, ok := map[string]string{smsMFA: "Text message", totpMFA: "Authenticator app", emailMFA: "E-mail"}[name]
		if !ok {
			continue
		}
		f.Choices = append(f.Choices, choice{Value: name, Label: label, Checked: i == 0})
	}
	return f
}

// newPasswordPage asks for the password in the place of a temporary one, and for
// the attributes that are missing.
func (v *visit) newPasswordPage(f flow, p *page) {
	p.Title, p.Lead = "Choose your password", "You have signed in with a temporary password. Choose one of your own."
	password := newPasswordField()
	password.Label, password.Focus = "New password", true
	fields := append(v.attributeFields(missing(f)), password)
	p.Form = &form{Action: "newPassword", Submit: "Set password", Fields: fields, Rules: rules(v.pool.Settings.Password)}
}

// userAttributePrefix is how the core names attributes in an answer.
const userAttributePrefix = "userAttributes."

func missing(f flow) (names []string) {
	for _, name := range listed(f.Parameters["requiredAttributes"]) {
		names = append(names, strings.TrimPrefix(name, userAttributePrefix))
	}
	return names
}

func (v *visit) answerNewPassword(req *request, f flow, fields url.Values) {
	answers := map[string]string{"NEW_PASSWORD": fields.Get("password")}
	for _, name := range missing(f) {
		if text := strings.TrimSpace(fields.Get(attributePrefix + name)); text != "" {
			answers[userAttributePrefix+name] = text
		}
	}
	v.respond(req, f, answers)
}

// setups are the second factors that can be set up on a page. A phone number needs
// an administrator: the API has no way either.
func setups(f flow) []string {
	return slices.DeleteFunc(listed(f.Parameters["MFAS_CAN_SETUP"]), func(name string) bool {
		return name != totpMFA && name != emailMFA
	})
}

// setupPage is the page of the set-up where it stands. It reports false when there
// is nothing to ask before the software token.
func (v *visit) setupPage(f flow, p *page) bool {
	p.Title = "Set up a second step"
	can := setups(f)
	switch {
	case f.Secret != "":
		p.Lead = "Scan the picture with an authenticator app, then type the code that the app shows."
		p.Secret = spaced(f.Secret)
		if picture, err := qrSVG(v.tokenURI(f)); err == nil {
			p.QR = template.HTML(picture)
		}
		code := codeField()
		code.Focus = true
		p.Form = &form{Action: "mfa", Submit: "Turn on and sign in", Fields: []field{code}}
	case len(can) == 0:
		p.Error = "Signing in needs a second step that only an administrator can set up for you, such as a phone number."
	case len(can) > 1:
		p.Form = &form{Action: "mfa", Submit: "Continue", Fields: []field{choiceField(can)}}
	case can[0] == emailMFA:
		v.emailPage(p)
	default:
		return false
	}
	return true
}

func (v *visit) emailPage(p *page) {
	p.Lead = "Signing in needs a code that is sent to you. Where shall it go?"
	p.Form = &form{Action: "mfa", Submit: "Send code", Fields: []field{{
		Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "email", Inputmode: "email", Required: true,
		Focus: true, MaxLength: maxName,
	}}}
}

// beginSetup makes the secret of a software token.
func (v *visit) beginSetup(req *request, f flow, p *page) {
	out, err := v.ui.c.Users.AssociateSoftwareToken(v.r.Context(), v.call(), "", f.Session)
	if err != nil {
		v.showLogin(req, f.Username, &page{Error: v.say(err)})
		return
	}
	f.Session, f.Secret = out.Session, out.Secret
	v.setupPage(f, p)
	v.show(req, p, f)
}

func (v *visit) answerSetup(req *request, f flow, fields url.Values) {
	switch can := setups(f); {
	case f.Secret != "":
		v.verifySetup(req, f, strings.TrimSpace(fields.Get("code")))
	case fields.Get("email") != "":
		v.respond(req, f, map[string]string{"EMAIL": strings.TrimSpace(fields.Get("email"))})
	case fields.Get("answer") == emailMFA && slices.Contains(can, emailMFA):
		p := &page{Title: "Set up a second step", Links: []link{backToLogin(req)}}
		v.emailPage(p)
		v.show(req, p, f)
	case fields.Get("answer") == totpMFA && slices.Contains(can, totpMFA):
		v.beginSetup(req, f, &page{Links: []link{backToLogin(req)}})
	default:
		v.showChallenge(req, f, &page{Error: "Please choose one."})
	}
}

func (v *visit) verifySetup(req *request, f flow, text string) {
	session, err := v.ui.c.Users.VerifySoftwareToken(v.r.Context(), v.call(), "", f.Session, text, "")
	if err != nil {
		v.again(req, f, err)
		return
	}
	f.Session, f.Secret = session, ""
	v.respond(req, f, map[string]string{})
}

// tokenURI is what authenticator apps read.
func (v *visit) tokenURI(f flow) string {
	issuer := v.pool.Name
	q := url.Values{"secret": {f.Secret}, "issuer": {issuer}}
	// Apps do not read a plus sign as a space.
	return "otpauth://totp/" + url.PathEscape(issuer+":"+f.Username) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// spaced writes a key in groups of four.
func spaced(text string) string {
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

var errTooLong = errors.New("hostedui: too long for a picture")
