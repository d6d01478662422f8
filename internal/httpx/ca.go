package httpx

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	caLife = 10 * 365 * 24 * time.Hour
	// caRenewBefore leaves a leaf its whole life under the authority that signed it.
	caRenewBefore = 2 * leafLife
	leafLife      = 90 * 24 * time.Hour
	leafRenew     = 30 * 24 * time.Hour
	// backdate covers clients whose clock is behind.
	backdate = time.Hour
)

// localNames are in every leaf. Most verifiers refuse a wildcard directly below
// a top-level name, so the names that clients use are also there in full.
var localNames = []string{"localhost", "*.localhost", "s3.localhost", "*.s3.localhost"}

var localNets = []*net.IPNet{
	{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
	{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
}

// CA is a certificate authority of this machine for this data directory, and
// the server certificate signed by it. The authority is constrained to loopback
// and the configured names: who steals its key from a project folder cannot
// impersonate other sites to the people who trust it.
type CA struct {
	dir   string
	hosts []string
	log   *slog.Logger
	now   func() time.Time

	mu   sync.Mutex
	cert *x509.Certificate
	key  crypto.Signer
	leaf *tls.Certificate
}

// OpenCA reads the authority in dir (ca.pem, ca.key), or makes one when there is
// none, when it is about to expire, or when it may not sign for hosts. Hosts are
// further DNS names or IP addresses of this server.
func OpenCA(dir string, hosts []string, log *slog.Logger) (*CA, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ca := &CA{dir: dir, hosts: slices.Clone(hosts), log: log, now: time.Now}
	return ca, ca.open()
}

func (ca *CA) open() error {
	if err := ca.load(); err != nil {
		return err
	}
	if ca.cert == nil {
		if err := ca.create(); err != nil {
			return fmt.Errorf("make the local certificate authority: %w", err)
		}
	}
	_, err := ca.current()
	return err
}

// File is the path of the authority's certificate, which clients have to trust.
func (ca *CA) File() string { return filepath.Join(ca.dir, "ca.pem") }

// PEM is the authority's certificate.
func (ca *CA) PEM() []byte {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// TLSConfig answers with a certificate that is never expired: it is signed anew
// in memory when it comes close.
func (ca *CA) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return ca.current()
		},
	}
}

func (ca *CA) keyFile() string { return filepath.Join(ca.dir, "ca.key") }

// load reads the authority; it leaves ca.cert nil when a new one is needed.
func (ca *CA) load() error {
	certPEM, err := os.ReadFile(ca.File())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	keyPEM, err := os.ReadFile(ca.keyFile())
	if errors.Is(err, fs.ErrNotExist) {
		ca.log.Warn("the local certificate authority has lost its key: a new one is made, trust it again",
			slog.String("file", ca.File()))
		return nil
	}
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return fmt.Errorf("%s and %s are damaged (remove both to make a new authority): %w", ca.File(), ca.keyFile(), err)
	}
	switch {
	case ca.now().Add(caRenewBefore).After(pair.Leaf.NotAfter):
		ca.log.Warn("the local certificate authority expires: a new one is made, trust it again",
			slog.String("file", ca.File()), slog.Time("expires", pair.Leaf.NotAfter))
	case !permits(pair.Leaf, ca.hosts):
		ca.log.Warn("the local certificate authority does not cover the configured names: a new one is made, trust it again",
			slog.String("file", ca.File()), slog.Any("names", ca.hosts))
	default:
		ca.cert, ca.key = pair.Leaf, pair.PrivateKey.(crypto.Signer)
	}
	return nil
}

// permits reports whether the name constraints of cert cover all hosts.
func permits(cert *x509.Certificate, hosts []string) bool {
	names, ips := split(hosts)
	for _, ip := range ips {
		if !slices.ContainsFunc(cert.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip) }) {
			return false
		}
	}
	for _, name := range names {
		name = strings.TrimPrefix(name, "*.")
		if !slices.ContainsFunc(cert.PermittedDNSDomains, func(d string) bool {
			return name == d || strings.HasSuffix(name, "."+d)
		}) {
			return false
		}
	}
	return true
}

// split separates DNS names from addresses.
func split(hosts []string) (names []string, ips []net.IP) {
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			ips = append(ips, ip)
		} else {
			names = append(names, strings.ToLower(h))
		}
	}
	return names, ips
}

func (ca *CA) create() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := newSerial()
	if err != nil {
		return err
	}
	names, ips := split(ca.hosts)
	now := ca.now()
	t := &x509.Certificate{
		SerialNumber:                serial,
		Subject:                     pkix.Name{Organization: []string{"preamp"}, CommonName: "preamp local authority " + now.UTC().Format("2006-01-02 15:04:05")},
		NotBefore:                   now.Add(-backdate),
		NotAfter:                    now.Add(caLife),
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{"localhost"},
		PermittedIPRanges:           slices.Clone(localNets),
	}
	for _, n := range names {
		t.PermittedDNSDomains = append(t.PermittedDNSDomains, strings.TrimPrefix(n, "*."))
	}
	for _, ip := range ips {
		t.PermittedIPRanges = append(t.PermittedIPRanges, single(ip))
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(ca.dir, 0o700); err != nil {
		return err
	}
	// The key goes first: a certificate without its key would be replaced at the
	// next start, after someone may have begun to trust it.
	if err := writeFile(ca.keyFile(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return err
	}
	if err := writeFile(ca.File(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	ca.cert, ca.key = cert, key
	return nil
}

func single(ip net.IP) *net.IPNet {
	if v4 := ip.To4(); v4 != nil {
		return &net.IPNet{IP: v4, Mask: net.CIDRMask(32, 32)}
	}
	return &net.IPNet{IP: ip, Mask: net.CIDRMask(128, 128)}
}

// current is the leaf, signed anew when it is missing or close to its end.
func (ca *CA) current() (*tls.Certificate, error) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	now := ca.now()
	if ca.leaf != nil && now.Add(leafRenew).Before(ca.leaf.Leaf.NotAfter) {
		return ca.leaf, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	names, ips := split(ca.hosts)
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"preamp"}, CommonName: "localhost"},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(leafLife),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              compact(slices.Concat(localNames, names)),
		IPAddresses:           append([]net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, ips...),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca.cert, key.Public(), ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign the server certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	ca.leaf = &tls.Certificate{Certificate: [][]byte{der, ca.cert.Raw}, PrivateKey: key, Leaf: leaf}
	return ca.leaf, nil
}

func compact(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
}

// writeFile writes by rename, so that a crash leaves the old file or the new one.
func writeFile(name string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
