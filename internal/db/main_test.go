package db_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(lockHelper); dir != "" {
		holdDirectory(dir)
	}
	if dir := os.Getenv(crashHelper); dir != "" {
		writeForever(dir)
	}
	dbtest.Main(m)
}

// line is a migration line; its files are the same for both dialects but for
// @text and @blob.
func line(name string, files ...string) db.Line {
	all := fstest.MapFS{}
	for i, sql := range files {
		for dialect, types := range map[string][]string{
			"sqlite":   {"@text", "text", "@blob", "blob", "@bool", "boolean"},
			"postgres": {"@text", `text COLLATE "C"`, "@blob", "bytea", "@bool", "boolean"},
		} {
			text := "-- +goose Up\n" + strings.NewReplacer(types...).Replace(sql)
			all[fmt.Sprintf("%s/%04d_step.sql", dialect, i+1)] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return db.Line{Name: name, FS: all}
}

const (
	controlTable = "CREATE TABLE ctl.item (id @text PRIMARY KEY, n bigint NOT NULL DEFAULT 0);"
	envTable     = "CREATE TABLE env.item (id @text PRIMARY KEY, n bigint NOT NULL DEFAULT 0, body @text, raw @blob, yes @bool, ratio double precision);"
)

func testLines() dbtest.Lines {
	return dbtest.Lines{
		Control: []db.Line{line("control", controlTable)},
		Env:     []db.Line{line("item", envTable)},
	}
}

// each runs fn on both stores with the database of one environment.
func each(t *testing.T, fn func(t *testing.T, set *db.Set, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		fn(t, set, newEnv(t, set, "env1"))
	})
}

func newEnv(t testing.TB, set *db.Set, uid string) *db.DB {
	t.Helper()
	if err := set.Create(t.Context(), uid); err != nil {
		t.Fatal(err)
	}
	d, release, err := set.Acquire(t.Context(), uid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return d
}

func insert(t testing.TB, d *db.DB, id string, n int) {
	t.Helper()
	if err := d.Tx(t.Context(), inserter(id, n)); err != nil {
		t.Fatal(err)
	}
}

// inserter is a transaction that inserts one item.
func inserter(id string, n int) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO env.item (id, n) VALUES ($1, $2)", id, n)
		return err
	}
}

// ids answers the ids of all items in order.
func ids(t testing.TB, d *db.DB) []string {
	t.Helper()
	all := []string{}
	err := d.Read(t.Context(), func(q *db.Query) error {
		all = all[:0]
		return q.Each("SELECT id FROM env.item ORDER BY id", nil, func(r db.Row) error {
			var id string
			err := r.Scan(&id)
			all = append(all, id)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
