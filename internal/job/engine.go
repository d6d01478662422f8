package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
)

// Defaults of Config.
const (
	defaultWorkers   = 4
	defaultLease     = 10 * time.Second
	defaultHeartbeat = 3 * time.Second
	defaultPoll      = time.Second
)

// Config is what an Engine works with. Control is required; the zero value of
// every other field works.
type Config struct {
	Control *db.DB
	// Acquire opens and pins an environment database; errs.NotFound when there
	// is none. Kinds with steps on environments need it.
	Acquire func(ctx context.Context, envUID string) (*db.DB, func(), error)
	Kinds   []Kind
	// Workers is how many jobs run side by side; 4 if zero.
	Workers int
	// Lease is how long a job of a dead node waits for another one (PostgreSQL);
	// 10 s if zero. Heartbeat, 3 s if zero, renews it.
	Lease, Heartbeat time.Duration
	// Poll is how often due jobs are looked for without a Wake; 1 s if zero.
	Poll   time.Duration
	Logger *slog.Logger
	// Node names this process in the lease, for people who look.
	Node string
}

// Engine enqueues jobs and runs them.
type Engine struct {
	Config
	kinds map[string]Kind
	// runnable is the condition that a job's kind and version are known, and its
	// arguments from $5 on.
	runnable     string
	runnableArgs []any

	wake    chan struct{}
	running atomic.Bool

	mu       sync.Mutex
	attempts map[int64]*attempt // by fence

	// seam is nil outside of tests. It is called at the points of a step and
	// answers true to end the attempt there as a crash would.
	seam func(j Job, step, point string) bool
}

// New makes an Engine. It reports unusable configuration.
func New(c Config) (*Engine, error) {
	if c.Control == nil {
		return nil, errors.New("job: Config.Control is nil")
	}
	c.Workers = cmp.Or(c.Workers, defaultWorkers)
	c.Lease = cmp.Or(c.Lease, defaultLease)
	c.Heartbeat = cmp.Or(c.Heartbeat, min(defaultHeartbeat, c.Lease/3))
	c.Poll = cmp.Or(c.Poll, defaultPoll)
	c.Node = cmp.Or(c.Node, uuid.NewString())
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Workers < 0 || c.Poll < 0 || c.Heartbeat <= 0 || c.Lease < 2*c.Heartbeat {
		return nil, fmt.Errorf("job: workers %d, poll %s, heartbeat %s, lease %s: the lease must be at least two heartbeats long",
			c.Workers, c.Poll, c.Heartbeat, c.Lease)
	}
	e := &Engine{
		Config: c, kinds: make(map[string]Kind, len(c.Kinds)), wake: make(chan struct{}, 1),
		attempts: make(map[int64]*attempt),
	}
	terms := make([]string, 0, len(c.Kinds))
	for _, k := range c.Kinds {
		if _, twice := e.kinds[k.name]; k.name == "" || k.run == nil || k.version < 1 || twice {
			return nil, fmt.Errorf("job: kind %q has no name, no function or no version, or is defined twice", k.name)
		}
		e.kinds[k.name] = k
		n := 5 + len(e.runnableArgs)
		terms = append(terms, fmt.Sprintf("kind = $%d AND args_version <= $%d", n, n+1))
		e.runnableArgs = append(e.runnableArgs, k.name, int64(k.version))
	}
	e.runnable = "(" + cmp.Or(strings.Join(terms, " OR "), "1 = 0") + ")"
	return e, nil
}

// Wake makes the engine look for due jobs now. Call it after the commit of an
// enqueue.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default: // it is going to look anyway
	}
}

// Run runs jobs until ctx ends. Then it takes no more, ends the contexts of those
// that run, waits for them, gives their leases back and returns nil: nothing of
// the engine is left running. It returns an error only when it cannot start.
func (e *Engine) Run(ctx context.Context) error {
	if !e.running.CompareAndSwap(false, true) {
		return errors.New("job: the engine is running already")
	}
	defer e.running.Store(false)
	if err := e.adopt(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("take over jobs: %w", err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { e.sweepAlways(ctx) })
	slots := make(chan struct{}, e.Workers)
	for {
		select {
		case <-ctx.Done():
			return nil
		case slots <- struct{}{}:
		}
		c, found, err := e.claim(ctx)
		if err != nil && ctx.Err() == nil {
			e.Logger.ErrorContext(ctx, "claim job", "error", err)
		}
		if found {
			wg.Go(func() {
				defer func() { <-slots }()
				e.work(ctx, c)
			})
			continue
		}
		<-slots
		e.idle(ctx)
	}
}

// idle waits for something to do.
func (e *Engine) idle(ctx context.Context) {
	// The jitter keeps nodes from asking the database in step.
	t := time.NewTimer(jitter(e.Poll, 0.1))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-e.wake:
	case <-t.C:
	}
}

// jitter is d, more or less by at most the given part.
func jitter(d time.Duration, part float64) time.Duration {
	return d + time.Duration((2*rand.Float64()-1)*part*float64(d))
}

func localMS() int64 { return time.Now().UnixMilli() }
