// Package dbtest runs tests of stores on SQLite and on PostgreSQL.
//
// PostgreSQL is the server named by PREAMP_TEST_DATABASE_URL, or else a throwaway
// server that is started once per test process. Without either the tests fail;
// PREAMP_TEST_STORES=sqlite (or postgres) switches the other store off by name.
package dbtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"preamp/internal/db"
	"preamp/internal/db/dbtest/pgtemp"
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

// Database makes an empty PostgreSQL database that is dropped at the end of the
// test, and answers its URL.
func Database(t testing.TB) string {
	t.Helper()
	server, err := serverURL()
	if err != nil {
		t.Fatalf("these tests need PostgreSQL: %v\n(%s=sqlite switches them off)", err, storesVariable)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", urlVariable, err)
	}
	name := "preamp_test_" + strings.ToLower(rand.Text()[:16])
	admin(t, server, fmt.Sprintf("CREATE DATABASE %s TEMPLATE template0", name))
	t.Cleanup(func() { admin(t, server, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)) })
	u.Path = "/" + name
	return u.String()
}

// admin runs one statement outside of any test database.
func admin(t testing.TB, server, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// throwaway is this process's own server, started at most once.
var throwaway struct {
	sync.Mutex
	server *pgtemp.Server
	err    error
}

func serverURL() (string, error) {
	if u := os.Getenv(urlVariable); u != "" {
		return u, nil
	}
	throwaway.Lock()
	defer throwaway.Unlock()
	if throwaway.server == nil && throwaway.err == nil {
		throwaway.server, throwaway.err = pgtemp.Start(context.Background())
	}
	if throwaway.err != nil {
		return "", throwaway.err
	}
	return throwaway.server.URL, nil
}

// Main runs the tests of a package, fails when goroutines are left over, and
// stops the throwaway server. A package's TestMain calls it.
func Main(m *testing.M, options ...goleak.Option) {
	code := m.Run()
	throwaway.Lock()
	if throwaway.server != nil {
		if err := throwaway.server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop PostgreSQL:", err)
			code = max(code, 1)
		}
	}
	throwaway.Unlock()
	if code == 0 {
		if err := goleak.Find(options...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
