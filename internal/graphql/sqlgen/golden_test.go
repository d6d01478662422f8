package sqlgen_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"preamp/internal/authn"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// env is the outside world of the golden files.
var env = plan.Env{
	Now: "2024-05-06T07:08:09.000Z", NewID: func() string { return "new-id" }, NullMark: "null-mark", KeyMark: "key-mark", FailMark: "fail-mark", OwnerMark: "owner-mark",
	OpenToken: func(string) ([]byte, error) { return nil, errors.New("no token") }, Limit: 100, MaxLimit: 1000,
}

// TestGolden plans the operations of testdata/*.txtar. A file has the members
// schema, query, caller (a mode, and perhaps claims) and variables; plan, sqlite
// and postgres are compared.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			members := map[string]string{}
			for _, f := range a.Files {
				members[f.Name] = string(f.Data)
			}
			got := members
			if *update {
				got = map[string]string{"schema": members["schema"], "query": members["query"], "caller": members["caller"], "variables": members["variables"]}
			}
			want := map[string]string{"plan": members["plan"], "sqlite": members["sqlite"], "postgres": members["postgres"]}
			fresh := generate(t, got)
			if *update {
				out := &txtar.Archive{Comment: a.Comment}
				for _, name := range []string{"schema", "query", "caller", "variables"} {
					out.Files = append(out.Files, txtar.File{Name: name, Data: []byte(got[name])})
				}
				for _, name := range []string{"plan", "sqlite", "postgres"} {
					out.Files = append(out.Files, txtar.File{Name: name, Data: []byte(fresh[name])})
				}
				if err := os.WriteFile(file, txtar.Format(out), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, fresh); diff != "" {
				t.Errorf("run with -update to accept:\n%s", diff)
			}
		})
	}
}

// generate plans an operation and writes the SQL of its fields.
func generate(t *testing.T, in map[string]string) map[string]string {
	t.Helper()
	doc, err := schema.Parse(in["schema"])
	if err != nil {
		t.Fatal(err)
	}
	api, err := transform.Expand(doc, transform.Options{AuthModes: []authn.Mode{authn.UserPool}})
	if err != nil {
		t.Fatal(err)
	}
	parsed, list := plan.NewSchema(api).Parse(in["query"], plan.Limits{Tokens: 1000})
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	op, fail := parsed.Operation("")
	if fail != nil {
		t.Fatal(fail.Message)
	}
	var values scalar.Value
	if text := strings.TrimSpace(in["variables"]); text != "" {
		if values, err = scalar.Decode(text, 64); err != nil {
			t.Fatal(err)
		}
	}
	vars, fail := op.Coerce(&values)
	if fail != nil {
		t.Fatal(fail.Message)
	}
	mode, claims, _ := strings.Cut(strings.TrimSpace(in["caller"]), " ")
	caller := authn.Caller{Mode: authn.Mode(mode)}
	if claims != "" {
		if err := json.Unmarshal([]byte(claims), &caller.Claims); err != nil {
			t.Fatal(err)
		}
	}
	var p, lite, pg strings.Builder
	for _, f := range op.Plan(caller, op.Conditions(vars)).Fields {
		fmt.Fprintf(&p, "%s:", f.Key)
		switch f.Kind {
		case plan.Constant:
			fmt.Fprintf(&p, " constant %s\n", f.Text)
			continue
		case plan.Refused:
			fmt.Fprintf(&p, " refused %s: %s\n", f.Refusal.Type, f.Refusal.Message)
			continue
		}
		b, fail := f.Bind(&env, caller, vars)
		switch {
		case fail != nil:
			fmt.Fprintf(&p, " error %s: %s\n", fail.Type, fail.Message)
			continue
		case b.Refused:
			p.WriteString(" condition refused\n")
			continue
		case b.Statement == nil:
			p.WriteString(" null\n")
			continue
		}
		for _, b := range []*plan.Bound{&b, b.Answer, b.Explain} {
			if b == nil {
				continue
			}
			describe(&p, b.Statement, "")
			for i, e := range b.Failures {
				if e != nil {
					fmt.Fprintf(&p, "  failure %d %s: %s\n", i, e.Type, e.Message)
				}
			}
			params, err := json.Marshal(b.Params)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&p, "  params %s\n", params)
			lite.WriteString(sqlgen.Generate(sqlgen.SQLite, b.Statement) + "\n")
			pg.WriteString(sqlgen.Generate(sqlgen.Postgres, b.Statement) + "\n")
		}
	}
	return map[string]string{"plan": p.String(), "sqlite": lite.String(), "postgres": pg.String()}
}

