package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"preamp/internal/server"
	"preamp/internal/sigv4"
)

const service = "amplifybackend"

// api calls the operations of the control plane as every AWS client does.
type api struct {
	http                       *http.Client
	endpoint, id, secret, zone string
}

// connect finds the endpoint and the credentials. A development server tells its
// root key; with a production server they come from the environment, as for the
// AWS CLI.
func (a *app) connect(l *local, st server.Status) (*api, error) {
	e, err := l.environment(a.ctx)
	if err != nil {
		if code, _ := exitCode(err); code == ExitNotRunning {
			return nil, err
		}
		e = server.Environment{
			Endpoint: st.URL, Region: a.getenv("AWS_REGION"),
			AccessKeyID: a.getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: a.getenv("AWS_SECRET_ACCESS_KEY"),
		}
		if e.AccessKeyID == "" || e.SecretAccessKey == "" {
			return nil, fmt.Errorf("%w\nthen set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", err)
		}
		if e.Region == "" {
			e.Region = server.Region
		}
	}
	return &api{http: newClient(st.CAFile), endpoint: e.Endpoint, id: e.AccessKeyID, secret: e.SecretAccessKey, zone: e.Region}, nil
}

func (p *Program) getenv(name string) string {
	for _, entry := range p.Environ {
		if n, v, ok := strings.Cut(entry, "="); ok && n == name {
			return v
		}
	}
	return ""
}

// apiError is an error answer of an operation.
type apiError struct{ Name, Message string }

func (e *apiError) Error() string {
	if e.Name == "" {
		return e.Message
	}
	return e.Name + ": " + e.Message
}

// post calls an operation whose path is made of labels, which are escaped.
func (c *api) post(ctx context.Context, in, out any, labels ...string) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	return c.do(ctx, http.MethodPost, body, out, labels)
}

func (c *api) get(ctx context.Context, out any, labels ...string) error {
	return c.do(ctx, http.MethodGet, nil, out, labels)
}

func (c *api) do(ctx context.Context, method string, body []byte, out any, labels []string) error {
	escaped := make([]string, len(labels))
	for i, l := range labels {
		escaped[i] = url.PathEscape(l)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.endpoint+"/"+strings.Join(escaped, "/"), bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	sigv4.Sign(r, body, c.id, c.secret, c.zone, service, time.Now())
	resp, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("call the server: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of the server: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		name, _, _ := strings.Cut(resp.Header.Get("x-amzn-ErrorType"), ":")
		return &apiError{Name: name, Message: message(answer, resp.Status)}
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read the answer of the server: %w", err)
	}
	return nil
}

// job is a job as GetBackendJob and ListBackendJobs answer it.
type job struct {
	AppID     string `json:"appId"`
	Env       string `json:"backendEnvironmentName"`
	ID        string `json:"jobId"`
	Operation string `json:"operation,omitempty"`
	Status    string `json:"status"`
	Error     string `json:"error,omitempty"`
	Created   string `json:"createTime,omitempty"`
	Updated   string `json:"updateTime,omitempty"`
}

const (
	running   = "RUNNING"
	completed = "COMPLETED"
	failed    = "FAILED"
)

// wait polls a job until it has ended.
func (c *api) wait(ctx context.Context, app, env, id string) (job, error) {
	pause := 5 * time.Millisecond
	for {
		var j job
		if err := c.get(ctx, &j, "backend", app, "job", env, id); err != nil {
			return j, err
		}
		if j.Status == completed || j.Status == failed {
			return j, nil
		}
		if err := sleep(ctx, pause); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return j, fmt.Errorf("job %s is still running", id)
			}
			return j, err
		}
		pause = min(2*pause, 500*time.Millisecond)
	}
}
