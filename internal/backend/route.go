package backend

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"preamp/internal/db"
	"preamp/internal/errs"
)

const (
	routeCacheSize = 10_000
	routeAge       = 30 * time.Second
	// routeStale is how old a route may be while the control database does not
	// answer. Routes never move, and an environment that is gone is noticed when
	// it is opened.
	routeStale = 15 * time.Minute
)

// Route finds the environment that an identifier belongs to. It is remembered
// for 30 seconds, and longer while the control database does not answer;
// unknown identifiers are not remembered, because they may be made at any time.
// errs.NotFound when there is none.
func (r *Registry) Route(ctx context.Context, kind, key string) (envUID string, err error) {
	envUID, age := r.routes.get(kind, key)
	if envUID != "" && age < routeAge {
		return envUID, nil
	}
	if !storable(kind, key) {
		return "", missingRoute(kind, key)
	}
	before := r.routes.epoch()
	text, err := r.Control.Text(ctx, `SELECT env_uid FROM ctl.route WHERE kind = $1 AND key = $2`, kind, key)
	switch {
	case err == nil:
		envUID = string(text)
		r.routes.put(kind, key, envUID, before)
		return envUID, nil
	case errors.Is(err, db.ErrNoRows):
		r.routes.forget(kind, key)
		return "", missingRoute(kind, key)
	case envUID != "" && age < routeStale && ctx.Err() == nil:
		return envUID, nil
	}
	return "", fmt.Errorf("read route: %w", err)
}

func missingRoute(kind, key string) error {
	return errs.Missing(resourceTypes[kind], "There is no %s with the id %s.", kind, printable(key))
}

// RouteKey is an identifier of a kind.
type RouteKey struct {
	Kind string `json:"kind"`
	Key  string `json:"key"`
}

// FindRoute is Route within a transaction or read, and remembers nothing.
func (r *Registry) FindRoute(q *db.Query, kind, key string) (envUID string, found bool, err error) {
	if !storable(kind, key) {
		return "", false, nil
	}
	err = q.Row(`SELECT env_uid FROM ctl.route WHERE kind = $1 AND key = $2`, kind, key).Scan(&envUID)
	if errors.Is(err, db.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("find route: %w", err)
	}
	return envUID, true, nil
}

// parkedPrefix begins the kinds of routes of an environment that is being deleted.
const parkedPrefix = "-"

// ParkRoutes makes nothing lead to an environment any more, whoever made the
// routes. RestoreRoutes takes it back; RemoveEnv forgets them for good. After the
// commit, [Registry.ForgetEnv].
func (r *Registry) ParkRoutes(tx *db.Tx, envUID string) error {
	_, err := tx.Exec(`UPDATE ctl.route SET kind = $2 || kind WHERE env_uid = $1 AND substr(kind, 1, 1) <> $2`, envUID, parkedPrefix)
	if err != nil {
		return fmt.Errorf("park routes: %w", err)
	}
	return nil
}

// RestoreRoutes takes ParkRoutes back. What somebody else has taken meanwhile stays
// with them.
func (r *Registry) RestoreRoutes(tx *db.Tx, envUID string) error {
	for _, sql := range []string{
		`DELETE FROM ctl.route AS r WHERE env_uid = $1 AND substr(kind, 1, 1) = $2 AND EXISTS (
			SELECT 1 FROM ctl.route o WHERE o.kind = substr(r.kind, 2) AND o.key = r.key)`,
		`UPDATE ctl.route SET kind = substr(kind, 2) WHERE env_uid = $1 AND substr(kind, 1, 1) = $2`,
	} {
		if _, err := tx.Exec(sql, envUID, parkedPrefix); err != nil {
			return fmt.Errorf("restore routes: %w", err)
		}
	}
	return nil
}

// ForgetEnv drops what is remembered of all routes to an environment.
func (r *Registry) ForgetEnv(envUID string) { r.routes.forgetEnv(envUID) }

// PutRoute makes a route. errs.Conflict when the identifier belongs to another
// environment: identifiers never move.
func (r *Registry) PutRoute(tx *db.Tx, kind, key, envUID string) error {
	n, err := tx.Exec(`
		INSERT INTO ctl.route AS r (kind, key, env_uid) VALUES ($1, $2, $3)
		ON CONFLICT (kind, key) DO UPDATE SET env_uid = excluded.env_uid WHERE r.env_uid = excluded.env_uid`,
		kind, key, envUID)
	if err != nil {
		return fmt.Errorf("put route: %w", err)
	}
	if n == 0 {
		return errs.E(errs.Conflict, "The identifier %s is in use.", printable(key))
	}
	return nil
}

// Routes are the identifiers of a kind in their order, those behind after, at
// most limit of them.
func (r *Registry) Routes(q *db.Query, kind, after string, limit int) ([]string, error) {
	keys := []string{}
	if !storable(after) {
		return keys, nil
	}
	err := q.Each(`SELECT key FROM ctl.route WHERE kind = $1 AND key > $2 ORDER BY key LIMIT $3`,
		[]any{kind, after, limit}, func(row db.Row) error {
			var key string
			err := row.Scan(&key)
			keys = append(keys, key)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	return keys, nil
}

// RemoveRoute removes a route. It is no error when there is none. Requests in
// flight may follow it for up to 30 seconds more; see [Registry.Forget].
func (r *Registry) RemoveRoute(tx *db.Tx, kind, key string) error {
	if _, err := tx.Exec(`DELETE FROM ctl.route WHERE kind = $1 AND key = $2`, kind, key); err != nil {
		return fmt.Errorf("remove route: %w", err)
	}
	r.routes.forget(kind, key)
	return nil
}

// Forget drops what is remembered of a route. Called after the commit that
// removed it, no request of this process follows it any more.
func (r *Registry) Forget(kind, key string) { r.routes.forget(kind, key) }

type routeKey struct{ kind, key string }

type routeEntry struct {
	envUID string
	read   time.Time
}

// routes is the cache of routes.
type routes struct {
	mu  sync.Mutex
	lru *simplelru.LRU[routeKey, routeEntry]
	// forgotten counts removals, so that what was read before one is not put
	// back after it.
	forgotten uint64
}

func newRoutes() *routes {
	lru, err := simplelru.NewLRU[routeKey, routeEntry](routeCacheSize, nil)
	if err != nil {
		panic("backend: route cache: " + err.Error())
	}
	return &routes{lru: lru}
}

func (c *routes) get(kind, key string) (envUID string, age time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.lru.Get(routeKey{kind, key})
	if !ok {
		return "", 0
	}
	return e.envUID, time.Since(e.read)
}

func (c *routes) epoch() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.forgotten
}

// put remembers a route that was read after the given epoch.
func (c *routes) put(kind, key, envUID string, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.forgotten == epoch {
		c.lru.Add(routeKey{kind, key}, routeEntry{envUID, time.Now()})
	}
}

func (c *routes) forget(kind, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten++
	c.lru.Remove(routeKey{kind, key})
}

// forgetEnv drops all routes to an environment.
func (c *routes) forgetEnv(envUID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten++
	for _, k := range c.lru.Keys() {
		if e, ok := c.lru.Peek(k); ok && e.envUID == envUID {
			c.lru.Remove(k)
		}
	}
}
