package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Status is what `preamp status --json` tells.
type Status struct {
	Version     string      `json:"version"`
	Ready       bool        `json:"ready"`
	PID         int         `json:"pid"`
	URL         string      `json:"url"`
	TLSURL      string      `json:"tls_url"`
	CAFile      string      `json:"ca_file"`
	Data        string      `json:"data"`
	JobsRunning int         `json:"jobs_running"`
	Apps        []StatusApp `json:"apps"`
}

// StatusApp is an app in Status.
type StatusApp struct {
	ID           string `json:"app_id"`
	Name         string `json:"name"`
	Environments []struct {
		Name string `json:"name"`
		APIs []struct {
			ID               string  `json:"id"`
			Name             string  `json:"name"`
			Endpoint         string  `json:"endpoint"`
			RealtimeEndpoint *string `json:"realtime_endpoint"`
			APIKey           string  `json:"api_key"`
		} `json:"apis"`
	} `json:"environments"`
}

// Server is one installation of preamp: a data directory (and a database), and
// the process that serves it while it runs.
type Server struct {
	Binary string
	Data   string
	// Database is the PostgreSQL URL; empty for SQLite.
	Database string
	// Key and Secret are an access key of this installation.
	Key, Secret string
	// Status is that of the last start.
	Status Status

	command []string // "dev" or "serve" with its flags
	logs    *logBuffer
	mu      sync.Mutex
	cmd     *exec.Cmd
	ended   chan struct{}
	endErr  error
}

// startLimit is how long a server may take to be ready. Generous: the suites run
// beside each other on two cores.
const startLimit = 60 * time.Second

// NewDev prepares `preamp dev` on a fresh data directory; extra are further flags.
func NewDev(t testing.TB, binary string, extra ...string) *Server {
	t.Helper()
	return DevOn(t, binary, filepath.Join(t.TempDir(), "data"), extra...)
}

// DevOn prepares `preamp dev` on a data directory.
func DevOn(t testing.TB, binary, data string, extra ...string) *Server {
	t.Helper()
	s := &Server{Binary: binary, Data: data, logs: &logBuffer{}}
	s.command = append([]string{"dev", "--listen", "127.0.0.1:0", "--data", data}, extra...)
	s.cleanup(t)
	return s
}

// Dev starts `preamp dev` on a fresh data directory.
func Dev(t testing.TB, extra ...string) *Server {
	t.Helper()
	s := NewDev(t, Build(t), extra...)
	s.Start(t)
	return s
}

// cleanup ends the process with the test and shows its log when the test failed.
func (s *Server) cleanup(t testing.TB) {
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("last lines of the server's log:\n%s", s.logs.tail(60))
		}
	})
}

// Start runs the server and waits until it is ready; env are further variables.
func (s *Server) Start(t testing.TB, env ...string) {
	t.Helper()
	if err := s.Launch(env...); err != nil {
		t.Fatal(err)
	}
	if err := s.WaitReady(); err != nil {
		t.Fatal(err)
	}
}

// Launch runs the process without waiting.
func (s *Server) Launch(env ...string) error {
	cmd := exec.Command(s.Binary, s.command...)
	cmd.Env = append(environ(), env...)
	cmd.Stdout, cmd.Stderr = s.logs, s.logs
	// A group of its own: a Ctrl-C at the terminal reaches the test, which stops
	// the server in its own way.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", strings.Join(cmd.Args, " "), err)
	}
	ended := make(chan struct{})
	s.mu.Lock()
	s.cmd, s.ended = cmd, ended
	s.mu.Unlock()
	go func() {
		err := cmd.Wait()
		s.mu.Lock()
		s.endErr = err
		s.mu.Unlock()
		close(ended)
	}()
	return nil
}

// environ is the environment of this process without the settings of preamp that
// the person at the keyboard may have made.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PREAMP_") })
}

