package harness

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// M is a JSON object.
type M = map[string]any

// routes are the operations of the service model: method and path. Labels are in
// braces and named like the members.
var routes = map[string][2]string{
	"CloneBackend":             {"POST", "/backend/{appId}/environments/{backendEnvironmentName}/clone"},
	"CreateBackend":            {"POST", "/backend"},
	"CreateBackendAPI":         {"POST", "/backend/{appId}/api"},
	"CreateBackendAuth":        {"POST", "/backend/{appId}/auth"},
	"CreateBackendConfig":      {"POST", "/backend/{appId}/config"},
	"CreateBackendStorage":     {"POST", "/backend/{appId}/storage"},
	"CreateToken":              {"POST", "/backend/{appId}/challenge"},
	"DeleteBackend":            {"POST", "/backend/{appId}/environments/{backendEnvironmentName}/remove"},
	"DeleteBackendAPI":         {"POST", "/backend/{appId}/api/{backendEnvironmentName}/remove"},
	"DeleteBackendAuth":        {"POST", "/backend/{appId}/auth/{backendEnvironmentName}/remove"},
	"DeleteBackendStorage":     {"POST", "/backend/{appId}/storage/{backendEnvironmentName}/remove"},
	"DeleteToken":              {"POST", "/backend/{appId}/challenge/{sessionId}/remove"},
	"GenerateBackendAPIModels": {"POST", "/backend/{appId}/api/{backendEnvironmentName}/generateModels"},
	"GetBackend":               {"POST", "/backend/{appId}/details"},
	"GetBackendAPI":            {"POST", "/backend/{appId}/api/{backendEnvironmentName}/details"},
	"GetBackendAPIModels":      {"POST", "/backend/{appId}/api/{backendEnvironmentName}/getModels"},
	"GetBackendAuth":           {"POST", "/backend/{appId}/auth/{backendEnvironmentName}/details"},
	"GetBackendJob":            {"GET", "/backend/{appId}/job/{backendEnvironmentName}/{jobId}"},
	"GetBackendStorage":        {"POST", "/backend/{appId}/storage/{backendEnvironmentName}/details"},
	"GetToken":                 {"GET", "/backend/{appId}/challenge/{sessionId}"},
	"ImportBackendAuth":        {"POST", "/backend/{appId}/auth/{backendEnvironmentName}/import"},
	"ImportBackendStorage":     {"POST", "/backend/{appId}/storage/{backendEnvironmentName}/import"},
	"ListBackendJobs":          {"POST", "/backend/{appId}/job/{backendEnvironmentName}"},
	"ListS3Buckets":            {"POST", "/s3Buckets"},
	"RemoveAllBackends":        {"POST", "/backend/{appId}/remove"},
	"RemoveBackendConfig":      {"POST", "/backend/{appId}/config/remove"},
	"UpdateBackendAPI":         {"POST", "/backend/{appId}/api/{backendEnvironmentName}"},
	"UpdateBackendAuth":        {"POST", "/backend/{appId}/auth/{backendEnvironmentName}"},
	"UpdateBackendConfig":      {"POST", "/backend/{appId}/config/update"},
	"UpdateBackendJob":         {"POST", "/backend/{appId}/job/{backendEnvironmentName}/{jobId}"},
	"UpdateBackendStorage":     {"POST", "/backend/{appId}/storage/{backendEnvironmentName}"},
}

// Client calls the control plane of one server.
type Client struct {
	URL    string
	Signer Signer
	HTTP   *http.Client
}

// NewClient makes a client with connections of its own.
func NewClient(base, key, secret string) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	return &Client{URL: base, Signer: Signer{Key: key, Secret: secret}, HTTP: &http.Client{Transport: transport, Timeout: 40 * time.Second}}
}

// Answer is what came back. Err is set when nothing complete came back.
type Answer struct {
	Status int
	Header http.Header
	Raw    []byte
	Body   M
	Err    error
}

// Text is a member of the answer as text; empty when absent.
func (a Answer) Text(member string) string {
	s, _ := a.Body[member].(string)
	return s
}

// String shows an answer in a failure message.
func (a Answer) String() string {
	if a.Err != nil {
		return a.Err.Error()
	}
	return fmt.Sprintf("%d %s %s", a.Status, a.Header.Get("X-Amzn-Errortype"), bytes.TrimSpace(a.Raw))
}

