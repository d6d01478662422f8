package db_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
)

// A stopped server's data directory contains whole files and nothing else, so a
// copy of it is a backup.
func TestCopyOfTheDirectoryIsABackup(t *testing.T) {
	t.Parallel()
	lines := testLines()
	c := db.Config{Dir: t.TempDir(), Control: lines.Control, Env: lines.Env}
	set, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	d := newEnv(t, set, "env1")
	for i := range 50 {
		insert(t, d, fmt.Sprint(i), i)
	}
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(c.Dir)); err != nil {
		t.Fatal(err)
	}
	var files []string
	err = fs.WalkDir(os.DirFS(copied), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || !cmp.Equal(files, []string{"control.db", "env/en/env1.db", "node.lock"}) {
		t.Errorf("files %v, %v", files, err)
	}
	c.Dir = copied
	if got := ids(t, newEnv(t, dbtest.Open(t, c), "env1")); len(got) != 50 {
		t.Errorf("the copy has %d items", len(got))
	}
}

// A file that was renamed by hand is another environment's.
func TestFileOfAnotherEnvironment(t *testing.T) {
	t.Parallel()
	lines := testLines()
	c := db.Config{Dir: t.TempDir(), Control: lines.Control, Env: lines.Env}
	set := dbtest.Open(t, c)
	if err := set.Create(t.Context(), "env1"); err != nil {
		t.Fatal(err)
	}
	from := filepath.Join(c.Dir, "env", "en", "env1.db")
	if err := os.Rename(from, filepath.Join(c.Dir, "env", "en", "env2.db")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := set.Acquire(t.Context(), "env2"); err == nil || !strings.Contains(err.Error(), `"env1"`) {
		t.Errorf("Acquire: %v; want an error that names env1", err)
	}
}

// What a killed process left behind is not an environment and goes away.
func TestLeftoversOfCreate(t *testing.T) {
	t.Parallel()
	lines := testLines()
	c := db.Config{Dir: t.TempDir(), Control: lines.Control, Env: lines.Env}
	for _, name := range []string{"tmp/env1-ABC.db", "tmp/env1-ABC.db-wal", "env/en/env1.db-wal"} {
		path := filepath.Join(c.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set := dbtest.Open(t, c)
	if _, _, err := set.Acquire(t.Context(), "env1"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a half-made environment: %v; want NotFound", err)
	}
	if left, err := os.ReadDir(filepath.Join(c.Dir, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("left in tmp: %v, %v", left, err)
	}
	insert(t, newEnv(t, set, "env1"), "a", 1)
}

// A damaged file is refused with an error, and the others are served.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
	}{
		{"not a database", func([]byte) []byte { return []byte(strings.Repeat("not a database ", 1000)) }},
		{"empty", func([]byte) []byte { return nil }},
		{"cut", func(b []byte) []byte { return b[:len(b)/2] }},
		{"schema page overwritten", func(b []byte) []byte { copy(b[100:4096], make([]byte, 3996)); return b }},
	} {
		lines := testLines()
		set := dbtest.Open(t, db.Config{Dir: t.TempDir(), Control: lines.Control, Env: lines.Env, MaxOpen: 1})
		dir := db.Dir(set)
		for _, uid := range []string{"env1", "env2"} {
			if err := set.Create(t.Context(), uid); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, "env", "en", "env1.db")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, c.damage(content), 0o600); err != nil {
			t.Fatal(err)
		}
		d, release, err := set.Acquire(t.Context(), "env1")
		if err == nil { // damage behind what opening reads
			_, err = d.Text(t.Context(), "SELECT id FROM env.item")
			release()
		}
		if err == nil || errors.Is(err, db.ErrNoRows) || errs.KindOf(err) == errs.NotFound {
			t.Errorf("%s: %v; want an error that does not deny the environment", c.name, err)
		}
		_, release, err = set.Acquire(t.Context(), "env2")
		if err != nil {
			t.Errorf("%s: the other environment: %v", c.name, err)
			continue
		}
		release()
	}
}
