package httpx

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certCheck is how often a handshake looks whether the files have changed.
const certCheck = 10 * time.Second

// certFiles is a configured certificate that follows its files, so that a
// renewed certificate needs no restart.
type certFiles struct {
	cert, key string
	log       *slog.Logger

	mu       sync.Mutex
	current  *tls.Certificate
	checked  time.Time
	modified [2]time.Time
}

// CertFiles is the TLS configuration for a certificate and a key in PEM files.
// When the files change they are read again; if that fails, the certificate that
// worked stays and the failure is logged.
func CertFiles(cert, key string, log *slog.Logger) (*tls.Config, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &certFiles{cert: cert, key: key, log: log}
	if err := c.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.get(time.Now()), nil
		},
	}, nil
}

func (c *certFiles) load() error {
	modified := c.stat()
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read the TLS certificate: %w", err)
	}
	c.current, c.modified = &pair, modified
	return nil
}

func (c *certFiles) stat() (t [2]time.Time) {
	for i, name := range []string{c.cert, c.key} {
		if info, err := os.Stat(name); err == nil {
			t[i] = info.ModTime()
		}
	}
	return t
}

func (c *certFiles) get(now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.checked) < certCheck {
		return c.current
	}
	c.checked = now
	if c.stat() != c.modified {
		if err := c.load(); err != nil {
			c.log.Error("the changed TLS certificate cannot be used; the previous one stays", slog.Any("error", err))
		}
	}
	return c.current
}
