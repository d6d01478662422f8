package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"preamp/internal/errs"
	"preamp/internal/keys"
)

const (
	webhookTimeout = 10 * time.Second
	// webhookAnswer bounds what is read of an answer, which nobody looks at.
	webhookAnswer = 64 << 10

	// SignatureHeader holds "v1=" and the HMAC-SHA256, in hexadecimal, of the time
	// stamp, a dot and the body; TimestampHeader the time in seconds.
	SignatureHeader = "X-Preamp-Signature"
	TimestampHeader = "X-Preamp-Timestamp"
)

// WebhookConfig is a receiver of messages. URL and Client are required.
type WebhookConfig struct {
	URL string
	// Client bounds redirects and addresses.
	Client *http.Client
	// Secret signs the calls, if set.
	Secret keys.Secret
	// Timeout bounds one call; 10 s by default.
	Timeout time.Duration
}

// Webhook hands each message to an HTTP endpoint, which sends it.
type Webhook struct{ c WebhookConfig }

// NewWebhook makes a sender.
func NewWebhook(c WebhookConfig) (*Webhook, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || c.Client == nil {
		return nil, errors.New("notify: an http or https URL and a client are required")
	}
	if c.Timeout <= 0 {
		c.Timeout = webhookTimeout
	}
	return &Webhook{c}, nil
}

// call is the body of a call.
type call struct {
	ID      string  `json:"id"`
	Channel Channel `json:"channel"`
	To      string  `json:"to"`
	Subject string  `json:"subject,omitempty"`
	Text    string  `json:"text,omitempty"`
	HTML    string  `json:"html,omitempty"`
	Code    string  `json:"code,omitempty"`
}

// Send implements Sender. The receiver answers 2xx when it has taken the message,
// and 400, 404, 410 or 422 when it never will.
func (w *Webhook) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	id := m.ID
	if id == "" {
		id = uuid.NewString()
	}
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	err := e.Encode(call{ID: id, Channel: m.Channel, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Code: m.Code})
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, w.c.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.c.URL, bytes.NewReader(body.Bytes()))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", id)
	if !w.c.Secret.Empty() {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		r.Header.Set(TimestampHeader, at)
		r.Header.Set(SignatureHeader, Sign(w.c.Secret, at, body.Bytes()))
	}
	return w.do(r)
}

func (w *Webhook) do(r *http.Request) error {
	const failed = "the message could not be sent"
	answer, err := w.c.Client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the URL may hold a secret
		}
		return errs.Wrap(errs.Unavailable, err, failed)
	}
	defer answer.Body.Close()
	// Read to the end, so that the connection can be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, webhookAnswer))
	err = fmt.Errorf("the webhook answered %d", answer.StatusCode)
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusBadRequest, code == http.StatusNotFound, code == http.StatusGone, code == http.StatusUnprocessableEntity:
		return errs.Wrap(errs.Invalid, err, "the message is refused")
	}
	return errs.Wrap(errs.Unavailable, err, failed)
}

// Sign is the signature of a call, for receivers written in Go.
func Sign(secret keys.Secret, timestamp string, body []byte) string {
	m := hmac.New(sha256.New, secret.Bytes())
	m.Write([]byte(timestamp + "."))
	m.Write(body)
	return "v1=" + hex.EncodeToString(m.Sum(nil))
}
