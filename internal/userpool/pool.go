package userpool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"preamp/internal/db"
	"preamp/internal/keys"
	"preamp/internal/userpool/token"
)

// Pool is a user pool.
type Pool struct {
	ID, Name         string
	Settings         Settings
	Created, Changed time.Time

	rowID string
	// secret keys the hashes of codes and the simulation of users.
	secret []byte
}

// NewPool is what a pool is made of.
type NewPool struct {
	// ID is made of Region when it is empty.
	ID, Region, Name string
	Settings         Settings
}

const alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// draw makes n characters of a set.
func draw(n int, set string) string {
	out := make([]byte, n)
	for i := range out {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(set))))
		if err != nil {
			panic("userpool: no randomness: " + err.Error()) // crypto/rand ends the process before that
		}
		out[i] = set[k.Int64()]
	}
	return string(out)
}

// NewPoolID makes the id of a pool: a region and 9 alphanumerics.
func NewPoolID(region string) string { return region + "_" + draw(9, alnum) }

// NewClientID makes the id of an app client: 26 of [a-z0-9].
func NewClientID() string { return draw(26, alnum[26:]) }

var (
	poolForm   = regexp.MustCompile(`^[a-z]{2}-(gov-)?[a-z]+-\d_[a-zA-Z0-9]+$`)
	poolName   = regexp.MustCompile(`^[\w\s+=,.@-]{1,128}$`)
	clientForm = regexp.MustCompile(`^[a-z0-9]{1,128}$`)
)

// InsertPool makes a pool with its signing keys, in the transaction of whoever
// sets it up. It is no error when the pool is there already: the pool then stays
// as it is.
//
// Errors: InvalidParameterException.
func InsertPool(tx *db.Tx, sealer *keys.Sealer, n NewPool, pair *token.Pair, now time.Time) (Pool, error) {
	if n.ID == "" {
		n.ID = NewPoolID(n.Region)
	}
	if !poolForm.MatchString(n.ID) {
		return Pool{}, invalid("%q is not the id of a user pool.", n.ID)
	}
	if !poolName.MatchString(n.Name) {
		return Pool{}, invalid("%q is not a name of a user pool.", n.Name)
	}
	n.Settings.setDefaults()
	if err := n.Settings.check(); err != nil {
		return Pool{}, err
	}
	text, err := encodeSettings(n.Settings)
	if err != nil {
		return Pool{}, err
	}
	rowID := uuid.NewString()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	_, err = tx.Exec(`INSERT INTO env.user_pool (id, row_id, name, settings, secret_sealed, created_ms, changed_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING`,
		n.ID, rowID, n.Name, text, sealer.Seal(sealPlace(placePoolSecret, rowID), secret), now.UnixMilli())
	if err != nil {
		return Pool{}, fmt.Errorf("insert user pool: %w", err)
	}
	if err := pair.Insert(tx, sealer, n.ID, now); err != nil {
		return Pool{}, err
	}
	return readPool(tx.Query(), sealer, n.ID)
}

// storable reports whether a text can be in a database at all: PostgreSQL refuses
// statements with others, which is no way to say that nothing is found.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

const poolColumns = `id, row_id, name, settings, secret_sealed, created_ms, changed_ms`

// readPool answers a pool.
//
// Errors: ResourceNotFoundException.
func readPool(q *db.Query, sealer *keys.Sealer, id string) (Pool, error) {
	if !storable(id) {
		return Pool{}, noPool(id)
	}
	p, err := scanPool(q.Row(`SELECT `+poolColumns+` FROM env.user_pool WHERE id = $1`, id), sealer)
	if errors.Is(err, db.ErrNoRows) {
		return Pool{}, noPool(id)
	}
	if err != nil {
		return Pool{}, fmt.Errorf("read user pool: %w", err)
	}
	return p, nil
}

