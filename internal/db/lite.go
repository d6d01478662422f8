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
	config    *Config
	counters  *counters
	fault     func(sql string) error
}

func (o liteOptions) writeDSN() string {
	sync := "synchronous(FULL)"
	if o.config.Relaxed {
		sync = "synchronous(NORMAL)"
	}
	return liteDSN(o.path, "rw", "journal_mode(WAL)", sync, "journal_size_limit(67108864)")
}

func (o liteOptions) readDSN() string {
	return liteDSN(o.path, "rw", "query_only(1)")
}

func (o liteOptions) openWriter() (*liteConn, error) {
	return openLite(o.writeDSN(), o.qualifier, writerStatements)
}

// startLite makes a store of a file whose migrations have been done and whose
// write connection is open.
func startLite(o liteOptions, conn *liteConn) *lite {
	readDSN := o.readDSN()
	l := &lite{
		readPool: newReadPool(o.config.Readers, func() (*liteConn, error) {
			return openLite(readDSN, o.qualifier, readerStatements)
		}),
		writer: &writer{
			open:     o.openWriter,
			check:    quickCheck,
			counters: o.counters,
			logger:   o.config.Logger,
			fault:    o.fault,
		},
	}
	l.writer.poisoned = l.retire
	l.start(conn)
	return l
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
