package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"preamp/internal/authn"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
)

// TestShapesDecideSQL asserts what the statement cache relies on: the same shape
// is the same SQL, whatever the values are.
func TestShapesDecideSQL(t *testing.T) {
	t.Parallel()
	doc, err := schema.Parse(testSchema)
	must(t, err)
	api, err := transform.Expand(doc, transform.Options{})
	must(t, err)
	s := plan.NewSchema(api)
	field := func(query string) (*plan.Operation, *plan.Field) {
		parsed, list := s.Parse(query, plan.Limits{})
		if len(list) > 0 {
			t.Fatal(list[0].Message)
		}
		op, _ := parsed.Operation("")
		return op, op.Plan(caller, "").Fields[0]
	}
	list, listField := field(`query($f: ModelTodoFilterInput, $l: Int) { listTodos(filter: $f, limit: $l) { items { id title } nextToken } }`)
	update, updateField := field(`mutation($i: UpdateTodoInput!, $c: ModelTodoConditionInput) { updateTodo(input: $i, condition: $c) { id title } }`)
	create, createField := field(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`)
	env := plan.Env{Now: "now", NewID: func() string { return "id" }, NullMark: "N", KeyMark: "K", Limit: 100, MaxLimit: 1000}
	seen := map[*plan.Field]map[string]string{listField: {}, updateField: {}, createField: {}}
	rapid.Check(t, func(t *rapid.T) {
		vars := map[string]any{}
		op, f := list, listField
		switch rapid.IntRange(0, 3).Draw(t, "operation") {
		case 0:
			op, f = update, updateField
			item := drawItem(t, "x")
			for k := range item {
				if k != "id" && rapid.Bool().Draw(t, "null") {
					item[k] = nil
				}
			}
			vars["i"] = item
			if rapid.Bool().Draw(t, "conditional") {
				c := drawFilter(t, 1)
				stripID(c)
				vars["c"] = c
			}
		case 1:
			op, f = create, createField
			vars["i"] = drawItem(t, "x")
		default:
			vars["f"], vars["l"] = drawFilter(t, 2), rapid.IntRange(1, 5).Draw(t, "limit")
		}
		v, err := scalar.Decode(asJSON(vars), 64)
		if err != nil {
			t.Fatal(err)
		}
		coerced, fail := op.Coerce(&v)
		if fail != nil {
			t.Fatal(fail.Message)
		}
		b, fail := f.Bind(&env, authn.Caller{Mode: authn.APIKey}, coerced)
		if fail != nil || b.Statement == nil {
			return
		}
		shape := string(b.Statement.AppendShape(nil))
		sql := sqlgen.Generate(sqlgen.SQLite, b.Statement)
		if before, ok := seen[f][shape]; ok && before != sql {
			t.Fatalf("one shape, two statements:\n%s\n%s", before, sql)
		}
		seen[f][shape] = sql
	})
}

// stripID takes the members off a filter that a condition does not have.
func stripID(f map[string]any) {
	delete(f, "id")
	for _, v := range f {
		switch v := v.(type) {
		case map[string]any:
			stripID(v)
		case []any:
			for _, x := range v {
				if m, ok := x.(map[string]any); ok {
					stripID(m)
				}
			}
		}
	}
}

// TestShapesOfRelations asserts the same of what relations ask.
func TestShapesOfRelations(t *testing.T) {
	t.Parallel()
	doc, err := schema.Parse(graphSchema)
	must(t, err)
	api, err := transform.Expand(doc, transform.Options{})
	must(t, err)
	parsed, list := plan.NewSchema(api).Parse(`query($f: ModelBeeFilterInput, $l: Int, $d: ModelSortDirection, $n: ModelIntKeyConditionInput, $t: String) {
		listBees(limit: $l) { items { n a { bs(filter: $f, limit: $l, sortDirection: $d, nextToken: $t) { items { n owned(n: $n, limit: $l, filter: $f) { items { id } nextToken } } nextToken } } } }
	}`, plan.Limits{})
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	op, _ := parsed.Operation("")
	f := op.Plan(caller, "").Fields[0]
	var scope string
	env := plan.Env{
		NullMark: "N", KeyMark: "K", FailMark: "F", Limit: 100, MaxLimit: 1000,
		OpenToken: func(string) ([]byte, error) { return []byte(scope + `["Ant1","Bee1"]`), nil },
	}
	seen := map[string]string{}
	failed, resumed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		vars := map[string]any{"l": rapid.IntRange(0, 9).Draw(t, "limit")}
		if rapid.Bool().Draw(t, "filter?") {
			vars["f"] = map[string]any{"n": drawOperators(t, "n"), "id": drawOperators(t, "id")}
		}
		if rapid.Bool().Draw(t, "direction?") {
			vars["d"] = rapid.SampledFrom([]string{"ASC", "DESC"}).Draw(t, "direction")
		}
		if rapid.Bool().Draw(t, "sort?") {
			vars["n"] = map[string]any{rapid.SampledFrom([]string{"eq", "lt", "ge"}).Draw(t, "op"): 1}
		}
		bind := func() plan.Bound {
			v, err := scalar.Decode(asJSON(vars), 64)
			if err != nil {
				t.Fatal(err)
			}
			coerced, fail := op.Coerce(&v)
			if fail != nil {
				t.Fatal(fail.Message)
			}
			b, _ := f.Bind(&env, authn.Caller{Mode: authn.APIKey}, coerced)
			return b
		}
		b := bind()
		if b.Statement != nil && rapid.Bool().Draw(t, "token?") {
			scope = string(b.Scopes[1])
			vars["t"] = "token"
			b = bind()
		}
		if b.Statement == nil {
			failed++
			return
		}
		if len(b.Statement.Nested[1].Guard) > 0 {
			resumed++
		}
		shape := string(b.Statement.AppendShape(nil))
		sql := sqlgen.Generate(sqlgen.SQLite, b.Statement)
		if before, ok := seen[shape]; ok && before != sql {
			t.Fatalf("one shape, two statements:\n%s\n%s", before, sql)
		}
		seen[shape] = sql
		for i := range b.Params {
			if !strings.Contains(sql+" ", fmt.Sprintf("$%d", i+1)) {
				t.Fatalf("parameter %d is not in %s", i+1, sql)
			}
		}
	})
	if failed == 0 || resumed == 0 {
		t.Errorf("%d failed and %d resumed: the test is too narrow", failed, resumed)
	}
}
