package notify_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/notify"
)

// sender is a sender to a sink, with changes.
func sender(t *testing.T, s *sink, change func(*notify.SMTPConfig)) *notify.SMTP {
	t.Helper()
	c := notify.SMTPConfig{
		Host: s.host, Port: s.port, From: "preamp <no-reply@example.com>", TLS: notify.NoTLS, Timeout: 10 * time.Second,
		ClientTLS: &tls.Config{RootCAs: s.roots},
	}
	if change != nil {
		change(&c)
	}
	out, err := notify.NewSMTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mailTo(to string) notify.Message {
	return notify.Message{Channel: notify.Email, To: to, Subject: "Your code", Text: "Your code is 123456.", Code: "123456"}
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*notify.Message)
		parts  map[string]string
	}{
		{"text", func(*notify.Message) {}, map[string]string{"text/plain": "Your code is 123456."}},
		{"HTML", func(m *notify.Message) { m.Text, m.HTML = "", "<b>123456</b>" }, map[string]string{"text/html": "<b>123456</b>"}},
		{"both", func(m *notify.Message) { m.HTML = "<b>123456</b>" }, map[string]string{"text/plain": "Your code is 123456.", "text/html": "<b>123456</b>"}},
		{"not ASCII", func(m *notify.Message) { m.Subject, m.Text = "Prüfcode ✓", "Ihr Prüfcode ist 123456 ✓\nBis bald" }, map[string]string{"text/plain": "Ihr Prüfcode ist 123456 ✓\nBis bald"}},
		{"long lines and dots", func(m *notify.Message) { m.Text = strings.Repeat("x", 5000) + "\n.\n..end" }, map[string]string{"text/plain": strings.Repeat("x", 5000) + "\n.\n..end"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSink(t, withoutTLS)
			m := mailTo("alice@example.com")
			m.ID = "job-1.step-2"
			tt.change(&m)
			if err := sender(t, s, nil).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			d := s.only(t)
			if d.from != "no-reply@example.com" || len(d.to) != 1 || d.to[0] != "alice@example.com" {
				t.Errorf("from %s to %v", d.from, d.to)
			}
			header, parts := d.parts(t)
			if diff := cmp.Diff(tt.parts, parts); diff != "" {
				t.Error(diff)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
			if err != nil || subject != m.Subject {
				t.Errorf("subject %q, %v", subject, err)
			}
			for name, want := range map[string]string{
				"From": `"preamp" <no-reply@example.com>`, "To": "<alice@example.com>", "Message-Id": "<job-1.step-2@example.com>",
				"Auto-Submitted": "auto-generated", "User-Agent": "", "X-Mailer": "",
			} {
				if got := header.Get(name); got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
			}
			if _, err := header.Date(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSMTPSecurity(t *testing.T) {
	t.Parallel()
	login := func(c *notify.SMTPConfig) { c.Username, c.Password = "mailer", keys.NewSecret([]byte("secret")) }
	for _, tt := range []struct {
		name   string
		server sinkMode
		change func(*notify.SMTPConfig)
		user   string
		ok     bool
	}{
		{"STARTTLS by default", withSTARTTLS, func(c *notify.SMTPConfig) { c.TLS = ""; login(c) }, "mailer", true},
		{"TLS", withTLS, func(c *notify.SMTPConfig) { c.TLS = notify.TLS; login(c) }, "mailer", true},
		{"no TLS, no user", withoutTLS, func(*notify.SMTPConfig) {}, "", true},
		{"wrong password", withSTARTTLS, func(c *notify.SMTPConfig) {
			c.TLS = notify.STARTTLS
			login(c)
			c.Password = keys.NewSecret([]byte("wrong-password"))
		}, "", false},
		// Somebody in between who takes STARTTLS out of the answer gets nothing.
		{"server without STARTTLS", withoutTLS, func(c *notify.SMTPConfig) { c.TLS = notify.STARTTLS; login(c) }, "", false},
		{"server without STARTTLS, no user", withoutTLS, func(c *notify.SMTPConfig) { c.TLS = notify.STARTTLS }, "", false},
		{"certificate of a stranger", withSTARTTLS, func(c *notify.SMTPConfig) { c.TLS = notify.STARTTLS; c.ClientTLS = nil; login(c) }, "", false},
		{"certificate of a stranger, TLS", withTLS, func(c *notify.SMTPConfig) { c.TLS = notify.TLS; c.ClientTLS = nil; login(c) }, "", false},
		{"certificate for another name", withTLS, func(c *notify.SMTPConfig) {
			c.TLS = notify.TLS
			c.ClientTLS.ServerName = "mail.other.test"
		}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSink(t, tt.server)
			err := sender(t, s, tt.change).Send(t.Context(), mailTo("alice@example.com"))
			if (err == nil) != tt.ok || err != nil && errs.KindOf(err) != errs.Unavailable {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), "wrong-password") {
				t.Error("the password is in the error")
			}
			if n := len(s.deliveries()); (n == 1) != tt.ok {
				t.Errorf("%d messages came", n)
			}
			if s.user != tt.user {
				t.Errorf("signed in as %q", s.user)
			}
		})
	}
}

func TestSMTPRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		answer error
		kind   errs.Kind
	}{
		{&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}, errs.Invalid},
		{&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "come back later"}, errs.Unavailable},
	} {
		t.Run(tt.answer.Error(), func(t *testing.T) {
			t.Parallel()
			s := newSink(t, withoutTLS)
			s.refuse = tt.answer
			err := sender(t, s, nil).Send(t.Context(), mailTo("alice@example.com"))
			if errs.KindOf(err) != tt.kind || strings.Contains(errs.Public(err).Message, tt.answer.(*smtp.SMTPError).Message) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestSMTPEnds: a server that is silent, or not there, holds nobody up.
func TestSMTPEnds(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // takes connections and says nothing
	silent := &sink{host: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port}
	began := time.Now()
	quick := sender(t, silent, func(c *notify.SMTPConfig) { c.Timeout = 300 * time.Millisecond })
	var wg sync.WaitGroup
	for range 20 { // more than there are connections
		wg.Go(func() {
			if err := quick.Send(t.Context(), mailTo("alice@example.com")); errs.KindOf(err) != errs.Unavailable {
				t.Errorf("silent: %v", err)
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender(t, silent, nil).Send(ctx, mailTo("alice@example.com")); errs.KindOf(err) != errs.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if d := time.Since(began); d > 8*time.Second {
		t.Errorf("it took %s", d)
	}
	absent := &sink{host: "127.0.0.1", port: 1}
	if err := sender(t, absent, nil).Send(t.Context(), mailTo("alice@example.com")); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("not there: %v", err)
	}
}

func TestNewSMTPRefuses(t *testing.T) {
	t.Parallel()
	good := notify.SMTPConfig{Host: "mail.example.com", From: "a@example.com"}
	if _, err := notify.NewSMTP(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*notify.SMTPConfig){
		"no host": func(c *notify.SMTPConfig) { c.Host = "" }, "no sender": func(c *notify.SMTPConfig) { c.From = "" },
		"bad sender": func(c *notify.SMTPConfig) { c.From = "a b" }, "bad mode": func(c *notify.SMTPConfig) { c.TLS = "ssl" },
		"bad port":             func(c *notify.SMTPConfig) { c.Port = 70000 },
		"password without TLS": func(c *notify.SMTPConfig) { c.TLS, c.Username = notify.NoTLS, "u" },
	} {
		c := good
		change(&c)
		if _, err := notify.NewSMTP(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestSMTPMany sends at once from many places.
func TestSMTPMany(t *testing.T) {
	t.Parallel()
	s := newSink(t, withoutTLS)
	out := sender(t, s, nil)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := out.Send(t.Context(), mailTo(fmt.Sprintf("user%d@example.com", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, d := range s.deliveries() {
		seen[strings.Join(d.to, ",")] = true
	}
	if len(seen) != 40 {
		t.Errorf("%d recipients", len(seen))
	}
}
