package db

import (
	"context"
	"errors"
	"sync"
)

const (
	readerStatements = 128
	writerStatements = 256
)

// readPool is the read connections of one SQLite file. They are opened when
// needed and the one used last is used next, so that few connections have warm
// caches instead of many cold ones.
type readPool struct {
	open  func() (*liteConn, error)
	slots chan struct{}

	mu     sync.Mutex
	idle   []*liteConn
	epoch  int // connections of an older epoch are closed when they come back
	closed bool
}

func newReadPool(size int, open func() (*liteConn, error)) *readPool {
	return &readPool{open: open, slots: make(chan struct{}, size)}
}

// get takes a connection; put gives it back.
func (p *readPool) get(ctx context.Context) (*liteConn, int, error) {
	select {
	case p.slots <- struct{}{}:
	default:
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, 0, waitError(ctx)
		}
	}
	p.mu.Lock()
	epoch := p.epoch
	if p.closed {
		p.mu.Unlock()
		<-p.slots
		return nil, 0, errClosed
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, epoch, nil
	}
	p.mu.Unlock()
	c, err := p.open()
	if err != nil {
		<-p.slots
		return nil, 0, liteError(err)
	}
	return c, epoch, nil
}

func (p *readPool) put(c *liteConn, epoch int, broken bool) {
	p.mu.Lock()
	keep := !broken && !p.closed && epoch == p.epoch
	if keep {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		_ = c.close() // a read connection has nothing to lose
	}
	<-p.slots
}

// retire closes all connections: the idle ones now, the others when they come
// back. New ones are opened as needed.
func (p *readPool) retire() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.epoch++
	p.mu.Unlock()
	for _, c := range idle {
		_ = c.close()
	}
}

// close waits for the readers that are busy and closes all connections.
func (p *readPool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.retire()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	for range cap(p.slots) {
		<-p.slots
	}
}

// text runs one statement that answers one text. A single statement is its own
// snapshot, so there is no transaction around it.
func (p *readPool) text(ctx context.Context, sql string, args []any) ([]byte, error) {
	var out []byte
	err := p.row(ctx, sql, args, []any{&out})
	return out, err
}

func (p *readPool) row(ctx context.Context, sql string, args, dest []any) error {
	c, epoch, err := p.get(ctx)
	if err != nil {
		return err
	}
	err = c.scan(ctx, sql, args, dest, false)
	p.put(c, epoch, false)
	if err == nil || errors.Is(err, ErrNoRows) {
		return err
	}
	return readError(ctx, err)
}

// read runs fn in one read transaction, which begins with its first statement.
func (p *readPool) read(ctx context.Context, fn func(*Query) error) (err error) {
	c, epoch, err := p.get(ctx)
	if err != nil {
		return err
	}
	s := &liteReadSession{ctx: ctx, conn: c}
	q := &Query{s: s, dialect: SQLite}
	defer func() {
		q.s = nil
		broken := c.busy
		if s.begun && !broken {
			broken = c.run("COMMIT") != nil && c.run("ROLLBACK") != nil
		}
		p.put(c, epoch, broken)
	}()
	return fn(q)
}

// liteReadSession is a snapshot on a read connection.
type liteReadSession struct {
	ctx   context.Context
	conn  *liteConn
	begun bool
}

func (s *liteReadSession) begin() error {
	if s.begun {
		return nil
	}
	if err := s.conn.run("BEGIN"); err != nil {
		return liteError(err)
	}
	s.begun = true
	return nil
}

func (s *liteReadSession) scan(sql string, args, dest []any) error {
	if err := s.begin(); err != nil {
		return err
	}
	return readError(s.ctx, s.conn.scan(s.ctx, sql, args, dest, false))
}

func (s *liteReadSession) each(sql string, args []any, fn func(Row) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	err := s.conn.each(s.ctx, sql, args, fn)
	if e, ok := errors.AsType[callbackError](err); ok {
		return e.error
	}
	return readError(s.ctx, err)
}

func (s *liteReadSession) exec(string, []any) (int64, error) {
	return 0, errors.New("db: write in a read transaction")
}

// readError turns the end of the caller's context into the same error on both
// dialects.
func readError(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, ErrNoRows) {
		return err
	}
	if ctx.Err() != nil {
		return waitError(ctx)
	}
	return liteError(err)
}
