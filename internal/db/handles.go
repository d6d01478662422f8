package db

import (
	"container/list"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"preamp/internal/errs"
)

const (
	dropWait = 10 * time.Second
	// pgHandles bounds the PostgreSQL handles, each of which is a schema name and
	// a cache of statement texts.
	pgHandles = 4096
)

type handleState uint8

const (
	opening handleState = iota
	ready
	closing
	dropped // no new Acquire; the database is to be removed
)

// handle is one environment that is open, or about to be opened or closed.
type handle struct {
	uid   string
	state handleState
	db    *DB
	pins  int
	elem  *list.Element // in handles.recent while ready
	// changed is closed when the state changes, and in state dropped when the
	// last pin is gone.
	changed chan struct{}
}

// handles is the bounded set of open environments, the least recently used of
// which is closed first.
type handles struct {
	limit    int
	dialect  Dialect
	open     func(ctx context.Context, uid string) (store, error)
	counters *counters
	logger   *slog.Logger

	mu     sync.Mutex
	byUID  map[string]*handle
	recent *list.List // of ready handles, most recently used first
	live   int        // handles that are ready or opening
	closed bool
}

func newHandles(limit int, d Dialect, open func(context.Context, string) (store, error), c *counters, l *slog.Logger) *handles {
	return &handles{
		limit: limit, dialect: d, open: open, counters: c, logger: l,
		byUID: map[string]*handle{}, recent: list.New(),
	}
}

// acquire answers a pinned handle and the function that unpins it.
func (hs *handles) acquire(ctx context.Context, uid string) (*DB, func(), error) {
	for {
		hs.mu.Lock()
		if hs.closed {
			hs.mu.Unlock()
			return nil, nil, errClosed
		}
		h := hs.byUID[uid]
		if h == nil {
			return hs.openNew(ctx, uid) // unlocks
		}
		switch h.state {
		case ready:
			h.pins++
			hs.recent.MoveToFront(h.elem)
			hs.mu.Unlock()
			return h.db, hs.releaser(h), nil
		case dropped:
			hs.mu.Unlock()
			return nil, nil, missingEnv()
		}
		changed := h.changed
		hs.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, nil, waitError(ctx)
		}
	}
}

// openNew opens an environment that is in no state yet. It is called with the
// lock held and releases it. Others who want the same environment wait for the
// outcome and then try themselves, so an opener whose context ends harms only
// itself.
func (hs *handles) openNew(ctx context.Context, uid string) (*DB, func(), error) {
	// Handles that are all pinned may exceed the limit, up to twice: a caller that
	// holds one environment and needs a second one must not wait for itself.
	if hs.live >= 2*hs.limit && hs.oldestIdle() == nil {
		hs.mu.Unlock()
		return nil, nil, errs.E(errs.Unavailable, "too many environments are in use")
	}
	h := &handle{uid: uid, changed: make(chan struct{})}
	hs.byUID[uid] = h
	hs.live++
	victims := hs.takeVictims()
	hs.mu.Unlock()

	hs.closeAll(victims)
	s, err := hs.open(ctx, uid)

	hs.mu.Lock()
	defer hs.mu.Unlock()
	if err == nil && hs.closed {
		err = errors.Join(errClosed, s.close())
	}
	if err != nil {
		hs.live--
		hs.remove(h)
		return nil, nil, err
	}
	hs.counters.opened.Add(1)
	h.db = &DB{store: s, dialect: hs.dialect}
	h.pins = 1
	h.elem = hs.recent.PushFront(h)
	hs.setState(h, ready)
	return h.db, hs.releaser(h), nil
}

func (hs *handles) setState(h *handle, s handleState) {
	h.state = s
	close(h.changed)
	h.changed = make(chan struct{})
}

// retire takes a ready handle out of use.
func (hs *handles) retire(h *handle, s handleState) {
	hs.recent.Remove(h.elem)
	hs.live--
	hs.setState(h, s)
}

// remove forgets a handle and wakes those who wait for it.
func (hs *handles) remove(h *handle) {
	delete(hs.byUID, h.uid)
	close(h.changed)
}

