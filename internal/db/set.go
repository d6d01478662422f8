package db

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"preamp/internal/errs"
)

// Config says where the databases are and which migrations they have.
type Config struct {
	// Dir is the data directory: control.db, env/<2>/<uid>.db, node.lock. Required
	// for SQLite.
	Dir string
	// DatabaseURL selects PostgreSQL.
	DatabaseURL string
	// Control and Env are the migration lines of the two kinds of database.
	Control, Env []Line
	// MaxOpen bounds the open SQLite environments; default 128, and never more
	// than the open-file limit allows.
	MaxOpen int
	// Readers bounds the read connections per SQLite file; default 4 or the
	// number of cores.
	Readers int
	// Relaxed lets SQLite commit without waiting for the disk: a power cut may
	// lose the newest commits.
	Relaxed bool
	// Shared opens the control database beside a running server: no node.lock is
	// taken, and environments cannot be opened.
	Shared bool
	Logger *slog.Logger

	// liteFault is a test's hook into the statements of SQLite writers.
	liteFault func(path, sql string) error
}

func (c *Config) setDefaults() error {
	if c.DatabaseURL == "" && c.Dir == "" {
		return errors.New("db: a data directory or a database URL is required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Readers < 1 {
		c.Readers = max(4, runtime.NumCPU())
	}
	if c.MaxOpen < 1 {
		c.MaxOpen = 128
	}
	if limit := openFileLimit() / 4 / 8; limit > 0 {
		c.MaxOpen = max(1, min(c.MaxOpen, limit))
	}
	return nil
}

// engine is what the two dialects do differently for a whole set.
type engine interface {
	openControl(ctx context.Context) (store, error)
	// create makes an environment with all its lines, or upgrades it.
	create(ctx context.Context, uid string) error
	// open answers errs.NotFound when the environment does not exist.
	open(ctx context.Context, uid string) (store, error)
	remove(ctx context.Context, uid string) error
	close() error
}

// Set is the control database and all environment databases of one server.
type Set struct {
	dialect  Dialect
	engine   engine
	control  *DB
	handles  *handles
	names    *keyLock // one Create or Drop per environment at a time
	counters *counters
	shared   bool
	closing  sync.Once
	closed   error
}

// counters are shared by all handles of a set, so that they survive evictions.
type counters struct {
	queued                                         atomic.Int64
	commits, mutations, rollbacks, reruns, retries atomic.Int64
	poisoned                                       atomic.Int64
	opened, evicted                                atomic.Int64
}

// Stats are numbers for metrics. Counters only grow.
type Stats struct {
	Open      int   // open environment handles
	Pinned    int   // those in use
	Queued    int   // SQLite: transactions waiting for their turn; PostgreSQL: calls waiting for a connection
	Commits   int64 // commits; on SQLite one per batch, each with an fsync
	Mutations int64 // transactions that were committed
	Rollbacks int64 // rolled back batches or transactions
	Reruns    int64 // SQLite: mutations repeated alone after their batch failed
	Retries   int64 // PostgreSQL: transactions repeated after a serialization failure or deadlock
	Poisoned  int64 // commits with unknown outcome
	Opened    int64 // environment handles opened
	Evicted   int64 // environment handles closed to make room
}

// validUID reports whether uid is 2 to 40 of [a-z0-9]: it becomes a file name and
// a schema name. Every request asks, so there is no regular expression.
func validUID(uid string) bool {
	if len(uid) < 2 || len(uid) > 40 {
		return false
	}
	for i := range len(uid) {
		if c := uid[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func missingEnv() error {
	return errs.Missing("BackendEnvironment", "the backend environment does not exist")
}

// Open opens the control database and brings it to the newest migrations. On
// SQLite it takes the lock of the data directory; the error names the process
// that holds it.
func Open(ctx context.Context, c Config) (*Set, error) {
	if err := c.setDefaults(); err != nil {
		return nil, err
	}
	s := &Set{dialect: SQLite, names: newKeyLock(), counters: &counters{}, shared: c.Shared}
	if c.DatabaseURL != "" {
		s.dialect = Postgres
	}
	control, err := newLines(s.dialect, "ctl.", "ctl_meta", c.Control)
	if err != nil {
		return nil, err
	}
	env, err := newLines(s.dialect, "env.", "env_meta", c.Env)
	if err != nil {
		return nil, err
	}
	limit := c.MaxOpen
	if s.dialect == Postgres {
		limit = pgHandles
		s.engine, err = newPGEngine(ctx, &c, control, env, s.counters)
	} else {
		s.engine, err = newLiteEngine(&c, control, env, s.counters)
	}
	if err != nil {
		return nil, err
	}
	s.handles = newHandles(limit, s.dialect, s.engine.open, s.counters, c.Logger)
	store, err := s.engine.openControl(ctx)
	if err != nil {
		return nil, errors.Join(err, s.engine.close())
	}
	s.control = &DB{store: store, dialect: s.dialect}
	return s, nil
}

// Dialect is the dialect of all databases of the set.
func (s *Set) Dialect() Dialect { return s.dialect }

// Control is the control database.
func (s *Set) Control() *DB { return s.control }

// Create makes the database of an environment with all its migrations, or does
// nothing when it is there. A crash in between leaves no environment.
//
// Errors: Invalid for a malformed uid, Conflict while the environment is being
// dropped, Unavailable when the server or the disk fails.
func (s *Set) Create(ctx context.Context, uid string) error {
	if !validUID(uid) {
		return errs.E(errs.Invalid, "malformed environment uid %q", uid)
	}
	if s.shared {
		return errSharedEnv
	}
	unlock, err := s.names.lock(ctx, uid)
	if err != nil {
		return err
	}
	defer unlock()
	if s.handles.known(uid) {
		// It is open, so it exists and is migrated, or its removal did not finish.
		_, release, err := s.handles.acquire(ctx, uid)
		switch {
		case err == nil:
			release()
			return nil
		case s.handles.dropped(uid):
			return errs.E(errs.Conflict, "the environment is being deleted")
		}
	}
	return s.engine.create(ctx, uid)
}

var errSharedEnv = errors.New("db: environments cannot be used beside a running server")

// Acquire opens the database of an environment and pins it until release is
// called; a pinned handle is never closed.
//
// Errors: NotFound when the environment does not exist or is being dropped,
// Unavailable when too many environments are in use at once or the server or the
// disk fails.
func (s *Set) Acquire(ctx context.Context, uid string) (d *DB, release func(), err error) {
	if s.shared {
		return nil, nil, errSharedEnv
	}
	if !validUID(uid) {
		return nil, nil, missingEnv()
	}
	return s.handles.acquire(ctx, uid)
}

// Drop removes the database of an environment; it is not an error when there is
// none. Acquire fails from the beginning of Drop on. Drop waits for those who
// have it pinned, within ctx and at most 10 seconds; when they do not finish the
// error is Unavailable, Acquire keeps failing, and Drop can be repeated.
func (s *Set) Drop(ctx context.Context, uid string) error {
	if !validUID(uid) {
		return nil
	}
	if s.shared {
		return errSharedEnv
	}
	unlock, err := s.names.lock(ctx, uid)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.handles.drain(ctx, uid); err != nil {
		return err
	}
	if err := s.engine.remove(ctx, uid); err != nil {
		return err
	}
	s.handles.forget(uid)
	return nil
}

// OpenEnvs are the uids of the environments that are open at the moment, the least
// recently used first.
func (s *Set) OpenEnvs() []string { return s.handles.opened() }

// Ping asks the control database for an answer, as a probe of readiness does.
//
// Errors: Unavailable when the database cannot be reached, Timeout when it does
// not answer within ctx.
func (s *Set) Ping(ctx context.Context) error {
	return s.control.Row(ctx, "SELECT 1").Scan(new(int))
}

// Stats is the present state for metrics.
func (s *Set) Stats() Stats {
	open, pinned := s.handles.count()
	c := s.counters
	return Stats{
		Open: open, Pinned: pinned,
		Queued:    max(0, int(c.queued.Load())),
		Commits:   c.commits.Load(),
		Mutations: c.mutations.Load(),
		Rollbacks: c.rollbacks.Load(),
		Reruns:    c.reruns.Load(),
		Retries:   c.retries.Load(),
		Poisoned:  c.poisoned.Load(),
		Opened:    c.opened.Load(),
		Evicted:   c.evicted.Load(),
	}
}

// Close finishes what is queued and closes all databases. On SQLite the
// write-ahead logs are emptied into the files, so that a copy of the data
// directory is a backup. Closing again answers the same.
func (s *Set) Close() error {
	s.closing.Do(func() {
		s.closed = errors.Join(s.handles.close(), s.control.store.close(), s.engine.close())
	})
	return s.closed
}
