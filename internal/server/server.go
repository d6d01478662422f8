package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"preamp/internal/amplifybackend"
	"preamp/internal/awswire"
	"preamp/internal/backend"
	"preamp/internal/config"
	"preamp/internal/creds"
	"preamp/internal/db"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/httpx"
	"preamp/internal/identitypool"
	"preamp/internal/job"
	"preamp/internal/keys"
	"preamp/internal/notify"
	"preamp/internal/outgoing"
	"preamp/internal/provision"
	"preamp/internal/sigv4"
	"preamp/internal/userpool"
	"preamp/internal/userpool/hostedui"
	"preamp/internal/userpool/token"
)

// Region is the AWS region name that clients are given. Amplify's tools accept
// real ones only.
const Region = "us-east-1"

// options are what dev and serve differ in, once their configuration was read.
type options struct {
	dev         bool
	listen      string
	data        string
	databaseURL string
	master      keys.Secret
	// publicURL is the base of every URL; empty means http://<bound address>.
	publicURL string
	// certificates for TLS; nil uses the local CA.
	certificates *tls.Config
	insecure     bool
	trusted      []netip.Prefix
	relaxed      bool
	settings     map[string]string
	limits       endpoint.Limits
	rates        config.CognitoRates // off in dev
	outgoing     []netip.Prefix      // networks that are called although they are not public
	openEnvs     int
	openAPIs     int
	perSecond    int // control plane, per access key; 0 is no limit
	burst        int
	wait         time.Duration // for the control transaction
	body         int64         // bytes of a request to the control plane
	version      string
	logger       *slog.Logger
	messaging    messaging
	// social are the addresses of identity providers that are not the real ones.
	social map[string]*config.Endpoints
	// requirePKCE refuses authorization codes to public clients without a challenge.
	requirePKCE bool
	// awsNames answers at the host names of AWS.
	awsNames bool
	// fixedCode is the code of all messages; dev only.
	fixedCode string
}

// Server is a running preamp.
type Server struct {
	options
	started  time.Time
	listener net.Listener
	tls      *tls.Config
	ca       *httpx.CA

	set        *db.Set
	ring       *keys.Ring
	creds      *creds.Store
	registry   *backend.Registry
	provision  *provision.Provisioner
	jobs       *job.Engine
	graphql    *endpoint.Registry
	outside    *outgoing.Client
	base       *url.URL // of every URL, once the address is bound
	tokenKeys  *token.Keys
	verifier   *token.Verifier
	users      *userpool.Service
	pools      *ownPools
	sessions   *creds.Sessions
	identities *identitypool.API
	warned     *lru.Cache[string, struct{}]
	outbox     *outbox
	inbox      *notify.Inbox // dev only
	service    *amplifybackend.API
	front      *httpx.Front
	metrics    *prometheus.Registry
	token      string // of the local commands
	ready      atomic.Bool
	stop       context.CancelFunc
}

// ControlLines are the migrations of the control database, one line per feature.
func ControlLines() []db.Line {
	return []db.Line{keys.ControlLine(), creds.ControlLine(), backend.ControlLine(), job.ControlLine()}
}

// EnvLines are the migrations of an environment database.
func EnvLines() []db.Line {
	return []db.Line{
		keys.EnvLine(), job.EnvLine(), endpoint.EnvLine(), provision.EnvLine(), userpool.EnvLine(), token.EnvLine(), notify.EnvLine(),
		hostedui.EnvLine(), identitypool.EnvLine(),
	}
}

// open builds everything and binds the address. The caller runs it; what open
// acquired is released when Run returns.
func open(ctx context.Context, o options) (_ *Server, err error) {
	s := &Server{options: o, started: time.Now(), metrics: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.set, err = db.Open(ctx, db.Config{
		Dir: o.data, DatabaseURL: o.databaseURL, Control: ControlLines(), Env: EnvLines(), MaxOpen: o.openEnvs,
		Relaxed: o.relaxed, Logger: o.logger,
	}); err != nil {
		return nil, err
	}
	if s.ring, err = keys.Open(ctx, s.set.Control(), o.master); err != nil {
		return nil, err
	}
	if s.creds, err = creds.New(creds.Config{Control: s.set.Control(), Sealer: s.ring.Control()}); err != nil {
		return nil, err
	}
	s.registry = backend.New(backend.Config{Control: s.set.Control(), Sealer: s.ring.Control()})
	tokens, err := s.tokens()
	if err != nil {
		return nil, err
	}
	if s.graphql, err = endpoint.New(endpoint.Config{
		Signed: s.signed(), Tokens: tokens, UserPools: lateUserPools{s},
		Locate: func(ctx context.Context, apiID string) (*db.DB, *keys.Sealer, func(), error) {
			return s.provision.Locate(ctx, apiID)
		},
		Limits: o.limits, MaxAPIs: o.openAPIs, Logger: o.logger, Registerer: s.metrics,
	}); err != nil {
		return nil, err
	}
	s.provision = provision.New(provision.Config{
		Set: s.set, Registry: s.registry, Ring: s.ring, Invalidate: s.graphql.Invalidate,
		PoolChanged: func(pool string) { s.pools.forget(pool) },
		BaseURL:     s.baseURL, Settings: o.settings, Outgoing: o.outgoing, Region: Region, Logger: o.logger,
	})
	if s.jobs, err = job.New(job.Config{
		Control: s.set.Control(), Acquire: s.set.Acquire, Kinds: s.provision.Kinds(), Logger: o.logger,
	}); err != nil {
		return nil, err
	}
	s.service = amplifybackend.New(amplifybackend.Config{
		Control: s.set.Control(), Registry: s.registry, Jobs: s.jobs, Provision: s.provision,
		Sealer: s.ring.Control(), Wait: o.wait,
	})
	if err := s.openPools(); err != nil {
		return nil, err
	}
	if err := s.openIdentities(); err != nil {
		return nil, err
	}
	if err := s.bind(); err != nil {
		return nil, err
	}
	if err := s.mount(); err != nil {
		return nil, err
	}
	return s, nil
}

// baseURL is what every URL that a client is given begins with.
func (s *Server) baseURL() string {
	if s.publicURL != "" {
		return s.publicURL
	}
	return "http://" + s.listener.Addr().String()
}

// bind takes the address and chooses the certificates.
func (s *Server) bind() error {
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return bindError(s.listen, err)
	}
	s.listener = l
	if err := s.parseBase(); err != nil {
		return err
	}
	return s.chooseCertificates()
}

