package identitypool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/keys"
)

// identity is somebody in a pool.
type identity struct {
	id, pool string
	// guest has never had a login. Who has unlinked the last one is no guest: the
	// identity is closed.
	guest            bool
	logins           []string // names of providers, in order
	created, changed time.Time
}

func readIdentity(q *db.Query, identityID string) (i identity, err error) {
	i.id = identityID
	var guest, created, changed int64
	err = q.Row(`SELECT pool, guest, created_ms, changed_ms FROM env.identity WHERE id = $1`, identityID).
		Scan(&i.pool, &guest, &created, &changed)
	if errors.Is(err, db.ErrNoRows) {
		return identity{}, noIdentity(identityID)
	}
	if err != nil {
		return identity{}, fmt.Errorf("read identity: %w", err)
	}
	i.guest, i.created, i.changed = guest != 0, time.UnixMilli(created), time.UnixMilli(changed)
	err = q.Each(`SELECT provider FROM env.identity_login WHERE identity = $1 ORDER BY provider`, []any{identityID},
		func(r db.Row) error {
			var provider string
			err := r.Scan(&provider)
			i.logins = append(i.logins, provider)
			return err
		})
	if err != nil {
		return identity{}, fmt.Errorf("read logins: %w", err)
	}
	return i, nil
}

// check is the part of Check that reads the environment.
func check(ctx context.Context, env keys.Env, f *authn.Federated) error {
	var epoch, guests int64
	var there *string
	err := env.DB.Row(ctx, `
		SELECT p.epoch, p.guests, i.id FROM env.identity_pool p LEFT JOIN env.identity i ON i.id = $2 AND i.pool = p.id
		WHERE p.id = $1`, f.PoolID, f.IdentityID).Scan(&epoch, &guests, &there)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return noPool(f.PoolID)
	case err != nil:
		return fmt.Errorf("check credentials: %w", err)
	case epoch != f.Epoch, f.Guest && guests == 0, there == nil:
		return noIdentity(f.IdentityID)
	}
	return nil
}

// settleTries bounds how often a caller begins again because others change the same
// identities.
const settleTries = 8

// errAgain says that others were faster, and what was read is no longer so.
var errAgain = errors.New("identitypool: changed meanwhile")

// plan is what has to be done so that the logins of a caller lead to one identity.
type plan struct {
	// id is the identity, empty for one that has to be made.
	id string
	// link are the logins that do not lead to it yet.
	link []proof
	// promote says that the identity is a guest's, who signs in.
	promote bool
}

// settle finds the identity of somebody with the given logins, makes it, or links
// it. identityID is the one that the caller says to be, empty when it does not know.
//
// Errors: NotAuthorizedException, ResourceNotFoundException,
// ResourceConflictException.
func (a *API) settle(ctx context.Context, env keys.Env, p *Pool, identityID string, proofs []proof) (string, error) {
	for range settleTries {
		var todo plan
		err := env.DB.Read(ctx, func(q *db.Query) (err error) {
			todo, err = makePlan(q, p, identityID, proofs)
			return err
		})
		if err != nil || todo.id != "" && len(todo.link) == 0 {
			return todo.id, err
		}
		fresh := ""
		if identityID == "" {
			shard, err := a.shard(ctx, env)
			if err != nil {
				return "", err
			}
			fresh = newIdentityID(p.ID, shard)
		}
		now := a.c.Now()
		err = env.DB.Tx(ctx, func(tx *db.Tx) (err error) {
			if err := holdPool(tx, p.ID); err != nil {
				return err
			}
			if todo, err = makePlan(tx.Query(), p, identityID, proofs); err != nil {
				return err
			}
			if todo.id == "" {
				todo.id = fresh
				return insertIdentity(tx, p.ID, todo, len(proofs) == 0, now)
			}
			return todo.apply(tx, p.ID, now)
		})
		switch {
		case err == nil:
			return todo.id, nil
		case db.IsUnique(err):
			return "", linkedElsewhere()
		case !errors.Is(err, errAgain):
			return "", err
		}
	}
	return "", conflict("Others are changing the same identities. Try again.")
}

// holdPool keeps a pool from being deleted until the transaction ends, so that
// nothing is left behind in it.
func holdPool(tx *db.Tx, poolID string) error {
	sql := `SELECT id FROM env.identity_pool WHERE id = $1`
	if tx.Dialect() == db.Postgres {
		sql += ` FOR SHARE`
	}
	var found string
	err := tx.Row(sql, poolID).Scan(&found)
	if errors.Is(err, db.ErrNoRows) {
		return noPool(poolID)
	}
	return err
}

