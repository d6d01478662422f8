package wire_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"strings"
	"testing"

	"preamp/test/harness"
)

// TestOnePort reaches the same server on the same port with and without TLS.
func TestOnePort(t *testing.T) {
	t.Parallel()
	s, plain := fixture(t)
	pem, err := os.ReadFile(s.Status.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", s.Status.CAFile)
	}
	if want := "https" + strings.TrimPrefix(s.Status.URL, "http"); s.Status.TLSURL != want {
		t.Errorf("tls_url is %s, want %s", s.Status.TLSURL, want)
	}
	secure := harness.NewClient(s.Status.TLSURL, s.Key, s.Secret)
	secure.HTTP.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	for name, client := range map[string]*harness.Client{"plain": plain, "TLS": secure} {
		t.Run(name, func(t *testing.T) {
			if got := client.Must(t, "GetBackend", harness.M{"appId": "wire"})["appName"]; got != "Wire" {
				t.Errorf("appName is %v", got)
			}
		})
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := harness.Dev(t)
	for path, want := range map[string]string{
		"/healthz": "", "/readyz": "", "/metrics": "# HELP",
	} {
		t.Run(path, func(t *testing.T) {
			r, err := harness.NewRequest(t.Context(), "GET", s.Status.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			a := s.Client().Send(r)
			if a.Status != 200 || !strings.Contains(string(a.Raw), want) {
				t.Errorf("got %v", a)
			}
		})
	}
}