func scanPool(r db.Row, sealer *keys.Sealer) (Pool, error) {
	var p Pool
	var text string
	var sealed []byte
	var created, changed int64
	if err := r.Scan(&p.ID, &p.rowID, &p.Name, &text, &sealed, &created, &changed); err != nil {
		return Pool{}, err
	}
	if err := decodeSettings(text, &p.Settings.Version, &p.Settings); err != nil {
		return Pool{}, err
	}
	p.Created, p.Changed = time.UnixMilli(created), time.UnixMilli(changed)
	var err error
	p.secret, err = sealer.Open(sealPlace(placePoolSecret, p.rowID), sealed)
	return p, err
}

// CreatePool makes a pool.
//
// Errors: InvalidParameterException.
func (s *Service) CreatePool(ctx context.Context, c Call, n NewPool) (Pool, error) {
	pair, err := s.newPair() // outside: it takes long
	if err != nil {
		return Pool{}, err
	}
	if n.ID == "" {
		n.ID = NewPoolID(n.Region) // outside: the function may run twice
	}
	var p Pool
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err = InsertPool(tx, c.Env.Sealer, n, pair, c.now())
		return err
	})
	return p, err
}

// Pool answers a pool.
//
// Errors: ResourceNotFoundException.
func (s *Service) Pool(ctx context.Context, c Call, id string) (p Pool, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		p, err = readPool(q, c.Env.Sealer, id)
		return err
	})
	return p, err
}

// CountUsers is how many users a pool has: EstimatedNumberOfUsers.
func (s *Service) CountUsers(ctx context.Context, c Call, pool string) (n int64, err error) {
	if err := c.Env.DB.Row(ctx, `SELECT count(*) FROM env.user_account WHERE pool = $1`, pool).Scan(&n); err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// UpdatePool changes a pool by change, which may run more than once. What signs in
// stays: it decides what existing users are found by; and attributes are only
// added, because users may have those that are there.
//
// Errors: ResourceNotFoundException, InvalidParameterException.
func (s *Service) UpdatePool(ctx context.Context, c Call, id string, change func(name *string, s *Settings) error) (p Pool, err error) {
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err = UpdatePool(tx, c.Env.Sealer, id, change, c.now())
		return err
	})
	return p, err
}

// UpdatePool is Service.UpdatePool inside a transaction.
func UpdatePool(tx *db.Tx, sealer *keys.Sealer, id string, change func(name *string, s *Settings) error, now time.Time) (Pool, error) {
	if _, err := readPool(tx.Query(), sealer, id); err != nil {
		return Pool{}, err
	}
	// PostgreSQL: of two that change a pool, the second sees what the first did.
	if _, err := tx.Exec(`UPDATE env.user_pool SET changed_ms = $2 WHERE id = $1`, id, now.UnixMilli()); err != nil {
		return Pool{}, fmt.Errorf("lock user pool: %w", err)
	}
	p, err := readPool(tx.Query(), sealer, id)
	if err != nil {
		return Pool{}, err
	}
	before, err := readPool(tx.Query(), sealer, id)
	if err != nil {
		return Pool{}, err
	}
	if err := change(&p.Name, &p.Settings); err != nil {
		return Pool{}, err
	}
	p.Settings.setDefaults()
	if err := p.Settings.check(); err != nil {
		return Pool{}, err
	}
	if err := keeps(before.Settings, p.Settings); err != nil {
		return Pool{}, err
	}
	if !poolName.MatchString(p.Name) {
		return Pool{}, invalid("%q is not a name of a user pool.", p.Name)
	}
	text, err := encodeSettings(p.Settings)
	if err != nil {
		return Pool{}, err
	}
	_, err = tx.Exec(`UPDATE env.user_pool SET name = $2, settings = $3 WHERE id = $1`, id, p.Name, text)
	if err != nil {
		return Pool{}, fmt.Errorf("update user pool: %w", err)
	}
	return p, nil
}

// keeps refuses a change of what existing users were made by.
func keeps(before, after Settings) error {
	if !sameSet(before.UsernameAttributes, after.UsernameAttributes) || !sameSet(before.AliasAttributes, after.AliasAttributes) ||
		before.CaseSensitive != after.CaseSensitive {
		return invalid("What users of a user pool sign in with cannot be changed.")
	}
	schema := after.Schema()
	for name, a := range before.Schema() {
		now, ok := schema[name]
		if !ok || now.Type != a.Type || now.Mutable != a.Mutable || now.Required != a.Required {
			return invalid("Existing schema attributes cannot be modified or deleted.")
		}
	}
	return nil
}

