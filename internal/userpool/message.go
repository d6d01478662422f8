package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"preamp/internal/errs"
)

// Ways of delivery.
const (
	MediumEmail = "EMAIL"
	MediumSMS   = "SMS"
)

// Message is what a user is sent.
type Message struct {
	Pool     string
	Username string
	Medium   string // EMAIL or SMS
	To       string
	Subject  string // of an e-mail
	// Body is the text of an SMS or the HTML of an e-mail.
	Body string
	// Code is the code or temporary password in it.
	Code string
}

// Template is the texts of a kind of message. {####} is the code, {username} the
// user name. What is empty is that of Cognito.
type Template struct{ Subject, Email, SMS string }

// Messages are the templates of a pool.
type Messages struct {
	// Verification is for sign-up and attributes; Forgot for passwords, as
	// Verification where it is empty.
	Verification, Forgot Template
	// Invite carries the temporary password.
	Invite Template
	// Factor is for codes at sign-in.
	Factor Template
}

func (t Template) or(other Template) Template {
	if t.Subject == "" {
		t.Subject = other.Subject
	}
	if t.Email == "" {
		t.Email = other.Email
	}
	if t.SMS == "" {
		t.SMS = other.SMS
	}
	return t
}

func (m Messages) verification() Template {
	return m.Verification.or(Template{
		"Your verification code", "Your confirmation code is {####}", "Your confirmation code is {####}",
	})
}

func (m Messages) forgot() Template { return m.Forgot.or(m.verification()) }

func (m Messages) invite() Template {
	return m.Invite.or(Template{
		"Your temporary password", "Your username is {username} and temporary password is {####}",
		"Your username is {username} and temporary password is {####}",
	})
}

func (m Messages) factor() Template {
	return m.Factor.or(Template{
		"Your authentication code", "Your authentication code is {####}", "Your authentication code is {####}",
	})
}

// delivery says where a code goes.
type delivery struct {
	attribute string // email or phone_number
	to        string
}

func (d delivery) medium() string {
	if d.attribute == attrPhone {
		return MediumSMS
	}
	return MediumEmail
}

// Delivery is CodeDeliveryDetails.
type Delivery struct{ Attribute, Medium, Destination string }

func (d delivery) details() *Delivery {
	return &Delivery{Attribute: d.attribute, Medium: d.medium(), Destination: mask(d)}
}

// mask hides an address but for what its owner knows it by.
func mask(d delivery) string {
	if d.attribute == attrPhone {
		digits := strings.TrimPrefix(d.to, "+")
		shown := digits[max(0, len(digits)-4):]
		return "+" + strings.Repeat("*", len(digits)-len(shown)) + shown
	}
	user, host, _ := strings.Cut(d.to, "@")
	return first(user) + "***@" + first(host) + "***"
}

func first(text string) string {
	_, n := utf8.DecodeRuneInString(text)
	return text[:n]
}

// render fills a template. In an e-mail the user name is written as text of HTML:
// users choose it.
func (t Template) render(d delivery, p *Pool, u *User, code string) Message {
	m := Message{Pool: p.ID, Username: u.Username, Medium: d.medium(), To: d.to, Code: code, Body: t.SMS}
	name, shown := u.shownName(&p.Settings), code
	if m.Medium == MediumEmail {
		m.Body, name, shown = t.Email, html.EscapeString(name), html.EscapeString(code)
		m.Subject = oneLine(strings.NewReplacer("{####}", code, "{username}", u.shownName(&p.Settings)).Replace(t.Subject))
	}
	m.Body = strings.NewReplacer("{####}", shown, "{username}", name).Replace(m.Body)
	return m
}

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

// shownName is what the user knows as the user name.
func (u *User) shownName(s *Settings) string {
	for _, a := range s.UsernameAttributes {
		if v := u.Attributes[a]; v != "" {
			return v
		}
	}
	return u.Username
}

// send takes a message over, after the transaction that made its code. The code
// stays when that fails: asking again makes another one.
func (s *Service) send(ctx context.Context, m Message) error {
	if err := s.sendFunc(ctx, m); err != nil {
		// Not Unavailable: clients would repeat what has been done but for the message.
		e := errs.Wrap(errs.Conflict, err, "The verification code could not be delivered.")
		e.Code = codeDeliveryFailure
		return e
	}
	return nil
}

// simulated is where a code goes that is sent to nobody: made of the name when
// that is an address, and else the same for each call. An empty attribute is what
// the pool recovers accounts by.
func (p *Pool) simulated(name, attribute string) *Delivery {
	if attribute == "" {
		attribute = attrEmail
		if isPhone(name) || !isEmail(name) && p.Settings.Recovery[0] == RecoverPhone {
			attribute = attrPhone
		}
	}
	switch {
	case attribute == attrEmail && isEmail(name):
		return delivery{attrEmail, name}.details()
	case attribute == attrPhone && isPhone(name):
		return delivery{attrPhone, name}.details()
	}
	mac := hmac.New(sha256.New, p.secret)
	fmt.Fprintf(mac, "delivery\x00%s", p.Settings.foldName(name))
	sum := mac.Sum(nil)
	letter := func(b byte) string { return string(rune('a' + b%26)) }
	if attribute == attrPhone {
		return delivery{attrPhone, fmt.Sprintf("+1555%07d", (uint32(sum[0])<<16|uint32(sum[1])<<8|uint32(sum[2]))%10_000_000)}.details()
	}
	return delivery{attrEmail, letter(sum[0]) + "@" + letter(sum[1])}.details()
}
