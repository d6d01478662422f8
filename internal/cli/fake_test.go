package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/cli"
	"preamp/internal/notify"
	"preamp/internal/server"
	"preamp/internal/sigv4"
)

// fake is a server as the commands see it: the endpoints for local commands, and
// operations that must be signed with the root key.
type fake struct {
	dir  string
	http *httptest.Server

	mu       sync.Mutex
	status   server.Status
	keyless  bool // tells no keys, as serve
	stopped  bool
	inbox    []notify.Stored
	requests []string // method, path and body of signed requests
	answer   func(r *http.Request, body []byte) (int, any)
}

const (
	token  = "token-of-the-record"
	rootID = "AKIAIOSFODNN7EXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

type rootKey struct{}

func (rootKey) Lookup(_ context.Context, id string) (string, string, error) {
	if id != rootID {
		return "", "", errors.New("unknown key")
	}
	return secret, "arn:aws:iam::000000000000:root", nil
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{dir: t.TempDir()}
	f.http = httptest.NewServer(f)
	t.Cleanup(f.http.Close)
	f.status = server.Status{
		Version: "1.2.3", Ready: true, PID: os.Getpid(), URL: f.http.URL, TLSURL: "https://x", Data: f.dir,
		Apps: []server.StatusApp{{ID: "d1a2b3c4d5e6f7", Name: "todo", Environments: []server.StatusEnv{{
			Name: "dev", APIs: []server.StatusAPI{{
				ID: "a", Name: "todoapi", Endpoint: f.http.URL + "/api/a/graphql", APIKey: "da2-x",
				Modes: server.ModeList{{Mode: "API_KEY", Default: true}, {Mode: "AMAZON_COGNITO_USER_POOLS", Closed: true}},
			}},
			Auth: &server.StatusAuth{
				UserPool: "us-east-1_AbCdEf123", SignIn: "email", Issuer: "https://x/us-east-1_AbCdEf123", Clients: []server.StatusClient{{Name: "web", ID: "c1"}},
				HostedURL: "https://x/oauth/us-east-1_AbCdEf123", IdentityPool: "us-east-1:11111111-2222-4333-8444-555555555555",
			},
		}}}},
	}
	f.record(t, server.Record{PID: os.Getpid(), URL: f.http.URL, Token: token, Version: "1.2.3"})
	return f
}

func (f *fake) record(t *testing.T, r server.Record) {
	t.Helper()
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, server.RecordFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	status, out := f.handle(r, body)
	if raw, ok := out.([]byte); ok {
		_, _ = w.Write(raw)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if status != 200 {
		w.Header().Set("x-amzn-ErrorType", map[int]string{400: "BadRequestException", 404: "NotFoundException"}[status])
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

type errorBody struct {
	Message string `json:"message"`
}

func (f *fake) handle(r *http.Request, body []byte) (int, any) {
	if strings.HasPrefix(r.URL.Path, "/_preamp/") {
		if r.Header.Get("Authorization") != "Bearer "+token {
			return 403, errorBody{"no"}
		}
		switch r.Method + " " + r.URL.Path {
		case "GET /_preamp/status":
			return 200, f.status
		case "GET /_preamp/env":
			if f.keyless {
				return 400, errorBody{"keys are not told"}
			}
			return 200, server.Environment{Endpoint: f.http.URL, AccessKeyID: rootID, SecretAccessKey: secret, Region: "us-east-1"}
		case "GET /_preamp/client-config":
			return 200, []byte(r.URL.RawQuery)
		case "POST /_preamp/settings":
			f.requests = append(f.requests, r.URL.RawQuery)
			fallthrough
		case "GET /_preamp/settings":
			return 200, map[string]string{"transformerversion": "1", "sandbox": "true"}
		case "GET /_preamp/inbox":
			f.requests = append(f.requests, r.URL.RawQuery)
			return 200, f.inbox
		case "POST /_preamp/rotate-keys":
			if r.URL.Query().Get("pool") != "us-east-1_AbCdEf123" {
				return 404, errorBody{"there is no such pool"}
			}
			return 200, map[string]string{"pool": "us-east-1_AbCdEf123", "issuer": "https://x/us-east-1_AbCdEf123"}
		case "POST /_preamp/issuer":
			return 200, map[string]string{"pool": r.URL.Query().Get("pool"), "issuer": r.URL.Query().Get("form")}
		case "POST /_preamp/stop":
			f.stopped = true
			_ = os.Remove(filepath.Join(f.dir, server.RecordFile))
			return 200, struct{}{}
		}
		return 404, errorBody{"no such endpoint"}
	}
	v := &sigv4.Verifier{Keys: rootKey{}, Service: "amplifybackend"}
	if _, err := v.Verify(r, body); err != nil {
		return 403, errorBody{err.Error()}
	}
	f.requests = append(f.requests, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+string(body)))
	if f.answer == nil {
		return 200, map[string]string{"jobId": "j1", "status": "RUNNING"}
	}
	return f.answer(r, body)
}

func (f *fake) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// result is what a command left.
type result struct {
	code     int
	out, err string
	dev      *server.DevOptions
	serve    *server.ServeOptions
}

// run runs a command line against a data directory.
func run(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return runContext(ctx, environ, args...)
}

func runContext(ctx context.Context, environ []string, args ...string) result {
	var out, errOut bytes.Buffer
	var r result
	p := cli.Program{
		Version: "1.2.3", Args: args, Environ: environ, Stdout: &out, Stderr: &errOut,
		Dev:   func(_ context.Context, o server.DevOptions) error { r.dev = &o; return nil },
		Serve: func(_ context.Context, o server.ServeOptions) error { r.serve = &o; return nil },
	}
	r.code = p.Run(ctx)
	r.out, r.err = out.String(), errOut.String()
	return r
}
