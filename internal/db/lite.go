package db

import (
	"context"
	"fmt"
)

// lite is one open SQLite file: a writer and a pool of readers.
type lite struct {
	*readPool
	*writer
}

// liteOptions says how a file is opened.
type liteOptions struct {
	path      string
	qualifier string
	create    bool
	config    *Config
	counters  *counters
	fault     func(sql string) error
}

func (o liteOptions) writeDSN() string {
	mode, sync := "rw", "synchronous(FULL)"
	if o.create {
		mode = "rwc"
	}
	if o.config.Relaxed {
		sync = "synchronous(NORMAL)"
	}
	return liteDSN(o.path, mode, "journal_mode(WAL)", sync, "journal_size_limit(67108864)")
}

func (o liteOptions) readDSN() string {
	return liteDSN(o.path, "rw", "query_only(1)")
}

// openLiteFile opens a file. Its migrations have been done.
func openLiteFile(o liteOptions) (*lite, error) {
	openWriter := func() (*liteConn, error) {
		return openLite(o.writeDSN(), o.qualifier, writerStatements)
	}
	conn, err := openWriter()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.path, err)
	}
	readDSN := o.readDSN()
	l := &lite{
		readPool: newReadPool(o.config.Readers, func() (*liteConn, error) {
			return openLite(readDSN, o.qualifier, readerStatements)
		}),
		writer: &writer{
			open:     openWriter,
			check:    quickCheck,
			counters: o.counters,
			logger:   o.config.Logger,
			fault:    o.fault,
		},
	}
	l.writer.poisoned = l.retire
	l.start(conn)
	return l, nil
}

// quickCheck reads the whole file for damage, after a commit that failed.
func quickCheck(c *liteConn) error {
	var result string
	err := c.scan(context.Background(), "PRAGMA quick_check(1)", nil, []any{&result}, false)
	if err != nil {
		return err
	}
	if result != "ok" {
		return fmt.Errorf("quick check: %s", result)
	}
	return nil
}

func (l *lite) close() error {
	l.readPool.close()
	return l.writer.close()
}

var _ store = (*lite)(nil)
