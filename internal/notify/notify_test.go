package notify_test

import (
	"context"
	"strings"
	"testing"

	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/notify"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// kept keeps what it is given.
type kept struct{ got []notify.Message }

func (k *kept) Send(_ context.Context, m notify.Message) error {
	k.got = append(k.got, m)
	return nil
}

func sms(to, text string) notify.Message {
	return notify.Message{Channel: notify.SMS, To: to, Text: text}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	var mails, texts kept
	c := notify.Channels{Email: &mails, SMS: &texts}
	for _, m := range []notify.Message{mailTo("alice@example.com"), sms("+15550100", "Your code is 1.")} {
		if err := c.Send(t.Context(), m); err != nil {
			t.Error(err)
		}
	}
	if len(mails.got) != 1 || mails.got[0].To != "alice@example.com" || len(texts.got) != 1 || texts.got[0].To != "+15550100" {
		t.Errorf("%v %v", mails.got, texts.got)
	}
	for _, m := range []notify.Message{mailTo("alice@example.com"), sms("+15550100", "x")} {
		if err := (notify.Channels{}).Send(t.Context(), m); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("without senders: %v", err)
		}
	}
}

// TestBadMessages are refused before any sender sees them.
func TestBadMessages(t *testing.T) {
	t.Parallel()
	with := func(change func(*notify.Message)) notify.Message {
		m := mailTo("alice@example.com")
		change(&m)
		return m
	}
	to := func(address string) notify.Message { return with(func(m *notify.Message) { m.To = address }) }
	for name, m := range map[string]notify.Message{
		"no channel":             with(func(m *notify.Message) { m.Channel = "" }),
		"other channel":          with(func(m *notify.Message) { m.Channel = "pigeon" }),
		"no address":             to(""),
		"no domain":              to("alice"),
		"two addresses":          to("alice@example.com, eve@example.com"),
		"a name":                 to("Alice <alice@example.com>"),
		"angle brackets":         to("<alice@example.com>"),
		"a comment":              to("alice@example.com (x)"),
		"a group":                to("g: alice@example.com;"),
		"a space":                to(" alice@example.com"),
		"header by the address":  to("alice@example.com\r\nBcc: eve@example.com"),
		"command by the address": to("alice@example.com>\r\nRCPT TO:<eve@example.com"),
		"zero byte":              to("alice@example.com\x00"),
		"long address":           to(strings.Repeat("a", 400) + "@example.com"),
		"header by the subject":  with(func(m *notify.Message) { m.Subject = "x\r\nBcc: eve@example.com" }),
		"line in the subject":    with(func(m *notify.Message) { m.Subject = "x\ny" }),
		"long subject":           with(func(m *notify.Message) { m.Subject = strings.Repeat("x", 1001) }),
		"long text":              with(func(m *notify.Message) { m.Text = strings.Repeat("x", 64<<10+1) }),
		"zero byte in the text":  with(func(m *notify.Message) { m.Text = "x\x00" }),
		"not UTF-8":              with(func(m *notify.Message) { m.HTML = "x\xff" }),
		"nothing to say":         with(func(m *notify.Message) { m.Text = "" }),
		"id with a line":         with(func(m *notify.Message) { m.ID = "x\r\ny" }),
		"id with brackets":       with(func(m *notify.Message) { m.ID = "x>" }),
		"long id":                with(func(m *notify.Message) { m.ID = strings.Repeat("x", 201) }),
		"line in the code":       with(func(m *notify.Message) { m.Code = "1\n2" }),
		"number without plus":    sms("15550100", "x"),
		"number with a zero":     sms("+05550100", "x"),
		"number with spaces":     sms("+1 555 0100", "x"),
		"number that is long":    sms("+1234567890123456", "x"),
		"number with a line":     sms("+15550100\n", "x"),
		"no number":              sms("", "x"),
		"mail address for SMS":   sms("alice@example.com", "x"),
		"no text":                sms("+15550100", ""),
		"long SMS":               sms("+15550100", strings.Repeat("x", 1601)),
		"SMS with a subject":     {Channel: notify.SMS, To: "+15550100", Text: "x", Subject: "y"},
		"SMS with HTML":          {Channel: notify.SMS, To: "+15550100", Text: "x", HTML: "y"},
	} {
		var k kept
		if err := (notify.Channels{Email: &k, SMS: &k}).Send(t.Context(), m); errs.KindOf(err) != errs.Invalid || len(k.got) != 0 {
			t.Errorf("%s: %v, sent %v", name, err, k.got)
		}
	}
	s, err := notify.NewSMTP(notify.SMTPConfig{Host: "127.0.0.1", Port: 1, From: "a@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []notify.Message{to("alice"), sms("+15550100", "x")} {
		if err := s.Send(t.Context(), m); errs.KindOf(err) != errs.Invalid {
			t.Errorf("by SMTP: %v", err)
		}
	}
}

// FuzzAddress: what is accepted is one address and nothing that a mail server
// could take for more.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"alice@example.com", `"a b"@example.com`, "a@[127.0.0.1]", "ä@example.com", "<a@b>", "a@b\r\nRCPT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		var k kept
		if err := (notify.Channels{Email: &k}).Send(t.Context(), mailTo(address)); err != nil {
			return
		}
		if strings.ContainsAny(address, "\r\n\x00") || strings.Count(address, "@") == 0 {
			t.Errorf("%q is accepted", address)
		}
	})
}