// leafHosts are the names and addresses that the local CA vouches for beside the
// usual ones: those by which others reach a server that is not on loopback.
func leafHosts(a net.Addr) []string {
	tcp, ok := a.(*net.TCPAddr)
	switch {
	case !ok || tcp.IP.IsLoopback():
		return nil
	case !tcp.IP.IsUnspecified():
		return []string{tcp.IP.String()}
	}
	var hosts []string
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return hosts
	}
	for _, addr := range addrs {
		if n, ok := addr.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			hosts = append(hosts, n.IP.String())
		}
	}
	return hosts
}

// mount puts every surface behind the front.
func (s *Server) mount() error {
	control, err := s.controlPlane()
	if err != nil {
		return err
	}
	limit := s.cognitoRates() // one for both, which share it
	target, err := s.targets(limit)
	if err != nil {
		return err
	}
	pages, err := s.newPages(limit)
	if err != nil {
		return err
	}
	s.front = httpx.NewFront(httpx.FrontConfig{
		ControlPlane: control, Target: target, ByHost: s.byHost(pages), Trusted: s.trusted, RequireTLS: !s.dev && !s.insecure,
		Observe: observer(s.metrics), Logger: s.logger,
	})
	s.graphql.Mount(s.front)
	pages.Mount(s.front)
	s.front.Handle(identitypool.KeysPattern, s.identities.KeysHandler())
	s.admin(s.front)
	return nil
}

// controlPlane is the surface of the signed operations. dev has no rate limit.
func (s *Server) controlPlane() (http.Handler, error) {
	rate := awswire.Rate{PerSecond: float64(s.perSecond), Burst: s.burst}
	if s.dev {
		rate = awswire.Rate{}
	}
	verifier := &sigv4.Verifier{Keys: s.creds, Service: "amplifybackend", Sessions: s.sessions}
	return awswire.NewHandler(awswire.Config{
		Operations: amplifybackend.Operations(s.service),
		Verify: func(r *http.Request, body []byte) (awswire.Identity, error) {
			i, err := verifier.Verify(r, body)
			return awswire.Identity{AccessKey: i.AccessKey, ARN: i.ARN, Region: i.Region, Presigned: i.Presigned}, err
		},
		MaxBody: s.body, Rate: rate, Observe: operationObserver(s.metrics), Logger: s.logger,
	})
}

// gcPercent is how far the heap may grow beyond what is in use before it is
// collected. A request leaves little behind and what stays is small, so Go's own
// default would collect many times a second under load. GOGC overrides it.
const gcPercent = 400

// tuneGC sets gcPercent unless the operator chose.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// Run serves until ctx ends, then finishes what is in flight. The server calls
// itself ready when start has returned; tasks run beside it, and one that ends
// ends the server.
func (s *Server) Run(ctx context.Context, start func(context.Context) error, tasks ...func(context.Context) error) error {
	// The record goes last: `preamp stop` and who copies the data directory take
	// its absence for a server whose databases are closed.
	defer s.removeRecord()
	defer s.close()
	tuneGC()
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	if err := s.writeRecord(); err != nil {
		return err
	}

	// Jobs outlive the listener: what is in flight may wait for one.
	jobs, stopJobs := context.WithCancel(context.WithoutCancel(ctx))
	defer stopJobs()
	var g errgroup.Group
	g.Go(func() error { defer s.stop(); return s.jobs.Run(jobs) })
	g.Go(func() error { defer s.stop(); return s.watchKeys(jobs) })
	g.Go(func() error { defer s.stop(); return s.outbox.Run(jobs) })
	g.Go(func() error { defer s.stop(); return s.sweep(jobs) })
	g.Go(func() error {
		defer stopJobs()
		return httpx.Serve(ctx, httpx.ServeConfig{
			Listener: s.listener, TLS: s.tls, Handler: s.front, Logger: s.logger,
			OnDrain: func() { s.ready.Store(false) },
		})
	})
	g.Go(func() error {
		if err := start(ctx); err != nil {
			stopped := ctx.Err() != nil
			s.stop()
			if stopped {
				return nil // before it was ready
			}
			return err
		}
		s.ready.Store(true)
		for _, task := range tasks {
			g.Go(func() error { defer s.stop(); return task(ctx) })
		}
		return nil
	})
	return g.Wait()
}

// close releases what open acquired; it is safe on a half-built server.
func (s *Server) close() {
	var all []error
	if s.listener != nil {
		if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			all = append(all, err)
		}
	}
	if s.outside != nil {
		s.outside.CloseIdle()
	}
	if s.set != nil {
		all = append(all, s.set.Close())
	}
	if err := errors.Join(all...); err != nil {
		s.logger.Error("close", "error", err)
	}
}
