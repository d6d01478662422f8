package db_test

import (
	"strings"
	"testing"

	"preamp/internal/db"
)

func TestQualify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"none", "SELECT 1", "SELECT 1"},
		{"one", "SELECT a FROM env.item", `SELECT a FROM "s".item`},
		{"first", "env.item", `"s".item`},
		{"two", "env.a JOIN env.b", `"s".a JOIN "s".b`},
		{"in brackets", "(env.a)", `("s".a)`},
		{"quoted table", `env."item"`, `"s"."item"`},
		{"end of a word", "SELECT myenv.id, my_env.id, env2.id, 9env.id", "SELECT myenv.id, my_env.id, env2.id, 9env.id"},
		{"column of that name", "SELECT e.env.x", "SELECT e.env.x"},
		{"twice in a row", "env.env.x", `"s".env.x`},
		{"end of another alphabet", "üenv.x", "üenv.x"},
		{"other qualifier", "ctl.x", "ctl.x"},
	} {
		if got := db.Qualify(c.in, "env.", `"s".`); got != c.want {
			t.Errorf("%s: %s; want %s", c.name, got, c.want)
		}
	}
	if got := db.Qualify("env.x", "", "y"); got != "env.x" {
		t.Errorf("no qualifier: %s", got)
	}
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		want     int
	}{
		{"none", "SELECT 1", 0},
		{"one", "SELECT $1", 1},
		{"highest", "SELECT $2, $12, $1", 12},
		{"at the end", "id=$3", 3},
		{"literal", "SELECT '$4', $1", 1},
		{"doubled quote", "SELECT 'it''s $4', $1", 1},
		{"open literal", "SELECT '$4", 0},
		{"name", `SELECT "$4"`, 0},
		{"JSON path", "SELECT json_extract(a, '$.b'), $2", 2},
		{"line comment", "SELECT 1 -- $4\n, $1", 1},
		{"comment", "SELECT /* $4 */ $1", 1},
		{"open comment", "SELECT /* $4", 0},
		{"open line comment", "SELECT -- $4", 0},
		{"lonely", "SELECT $", 0},
		{"huge", "SELECT $99999999999999999999", 9999999},
	} {
		if got := db.Placeholders(c.in); got != c.want {
			t.Errorf("%s: %d; want %d", c.name, got, c.want)
		}
	}
}

func FuzzQualify(f *testing.F) {
	f.Add("SELECT a FROM env.item WHERE x = '$1' AND y = $2")
	f.Add("env.env.env.")
	f.Add("'")
	f.Add("/*/")
	f.Add("-")
	f.Fuzz(func(t *testing.T, sql string) {
		if n := db.Placeholders(sql); n < 0 || n > 0 && !strings.Contains(sql, "$") {
			t.Fatalf("%d placeholders", n)
		}
		got := db.Qualify(sql, "env.", "<>")
		if strings.ReplaceAll(got, "<>", "env.") != strings.ReplaceAll(sql, "<>", "env.") {
			t.Fatalf("%q became %q", sql, got)
		}
		if removed := db.Qualify(sql, "env.", ""); strings.Count(got, "<>") == 0 && removed != sql {
			t.Fatalf("%q became %q", sql, removed)
		}
	})
}
