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
	if e.lock, err = lockNode(filepath.Join(dir, lockFile)); err != nil {
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
	if err := e.upgradeControl(ctx, o); err != nil {
		return nil, fmt.Errorf("open control database: %w", err)
	}
	c, err := o.openWriter()
	if err != nil {
		return nil, fmt.Errorf("open control database: %w", err)
	}
	return startLite(o, c), nil
}

// upgradeControl runs the migrations of the control database. Beside a running
// server they are the server's; a store that no server has ever opened is made
// under the server's lock.
func (e *liteEngine) upgradeControl(ctx context.Context, o liteOptions) error {
	for {
		known, err := e.readFacts(ctx, o, e.control)
		if err != nil || known.Digest == e.control.digest || e.config.Shared && known.Digest != "" {
			return err
		}
		if known.Created == 0 {
			known.Created = time.Now().UnixMilli()
		}
		if !e.config.Shared {
			return e.makeControl(ctx, o, known)
		}
		lock, err := lockNode(filepath.Join(e.dir, lockFile))
		if err == nil {
			return errors.Join(e.makeControl(ctx, o, known), lock.unlock())
		}
		if !errors.Is(err, errLocked) {
			return err
		}
		select { // a server is making it
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

func (e *liteEngine) makeControl(ctx context.Context, o liteOptions, known facts) error {
	return errors.Join(e.migrate(ctx, o.writeDSN(), e.control, false, known), syncDir(e.dir))
}

// readFacts opens a file to read what it says about itself.
func (e *liteEngine) readFacts(ctx context.Context, o liteOptions, l *lines) (f facts, err error) {
	c, err := openLite(o.readDSN(), "", 4)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	return l.readFacts(ctx, c)
}

// readFacts reads what a file says about itself; no facts when it is new.
func (l *lines) readFacts(ctx context.Context, c *liteConn) (f facts, err error) {
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
	return liteError(e.make(ctx, uid))
}

func (e *liteEngine) make(ctx context.Context, uid string) error {
	path := e.path(uid)
	if _, err := os.Stat(path); err == nil {
		c, err := e.openWriter(ctx, uid, e.options(path, e.env))
		if err != nil {
			return err
		}
		return c.close()
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
	if err := e.makeFolder(folder); err != nil {
		return err
	}
	// A log without its file can remain from a removal that a crash interrupted.
	if err := errors.Join(removeFile(path+"-wal"), removeFile(path+"-shm")); err != nil {
		return err
	}
	if err := errors.Join(syncFile(tmp), os.Rename(tmp, path)); err != nil {
		return err
	}
	return syncDir(folder)
}

// makeFolder makes env/<2> and makes its name durable.
func (e *liteEngine) makeFolder(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(path)), syncDir(e.dir))
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
	o := e.options(e.path(uid), e.env)
	c, err := e.openWriter(ctx, uid, o)
	if err != nil {
		return nil, err
	}
	return startLite(o, c), nil
}

// openWriter answers the write connection of an environment that is up to date.
func (e *liteEngine) openWriter(ctx context.Context, uid string, o liteOptions) (*liteConn, error) {
	if _, err := os.Stat(o.path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, missingEnv()
		}
		return nil, liteError(err)
	}
	c, err := o.openWriter()
	if err != nil {
		return nil, fmt.Errorf("open environment %s: %w", uid, liteError(err))
	}
	known, err := e.env.readFacts(ctx, c)
	if err == nil && known.UID != uid {
		err = fmt.Errorf("the file says it is environment %q", known.UID)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open environment %s: %w", uid, liteError(err)), c.close())
	}
	if known.Digest == e.env.digest {
		return c, nil
	}
	if err := c.close(); err != nil {
		return nil, err
	}
	// An upgrade that has begun is finished, whoever waits for it.
	if err := e.migrate(context.WithoutCancel(ctx), o.writeDSN(), e.env, false, known); err != nil {
		return nil, fmt.Errorf("migrate environment %s: %w", uid, liteError(err))
	}
	return o.openWriter()
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
