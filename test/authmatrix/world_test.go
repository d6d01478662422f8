package authmatrix_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
	"preamp/internal/keys"
)

const envUID = "matrixmatrixmatr"

var limits = exec.Limits{
	Text: 64 << 10, Tokens: 15_000, Depth: 75, DepthAPIKey: 20, Aliases: 100, Fields: 10_000,
	Page: 100, MaxPage: 1000, Time: 30 * time.Second, JSONDepth: 64, Answer: 5 << 20,
}

// store is an environment database that all schemas of the matrix share.
type store struct {
	db     *db.DB
	sealer *keys.Sealer
}

// eachStore runs fn on every store. Nothing is kept, so nothing has to reach the
// disk.
func eachStore(t *testing.T, fn func(t *testing.T, s *store)) {
	t.Helper()
	c := db.Config{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine()}, Relaxed: true}
	dbtest.EachConfig(t, c, func(t *testing.T, c db.Config) {
		set := dbtest.Open(t, c)
		ctx := t.Context()
		ring, err := keys.Open(ctx, set.Control(), keys.NewSecret([]byte("0123456789abcdef0123456789abcdef")))
		must(t, err)
		must(t, set.Create(ctx, envUID))
		d, release, err := set.Acquire(ctx, envUID)
		must(t, err)
		t.Cleanup(release)
		must(t, d.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, envUID) }))
		sealer, err := ring.Env(ctx, envUID, d)
		must(t, err)
		fn(t, &store{db: d, sealer: sealer})
	})
}

// world is one schema of the matrix on a store.
type world struct {
	t    testing.TB
	g    *golden
	db   *db.DB
	api  *transform.API
	exec *exec.Executor
	last *answer // of the latest request
}

// open compiles a schema and makes its tables and rows.
func (s *store) open(t testing.TB, g *golden, number int) *world {
	t.Helper()
	doc, err := schema.ParseFor(g.SDL, g.Version)
	if err != nil {
		t.Fatalf("%s: %v", g.Name, err)
	}
	modes := []authn.Mode{authn.UserPool, authn.IAM, authn.OIDC}
	if g.Version == 2 {
		modes = append(modes, authn.Lambda)
	}
	w := &world{t: t, g: g, db: s.db}
	w.api, err = transform.Expand(doc, transform.Options{
		Version: g.Version, DefaultAuth: authn.APIKey, AuthModes: modes, TablePrefix: fmt.Sprintf("m%d_", number),
	})
	if err != nil {
		t.Fatalf("%s: %v", g.Name, err)
	}
	dialect := sqlgen.SQLite
	if s.db.Dialect() == db.Postgres {
		dialect = sqlgen.Postgres
	}
	must(t, s.db.Tx(t.Context(), func(tx *db.Tx) error {
		_, changes, err := transform.Merge(transform.Layout{}, w.api.Layout)
		if err != nil {
			return err
		}
		for _, c := range changes {
			for _, statement := range sqlgen.DDL(dialect, c) {
				if _, err := tx.Exec(statement); err != nil {
					return err
				}
			}
		}
		for name, m := range g.Models {
			for _, r := range m.Rows {
				if err := w.insert(tx, name, r); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	w.exec, err = exec.New(exec.Config{
		API: w.api, ID: "matrix", Dialect: s.db.Dialect(), Sealer: s.sealer, Limits: limits,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	must(t, err)
	return w
}

// insert writes a row as it is, past all rules.
func (w *world) insert(tx *db.Tx, name string, r row) error {
	m := w.api.Models[name]
	var columns, places []string
	var values []any
	put := func(f *transform.Field, v any) {
		columns, values = append(columns, `"`+f.Column+`"`), append(values, v)
		places = append(places, fmt.Sprintf("$%d", len(values)))
	}
	for _, f := range m.Fields {
		switch v := r[f.Name].(type) {
		case nil:
			if f.Column != "" && (f.Name == m.CreatedAt || f.Name == m.UpdatedAt) {
				put(f, "2024-05-05T00:00:00.000Z")
			}
		case string:
			put(f, v)
		default:
			text, err := json.Marshal(v)
			if err != nil {
				return err
			}
			put(f, string(text))
		}
	}
	_, err := tx.Exec(`INSERT INTO env."`+m.Table+`" (`+strings.Join(columns, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`, values...)
	return err
}

// stored is a row of the table; nil if there is none.
func (w *world) stored(name, ident string) row {
	w.t.Helper()
	m := w.api.Models[name]
	var columns []string
	var fields []*transform.Field
	for _, f := range w.g.Models[name].Select {
		fields = append(fields, m.Field(f))
		columns = append(columns, `"`+m.Field(f).Column+`"`)
	}
	values := make([]*string, len(fields))
	into := make([]any, len(fields))
	for i := range values {
		into[i] = &values[i]
	}
	sql := `SELECT ` + strings.Join(columns, ", ") + ` FROM env."` + m.Table + `" WHERE "` + m.Field(w.g.Models[name].Ident).Column + `" = $1`
	err := w.db.Row(w.t.Context(), sql, ident).Scan(into...)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	must(w.t, err)
	out := row{}
	for i, f := range fields {
		switch {
		case values[i] == nil:
		case f.Storage == transform.JSON:
			var list []any
			must(w.t, json.Unmarshal([]byte(*values[i]), &list))
			out[f.Name] = list
		default:
			out[f.Name] = *values[i]
		}
	}
	return out
}

// reset brings back the row that operations may have changed; a row that the matrix
// does not have is removed.
func (w *world) reset(name, ident string) {
	w.t.Helper()
	m := w.api.Models[name]
	must(w.t, w.db.Tx(w.t.Context(), func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM env."`+m.Table+`" WHERE "`+m.Field(w.g.Models[name].Ident).Column+`" = $1`, ident); err != nil {
			return err
		}
		if r := w.g.Models[name].Rows[ident]; r != nil {
			return w.insert(tx, name, r)
		}
		return nil
	}))
}

// answer is what a client sees.
type answer struct {
	Data   map[string]any
	Errors []struct {
		Path      []any
		ErrorType string
		Message   string
		seen      bool // a verdict speaks of it
	}
}

func (w *world) do(c authn.Caller, query string, input map[string]any) *answer {
	w.t.Helper()
	r := exec.Request{Query: query, Caller: c}
	if input != nil {
		text, err := json.Marshal(map[string]any{"i": input})
		must(w.t, err)
		r.Variables, err = scalar.Decode(string(text), 64)
		must(w.t, err)
	}
	out, _ := w.exec.Execute(w.t.Context(), w.db, &r, nil)
	w.last = &answer{}
	if err := json.Unmarshal(out, w.last); err != nil {
		w.t.Fatalf("%s: %v: %s", w.g.Name, err, out)
	}
	return w.last
}

// literal writes a value as GraphQL text.
func literal(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for k, x := range v {
			parts = append(parts, k+": "+literal(x))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		text, _ := json.Marshal(v)
		return string(text)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
