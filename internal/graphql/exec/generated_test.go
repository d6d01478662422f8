package exec_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
)

// one draws an element; what is drawn is told by its number.
func one[T any](t *rapid.T, label string, list []T) T {
	return list[rapid.IntRange(0, len(list)-1).Draw(t, label)]
}

func (g *generated) fail(format string, args ...any) {
	g.t.Fatalf("%s\n%s%s\nby %+v", fmt.Sprintf(format, args...), g.schema.sdl(), strings.Join(g.log, "\n"), *g.who)
}

// compare executes a request, compares its answer with the expected one and
// answers the token of the page.
func (g *generated) compare(query string, vars map[string]any, data any, e *errorList) (token string) {
	g.log = append(g.log, fmt.Sprintf("%s %s: %s %s", g.who.mode, g.who.caller.ID, query, asJSON(vars)))
	short := g.w.sum(g.who.caller, query, asJSON(vars))
	dec := json.NewDecoder(strings.NewReader(short))
	var have map[string]any
	if err := dec.Decode(&have); err != nil || have == nil {
		g.fail("%v: %s", err, short)
	}
	rest := short[dec.InputOffset():]
	var errs []string
	if rest != "" {
		errs = strings.Split(strings.TrimPrefix(rest, " | "), " | ")
	}
	for i, s := range errs { // the order of the fields in it is nobody's business
		if before, list, ok := strings.Cut(s, "Unauthorized on ["); ok {
			names := strings.Split(strings.TrimSuffix(list, "]"), ", ")
			slices.Sort(names)
			errs[i] = before + "Unauthorized on [" + strings.Join(names, ", ") + "]"
		}
	}
	if page, ok := have["q"].(map[string]any); ok {
		token, _ = page["nextToken"].(string)
	}
	slices.Sort(errs)
	slices.Sort(e.list)
	if diff := cmp.Diff(parsed(map[string]any{"q": data}), hideTokens(have)) + cmp.Diff(e.list, errs); diff != "" {
		g.fail("-want +got:\n%s", diff)
	}
	return token
}

// hideTokens puts a T where an answer has a token.
func hideTokens(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if _, ok := x.(string); ok && k == "nextToken" {
				v[k] = "T"
				continue
			}
			hideTokens(x)
		}
	case []any:
		for _, x := range v {
			hideTokens(x)
		}
	}
	return v
}

// with compiles a generated schema, makes its tables and runs fn.
func (g *generated) with(base *world, n int, fn func()) {
	o := transform.Options{Version: g.schema.version}
	if g.schema.ruled { // the default mode is one that no rule uses: another's relation takes it from a connection
		o.DefaultAuth, o.AuthModes = authn.OIDC, []authn.Mode{authn.APIKey, authn.IAM, authn.UserPool}
		if !slices.ContainsFunc(g.schema.models, (*gModel).mixed) {
			o = authOptions
		}
	}
	o.TablePrefix = fmt.Sprintf("g%d_", n)
	g.w = &world{t: base.t, db: base.db, sealer: base.sealer, options: o}
	doc, err := schema.Parse(g.schema.sdl())
	if err == nil {
		g.w.api, err = transform.Expand(doc, o)
	}
	if err != nil {
		g.t.Fatalf("%v\n%s", err, g.schema.sdl())
	}
	g.w.exec = g.w.executor(fmt.Sprintf("api%d", n))
	must(base.t, base.db.Tx(base.t.Context(), func(tx *db.Tx) error {
		_, changes, err := transform.Merge(transform.Layout{}, g.w.api.Layout)
		if err != nil {
			return err
		}
		for _, c := range changes {
			for _, s := range sqlgen.DDL(dialect(base.db), c) {
				if _, err := tx.Exec(s); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	defer func() {
		must(base.t, base.db.Tx(base.t.Context(), func(tx *db.Tx) error {
			for _, table := range g.w.api.Layout.Tables {
				if _, err := tx.Exec(sqlgen.DropTable(table)); err != nil {
					return err
				}
			}
			return nil
		}))
	}()
	fn()
}

// generatedCases runs operations on generated schemas, and judges every answer.
func generatedCases(t *testing.T, ruled bool, versions ...int) {
	t.Helper()
	eachWith(t, `type Base @model { id: ID! }`, transform.Options{}, func(base *world) {
		n := 0
		rapid.Check(base.t.(*testing.T), func(t *rapid.T) {
			n++
			g := &generated{t: t, rows: map[*gModel][]item{}, who: &person{mode: "apiKey", caller: caller}}
			g.schema = drawSchema(t, rapid.SampledFrom(versions).Draw(t, "version"), ruled)
			as := func(fn func()) func(*rapid.T) {
				return func(*rapid.T) {
					if ruled {
						g.who = one(t, "caller", everyone)
					}
					fn()
				}
			}
			create := as(func() { g.mutate("create") })
			g.with(base, n, func() {
				t.Repeat(map[string]func(*rapid.T){
					"create": create, "create again": create, "create more": create,
					"update": as(func() { g.mutate("update") }), "delete": as(func() { g.mutate("delete") }),
					"get": as(g.get), "list": as(g.list), "list again": as(g.list),
				})
			})
		})
	})
}

// TestGeneratedSchemas asks generated schemas of both versions generated
// questions, and compares the answers with those of an executor that knows no SQL.
func TestGeneratedSchemas(t *testing.T) {
	t.Parallel()
	generatedCases(t, false, 1, 2)
}

// TestGeneratedRules does so with rules, by many callers. The reference decides
// row by row and field by field, from the text of the rules.
func TestGeneratedRules(t *testing.T) {
	t.Parallel()
	generatedCases(t, true, 2)
}
