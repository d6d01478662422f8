package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// API is a live GraphQL API as GetBackend tells it.
type API struct {
	ID, Endpoint, Key string

	http *http.Client
}

// FindAPI reads the first API of an environment from amplifyMetaConfig, as
// scripts do. ok is false when there is none.
func (c *Client) FindAPI(ctx context.Context, app, env string) (api API, ok bool, err error) {
	apis, err := c.APIs(ctx, app, env)
	if err != nil {
		return API{}, false, err
	}
	for _, api := range apis {
		return api, true, nil
	}
	return API{}, false, nil
}

// APIs are the APIs of an environment by resource name.
func (c *Client) APIs(ctx context.Context, app, env string) (map[string]API, error) {
	a := c.Call(ctx, "GetBackend", M{"appId": app, "backendEnvironmentName": env})
	if a.Err != nil || a.Status != http.StatusOK {
		return nil, fmt.Errorf("GetBackend: %v", a)
	}
	var meta struct {
		API map[string]struct {
			Output struct {
				ID       string `json:"GraphQLAPIIdOutput"`
				Endpoint string `json:"GraphQLAPIEndpointOutput"`
				Key      string `json:"GraphQLAPIKeyOutput"`
			} `json:"output"`
		} `json:"api"`
	}
	if err := json.Unmarshal([]byte(a.Text("amplifyMetaConfig")), &meta); err != nil {
		return nil, fmt.Errorf("amplifyMetaConfig: %w: %v", err, a)
	}
	apis := map[string]API{}
	for name, r := range meta.API {
		apis[name] = API{ID: r.Output.ID, Endpoint: r.Output.Endpoint, Key: r.Output.Key, http: c.HTTP}
	}
	return apis, nil
}

// MustAPI is the first API of an environment.
func (c *Client) MustAPI(t testing.TB, app, env string) API {
	t.Helper()
	api, ok, err := c.FindAPI(t.Context(), app, env)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		t.Fatalf("environment %s of %s has no API", env, app)
	}
	return api
}

// Result is the answer of a GraphQL operation.
type Result struct {
	Status int
	Data   M
	Errors []M
	Raw    []byte
	Err    error
}

// String shows a result in a failure message.
func (r Result) String() string {
	if r.Err != nil {
		return r.Err.Error()
	}
	return fmt.Sprintf("%d %s", r.Status, r.Raw)
}

// OK reports whether the operation succeeded as a whole: 200, read completely,
// no errors member. For a mutation this is the acknowledgement.
func (r Result) OK() bool { return r.Err == nil && r.Status == http.StatusOK && r.Errors == nil }

// Do runs a GraphQL operation with the API key.
func (a API) Do(ctx context.Context, query string, variables M) Result {
	body, err := json.Marshal(M{"query": query, "variables": variables})
	if err != nil {
		return Result{Err: err}
	}
	r, err := NewRequest(ctx, http.MethodPost, a.Endpoint, body)
	if err != nil {
		return Result{Err: err}
	}
	r.Header.Set("Content-Type", "application/json")
	if a.Key != "" {
		r.Header.Set("X-Api-Key", a.Key)
	}
	answer := (&Client{HTTP: a.client()}).Send(r)
	out := Result{Status: answer.Status, Raw: answer.Raw, Err: answer.Err}
	if out.Err != nil {
		return out
	}
	out.Data, _ = answer.Body["data"].(M)
	list, present := answer.Body["errors"].([]any)
	if present {
		out.Errors = []M{}
	}
	for _, e := range list {
		m, _ := e.(M)
		out.Errors = append(out.Errors, m)
	}
	return out
}

func (a API) client() *http.Client {
	if a.http != nil {
		return a.http
	}
	return http.DefaultClient
}

// Must runs a GraphQL operation and fails the test unless it succeeds.
func (a API) Must(t testing.TB, query string, variables M) M {
	t.Helper()
	r := a.Do(t.Context(), query, variables)
	if !r.OK() {
		t.Fatalf("%s\n%v: %v", query, variables, r)
	}
	return r.Data
}
