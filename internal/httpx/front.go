package httpx

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Access is one finished request, for metrics.
type Access struct {
	// Route is the pattern that matched, "control plane" for that surface, or
	// "none": a set of values bounded by the code.
	Route    string
	Method   string
	Status   int
	Bytes    int64
	Duration time.Duration
}

// FrontConfig says what a Front dispatches to.
type FrontConfig struct {
	// ControlPlane serves the restJson1 operations of amplifybackend on the raw
	// path. Required.
	ControlPlane http.Handler
	// Target serves requests with X-Amz-Target (awsJson1_1) on any path, S3 those
	// whose credential scope names s3. Without them such requests go to the mux.
	Target, S3 http.Handler
	// ByHost answers who serves a Host that is not this server's own name; nil for
	// all others. Everything at such a host is theirs but X-Amz-Target. Without it
	// every Host is treated alike.
	ByHost func(host string) http.Handler
	// Trusted are the proxies whose X-Forwarded-For and X-Forwarded-Proto count.
	Trusted []netip.Prefix
	// RequireTLS refuses requests that came in clear, except health checks, those
	// of trusted proxies, and the local control endpoints from this machine.
	RequireTLS bool
	// Observe is called once per request.
	Observe func(Access)
	Logger  *slog.Logger
}

// Front is the outermost handler. It decides on the raw request, before any
// cleaning, which surface a request belongs to: http.ServeMux would answer 307
// to the `//` that an SDK sends for an empty label.
type Front struct {
	c   FrontConfig
	mux *http.ServeMux
}

// NewFront makes a Front. It panics when ControlPlane is missing, which is a
// mistake of the program.
func NewFront(c FrontConfig) *Front {
	if c.ControlPlane == nil {
		panic("httpx: FrontConfig.ControlPlane is required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Front{c: c, mux: http.NewServeMux()}
}

// Handle registers an endpoint outside the AWS surfaces; see Mux.
func (f *Front) Handle(pattern string, h http.Handler) { f.mux.Handle(pattern, h) }

const (
	requestIDHeader = "X-Amzn-Requestid"
	// logPathLimit bounds what a client can write into the log with one request.
	logPathLimit = 256
)

// ServeHTTP implements http.Handler.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	addr, viaProxy := peer(r, f.c.Trusted)
	q := &request{
		id:     uuid.NewString(),
		peer:   addr,
		secure: r.TLS != nil || viaProxy && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
	rec := &recorder{ResponseWriter: w}
	w.Header().Set(requestIDHeader, q.id)

	surface := "none"
	// Deferred, so that the line is written and the metric counted also when the
	// handler ends the connection by panic(http.ErrAbortHandler).
	defer func() {
		d := time.Since(start)
		route := surface
		if surface == mux {
			// ServeMux writes the pattern into the request it was given.
			if route = r.Pattern; route == "" {
				route = "none"
			}
		}
		f.c.Logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("method", r.Method),
			slog.String("path", logPath(r)),
			slog.Int("status", rec.Status()),
			slog.Int64("bytes", rec.bytes),
			slog.Float64("duration_ms", math.Round(float64(d)/1e3)/1e3),
			slog.String("peer", addr.String()))
		if f.c.Observe != nil {
			f.c.Observe(Access{Route: route, Method: r.Method, Status: rec.Status(), Bytes: rec.bytes, Duration: d})
		}
	}()
	defer f.recover(rec, r)

	if f.c.RequireTLS && !q.secure && !viaProxy && !plainAllowed(r) {
		Error(rec, http.StatusForbidden, "this address answers over TLS only")
		return
	}
	var h http.Handler
	h, surface = f.dispatch(r)
	if surface == controlPlane && r.Header.Get("Origin") != "" {
		ControlPlaneCORS.Apply(w.Header())
	}
	h.ServeHTTP(rec, r)
}

// Names of surfaces; mux stands for the pattern that matches there.
const (
	controlPlane = "control plane"
	mux          = ""
)

// dispatch chooses the surface.
func (f *Front) dispatch(r *http.Request) (h http.Handler, surface string) {
	path := RawPath(r)
	control := under(path, "/backend") || under(path, "/s3Buckets")
	if !control {
		if service, ok := ScopeService(r); ok {
			switch {
			case service == "amplifybackend":
				// A signature with the wrong name at an API's address is told so there: the
				// control plane knows no such path.
				control = !under(path, "/api")
			case service == "s3" && f.c.S3 != nil:
				return f.c.S3, "s3"
			}
		}
	}
	if f.c.Target != nil && namesTarget(r) {
		return f.c.Target, "target"
	}
	if f.c.ByHost != nil {
		if h := f.c.ByHost(r.Host); h != nil {
			return h, "host"
		}
	}
	if !control {
		return f.mux, mux
	}
	if r.Method == http.MethodOptions {
		return preflight, controlPlane
	}
	return f.c.ControlPlane, controlPlane
}

// namesTarget reports whether a request has an X-Amz-Target, or asks before it
// is sent whether it may have one.
func namesTarget(r *http.Request) bool {
	if r.Method != http.MethodOptions {
		return r.Header.Get("X-Amz-Target") != ""
	}
	for _, list := range r.Header.Values("Access-Control-Request-Headers") {
		for name := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(name), "X-Amz-Target") {
				return true
			}
		}
	}
	return false
}

var preflight = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	ControlPlaneCORS.Preflight(w)
})

// under reports whether path is dir or below it.
func under(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/')
}

// plainAllowed names what a TLS-only server answers in clear: health checks,
// and the token-protected control endpoints to processes of this machine.
func plainAllowed(r *http.Request) bool {
	switch path := RawPath(r); {
	case path == "/healthz", path == "/readyz":
		return true
	default:
		return strings.HasPrefix(path, "/_preamp/") && direct(r).IsLoopback()
	}
}

// logPath is the path without its query, which may hold a presigned signature.
func logPath(r *http.Request) string {
	path := RawPath(r)
	if len(path) > logPathLimit {
		path = strings.ToValidUTF8(path[:logPathLimit], "") + "..."
	}
	return path
}

// recover turns a panic into a 500, or, when the answer has begun, ends the
// connection so that the client cannot take half an answer for a whole one.
func (f *Front) recover(rec *recorder, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	f.c.Logger.LogAttrs(r.Context(), slog.LevelError, "panic in a handler",
		slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	if rec.status != 0 {
		panic(http.ErrAbortHandler)
	}
	Error(rec, http.StatusInternalServerError, "internal error")
}