// WaitReady asks `preamp status` until the server is ready, and reads the access
// key of a dev server from `preamp env`.
func (s *Server) WaitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	for {
		out, err := s.output(ctx, "status", "--json", "--wait", "5", "--data", s.Data)
		var st Status
		if err == nil {
			if err := json.Unmarshal(out, &st); err != nil {
				return fmt.Errorf("preamp status --json printed no JSON: %w\n%s", err, out)
			}
			if !st.Ready {
				return fmt.Errorf("preamp status --json ended with 0 but says it is not ready: %s", out)
			}
			s.Status = st
			break
		}
		if s.Ended() {
			return fmt.Errorf("preamp %s ended (%v) before it was ready:\n%s", s.command[0], s.endError(), s.logs.tail(40))
		}
		if ctx.Err() != nil {
			return fmt.Errorf("preamp %s was not ready within %v: %w\n%s", s.command[0], startLimit, err, s.logs.tail(40))
		}
	}
	if s.command[0] != "dev" {
		return nil
	}
	out, err := s.output(ctx, "env", "--format", "json", "--data", s.Data)
	if err != nil {
		return fmt.Errorf("preamp env: %w", err)
	}
	var env map[string]string
	if err := json.Unmarshal(out, &env); err != nil {
		return fmt.Errorf("preamp env --format json: %w\n%s", err, out)
	}
	s.Key, s.Secret = env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]
	return nil
}

// Now is what `preamp status` tells at the moment.
func (s *Server) Now(ctx context.Context) (Status, error) {
	var st Status
	out, err := s.output(ctx, "status", "--json", "--data", s.Data)
	if err == nil {
		err = json.Unmarshal(out, &st)
	}
	return st, err
}

// output runs a preamp command and returns what it prints on standard output.
func (s *Server) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, s.Binary, args...)
	cmd.Env = environ()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("preamp %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, err
}

// Run runs a preamp command and fails the test when it fails.
func (s *Server) Run(t testing.TB, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	out, err := s.output(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Stop ends the server with SIGTERM and wants exit status 0.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	cmd, ended := s.cmd, s.ended
	s.mu.Unlock()
	if cmd == nil {
		t.Fatal("stop: the server does not run")
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(35 * time.Second):
		t.Fatal("the server did not end within 35 s of SIGTERM")
	}
	if err := s.endError(); err != nil {
		t.Fatalf("the server ended with %v after SIGTERM, want exit status 0", err)
	}
}

// Kill ends the process at once, as a power cut does for everything but the
// operating system's own caches. It returns when the process is gone.
func (s *Server) Kill() {
	s.mu.Lock()
	cmd, ended := s.cmd, s.ended
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill()
	<-ended
}

// Ended reports whether the process has ended by itself or by a signal.
func (s *Server) Ended() bool {
	select {
	case <-s.end():
		return true
	default:
		return false
	}
}

// AwaitKilled waits until the process has died of SIGKILL, the way a fault point
// ends it.
func (s *Server) AwaitKilled(limit time.Duration) error {
	select {
	case <-s.end():
	case <-time.After(limit):
		return fmt.Errorf("the server still runs %v later", limit)
	}
	exit, ok := errors.AsType[*exec.ExitError](s.endError())
	if !ok {
		return fmt.Errorf("the server ended with %v, want a SIGKILL", s.endError())
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
		return fmt.Errorf("the server ended with %v, want a SIGKILL", exit)
	}
	return nil
}

func (s *Server) end() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *Server) endError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endErr
}

// PID is the process that serves.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Pid
}

// Client signs with the server's access key.
func (s *Server) Client() *Client { return NewClient(s.Status.URL, s.Key, s.Secret) }

// Log is what the server has written so far.
func (s *Server) Log() string { return s.logs.tail(1 << 20) }

// logBuffer keeps the last part of a log.
type logBuffer struct {
	mu  sync.Mutex
	buf []byte
}

const logKept = 1 << 20

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	if len(l.buf) > 2*logKept {
		l.buf = append([]byte(nil), l.buf[len(l.buf)-logKept:]...)
	}
	return len(p), nil
}

func (l *logBuffer) tail(lines int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := bytes.Split(bytes.TrimRight(l.buf, "\n"), []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], []byte("\n")))
}
