package endpoint

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
	"preamp/internal/httpx"
	"preamp/internal/keys"
	"preamp/internal/oidc"
)

// Config makes a Registry.
type Config struct {
	// Locate leads from an API id to the database of its environment and the
	// sealer of that environment, and pins the database until the function it
	// answers is called. errs.NotFound for an id that is not known.
	Locate func(ctx context.Context, apiID string) (*db.DB, *keys.Sealer, func(), error)
	// Signed verifies a request that was signed with an access key for the service
	// appsync. Its error is an *errs.Error. Nil accepts none.
	Signed func(q *http.Request, body []byte) (authn.Caller, error)
	// Tokens verifies the tokens of issuers elsewhere. Nil accepts none.
	Tokens *oidc.Verifier
	// UserPools verifies the tokens of the user pools of this server. Nil is a
	// server that has none.
	UserPools UserPools
	Logger    *slog.Logger
	Limits    Limits
	// MaxAPIs is the number of APIs kept in memory: 256.
	MaxAPIs int
	// Registerer takes the metrics; nil for none.
	Registerer prometheus.Registerer
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// maxAge is how long a live version is served without a look at the database,
// in case another node has published a new one.
const maxAge = 5 * time.Second

// loadTime is how long loading an API may take. A load serves all requests that
// wait for it, so it does not end with any of them.
const loadTime = 15 * time.Second

// Registry serves the live APIs. It is safe for concurrent use.
type Registry struct {
	c       Config
	limits  Limits
	now     func() time.Time
	log     *slog.Logger
	apis    *lru.Cache[string, *api]
	loads   singleflight.Group
	changes atomic.Int64 // counts Invalidate
	own     *ownTokens
	metrics *metrics
	mux     *http.ServeMux // of ServeHTTP
}

// New makes a registry.
func New(c Config) (*Registry, error) {
	if c.Locate == nil {
		return nil, errors.New("endpoint: Locate is required")
	}
	if c.MaxAPIs <= 0 {
		c.MaxAPIs = 256
	}
	r := &Registry{c: c, limits: c.Limits.withDefaults(), now: c.Now, log: c.Logger}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if r.apis, err = lru.New[string, *api](c.MaxAPIs); err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if r.own, err = newOwnTokens(); err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if r.metrics, err = newMetrics(c.Registerer, r.apis.Len); err != nil {
		return nil, fmt.Errorf("endpoint: register metrics: %w", err)
	}
	r.mux = http.NewServeMux()
	r.Mount(r.mux)
	return r, nil
}

// Mount adds the endpoints of all APIs.
func (r *Registry) Mount(m httpx.Mux) {
	m.Handle("/api/{apiId}/graphql", http.HandlerFunc(r.serveGraphQL))
	m.Handle("/api/{apiId}/graphql/realtime", http.HandlerFunc(r.serveRealtime))
}

// Invalidate forgets an API: a new version is live, its keys have changed, or it
// is gone.
func (r *Registry) Invalidate(apiID string) {
	r.changes.Add(1)
	r.loads.Forget(apiID) // a load that began before does not answer requests that come now
	r.apis.Remove(apiID)
}

// api is one version of an API that is served. It is replaced, never changed.
type api struct {
	exec    *exec.Executor
	version int64
	auth    Auth // as it is stored
	access  *access
	keys    map[[sha256.Size]byte]apiKey
	// checked is when the version and the keys were last read, in nanoseconds.
	checked atomic.Int64
	// checking says that a request is looking at them now.
	checking atomic.Bool
}

type apiKey struct {
	id      string
	hash    [sha256.Size]byte
	expires int64 // milliseconds
}

// key finds an API key that has not expired.
func (a *api) key(value string, now time.Time) (apiKey, bool) {
	sum := sha256.Sum256([]byte(value))
	k, ok := a.keys[sum]
	if !ok || subtle.ConstantTimeCompare(k.hash[:], sum[:]) != 1 || now.UnixMilli() >= k.expires {
		return apiKey{}, false
	}
	return k, true
}

// lookup is the API to serve a request with.
func (r *Registry) lookup(ctx context.Context, apiID string, d *db.DB, s *keys.Sealer) (*api, error) {
	a, ok := r.apis.Get(apiID)
	if !ok {
		return r.load(ctx, apiID, d, s)
	}
	if r.now().UnixNano()-a.checked.Load() < int64(maxAge) || !a.checking.CompareAndSwap(false, true) {
		return a, nil
	}
	defer a.checking.Store(false)
	before := r.changes.Load()
	stored, err := read(ctx, d, apiID, false)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		r.apis.Remove(apiID)
		return nil, err
	case err != nil:
		return nil, err
	case stored.version.Number != a.version || stored.version.Auth != a.auth:
		r.apis.Remove(apiID)
		return r.load(ctx, apiID, d, s)
	}
	next := &api{exec: a.exec, version: a.version, auth: a.auth, access: a.access, keys: stored.keys}
	next.checked.Store(r.now().UnixNano())
	if before == r.changes.Load() {
		r.apis.Add(apiID, next)
	}
	return next, nil
}

