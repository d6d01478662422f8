package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"preamp/internal/server"
)

// dataFlag is how every command that speaks to a local server finds it.
type dataFlag struct {
	Data string `help:"Data directory of the server (or variable PREAMP_DATA)." default:"${data}" placeholder:".preamp"`
}

// maxAnswer bounds what is read from a server.
const maxAnswer = 64 << 20

// local is the server that runs for a data directory.
type local struct {
	data   string
	record server.Record
	http   *http.Client
}

// find reads the record of the server and makes sure that its process lives.
func find(data string) (*local, error) {
	raw, err := os.ReadFile(filepath.Join(data, server.RecordFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, notRunning(data, "it holds no "+server.RecordFile)
	case err != nil:
		return nil, err
	}
	l := &local{data: data, http: newClient("")}
	if err := json.Unmarshal(raw, &l.record); err != nil || l.record.URL == "" || l.record.PID <= 0 {
		return nil, notRunning(data, server.RecordFile+" is damaged")
	}
	if !alive(l.record.PID) {
		return nil, notRunning(data, fmt.Sprintf("process %d of its last server is gone", l.record.PID))
	}
	return l, nil
}

// newClient makes a client for this machine: no proxy, and the local authority
// is trusted beside those of the system.
func newClient(caFile string) *http.Client {
	t := &http.Transport{ForceAttemptHTTP2: true}
	if caFile != "" {
		if raw, err := os.ReadFile(caFile); err == nil {
			pool, err := x509.SystemCertPool()
			if err != nil {
				pool = x509.NewCertPool()
			}
			pool.AppendCertsFromPEM(raw)
			t.TLSClientConfig = &tls.Config{RootCAs: pool}
		}
	}
	return &http.Client{Transport: t, Timeout: time.Minute}
}

// call asks one of the server's endpoints for local commands. A server that does
// not answer, or not to the token of the record, is another one or none.
func (l *local) call(ctx context.Context, method, path string, query url.Values) ([]byte, error) {
	target := l.record.URL + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, notRunning(l.data, server.RecordFile+" is damaged")
	}
	r.Header.Set("Authorization", "Bearer "+l.record.Token)
	resp, err := l.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, notRunning(l.data, "nothing answers at "+l.record.URL)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer of the server: %w", err)
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return nil, notRunning(l.data, "another server answers at "+l.record.URL)
	case resp.StatusCode/100 != 2:
		return nil, errors.New(message(body, resp.Status))
	}
	return body, nil
}

// message takes the text out of an error answer.
func message(body []byte, status string) string {
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &e) == nil && e.Message != "" {
		return e.Message
	}
	return "the server answered " + status
}

// status asks the server; raw is the answer as it came.
func (l *local) status(ctx context.Context) (st server.Status, raw []byte, err error) {
	raw, err = l.call(ctx, http.MethodGet, "/_preamp/status", nil)
	if err != nil {
		return st, nil, err
	}
	if err := json.Unmarshal(raw, &st); err != nil {
		return st, nil, notRunning(l.data, "another server answers at "+l.record.URL)
	}
	return st, bytes.TrimSpace(raw), nil
}

// environment asks for endpoint and credentials.
func (l *local) environment(ctx context.Context) (server.Environment, error) {
	var e server.Environment
	raw, err := l.call(ctx, http.MethodGet, "/_preamp/env", nil)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, fmt.Errorf("read the answer of the server: %w", err)
	}
	return e, nil
}

// chooseApp finds an app by id or name; without a name the only one.
func chooseApp(st server.Status, name string) (server.StatusApp, error) {
	var found []server.StatusApp
	var known []string
	for _, a := range st.Apps {
		known = append(known, fmt.Sprintf("%s (%s)", a.Name, a.ID))
		if a.ID == name {
			return a, nil
		}
		if name == "" || a.Name == name {
			found = append(found, a)
		}
	}
	switch {
	case len(known) == 0:
		return server.StatusApp{}, errors.New("the server has no app yet: CreateBackend makes one")
	case len(found) == 1:
		return found[0], nil
	case name == "":
		return server.StatusApp{}, usagef("there are several apps, choose one with --app: %s", strings.Join(known, ", "))
	case len(found) > 1:
		return server.StatusApp{}, usagef("several apps are called %s, give the id: %s", name, strings.Join(known, ", "))
	}
	return server.StatusApp{}, fmt.Errorf("there is no app %s; there are: %s", name, strings.Join(known, ", "))
}

// chooseEnv finds an environment of an app; without a name the only one.
func chooseEnv(a server.StatusApp, name string) (server.StatusEnv, error) {
	var known []string
	for _, e := range a.Environments {
		known = append(known, e.Name)
		if e.Name == name {
			return e, nil
		}
	}
	switch {
	case len(known) == 0:
		return server.StatusEnv{}, fmt.Errorf("app %s has no environment", a.Name)
	case name == "" && len(known) == 1:
		return a.Environments[0], nil
	case name == "":
		return server.StatusEnv{}, usagef("app %s has several environments, choose one with --env: %s", a.Name, strings.Join(known, ", "))
	}
	return server.StatusEnv{}, fmt.Errorf("app %s has no environment %s; it has: %s", a.Name, name, strings.Join(known, ", "))
}
