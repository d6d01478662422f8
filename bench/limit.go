package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"

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

// limitCommand serves the limit on a copy of a data directory: for each request
// of the comparison a path whose handler reads the body and runs the SQL that
// preamp runs for it, and nothing else.
func limitCommand(ctx context.Context, listen, data, apiID string) error {
	set, err := db.Open(ctx, db.Config{Dir: data, Control: server.ControlLines(), Env: server.EnvLines(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer set.Close()
	uid, err := onlyEnvironment(data)
	if err != nil {
		return err
	}
	env, release, err := set.Acquire(ctx, uid)
	if err != nil {
		return err
	}
	defer release()
	mux := http.NewServeMux()
	for _, c := range comparisons() {
		h, err := limitHandler(ctx, env, set.Dialect(), apiID, c)
		if err != nil {
			return fmt.Errorf("limit of %s: %w", c.name, err)
		}
		mux.Handle("POST /"+c.name, h)
	}
	l, err := net.Listen("tcp", listen)
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

// onlyEnvironment is the uid of the one environment in a data directory.
func onlyEnvironment(data string) (string, error) {
	found, err := filepath.Glob(filepath.Join(data, "env", "*", "*.db"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("%s holds %d environments, want 1 (%w)", data, len(found), err)
	}
	name := filepath.Base(found[0])
	return name[:len(name)-len(".db")], nil
}

// limitHandler plans the request once and runs its statement for every call.
func limitHandler(ctx context.Context, env *db.DB, dialect db.Dialect, apiID string, c comparison) (http.Handler, error) {
	sql, params, err := statement(ctx, env, dialect, apiID, c)
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
func statement(ctx context.Context, env *db.DB, dialect db.Dialect, apiID string, c comparison) (string, []any, error) {
	var version endpoint.Version
	err := env.Read(ctx, func(q *db.Query) (err error) {
		version, err = endpoint.LiveVersion(q, apiID)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	doc, err := schema.Parse(version.Source)
	if err != nil {
		return "", nil, err
	}
	api, err := transform.Expand(doc, version.Options)
	if err != nil {
		return "", nil, err
	}
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
	field := op.Plan(authn.Caller{Mode: authn.APIKey}, op.Conditions(vars)).Fields[0]
	bound, perr := field.Bind(&plan.Env{
		Now: "2026-01-01T00:00:00.000Z", NewID: func() string { return newID },
		NullMark: "null mark", KeyMark: "key mark", Limit: 100, MaxLimit: 1000,
	}, authn.Caller{Mode: authn.APIKey}, vars)
	if perr != nil {
		return "", nil, perr
	}
	d := sqlgen.SQLite
	if dialect == db.Postgres {
		d = sqlgen.Postgres
	}
	return sqlgen.Generate(d, bound.Statement), bound.Params, nil
}

// copyDir copies the data directory of a stopped server.
func copyDir(from, to string) error { return os.CopyFS(to, os.DirFS(from)) }
