// Package dbtest runs tests of stores on SQLite and on PostgreSQL.
//
// PostgreSQL is the server named by PREAMP_TEST_DATABASE_URL, or else a throwaway
// server that is started once per test process. Without either the tests fail;
// PREAMP_TEST_STORES=sqlite (or postgres) switches the other store off by name.
package dbtest

import (
	"fmt"
	"log/slog"
	"os"
	"testing"

	"go.uber.org/goleak"

	"preamp/internal/db"
)

const (
	urlVariable    = "PREAMP_TEST_DATABASE_URL"
	storesVariable = "PREAMP_TEST_STORES"
)

// Lines are the migrations of a test's databases.
type Lines struct{ Control, Env []db.Line }

// Each runs fn as one subtest per store, each with an empty set of databases.
func Each(t *testing.T, lines Lines, fn func(t *testing.T, set *db.Set)) {
	t.Helper()
	EachConfig(t, db.Config{Control: lines.Control, Env: lines.Env}, func(t *testing.T, c db.Config) {
		fn(t, Open(t, c))
	})
}

// EachConfig runs fn as one subtest per store, with a configuration that names
// an empty place for databases; fn opens and closes the set itself, perhaps more
// than once.
func EachConfig(t *testing.T, c db.Config, fn func(t *testing.T, c db.Config)) {
	t.Helper()
	sqlite, postgres := stores(t)
	if sqlite {
		t.Run("sqlite", func(t *testing.T) {
			c := c
			c.Dir = t.TempDir()
			fn(t, c)
		})
	}
	if postgres {
		t.Run("postgres", func(t *testing.T) {
			c := c
			c.Dir, c.DatabaseURL = t.TempDir(), Database(t)
			fn(t, c)
		})
	}
}

// Open opens a set that is closed at the end of the test. It logs to the test.
func Open(t testing.TB, c db.Config) *db.Set {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	set, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Errorf("close databases: %v", err)
		}
	})
	return set
}

func stores(t testing.TB) (sqlite, postgres bool) {
	t.Helper()
	switch v := os.Getenv(storesVariable); v {
	case "":
		return true, true
	case "sqlite":
		return true, false
	case "postgres":
		return false, true
	default:
		t.Fatalf("%s=%q: want sqlite or postgres", storesVariable, v)
		return false, false
	}
}

// Main runs the tests of a package, fails when goroutines are left over, and
// stops the throwaway server. A package's TestMain calls it.
func Main(m *testing.M, options ...goleak.Option) {
	code := m.Run()
	if err := finish(); err != nil {
		fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(options...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
