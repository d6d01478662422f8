package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"preamp/internal/db"
)

// Profile is what an identity provider has said of a user, verified.
type Profile struct {
	// ID is the user's id at the provider.
	ID string
	// Claims are by the provider's own names, before mapping.
	Claims map[string]string
	// First are claims that count only when the user signs in for the first time:
	// they came by way of the browser, and later ones could be anybody's.
	First map[string]string
	// EmailVerified says whether the provider vouches for the e-mail address.
	EmailVerified bool
}

// FederatedSignIn signs in the user that a provider has named, by an app client.
// The user <Provider>_<id> is made at the first time, and mapped attributes are
// brought up to date every time. It is never another user, whatever the e-mail
// address says.
//
// Errors: NotAuthorizedException for a disabled user, InvalidParameterException
// for attributes that the schema refuses or requires and for a client without
// the provider, UsernameExistsException when a user without a provider has the
// name, ResourceNotFoundException.
func (s *Service) FederatedSignIn(ctx context.Context, c Call, client string, provider Provider, profile Profile) (Proved, error) {
	if profile.ID == "" {
		return Proved{}, errors.New("userpool: a profile without an id")
	}
	fresh, err := newUser(provider.Pool, provider.Name+"_"+profile.ID, c.now())
	if err != nil {
		return Proved{}, err
	}
	if !usernameForm.MatchString(fresh.Username) || !storable(fresh.Username) {
		return Proved{}, invalid("The id of the user at %s cannot be part of a user name.", provider.Name)
	}
	fresh.Status = StatusExternal
	fresh.identities = []identity{{
		UserID: profile.ID, Provider: provider.Name, Type: provider.Type, Primary: true, Created: c.now().UnixMilli(),
	}}
	var out Proved
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		u, err := federate(tx, c, client, &provider, &profile, fresh)
		if err == nil {
			out = *proved(u, c.now())
		}
		return err
	})
	if err != nil {
		return Proved{}, err
	}
	return out, nil
}

// federate finds or makes the user of a profile.
func federate(tx *db.Tx, c Call, client string, provider *Provider, profile *Profile, fresh *User) (*User, error) {
	p, now, err := openProvider(tx.Query(), c, client, provider)
	if err != nil {
		return nil, err
	}
	// Of two that sign in for the first time at once the second waits here for the
	// first, and finds its user.
	n, err := tx.Exec(`INSERT INTO env.user_identity (pool, provider, subject, user_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		p.ID, now.Name, profile.ID, fresh.ID)
	if err != nil {
		return nil, fmt.Errorf("insert identity: %w", err)
	}
	u := *fresh
	u.Attributes = map[string]string{} // the function may run twice
	if n == 0 {
		var id string
		err := tx.Row(`SELECT user_id FROM env.user_identity WHERE pool = $1 AND provider = $2 AND subject = $3`, p.ID, now.Name, profile.ID).Scan(&id)
		if err != nil {
			return nil, fmt.Errorf("read identity: %w", err)
		}
		if u, err = lockUser(tx, c, id); err != nil {
			return nil, err
		}
		if !u.Enabled {
			return nil, disabled()
		}
	}
	changed, err := p.mapAttributes(&u, &now, profile, n == 1)
	if err != nil {
		return nil, err
	}
	switch {
	case n == 1:
		err = insertUser(tx, c, &p, &u)
	case changed:
		err = saveUser(tx, c, &p, &u)
	}
	if err != nil {
		return nil, err
	}
	return &u, joinProvider(tx, c, &p, &u, &now)
}

// openProvider reads the provider as it is now: while the user was there it may
// have been deleted, or made again for another account.
func openProvider(q *db.Query, c Call, client string, provider *Provider) (Pool, Provider, error) {
	p, err := readPool(q, c.Env.Sealer, provider.Pool)
	if err != nil {
		return Pool{}, Provider{}, err
	}
	app, err := clientOf(q, c.Env.Sealer, p.ID, client)
	if err != nil {
		return Pool{}, Provider{}, err
	}
	now, err := readProvider(q, c.Env.Sealer, p.ID, provider.Name)
	if err != nil {
		return Pool{}, Provider{}, err
	}
	if now.rowID != provider.rowID {
		return Pool{}, Provider{}, noProvider(provider.Name)
	}
	if !slices.Contains(app.Settings.Providers, now.Name) {
		return Pool{}, Provider{}, invalid("The identity provider %s is not enabled for the app client.", now.Name)
	}
	return p, now, nil
}

// mapAttributes puts what the provider says into the attributes of the user, and
// reports whether that changed anything. What the provider does not say stays.
func (p *Pool) mapAttributes(u *User, provider *Provider, profile *Profile, fresh bool) (bool, error) {
	claims := maps.Clone(profile.Claims)
	if claims == nil {
		claims = map[string]string{}
	}
	if fresh {
		for name, v := range profile.First {
			if claims[name] == "" {
				claims[name] = v
			}
		}
	}
	schema := p.Settings.Schema()
	before := maps.Clone(u.Attributes)
	given := map[string]string{}
	for _, name := range sortedKeys(provider.Mapping) {
		v := claims[provider.Mapping[name]]
		if v == "" || name == attrUsername || isVerification(name) {
			continue
		}
		if !schema[name].Mutable && before[name] != "" && before[name] != v {
			return false, invalid("user.%s: Attribute cannot be updated.\n", name)
		}
		given[name] = v
	}
	for _, name := range []string{attrEmail, attrPhone} {
		if given[name] == "" {
			continue
		}
		// Whoever names an address need not have proved it.
		there := provider.Mapping[name+"_verified"]
		given[name+"_verified"] = fmt.Sprint(there != "" && claims[there] == "true")
	}
	p.Settings.canonical(given)
	maps.Copy(u.Attributes, given)
	if err := p.Settings.conform(u.Attributes, true); err != nil {
		return false, err
	}
	return !maps.Equal(before, u.Attributes), nil
}

func isVerification(name string) bool {
	return name == attrEmail+"_verified" || name == attrPhone+"_verified"
}

// joinProvider puts the user into the group of the provider's users.
func joinProvider(tx *db.Tx, c Call, p *Pool, u *User, provider *Provider) error {
	name := p.ID + "_" + provider.Name
	_, err := tx.Exec(`INSERT INTO env.user_group (pool, name, description, role_arn, precedence, created_ms, changed_ms)
		VALUES ($1, $2, $3, $4, NULL, $5, $5) ON CONFLICT DO NOTHING`,
		p.ID, name, "Autogenerated group for users who sign in using "+provider.Name, "", c.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("insert group: %w", err)
	}
	_, err = tx.Exec(`INSERT INTO env.user_member (pool, group_name, user_id, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		p.ID, name, u.ID, c.now().UnixMilli())
	if err != nil {
		return fmt.Errorf("insert member: %w", err)
	}
	return nil
}

// external reports whether somebody else says who the user is.
func (u *User) external() bool { return u.Status == StatusExternal }

// errExternal is the answer to whoever gives a password to a user of a provider.
func errExternal() error {
	return notAuthorized("The password of a user of an identity provider cannot be set.")
}

// identity is the account at a provider, as it is stored in the user's row.
type identity struct {
	UserID   string  `json:"userId"`
	Provider string  `json:"providerName"`
	Type     string  `json:"providerType"`
	Issuer   *string `json:"issuer"`
	Primary  bool    `json:"primary"`
	Created  int64   `json:"dateCreated"`
}

// identitiesText is the attribute identities, as the API shows it.
func identitiesText(list []identity) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic("userpool: identities of texts do not encode: " + err.Error())
	}
	return string(b)
}