// sameSet compares lists without duplicates, which check has made sure of.
func sameSet(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
}

// Pools lists the pools of the environment.
//
// Errors: InvalidParameterException for a limit or token that is not one.
func (s *Service) Pools(ctx context.Context, c Call, page Page) (list []Pool, next string, err error) {
	kind := "user_pools"
	after, limit, err := page.open(c, kind)
	if err != nil {
		return nil, "", err
	}
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		list = []Pool{}
		return q.Each(`SELECT `+poolColumns+` FROM env.user_pool WHERE id > $1 ORDER BY id LIMIT $2`, []any{after, limit + 1},
			func(r db.Row) error {
				p, err := scanPool(r, c.Env.Sealer)
				list = append(list, p)
				return err
			})
	})
	if err != nil {
		return nil, "", fmt.Errorf("list user pools: %w", err)
	}
	list, next = cut(c, kind, list, limit, func(p Pool) string { return p.ID })
	return list, next, nil
}

// DeletePool deletes a pool with everything in it.
//
// Errors: ResourceNotFoundException; InvalidParameterException for a protected
// pool.
func (s *Service) DeletePool(ctx context.Context, c Call, id string) error {
	err := c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err := readPool(tx.Query(), c.Env.Sealer, id)
		if err != nil {
			return err
		}
		if p.Settings.Protected {
			return invalid("The user pool cannot be deleted because deletion protection is activated. " +
				"Deletion protection must be inactivated first.")
		}
		return DropPool(tx, id)
	})
	s.tokens.Forget(c.Env, id)
	return err
}

// holdPool keeps a pool from being deleted until the transaction ends, so that
// nobody is left behind in it.
//
// Errors: ResourceNotFoundException.
func holdPool(tx *db.Tx, id string) error {
	sql := `SELECT id FROM env.user_pool WHERE id = $1`
	if tx.Dialect() == db.Postgres {
		sql += ` FOR SHARE`
	}
	err := tx.Row(sql, id).Scan(&id)
	if errors.Is(err, db.ErrNoRows) {
		return noPool(id)
	}
	if err != nil {
		return fmt.Errorf("hold user pool: %w", err)
	}
	return nil
}

// DropPool deletes a pool with everything in it, in the transaction of whoever
// takes it down. It is no error when there is none.
func DropPool(tx *db.Tx, id string) error {
	// First, so that users who are just being added are there, or cannot come.
	if _, err := tx.Exec(`UPDATE env.user_pool SET changed_ms = changed_ms WHERE id = $1`, id); err != nil {
		return fmt.Errorf("lock user pool: %w", err)
	}
	for _, statement := range []string{
		`DELETE FROM env.user_password WHERE user_id IN (SELECT id FROM env.user_account WHERE pool = $1)`,
		`DELETE FROM env.user_name WHERE pool = $1`, `DELETE FROM env.user_search WHERE pool = $1`,
		`DELETE FROM env.user_member WHERE pool = $1`, `DELETE FROM env.user_group WHERE pool = $1`,
		`DELETE FROM env.user_code WHERE pool = $1`, `DELETE FROM env.user_attempt WHERE pool = $1`,
		`DELETE FROM env.user_used WHERE pool = $1`, `DELETE FROM env.user_account WHERE pool = $1`,
		`DELETE FROM env.user_client WHERE pool = $1`, `DELETE FROM env.user_identity WHERE pool = $1`,
		`DELETE FROM env.user_provider_identifier WHERE pool = $1`, `DELETE FROM env.user_provider WHERE pool = $1`,
		`DELETE FROM env.user_domain WHERE pool = $1`, `DELETE FROM env.user_pool WHERE id = $1`,
	} {
		if _, err := tx.Exec(statement, id); err != nil {
			return fmt.Errorf("drop user pool: %w", err)
		}
	}
	return token.DropPool(tx, id)
}
