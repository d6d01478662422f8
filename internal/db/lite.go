package db

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
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

// readDSN is for readers, which map the file: a page that is far from the last one
// then costs no system call, so that a large table is read as fast as a small one.
// In exchange a disk that fails to read ends the process instead of a statement,
// which loses nothing that was acknowledged. Windows does not let go of the space
// of mapped files.
func (o liteOptions) readDSN() string {
	pragmas := []string{"query_only(1)"}
	if runtime.GOOS != "windows" {
		pragmas = append(pragmas, "mmap_size("+strconv.Itoa(maxMapped)+")")
	}
	return liteDSN(o.path, "rw", pragmas...)
}

// maxMapped is how much of a file readers map; SQLite maps no more than there is.
const maxMapped = 1 << 30

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
