package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"runtime"
	"strings"

	keyring "preamp/internal/keys"
)

// maxSecret bounds the file of a secret.
const maxSecret = 64 << 10

// messages checks what the keys of mail and text messages need of each other.
func (r *reader) messages() {
	m := &r.c.Mail.SMTP
	if r.failed("mail") || r.failed("sms") {
		return
	}
	if m.Host == "" {
		for _, path := range []string{"mail.smtp.from", "mail.smtp.username", "mail.smtp.password.file", "mail.smtp.password.env"} {
			if r.c.sources[path] != "" {
				r.demand(path, "is of no use without mail.smtp.host")
			}
		}
	} else {
		if m.From == "" {
			r.demand("mail.smtp.host", "needs mail.smtp.from, the sender of the e-mails")
		}
		if m.Username != "" && m.TLS == TLSNever {
			r.demand("mail.smtp.username", "is not sent in clear: mail.smtp.tls is none")
		}
		if m.Username != "" && m.Password == (SecretAt{}) {
			r.demand("mail.smtp.username", "needs a password: set mail.smtp.password.file or mail.smtp.password.env")
		}
		if m.Username == "" && m.Password != (SecretAt{}) {
			r.demand("mail.smtp.password", "is of no use without mail.smtp.username")
		}
	}
	if r.c.SMS.URL == "" && r.c.SMS.Secret != (SecretAt{}) {
		r.demand("sms.webhook.secret", "is of no use without sms.webhook.url")
	}
	for path, at := range secrets(r.c) {
		if at.File != "" && at.Env != "" {
			r.demand(path, "has both file and env: give one")
		}
	}
}

// secrets are the secrets that stand elsewhere, by their keys; the master key has
// rules of its own.
func secrets(c *Config) map[string]*SecretAt {
	return map[string]*SecretAt{"mail.smtp.password": &c.Mail.SMTP.Password, "sms.webhook.secret": &c.SMS.Secret}
}

// serveMessages checks what a production server demands of the same keys.
func (r *reader) serveMessages(environ []string) {
	for path, at := range secrets(r.c) {
		if r.failed(path) {
			continue
		}
		if _, err := at.read(func(name string) (string, bool) { return lookup(environ, name) }); err != nil {
			r.demand(path, "%s", err)
		}
	}
	if r.c.Test.FixedCode != "" {
		r.demand("test.fixed_code", "is for preamp dev only: with it anybody signs in as anybody")
	}
}

// demand reports a problem at the place of a key.
func (r *reader) demand(path, format string, args ...any) {
	at := r.at[path]
	source := r.source
	if s := r.c.sources[path]; s == variable(path) {
		source, path = "environment", s
	}
	r.problems = append(r.problems, Problem{Source: source, Line: at.line, Column: at.column, Key: path, Message: fmt.Sprintf(format, args...)})
}

// Read answers the secret; an empty one when none is configured. The error never
// holds it.
func (s SecretAt) Read() (keyring.Secret, error) { return s.read(os.LookupEnv) }

func (s SecretAt) read(env func(string) (string, bool)) (keyring.Secret, error) {
	var text string
	switch {
	case s.Env != "":
		var ok bool
		if text, ok = env(s.Env); !ok || strings.TrimSpace(text) == "" {
			return keyring.Secret{}, fmt.Errorf("names the variable %s, which is not set", s.Env)
		}
	case s.File != "":
		info, err := os.Stat(s.File)
		if err != nil {
			return keyring.Secret{}, fmt.Errorf("cannot be read: %w", err)
		}
		if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
			return keyring.Secret{}, fmt.Errorf("names %s, which others may read (mode %04o): chmod 600 %s", s.File, mode, s.File)
		}
		if !info.Mode().IsRegular() || info.Size() > maxSecret {
			return keyring.Secret{}, fmt.Errorf("names %s, which is not a file with a secret", s.File)
		}
		raw, err := os.ReadFile(s.File)
		if err != nil {
			return keyring.Secret{}, fmt.Errorf("cannot be read: %w", err)
		}
		if text = string(raw); strings.TrimSpace(text) == "" {
			return keyring.Secret{}, fmt.Errorf("names %s, which is empty", s.File)
		}
	}
	return keyring.NewSecret([]byte(strings.TrimSpace(text))), nil
}

// optionalIntValue is a number whose absence means something; 0 is absent.
type optionalIntValue struct{ intValue }

func (v optionalIntValue) show(c *Config) any {
	if n := *v.get(c); n != 0 {
		return n
	}
	return nil
}

// secretURLValue is a URL of which only the host is shown: many hold a secret in
// their path or query.
type secretURLValue struct{ stringValue }

func (v secretURLValue) show(c *Config) any {
	u, err := url.Parse(*v.get(c))
	if *v.get(c) == "" || err != nil {
		return nil
	}
	return u.Scheme + "://" + u.Host + "/[redacted]"
}

// hiddenValue is text that is not shown.
type hiddenValue struct{ stringValue }

func (v hiddenValue) show(c *Config) any {
	if *v.get(c) == "" {
		return nil
	}
	return "[redacted]"
}

func checkHost(s string) error {
	if s == "" || strings.ContainsAny(s, " /:@\x00") {
		return fmt.Errorf("must be a host name, not %q", s)
	}
	return nil
}

func checkFrom(s string) error {
	if _, err := mail.ParseAddress(s); err != nil {
		return fmt.Errorf("must be an e-mail address such as no-reply@example.com, not %q", s)
	}
	return nil
}

// checkTrustedURL never quotes its input, which may hold a secret.
func checkTrustedURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return errors.New("must be a URL that begins with https:// or http://")
	}
	return nil
}

// CheckFixedCode checks a code for tests. It never quotes it.
func CheckFixedCode(s string) error {
	if len(s) < 6 || len(s) > 8 || strings.Trim(s, "0123456789") != "" {
		return errors.New("must be 6 to 8 digits in quotes")
	}
	return nil
}
