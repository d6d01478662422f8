package httpx_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"preamp/internal/httpx"
)

func leaf(t *testing.T, ca *httpx.CA) *x509.Certificate {
	t.Helper()
	c, err := ca.TLSConfig().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf
}

func verify(ca *httpx.CA, cert *x509.Certificate, name string, at time.Time) error {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.PEM())
	_, err := cert.Verify(x509.VerifyOptions{Roots: pool, DNSName: name, CurrentTime: at})
	return err
}

func TestLocalCA(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ca")
	ca, err := httpx.OpenCA(dir, []string{"dev.test", "192.0.2.7"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cert := leaf(t, ca)
	for _, name := range []string{"localhost", "todo.localhost", "s3.localhost", "bucket.s3.localhost", "127.0.0.1", "::1", "dev.test", "192.0.2.7"} {
		if err := verify(ca, cert, name, time.Now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := verify(ca, cert, "example.com", time.Now()); err == nil {
		t.Error("valid for example.com")
	}
	for name, mode := range map[string]os.FileMode{"ca.key": 0o600, "ca.pem": 0o644, "": 0o700} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if raw, err := os.ReadFile(ca.File()); err != nil || !bytes.Equal(raw, ca.PEM()) {
		t.Errorf("%v", err)
	}
	again, err := httpx.OpenCA(dir, []string{"dev.test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.PEM(), ca.PEM()) {
		t.Error("the authority is not kept, so people would have to trust it at each start")
	}
}

func TestCAIsConstrained(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := httpx.OpenCA(dir, nil, nil); err != nil {
		t.Fatal(err)
	}
	// Even with the stolen key nobody is made to trust another site.
	forged := forge(t, dir, "bank.example")
	raw, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	if _, err := forged.Verify(x509.VerifyOptions{Roots: pool, DNSName: "bank.example"}); err == nil {
		t.Error("a certificate for bank.example is valid")
	}
	if _, err := forge(t, dir, "x.localhost").Verify(x509.VerifyOptions{Roots: pool, DNSName: "x.localhost"}); err != nil {
		t.Errorf("control: %v", err)
	}
}

func TestLeafIsRenewed(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca := httpx.NewCA(t.TempDir(), func() time.Time { return now })
	first := leaf(t, ca)
	now = now.Add(24 * time.Hour)
	if leaf(t, ca) != first {
		t.Error("signed anew after a day")
	}
	now = first.NotAfter.Add(-29 * 24 * time.Hour)
	second := leaf(t, ca)
	if second == first {
		t.Error("not signed anew before its end")
	}
	if err := verify(ca, second, "localhost", now.Add(60*24*time.Hour)); err != nil {
		t.Error(err)
	}
}

func TestCAIsRenewed(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca := httpx.NewCA(t.TempDir(), func() time.Time { return now })
	old := ca.PEM()
	now = now.Add(9 * 365 * 24 * time.Hour)
	if err := ca.Reopen(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(old, ca.PEM()) {
		t.Error("replaced with a year left")
	}
	now = now.Add(300 * 24 * time.Hour)
	if err := ca.Reopen(); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(old, ca.PEM()) {
		t.Error("kept although it expires within the life of a leaf")
	}
	if err := verify(ca, leaf(t, ca), "localhost", now); err != nil {
		t.Error(err)
	}
}

func TestCAForNewNamesIsReplacedWithAWarning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := httpx.OpenCA(dir, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	second, err := httpx.OpenCA(dir, []string{"backend.test", "*.deep.test"}, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first.PEM(), second.PEM()) || !strings.Contains(out.String(), "trust it again") {
		t.Errorf("log %q", out.String())
	}
	for _, name := range []string{"backend.test", "x.deep.test"} {
		if err := verify(second, leaf(t, second), name, time.Now()); err != nil {
			t.Error(err)
		}
	}
}

func TestDamagedCAIsNotReplacedSilently(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := httpx.OpenCA(dir, nil, nil); err == nil || !strings.Contains(err.Error(), "remove both") {
		t.Errorf("error %v", err)
	}
}

func TestCertFilesFollowTheirFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	writePair(t, cert, key, "one.test")
	at, err := httpx.FollowCert(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	name := func() string { return at(now).Leaf.DNSNames[0] }
	if name() != "one.test" {
		t.Error(name())
	}
	now = now.Add(time.Minute)
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	if name() != "one.test" {
		t.Error("a certificate that cannot be read replaced the one that works")
	}
	writePair(t, cert, key, "two.test")
	later := time.Now().Add(time.Hour) // not the time of the first pair, however coarse the file system's clock
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	if name() != "one.test" {
		t.Error("the files are looked at on every handshake")
	}
	now = now.Add(time.Minute)
	if name() != "two.test" {
		t.Error("the new certificate is not used")
	}
	if _, err := httpx.CertFiles(filepath.Join(dir, "none"), key, nil); err == nil {
		t.Error("a missing file is no error")
	}
	c, err := httpx.CertFiles(cert, key, nil)
	if err != nil || c.MinVersion != tls.VersionTLS12 {
		t.Errorf("%v", err)
	}
}
