package keys

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"preamp/internal/db"
	"preamp/internal/errs"
)

//go:embed migrations
var migrations embed.FS

func line(kind string) db.Line {
	files, err := fs.Sub(migrations, "migrations/"+kind)
	if err != nil {
		panic("keys: embedded migrations: " + err.Error())
	}
	return db.Line{Name: "keys", FS: files}
}

// ControlLine is the migrations of the control database.
func ControlLine() db.Line { return line("control") }

// EnvLine is the migrations of environment databases.
func EnvLine() db.Line { return line("env") }

// Lines are both lines of migrations.
func Lines() (control, env []db.Line) {
	return []db.Line{ControlLine()}, []db.Line{EnvLine()}
}

const (
	ringID     = 1
	sealerLife = 10 * time.Minute
	sealers    = 1024
)

// Ring is the open keys of a server.
type Ring struct {
	wrap    box // seals keys, with the master key
	key     []byte
	control *Sealer

	mu    sync.Mutex
	cache *simplelru.LRU[string, cachedSealer]
}

type cachedSealer struct {
	sealer *Sealer
	until  time.Time
}

// Open reads the ring key, or makes it on the first start.
//
// Errors: Forbidden when the master key is not the one the ring was made with;
// nothing is changed then.
func Open(ctx context.Context, control *db.DB, master Secret) (*Ring, error) {
	if len(master.b) != keySize {
		return nil, fmt.Errorf("keys: the master key has %d bytes, want %d", len(master.b), keySize)
	}
	cache, err := simplelru.NewLRU[string, cachedSealer](sealers, nil)
	if err != nil {
		return nil, err
	}
	r := &Ring{wrap: derive(master.b, "wrap"), cache: cache}
	const read = "SELECT wrapped FROM ctl.key_ring WHERE id = $1"
	var wrapped []byte
	err = control.Row(ctx, read, ringID).Scan(&wrapped)
	if errors.Is(err, db.ErrNoRows) {
		err = control.Tx(ctx, func(tx *db.Tx) error {
			if err := r.insertKey(tx, "ctl.key_ring", ringID, "ring"); err != nil {
				return err
			}
			return tx.Row(read, ringID).Scan(&wrapped) // perhaps another node's
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	if r.key, err = r.unwrap("ring", wrapped); err != nil {
		return nil, err
	}
	r.control = &Sealer{value: derive(r.key, "value"), token: derive(r.key, "token")}
	return r, nil
}

// insertKey makes a random wrapped key unless the row is there.
func (r *Ring) insertKey(tx *db.Tx, table string, id int64, place string) error {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	_, err := tx.Exec("INSERT INTO "+table+` (id, wrapped, created_ms) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO NOTHING`, id, r.wrap.seal(place, key), time.Now().UnixMilli())
	return err
}

func (r *Ring) unwrap(place string, wrapped []byte) ([]byte, error) {
	key, err := r.wrap.open(place, wrapped)
	if err != nil {
		return nil, errs.Wrap(errs.Forbidden, err,
			"the master key is not the one this data was sealed with; nothing was changed")
	}
	return key, nil
}

// Control seals the values of the control database and tokens of the control
// plane.
func (r *Ring) Control() *Sealer { return r.control }

// Derive makes a key of 32 bytes for a purpose of its own, the same on every node
// that has this ring. It has nothing to do with the keys of other purposes.
func (r *Ring) Derive(purpose string) Secret {
	key, err := hkdf.Key(sha256.New, r.key, nil, "preamp derived "+purpose, keySize)
	if err != nil {
		panic("keys: hkdf with a constant length: " + err.Error())
	}
	return Secret{key}
}

func dekPlace(uid string) string { return "dek " + uid }

// CreateEnv makes the data key of an environment inside a transaction of its
// database, or does nothing when it has one.
func (r *Ring) CreateEnv(tx *db.Tx, uid string) error {
	if err := r.insertKey(tx, "env.dek", 1, dekPlace(uid)); err != nil {
		return fmt.Errorf("create data key: %w", err)
	}
	return nil
}

// Env is the sealer of one environment. Its values are sealed by the data key in
// the environment's database, its tokens by a key of the ring, so that the token
// of an environment never opens in its clone.
//
// Errors: Forbidden when the data key was wrapped by another master key or for
// another environment.
func (r *Ring) Env(ctx context.Context, uid string, env *db.DB) (*Sealer, error) {
	if s := r.cached(uid); s != nil {
		return s, nil
	}
	var wrapped []byte
	err := env.Row(ctx, "SELECT wrapped FROM env.dek WHERE id = $1", 1).Scan(&wrapped)
	if errors.Is(err, db.ErrNoRows) {
		return nil, fmt.Errorf("environment %s has no data key", uid)
	}
	if err != nil {
		return nil, fmt.Errorf("read data key: %w", err)
	}
	dek, err := r.unwrap(dekPlace(uid), wrapped)
	if err != nil {
		return nil, err
	}
	s := &Sealer{value: derive(dek, "value"), token: derive(r.key, "token "+uid)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cache.Add(uid, cachedSealer{s, time.Now().Add(sealerLife)})
	return s, nil
}

func (r *Ring) cached(uid string) *Sealer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.cache.Get(uid); ok && time.Now().Before(c.until) {
		return c.sealer
	}
	return nil
}

// Forget drops the cached sealer of an environment that was deleted.
func (r *Ring) Forget(uid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cache.Remove(uid)
}
