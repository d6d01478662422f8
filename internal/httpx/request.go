package httpx

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"preamp/internal/authn"
)

// request is what the front learned about a request, one allocation for all.
type request struct {
	id     string
	peer   netip.Addr
	secure bool
}

type requestKey struct{}

func fromContext(ctx context.Context) *request {
	q, _ := ctx.Value(requestKey{}).(*request)
	return q
}

// RequestID is the id of the request that ctx belongs to, as sent to the client
// in x-amzn-RequestId; empty outside a request.
func RequestID(ctx context.Context) string {
	if q := fromContext(ctx); q != nil {
		return q.id
	}
	return ""
}

// Peer is the address of the client: the connection's, or the one that trusted
// proxies report.
func Peer(ctx context.Context) (addr netip.Addr, ok bool) {
	if q := fromContext(ctx); q != nil {
		return q.peer, q.peer.IsValid()
	}
	return netip.Addr{}, false
}

// Secure reports whether the client's connection is encrypted, at this server or
// at a trusted proxy.
func Secure(ctx context.Context) bool {
	q := fromContext(ctx)
	return q != nil && q.secure
}

// direct is the address at the other end of the connection.
func direct(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// peer is the client's address. Only a trusted proxy may name another one: the
// list in X-Forwarded-For is read from the right, and the first address that is
// not itself a trusted proxy is the client. What stands left of it was sent by
// the client and proves nothing.
func peer(r *http.Request, trusted []netip.Prefix) (addr netip.Addr, viaProxy bool) {
	addr = direct(r)
	if len(trusted) == 0 || !contains(trusted, addr) {
		return addr, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			break
		}
		addr = hop
		if !contains(trusted, hop) {
			break
		}
	}
	return addr, true
}

// parseHop reads one element of X-Forwarded-For: an address, with or without
// port and brackets.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}

// LogHandler adds the request id and the caller of the context to every record.
func LogHandler(h slog.Handler) slog.Handler { return logHandler{h} }

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	if c, ok := authn.FromContext(ctx); ok && c.ID != "" {
		r.AddAttrs(slog.String("caller", c.ID))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(a)}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}
