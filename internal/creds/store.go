package creds

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/id"
	"preamp/internal/keys"
)

//go:embed migrations
var migrations embed.FS

// ControlLine is the migrations of the control database.
func ControlLine() db.Line {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("creds: embedded migrations: " + err.Error())
	}
	return db.Line{Name: "creds", FS: files}
}

const (
	rootName = "root"
	// account is the account number in every ARN; preamp has only one account.
	account = "000000000000"
)

var (
	keyForm  = regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`)
	nameForm = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]{1,64}$`) // of IAM user names
)

// Config is what a Store needs.
type Config struct {
	Control *db.DB
	Sealer  *keys.Sealer // of the control database
}

// Store is the access keys of a server.
type Store struct {
	control *db.DB
	sealer  *keys.Sealer
	cache   *cache
}

// New makes a store.
func New(c Config) (*Store, error) {
	if c.Control == nil || c.Sealer == nil {
		return nil, errors.New("creds: Control and Sealer are required")
	}
	cache, err := newCache()
	if err != nil {
		return nil, err
	}
	return &Store{control: c.Control, sealer: c.Sealer, cache: cache}, nil
}

// Key is an access key. Secret is empty in lists.
type Key struct {
	ID, Name string
	Secret   keys.Secret
	Created  time.Time
	Revoked  bool
}

func place(keyID string) string { return "access_key.secret." + keyID }

// Create makes a key.
//
// Errors: Invalid for a name that is not one to 64 of [A-Za-z0-9+=,.@_-], or the
// name "root".
func (s *Store) Create(ctx context.Context, name string) (Key, error) {
	if !nameForm.MatchString(name) {
		return Key{}, errs.E(errs.Invalid, "the name of an access key is 1 to 64 of A-Z a-z 0-9 + = , . @ _ -")
	}
	if name == rootName {
		return Key{}, errs.E(errs.Invalid, "the name %q is reserved", rootName)
	}
	k := newKey(name)
	err := s.control.Tx(ctx, func(tx *db.Tx) error { return s.insert(tx, k) })
	if err != nil {
		return Key{}, fmt.Errorf("create access key: %w", err)
	}
	return k, nil
}

func newKey(name string) Key {
	return Key{
		ID: id.NewAccessKey(), Name: name, Secret: keys.NewSecret([]byte(id.NewSecretKey())),
		Created: time.UnixMilli(time.Now().UnixMilli()),
	}
}

func (s *Store) insert(tx *db.Tx, k Key) error {
	_, err := tx.Exec(`INSERT INTO ctl.access_key (id, name, secret_sealed, created_ms) VALUES ($1, $2, $3, $4)`,
		k.ID, k.Name, s.sealer.Seal(place(k.ID), k.Secret.Bytes()), k.Created.UnixMilli())
	return err
}

// List answers all keys without their secrets, oldest first.
func (s *Store) List(ctx context.Context) ([]Key, error) {
	var all []Key
	err := s.control.Read(ctx, func(q *db.Query) error {
		all = []Key{}
		return q.Each(`SELECT id, name, created_ms, revoked_ms FROM ctl.access_key ORDER BY created_ms, id`, nil,
			func(r db.Row) error {
				var k Key
				var created int64
				var revoked *int64
				if err := r.Scan(&k.ID, &k.Name, &created, &revoked); err != nil {
					return err
				}
				k.Created, k.Revoked = time.UnixMilli(created), revoked != nil
				all = append(all, k)
				return nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list access keys: %w", err)
	}
	return all, nil
}

// Revoke ends a key for good. Revoking it again changes nothing.
//
// Errors: NotFound.
func (s *Store) Revoke(ctx context.Context, keyID string) error {
	err := s.control.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`UPDATE ctl.access_key SET revoked_ms = coalesce(revoked_ms, $2) WHERE id = $1`,
			keyID, time.Now().UnixMilli())
		if err == nil && n == 0 {
			return missing()
		}
		return err
	})
	s.cache.forget(keyID)
	if err != nil {
		return fmt.Errorf("revoke access key: %w", err)
	}
	return nil
}

func missing() error { return errs.Missing("AccessKey", "the access key does not exist") }

// Lookup answers the secret and the ARN of a live key, from a cache of bounded
// size and age.
//
// Errors: NotFound for a key that does not exist or was revoked.
func (s *Store) Lookup(ctx context.Context, keyID string) (secret, arn string, err error) {
	if !keyForm.MatchString(keyID) {
		return "", "", missing()
	}
	if e, ok := s.cache.get(keyID); ok {
		if e.secret == "" {
			return "", "", missing()
		}
		return e.secret, e.arn, nil
	}
	token := s.cache.begin()
	var name string
	var sealed []byte
	err = s.control.Row(ctx, `SELECT name, secret_sealed FROM ctl.access_key WHERE id = $1 AND revoked_ms IS NULL`,
		keyID).Scan(&name, &sealed)
	if errors.Is(err, db.ErrNoRows) {
		s.cache.put(token, keyID, entry{})
		return "", "", missing()
	}
	if err != nil {
		return "", "", fmt.Errorf("look up access key: %w", err)
	}
	plain, err := s.sealer.Open(place(keyID), sealed)
	if err != nil {
		return "", "", fmt.Errorf("look up access key: %w", err)
	}
	e := entry{secret: string(plain), arn: arnOf(name)}
	s.cache.put(token, keyID, e)
	return e.secret, e.arn, nil
}

func arnOf(name string) string {
	if name == rootName {
		return "arn:aws:iam::" + account + ":root"
	}
	return "arn:aws:iam::" + account + ":user/" + name
}

// Root is the key of local development, made on the first call.
func (s *Store) Root(ctx context.Context) (Key, error) {
	k, err := s.readRoot(ctx)
	if !errors.Is(err, db.ErrNoRows) {
		return k, err
	}
	fresh := newKey(rootName)
	err = s.control.Tx(ctx, func(tx *db.Tx) error { return s.insert(tx, fresh) })
	switch {
	case err == nil:
		s.cache.forget(fresh.ID)
		return fresh, nil
	case db.IsUnique(err): // another caller was faster
		return s.readRoot(ctx)
	}
	return Key{}, fmt.Errorf("create root key: %w", err)
}

func (s *Store) readRoot(ctx context.Context) (Key, error) {
	k := Key{Name: rootName}
	var created int64
	var sealed []byte
	err := s.control.Row(ctx, `SELECT id, secret_sealed, created_ms FROM ctl.access_key
		WHERE name = 'root' AND revoked_ms IS NULL`).Scan(&k.ID, &sealed, &created)
	if err != nil {
		return Key{}, fmt.Errorf("read root key: %w", err)
	}
	plain, err := s.sealer.Open(place(k.ID), sealed)
	if err != nil {
		return Key{}, fmt.Errorf("read root key: %w", err)
	}
	k.Secret, k.Created = keys.NewSecret(plain), time.UnixMilli(created)
	return k, nil
}
