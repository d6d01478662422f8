package server

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"preamp/internal/errs"
	"preamp/internal/httpx"
)

// Environment is what `preamp env` prints: how AWS clients reach this server.
type Environment struct {
	Endpoint        string `json:"endpoint"`
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	Region          string `json:"region"`
}

// admin mounts health, metrics and the endpoints of the local commands. The
// latter want the token of the server's record, which only its owner can read.
func (s *Server) admin(mux httpx.Mux) {
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.metrics.MustRegister(storeCollector{s.set})
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	mux.Handle("GET /healthz", text(func(*http.Request) (int, string) { return http.StatusOK, "ok" }))
	mux.Handle("GET /readyz", text(s.readiness))
	mux.Handle("GET /_preamp/status", s.local(func(r *http.Request) (any, error) { return s.status(r.Context()) }))
	mux.Handle("GET /_preamp/env", s.local(func(r *http.Request) (any, error) { return s.environment(r) }))
	mux.Handle("POST /_preamp/stop", s.local(func(*http.Request) (any, error) {
		s.stop()
		return map[string]bool{"stopping": true}, nil
	}))
	mux.Handle("GET /_preamp/client-config", s.local(func(r *http.Request) (any, error) {
		q := r.URL.Query()
		raw, err := s.provision.ClientConfig(r.Context(), q.Get("app"), q.Get("env"), q.Get("format"))
		return rawBody(raw), err
	}))
	mux.Handle("GET /_preamp/settings", s.local(s.settings))
	mux.Handle("POST /_preamp/settings", s.local(s.putSettings))
	mux.Handle("POST /_preamp/users", http.HandlerFunc(s.importUsers))
	mux.Handle("GET /_preamp/inbox", s.local(s.messages))
	mux.Handle("POST /_preamp/rotate-keys", s.local(s.rotateKeys))
	mux.Handle("POST /_preamp/issuer", s.local(s.setIssuer))
}

// probeTime is how long the database may take for its word that it is there.
const probeTime = 2 * time.Second

// readiness says whether requests can be served: the server has started, does
// not stop yet, and its database answers.
func (s *Server) readiness(r *http.Request) (int, string) {
	if !s.ready.Load() {
		return http.StatusServiceUnavailable, "not ready"
	}
	ctx, cancel := context.WithTimeout(r.Context(), probeTime)
	defer cancel()
	if err := s.set.Ping(ctx); err != nil {
		return http.StatusServiceUnavailable, "not ready: the database does not answer"
	}
	return http.StatusOK, "ready"
}

// settings answers the backend settings of an environment.
func (s *Server) settings(r *http.Request) (any, error) {
	q := r.URL.Query()
	return s.provision.EnvSettings(r.Context(), q.Get("app"), q.Get("env"))
}

// putSettings stores each "set=name=value" of the query, all or none, and
// answers all settings.
func (s *Server) putSettings(r *http.Request) (any, error) {
	q := r.URL.Query()
	changes := map[string]string{}
	for _, change := range q["set"] {
		name, value, ok := strings.Cut(change, "=")
		if !ok {
			return nil, errs.E(errs.Invalid, "a setting is changed by set=name=value")
		}
		changes[name] = value
	}
	if err := s.provision.PutSettings(r.Context(), q.Get("app"), q.Get("env"), changes); err != nil {
		return nil, err
	}
	return s.settings(r)
}

func text(f func(*http.Request) (int, string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body := f(r)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body + "\n"))
	})
}

// rawBody is answered as it is, everything else as JSON.
type rawBody []byte

// notLocal refuses who does not know the token of the server's record.
const notLocal = "this endpoint is for the preamp command on this machine"

func (s *Server) knowsToken(r *http.Request) bool {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return s.token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1
}

// refuse answers a local command with an error.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := errs.Public(err)
	if e.Kind == errs.Internal {
		s.logger.ErrorContext(r.Context(), "local command failed", "path", r.URL.Path, "error", err)
	}
	httpx.Error(w, localStatus(e.Kind), e.Message)
}

// local serves a command on this machine that knows the server's token.
func (s *Server) local(f func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.knowsToken(r) {
			httpx.Error(w, http.StatusForbidden, notLocal)
			return
		}
		v, err := f(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		if raw, ok := v.(rawBody); ok {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(raw)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		_ = e.Encode(v)
	})
}

func localStatus(k errs.Kind) int {
	switch k {
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Invalid, errs.Conflict:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// environment tells how AWS clients reach this server. The root key is told in
// dev only; serve never prints a secret twice.
func (s *Server) environment(r *http.Request) (Environment, error) {
	if !s.dev {
		return Environment{}, errs.E(errs.Invalid, "a server started with `preamp serve` does not tell its keys: make one with `preamp keys create`")
	}
	key, err := s.creds.Root(r.Context())
	if err != nil {
		return Environment{}, err
	}
	return Environment{Endpoint: s.baseURL(), AccessKeyID: key.ID, SecretAccessKey: key.Secret.Reveal(), Region: Region}, nil
}

// observer counts requests by route, method and status class.
func observer(reg *prometheus.Registry) func(httpx.Access) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "preamp_http_requests_total", Help: "HTTP requests that were answered.",
	}, []string{"route", "method", "class"})
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "preamp_http_request_seconds", Help: "Time from the request's header to the end of its answer, in seconds.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30},
	}, []string{"route"})
	reg.MustRegister(requests, seconds)
	return func(a httpx.Access) {
		requests.WithLabelValues(a.Route, method(a.Method), class(a.Status)).Inc()
		seconds.WithLabelValues(a.Route).Observe(a.Duration.Seconds())
	}
}

// method keeps a label bounded: clients may send any word.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return m
	}
	return "other"
}

func class(status int) string {
	switch {
	case status < 300:
		return "2xx"
	case status < 400:
		return "3xx"
	case status < 500:
		return "4xx"
	}
	return "5xx"
}

// operationObserver counts the operations of the control plane by their outcome.
func operationObserver(reg *prometheus.Registry) func(operation, code string, status int, took time.Duration) {
	operations := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "preamp_operations_total", Help: "Operations of the control plane that were answered, by error name (empty: success).",
	}, []string{"operation", "code"})
	reg.MustRegister(operations)
	return func(operation, code string, _ int, _ time.Duration) {
		operations.WithLabelValues(operation, code).Inc()
	}
}
