package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
	"preamp/internal/server"
)

// limitOptions are what a limit serves, handed to its process as JSON.
type limitOptions struct {
	Listen string            `json:"listen"`
	Dir    string            `json:"dir"`
	URL    string            `json:"url"`
	APIs   map[string]string `json:"apis"` // ids by name
	Only   parts             `json:"only"`
}

// limitCommand serves the limit on a copy of a server's data: for each request
// of the comparisons a path whose handler reads the body and runs the SQL that
// preamp runs for it, and nothing else.
func limitCommand(ctx context.Context, text string) error {
	var o limitOptions
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	set, err := openSet(ctx, place{dir: o.Dir, url: o.URL})
	if err != nil {
		return err
	}
	defer set.Close()
	env, release, err := onlyEnvironment(ctx, set)
	if err != nil {
		return err
	}
	defer release()
	mux := http.NewServeMux()
	for i, c := range selected(o.Only) {
		h, err := limitHandler(ctx, env, o.APIs[c.api], c)
		if err != nil {
			return fmt.Errorf("limit of %s: %w", c.name, err)
		}
		mux.Handle("POST "+limitPath(i), h)
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		_ = l.Close()
	}()
	if err := http.Serve(l, mux); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// limitPath is where the ith of the selected comparisons is served.
func limitPath(i int) string { return fmt.Sprintf("/limit/%d", i) }

// openSet opens the databases of a server that does not run.
func openSet(ctx context.Context, p place) (*db.Set, error) {
	return db.Open(ctx, db.Config{
		Dir: p.dir, DatabaseURL: p.url, Control: server.ControlLines(), Env: server.EnvLines(), Logger: slog.New(slog.DiscardHandler),
	})
}

// onlyEnvironment opens the one environment that there is.
func onlyEnvironment(ctx context.Context, set *db.Set) (*db.DB, func(), error) {
	uid, err := set.Control().Text(ctx, `SELECT uid FROM ctl.environment`)
	if err != nil {
		return nil, nil, fmt.Errorf("find the environment: %w", err)
	}
	return set.Acquire(ctx, string(uid))
}

// limitHandler plans the request once and runs its statement for every call.
func limitHandler(ctx context.Context, env *db.DB, apiID string, c comparison) (http.Handler, error) {
	sql, params, err := statement(ctx, env, apiID, c)
	if err != nil {
		return nil, err
	}
	id := -1 // the parameter that holds the new row's id
	for i, p := range params {
		if p == newID {
			id = i
		}
	}
	if c.write != (id >= 0) {
		return nil, errors.New("the new id is not a parameter of the statement")
	}
	head, tail := []byte(`{"data":{"`+c.field+`":`), []byte(`}}`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		text, err := run(r.Context(), env, sql, params, id)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		out := make([]byte, 0, len(head)+len(text)+len(tail))
		out = append(append(append(out, head...), text...), tail...)
		_, _ = w.Write(out)
	}), nil
}

func run(ctx context.Context, env *db.DB, sql string, params []any, id int) ([]byte, error) {
	if id < 0 {
		return env.Text(ctx, sql, params...)
	}
	row := append([]any(nil), params...)
	row[id] = uuid.NewString()
	var text []byte
	err := env.Tx(ctx, func(tx *db.Tx) error { return tx.Row(sql, row...).Scan(&text) })
	return text, err
}

// newID marks the parameter that each call replaces.
const newID = "00000000-0000-4000-8000-000000000000"

// statement is the SQL of a request, made by the same stages that serve it.
func statement(ctx context.Context, env *db.DB, apiID string, c comparison) (string, []any, error) {
	var version endpoint.Version
	err := env.Read(ctx, func(q *db.Query) (err error) {
		version, err = endpoint.LiveVersion(q, apiID)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	doc, err := schema.ParseAs(version.Source, version.Options.Version)
	if err != nil {
		return "", nil, err
	}
	api, err := transform.Expand(doc, version.Options)
	if err != nil {
		return "", nil, err
	}
	d := sqlgen.SQLite
	if env.Dialect() == db.Postgres {
		d = sqlgen.Postgres
	}
	return generate(d, api, c)
}

// generate is the SQL of a comparison and its parameters.
func generate(d sqlgen.Dialect, api *transform.API, c comparison) (string, []any, error) {
	parsed, errs := plan.NewSchema(api).Parse(c.query, plan.Limits{})
	if len(errs) > 0 {
		return "", nil, errs[0]
	}
	op, perr := parsed.Operation("")
	if perr != nil {
		return "", nil, perr
	}
	values, err := scalar.Decode(c.variables(0), 64)
	if err != nil {
		return "", nil, err
	}
	vars, perr := op.Coerce(&values)
	if perr != nil {
		return "", nil, perr
	}
	caller := c.caller()
	field := op.Plan(caller, op.Conditions(vars)).Fields[0]
	if field.Kind != plan.Data {
		return "", nil, fmt.Errorf("%s does not ask the database: %v", c.field, field.Refusal)
	}
	bound, perr := field.Bind(&plan.Env{
		Now: "2026-01-01T00:00:00.000Z", NewID: func() string { return newID },
		NullMark: "null mark", KeyMark: "key mark", FailMark: "fail mark", Limit: 100, MaxLimit: 1000,
	}, caller, vars)
	if perr != nil {
		return "", nil, perr
	}
	if bound.Statement == nil {
		return "", nil, fmt.Errorf("%s asks nothing of the database", c.field)
	}
	return sqlgen.Generate(d, bound.Statement), bound.Params, nil
}

// caller is who sends a comparison.
func (c comparison) caller() authn.Caller {
	if c.api == noteAPI {
		return authn.Caller{Mode: authn.OIDC, ID: subject, Claims: claims("", subject, username, time.Unix(0, 0))}
	}
	return authn.Caller{Mode: authn.APIKey}
}
