package db_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
)

const addColumn = "ALTER TABLE env.item ADD COLUMN extra bigint NOT NULL DEFAULT 7;"

// withEnv opens a set with env lines, runs fn with environment env1 and closes.
func withEnv(t *testing.T, c db.Config, env []db.Line, fn func(set *db.Set, d *db.DB)) {
	t.Helper()
	c.Env = env
	set, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}()
	d, release, err := set.Acquire(t.Context(), "env1")
	if err != nil {
		t.Error(err)
		return
	}
	defer release()
	fn(set, d)
}

func TestUpgradeWhenOpened(t *testing.T) {
	lines := testLines()
	dbtest.EachConfig(t, db.Config{Control: lines.Control}, func(t *testing.T, c db.Config) {
		first := c
		first.Env = lines.Env
		set, err := db.Open(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		insert(t, mustCreate(t, set, "env1"), "a", 1)
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		next := []db.Line{line("item", envTable, addColumn), line("more", "CREATE TABLE env.more (id @text PRIMARY KEY);")}
		for range 2 { // the second time the digest is equal
			withEnv(t, c, next, func(_ *db.Set, d *db.DB) {
				var n int
				if err := d.Row(t.Context(), "SELECT extra FROM env.item WHERE id = 'a'").Scan(&n); err != nil || n != 7 {
					t.Errorf("after the upgrade: %d, %v", n, err)
				}
				if err := d.Row(t.Context(), "SELECT count(*) FROM env.more").Scan(&n); err != nil {
					t.Error(err)
				}
			})
		}
		// Older binaries refuse what a newer one has written: a newer migration of a
		// line they know, and a line they do not know.
		for name, env := range map[string][]db.Line{
			"older line": {line("item", envTable), line("more", "CREATE TABLE env.more (id @text PRIMARY KEY);")},
			"no line":    {line("item", envTable, addColumn)},
		} {
			old := c
			old.Env = env
			set, err := db.Open(t.Context(), old)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := set.Acquire(t.Context(), "env1"); err == nil || !strings.Contains(err.Error(), "newer than this binary") {
				t.Errorf("%s: Acquire: %v", name, err)
			}
			if err := set.Create(t.Context(), "env1"); err == nil || !strings.Contains(err.Error(), "newer than this binary") {
				t.Errorf("%s: Create: %v", name, err)
			}
			if err := set.Close(); err != nil {
				t.Error(err)
			}
		}
		withEnv(t, c, next, func(_ *db.Set, d *db.DB) {
			if got := ids(t, d); !cmp.Equal(got, []string{"a"}) {
				t.Errorf("items %v", got)
			}
		})
	})
}

// mustCreate makes an environment that stays pinned until its set is closed.
func mustCreate(t *testing.T, set *db.Set, uid string) *db.DB {
	t.Helper()
	if err := set.Create(t.Context(), uid); err != nil {
		t.Fatal(err)
	}
	d, _, err := set.Acquire(t.Context(), uid)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestControlUpgradeAndDowngrade(t *testing.T) {
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, c db.Config) {
		old, next := c, c
		old.Control = []db.Line{line("control", controlTable)}
		next.Control = []db.Line{line("control", controlTable, strings.ReplaceAll(addColumn, "env.", "ctl."))}
		for i, step := range []struct {
			config db.Config
			ok     bool
		}{{old, true}, {old, true}, {next, true}, {next, true}, {old, false}, {next, true}} {
			set, err := db.Open(t.Context(), step.config)
			if step.ok != (err == nil) {
				t.Fatalf("step %d: %v", i, err)
			}
			if err != nil {
				if !strings.Contains(err.Error(), "newer than this binary") {
					t.Errorf("step %d: %v", i, err)
				}
				continue
			}
			if err := set.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// The stored digest decides: with an equal one no migration is even looked at.
func TestEqualDigestRunsNothing(t *testing.T) {
	lines := testLines()
	dbtest.EachConfig(t, db.Config{Control: lines.Control, Env: lines.Env}, func(t *testing.T, c db.Config) {
		set := dbtest.Open(t, c)
		d := mustCreate(t, set, "env1")
		forget := "DELETE FROM env.migration_item"
		if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(forget); return err }); err != nil {
			t.Fatal(err)
		}
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		// Running the line again would fail: its table exists.
		withEnv(t, c, lines.Env, func(_ *db.Set, d *db.DB) { insert(t, d, "a", 1) })
	})
}

// A migration that fails leaves the database at the one before, and is tried
// again when it is opened the next time.
func TestFailedMigration(t *testing.T) {
	lines := testLines()
	dbtest.EachConfig(t, db.Config{Control: lines.Control}, func(t *testing.T, c db.Config) {
		first := c
		first.Env = lines.Env
		set, err := db.Open(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		insert(t, mustCreate(t, set, "env1"), "a", 1)
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		broken := c
		broken.Env = []db.Line{line("item", envTable, addColumn+"\nINSERT INTO env.item (id) VALUES ('half');\nnonsense;")}
		set, err = db.Open(t.Context(), broken)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, _, err := set.Acquire(t.Context(), "env1"); err == nil {
				t.Error("opened with a failed migration")
			}
		}
		if err := set.Create(t.Context(), "env2"); err == nil {
			t.Error("an environment was made with a failed migration")
		}
		if _, _, err := set.Acquire(t.Context(), "env2"); err == nil {
			t.Error("a half-made environment was opened")
		}
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		withEnv(t, c, []db.Line{line("item", envTable, addColumn)}, func(set *db.Set, d *db.DB) {
			if got := ids(t, d); !cmp.Equal(got, []string{"a"}) {
				t.Errorf("items %v", got)
			}
			insert(t, mustCreate(t, set, "env2"), "b", 1)
		})
	})
}

func TestBadLines(t *testing.T) {
	t.Parallel()
	good := line("good", "SELECT 1;")
	for _, c := range []struct {
		name string
		line []db.Line
	}{
		{"no name", []db.Line{{FS: good.FS}}},
		{"upper case", []db.Line{{Name: "Good", FS: good.FS}}},
		{"injection", []db.Line{{Name: "a;b", FS: good.FS}}},
		{"twice", []db.Line{good, good}},
		{"no files", []db.Line{{Name: "a", FS: fstest.MapFS{}}}},
		{"other dialect only", []db.Line{{Name: "a", FS: fstest.MapFS{"postgres/0001_a.sql": {}}}}},
		{"no number", []db.Line{{Name: "a", FS: fstest.MapFS{"sqlite/first.sql": {}}}}},
		{"number zero", []db.Line{{Name: "a", FS: fstest.MapFS{"sqlite/0000_a.sql": {}}}}},
	} {
		for _, config := range []db.Config{{Control: c.line}, {Env: c.line}} {
			config.Dir = t.TempDir()
			set, err := db.Open(t.Context(), config)
			if err == nil {
				t.Errorf("%s: opened", c.name)
				_ = set.Close()
			}
		}
	}
	if _, err := db.Open(t.Context(), db.Config{}); err == nil {
		t.Error("opened nothing")
	}
}
