package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"preamp/internal/db/dbtest/pgtemp"
)

// place is where a server keeps its data.
type place struct {
	dir string // data directory
	url string // database on PostgreSQL; empty on SQLite
}

// config writes the configuration file of a server. The issuer of tokens is on
// this machine, which a server does not call unless it is told that it may.
func (p place) config() (string, error) {
	text := "outgoing: {allow: [127.0.0.0/8]}\n"
	if p.url != "" {
		text += fmt.Sprintf("database: {url: %q}\n", p.url)
	}
	name := p.dir + ".yaml"
	return name, os.WriteFile(name, []byte(text), 0o600)
}

// store makes places on one of the two databases.
type store interface {
	name() string
	// describe says what an acknowledged write has survived.
	describe(ctx context.Context) (string, error)
	fresh(ctx context.Context, name string) (place, error)
	// copy copies the place of a stopped server.
	copy(ctx context.Context, from place, name string) (place, error)
	close() error
}

func openStore(ctx context.Context, name, dir string) (store, error) {
	switch name {
	case "sqlite":
		return &sqliteStore{dir: dir}, nil
	case "postgres":
		return openPostgres(ctx, dir)
	}
	return nil, fmt.Errorf("-store %s: sqlite and postgres are the stores", name)
}

type sqliteStore struct{ dir string }

func (s *sqliteStore) name() string { return "sqlite" }

func (s *sqliteStore) describe(context.Context) (string, error) {
	return "modernc.org/sqlite " + module("modernc.org/sqlite") + ", WAL, synchronous=FULL", nil
}

func (s *sqliteStore) fresh(_ context.Context, name string) (place, error) {
	return place{dir: filepath.Join(s.dir, name)}, nil
}

func (s *sqliteStore) copy(_ context.Context, from place, name string) (place, error) {
	to := place{dir: filepath.Join(s.dir, name)}
	return to, os.CopyFS(to.dir, os.DirFS(from.dir))
}

func (s *sqliteStore) close() error { return nil }

// urlVariable names a PostgreSQL server to use instead of a throwaway one, as in
// the test suites.
const urlVariable = "PREAMP_TEST_DATABASE_URL"

// postgresStore gives each place a database of its own on one server.
type postgresStore struct {
	dir, url string
	server   *pgtemp.Server // nil when the server is somebody else's
	admin    *sql.DB
	made     []string
}

func openPostgres(ctx context.Context, dir string) (*postgresStore, error) {
	s := &postgresStore{dir: dir, url: os.Getenv(urlVariable)}
	if s.url == "" {
		var err error
		if s.server, err = pgtemp.Start(ctx, "shared_buffers=512MB"); err != nil {
			return nil, err
		}
		s.url = s.server.URL
	}
	var err error
	if s.admin, err = sql.Open("pgx", s.url); err != nil { // the driver that internal/db brings in
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *postgresStore) name() string { return "postgres" }

func (s *postgresStore) describe(ctx context.Context) (string, error) {
	var values []string
	for _, setting := range []string{"server_version", "fsync", "synchronous_commit", "shared_buffers"} {
		var v string
		if err := s.admin.QueryRowContext(ctx, "SHOW "+setting).Scan(&v); err != nil {
			return "", err
		}
		if setting != "server_version" {
			v = setting + "=" + v
		}
		values = append(values, v)
	}
	return "PostgreSQL " + strings.Join(values, ", ") + ", pgx " + module("github.com/jackc/pgx/v5"), nil
}

// database makes a database and answers its URL.
func (s *postgresStore) database(ctx context.Context, name, template string) (string, error) {
	name = fmt.Sprintf("preamp_bench_%d_%s", os.Getpid(), name)
	if _, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", err
	}
	s.made = append(s.made, name)
	u, err := url.Parse(s.url)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL", urlVariable)
	}
	u.Path = "/" + name
	return u.String(), nil
}

func (s *postgresStore) fresh(ctx context.Context, name string) (place, error) {
	u, err := s.database(ctx, name, "template0")
	return place{dir: filepath.Join(s.dir, name), url: u}, err
}

func (s *postgresStore) copy(ctx context.Context, from place, name string) (place, error) {
	u, err := url.Parse(from.url)
	if err != nil {
		return place{}, err
	}
	to := place{dir: filepath.Join(s.dir, name)}
	if to.url, err = s.database(ctx, name, strings.TrimPrefix(u.Path, "/")); err != nil {
		return place{}, err
	}
	return to, os.CopyFS(to.dir, os.DirFS(from.dir))
}

func (s *postgresStore) close() error {
	var err error
	if s.admin != nil {
		for _, name := range s.made {
			_, e := s.admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
			err = errors.Join(err, e)
		}
		err = errors.Join(err, s.admin.Close())
	}
	if s.server != nil {
		err = errors.Join(err, s.server.Stop())
	}
	return err
}
