package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"preamp/internal/config"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/keys"
	"preamp/internal/provision"
)

// limitsYAML sets every limit whose answer a request can show.
const limitsYAML = `
limits:
  body: 8KiB
  query_text: 1KiB
  query_tokens: 100
  query_depth: 6
  query_depth_api_key: 4
  query_aliases: 3
  query_fields: 20
  page: 1
  page_max: 10
  json_depth: 6
  answer: 64KiB
`

// notShown are the limits that show in no single answer: what the server does
// with them, TestLimitsReachTheServer and the tests of their packages tell.
var notShown = []string{
	"limits.query_time", "limits.requests_per_second", "limits.request_burst", "limits.control_wait", "limits.open_environments", "limits.open_apis",
}

// Every limit of a preamp.yaml is one of the running server.
func TestLimitsOfTheFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "preamp.yaml")
	if err := os.WriteFile(file, []byte(limitsYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	deep := func(n int) string {
		return `{ listNotes { items ` + strings.Repeat(`{ up `, n) + `{ id }` + strings.Repeat(` }`, n) + ` } }`
	}
	tests := []struct {
		limit, query string
		signed       bool
		status       int
		want         string
	}{
		{limit: "body", query: `{ __typename } #` + strings.Repeat("x", 8<<10), status: http.StatusRequestEntityTooLarge, want: `largerthan8192bytes`},
		{limit: "query_text", query: `{ __typename } #` + strings.Repeat("x", 1<<10), want: `(limit:querytext)`},
		{limit: "query_tokens", query: `{ ` + strings.Repeat("id ", 101) + `}`, want: `(limit:tokens)`},
		{limit: "query_depth_api_key", query: deep(2), want: `deeperthan4levels(limit:depth)`},
		{limit: "query_depth", query: deep(2), signed: true, want: `"data":{"listNotes"`},
		{limit: "query_depth", query: deep(4), signed: true, want: `deeperthan6levels(limit:depth)`},
		{limit: "query_aliases", query: `{ a: __typename b: __typename c: __typename d: __typename }`, want: `(limit:aliases)`},
		{limit: "query_fields", query: `{ getNote(id: 1) { ` + strings.Repeat("id ", 20) + `} }`, want: `(limit:resolvedfields)`},
		{limit: "page", query: `{ listNotes { items { id } } }`, want: `{"data":{"listNotes":{"items":[{"id":"00"}]}}}`},
		{limit: "page_max", query: `{ listNotes(limit: 12) { items { id } } }`, want: `{"id":"09"}]}}}`},
		{limit: "json_depth", query: `{ listNotes(filter: {not: {not: {not: {not: {not: {id: {eq: "1"}}}}}}}) { nextToken } }`, want: `(limit:JSONdepth)`},
		{limit: "answer", query: `{ listNotes(limit: 10) { items { title } } }`, want: `(limit:responsesize)`},
	}
	shown := slices.Clone(notShown)
	for _, tt := range tests {
		shown = append(shown, "limits."+tt.limit)
	}
	for _, key := range config.Keys() {
		// Those of limits.cognito, TestRatesReachTheServer tells.
		if strings.HasPrefix(key, "limits.") && !strings.HasPrefix(key, "limits.cognito.") && !slices.Contains(shown, key) {
			t.Errorf("%s: nothing shows that it reaches the server", key)
		}
	}
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, d db.Config) {
		r := limited(t, d, c)
		r.createBackend("dev")
		if e := r.createWith("notes", wireConfig{
			TransformSchema:     new(`type Note @model { id: ID! title: String! up: Note @hasOne }`),
			DefaultAuthType:     new(authType("API_KEY", nil)),
			AdditionalAuthTypes: []wireAuth{authType("AWS_IAM", nil)},
		}); e != "" {
			t.Fatal(e)
		}
		key, err := r.creds.Create(t.Context(), "tester")
		if err != nil {
			t.Fatal(err)
		}
		a := r.api("dev", "notes")
		for i := range 12 {
			r.insert(a, fmt.Sprintf("%02d", i))
		}
		for _, tt := range tests {
			sign := with("X-Api-Key", a.APIKey)
			if tt.signed {
				sign = signedBy(key, "appsync")
			}
			want := tt.status
			if want == 0 {
				want = http.StatusOK
			}
			if status, body := r.call(a, tt.query, sign); status != want || !strings.Contains(body, tt.want) {
				t.Errorf("limits.%s: %.60s: %d %.300s", tt.limit, tt.query, status, body)
			}
		}
	})
}

// limited runs a server with the limits of a configuration.
func limited(t *testing.T, d db.Config, c *config.Config) *running {
	t.Helper()
	o := fromConfig(c)
	o.dev, o.listen, o.data, o.databaseURL, o.version = true, "127.0.0.1:0", d.Dir, d.DatabaseURL, "test"
	o.master, o.settings = keys.NewSecret(bytes.Repeat([]byte{7}, 32)), settings(c, true)
	o.logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
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
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stop: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return &running{Server: s, t: t}
}

// insert makes a note with a long title, which is in a variable because the text
// of a query is limited.
func (r *running) insert(a provision.APIView, id string) {
	r.t.Helper()
	query := `mutation($t: String!) { createNote(input: {id: \"` + id + `\", title: $t}) { id } }`
	body := `{"query":"` + query + `","variables":{"t":"` + strings.Repeat("x", 7000) + `"}}`
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, a.Endpoint, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("X-Api-Key", a.APIKey)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasPrefix(string(text), `{"data":{"createNote":{`) {
		r.t.Fatalf("%v: %.300s", err, text)
	}
}
