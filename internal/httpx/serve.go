package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// Limits of every connection. They keep slow or idle clients from holding on to
// memory; a handler that streams for longer extends its own deadline with
// http.ResponseController.
const (
	MaxHeaderBytes    = 16 << 10
	ReadHeaderTimeout = 10 * time.Second
	ReadTimeout       = 60 * time.Second
	WriteTimeout      = 90 * time.Second
	IdleTimeout       = 120 * time.Second
	// DrainTimeout is how long requests in flight may take after the end began.
	DrainTimeout = 30 * time.Second
)

// ServeConfig is what Serve runs.
type ServeConfig struct {
	// Listener is taken over. Required.
	Listener net.Listener
	// Handler answers plain and encrypted requests alike. Required.
	Handler http.Handler
	// TLS is used for connections that begin with a TLS hello. Without it they are
	// closed.
	TLS *tls.Config
	// OnDrain is called once when the end begins, before connections are drained:
	// the place to turn readiness off and to tell hijacked connections to leave.
	OnDrain func()
	// Drain bounds the end; DrainTimeout when zero.
	Drain  time.Duration
	Logger *slog.Logger
}

// Serve answers HTTP/1.1 in clear and HTTP/1.1 and HTTP/2 over TLS on the same
// port until ctx ends, then lets requests in flight finish. It returns nil after
// an orderly end, and an error when requests had to be cut off or the listener
// broke.
func Serve(ctx context.Context, c ServeConfig) error {
	if c.Listener == nil || c.Handler == nil {
		return errors.New("httpx: ServeConfig needs Listener and Handler")
	}
	log := c.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	drain := c.Drain
	if drain == 0 {
		drain = DrainTimeout
	}
	sniff := NewSniffer(c.Listener, log)

	// Requests must not end with ctx, which only asks for the end: they get the
	// drain time. What the end cuts off is cancelled by cancel.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	plain := newServer(base, c.Handler, log, false)
	encrypted := newServer(base, c.Handler, log, true)
	if c.TLS != nil {
		encrypted.TLSConfig = c.TLS.Clone()
	}

	var g errgroup.Group
	failed, fail := context.WithCancel(ctx)
	defer fail()
	run := func(name string, f func() error) {
		g.Go(func() error {
			defer fail()
			if err := f(); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	run("accept connections", sniff.Run)
	run("serve plain connections", func() error { return plain.Serve(sniff.Plain()) })
	if c.TLS != nil {
		run("serve encrypted connections", func() error { return encrypted.ServeTLS(sniff.TLS(), "", "") })
	} else {
		run("refuse encrypted connections", func() error { return refuse(sniff.TLS()) })
	}

	g.Go(func() error {
		<-failed.Done()
		if c.OnDrain != nil {
			c.OnDrain()
		}
		until, stop := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer stop()
		var both errgroup.Group
		both.Go(func() error { return shutdown(until, plain) })
		both.Go(func() error { return shutdown(until, encrypted) })
		return errors.Join(sniff.Close(), both.Wait())
	})
	return g.Wait()
}

func newServer(base context.Context, h http.Handler, log *slog.Logger, encrypted bool) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(encrypted)
	return &http.Server{
		Handler:           h,
		Protocols:         protocols,
		MaxHeaderBytes:    MaxHeaderBytes,
		ReadHeaderTimeout: ReadHeaderTimeout,
		ReadTimeout:       ReadTimeout,
		WriteTimeout:      WriteTimeout,
		IdleTimeout:       IdleTimeout,
		BaseContext:       func(net.Listener) context.Context { return base },
		// Failed handshakes and the like: what clients do, not what we must act on.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// shutdown waits for the requests of one server, and cuts them off at the end of
// ctx.
func shutdown(ctx context.Context, s *http.Server) error {
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(errors.New("requests were cut off at the end of the drain time"), s.Close())
	}
	if errors.Is(err, net.ErrClosed) { // the listener is shared and already closed
		return nil
	}
	return err
}

// refuse closes every connection of l until l ends.
func refuse(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		c.Close()
	}
}
