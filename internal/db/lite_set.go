package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite"
)

// liteEngine keeps one SQLite file per database in the data directory.
type liteEngine struct {
	config       *Config
	dir          string
	control, env *lines
	counters     *counters
	lock         *nodeLock // nil when shared

	// An environment begins as a copy of the template: an empty file with all
	// migrations done. It is made once, when the first environment is.
	templateMu sync.Mutex
	template   []byte
}

func newLiteEngine(c *Config, control, env *lines, k *counters) (*liteEngine, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, err
	}
	e := &liteEngine{config: c, dir: dir, control: control, env: env, counters: k}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if c.Shared {
		return e, nil
	}
	if e.lock, err = lockNode(filepath.Join(dir, "node.lock")); err != nil {
		return nil, err
	}
	// What is in tmp belongs to a process that died in the middle of Create.
	err = errors.Join(os.RemoveAll(e.tmp()), os.MkdirAll(e.tmp(), 0o700))
	if err != nil {
		return nil, errors.Join(err, e.lock.unlock())
	}
	return e, nil
}

func (e *liteEngine) tmp() string { return filepath.Join(e.dir, "tmp") }

func (e *liteEngine) path(uid string) string {
	return filepath.Join(e.dir, "env", uid[:2], uid+".db")
}

func (e *liteEngine) close() error {
	if e.lock == nil {
		return nil
	}
	return e.lock.unlock()
}

func (e *liteEngine) options(path string, l *lines) liteOptions {
	o := liteOptions{path: path, qualifier: l.qualifier, config: e.config, counters: e.counters}
	if hook := e.config.liteFault; hook != nil {
		o.fault = func(sql string) error { return hook(path, sql) }
	}
	return o
}

func (e *liteEngine) openControl(ctx context.Context) (store, error) {
	o := e.options(filepath.Join(e.dir, "control.db"), e.control)
	f, err := os.OpenFile(o.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	known, err := e.readFacts(ctx, o, e.control)
	if err != nil {
		return nil, fmt.Errorf("open control database: %w", err)
	}
	// Beside a running server the migrations are the server's.
	if known.Digest != e.control.digest && (known.Digest == "" || !e.config.Shared) {
		if known.Created == 0 {
			known.Created = time.Now().UnixMilli()
		}
		if err := e.migrate(ctx, o.writeDSN(), e.control, false, known); err != nil {
			return nil, fmt.Errorf("migrate control database: %w", err)
		}
		if err := syncDir(e.dir); err != nil {
			return nil, err
		}
	}
	return openLiteFile(o)
}

// readFacts reads what a file says about itself; no facts when it is new.
func (e *liteEngine) readFacts(ctx context.Context, o liteOptions, l *lines) (f facts, err error) {
	c, err := openLite(o.readDSN(), "", 4)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	var tables int
	err = c.scan(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = $1",
		[]any{l.meta}, []any{&tables}, false)
	if err != nil || tables == 0 {
		return f, err
	}
	err = c.each(ctx, l.factsQuery(""), nil, func(r Row) error {
		var name, value string
		if err := r.Scan(&name, &value); err != nil {
			return err
		}
		return f.set(name, value)
	})
	if err != nil {
		return f, err
	}
	return f, l.check(f)
}

// migrate runs goose on a file, through database/sql because goose needs it.
func (e *liteEngine) migrate(ctx context.Context, dsn string, l *lines, fresh bool, f facts) (err error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return err
	}
	pool := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, pool.Close()) }()
	if _, err := pool.ExecContext(ctx, l.createMeta("")); err != nil {
		return err
	}
	return l.migrate(ctx, pool, "", fresh, f)
}

