package outgoing

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// ErrRefused is the cause of every call that the guard did not let out.
var ErrRefused = errors.New("the address is not allowed")

// ErrTooLarge is the cause of a call whose answer was larger than the limit.
var ErrTooLarge = errors.New("the answer is too large")

// Config makes a Client. Its zero value is the strictest one.
type Config struct {
	// Allow are networks that may be called although they are not public, and in
	// clear: outgoing.allow in preamp.yaml.
	Allow []netip.Prefix
	// Timeout bounds a call with its redirects and its answer: 10 s.
	Timeout time.Duration
	// MaxBody bounds an answer in bytes: 1 MiB.
	MaxBody int64
	// MaxRedirects is the number of redirects that are followed: 3. Less than
	// zero follows none.
	MaxRedirects int
	// Resolve finds the addresses of a host; the system's resolver if nil.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// TLS is the base of the TLS configuration; nil trusts the system's roots.
	TLS *tls.Config
	// UserAgent is sent with every call: "preamp".
	UserAgent string
}

// Client calls addresses that are not trusted. It is safe for concurrent use.
type Client struct {
	c    Config
	http *http.Client
	// clear speaks HTTP, and only to listed networks; secure speaks TLS.
	clear, secure *http.Transport
}

// New makes a client.
func New(c Config) *Client {
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 1 << 20
	}
	if c.MaxRedirects == 0 {
		c.MaxRedirects = 3
	}
	if c.UserAgent == "" {
		c.UserAgent = "preamp"
	}
	if c.Resolve == nil {
		c.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	o := &Client{c: c}
	o.clear = o.transport(o.listed)
	o.secure = o.transport(func(a netip.Addr) bool { return Public(a) || o.listed(a) })
	o.http = &http.Client{Transport: o, Timeout: c.Timeout, CheckRedirect: o.redirect}
	return o
}

// Answer is what a call brought back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Get fetches a document. The error wraps ErrRefused when the guard did not let
// the call out and ErrTooLarge when the answer is over the limit. Its text is for
// logs: it tells what is reachable from here.
func (o *Client) Get(ctx context.Context, address string) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: not a URL", ErrRefused)
	}
	r.Header.Set("Accept", "application/json")
	return o.Do(r)
}

// Document fetches a document that has to be there: any status but 200 is an
// error.
func (o *Client) Document(ctx context.Context, address string) ([]byte, error) {
	a, err := o.Get(ctx, address)
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK {
		return nil, fmt.Errorf("status %d", a.Status)
	}
	return a.Body, nil
}

// Do sends a request and reads its answer, with the guarantees of Get.
func (o *Client) Do(r *http.Request) (Answer, error) {
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", o.c.UserAgent)
	}
	resp, err := o.http.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, o.c.MaxBody+1))
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(body)) > o.c.MaxBody {
		return Answer{}, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, o.c.MaxBody)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// CloseIdle closes the connections that no call uses.
func (o *Client) CloseIdle() {
	o.clear.CloseIdleConnections()
	o.secure.CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper: the guard sees every request, those
// after a redirect too.
func (o *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := Check(r.URL); err != nil {
		return nil, err
	}
	if r.URL.Scheme == "http" {
		return o.clear.RoundTrip(r)
	}
	return o.secure.RoundTrip(r)
}

// Check refuses a URL that is never called, wherever its host may be: one that is
// not http or https, has no host, or carries a user name.
func Check(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%w: the scheme is neither https nor http", ErrRefused)
	case u.Hostname() == "":
		return fmt.Errorf("%w: there is no host", ErrRefused)
	case u.User != nil:
		return fmt.Errorf("%w: the URL carries a user name", ErrRefused)
	}
	return nil
}

func (o *Client) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > o.c.MaxRedirects || o.c.MaxRedirects < 0 {
		return fmt.Errorf("%w: more than %d redirects", ErrRefused, max(o.c.MaxRedirects, 0))
	}
	return Check(r.URL)
}

func (o *Client) listed(a netip.Addr) bool {
	a = a.WithZone("")
	// As it is written, too: the operator may list 64:ff9b::/96.
	return within(o.c.Allow, a) || within(o.c.Allow, a.Unmap())
}

// transport makes one whose connections go only to addresses that may be called.
// It takes no proxy from the environment: a proxy would dial in our place.
func (o *Client) transport(may func(netip.Addr) bool) *http.Transport {
	t := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return o.dial(ctx, network, address, may)
		},
		TLSHandshakeTimeout:    min(5*time.Second, o.c.Timeout),
		ResponseHeaderTimeout:  o.c.Timeout,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    1,
		MaxIdleConns:           16,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true, // a bounded answer stays small when it is read
		ForceAttemptHTTP2:      true,
	}
	if o.c.TLS != nil {
		t.TLSClientConfig = o.c.TLS.Clone()
	}
	return t
}

// dial finds the addresses of a host, once, and connects to the first of those
// that may be called. What is checked is what is dialled, so an answer of the
// name server that changes between two questions changes nothing.
func (o *Client) dial(ctx context.Context, network, address string, may func(netip.Addr) bool) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 {
		return nil, fmt.Errorf("%w: not a port", ErrRefused)
	}
	found, err := o.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(a netip.Addr) bool { return !may(a) })
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrRefused, host)
	}
	const most = 4 // addresses of one host that are tried
	var all []error
	d := net.Dialer{Timeout: 3 * time.Second}
	for _, a := range found[:min(len(found), most)] {
		conn, err := d.DialContext(ctx, network, netip.AddrPortFrom(a, uint16(port)).String())
		if err == nil {
			return conn, nil
		}
		all = append(all, err)
	}
	return nil, errors.Join(all...)
}

// resolve finds the addresses of a host. One that is written as an address is
// that address; forms that only C libraries read (decimal, octal) go to the
// resolver, whose answer is checked like any other.
func (o *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return nil, fmt.Errorf("%w: an address with a zone", ErrRefused)
		}
		return []netip.Addr{a}, nil
	}
	found, err := o.c.Resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	return slices.Clone(found), nil
}
