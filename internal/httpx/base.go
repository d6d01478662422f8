package httpx

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// PublicBase is the address under which clients reach this server. Every URL
// that preamp answers with is built from it at the time of the answer and never
// stored, so a server can move.
type PublicBase struct {
	tls  bool
	host string // host, or host:port
}

// ParsePublicBase reads http(s)://host[:port]. A path is refused: signatures
// cover the path, so a prefix would break every signed request.
func ParsePublicBase(s string) (PublicBase, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return PublicBase{}, fmt.Errorf("not a URL: %q", s)
	case u.Scheme != "http" && u.Scheme != "https":
		return PublicBase{}, fmt.Errorf("must begin with http:// or https://, not %q", s)
	case u.Hostname() == "":
		return PublicBase{}, fmt.Errorf("has no host name: %q", s)
	case u.User != nil:
		return PublicBase{}, fmt.Errorf("must not hold a user name or password")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return PublicBase{}, fmt.Errorf("must be scheme, host and port only, not %q", s)
	}
	return PublicBase{tls: u.Scheme == "https", host: strings.ToLower(u.Host)}, nil
}

// LocalBase is the base of a server that listens in clear on addr. A wildcard
// address is not one that clients can dial, so loopback stands for it.
func LocalBase(addr net.Addr) PublicBase {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return PublicBase{host: addr.String()}
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return PublicBase{host: net.JoinHostPort(host, port)}
}

// String is the base without a slash at the end.
func (b PublicBase) String() string { return b.form("http") + b.host }

// URL is the base with a path, which begins with a slash.
func (b PublicBase) URL(path string) string { return b.String() + path }

// TLS is the https form: on the same port when the base is http, because one
// port serves both.
func (b PublicBase) TLS() PublicBase {
	b.tls = true
	return b
}

// WebSocket is the ws or wss form of a path. Amplify clients dial wss whatever
// the base says; see TLS.
func (b PublicBase) WebSocket(path string) string { return b.form("ws") + b.host + path }

// Host is host, or host:port.
func (b PublicBase) Host() string { return b.host }

// Encrypted reports whether the base is https.
func (b PublicBase) Encrypted() bool { return b.tls }

func (b PublicBase) form(scheme string) string {
	if b.tls {
		scheme += "s"
	}
	return scheme + "://"
}
