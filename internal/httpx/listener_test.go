package httpx_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preamp/internal/httpx"
)

// served is a running server over a sniffing listener.
type served struct {
	addr   string
	ca     *httpx.CA
	stop   context.CancelFunc
	result chan error
	drains atomic.Int32
}

func start(t *testing.T, h http.Handler, edit func(*httpx.ServeConfig)) *served {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ca, err := httpx.OpenCA(t.TempDir(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &served{addr: ln.Addr().String(), ca: ca, stop: stop, result: make(chan error, 1)}
	c := httpx.ServeConfig{Listener: ln, Handler: h, TLS: ca.TLSConfig(), OnDrain: func() { s.drains.Add(1) }}
	if edit != nil {
		edit(&c)
	}
	go func() { s.result <- httpx.Serve(ctx, c) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-s.result:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("Serve did not return")
		}
	})
	return s
}

// end waits for the server and keeps its result for the cleanup.
func (s *served) end(t *testing.T) error {
	t.Helper()
	s.stop()
	select {
	case err := <-s.result:
		s.result <- nil
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("Serve did not return")
		return nil
	}
}

func (s *served) client(h2 bool) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.ca.PEM())
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: h2, DisableKeepAlives: true,
	}}
}

func get(t *testing.T, c *http.Client, url string) (string, *http.Response) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), resp
}

var protocol = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s tls=%v", r.Proto, r.TLS != nil)
})

func TestOnePortForAll(t *testing.T) {
	t.Parallel()
	s := start(t, protocol, nil)
	for _, tt := range []struct {
		url  string
		h2   bool
		want string
	}{
		{"http://" + s.addr, false, "HTTP/1.1 tls=false"},
		{"https://" + s.addr, false, "HTTP/1.1 tls=true"},
		{"https://" + s.addr, true, "HTTP/2.0 tls=true"},
		{"https://localhost:" + port(s.addr), true, "HTTP/2.0 tls=true"},
	} {
		if got, resp := get(t, s.client(tt.h2), tt.url); got != tt.want || resp.Header.Get("Date") == "" {
			t.Errorf("%s: %s %v", tt.url, got, resp.Header)
		}
	}
}

func port(addr string) string { _, p, _ := net.SplitHostPort(addr); return p }

func TestPlainSideSpeaksHTTP1Only(t *testing.T) {
	t.Parallel()
	s := start(t, protocol, nil)
	c := dial(t, s.addr)
	fmt.Fprint(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 ") {
		t.Errorf("%q %v", line, err)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, protocol, nil)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.ca.PEM())
	d := &tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}
	if c, err := d.DialContext(t.Context(), "tcp", s.addr); err == nil {
		c.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func TestHeaderLimit(t *testing.T) {
	t.Parallel()
	s := start(t, protocol, nil)
	for size, want := range map[int]string{12 << 10: "HTTP/1.1 200", 64 << 10: "HTTP/1.1 431"} {
		c := dial(t, s.addr)
		go fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: h\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", size))
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("%d bytes: %q %v", size, line, err)
		}
	}
}

