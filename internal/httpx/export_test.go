package httpx

import (
	"crypto/tls"
	"log/slog"
	"time"
)

// SetLimits shortens the waits of a sniffer for tests.
func (s *Sniffer) SetLimits(pending int, timeout time.Duration) {
	s.limit, s.timeout = pending, timeout
}

// NewCA is an authority that is not open yet.
func NewCA(dir string, now func() time.Time) *CA {
	ca, err := OpenCA(dir, nil, nil)
	if err != nil {
		panic(err)
	}
	ca.now = now
	return ca
}

// Reopen reads the authority again with its clock.
func (ca *CA) Reopen() error {
	ca.cert, ca.key, ca.leaf = nil, nil, nil
	return ca.open()
}

// FollowCert is the certificate of the files at a time.
func FollowCert(cert, key string) (func(time.Time) *tls.Certificate, error) {
	c := &certFiles{cert: cert, key: key, log: slog.New(slog.DiscardHandler)}
	return c.get, c.load()
}