// makePlan judges who the caller is.
func makePlan(q *db.Query, p *Pool, identityID string, proofs []proof) (plan, error) {
	owners, link, err := ownersOf(q, p.ID, proofs)
	if err != nil {
		return plan{}, err
	}
	if identityID == "" {
		switch {
		case len(proofs) == 0 && !p.Guests:
			return plan{}, noGuests()
		case len(owners) > 1:
			return plan{}, linkedElsewhere()
		case len(owners) == 1:
			return plan{id: owners[0], link: link}, nil
		}
		return plan{link: link}, nil
	}
	i, err := readIdentity(q, identityID)
	if err != nil {
		return plan{}, err
	}
	if i.pool != p.ID {
		return plan{}, noIdentity(identityID)
	}
	if len(proofs) == 0 {
		return plan{id: i.id}, mayBeGuest(i, p)
	}
	return i.signIn(owners, link)
}

// mayBeGuest refuses callers without logins who are no guests.
func mayBeGuest(i identity, p *Pool) error {
	switch {
	case len(i.logins) > 0:
		return noMatch()
	case !i.guest:
		return forbidden(i.id)
	case !p.Guests:
		return noGuests()
	}
	return nil
}

// signIn is what logins mean for the identity that a caller says to be.
func (i identity) signIn(owners []string, link []proof) (plan, error) {
	switch {
	case len(owners) > 1:
		return plan{}, linkedElsewhere()
	case len(owners) == 1 && owners[0] == i.id:
		return plan{id: i.id, link: link}, nil
	case i.guest && len(owners) == 1: // the guest has an identity from before
		return plan{id: owners[0], link: link}, nil
	case i.guest:
		return plan{id: i.id, link: link, promote: true}, nil
	case len(owners) == 1:
		return plan{}, forbidden(i.id)
	}
	return plan{}, noMatch()
}

// ownersOf are the identities that logins lead to, and the logins that lead to none.
func ownersOf(q *db.Query, poolID string, proofs []proof) (owners []string, free []proof, err error) {
	seen := map[string]bool{}
	for _, l := range proofs {
		var owner string
		err := q.Row(`SELECT identity FROM env.identity_login WHERE pool = $1 AND provider = $2 AND subject = $3`,
			poolID, l.provider, l.Subject).Scan(&owner)
		switch {
		case errors.Is(err, db.ErrNoRows):
			free = append(free, l)
		case err != nil:
			return nil, nil, fmt.Errorf("find login: %w", err)
		case !seen[owner]:
			seen[owner] = true
			owners = append(owners, owner)
		}
	}
	return owners, free, nil
}

func insertIdentity(tx *db.Tx, poolID string, todo plan, guest bool, now time.Time) error {
	_, err := tx.Exec(`INSERT INTO env.identity (id, pool, guest, created_ms, changed_ms) VALUES ($1, $2, $3, $4, $4)`,
		todo.id, poolID, flag(guest), now.UnixMilli())
	if err != nil {
		return fmt.Errorf("insert identity: %w", err)
	}
	return todo.insertLogins(tx, poolID)
}

// apply links an identity that exists.
func (todo plan) apply(tx *db.Tx, poolID string, now time.Time) error {
	if len(todo.link) == 0 {
		return nil
	}
	n, err := tx.Exec(`UPDATE env.identity SET guest = 0, changed_ms = $2 WHERE id = $1 AND (guest = 1 OR $3 = 0)`,
		todo.id, now.UnixMilli(), flag(todo.promote))
	if err != nil {
		return fmt.Errorf("link identity: %w", err)
	}
	if n == 0 {
		return errAgain
	}
	return todo.insertLogins(tx, poolID)
}

func (todo plan) insertLogins(tx *db.Tx, poolID string) error {
	for _, l := range todo.link {
		n, err := tx.Exec(`
			INSERT INTO env.identity_login (pool, provider, subject, identity) VALUES ($1, $2, $3, $4)
			ON CONFLICT (pool, provider, subject) DO NOTHING`, poolID, l.provider, l.Subject, todo.id)
		if err != nil {
			return fmt.Errorf("link login: %w", err)
		}
		if n == 0 {
			return errAgain
		}
	}
	return nil
}