// sniffer runs a Sniffer whose plain side echoes nothing: it counts.
func sniffer(t *testing.T, pending int, timeout time.Duration) (*httpx.Sniffer, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httpx.NewSniffer(ln, nil)
	s.SetLimits(pending, timeout)
	done := make(chan error, 1)
	go func() { done <- s.Run() }()
	t.Cleanup(func() {
		s.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, ln.Addr().String()
}

func TestSilentConnectionsEnd(t *testing.T) {
	t.Parallel()
	_, addr := sniffer(t, 10, 50*time.Millisecond)
	c := dial(t, addr)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !isReset(err) {
		t.Errorf("error %v", err)
	}
}

func isReset(err error) bool { _, ok := errors.AsType[*net.OpError](err); return ok }

func TestSilentConnectionsDoNotKeepOthersOut(t *testing.T) {
	t.Parallel()
	s, addr := sniffer(t, 4, time.Hour)
	var silent []net.Conn
	for range 20 {
		silent = append(silent, dial(t, addr))
	}
	c := dial(t, addr)
	if _, err := c.Write([]byte("G")); err != nil {
		t.Fatal(err)
	}
	got, err := s.Plain().Accept()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4)
	if n, err := got.Read(b); err != nil || string(b[:n]) != "G" {
		t.Errorf("%q %v", b[:n], err)
	}
	got.Close()
	// The oldest had to go.
	if _, err := silent[0].Read(b); err == nil {
		t.Error("the oldest silent connection is still there")
	}
}

func TestThePeekedByteComesBackOnce(t *testing.T) {
	t.Parallel()
	s, addr := sniffer(t, 4, time.Hour)
	c := dial(t, addr)
	if _, err := c.Write([]byte("\x16\x03\x01")); err != nil {
		t.Fatal(err)
	}
	got, err := s.TLS().Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if n, err := got.Read(nil); n != 0 || err != nil {
		t.Errorf("empty read: %d %v", n, err)
	}
	b := make([]byte, 3)
	if _, err := io.ReadFull(got, b); err != nil || string(b) != "\x16\x03\x01" {
		t.Errorf("%x %v", b, err)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		if r.Context().Err() != nil {
			t.Error("the request was cancelled by the end of the server")
		}
		_, _ = io.WriteString(w, "finished")
	}), nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		if got, _ := get(t, s.client(false), "http://"+s.addr); got != "finished" {
			t.Errorf("%q", got)
		}
	})
	<-entered
	s.stop()
	for s.drains.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	// No new connection is taken while the old one drains.
	deadline := time.Now().Add(10 * time.Second)
	for {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.addr)
		if err != nil {
			break
		}
		c.Close()
		if time.Now().After(deadline) {
			t.Fatal("still accepting")
		}
	}
	close(release)
	wg.Wait()
	if err := s.end(t); err != nil {
		t.Error(err)
	}
	if n := s.drains.Load(); n != 1 {
		t.Errorf("OnDrain ran %d times", n)
	}
}

func TestDrainEnds(t *testing.T) {
	t.Parallel()
	entered, left := make(chan struct{}), make(chan struct{})
	s := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(left)
	}), func(c *httpx.ServeConfig) { c.Drain = 50 * time.Millisecond })
	c := dial(t, s.addr)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	<-entered
	if err := s.end(t); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("error %v", err)
	}
	<-left
}

func TestIdleConnectionsDoNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	s := start(t, protocol, nil)
	c := dial(t, s.addr)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	silent := dial(t, s.addr)
	began := time.Now()
	if err := s.end(t); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %s", took)
	}
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("the silent connection is still open")
	}
}

func TestServeWithoutTLS(t *testing.T) {
	t.Parallel()
	s := start(t, protocol, func(c *httpx.ServeConfig) { c.TLS = nil })
	if got, _ := get(t, s.client(false), "http://"+s.addr); got != "HTTP/1.1 tls=false" {
		t.Error(got)
	}
	c := dial(t, s.addr)
	if _, err := c.Write([]byte("\x16\x03\x01")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a TLS hello was answered")
	}
}

// BenchmarkListener measures both listeners in turns, so that what else the
// machine does hits them alike. sniffed/plain is the ratio of their times.
func BenchmarkListener(b *testing.B) {
	answer := []byte(`{"data":{"getTodo":{"id":"1"}}}`)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) })
	var wg sync.WaitGroup
	defer wg.Wait()
	bind := func() net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		return ln
	}
	plain, sniffed := bind(), bind()
	sn := httpx.NewSniffer(sniffed, nil)
	wg.Go(func() { _ = sn.Run() })
	var calls [2]func()
	for i, ln := range []net.Listener{plain, sn.Plain()} {
		s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
		wg.Go(func() { _ = s.Serve(ln) })
		defer s.Close()
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		in := bufio.NewReader(c)
		calls[i] = func() {
			if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
				b.Fatal(err)
			}
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
		}
	}
	var spent [2]time.Duration
	for b.Loop() {
		for i, call := range calls {
			began := time.Now()
			call()
			spent[i] += time.Since(began)
		}
	}
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "plain-ns/op")
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "sniffed/plain")
}
