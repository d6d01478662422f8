package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"preamp/internal/server"
	"preamp/internal/sigv4"
)

// environment is what `preamp env --format json` prints.
type environment struct {
	Endpoint        string `json:"AWS_ENDPOINT_URL"`
	AccessKeyID     string `json:"AWS_ACCESS_KEY_ID"`
	SecretAccessKey string `json:"AWS_SECRET_ACCESS_KEY"`
	Region          string `json:"AWS_REGION"`
}

// control calls the control plane as an SDK does.
type control struct {
	process *process
	env     environment
	app     string
}

func newControl(ctx context.Context, p *process) (control, error) {
	c := control{process: p}
	var st server.Status
	if err := p.command(ctx, &st, "status", "--json"); err != nil {
		return c, err
	}
	c.app = st.Apps[0].ID
	return c, p.command(ctx, &c.env, "env", "--format", "json")
}

// definition is an API to create.
type definition struct {
	name, schema string
	issuer       string // of the tokens it takes; empty takes API keys
	pool         string // whose tokens it takes beside API keys
}

func (d definition) config() map[string]any {
	c := map[string]any{"transformSchema": d.schema}
	if d.issuer != "" {
		c["defaultAuthType"] = map[string]any{
			"mode": "OPENID_CONNECT",
			"settings": map[string]any{
				"openIDProviderName": "bench", "openIDIssueURL": d.issuer, "openIDClientId": audience,
			},
		}
	}
	if d.pool != "" {
		c["additionalAuthTypes"] = []any{map[string]any{
			"mode": "AMAZON_COGNITO_USER_POOLS", "settings": map[string]any{"cognitoUserPoolId": d.pool},
		}}
	}
	return c
}

// push creates an API and answers the time from the call to COMPLETED.
func (c control) push(ctx context.Context, d definition) (time.Duration, error) {
	began := time.Now()
	var job struct{ JobID, Status, Error string }
	err := c.call(ctx, http.MethodPost, "/backend/"+c.app+"/api", map[string]any{
		"backendEnvironmentName": "dev", "resourceName": d.name, "resourceConfig": d.config(),
	}, &job)
	for err == nil && job.Status == "RUNNING" {
		time.Sleep(2 * time.Millisecond)
		err = c.call(ctx, http.MethodGet, "/backend/"+c.app+"/job/dev/"+job.JobID, nil, &job)
	}
	if err == nil && job.Status != "COMPLETED" {
		err = fmt.Errorf("job %s: %s", job.Status, job.Error)
	}
	if err != nil {
		return 0, fmt.Errorf("push %s: %w", d.name, err)
	}
	return time.Since(began), nil
}

func (c control) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.env.Endpoint+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	sigv4.Sign(req, body, c.env.AccessKeyID, c.env.SecretAccessKey, c.env.Region, "amplifybackend", time.Now())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	return json.Unmarshal(text, out)
}

// apis are the live APIs of the server, by name.
func (c control) apis(ctx context.Context) (map[string]server.StatusAPI, error) {
	var st server.Status
	if err := c.process.command(ctx, &st, "status", "--json"); err != nil {
		return nil, err
	}
	found := map[string]server.StatusAPI{}
	for _, a := range st.Apps[0].Environments[0].APIs {
		found[a.Name] = a
	}
	return found, nil
}
