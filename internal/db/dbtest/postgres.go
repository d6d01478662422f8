package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"preamp/internal/db/dbtest/pgtemp"
)

// postgres is the test process's access to a server. Making a database costs
// several times as much as emptying one, so databases that a test has left clean
// are given to the next test.
var postgres struct {
	sync.Mutex
	throwaway *pgtemp.Server // nil when the server is somebody else's
	url       string
	err       error
	idle      []string // names of empty databases
}

// Database answers the URL of a PostgreSQL database that is empty and no other
// test's until this one ends.
func Database(t testing.TB) string {
	t.Helper()
	name, err := takeDatabase(t.Context())
	if err != nil {
		t.Fatalf("this test needs PostgreSQL: %v\n(%s=sqlite switches it off)", err, storesVariable)
	}
	t.Cleanup(func() {
		if err := giveDatabase(name); err != nil {
			t.Errorf("clean up test database: %v", err)
		}
	})
	u, err := databaseURL(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// start finds or starts the server, once.
func start() error {
	postgres.Lock()
	defer postgres.Unlock()
	if postgres.url != "" || postgres.err != nil {
		return postgres.err
	}
	if postgres.url = os.Getenv(urlVariable); postgres.url != "" {
		return nil
	}
	if postgres.throwaway, postgres.err = pgtemp.Start(context.Background()); postgres.err != nil {
		return postgres.err
	}
	postgres.url = postgres.throwaway.URL
	return nil
}

func takeDatabase(ctx context.Context) (string, error) {
	if err := start(); err != nil {
		return "", err
	}
	postgres.Lock()
	if n := len(postgres.idle); n > 0 {
		name := postgres.idle[n-1]
		postgres.idle = postgres.idle[:n-1]
		postgres.Unlock()
		return name, nil
	}
	postgres.Unlock()
	name := "preamp_test_" + strings.ToLower(rand.Text()[:16])
	return name, onServer(ctx, "", func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0")
		return err
	})
}

// giveDatabase empties a database for the next test; one that is still in use is
// dropped instead.
func giveDatabase(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := onServer(ctx, name, func(ctx context.Context, c *pgx.Conn) error {
		if _, err := c.Exec(ctx, "SET lock_timeout = '2s'"); err != nil {
			return err
		}
		rows, err := c.Query(ctx, `SELECT nspname FROM pg_namespace
			WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'public')`)
		if err != nil {
			return err
		}
		schemas, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, schema := range schemas {
			_, err := c.Exec(ctx, "DROP SCHEMA "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, dropDatabase(ctx, name))
	}
	postgres.Lock()
	defer postgres.Unlock()
	postgres.idle = append(postgres.idle, name)
	return nil
}

func dropDatabase(ctx context.Context, name string) error {
	return onServer(ctx, "", func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		return err
	})
}

func databaseURL(name string) (string, error) {
	u, err := url.Parse(postgres.url)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL", urlVariable)
	}
	if name != "" {
		u.Path = "/" + name
	}
	return u.String(), nil
}

// onServer runs fn with a connection to a database of the server, "" being the
// one that the server's URL names.
func onServer(ctx context.Context, name string, fn func(ctx context.Context, c *pgx.Conn) error) error {
	u, err := databaseURL(name)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, u)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return fn(ctx, conn)
}

// finish removes what this process has made: its databases, or its server.
func finish() error {
	postgres.Lock()
	defer postgres.Unlock()
	if postgres.throwaway != nil {
		return postgres.throwaway.Stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	for _, name := range postgres.idle {
		err = errors.Join(err, dropDatabase(ctx, name))
	}
	return err
}
