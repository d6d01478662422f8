package userpool

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

// Domain is where the hosted pages of a pool are: a prefix. That it leads to the
// environment (RouteDomain) is up to the caller.
type Domain struct {
	Prefix, Pool string
	Created      time.Time
}

var domainForm = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`)

// CheckDomain refuses what is not the prefix of a domain.
//
// Errors: InvalidParameterException.
func CheckDomain(prefix string) error {
	if strings.Contains(prefix, ".") {
		return unavailable("A custom domain")
	}
	if !domainForm.MatchString(prefix) {
		return invalid("1 validation error detected: Value '%s' at 'domain' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: %s", prefix, domainForm)
	}
	for _, word := range []string{"aws", "amazon", "cognito"} {
		if strings.Contains(prefix, word) {
			return invalid("Domain cannot contain reserved word: %s", word)
		}
	}
	return nil
}

func noDomain() error {
	return fail(errs.NotFound, codeResourceNotFound, "No such domain or user pool exists.")
}

// readDomain answers the domain of a condition.
//
// Errors: ResourceNotFoundException.
func readDomain(q *db.Query, where, value string) (Domain, error) {
	if !storable(value) {
		return Domain{}, noDomain()
	}
	var d Domain
	var created int64
	err := q.Row(`SELECT prefix, pool, created_ms FROM env.user_domain WHERE `+where, value).Scan(&d.Prefix, &d.Pool, &created)
	if errors.Is(err, db.ErrNoRows) {
		return Domain{}, noDomain()
	}
	if err != nil {
		return Domain{}, fmt.Errorf("read domain: %w", err)
	}
	d.Created = time.UnixMilli(created)
	return d, nil
}

// SetDomain gives a pool its domain, in the transaction of whoever sets it up. It
// is no error when the pool has it already.
//
// Errors: InvalidParameterException for a prefix that is none, that another pool
// has, or when the pool has another; ResourceNotFoundException.
func SetDomain(tx *db.Tx, sealer *keys.Sealer, pool, prefix string, now time.Time) error {
	if err := CheckDomain(prefix); err != nil {
		return err
	}
	if _, err := lockPool(tx, sealer, pool); err != nil {
		return err
	}
	n, err := tx.Exec(`INSERT INTO env.user_domain (prefix, pool, created_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		prefix, pool, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("insert domain: %w", err)
	}
	if n == 1 {
		return nil
	}
	d, err := readDomain(tx.Query(), `prefix = $1`, prefix)
	switch {
	case isNotFound(err):
		return invalid("User pool already has a domain configured.")
	case err == nil && d.Pool != pool:
		return invalid("Domain already associated with another user pool.")
	}
	return err
}

// DropDomain takes a domain from a pool inside a transaction. It is no error when
// the pool does not have it.
func DropDomain(tx *db.Tx, pool, prefix string) error {
	if _, err := tx.Exec(`DELETE FROM env.user_domain WHERE pool = $1 AND prefix = $2`, pool, prefix); err != nil {
		return fmt.Errorf("delete domain: %w", err)
	}
	return nil
}

// SetDomain is the function of that name in a transaction of its own.
//
// Errors: those of the function.
func (s *Service) SetDomain(ctx context.Context, c Call, pool, prefix string) error {
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error { return SetDomain(tx, c.Env.Sealer, pool, prefix, c.now()) })
}

// Domain answers the domain of a prefix.
//
// Errors: ResourceNotFoundException.
func (s *Service) Domain(ctx context.Context, c Call, prefix string) (d Domain, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		d, err = readDomain(q, `prefix = $1`, prefix)
		return err
	})
	return d, err
}

// PoolDomain answers the domain of a pool.
//
// Errors: ResourceNotFoundException when it has none.
func (s *Service) PoolDomain(ctx context.Context, c Call, pool string) (d Domain, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		d, err = readDomain(q, `pool = $1`, pool)
		return err
	})
	return d, err
}

// DropDomain takes its domain from a pool.
//
// Errors: InvalidParameterException when it does not have it.
func (s *Service) DropDomain(ctx context.Context, c Call, pool, prefix string) error {
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		d, err := readDomain(tx.Query(), `prefix = $1`, prefix)
		if isNotFound(err) || err == nil && d.Pool != pool {
			return invalid("No such domain or user pool exists.")
		}
		if err != nil {
			return err
		}
		return DropDomain(tx, pool, prefix)
	})
}