// Path is the path of an operation and the members that remain for the body.
func Path(op string, in M) (method, path string, body M) {
	route, ok := routes[op]
	if !ok {
		panic("harness: no operation " + op)
	}
	path = route[1]
	body = M{}
	for name, v := range in {
		label := "{" + name + "}"
		if strings.Contains(path, label) {
			path = strings.ReplaceAll(path, label, awsEscape(fmt.Sprint(v), false))
		} else {
			body[name] = v
		}
	}
	return route[0], path, body
}

// Call calls an operation once, with an invocation id of its own.
func (c *Client) Call(ctx context.Context, op string, in M) Answer {
	return c.CallAs(ctx, rand.Text(), op, in)
}

// CallAs calls an operation under an invocation id: the same id means another
// attempt of the same call.
func (c *Client) CallAs(ctx context.Context, invocation, op string, in M) Answer {
	method, path, members := Path(op, in)
	var body []byte
	h := http.Header{"Amz-Sdk-Invocation-Id": {invocation}, "Amz-Sdk-Request": {"attempt=1"}}
	if method != "GET" && len(members) > 0 {
		var err error
		if body, err = json.Marshal(members); err != nil {
			return Answer{Err: err}
		}
		h.Set("Content-Type", "application/json")
	}
	return c.Raw(ctx, method, path, h, body)
}

// Raw sends a signed request as it is written: path is the escaped path, with a
// query after "?" if any.
func (c *Client) Raw(ctx context.Context, method, path string, h http.Header, body []byte) Answer {
	r, err := NewRequest(ctx, method, c.URL+path, body)
	if err != nil {
		return Answer{Err: err}
	}
	maps.Copy(r.Header, h)
	c.Signer.Sign(r, body)
	return c.Send(r)
}

// NewRequest makes a request whose escaped path is sent as it is written.
func NewRequest(ctx context.Context, method, rawURL string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, rawURL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	// net/url keeps RawPath only where it differs from its own encoding.
	u, _ := url.Parse(rawURL)
	r.URL.Opaque = ""
	r.URL.RawPath = u.EscapedPath()
	return r, nil
}

// Send sends a request and reads the whole answer.
func (c *Client) Send(r *http.Request) Answer {
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return Answer{Err: err}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{Err: fmt.Errorf("answer broke off: %w", err)}
	}
	a := Answer{Status: resp.StatusCode, Header: resp.Header, Raw: raw}
	if err := json.Unmarshal(raw, &a.Body); err != nil && len(raw) > 0 && strings.Contains(resp.Header.Get("Content-Type"), "json") {
		a.Err = fmt.Errorf("answer %d is not JSON: %w: %.200s", a.Status, err, raw)
	}
	return a
}

// Must calls an operation and fails the test unless it answers 200.
func (c *Client) Must(t testing.TB, op string, in M) M {
	t.Helper()
	a := c.Call(t.Context(), op, in)
	if a.Err != nil || a.Status != http.StatusOK {
		t.Fatalf("%s: %v", op, a)
	}
	return a.Body
}

// Job calls an operation that makes a job and waits until it is COMPLETED.
func (c *Client) Job(t testing.TB, op string, in M) M {
	t.Helper()
	started := c.Must(t, op, in)
	env, _ := started["backendEnvironmentName"].(string)
	if env == "" { // RemoveAllBackends names no environment
		env = "any"
	}
	done, err := c.WaitJob(t.Context(), fmt.Sprint(in["appId"]), env, fmt.Sprint(started["jobId"]), JobLimit)
	if err != nil {
		t.Fatalf("%s: %v", op, err)
	}
	if done["status"] != "COMPLETED" {
		t.Fatalf("%s: job ended %v: %v", op, done["status"], done["error"])
	}
	return done
}

// JobLimit is how long a job may take in tests that do not kill the server.
const JobLimit = 30 * time.Second

// WaitJob polls a job until it has ended.
func (c *Client) WaitJob(ctx context.Context, app, env, id string, limit time.Duration) (M, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	pause := 5 * time.Millisecond
	for {
		a := c.Call(ctx, "GetBackendJob", M{"appId": app, "backendEnvironmentName": env, "jobId": id})
		if ctx.Err() != nil {
			return nil, fmt.Errorf("job %s has not ended within %v", id, limit)
		}
		if a.Err != nil || a.Status != http.StatusOK {
			return nil, fmt.Errorf("GetBackendJob %s: %v", id, a)
		}
		if a.Text("status") != "RUNNING" {
			return a.Body, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, 200*time.Millisecond)
		}
	}
}
