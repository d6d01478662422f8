package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/config"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/httpx"
	"preamp/internal/keys"
	"preamp/internal/notify"
	"preamp/internal/userpool"
)

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startServe runs a server as `preamp serve --insecure` does, and answers its log
// at the level debug.
func startServe(t *testing.T, d db.Config, change func(*options)) (*running, *lockedBuffer) {
	t.Helper()
	log := &lockedBuffer{}
	o := fromConfig(config.Default())
	o.insecure, o.listen, o.data, o.databaseURL, o.version = true, "127.0.0.1:0", d.Dir, d.DatabaseURL, "test"
	o.master, o.settings = keys.NewSecret(bytes.Repeat([]byte{7}, 32)), settings(config.Default(), false)
	o.logger = slog.New(httpx.LogHandler(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	change(&o)
	s, err := open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.Run(ctx, func(context.Context) error { close(ready); return nil })
	}()
	<-ready
	r := &running{Server: s, t: t}
	stopped := false
	r.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return r, log
}

// webhook takes text messages.
type webhook struct {
	*httptest.Server
	texts chan notify.Message
}

func newWebhook(t *testing.T) *webhook {
	w := &webhook{texts: make(chan notify.Message, 100)}
	w.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var m struct{ To, Text, Code string }
		if json.Unmarshal(raw, &m) == nil && r.Header.Get(notify.SignatureHeader) != "" {
			w.texts <- notify.Message{To: m.To, Text: m.Text, Code: m.Code}
		}
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *webhook) next(t *testing.T) notify.Message {
	t.Helper()
	select {
	case m := <-w.texts:
		return m
	case <-time.After(20 * time.Second):
		t.Fatal("no text message came")
		return notify.Message{}
	}
}

// What is secret is neither in the log, at whatever level, nor in the files of a
// server: passwords, codes, tokens, the secrets of clients and of the ways that
// messages go.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, d db.Config) {
		const password, wrong, newer = "Canary-Passw0rd!", "Canary-Wr0ng!", "Canary-N3wer!"
		const smtpPassword, webhookSecret = "canary-smtp-password", "canary-webhook-secret"
		hook := newWebhook(t)
		r, log := startServe(t, d, func(o *options) {
			o.messaging = messaging{
				smtp: &notify.SMTPConfig{
					Host: "127.0.0.1", Port: 1, Username: "canary", Password: keys.NewSecret([]byte(smtpPassword)), From: "a@example.com",
				},
				sms: hook.URL + "/canary-webhook-path", signing: keys.NewSecret([]byte(webhookSecret)),
			}
		})
		key := r.newKey()
		pool := at(r.idp(key, "CreateUserPool", in{"PoolName": "users", "AutoVerifiedAttributes": []string{"phone_number"}, "SmsConfiguration": in{"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}}), "UserPool.Id")
		made := r.idp(key, "CreateUserPoolClient", in{
			"UserPoolId": pool, "ClientName": "web", "GenerateSecret": true,
			"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		})
		client, secret := at(made, "UserPoolClient.ClientId"), at(made, "UserPoolClient.ClientSecret")
		hash := userpool.SecretHash(keys.NewSecret([]byte(secret)), "ann", client)

		r.idp(nil, "SignUp", in{"ClientId": client, "SecretHash": hash, "Username": "ann", "Password": password, "UserAttributes": []in{{"Name": "phone_number", "Value": "+15550100"}}})
		first := hook.next(t).Code
		r.idp(nil, "ConfirmSignUp", in{"ClientId": client, "SecretHash": hash, "Username": "ann", "ConfirmationCode": first})
		signIn := func(password string) (int, map[string]any) {
			return r.cognito(nil, "cognito-idp", "InitiateAuth", in{
				"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": in{"USERNAME": "ann", "PASSWORD": password, "SECRET_HASH": hash},
			})
		}
		if status, out := signIn(wrong); status != 400 {
			t.Errorf("a wrong password: %d %v", status, out)
		}
		_, tokens := signIn(password)
		access, refresh := at(tokens, "AuthenticationResult.AccessToken"), at(tokens, "AuthenticationResult.RefreshToken")
		r.idp(nil, "GetUser", in{"AccessToken": access})
		r.idp(nil, "ForgotPassword", in{"ClientId": client, "SecretHash": hash, "Username": "ann"})
		second := hook.next(t).Code
		r.idp(nil, "ConfirmForgotPassword", in{"ClientId": client, "SecretHash": hash, "Username": "ann", "ConfirmationCode": second, "Password": newer})
		// The mail server does not answer, which is logged.
		r.cognito(key, "cognito-idp", "AdminCreateUser", in{
			"UserPoolId": pool, "Username": "bob", "TemporaryPassword": password, "DesiredDeliveryMediums": []string{"EMAIL"},
			"UserAttributes": []in{{"Name": "email", "Value": "bob@example.com"}},
		})
		r.cognito(nil, "cognito-idp", "GetUser", in{"AccessToken": access + "x"})
		if err := r.stop(); err != nil {
			t.Error(err)
		}

		secrets := map[string]string{
			"a password": password, "a wrong password": wrong, "a new password": newer, "the secret of a client": secret, "a secret hash": hash,
			"an access token": access, "a refresh token": refresh, "the password for mail": smtpPassword,
			"the secret of the webhook": webhookSecret, "the URL of the webhook": "canary-webhook-path",
		}
		text := log.String()
		for name, value := range secrets {
			if value == "" || strings.Contains(text, value) {
				t.Errorf("%s is in the log, or empty: %q", name, value)
			}
		}
		for _, code := range []string{first, second} {
			if len(code) != 6 || strings.Contains(withoutNumbers(text), code) {
				t.Errorf("a code is in the log: %q", code)
			}
		}
		if !strings.Contains(text, "message to a user not sent") {
			t.Error("the log does not tell of the mail server")
		}
		if files := filesWith(t, d.Dir, secrets); len(files) > 0 {
			t.Errorf("in files: %v", files)
		}
	})
}

// withoutNumbers is a log without the values that hold digits of their own: times,
// ports, ids.
func withoutNumbers(log string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		for field := range strings.FieldsSeq(line) {
			name, _, _ := strings.Cut(field, "=")
			switch name {
			case "time", "duration_ms", "bytes", "peer", "request_id", "caller", "pool", "env":
			default:
				b.WriteString(field + " ")
			}
		}
	}
	return b.String()
}

func filesWith(t *testing.T, dir string, secrets map[string]string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for name, value := range secrets {
			if bytes.Contains(raw, []byte(value)) {
				found = append(found, name+" in "+filepath.Base(path))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Without a mail server the operation says that nothing was sent, and the log what
// is missing.
func TestServeWithoutMail(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, d db.Config) {
		r, log := startServe(t, d, func(*options) {})
		_, client := r.newPool(r.newKey())
		status, out := r.cognito(nil, "cognito-idp", "SignUp", in{"ClientId": client, "Username": "ann@example.com", "Password": "Passw0rd!"})
		if status != 400 || at(out, "__type") != "CodeDeliveryFailureException" {
			t.Errorf("%d %v", status, out)
		}
		if text := log.String(); !strings.Contains(text, "preamp.yaml has no mail.smtp") || strings.Contains(text, "ann@example.com") {
			t.Errorf("%s", text)
		}
		if status, body := r.local(http.MethodGet, "/_preamp/inbox"); status != 400 || !strings.Contains(body, "preamp dev") {
			t.Errorf("inbox: %d %s", status, body)
		}
		// The rates of an account hold in production.
		refused := 0
		key := r.newKey()
		for range 3 * 15 {
			if status, out := r.cognito(key, "cognito-idp", "ListUserPools", in{"MaxResults": 1}); status != 200 {
				if at(out, "__type") != "TooManyRequestsException" {
					t.Fatalf("%d %v", status, out)
				}
				refused++
			}
		}
		if refused == 0 {
			t.Error("no request was refused")
		}
	})
}
