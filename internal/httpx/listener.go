package httpx

import (
	"container/list"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

const (
	// tlsHandshake is the first byte of a TLS connection: the record type.
	tlsHandshake = 0x16
	// peekTimeout is how long a connection may stay silent before its first byte.
	peekTimeout = 10 * time.Second
	// maxPending bounds the connections that have not sent their first byte. When
	// it is reached the oldest is closed: a client that means to speak does so
	// long before, so silent connections cannot keep others out.
	maxPending = 1024
)

// Sniffer serves HTTP and TLS on one port. It reads the first byte of each
// connection and hands the connection to one of two listeners. After that byte
// it is out of the way: no goroutine stays, and nothing is copied.
type Sniffer struct {
	ln         net.Listener
	log        *slog.Logger
	plain, tls *queue
	done       chan struct{}
	closeOnce  sync.Once
	closeErr   error
	workers    sync.WaitGroup

	mu      sync.Mutex
	pending list.List // of net.Conn, oldest first
	closed  bool
	limit   int
	timeout time.Duration
}

// NewSniffer takes over ln. Its Run must be called for connections to arrive.
func NewSniffer(ln net.Listener, log *slog.Logger) *Sniffer {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Sniffer{ln: ln, log: log, done: make(chan struct{}), limit: maxPending, timeout: peekTimeout}
	s.plain = &queue{s: s, conns: make(chan net.Conn)}
	s.tls = &queue{s: s, conns: make(chan net.Conn)}
	return s
}

// Plain is the listener of connections that do not begin with a TLS hello.
func (s *Sniffer) Plain() net.Listener { return s.plain }

// TLS is the listener of connections that begin with a TLS hello, still
// encrypted.
func (s *Sniffer) TLS() net.Listener { return s.tls }

// Run accepts connections until Close. It returns when every goroutine it
// started has ended; the error is nil after Close.
func (s *Sniffer) Run() error {
	defer s.workers.Wait()
	defer s.Close()
	var pause time.Duration
	for {
		c, err := s.ln.Accept()
		if err != nil {
			select {
			case <-s.done:
				return nil
			default:
			}
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			// Out of descriptors or the like. Existing connections go on and free
			// some; giving up here would turn a peak into an outage.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.log.Warn("accept failed", slog.Any("error", err), slog.Duration("retry_in", pause))
			select {
			case <-time.After(pause):
			case <-s.done:
				return nil
			}
			continue
		}
		pause = 0
		if e := s.track(c); e != nil {
			s.workers.Go(func() { s.classify(c, e) })
		}
	}
}

// Close stops accepting and closes the connections that have sent nothing yet.
func (s *Sniffer) Close() error {
	s.closeOnce.Do(func() {
		close(s.done)
		s.closeErr = s.ln.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = true
		for e := s.pending.Front(); e != nil; e = e.Next() {
			e.Value.(net.Conn).Close()
		}
		s.pending.Init()
	})
	return s.closeErr
}

// track enters c into the pending list; nil when the sniffer is closed.
func (s *Sniffer) track(c net.Conn) *list.Element {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return nil
	}
	if s.pending.Len() >= s.limit {
		// Its classify goroutine sees the error of the read and ends.
		s.pending.Remove(s.pending.Front()).(net.Conn).Close()
	}
	return s.pending.PushBack(c)
}

// untrack reports whether c was still pending, and so is still open.
func (s *Sniffer) untrack(e *list.Element) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.pending.Len()
	s.pending.Remove(e)
	return s.pending.Len() < n
}

func (s *Sniffer) classify(c net.Conn, e *list.Element) {
	p := &peeked{Conn: c}
	_ = c.SetReadDeadline(time.Now().Add(s.timeout)) // a failure shows in the read
	_, err := c.Read(p.first[:])
	if !s.untrack(e) || err != nil {
		c.Close()
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	to := s.plain
	if p.first[0] == tlsHandshake {
		to = s.tls
	}
	select {
	case to.conns <- p:
	case <-s.done:
		c.Close()
	}
}

// peeked gives the first byte back on the first read.
type peeked struct {
	net.Conn
	first [1]byte
	used  bool
}

// Read is called by one goroutine at a time, as net.Conn users do.
func (p *peeked) Read(b []byte) (int, error) {
	if p.used {
		return p.Conn.Read(b)
	}
	if len(b) == 0 {
		return 0, nil
	}
	p.used = true
	b[0] = p.first[0]
	return 1, nil
}

// queue is one of the two listeners.
type queue struct {
	s     *Sniffer
	conns chan net.Conn
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.s.done:
		return nil, net.ErrClosed
	}
}

func (q *queue) Close() error   { return q.s.Close() }
func (q *queue) Addr() net.Addr { return q.s.ln.Addr() }
