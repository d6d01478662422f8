package db

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

const pgStatements = 512 // prepared statements per connection

// pgEngine keeps one schema per database on one server.
type pgEngine struct {
	pool         *pgxpool.Pool
	migrations   *sql.DB // for goose, which needs database/sql
	control, env *lines
	counters     *counters
	shared       bool
	logger       *slog.Logger
	replay       replay
}

func newPGEngine(ctx context.Context, c *Config, control, env *lines, k *counters) (*pgEngine, error) {
	config, err := pgxpool.ParseConfig(c.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	conn := config.ConnConfig
	conn.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	conn.StatementCacheCapacity = pgStatements
	conn.RuntimeParams["application_name"] = "preamp"
	// A table without its qualifier must fail here as it would in another
	// environment's schema, instead of ending up in "public".
	conn.RuntimeParams["search_path"] = "pg_catalog"
	conn.RuntimeParams["timezone"] = "UTC"
	conn.RuntimeParams["client_encoding"] = "UTF8"
	conn.MaxProtocolMessageBodyLen = MaxValue
	// The estimated cost of nested statements is high enough for PostgreSQL to
	// compile them, which takes seconds where running takes a millisecond.
	conn.RuntimeParams["jit"] = "off"
	conn.DialFunc = pgDialer().DialContext
	if !strings.Contains(c.DatabaseURL, "pool_max_conns") {
		// Commits that wait for the disk share its fsyncs only when they wait at the
		// same time, each on a connection of its own.
		config.MaxConns = int32(max(16, 4*runtime.NumCPU()))
	}
	migrating := conn.Copy()
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	// The commit that stores the digest waits for the disk, and with it for all
	// that was logged before it; see writeFacts.
	migrating.RuntimeParams["synchronous_commit"] = "off"
	migrating.DefaultQueryExecMode = pgx.QueryExecModeExec
	migrating.StatementCacheCapacity = 0
	migrating.Tracer = tracer{}
	e := &pgEngine{
		pool: pool, migrations: stdlib.OpenDB(*migrating),
		control: control, env: env, counters: k, shared: c.Shared, logger: c.Logger,
	}
	e.migrations.SetMaxOpenConns(4)
	e.migrations.SetMaxIdleConns(1)
	e.migrations.SetConnMaxIdleTime(time.Minute)
	return e, nil
}

func (e *pgEngine) close() error {
	err := e.migrations.Close()
	e.pool.Close()
	return err
}

func envSchema(uid string) string { return "preamp_e_" + uid }

func (e *pgEngine) store(schema string, l *lines) (*pgStore, error) {
	texts, err := lru.New[string, string](pgStatementTexts)
	if err != nil {
		return nil, err
	}
	return &pgStore{
		pool: e.pool, qualifier: l.qualifier, schema: `"` + schema + `".`,
		texts: texts, counters: e.counters,
	}, nil
}

func (e *pgEngine) openControl(ctx context.Context) (store, error) {
	if err := e.prepare(ctx, "preamp_control", "", e.control); err != nil {
		return nil, fmt.Errorf("migrate control database: %w", err)
	}
	return e.store("preamp_control", e.control)
}

func (e *pgEngine) create(ctx context.Context, uid string) error {
	if err := e.prepare(ctx, envSchema(uid), uid, e.env); err != nil {
		return pgError(ctx, fmt.Errorf("create environment: %w", err))
	}
	return nil
}

func (e *pgEngine) open(ctx context.Context, uid string) (store, error) {
	schema := envSchema(uid)
	f, err := e.readFacts(ctx, e.pool, schema, e.env)
	if err != nil {
		return nil, pgError(ctx, fmt.Errorf("open environment %s: %w", uid, err))
	}
	switch f.Digest {
	case "": // absent, or Create did not finish
		return nil, missingEnv()
	case e.env.digest:
	default:
		if err := e.prepare(ctx, schema, uid, e.env); err != nil {
			return nil, pgError(ctx, fmt.Errorf("migrate environment %s: %w", uid, err))
		}
	}
	s, err := e.store(schema, e.env)
	if err != nil {
		return nil, err
	}
	s.missing = func(ctx context.Context, cause error) error {
		if f, err := e.readFacts(context.WithoutCancel(ctx), e.pool, schema, e.env); err == nil && f.Digest == "" {
			return missingEnv() // dropped by another node
		}
		return cause
	}
	return s, nil
}

func (e *pgEngine) remove(ctx context.Context, uid string) error {
	err := e.locked(ctx, envSchema(uid), func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, `DROP SCHEMA IF EXISTS "`+envSchema(uid)+`" CASCADE`)
		return err
	})
	return pgError(ctx, err)
}

// locked runs fn while no other node does the same for the same schema.
func (e *pgEngine) locked(ctx context.Context, schema string, fn func(c *pgx.Conn) error) error {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	h := fnv.New64a()
	_, _ = h.Write([]byte("preamp migration " + schema))
	key := int64(h.Sum64())
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return err
	}
	err = fn(conn.Conn())
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, e := conn.Exec(end, "SELECT pg_advisory_unlock($1)", key); e != nil {
		// The lock ends with the session.
		_ = conn.Conn().Close(end)
	}
	return err
}

// prepare makes or upgrades a schema. Its last write is the digest.
func (e *pgEngine) prepare(ctx context.Context, schema, uid string, l *lines) error {
	quoted := `"` + schema + `".`
	return e.locked(ctx, schema, func(c *pgx.Conn) error {
		known, err := e.readFacts(ctx, c, schema, l)
		// The migrations of a store that a server uses are the server's.
		if err != nil || known.Digest == l.digest || e.shared && known.Digest != "" {
			return err
		}
		var exists bool
		err = c.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", schema).Scan(&exists)
		if err != nil {
			return err
		}
		if known.Created == 0 {
			known.Created = time.Now().UnixMilli()
		}
		known.UID = uid
		fresh := !exists
		if done := e.replay.get(); fresh && l == e.env && done != nil {
			err := e.replayInto(ctx, schema, l, known, done)
			if err == nil || ctx.Err() != nil {
				return err
			}
			e.logger.Warn("copy migrations to a new environment, running them instead", "env", uid, "error", err)
		}
		for _, statement := range []string{`CREATE SCHEMA IF NOT EXISTS "` + schema + `"`, l.createMeta(quoted)} {
			if _, err := c.Exec(ctx, statement); err != nil {
				return err
			}
		}
		recorded, rec := record(ctx, schema)
		if err := l.migrate(recorded, e.migrations, quoted, fresh, known); err != nil {
			return err
		}
		if fresh && l == e.env {
			e.replay.keep(rec)
		}
		return nil
	})
}

type pgQuerier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// readFacts reads what a schema says about itself; no facts when it is absent.
func (e *pgEngine) readFacts(ctx context.Context, q pgQuerier, schema string, l *lines) (f facts, err error) {
	rows, err := q.Query(ctx, l.factsQuery(`"`+schema+`".`), pgx.QueryExecModeExec)
	if err == nil {
		var name, value string
		_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error { return f.set(name, value) })
	}
	if pgMissing(err) {
		return facts{}, nil
	}
	if err != nil {
		return f, err
	}
	return f, l.check(f)
}
