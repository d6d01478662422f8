package userpool

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"preamp/internal/db"
	"preamp/internal/keys"
)

// PutProviders makes the social providers of a pool (all types but OIDC) exactly
// those that are wanted, in the transaction of a job, any number of times. Of a
// provider that is there it changes only what differs: details and secrets, and
// mapping and identifiers where they are given. A new one without a mapping gets
// DefaultMapping.
//
// Errors: those of InsertProvider.
func PutProviders(tx *db.Tx, sealer *keys.Sealer, pool string, want []Provider, now time.Time) error {
	owner, err := lockPool(tx, sealer, pool)
	if err != nil {
		return err
	}
	var have []Provider
	err = tx.Each(`SELECT `+providerColumns+` FROM env.user_provider i WHERE i.pool = $1 AND i.type <> $2 ORDER BY i.name`,
		[]any{pool, ProviderOIDC}, func(r db.Row) error {
			p, err := scanProvider(r, sealer)
			have = append(have, p)
			return err
		})
	if err != nil {
		return fmt.Errorf("list identity providers: %w", err)
	}
	named := func(list []Provider, name string) int {
		return slices.IndexFunc(list, func(p Provider) bool { return p.Name == name })
	}
	for _, p := range have {
		if named(want, p.Name) < 0 {
			if err := DropProvider(tx, pool, p.Name); err != nil {
				return err
			}
		}
	}
	for _, p := range want {
		p.Pool = pool
		i := named(have, p.Name)
		switch {
		case p.Mapping != nil:
		case i < 0:
			p.Mapping = DefaultMapping(p.Type, &owner.Settings)
		default:
			p.Mapping = have[i].Mapping
		}
		p.setDefaults()
		if i < 0 {
			_, err = InsertProvider(tx, sealer, p, now)
		} else if !have[i].has(&p) {
			_, err = UpdateProvider(tx, sealer, pool, p.Name, func(old *Provider) error {
				old.Details, old.ClientSecret, old.PrivateKey, old.Mapping = p.Details, p.ClientSecret, p.PrivateKey, p.Mapping
				if p.Identifiers != nil {
					old.Identifiers = p.Identifiers
				}
				return nil
			}, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// has reports whether there is nothing to change for want.
func (p *Provider) has(want *Provider) bool {
	return p.Type == want.Type && maps.Equal(p.Details, want.Details) && maps.Equal(p.Mapping, want.Mapping) &&
		p.ClientSecret.Equal(want.ClientSecret) && p.PrivateKey.Equal(want.PrivateKey) &&
		(want.Identifiers == nil || slices.Equal(p.Identifiers, want.Identifiers))
}
