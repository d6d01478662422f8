package exec_test

import (
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"sync"
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

const testSchema = `
enum Status { OPEN CLOSED LATE }
type Geo { lat: Float! lng: Float! }
type Address { street: String! zip: String geo: Geo tags: [String!] near: [Geo] }
type Todo @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String!
  note: String
  n: Int
  f: Float
  done: Boolean
  at: AWSTimestamp
  day: AWSDate
  doc: AWSJSON
  status: Status
  tags: [String!]
  states: [Status]
  nums: [Int]
  address: Address
  places: [Address]
  grid: [[Int]]
  createdAt: AWSDateTime!
  updatedAt: AWSDateTime!
}
type Event @model @auth(rules: [{allow: public}]) {
  org: ID! @primaryKey(sortKeyFields: ["region", "num"])
  region: String!
  num: Int!
  kind: String @index(name: "byKind", sortKeyFields: ["at"], queryField: "eventsByKind")
  at: AWSDateTime
  owner: String @index(name: "byOwner", sortKeyFields: ["kind", "level"], queryField: "eventsByOwner")
  level: Int
  text: String
}
type Device @model @auth(rules: [{allow: public}]) {
  serial: String! @primaryKey
  name: String @index(name: "byName", queryField: "devicesByName")
}
type Closed @model { id: ID! text: String }
`

var limits = exec.Limits{
	Text: 64 << 10, Tokens: 15_000, Depth: 75, DepthAPIKey: 20, Aliases: 100, Fields: 10_000,
	Page: 100, MaxPage: 1000, Time: 30 * time.Second, JSONDepth: 64, Answer: 5 << 20,
}

const envUID = "envenvenvenvenve"

var caller = authn.Caller{Mode: authn.APIKey, ID: "key"}

// world is an executor on one store.
type world struct {
	t      testing.TB
	db     *db.DB
	exec   *exec.Executor
	sealer *keys.Sealer
	api    *transform.API
	// options are those of compilations.
	options transform.Options

	mu     sync.Mutex
	traced []traced
}

type traced struct {
	sql    string
	params []any
}

var lines = dbtest.Lines{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine()}}

// each runs fn on every store with the tables of the schema.
func each(t *testing.T, sdl string, fn func(w *world)) {
	t.Helper()
	eachWith(t, sdl, transform.Options{}, fn)
}

// eachWith is each with options of the compilation.
func eachWith(t *testing.T, sdl string, o transform.Options, fn func(w *world)) {
	t.Helper()
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) { fn(openWith(t, set, sdl, o)) })
}

func open(t testing.TB, set *db.Set, sdl string) *world {
	t.Helper()
	return openWith(t, set, sdl, transform.Options{})
}

func openWith(t testing.TB, set *db.Set, sdl string, o transform.Options) *world {
	t.Helper()
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
	o.TablePrefix = "t_"
	w := &world{t: t, db: d, sealer: sealer, options: o}
	w.use(sdl)
	must(t, d.Tx(ctx, func(tx *db.Tx) error {
		_, changes, err := transform.Merge(transform.Layout{}, w.api.Layout)
		if err != nil {
			return err
		}
		for _, c := range changes {
			for _, s := range sqlgen.DDL(dialect(d), c) {
				if _, err := tx.Exec(s); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	return w
}

func dialect(d *db.DB) sqlgen.Dialect {
	if d.Dialect() == db.Postgres {
		return sqlgen.Postgres
	}
	return sqlgen.SQLite
}

// use compiles a schema and makes an executor for it.
func (w *world) use(sdl string) {
	w.t.Helper()
	doc, err := schema.Parse(sdl)
	must(w.t, err)
	w.api, err = transform.Expand(doc, w.options)
	must(w.t, err)
	w.exec = w.executor("api1")
}

func (w *world) executor(id string) *exec.Executor {
	w.t.Helper()
	e, err := exec.New(exec.Config{
		API: w.api, ID: id, Dialect: w.db.Dialect(), Sealer: w.sealer, Limits: limits,
		Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
		Trace: func(sql string, params []any) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.traced = append(w.traced, traced{sql, params})
		},
	})
	must(w.t, err)
	return e
}

func (w *world) takeTraced() []traced {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.traced
	w.traced = nil
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// databaseText finds words that only a database says.
var databaseText = regexp.MustCompile(`(?i)sqlite|sqlstate|postgres|syntax error|no such (table|column)|SQL logic|relation "|column "|constraint`)

// do executes a query and answers the JSON in a form that does not depend on
// the store.
func (w *world) do(query, variables string) string {
	w.t.Helper()
	return w.doWith(w.exec, query, variables)
}

func (w *world) doWith(e *exec.Executor, query, variables string) string {
	w.t.Helper()
	return w.doBy(e, caller, query, variables)
}

// by executes a query for a caller.
func (w *world) by(c authn.Caller, query, variables string) string {
	w.t.Helper()
	return w.doBy(w.exec, c, query, variables)
}

func (w *world) doBy(e *exec.Executor, c authn.Caller, query, variables string) string {
	w.t.Helper()
	r := exec.Request{Query: query, Caller: c}
	if variables != "" {
		v, err := scalar.Decode(variables, 64)
		must(w.t, err)
		r.Variables = v
	}
	out, _ := e.Execute(w.t.Context(), w.db, &r, nil)
	if databaseText.Match(out) {
		w.t.Errorf("the answer holds a text of the database: %s", out)
	}
	return compact(w.t, string(out))
}

func compact(t testing.TB, s string) string {
	t.Helper()
	var b strings.Builder
	raw := json.RawMessage(s)
	if !json.Valid(raw) {
		t.Fatalf("not JSON: %s", s)
	}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	must(t, enc.Encode(raw))
	return strings.TrimSpace(b.String())
}

// want executes a query and compares the answer.
func (w *world) want(query, variables, want string) {
	w.t.Helper()
	if got := w.do(query, variables); got != want {
		w.t.Errorf("%s %s\n got %s\nwant %s", query, variables, got, want)
	}
}

// path takes a member out of an answer.
func path(t testing.TB, answer string, keys ...string) any {
	t.Helper()
	var v any
	must(t, json.Unmarshal([]byte(answer), &v))
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("no %q in %s", k, answer)
		}
		v = m[k]
	}
	return v
}
