package endpoint_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/keys"
)

// TestOneLoadForAll sends many first requests at once.
func TestOneLoadForAll(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		var locates atomic.Int64
		registry, err := endpoint.New(endpoint.Config{Locate: func(ctx context.Context, id string) (*db.DB, *keys.Sealer, func(), error) {
			locates.Add(1)
			return w.locate(ctx, id)
		}, Now: w.clock})
		must(w.t, err)
		w.registry = registry
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if status, _, body := w.post(`{"query":"{ listTodos { items { id } } }"}`); status != http.StatusOK {
					w.t.Errorf("%d %s", status, body)
				}
			})
		}
		wg.Wait()
		if n := locates.Load(); n < 21 || n > 30 {
			w.t.Errorf("%d calls of Locate for 20 requests that share few loads", n)
		}
	})
}

func TestLocateFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"busy", errs.E(errs.Unavailable, "the database is unavailable"), 503, "the database is unavailable"},
		{"defect", errors.New("secret: no such table"), 500, "internal error"},
	}
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		for _, tt := range tests {
			registry, err := endpoint.New(endpoint.Config{Locate: func(context.Context, string) (*db.DB, *keys.Sealer, func(), error) {
				return nil, nil, nil, tt.err
			}})
			must(w.t, err)
			w.registry = registry
			status, _, body := w.post(`{"query":"{__typename}"}`)
			if status != tt.status || !strings.Contains(body, tt.want) || strings.Contains(body, "secret") {
				w.t.Errorf("%s: %d %s", tt.name, status, body)
			}
		}
	})
}

// TestFewAPIsAreKept serves more APIs than are kept in memory.
func TestFewAPIsAreKept(t *testing.T) {
	t.Parallel()
	each(t, todoSchema, endpoint.Limits{}, func(w *world) {
		registry, err := endpoint.New(endpoint.Config{Locate: w.locate, MaxAPIs: 1, Now: w.clock})
		must(w.t, err)
		w.registry = registry
		d := w.acquire()
		must(w.t, d.Tx(w.t.Context(), func(tx *db.Tx) error {
			v, err := endpoint.LiveVersion(tx.Query(), apiID)
			if err != nil {
				return err
			}
			if err := endpoint.CreateAPI(tx, "abcother", "other", 1); err != nil {
				return err
			}
			if err := endpoint.PutVersion(tx, "abcother", endpoint.Version{Number: 1, Source: v.Source, Options: v.Options, Layout: v.Layout}); err != nil {
				return err
			}
			return endpoint.Publish(tx, "abcother", 1)
		}))
		for range 3 {
			if got := w.run(`{ __typename }`, `null`); got != `{"data":{"__typename":"Query"}}` {
				w.t.Error(got)
			}
			status, _, body := w.postTo("abcother", `{"query":"{__typename}"}`)
			if status != http.StatusUnauthorized { // it is served, and has no keys
				w.t.Errorf("%d %s", status, body)
			}
		}
	})
}

// TestLimitsAreChecked names every limit that has no test of its own.
func TestLimitsAreChecked(t *testing.T) {
	t.Parallel()
	limits := endpoint.Limits{QueryText: 600, Tokens: 40, Aliases: 3, Fields: 8, List: 2, Page: 1, Answer: 100, JSONDepth: 5}
	each(t, todoSchema, limits, func(w *world) {
		for query, want := range map[string]string{
			"{ __typename } #" + strings.Repeat("x", 600):                                    "(limit: query text)",
			"{ " + strings.Repeat("__typename ", 41) + "}":                                   "(limit: tokens)",
			"{ a: __typename b: __typename c: __typename d: __typename }":                    "(limit: aliases)",
			"{ getTodo(id: 1) { id title n done createdAt updatedAt id id } }":               "(limit: resolved fields)",
			"{ listTodos(filter: {not: {not: {not: {not: {id: {eq: 1}}}}}}) { nextToken } }": "(limit: JSON depth)",
		} {
			got := w.run(query, `null`)
			if !strings.Contains(got, want) || !strings.Contains(got, `"errorType":"QueryLimit"`) || !strings.HasPrefix(got, `{"data":null`) {
				w.t.Errorf("%s: %s", want, got)
			}
		}
		long := strings.Repeat("x", 100)
		if got := w.run(`mutation($t: String!) { createTodo(input: {id: "d", title: $t}) { title } }`, `{"t":"`+long+`"}`); !strings.Contains(got, "(limit: response size)") {
			w.t.Error(got)
		}
		for _, id := range []string{"a", "b", "c"} {
			w.run(`mutation($i: ID) { createTodo(input: {id: $i, title: "t"}) { id } }`, `{"i":"`+id+`"}`)
		}
		if got := w.run(`{ a: listTodos { items { id } } b: listTodos(limit: 9) { items { id } } }`, `null`); got !=
			`{"data":{"a":{"items":[{"id":"a"}]},"b":{"items":[{"id":"a"},{"id":"b"}]}}}` {
			w.t.Error(got)
		}
	})
}