// create copies the template under a temporary name, writes the environment's
// own facts, makes it durable and only then gives it its name: a file with the
// right name is whole.
func (e *liteEngine) create(ctx context.Context, uid string) error {
	path := e.path(uid)
	if _, err := os.Stat(path); err == nil {
		return e.upgrade(ctx, uid)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	template, err := e.makeTemplate(ctx)
	if err != nil {
		return fmt.Errorf("make environment template: %w", err)
	}
	tmp := filepath.Join(e.tmp(), uid+"-"+rand.Text()+".db")
	defer removeLiteFile(tmp)
	if err := os.WriteFile(tmp, template, 0o600); err != nil {
		return err
	}
	if err := stampTemplate(tmp, uid); err != nil {
		return fmt.Errorf("create environment: %w", err)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	// A log without its file can remain from a removal that a crash interrupted.
	if err := errors.Join(removeFile(path+"-wal"), removeFile(path+"-shm")); err != nil {
		return err
	}
	if err := errors.Join(syncFile(tmp), os.Rename(tmp, path)); err != nil {
		return err
	}
	return errors.Join(syncDir(folder), syncDir(filepath.Dir(folder)), syncDir(e.dir))
}

// stampTemplate writes the facts that differ between environments. Nobody else
// sees the file yet, so it is not locked, logged or synced while it is changed.
func stampTemplate(path, uid string) (err error) {
	c, err := openLite(liteDSN(path, "rw", "locking_mode(EXCLUSIVE)", "synchronous(OFF)"), "", 4)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, c.close())
		if _, e := os.Stat(path + "-wal"); err == nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.New("the write-ahead log of a new file was not emptied")
		}
	}()
	for name, value := range map[string]any{"uid": uid, "created_ms": fmt.Sprint(time.Now().UnixMilli())} {
		_, err := c.exec(context.Background(),
			"UPDATE env_meta SET value = $2 WHERE name = $1", []any{name, value})
		if err != nil {
			return err
		}
	}
	return nil
}

// makeTemplate answers the bytes of an empty environment in WAL mode.
func (e *liteEngine) makeTemplate(ctx context.Context) (template []byte, err error) {
	e.templateMu.Lock()
	defer e.templateMu.Unlock()
	if e.template != nil {
		return e.template, nil
	}
	path := filepath.Join(e.tmp(), "template-"+rand.Text()+".db")
	defer removeLiteFile(path)
	dsn := liteDSN(path, "rwc", "journal_mode(WAL)", "synchronous(OFF)")
	if err := e.migrate(ctx, dsn, e.env, true, facts{}); err != nil {
		return nil, err
	}
	e.template, err = os.ReadFile(path)
	return e.template, err
}

// open opens an existing environment and upgrades it when the digest of its
// migrations is another than this binary's.
func (e *liteEngine) open(ctx context.Context, uid string) (store, error) {
	if err := e.upgrade(ctx, uid); err != nil {
		return nil, err
	}
	return openLiteFile(e.options(e.path(uid), e.env))
}

func (e *liteEngine) upgrade(ctx context.Context, uid string) error {
	o := e.options(e.path(uid), e.env)
	if _, err := os.Stat(o.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return missingEnv()
		}
		return err
	}
	known, err := e.readFacts(ctx, o, e.env)
	if err != nil {
		return fmt.Errorf("open environment %s: %w", uid, liteError(err))
	}
	if known.UID != uid {
		return fmt.Errorf("open environment %s: the file says it is environment %q", uid, known.UID)
	}
	if known.Digest == e.env.digest {
		return nil
	}
	// An upgrade that has begun is finished, whoever waits for it.
	if err := e.migrate(context.WithoutCancel(ctx), o.writeDSN(), e.env, false, known); err != nil {
		return fmt.Errorf("migrate environment %s: %w", uid, liteError(err))
	}
	return nil
}

// remove deletes a file and its logs, the file first: without it the logs mean
// nothing.
func (e *liteEngine) remove(_ context.Context, uid string) error {
	path := e.path(uid)
	if err := removeLiteFile(path); err != nil {
		return err
	}
	err := syncDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func removeLiteFile(path string) error {
	return errors.Join(removeFile(path), removeFile(path+"-wal"), removeFile(path+"-shm"))
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
