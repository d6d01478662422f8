package token

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"

	"preamp/internal/db"
)

const (
	// KeyAge is how long the keys of a pool are used without a look at the
	// database.
	KeyAge = 30 * time.Second
	// publishFirst is how long a new key is published before it signs, so that no
	// node is asked for a key that it does not know yet.
	publishFirst = 2 * KeyAge
	// retiredMargin is how much longer than its tokens a key is published: other
	// nodes notice a rotation late, and clocks differ.
	retiredMargin = 10 * time.Minute
	// unknownPause is the least age of keys that are read again because a token
	// names one that is not among them: anybody can write such tokens.
	unknownPause = time.Second
	keySets      = 1024
)

// Keys are the keys of all pools of a server, read when they are needed and
// remembered for KeyAge.
type Keys struct {
	flight singleflight.Group

	mu    sync.Mutex
	cache *simplelru.LRU[place, *keySet]
	// forgotten counts calls of Forget: what was read before one of them may be
	// what was forgotten.
	forgotten uint64
}

// place names a pool of an environment.
type place struct{ env, pool string }

// keySet is the keys of a pool. It does not change.
type keySet struct {
	public  []publicKey // oldest first
	private []privateKey
	read    time.Time
}

// privateKey is a key that signs, now or soon.
type privateKey struct {
	signer
	use  Use
	from time.Time
}

type publicKey struct {
	kid  string
	use  Use
	key  *rsa.PublicKey
	last time.Time // zero for a key that signs
}

// NewKeys makes an empty cache.
func NewKeys() (*Keys, error) {
	cache, err := simplelru.NewLRU[place, *keySet](keySets, nil)
	if err != nil {
		return nil, err
	}
	return &Keys{cache: cache}, nil
}

// find is the key of a name that may still verify.
func (s *keySet) find(kid string, now time.Time) (publicKey, bool) {
	for _, k := range s.public {
		if k.kid == kid && (k.last.IsZero() || now.Before(k.last)) {
			return k, true
		}
	}
	return publicKey{}, false
}

// signer is the key to sign with: the newest of those whose time has come.
func (s *keySet) signer(use Use, now time.Time) (found signer, ok bool) {
	for _, k := range s.private { // oldest first
		if k.use == use && (!ok || !now.Before(k.from)) {
			found, ok = k.signer, true
		}
	}
	return found, ok
}

// Forget makes the next use of a pool's keys read them: after a rotation, and
// after the pool was deleted.
func (k *Keys) Forget(env Env, pool string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgotten++
	k.cache.Remove(place{env.UID, pool})
}

func (k *Keys) remembered(p place) (*keySet, uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, _ := k.cache.Get(p)
	return s, k.forgotten
}

// set is the keys of a pool, read from the database when they are older than age.
//
// Errors: NotFound for a pool without keys.
func (k *Keys) set(ctx context.Context, env Env, pool string, age time.Duration, now time.Time) (*keySet, error) {
	p := place{env.UID, pool}
	s, forgotten := k.remembered(p)
	if s != nil && now.Sub(s.read).Abs() < age {
		return s, nil
	}
	// Callers that began after a Forget must not share a read that began before.
	name := fmt.Sprintf("%s %s %d", p.env, p.pool, forgotten)
	flight := k.flight.DoChan(name, func() (any, error) {
		// None of those who wait may cancel it for the others.
		fresh, err := readKeys(context.WithoutCancel(ctx), env, pool, now)
		if err != nil {
			return nil, err
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.forgotten == forgotten {
			k.cache.Add(p, fresh)
		}
		return fresh, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-flight:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*keySet), nil
	}
}

func readKeys(ctx context.Context, env Env, pool string, now time.Time) (*keySet, error) {
	var rows []keyRow
	err := env.DB.Read(ctx, func(q *db.Query) error {
		rows = nil
		return q.Each(`SELECT kid, purpose, public_der, private_sealed, active_ms, retired_ms, remove_ms FROM env.token_key
			WHERE pool = $1 ORDER BY active_ms, kid`, []any{pool}, func(r db.Row) error {
			rows = append(rows, keyRow{})
			k := &rows[len(rows)-1]
			return r.Scan(&k.kid, &k.use, &k.public, &k.sealed, &k.activeMS, &k.retiredMS, &k.removeMS)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	s := &keySet{read: now}
	for _, row := range rows {
		if err := s.add(env, row, now); err != nil {
			return nil, err
		}
	}
	for _, use := range []Use{ID, Access} {
		if _, ok := s.signer(use, now); !ok {
			return nil, missingPool(pool)
		}
	}
	return s, nil
}

type keyRow struct {
	kid, use            string
	public, sealed      []byte
	activeMS            int64
	retiredMS, removeMS *int64
}

func (s *keySet) add(env Env, row keyRow, now time.Time) error {
	key, err := x509.ParsePKCS1PublicKey(row.public)
	if err != nil {
		return fmt.Errorf("decode public key: %w", err)
	}
	k := publicKey{kid: row.kid, use: Use(row.use), key: key}
	if row.removeMS != nil {
		k.last = time.UnixMilli(*row.removeMS)
	}
	s.public = append(s.public, k)
	if row.retiredMS != nil && *row.retiredMS <= now.UnixMilli() {
		return nil
	}
	signs, err := openSigner(env.Sealer, row.kid, row.sealed)
	if err != nil {
		return err
	}
	s.private = append(s.private, privateKey{signer: signs, use: k.use, from: time.UnixMilli(row.activeMS)})
	return nil
}
