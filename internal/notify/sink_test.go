package notify_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// sink is a mail server that keeps what it gets.
type sink struct {
	host string
	port int
	// roots trust the server's certificate.
	roots *x509.CertPool

	mu   sync.Mutex
	got  []delivery
	user string // who signed in, with the password "secret"
	// refuse, if set, answers a recipient.
	refuse error
}

type delivery struct {
	from string
	to   []string
	data []byte
}

type sinkMode int

const (
	withSTARTTLS sinkMode = iota
	withTLS
	withoutTLS
)

func newSink(t *testing.T, mode sinkMode) *sink {
	t.Helper()
	web := httptest.NewTLSServer(nil) // has a certificate for 127.0.0.1
	defer web.Close()
	s := &sink{roots: x509.NewCertPool()}
	s.roots.AddCert(web.Certificate())
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	server.Domain, server.AllowInsecureAuth = "sink.test", mode == withoutTLS
	config := &tls.Config{Certificates: web.TLS.Certificates}
	if mode == withSTARTTLS {
		server.TLSConfig = config
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.host = host
	if s.port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	if mode == withTLS {
		l = tls.NewListener(l, config)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s
}

func (s *sink) deliveries() []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]delivery(nil), s.got...)
}

// only is the one message that came.
func (s *sink) only(t *testing.T) delivery {
	t.Helper()
	got := s.deliveries()
	if len(got) != 1 {
		t.Fatalf("%d messages came", len(got))
	}
	return got[0]
}

type session struct {
	sink *sink
	d    delivery
}

func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "secret" {
			return smtp.ErrAuthFailed
		}
		s.sink.mu.Lock()
		defer s.sink.mu.Unlock()
		s.sink.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.d.from = from; return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.refuse != nil {
		return s.sink.refuse
	}
	s.d.to = append(s.d.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.d.data = data
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.got = append(s.sink.got, s.d)
	return nil
}

func (s *session) Reset()      { s.d = delivery{} }
func (*session) Logout() error { return nil }

// parts reads a message: its header, and the text of each part by media type.
func (d delivery) parts(t *testing.T) (header mail.Header, parts map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(d.data))
	if err != nil {
		t.Fatal(err)
	}
	parts = map[string]string{}
	read := func(contentType, encoding string, body io.Reader) {
		kind, _, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatal(err)
		}
		if encoding == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return m.Header, parts
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		read(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
	}
}
