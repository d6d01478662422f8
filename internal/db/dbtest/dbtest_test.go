package dbtest_test

import (
	"testing"
	"testing/fstest"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// line is a migration line with one file, the same for both dialects.
func line(name, sql string) db.Line {
	file := &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql)}
	return db.Line{Name: name, FS: fstest.MapFS{
		"sqlite/0001_first.sql": file, "postgres/0001_first.sql": file,
	}}
}

func TestEachGivesEmptyStores(t *testing.T) {
	lines := dbtest.Lines{
		Control: []db.Line{line("c", "CREATE TABLE ctl.thing (id text PRIMARY KEY);")},
		Env:     []db.Line{line("e", "CREATE TABLE env.thing (id text PRIMARY KEY);")},
	}
	for range 2 {
		seen := map[db.Dialect]bool{}
		dbtest.Each(t, lines, func(t *testing.T, set *db.Set) {
			seen[set.Dialect()] = true
			ctx := t.Context()
			if err := set.Create(ctx, "env1"); err != nil {
				t.Fatal(err)
			}
			env, release, err := set.Acquire(ctx, "env1")
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			for _, c := range []struct {
				d     *db.DB
				table string
			}{{set.Control(), "ctl.thing"}, {env, "env.thing"}} {
				var n int
				if err := c.d.Row(ctx, "SELECT count(*) FROM "+c.table).Scan(&n); err != nil || n != 0 {
					t.Errorf("%s: %d rows, %v; want none", c.table, n, err)
				}
				err := c.d.Tx(ctx, func(tx *db.Tx) error {
					_, err := tx.Exec("INSERT INTO "+c.table+" (id) VALUES ($1)", "x")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		if len(seen) == 0 {
			t.Error("no store was tested")
		}
	}
}