func (hs *handles) releaser(h *handle) func() {
	var once atomic.Bool
	return func() {
		if once.Swap(true) {
			return
		}
		hs.mu.Lock()
		h.pins--
		var victims []*handle
		if h.pins == 0 {
			if h.state == dropped {
				hs.setState(h, dropped)
			}
			victims = hs.takeVictims()
		}
		hs.mu.Unlock()
		hs.closeAll(victims)
	}
}

func (hs *handles) oldestIdle() *handle {
	for e := hs.recent.Back(); e != nil; e = e.Prev() {
		if h := e.Value.(*handle); h.pins == 0 {
			return h
		}
	}
	return nil
}

// takeVictims marks the least recently used idle handles over the limit.
func (hs *handles) takeVictims() []*handle {
	var victims []*handle
	for hs.live > hs.limit {
		h := hs.oldestIdle()
		if h == nil {
			break
		}
		hs.retire(h, closing)
		victims = append(victims, h)
	}
	return victims
}

func (hs *handles) closeAll(victims []*handle) {
	for _, h := range victims {
		if err := h.db.store.close(); err != nil {
			hs.logger.Warn("close environment database", "env", h.uid, "error", err)
		}
		hs.counters.evicted.Add(1)
		hs.mu.Lock()
		hs.remove(h)
		hs.mu.Unlock()
	}
}

func (hs *handles) known(uid string) bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return hs.byUID[uid] != nil
}

func (hs *handles) dropped(uid string) bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.byUID[uid]
	return h != nil && h.state == dropped
}

// drain makes acquire fail for uid, waits until nobody has it pinned and closes
// it. The environment stays dropped until forget.
func (hs *handles) drain(ctx context.Context, uid string) error {
	timeout := time.NewTimer(dropWait)
	defer timeout.Stop()
	for {
		hs.mu.Lock()
		if hs.closed {
			hs.mu.Unlock()
			return errClosed
		}
		h := hs.byUID[uid]
		if h == nil {
			hs.byUID[uid] = &handle{uid: uid, state: dropped, changed: make(chan struct{})}
			hs.mu.Unlock()
			return nil
		}
		if h.state == ready {
			hs.retire(h, dropped)
		}
		if h.state == dropped && h.pins == 0 {
			d := h.db
			h.db = nil
			hs.mu.Unlock()
			if d == nil {
				return nil
			}
			return d.store.close()
		}
		changed := h.changed
		hs.mu.Unlock()
		select {
		case <-changed:
		case <-timeout.C:
			return errs.E(errs.Unavailable, "the environment is still in use")
		case <-ctx.Done():
			return waitError(ctx)
		}
	}
}

// forget ends the state dropped after the database was removed.
func (hs *handles) forget(uid string) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if h := hs.byUID[uid]; h != nil && h.state == dropped {
		hs.remove(h)
	}
}

// opened are the environments that are open, the least recently used first.
func (hs *handles) opened() []string {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	out := make([]string, 0, hs.recent.Len())
	for e := hs.recent.Back(); e != nil; e = e.Prev() {
		out = append(out, e.Value.(*handle).uid)
	}
	return out
}

func (hs *handles) count() (open, pinned int) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for _, h := range hs.byUID {
		if h.db != nil {
			open++
		}
		if h.pins > 0 {
			pinned++
		}
	}
	return open, pinned
}

// close closes everything, pinned or not; calls that are running finish first.
func (hs *handles) close() error {
	hs.mu.Lock()
	hs.closed = true
	var all []*handle
	var busy []chan struct{}
	for _, h := range hs.byUID {
		switch {
		case h.state == opening || h.state == closing:
			busy = append(busy, h.changed)
		case h.db != nil:
			all = append(all, h)
		}
	}
	hs.mu.Unlock()
	var err error
	for _, h := range all {
		err = errors.Join(err, h.db.store.close())
	}
	for _, changed := range busy {
		<-changed
	}
	return err
}

// keyLock is one lock per key.
type keyLock struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

func newKeyLock() *keyLock { return &keyLock{held: map[string]chan struct{}{}} }

func (k *keyLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		k.mu.Lock()
		busy := k.held[key]
		if busy == nil {
			mine := make(chan struct{})
			k.held[key] = mine
			k.mu.Unlock()
			return func() {
				k.mu.Lock()
				delete(k.held, key)
				k.mu.Unlock()
				close(mine)
			}, nil
		}
		k.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, waitError(ctx)
		}
	}
}
