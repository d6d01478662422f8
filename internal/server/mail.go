package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"preamp/internal/config"
	"preamp/internal/keys"
	"preamp/internal/notify"
	"preamp/internal/userpool"
)

// messaging says how users of user pools are reached in production. Its zero
// value reaches nobody.
type messaging struct {
	smtp    *notify.SMTPConfig
	sms     string // URL of the webhook
	signing keys.Secret
}

// messagingOf reads the secrets that a configuration names.
func messagingOf(c *config.Config) (messaging, error) {
	var m messaging
	if s := c.Mail.SMTP; s.Host != "" {
		password, err := s.Password.Read()
		if err != nil {
			return messaging{}, fmt.Errorf("mail.smtp.password: %w", err)
		}
		m.smtp = &notify.SMTPConfig{
			Host: s.Host, Port: s.Port, Username: s.Username, Password: password, From: s.From, TLS: notify.TLSMode(s.TLS),
		}
	}
	if c.SMS.URL != "" {
		var err error
		if m.signing, err = c.SMS.Secret.Read(); err != nil {
			return messaging{}, fmt.Errorf("sms.webhook.secret: %w", err)
		}
		m.sms = c.SMS.URL
	}
	return m, nil
}

// senders are the channels of a production server.
func (m messaging) senders() (notify.Channels, map[notify.Channel]bool, error) {
	var out notify.Channels
	ways := map[notify.Channel]bool{}
	if m.smtp != nil {
		smtp, err := notify.NewSMTP(*m.smtp)
		if err != nil {
			return out, nil, err
		}
		out.Email, ways[notify.Email] = smtp, true
	}
	if m.sms != "" {
		hook, err := notify.NewWebhook(notify.WebhookConfig{URL: m.sms, Client: trustedClient(), Secret: m.signing})
		if err != nil {
			return out, nil, err
		}
		out.SMS, ways[notify.SMS] = hook, true
	}
	return out, ways, nil
}

// trustedClient calls addresses of preamp.yaml itself, wherever they are.
func trustedClient() *http.Client {
	return &http.Client{
		Timeout:       trustedTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

const trustedTime = 10 * time.Second

// openOutbox makes the way of messages: dev keeps them beside the data, serve
// sends them.
func (s *Server) openOutbox() error {
	if s.dev {
		s.inbox = notify.NewInbox()
		s.outbox = newOutbox(s.keep, map[notify.Channel]bool{notify.Email: true, notify.SMS: true}, s.metrics, s.logger)
		return nil
	}
	channels, ways, err := s.messaging.senders()
	if err != nil {
		return err
	}
	s.outbox = newOutbox(func(ctx context.Context, _ string, m notify.Message) error {
		return channels.Send(ctx, m)
	}, ways, s.metrics, s.logger)
	return nil
}

// keep stores a message in the environment of its pool.
func (s *Server) keep(ctx context.Context, pool string, m notify.Message) error {
	env, release, err := s.provision.Directory().Find(ctx, userpool.RoutePool, pool)
	if err != nil {
		return err
	}
	defer release()
	return s.inbox.Sender(env.DB).Send(ctx, m)
}
