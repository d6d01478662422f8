package harness

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Post receives what a production server sends: e-mail by SMTP, text messages by
// webhook.
type Post struct {
	// File has one JSON object per message and line: {to, text, code}.
	File string
	// Extra is for the configuration file of the server.
	Extra string

	mu sync.Mutex
}

var digits = regexp.MustCompile(`\b[0-9]{6,8}\b`)

// NewPost starts the two receivers.
func NewPost(t testing.TB) *Post {
	t.Helper()
	p := &Post{File: filepath.Join(t.TempDir(), "messages.jsonl")}
	write(t, p.File, "")
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ To, Text string }
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := p.add(m.To, m.Text); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(hook.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letter{post: p}, nil }))
	server.Domain = "localhost"
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	p.Extra = fmt.Sprintf("mail:\n  smtp:\n    host: 127.0.0.1\n    port: %d\n    tls: none\n    from: no-reply@example.com\nsms:\n  webhook:\n    url: %q\n",
		listener.Addr().(*net.TCPAddr).Port, hook.URL)
	return p
}

// add keeps a message. The code is what a reader finds in the text.
func (p *Post) add(to, text string) error {
	line, err := json.Marshal(M{"to": to, "text": text, "code": digits.FindString(text)})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f, err := os.OpenFile(p.File, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(line, '\n'))
	return err
}

// letter is one session of the mail server.
type letter struct {
	post *Post
	to   string
}

func (l *letter) Mail(string, *smtp.MailOptions) error { return nil }

func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.to = to
	return nil
}

func (l *letter) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := firstPart(m)
	if err != nil {
		return err
	}
	return l.post.add(l.to, text)
}

// firstPart is the text of an e-mail whose parts say the same.
func firstPart(m *mail.Message) (string, error) {
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	body := m.Body
	if strings.HasPrefix(kind, "multipart/") {
		// The reader of parts decodes quoted-printable.
		if body, err = multipart.NewReader(body, params["boundary"]).NextPart(); err != nil {
			return "", err
		}
	} else if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	return string(text), err
}

func (l *letter) Reset() { l.to = "" }

func (l *letter) Logout() error { return nil }