var kinds = map[plan.StatementKind]string{
	plan.SelectOne: "one", plan.SelectPage: "page", plan.Insert: "insert", plan.Update: "update", plan.Delete: "delete", plan.Failure: "failure", plan.Probe: "probe",
}

// describe prints the parts of a statement that are not in the SQL's outline.
func describe(b *strings.Builder, s *plan.Statement, indent string) {
	fmt.Fprintf(b, " %s %s\n", kinds[s.Kind], s.Table)
	if s.Out != nil {
		fmt.Fprintf(b, indent+"  out %s\n", outline(s.Out))
	}
	for _, part := range []struct {
		name  string
		preds []plan.Pred
	}{{"where", s.Where}, {"visible", s.Visible}, {"check", s.Checks}} {
		for i := range part.preds {
			fmt.Fprintf(b, indent+"  %s %s\n", part.name, predicate(&part.preds[i]))
		}
	}
	for i, m := range s.Masks {
		fmt.Fprintf(b, "  mask %d: $%d unless", i+1, m.Mark)
		for j := range m.Where {
			b.WriteString(" " + predicate(&m.Where[j]))
		}
		b.WriteString("\n")
	}
	for _, a := range s.Set {
		fmt.Fprintf(b, indent+"  set %s = %s\n", a.Column.Name, value(a))
	}
	if len(s.Order) > 0 {
		var names []string
		for _, c := range s.Order {
			names = append(names, c.Name)
		}
		fmt.Fprintf(b, indent+"  order %s desc=%v filtered=%v limit=$%d\n", strings.Join(names, " "), s.Desc, s.Filtered, s.Limit)
	}
	for i, n := range s.Nested {
		fmt.Fprintf(b, "  nested %d:", i)
		describe(b, n, "  ")
	}
}

func value(a plan.Assign) string {
	if len(a.Joined) == 0 {
		return fmt.Sprintf("$%d", a.Value)
	}
	var parts []string
	for _, p := range a.Joined {
		if p.Value != 0 {
			parts = append(parts, fmt.Sprintf("$%d", p.Value))
		} else {
			parts = append(parts, p.Column.Name)
		}
	}
	return strings.Join(parts, "#")
}

var operators = map[plan.PredOp]string{
	plan.Never: "never", plan.Always: "always", plan.And: "and", plan.Or: "or", plan.Equal: "=", plan.Differs: "<>", plan.Less: "<",
	plan.LessEq: "<=", plan.More: ">", plan.MoreEq: ">=", plan.Between: "between", plan.Prefix: "prefix", plan.Contains: "contains",
	plan.Holds: "holds", plan.Present: "present", plan.OneOf: "one of", plan.HoldsOneOf: "holds one of",
}

func predicate(p *plan.Pred) string {
	text := "(" + operators[p.Op]
	if p.Not {
		text = "(not " + operators[p.Op]
	}
	if p.Column.Name != "" {
		text += " " + []string{"", "length ", "count "}[p.Measure] + p.Column.Name
	}
	for _, c := range p.Outer {
		text += " outer." + c.Name
	}
	for _, a := range p.Args {
		if a != 0 {
			text += fmt.Sprintf(" $%d", a)
		}
	}
	for _, a := range p.List {
		text += fmt.Sprintf(" $%d", a)
	}
	for i := range p.Kids {
		text += " " + predicate(&p.Kids[i])
	}
	return text + ")"
}

func outline(o *plan.Object) string {
	var fields []string
	for _, f := range o.Fields {
		text := f.Key
		if f.Type.NonNull && !f.Sure {
			text += "!"
		}
		if f.Owner {
			text += "(owner)"
		}
		if f.Mask != 0 {
			text += fmt.Sprintf("(mask %d)", f.Mask)
		}
		if f.Sub != nil {
			text += " " + outline(f.Sub)
		}
		fields = append(fields, text)
	}
	return o.Type + "{" + strings.Join(fields, ", ") + "}"
}
