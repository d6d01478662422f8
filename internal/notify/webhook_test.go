package notify_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/notify"
)

func webhook(t *testing.T, handler http.HandlerFunc, change func(*notify.WebhookConfig)) *notify.Webhook {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c := notify.WebhookConfig{URL: server.URL + "/sms?key=url-secret", Client: server.Client()}
	if change != nil {
		change(&c)
	}
	w, err := notify.NewWebhook(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	secret := keys.NewSecret([]byte("hook secret"))
	calls := 0
	w := webhook(t, func(_ http.ResponseWriter, r *http.Request) {
		calls++
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var got map[string]string
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		want := map[string]string{"id": "m-1", "channel": "sms", "to": "+15550100", "text": "Code <1> & ✓", "code": "1"}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") != "m-1" {
			t.Errorf("%s, %v", r.Method, r.Header)
		}
		at := r.Header.Get(notify.TimestampHeader)
		if r.Header.Get(notify.SignatureHeader) != notify.Sign(secret, at, body) || at == "" {
			t.Errorf("signature %q at %q", r.Header.Get(notify.SignatureHeader), at)
		}
		if notify.Sign(secret, at+"0", body) == notify.Sign(secret, at, body) || notify.Sign(secret, at, body[1:]) == notify.Sign(secret, at, body) {
			t.Error("the signature does not cover everything")
		}
	}, func(c *notify.WebhookConfig) { c.Secret = secret })
	m := sms("+15550100", "Code <1> & ✓")
	m.ID, m.Code = "m-1", "1"
	if err := w.Send(t.Context(), m); err != nil || calls != 1 {
		t.Errorf("%v, %d calls", err, calls)
	}
	if err := w.Send(t.Context(), sms("5550100", "x")); errs.KindOf(err) != errs.Invalid || calls != 1 {
		t.Errorf("a bad message: %v, %d calls", err, calls)
	}
}

// TestSignature pins the form that receivers are told of.
func TestSignature(t *testing.T) {
	t.Parallel()
	// printf '1.{}' | openssl dgst -sha256 -hmac key
	const want = "v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"
	if got := notify.Sign(keys.NewSecret([]byte("key")), "1", []byte("{}")); got != want {
		t.Errorf("%s", got)
	}
}

func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]errs.Kind{
		400: errs.Invalid, 404: errs.Invalid, 410: errs.Invalid, 422: errs.Invalid, 401: errs.Unavailable, 403: errs.Unavailable,
		408: errs.Unavailable, 429: errs.Unavailable, 500: errs.Unavailable, 503: errs.Unavailable, 304: errs.Unavailable,
	} {
		w := webhook(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			if code != 304 {
				_, _ = w.Write([]byte("what the receiver says"))
			}
		}, nil)
		err := w.Send(t.Context(), sms("+15550100", "x"))
		if errs.KindOf(err) != want || strings.Contains(err.Error(), "receiver says") || strings.Contains(err.Error(), "url-secret") {
			t.Errorf("%d: %v", code, err)
		}
	}
	hold := make(chan struct{})
	defer close(hold)
	slow := webhook(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}, func(c *notify.WebhookConfig) { c.Timeout = 100 * time.Millisecond })
	if err := slow.Send(t.Context(), sms("+15550100", "x")); errs.KindOf(err) != errs.Unavailable || strings.Contains(err.Error(), "url-secret") {
		t.Errorf("slow: %v", err)
	}
}

func TestNewWebhookRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]notify.WebhookConfig{
		"no client": {URL: "https://example.com"}, "no URL": {Client: http.DefaultClient}, "no scheme": {URL: "example.com", Client: http.DefaultClient},
		"a file": {URL: "file:///etc/passwd", Client: http.DefaultClient}, "no host": {URL: "https:///x", Client: http.DefaultClient},
	} {
		if _, err := notify.NewWebhook(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
