package userpool

import (
	"fmt"

	"preamp/internal/db"
	"preamp/internal/keys"
)

// Redirectable reports whether a client may have a URL to go back to: https, http
// to the machine of the user, or the scheme of an app, without a fragment.
func Redirectable(url string) bool { return redirectable(url) }

// ReadPool answers a pool within a transaction.
//
// Errors: ResourceNotFoundException.
func ReadPool(q *db.Query, sealer *keys.Sealer, id string) (Pool, error) {
	return readPool(q, sealer, id)
}

// ReadClient answers an app client of a pool within a transaction.
//
// Errors: ResourceNotFoundException.
func ReadClient(q *db.Query, sealer *keys.Sealer, pool, id string) (Client, error) {
	return clientOf(q, sealer, pool, id)
}

// ClientIDs are the ids of all app clients of a pool.
func ClientIDs(q *db.Query, pool string) ([]string, error) {
	ids := []string{}
	err := q.Each(`SELECT id FROM env.user_client WHERE pool = $1 ORDER BY id`, []any{pool}, func(r db.Row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list app clients: %w", err)
	}
	return ids, nil
}

// ReadProviders are all identity providers of a pool, with their secrets.
func ReadProviders(q *db.Query, sealer *keys.Sealer, pool string) ([]Provider, error) {
	list := []Provider{}
	err := q.Each(`SELECT `+providerColumns+` FROM env.user_provider i WHERE i.pool = $1 ORDER BY i.name`, []any{pool}, func(r db.Row) error {
		p, err := scanProvider(r, sealer)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list identity providers: %w", err)
	}
	return list, nil
}

// DomainOf is the domain of a pool, empty when it has none.
func DomainOf(q *db.Query, pool string) (string, error) {
	d, err := readDomain(q, `pool = $1`, pool)
	if isNotFound(err) {
		return "", nil
	}
	return d.Prefix, err
}
