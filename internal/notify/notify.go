package notify

import (
	"context"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"preamp/internal/errs"
)

// Channel is the way a message goes.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
)

// Bounds of a message. AWS allows 140 characters of subject, 20,000 of an e-mail
// and 140 of a text message before the code is put in.
const (
	maxAddress = 320
	maxSubject = 1000
	maxText    = 64 << 10
	maxSMS     = 1600
	maxID      = 200
)

// Message is one message to one recipient.
type Message struct {
	// ID names the message for receivers that drop repeats; empty makes one up.
	ID      string
	Channel Channel
	// To is a mail address without a name, or a phone number in E.164.
	To string
	// Subject and HTML are of e-mails. An e-mail has a text, HTML or both.
	Subject, Text, HTML string
	// Code is what the message is about, for the inbox and for webhooks that have
	// texts of their own.
	Code string
}

// Sender sends messages. It answers when the message was handed over.
//
// Errors: Invalid for a message or recipient that will never be accepted;
// Unavailable for a failure that may pass, or when it is not known whether the
// message was accepted.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

var phone = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)

// check refuses messages that no sender may take.
func (m Message) check() error {
	if m.Channel != Email && m.Channel != SMS {
		return errs.E(errs.Invalid, "a message goes by email or sms")
	}
	if len(m.ID) > maxID || strings.ContainsFunc(m.ID, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>@"\`, r) }) {
		return errs.E(errs.Invalid, "the id of the message is not usable")
	}
	for _, part := range []struct {
		name, text string
		max        int
		lines      bool
	}{
		{"address", m.To, maxAddress, false},
		{"subject", m.Subject, maxSubject, false},
		{"code", m.Code, maxSubject, false},
		{"text", m.Text, maxText, true},
		{"HTML", m.HTML, maxText, true},
	} {
		if len(part.text) > part.max {
			return errs.E(errs.Invalid, "the %s of the message is too long", part.name)
		}
		if !utf8.ValidString(part.text) || strings.ContainsFunc(part.text, func(r rune) bool {
			return unicode.IsControl(r) && (!part.lines || r != '\n' && r != '\r' && r != '\t')
		}) {
			return errs.E(errs.Invalid, "the %s of the message has characters that cannot be sent", part.name)
		}
	}
	if m.Channel == SMS {
		return m.checkSMS()
	}
	// ParseAddress takes names, comments and groups as well; an address that is
	// written back otherwise had some.
	a, err := mail.ParseAddress(m.To)
	if err != nil || a.Address != m.To {
		return errs.E(errs.Invalid, "the e-mail address is not valid")
	}
	if m.Text == "" && m.HTML == "" {
		return errs.E(errs.Invalid, "the message is empty")
	}
	return nil
}

func (m Message) checkSMS() error {
	switch {
	case !phone.MatchString(m.To):
		return errs.E(errs.Invalid, "the phone number is not valid")
	case m.Text == "" || m.HTML != "" || m.Subject != "":
		return errs.E(errs.Invalid, "a text message has a text and nothing else")
	case len(m.Text) > maxSMS:
		return errs.E(errs.Invalid, "the text of the message is too long")
	}
	return nil
}

// Channels sends each message by the sender of its channel.
type Channels struct{ Email, SMS Sender }

// Send implements Sender. A channel without a sender is Unavailable.
func (c Channels) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	s := c.Email
	if m.Channel == SMS {
		s = c.SMS
	}
	if s == nil {
		return errs.E(errs.Unavailable, "sending by %s is not configured", m.Channel)
	}
	return s.Send(ctx, m)
}
