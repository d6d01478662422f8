package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
	"preamp/internal/server"
)

// optionsOf are those under which an API of the benchmark is compiled.
func optionsOf(api string) transform.Options {
	o := sizeOptions
	if api == noteAPI {
		o.DefaultAuth = authn.OIDC
	}
	return o
}

func sourceOf(api string) string {
	return map[string]string{openAPI: openSchema, noteAPI: noteSchema, growthAPI: growthSchema()}[api]
}

// Every comparison has a statement, and those with tokens are bound to the caller.
func TestStatements(t *testing.T) {
	t.Parallel()
	for _, c := range comparisons() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc, err := schema.Parse(sourceOf(c.api))
			if err != nil {
				t.Fatal(err)
			}
			api, err := transform.Expand(doc, optionsOf(c.api))
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []sqlgen.Dialect{sqlgen.SQLite, sqlgen.Postgres} {
				sql, params, err := generate(d, api, c)
				if err != nil {
					t.Fatal(err)
				}
				if reads := strings.HasPrefix(sql, "SELECT") || strings.HasPrefix(sql, "WITH"); reads == c.write {
					t.Errorf("write: %t, but the statement is\n%s", c.write, sql)
				}
				if slices.Contains(params, any(newID)) != c.write {
					t.Errorf("write: %t, parameters %v", c.write, params)
				}
				named := slices.ContainsFunc(params, func(p any) bool { s, ok := p.(string); return ok && strings.Contains(s, subject) })
				if named != (c.part == "jwt") {
					t.Errorf("the caller is named: %t, in %v", named, params)
				}
			}
		})
	}
}

// Schemas that are pushed can be served.
func TestSchemas(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, source string
		models       int
		options      transform.Options
	}{
		{"open", openSchema, 3, optionsOf(openAPI)},
		{"notes", noteSchema, 1, optionsOf(noteAPI)},
		{"growth", growthSchema(), len(growthSizes), optionsOf(growthAPI)},
		{"push", pushSchema(15), 15, sizeOptions},
		{"usual", appSchema(usualSchema), usualSchema, sizeOptions},
		{"large", appSchema(largeSchema), largeSchema, sizeOptions},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			doc, err := schema.Parse(tc.source)
			if err != nil {
				t.Fatal(err)
			}
			api, err := transform.Expand(doc, tc.options)
			if err != nil {
				t.Fatal(err)
			}
			if err := transform.CheckServable(doc, api, tc.options); err != nil {
				t.Error(err)
			}
			if len(api.Models) != tc.models {
				t.Errorf("%d models, want %d", len(api.Models), tc.models)
			}
		})
	}
}

// eachPlace runs fn on every store with a place that holds one environment with
// the API of that name, whose id is its name.
func eachPlace(t *testing.T, api string, fn func(t *testing.T, at place)) {
	t.Helper()
	c := db.Config{Control: server.ControlLines(), Env: server.EnvLines()}
	dbtest.EachConfig(t, c, func(t *testing.T, c db.Config) {
		at := place{dir: c.Dir, url: c.DatabaseURL}
		ctx := t.Context()
		set, err := openSet(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		const uid = "benchbenchbench"
		err = set.Create(ctx, uid)
		if err == nil {
			err = set.Control().Tx(ctx, func(tx *db.Tx) error {
				if _, err := tx.Exec(`INSERT INTO ctl.app (id, name, state, created_ms) VALUES ('a', 'a', 'ready', 1)`); err != nil {
					return err
				}
				_, err := tx.Exec(`INSERT INTO ctl.environment (uid, app, name, state, created_ms) VALUES ($1, 'a', 'dev', 'ready', 1)`, uid)
				return err
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		onEnvironment(t, set, func(ctx context.Context, env *db.DB) error {
			return install(ctx, env, api, "t_", sourceOf(api), optionsOf(api))
		})
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		fn(t, at)
	})
}

func onEnvironment(t *testing.T, set *db.Set, fn func(ctx context.Context, env *db.DB) error) {
	t.Helper()
	env, release, err := onlyEnvironment(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := fn(t.Context(), env); err != nil {
		t.Fatal(err)
	}
}

// The limit writes rows and reads them back.
func TestLimit(t *testing.T) {
	t.Parallel()
	eachPlace(t, openAPI, func(t *testing.T, at place) {
		set, err := openSet(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		onEnvironment(t, set, func(ctx context.Context, env *db.DB) error {
			ask := func(name string) string {
				for _, c := range comparisons() {
					if c.name != name {
						continue
					}
					h, err := limitHandler(ctx, env, openAPI, c)
					if err != nil {
						t.Fatal(err)
					}
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(string(c.body(7)))))
					return strings.ReplaceAll(w.Body.String(), " ", "")
				}
				t.Fatalf("there is no comparison %s", name)
				return ""
			}
			for range 2 {
				if got := ask("create"); !strings.HasPrefix(got, `{"data":{"createTask":{"id":"`) || !strings.Contains(got, `"task00000000"`) {
					t.Errorf("create: %s", got)
				}
			}
			if got := ask("list20"); strings.Count(got, `"task00000000"`) != 2 {
				t.Errorf("list after two creates: %s", got)
			}
			return nil
		})
	})
}

// What is written past the API is what the API would have written.
func TestFillGrowth(t *testing.T) {
	t.Parallel()
	eachPlace(t, growthAPI, func(t *testing.T, at place) {
		small := growthSize{model: growthSizes[0].model, rows: 120}
		if err := fillGrowth(t.Context(), at, growthAPI, []growthSize{small}); err != nil {
			t.Fatal(err)
		}
		set, err := openSet(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		onEnvironment(t, set, func(ctx context.Context, env *db.DB) error {
			var v endpoint.Version
			if err := env.Read(ctx, func(q *db.Query) (err error) {
				v, err = endpoint.LiveVersion(q, growthAPI)
				return err
			}); err != nil {
				return err
			}
			ask := comparison{
				name: "index", field: "bySmallGroup", api: growthAPI,
				query:     `query Q($g: ID!) { bySmallGroup(group: $g, limit: 100) { items { id group title createdAt updatedAt } } }`,
				variables: func(int) string { return `{"g":"group-1"}` },
			}
			h, err := limitHandler(ctx, env, growthAPI, ask)
			if err != nil {
				return err
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader("{}")))
			got := strings.ReplaceAll(w.Body.String(), " ", "")
			const first = `{"id":"row-50","group":"group-1","title":"titleofrow50","createdAt":"2026-01-01T00:00:00.050Z","updatedAt":"2026-01-01T00:00:00.050Z"}`
			if strings.Count(got, `"group-1"`) != groupRows || !strings.Contains(got, first) {
				t.Errorf("rows of the second group: %s", got)
			}
			if _, err := fillStatement(v.Layout, "Nothing"); err == nil {
				t.Error("a model that is not there can be filled")
			}
			return nil
		})
	})
}

// Over a round, every row is asked for, and the next round goes on.
func TestWalk(t *testing.T) {
	t.Parallel()
	g := growthSize{model: "Small", rows: 1000}
	body := g.walk("q", g.rows, func(n int) string { return strings.Repeat("x", n) })
	seen := map[int]bool{}
	for range g.rows {
		seen[strings.Count(string(body(0)), "x")] = true
	}
	if len(seen) != g.rows {
		t.Errorf("%d of %d rows", len(seen), g.rows)
	}
	for _, g := range growthSizes {
		if 7_368_787%g.rows == 0 || g.rows%groupRows != 0 {
			t.Errorf("%d rows cannot be walked", g.rows)
		}
	}
}
