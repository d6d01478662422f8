package provision

import (
	"fmt"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/identitypool"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

// authBuild is everything that an auth resource consists of in its environment.
type authBuild struct {
	ids          AuthIDs
	config       AuthConfig // with its secrets
	roles        roles
	pair         *token.Pair // nil for a pool that is there
	issuer       string
	domainBefore string
	// base and client are what a new pool and its clients begin with; nil are those
	// of Amplify. providers are those of a clone in the place of the configured ones.
	base      *userpool.Settings
	clients   map[string]userpool.ClientSettings
	providers []userpool.Provider
	now       time.Time
}

func (b authBuild) run(tx *db.Tx, env environment) error {
	u := b.config.UserPool
	if b.pair != nil {
		var s userpool.Settings
		if b.base != nil {
			s = *b.base
		} else {
			u.begin(&s)
		}
		u.apply(&s)
		s.AWSIssuer = b.issuer == backend.IssuerAWS
		_, err := userpool.InsertPool(tx, env.sealer, userpool.NewPool{ID: b.ids.UserPool, Name: u.Name, Settings: s}, b.pair, b.now)
		if err != nil {
			return fmt.Errorf("make the user pool: %w", err)
		}
	} else {
		_, err := userpool.UpdatePool(tx, env.sealer, b.ids.UserPool, func(_ *string, s *userpool.Settings) error {
			u.apply(s)
			if b.issuer != "" {
				s.AWSIssuer = b.issuer == backend.IssuerAWS
			}
			return nil
		}, b.now)
		if err != nil {
			return fmt.Errorf("change the user pool: %w", err)
		}
	}
	if b.providers != nil {
		for _, p := range b.providers {
			p.Pool = b.ids.UserPool
			if _, err := userpool.InsertProvider(tx, env.sealer, p, b.now); err != nil {
				return fmt.Errorf("copy an identity provider: %w", err)
			}
		}
	} else if err := userpool.PutProviders(tx, env.sealer, b.ids.UserPool, u.providers(), b.now); err != nil {
		return fmt.Errorf("set the social providers: %w", err)
	}
	if err := b.runClients(tx, env); err != nil {
		return err
	}
	if err := b.runDomain(tx, env); err != nil {
		return err
	}
	return b.runIdentityPool(tx)
}

// The names of the two clients, as the Amplify CLI ends them.
const (
	webClientSuffix    = "_app_clientWeb"
	nativeClientSuffix = "_app_client"
)

func (b authBuild) runClients(tx *db.Tx, env environment) error {
	for _, c := range []struct{ id, suffix string }{{b.ids.WebClient, webClientSuffix}, {b.ids.NativeClient, nativeClientSuffix}} {
		if b.pair == nil {
			_, err := userpool.UpdateClient(tx, env.sealer, b.ids.UserPool, c.id, func(_ *string, s *userpool.ClientSettings) error {
				b.config.UserPool.applyClient(s)
				return nil
			}, b.now)
			if err != nil {
				return fmt.Errorf("change an app client: %w", err)
			}
			continue
		}
		s, ok := b.clients[c.id]
		if !ok {
			s = newClientSettings()
		}
		b.config.UserPool.applyClient(&s)
		name := b.config.UserPool.Name
		name = name[:min(len(name), 128-len(c.suffix))] + c.suffix
		_, err := userpool.InsertClient(tx, env.sealer, userpool.NewClient{ID: c.id, Pool: b.ids.UserPool, Name: name, Settings: s}, b.now)
		if err != nil {
			return fmt.Errorf("make an app client: %w", err)
		}
	}
	return nil
}

func (b authBuild) runDomain(tx *db.Tx, env environment) error {
	if b.domainBefore != "" && b.domainBefore != b.ids.Domain {
		if err := userpool.DropDomain(tx, b.ids.UserPool, b.domainBefore); err != nil {
			return err
		}
	}
	if b.ids.Domain == "" {
		return nil
	}
	if err := userpool.SetDomain(tx, env.sealer, b.ids.UserPool, b.ids.Domain, b.now); err != nil {
		return fmt.Errorf("set the domain: %w", err)
	}
	return nil
}

// runIdentityPool makes or changes the identity pool. One that was switched off
// stays as it is, out of reach: its identities are there when it is switched on
// again.
func (b authBuild) runIdentityPool(tx *db.Tx) error {
	if !b.config.HasIdentityPool() {
		return nil
	}
	_, err := identitypool.ReadPool(tx.Query(), b.ids.IdentityPool)
	if errs.KindOf(err) == errs.NotFound {
		s := identitySettings(b.config.IdentityPool.Name, b.ids, b.roles)
		s.Guests = b.config.Guests()
		_, err = identitypool.InsertPool(tx, b.ids.IdentityPool, s, b.now)
	} else if err == nil {
		_, err = identitypool.UpdatePool(tx, b.ids.IdentityPool, func(s *identitypool.Settings) error {
			s.Name, s.Guests = b.config.IdentityPool.Name, b.config.Guests()
			return nil
		}, b.now)
	}
	if err != nil {
		return fmt.Errorf("set the identity pool: %w", err)
	}
	return nil
}
