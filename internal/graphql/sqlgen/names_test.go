package sqlgen_test

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
)

// TestNamesAreChecked gives the generator names that no layout and no query has.
func TestNamesAreChecked(t *testing.T) {
	t.Parallel()
	one := func(change func(*plan.Statement)) func() {
		return func() {
			s := &plan.Statement{
				Kind: plan.SelectOne, Table: "t_abc",
				Out: &plan.Object{Type: "T", Fields: []plan.Output{{
					Key: "k", Kind: plan.FromColumn, Type: ast.NamedType("String", nil), Column: plan.Column{Name: "c_abc", Storage: transform.Text},
				}}},
				Where: []plan.Pred{{Op: plan.Equal, Column: plan.Column{Name: "c_abc", Storage: transform.Text}, Args: [2]plan.Param{1}}},
			}
			change(s)
			sqlgen.Generate(sqlgen.SQLite, s)
		}
	}
	table := func(t transform.Table) func() {
		return func() {
			sqlgen.DDL(sqlgen.Postgres, transform.Change{Kind: transform.CreateTable, Table: t})
		}
	}
	column := transform.Column{Field: "id", Name: "id_abc", Storage: transform.Text}
	tests := []struct {
		name   string
		run    func()
		panics bool
	}{
		{"good", one(func(*plan.Statement) {}), false},
		{"table", one(func(s *plan.Statement) { s.Table = `t" WHERE 1=1 --` }), true},
		{"empty table", one(func(s *plan.Statement) { s.Table = "" }), true},
		{"upper case", one(func(s *plan.Statement) { s.Table = "T" }), true},
		{"response key", one(func(s *plan.Statement) { s.Out.Fields[0].Key = "a'b" }), true},
		{"type name", one(func(s *plan.Statement) { s.Out.Type, s.Out.Fields[0].Kind = "a'", plan.TypeName }), true},
		{"column", one(func(s *plan.Statement) { s.Out.Fields[0].Column.Name = `c"` }), true},
		{"column of a condition", one(func(s *plan.Statement) { s.Where[0].Column.Name = "env.x" }), true},
		{"missing parameter", one(func(s *plan.Statement) { s.Where[0].Args[0] = 0 }), true},
		{"good table", table(transform.Table{Name: "t_abc", Key: []string{"id"}, Columns: []transform.Column{column}}), false},
		{"bad table", table(transform.Table{Name: "t;", Key: []string{"id"}, Columns: []transform.Column{column}}), true},
		{"bad index", table(transform.Table{
			Name: "t_abc", Key: []string{"id"}, Columns: []transform.Column{column},
			Indexes: []transform.TableIndex{{Name: "i'", Columns: []string{"id_abc"}}},
		}), true},
		{"no key", table(transform.Table{Name: "t_abc", Columns: []transform.Column{column}}), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if caught := recover(); (caught != nil) != tt.panics {
					t.Errorf("panic: %v", caught)
				}
			}()
			tt.run()
		})
	}
}

func TestDDL(t *testing.T) {
	t.Parallel()
	table := transform.Table{
		Model: "M", Name: "m_1", Key: []string{"p", "a", "b"}, Order: "ab_5",
		Columns: []transform.Column{
			{Field: "p", Name: "p_2", Storage: transform.Text},
			{Field: "a", Name: "a_3", Storage: transform.Integer},
			{Field: "b", Name: "b_4", Storage: transform.Real},
			{Field: "a#b", Name: "ab_5", Storage: transform.Text, Joined: []string{"a", "b"}},
			{Field: "done", Name: "done_6", Storage: transform.Boolean},
			{Field: "list", Name: "list_7", Storage: transform.JSON},
		},
		Indexes: []transform.TableIndex{{Index: "x", Name: "x_8", Columns: []string{"done_6", "p_2"}}, {Index: "old", Name: "old_9", Columns: []string{"p_2"}, Hidden: true}},
	}
	tests := []struct {
		name             string
		change           transform.Change
		sqlite, postgres []string
	}{
		{
			"create",
			transform.Change{Kind: transform.CreateTable, Table: table},
			[]string{
				`CREATE TABLE IF NOT EXISTS env."m_1" ("p_2" text NOT NULL, "a_3" integer NOT NULL, "b_4" real NOT NULL, "ab_5" text NOT NULL, "done_6" integer, "list_7" text, PRIMARY KEY ("p_2", "ab_5"))`,
				`CREATE INDEX IF NOT EXISTS "x_8" ON env."m_1" ("done_6", "p_2")`,
			},
			[]string{
				`CREATE TABLE IF NOT EXISTS env."m_1" ("p_2" text COLLATE "C" NOT NULL, "a_3" bigint NOT NULL, "b_4" double precision NOT NULL, "ab_5" text COLLATE "C" NOT NULL, "done_6" boolean, "list_7" text, PRIMARY KEY ("p_2", "ab_5"))`,
				`CREATE INDEX IF NOT EXISTS "x_8" ON env."m_1" ("done_6", "p_2")`,
			},
		},
		{
			"add",
			transform.Change{Kind: transform.AddColumn, Table: table, Column: table.Columns[4]},
			[]string{`ALTER TABLE env."m_1" ADD COLUMN "done_6" integer`},
			[]string{`ALTER TABLE env."m_1" ADD COLUMN IF NOT EXISTS "done_6" boolean`},
		},
		{
			"fill",
			transform.Change{Kind: transform.FillColumn, Table: table, Column: table.Columns[3]},
			[]string{`UPDATE env."m_1" SET "ab_5" = CAST("a_3" AS text) || '#' || CASE WHEN "b_4" = CAST("b_4" AS integer) THEN CAST(CAST("b_4" AS integer) AS text) ELSE CAST("b_4" AS text) END`},
			[]string{`UPDATE env."m_1" SET "ab_5" = CAST("a_3" AS text) || '#' || CAST("b_4" AS text)`},
		},
		{
			"drop index",
			transform.Change{Kind: transform.DropIndex, Table: table, Index: table.Indexes[0]},
			[]string{`DROP INDEX IF EXISTS env."x_8"`},
			[]string{`DROP INDEX IF EXISTS env."x_8"`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := sqlgen.DDL(sqlgen.SQLite, tt.change); !slices.Equal(got, tt.sqlite) {
				t.Errorf("SQLite: %q", got)
			}
			if got := sqlgen.DDL(sqlgen.Postgres, tt.change); !slices.Equal(got, tt.postgres) {
				t.Errorf("PostgreSQL: %q", got)
			}
		})
	}
}