// load reads and compiles the live version. Requests that come at the same time
// share one load.
func (r *Registry) load(ctx context.Context, apiID string, d *db.DB, s *keys.Sealer) (*api, error) {
	done := r.loads.DoChan(apiID, func() (any, error) {
		// The database stays pinned for the load, which may outlast the request
		// that began it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTime)
		defer cancel()
		d, s, release, err := r.c.Locate(ctx, apiID)
		if err != nil {
			return nil, err
		}
		defer release()
		before := r.changes.Load()
		a, err := r.compile(ctx, apiID, d, s)
		if err != nil {
			return nil, err
		}
		// If anything was published meanwhile, what was read may be old: it is
		// good for the requests that wait, and not kept.
		if before == r.changes.Load() {
			r.apis.Add(apiID, a)
		}
		return a, nil
	})
	select {
	case <-ctx.Done():
		return nil, errs.Wrap(errs.Timeout, ctx.Err(), "the API is still loading")
	case res := <-done:
		if res.Err != nil {
			return nil, res.Err
		}
		return res.Val.(*api), nil
	}
}

func (r *Registry) compile(ctx context.Context, apiID string, d *db.DB, s *keys.Sealer) (*api, error) {
	start := time.Now()
	stored, err := read(ctx, d, apiID, true)
	if err != nil {
		return nil, err
	}
	doc, err := schema.ParseAs(stored.version.Source, stored.version.Options.Version)
	if err != nil {
		return nil, fmt.Errorf("parse version %d of API %s: %s", stored.version.Number, apiID, err.Error())
	}
	compiled, err := transform.Expand(doc, stored.version.Options)
	if err != nil {
		return nil, fmt.Errorf("expand version %d of API %s: %s", stored.version.Number, apiID, err.Error())
	}
	if compiled.Invalid != nil {
		return nil, fmt.Errorf("version %d of API %s: %w", stored.version.Number, apiID, compiled.Invalid)
	}
	for _, m := range compiled.Models {
		for _, t := range stored.version.Layout.Tables {
			if t.Model == m.Stored {
				m.Table = t.Name
			}
		}
	}
	// Only a push looks at these, and a compiled API is large enough without.
	compiled.SDL, compiled.Layout = "", transform.Layout{}
	l := r.limits
	x, err := exec.New(exec.Config{
		API: compiled, ID: apiID, Dialect: d.Dialect(), Sealer: s, Logger: r.log, Now: r.now,
		Limits: exec.Limits{
			Text: l.QueryText, Tokens: l.Tokens, Depth: l.Depth, DepthAPIKey: l.DepthAPIKey, Aliases: l.Aliases, Fields: l.Fields,
			Page: l.Page, MaxPage: l.List, Time: l.Time, JSONDepth: l.JSONDepth, Answer: l.Answer,
		},
	})
	if err != nil {
		return nil, err
	}
	who, err := newAccess(stored.version)
	if err != nil {
		return nil, fmt.Errorf("version %d of API %s: %w", stored.version.Number, apiID, err)
	}
	a := &api{exec: x, version: stored.version.Number, auth: stored.version.Auth, access: who, keys: stored.keys}
	a.checked.Store(r.now().UnixNano())
	r.log.InfoContext(ctx, "API loaded", "api", apiID, "version", a.version, "duration", time.Since(start))
	return a, nil
}

// record is what the database says about an API.
type record struct {
	version Version
	keys    map[[sha256.Size]byte]apiKey
}

// read reads the live version, whole or just its number and who it lets in, and the
// keys.
func read(ctx context.Context, d *db.DB, apiID string, whole bool) (record, error) {
	var out record
	err := d.Read(ctx, func(q *db.Query) error {
		out = record{keys: map[[sha256.Size]byte]apiKey{}}
		var err error
		if whole {
			out.version, err = LiveVersion(q, apiID)
		} else {
			out.version.Number, out.version.Auth, err = liveNumber(q, apiID)
		}
		if err != nil {
			return err
		}
		return q.Each(`SELECT id, hash, expires_ms FROM env.api_key WHERE api = $1`, []any{apiID}, func(row db.Row) error {
			var k apiKey
			var text string
			if err := row.Scan(&k.id, &text, &k.expires); err != nil {
				return err
			}
			if n, err := hex.Decode(k.hash[:], []byte(text)); err != nil || n != sha256.Size {
				return fmt.Errorf("API key %s has no valid hash", k.id)
			}
			out.keys[k.hash] = k
			return nil
		})
	})
	return out, err
}

func liveNumber(q *db.Query, apiID string) (n int64, auth Auth, err error) {
	var text string
	err = q.Row(`SELECT a.live_version, v.auth FROM env.api a JOIN env.api_version v ON v.api = a.id AND v.version = a.live_version WHERE a.id = $1`,
		apiID).Scan(&n, &text)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return 0, Auth{}, missingAPI(apiID)
	case err != nil:
		return 0, Auth{}, fmt.Errorf("read the live version: %w", err)
	}
	if err := json.Unmarshal([]byte(text), &auth); err != nil {
		return 0, Auth{}, fmt.Errorf("decode authentication: %w", err)
	}
	return n, auth, nil
}
