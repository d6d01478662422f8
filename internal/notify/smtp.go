package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"preamp/internal/errs"
	"preamp/internal/keys"
)

// TLSMode is how a connection to a mail server is protected.
type TLSMode string

// The modes. STARTTLS is the default and is required of the server: a server that
// does not offer it gets no message.
const (
	STARTTLS TLSMode = "starttls"
	TLS      TLSMode = "tls"
	NoTLS    TLSMode = "none"
)

const (
	smtpTimeout = 30 * time.Second
	// smtpConns bounds the connections to the mail server.
	smtpConns = 8
)

// SMTPConfig is a mail server. Host and From are required.
type SMTPConfig struct {
	Host string
	// Port is 587 by default, 465 for TLS and 25 for NoTLS.
	Port int
	// Username and Password sign in, if set. NoTLS allows none.
	Username string
	Password keys.Secret
	// From is an address, with or without a name.
	From string
	TLS  TLSMode
	// ClientTLS is the configuration of TLS, for private authorities.
	ClientTLS *tls.Config
	// Timeout bounds one message, with the wait for a connection; 30 s by default.
	Timeout time.Duration
}

// SMTP sends e-mail. It makes a connection per message.
type SMTP struct {
	c    SMTPConfig
	from *mail.Address
	// slots has one place per connection.
	slots chan struct{}
}

// NewSMTP makes a sender; it does not connect.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	from, err := mail.ParseAddress(c.From)
	if c.Host == "" || err != nil {
		return nil, errors.New("notify: a mail server and an address to send from are required")
	}
	switch c.TLS {
	case "":
		c.TLS = STARTTLS
	case STARTTLS, TLS, NoTLS:
	default:
		return nil, fmt.Errorf("notify: TLS of a mail server is %s, %s or %s", STARTTLS, TLS, NoTLS)
	}
	if c.TLS == NoTLS && c.Username != "" {
		return nil, errors.New("notify: a user name for the mail server needs TLS")
	}
	if c.Port == 0 {
		c.Port = map[TLSMode]int{STARTTLS: 587, TLS: 465, NoTLS: 25}[c.TLS]
	}
	if c.Timeout <= 0 {
		c.Timeout = smtpTimeout
	}
	s := &SMTP{c: c, from: from, slots: make(chan struct{}, smtpConns)}
	if _, err := s.client(); err != nil {
		return nil, fmt.Errorf("notify: mail server: %w", err)
	}
	return s, nil
}

// client is a connection to be; go-mail's clients are for one at a time.
func (s *SMTP) client() (*gomail.Client, error) {
	_, domain, _ := strings.Cut(s.from.Address, "@")
	o := []gomail.Option{gomail.WithPort(s.c.Port), gomail.WithTimeout(s.c.Timeout), gomail.WithHELO(domain)}
	switch s.c.TLS {
	case TLS:
		o = append(o, gomail.WithSSL())
	case NoTLS:
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.c.ClientTLS != nil {
		config := s.c.ClientTLS.Clone()
		if config.ServerName == "" {
			config.ServerName = s.c.Host
		}
		o = append(o, gomail.WithTLSConfig(config))
	}
	if s.c.Username != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.c.Username), gomail.WithPassword(s.c.Password.Reveal()))
	}
	return gomail.NewClient(s.c.Host, o...)
}

// Send implements Sender for e-mails.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	if m.Channel != Email {
		return errs.E(errs.Invalid, "a mail server sends e-mail only")
	}
	message, err := s.compose(m)
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "the message cannot be written as an e-mail")
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return errs.Wrap(errs.Unavailable, ctx.Err(), "the mail server is busy")
	}
	client, err := s.client()
	if err != nil {
		return fmt.Errorf("make mail client: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		return smtpError(err)
	}
	return nil
}

func (s *SMTP) compose(m Message) (*gomail.Msg, error) {
	// Without the name and version of the library, which are nobody's business.
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(s.from)
	if err := out.To(m.To); err != nil {
		return nil, err
	}
	out.Subject(m.Subject)
	out.SetDate()
	id := m.ID
	if id == "" {
		id = uuid.NewString()
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	out.SetMessageIDWithValue(id + "@" + domain)
	// RFC 3834: no out-of-office answers to these.
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Text == "" {
		out.SetBodyString(gomail.TypeTextHTML, m.HTML)
		return out, nil
	}
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return out, nil
}

// smtpError tells a recipient that is refused for good from everything else,
// which may pass. What the server said is for the log.
func smtpError(err error) error {
	if e, ok := errors.AsType[*gomail.SendError](err); ok && e.Reason == gomail.ErrSMTPRcptTo && !e.IsTemp() {
		return errs.Wrap(errs.Invalid, err, "the e-mail address is refused")
	}
	return errs.Wrap(errs.Unavailable, err, "the e-mail could not be sent")
}
