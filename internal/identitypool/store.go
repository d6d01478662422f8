package identitypool

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"preamp/internal/db"
	"preamp/internal/id"
	"preamp/internal/keys"
)

//go:embed migrations
var migrations embed.FS

// EnvLine are the migrations of the environment tables of this package.
func EnvLine() db.Line {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("identitypool: embedded migrations: " + err.Error())
	}
	return db.Line{Name: "identitypool", FS: files}
}

// Pool is an identity pool.
type Pool struct {
	ID string
	Settings
	// Epoch is part of the credentials of the pool: with another one they end.
	Epoch            int64
	Created, Changed time.Time
}

// NewID makes the id of a pool: <region>:<uuid>.
func NewID(region string) string { return region + ":" + id.NewUUID() }

// InsertPool stores a new pool, in the transaction that makes what it belongs to.
// The route of its id is put before.
//
// Errors: InvalidParameterException; ResourceConflictException for an id in use.
func InsertPool(tx *db.Tx, poolID string, s Settings, now time.Time) (Pool, error) {
	return insertPool(tx, poolID, s, nil, now)
}

func insertPool(tx *db.Tx, poolID string, s Settings, social []string, now time.Time) (Pool, error) {
	if !poolIDForm.MatchString(poolID) || len(poolID) > 55 {
		return Pool{}, invalid("%s is not the id of an identity pool.", printable(poolID))
	}
	if err := s.check(social); err != nil {
		return Pool{}, err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return Pool{}, err
	}
	// A pool that is made again under its old id begins after all epochs of the one
	// before.
	p := Pool{ID: poolID, Settings: s, Epoch: now.UnixMilli(), Created: stored(now), Changed: stored(now)}
	n, err := tx.Exec(`
		INSERT INTO env.identity_pool (id, settings, epoch, guests, created_ms, changed_ms)
		VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING`,
		poolID, string(text), p.Epoch, flag(s.Guests), now.UnixMilli())
	if err != nil {
		return Pool{}, fmt.Errorf("insert identity pool: %w", err)
	}
	if n == 0 {
		return Pool{}, conflict("The identity pool %s exists.", poolID)
	}
	return p, nil
}

// UpdatePool changes the settings of a pool.
//
// Errors: ResourceNotFoundException, InvalidParameterException, and what change
// answers.
func UpdatePool(tx *db.Tx, poolID string, change func(s *Settings) error, now time.Time) (Pool, error) {
	return updatePool(tx, poolID, change, nil, now)
}

func updatePool(tx *db.Tx, poolID string, change func(s *Settings) error, social []string, now time.Time) (Pool, error) {
	// Whoever comes second waits here, and changes what the first has left.
	if _, err := tx.Exec(`UPDATE env.identity_pool SET changed_ms = changed_ms WHERE id = $1`, poolID); err != nil {
		return Pool{}, fmt.Errorf("lock identity pool: %w", err)
	}
	p, err := ReadPool(tx.Query(), poolID)
	if err != nil {
		return Pool{}, err
	}
	if err := change(&p.Settings); err != nil {
		return Pool{}, err
	}
	if err := p.check(social); err != nil {
		return Pool{}, err
	}
	text, err := json.Marshal(p.Settings)
	if err != nil {
		return Pool{}, err
	}
	p.Changed = stored(now)
	_, err = tx.Exec(`UPDATE env.identity_pool SET settings = $2, guests = $3, changed_ms = $4 WHERE id = $1`,
		poolID, string(text), flag(p.Guests), now.UnixMilli())
	if err != nil {
		return Pool{}, fmt.Errorf("update identity pool: %w", err)
	}
	return p, nil
}

// DropPool deletes a pool with its identities. The route of its id is removed
// afterwards. It is no error when there is none.
func DropPool(tx *db.Tx, poolID string) error {
	for _, sql := range []string{
		// The pool first: those who are making an identity in it hold its row.
		`DELETE FROM env.identity_pool WHERE id = $1`, `DELETE FROM env.identity_login WHERE pool = $1`,
		`DELETE FROM env.identity WHERE pool = $1`, `DELETE FROM env.identity_key WHERE pool = $1`,
	} {
		if _, err := tx.Exec(sql, poolID); err != nil {
			return fmt.Errorf("drop identity pool: %w", err)
		}
	}
	return nil
}

// FindPool reads a pool.
//
// Errors: ResourceNotFoundException.
func FindPool(ctx context.Context, env keys.Env, poolID string) (p Pool, err error) {
	err = env.DB.Read(ctx, func(q *db.Query) error {
		p, err = ReadPool(q, poolID)
		return err
	})
	return p, err
}

// ReadPool is FindPool within a transaction.
func ReadPool(q *db.Query, poolID string) (Pool, error) {
	p := Pool{ID: poolID}
	var text string
	var created, changed int64
	err := q.Row(`SELECT settings, epoch, created_ms, changed_ms FROM env.identity_pool WHERE id = $1`, poolID).
		Scan(&text, &p.Epoch, &created, &changed)
	if errors.Is(err, db.ErrNoRows) {
		return Pool{}, noPool(poolID)
	}
	if err != nil {
		return Pool{}, fmt.Errorf("read identity pool: %w", err)
	}
	if p.Settings, err = decodeSettings(text); err != nil {
		return Pool{}, err
	}
	p.Created, p.Changed = time.UnixMilli(created), time.UnixMilli(changed)
	return p, nil
}

// stored is a time as it comes back from the database.
func stored(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()) }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
