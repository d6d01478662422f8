package outgoing_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"preamp/internal/outgoing"
)

func prefixes(all ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range all {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// names is a resolver: the answers of a host in turn, the last one again and
// again.
type names struct {
	hosts map[string][][]string
	asked map[string]int
}

func (n *names) Resolve(_ context.Context, host string) ([]netip.Addr, error) {
	answers, ok := n.hosts[host]
	if !ok {
		return nil, fmt.Errorf("no such host %s", host)
	}
	i := min(n.asked[host], len(answers)-1)
	n.asked[host]++
	var out []netip.Addr
	for _, s := range answers[i] {
		out = append(out, netip.MustParseAddr(s))
	}
	return out, nil
}

// target is a listener that counts who gets through.
type target struct {
	*httptest.Server
	hits atomic.Int64
	port string
}

func listen(t *testing.T, secure bool, h http.HandlerFunc) *target {
	t.Helper()
	g := &target{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		g.hits.Add(1)
		if h != nil {
			h(w, q)
			return
		}
		_, _ = w.Write([]byte("secret of this machine"))
	})
	if secure {
		g.Server = httptest.NewTLSServer(handler)
	} else {
		g.Server = httptest.NewServer(handler)
	}
	t.Cleanup(g.Close)
	_, g.port, _ = net.SplitHostPort(g.Listener.Addr().String())
	return g
}

func client(t *testing.T, c outgoing.Config) *outgoing.Client {
	t.Helper()
	o := outgoing.New(c)
	t.Cleanup(o.CloseIdle)
	return o
}

func trusting(g *target) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(g.Certificate())
	return &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

// Every way to write an address of this machine, without anything listed.
func TestNothingInsideIsReached(t *testing.T) {
	t.Parallel()
	clear, secure := listen(t, false, nil), listen(t, true, nil)
	n := &names{asked: map[string]int{}, hosts: map[string][][]string{
		"localhost":        {{"127.0.0.1", "::1"}},
		"2130706433":       {{"127.0.0.1"}}, // as C libraries read it
		"0x7f.1":           {{"127.0.0.1"}},
		"0177.0.0.1":       {{"127.0.0.1"}},
		"127.1":            {{"127.0.0.1"}},
		"mapped.example":   {{"::ffff:127.0.0.1"}},
		"metadata.example": {{"169.254.169.254"}},
		"inside.example":   {{"10.0.0.1"}},
		"any.example":      {{"0.0.0.0"}},
		"nat64.example":    {{"64:ff9b::7f00:1"}},
		"empty.example":    {{}},
	}}
	o := client(t, outgoing.Config{Resolve: n.Resolve, TLS: trusting(secure)})
	for _, host := range []string{
		"127.0.0.1", "127.0.0.2", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[::127.0.0.1]",
		"localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "mapped.example", "metadata.example", "inside.example", "any.example",
		"nat64.example", "empty.example", "169.254.169.254", "10.0.0.1", "[fe80::1%25lo]",
	} {
		for _, u := range []string{"http://" + host + ":" + clear.port, "https://" + host + ":" + secure.port} {
			if a, err := o.Get(t.Context(), u); !errors.Is(err, outgoing.ErrRefused) {
				t.Errorf("%s: %+v, %v", u, a, err)
			}
		}
	}
	if clear.hits.Load()+secure.hits.Load() != 0 {
		t.Error("somebody got through")
	}
	// The control: the same addresses are reached when they are listed.
	open := client(t, outgoing.Config{Resolve: n.Resolve, TLS: trusting(secure), Allow: prefixes("127.0.0.0/8")})
	for _, u := range []string{
		"http://127.0.0.1:" + clear.port, "https://127.0.0.1:" + secure.port, "http://[::ffff:127.0.0.1]:" + clear.port,
		"http://2130706433:" + clear.port, "https://mapped.example:" + secure.port, "http://localhost:" + clear.port,
	} {
		if a, err := open.Get(t.Context(), u); err != nil || a.Status != 200 || string(a.Body) != "secret of this machine" {
			t.Errorf("listed %s: %+v, %v", u, a, err)
		}
	}
}

func TestURLsThatAreNeverCalled(t *testing.T) {
	t.Parallel()
	o := client(t, outgoing.Config{Allow: prefixes("0.0.0.0/0", "::/0")})
	for _, u := range []string{
		"", "x", "//host/x", "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/", "https://", "https:///x", "http://user:pass@127.0.0.1/",
		"http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://a b/", "javascript:alert(1)", "unix:///run/x.sock",
	} {
		if a, err := o.Get(t.Context(), u); err == nil {
			t.Errorf("%q: %+v", u, a)
		}
	}
}

// In clear only what is listed is called, public or not.
func TestClearTextNeedsAListedNetwork(t *testing.T) {
	t.Parallel()
	n := &names{asked: map[string]int{}, hosts: map[string][][]string{"public.example": {{"1.1.1.1"}}}}
	o := client(t, outgoing.Config{Resolve: n.Resolve, Allow: prefixes("127.0.0.0/8")})
	if _, err := o.Get(t.Context(), "http://public.example/"); !errors.Is(err, outgoing.ErrRefused) {
		t.Errorf("%v", err)
	}
}

// A name that is public when it is asked for and private when it is dialled: the
// address that was checked is the one that is dialled.
func TestRebinding(t *testing.T) {
	t.Parallel()
	g := listen(t, false, nil)
	n := &names{asked: map[string]int{}, hosts: map[string][][]string{
		"changes.example": {{"127.0.0.1"}, {"10.0.0.1"}},
		"both.example":    {{"10.0.0.1", "127.0.0.1", "169.254.169.254"}},
	}}
	o := client(t, outgoing.Config{Resolve: n.Resolve, Allow: prefixes("127.0.0.1/32")})
	if _, err := o.Get(t.Context(), "http://changes.example:"+g.port); err != nil {
		t.Errorf("the first answer: %v", err)
	}
	if n.asked["changes.example"] != 1 {
		t.Errorf("asked %d times for one connection", n.asked["changes.example"])
	}
	o.CloseIdle()
	if _, err := o.Get(t.Context(), "http://changes.example:"+g.port); !errors.Is(err, outgoing.ErrRefused) {
		t.Errorf("the second answer: %v", err)
	}
	// Of several addresses only the allowed ones are tried.
	if _, err := o.Get(t.Context(), "http://both.example:"+g.port); err != nil {
		t.Errorf("mixed answer: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	inside := listen(t, false, nil)
	n := &names{asked: map[string]int{}, hosts: map[string][][]string{
		"here.example": {{"127.0.0.1"}}, "inside.example": {{"127.0.0.2"}},
	}}
	var to atomic.Value
	g := listen(t, false, func(w http.ResponseWriter, q *http.Request) {
		switch {
		case q.URL.Path == "/end":
			_, _ = w.Write([]byte("end"))
		default:
			http.Redirect(w, q, to.Load().(string), http.StatusFound)
		}
	})
	base := "http://here.example:" + g.port
	o := client(t, outgoing.Config{Resolve: n.Resolve, Allow: prefixes("127.0.0.1/32")})
	for _, tc := range []struct {
		name, to string
		refused  bool
	}{
		{"to itself", base + "/end", false},
		{"to a private name", "http://inside.example:" + inside.port, true},
		{"to a private address", "http://127.0.0.2:" + inside.port, true},
		{"to the metadata service", "http://169.254.169.254/latest/meta-data/", true},
		{"to a file", "file:///etc/passwd", true},
		{"to a user", "http://a:b@here.example:" + g.port + "/end", true},
		{"for ever", base + "/again", true},
	} {
		to.Store(tc.to)
		a, err := o.Get(t.Context(), base+"/start")
		if tc.refused != (err != nil) || tc.refused && !errors.Is(err, outgoing.ErrRefused) {
			t.Errorf("%s: %+v, %v", tc.name, a, err)
		}
	}
	if inside.hits.Load() != 0 {
		t.Error("somebody got through")
	}
	to.Store(base + "/again")
	g.hits.Store(0)
	if _, err := o.Get(t.Context(), base+"/start"); err == nil || g.hits.Load() != 4 {
		t.Errorf("%d requests, %v", g.hits.Load(), err)
	}
	none := client(t, outgoing.Config{Resolve: n.Resolve, Allow: prefixes("127.0.0.1/32"), MaxRedirects: -1})
	to.Store(base + "/end")
	if _, err := none.Get(t.Context(), base+"/start"); !errors.Is(err, outgoing.ErrRefused) {
		t.Errorf("without redirects: %v", err)
	}
}

func TestSizeAndStatus(t *testing.T) {
	t.Parallel()
	g := listen(t, false, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/fits":
			_, _ = w.Write([]byte(strings.Repeat("x", 100)))
		case "/larger":
			_, _ = w.Write([]byte(strings.Repeat("x", 101)))
		case "/headers":
			w.Header().Set("X-Long", strings.Repeat("x", 100<<10))
		case "/agent":
			_, _ = w.Write([]byte(q.UserAgent() + " " + q.Header.Get("Accept")))
		default:
			w.WriteHeader(http.StatusTeapot)
		}
	})
	o := client(t, outgoing.Config{Allow: prefixes("127.0.0.1/32"), MaxBody: 100, UserAgent: "test"})
	if body, err := o.Document(t.Context(), g.URL+"/fits"); err != nil || len(body) != 100 {
		t.Errorf("%d, %v", len(body), err)
	}
	if _, err := o.Document(t.Context(), g.URL+"/larger"); !errors.Is(err, outgoing.ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if _, err := o.Document(t.Context(), g.URL+"/headers"); err == nil {
		t.Error("100 KiB of headers")
	}
	if body, err := o.Document(t.Context(), g.URL+"/agent"); err != nil || string(body) != "test application/json" {
		t.Errorf("%s, %v", body, err)
	}
	if _, err := o.Document(t.Context(), g.URL+"/other"); err == nil {
		t.Error("a status that is not 200 is a document")
	}
	if a, err := o.Get(t.Context(), g.URL+"/other"); err != nil || a.Status != http.StatusTeapot {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestTimeIsBounded(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	g := listen(t, false, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-stop:
		case <-q.Context().Done():
		}
	})
	t.Cleanup(func() { close(stop) })
	o := client(t, outgoing.Config{Allow: prefixes("127.0.0.1/32"), Timeout: 100 * time.Millisecond})
	if _, err := o.Get(t.Context(), g.URL); err == nil {
		t.Error("an answer that never ends")
	}
}

func TestNoProxy(t *testing.T) {
	proxy := listen(t, false, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	o := client(t, outgoing.Config{Resolve: (&names{asked: map[string]int{}}).Resolve, Allow: prefixes("127.0.0.0/8")})
	for _, u := range []string{"http://nowhere.example/", "https://nowhere.example/"} {
		if _, err := o.Get(t.Context(), u); err == nil {
			t.Errorf("%s was answered", u)
		}
	}
	if proxy.hits.Load() != 0 {
		t.Error("the proxy was asked")
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	t.Parallel()
	g := listen(t, true, nil)
	g.Config.ErrorLog = nil
	o := client(t, outgoing.Config{Allow: prefixes("127.0.0.1/32")})
	if _, err := o.Get(t.Context(), g.URL); err == nil {
		t.Error("a certificate of nobody was accepted")
	}
}
