package endpoint_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"preamp/internal/db"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/keys"
)

// watched calls look before every read and write.
type watched struct {
	http.ResponseWriter
	io.Reader
	look func(doing string)
}

func (w watched) Read(b []byte) (int, error) {
	w.look("reads the body")
	return w.Reader.Read(b)
}

func (w watched) Write(b []byte) (int, error) {
	w.look("writes the answer")
	return w.ResponseWriter.Write(b)
}

func (w watched) Close() error { return nil }

// TestSlowClientsPinNothing looks at the pins of an environment whenever a request
// waits for its client.
func TestSlowClientsPinNothing(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		var pins, located atomic.Int64
		registry, err := endpoint.New(endpoint.Config{Now: w.clock, Locate: func(ctx context.Context, id string) (*db.DB, *keys.Sealer, func(), error) {
			d, s, release, err := w.locate(ctx, id)
			if err != nil {
				return nil, nil, nil, err
			}
			located.Add(1)
			pins.Add(1)
			return d, s, func() { pins.Add(-1); release() }, nil
		}})
		must(w.t, err)
		for _, tt := range []struct {
			name, key, body string
			status          int
		}{
			{"answered", apiKey, `{"query":"{ listTodos { items { id } } }"}`, 200},
			{"bad body", apiKey, `{`, 400},
			{"over a limit", apiKey, strings.Repeat("[", 100), 200},
			{"bad key and bad body", "no", `{`, 401},
		} {
			rec := httptest.NewRecorder()
			x := watched{ResponseWriter: rec, Reader: strings.NewReader(tt.body), look: func(doing string) {
				if n := pins.Load(); n != 0 {
					w.t.Errorf("%s: %d pins while it %s", tt.name, n, doing)
				}
			}}
			q := httptest.NewRequest(http.MethodPost, "/api/"+apiID+"/graphql", x)
			q.Header.Set("x-api-key", tt.key)
			registry.ServeHTTP(x, q)
			if rec.Code != tt.status {
				w.t.Errorf("%s: status %d %s", tt.name, rec.Code, rec.Body)
			}
		}
		if located.Load() == 0 {
			w.t.Error("nothing was pinned at all")
		}
	})
}
