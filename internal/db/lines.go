package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
)

var lineName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)

// lines is the migration lines of one kind of database in one dialect.
type lines struct {
	dialect   Dialect
	qualifier string // "ctl." or "env."
	meta      string // table of the database's own facts
	list      []Line
	versions  map[string]int64 // newest migration of each line
	digest    string           // of all files
}

func newLines(d Dialect, qualifier, meta string, list []Line) (*lines, error) {
	l := &lines{dialect: d, qualifier: qualifier, meta: meta, list: list, versions: map[string]int64{}}
	h := sha256.New()
	for _, line := range list {
		if !lineName.MatchString(line.Name) {
			return nil, fmt.Errorf("migration line %q: the name must be lower-case letters, digits and _", line.Name)
		}
		if _, twice := l.versions[line.Name]; twice {
			return nil, fmt.Errorf("migration line %q is given twice", line.Name)
		}
		files, err := fs.Glob(line.FS, d.String()+"/*.sql")
		if err != nil {
			return nil, fmt.Errorf("migration line %q: %w", line.Name, err)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("migration line %q has no files for %s", line.Name, d)
		}
		for _, file := range files { // sorted by Glob
			text, err := fs.ReadFile(line.FS, file)
			if err != nil {
				return nil, fmt.Errorf("migration line %q: %w", line.Name, err)
			}
			number, _, _ := strings.Cut(strings.TrimPrefix(file, d.String()+"/"), "_")
			version, err := strconv.ParseInt(number, 10, 64)
			if err != nil || version < 1 {
				return nil, fmt.Errorf("migration line %q: %s is not NNNN_name.sql", line.Name, file)
			}
			l.versions[line.Name] = max(l.versions[line.Name], version)
			fmt.Fprintf(h, "%s\x00%s\x00%d\x00", line.Name, file, len(text))
			h.Write(text)
		}
	}
	l.digest = hex.EncodeToString(h.Sum(nil))
	return l, nil
}

// errNewer is the refusal of a database that a newer binary has written.
func errNewer(line string, have, want int64) error {
	return fmt.Errorf("the database is newer than this binary: migration line %q is at version %d, this binary knows %d",
		line, have, want)
}

// facts is what a database says about itself in its meta table.
type facts struct {
	UID     string
	Created int64
	Digest  string
	Lines   map[string]int64
}

// check refuses a database that has migrations this binary does not know.
func (l *lines) check(f facts) error {
	for line, version := range f.Lines {
		if known := l.versions[line]; version > known {
			return errNewer(line, version, known)
		}
	}
	return nil
}

// factsQuery reads the meta table; decodeFact reads one of its rows.
func (l *lines) factsQuery(schema string) string {
	return "SELECT name, value FROM " + schema + l.meta
}

func (f *facts) set(name, value string) (err error) {
	switch name {
	case "uid":
		f.UID = value
	case "created_ms":
		f.Created, err = strconv.ParseInt(value, 10, 64)
	case "digest":
		f.Digest = value
	case "lines":
		err = json.Unmarshal([]byte(value), &f.Lines)
	}
	if err != nil {
		return fmt.Errorf("read meta %s: %w", name, err)
	}
	return nil
}

// migrate brings a database to the newest migration of every line and then
// records the digest. schema is "" on SQLite, else the quoted schema and a dot.
// fresh promises that the database is empty. Another process cannot be doing the
// same: the caller holds a lock.
func (l *lines) migrate(ctx context.Context, pool *sql.DB, schema string, fresh bool, f facts) error {
	for _, line := range l.list {
		if err := l.migrateLine(ctx, pool, schema, fresh, line); err != nil {
			return fmt.Errorf("migration line %q: %w", line.Name, err)
		}
	}
	versions, err := json.Marshal(l.versions)
	if err != nil {
		return err
	}
	return l.writeFacts(ctx, pool, schema, map[string]string{
		"uid": f.UID, "created_ms": strconv.FormatInt(f.Created, 10),
		"digest": l.digest, "lines": string(versions),
	})
}

func (l *lines) migrateLine(ctx context.Context, pool *sql.DB, schema string, fresh bool, line Line) error {
	files, err := fs.Sub(line.FS, l.dialect.String())
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	if l.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, pool,
		qualifiedFS{FS: files, qualifier: l.qualifier, with: schema},
		goose.WithTableName(strings.ReplaceAll(schema, `"`, "")+"migration_"+line.Name),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	if !fresh {
		have, want, err := provider.GetVersions(ctx)
		if err != nil {
			return err
		}
		if have > want {
			return errNewer(line.Name, have, want)
		}
	}
	_, err = provider.Up(ctx)
	return err
}

// writeFacts stores the meta rows. They come last: a database without a digest
// is not ready. On PostgreSQL migrations run without waiting for the disk; this
// commit waits, and what is before it in the log is durable with it.
func (l *lines) writeFacts(ctx context.Context, pool *sql.DB, schema string, rows map[string]string) (err error) {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if l.dialect == Postgres {
		if _, err := tx.ExecContext(ctx, "SET LOCAL synchronous_commit = on"); err != nil {
			return err
		}
	}
	for name, value := range rows {
		if _, err := tx.ExecContext(ctx, "INSERT INTO "+schema+l.meta+` (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// createMeta is the statement that makes the meta table.
func (l *lines) createMeta(schema string) string {
	text := "text"
	if l.dialect == Postgres {
		text = `text COLLATE "C"`
	}
	return "CREATE TABLE IF NOT EXISTS " + schema + l.meta +
		" (name " + text + " PRIMARY KEY, value " + text + " NOT NULL)"
}
