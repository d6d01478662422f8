package userpool

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

// The types of identity providers.
const (
	ProviderGoogle   = "Google"
	ProviderFacebook = "Facebook"
	ProviderAmazon   = "LoginWithAmazon"
	ProviderApple    = "SignInWithApple"
	ProviderOIDC     = "OIDC"
)

const (
	maxProviders   = 300
	maxIdentifiers = 50

	placeProviderSecret = "user_provider.client_secret_sealed"
	placeProviderKey    = "user_provider.private_key_sealed"
	placeProviderDetail = "user_provider.settings"
)

// Provider is an identity provider of a pool: somebody else who says who a user
// is.
type Provider struct {
	// Name is the Type for all but OIDC.
	Pool, Name, Type string
	// Details are ProviderDetails without what is secret.
	Details map[string]string
	// ClientSecret is client_secret. PrivateKey is private_key, of Apple.
	ClientSecret, PrivateKey keys.Secret
	// Mapping leads from attributes of the pool to what they are called at the
	// provider.
	Mapping map[string]string
	// Identifiers are other names that an application may ask for it by.
	Identifiers      []string
	Created, Changed time.Time

	rowID string
}

// The details that are secret.
const (
	detailClientSecret = "client_secret"
	detailPrivateKey   = "private_key"
	detailKeyID        = "key_id" // sealed, and shown
)

// SetDetails replaces the details by ProviderDetails of the API. A secret that is
// not among them stays.
func (p *Provider) SetDetails(details map[string]string) {
	p.Details = maps.Clone(details)
	for name, to := range map[string]*keys.Secret{detailClientSecret: &p.ClientSecret, detailPrivateKey: &p.PrivateKey} {
		if v, ok := details[name]; ok {
			*to = keys.NewSecret([]byte(v))
			delete(p.Details, name)
		}
	}
}

// RevealDetails are ProviderDetails as the API shows them to administrators, with
// the secrets.
func (p *Provider) RevealDetails() map[string]string {
	out := maps.Clone(p.Details)
	if out == nil {
		out = map[string]string{}
	}
	for name, s := range map[string]keys.Secret{detailClientSecret: p.ClientSecret, detailPrivateKey: p.PrivateKey} {
		if !s.Empty() {
			out[name] = s.Reveal()
		}
	}
	return out
}

// Scopes are what the provider is asked for; they are written with spaces or
// commas.
func (p *Provider) Scopes() []string {
	return strings.FieldsFunc(p.Details["authorize_scopes"], func(r rune) bool { return r == ' ' || r == ',' })
}

// providerSettings is what is stored as one document.
type providerSettings struct {
	Version          int
	Details, Mapping map[string]string
	Identifiers      []string
	// KeyID is the detail of that name, sealed: Apple gives it out with the key.
	KeyID []byte `json:",omitempty"`
}

func noProvider(name string) error {
	e := errs.Missing("IdentityProvider", "Identity provider %s does not exist.", name)
	e.Code = codeResourceNotFound
	return e
}

const providerColumns = `i.pool, i.name, i.row_id, i.type, i.settings, i.client_secret_sealed, i.private_key_sealed, i.created_ms, i.changed_ms`

func scanProvider(r db.Row, sealer *keys.Sealer) (Provider, error) {
	var p Provider
	var text string
	var secret, key []byte
	var created, changed int64
	if err := r.Scan(&p.Pool, &p.Name, &p.rowID, &p.Type, &text, &secret, &key, &created, &changed); err != nil {
		return Provider{}, err
	}
	var set providerSettings
	if err := decodeSettings(text, &set.Version, &set); err != nil {
		return Provider{}, err
	}
	p.Details, p.Mapping, p.Identifiers = set.Details, set.Mapping, set.Identifiers
	p.Created, p.Changed = time.UnixMilli(created), time.UnixMilli(changed)
	if set.KeyID != nil {
		opened, err := sealer.Open(sealPlace(placeProviderDetail, p.rowID), set.KeyID)
		if err != nil {
			return Provider{}, err
		}
		p.Details[detailKeyID] = string(opened)
	}
	for _, c := range []struct {
		place  string
		sealed []byte
		to     *keys.Secret
	}{{placeProviderSecret, secret, &p.ClientSecret}, {placeProviderKey, key, &p.PrivateKey}} {
		if c.sealed == nil {
			continue
		}
		opened, err := sealer.Open(sealPlace(c.place, p.rowID), c.sealed)
		if err != nil {
			return Provider{}, err
		}
		*c.to = keys.NewSecret(opened)
	}
	return p, nil
}

// readProvider answers a provider of a pool.
//
// Errors: ResourceNotFoundException.
func readProvider(q *db.Query, sealer *keys.Sealer, pool, name string) (Provider, error) {
	return oneProvider(q, sealer, pool, name, `SELECT `+providerColumns+` FROM env.user_provider i WHERE i.pool = $1 AND i.name = $2`)
}

func oneProvider(q *db.Query, sealer *keys.Sealer, pool, name, sql string) (Provider, error) {
	if _, err := readPool(q, sealer, pool); err != nil {
		return Provider{}, err
	}
	if !storable(name) {
		return Provider{}, noProvider(name)
	}
	p, err := scanProvider(q.Row(sql, pool, name), sealer)
	if errors.Is(err, db.ErrNoRows) {
		return Provider{}, noProvider(name)
	}
	if err != nil {
		return Provider{}, fmt.Errorf("read identity provider: %w", err)
	}
	return p, nil
}

// lockPool makes others that change what belongs to the pool wait.
func lockPool(tx *db.Tx, sealer *keys.Sealer, id string) (Pool, error) {
	if _, err := readPool(tx.Query(), sealer, id); err != nil {
		return Pool{}, err
	}
	if _, err := tx.Exec(`UPDATE env.user_pool SET changed_ms = changed_ms WHERE id = $1`, id); err != nil {
		return Pool{}, fmt.Errorf("lock user pool: %w", err)
	}
	return readPool(tx.Query(), sealer, id)
}

// InsertProvider makes a provider of a pool, in the transaction of whoever sets
// it up.
//
// Errors: DuplicateProviderException, InvalidParameterException,
// LimitExceededException, ResourceNotFoundException for the pool.
func InsertProvider(tx *db.Tx, sealer *keys.Sealer, p Provider, now time.Time) (Provider, error) {
	pool, err := lockPool(tx, sealer, p.Pool)
	if err != nil {
		return Provider{}, err
	}
	p.setDefaults()
	if err := p.check(&pool.Settings); err != nil {
		return Provider{}, err
	}
	var count int64
	if err := tx.Row(`SELECT count(*) FROM env.user_provider WHERE pool = $1`, p.Pool).Scan(&count); err != nil {
		return Provider{}, fmt.Errorf("count identity providers: %w", err)
	}
	if count >= maxProviders {
		return Provider{}, limitExceeded("A user pool has at most %d identity providers.", maxProviders)
	}
	p.rowID, p.Created, p.Changed = uuid.NewString(), now, now
	text, secret, key, err := p.stored(sealer)
	if err != nil {
		return Provider{}, err
	}
	n, err := tx.Exec(`INSERT INTO env.user_provider (pool, name, folded, row_id, type, settings, client_secret_sealed, private_key_sealed,
			created_ms, changed_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING`,
		p.Pool, p.Name, strings.ToLower(p.Name), p.rowID, p.Type, text, secret, key, now.UnixMilli())
	if err != nil {
		return Provider{}, fmt.Errorf("insert identity provider: %w", err)
	}
	if n == 0 {
		return Provider{}, fail(errs.Conflict, codeDuplicateProvider, "A provider with the name %s already exists in the user pool.", p.Name)
	}
	return p, p.saveIdentifiers(tx)
}

// stored is the provider as it is in its row.
func (p *Provider) stored(sealer *keys.Sealer) (text string, secret, key []byte, err error) {
	set := providerSettings{Version: settingsVersion, Details: p.Details, Mapping: p.Mapping, Identifiers: p.Identifiers}
	if id := p.Details[detailKeyID]; id != "" {
		set.Details = maps.Clone(p.Details)
		delete(set.Details, detailKeyID)
		set.KeyID = sealer.Seal(sealPlace(placeProviderDetail, p.rowID), []byte(id))
	}
	text, err = encodeSettings(set)
	if !p.ClientSecret.Empty() {
		secret = sealer.Seal(sealPlace(placeProviderSecret, p.rowID), p.ClientSecret.Bytes())
	}
	if !p.PrivateKey.Empty() {
		key = sealer.Seal(sealPlace(placeProviderKey, p.rowID), p.PrivateKey.Bytes())
	}
	return text, secret, key, err
}

// saveIdentifiers brings the rows of the identifiers in line with p.
func (p *Provider) saveIdentifiers(tx *db.Tx) error {
	if _, err := tx.Exec(`DELETE FROM env.user_provider_identifier WHERE pool = $1 AND provider = $2`, p.Pool, p.Name); err != nil {
		return fmt.Errorf("delete identifiers: %w", err)
	}
	for _, identifier := range p.Identifiers {
		n, err := tx.Exec(`INSERT INTO env.user_provider_identifier (pool, identifier, provider) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			p.Pool, identifier, p.Name)
		if err != nil {
			return fmt.Errorf("insert identifier: %w", err)
		}
		if n == 0 {
			return invalid("The identifier %s is that of another identity provider.", identifier)
		}
	}
	return nil
}

// UpdateProvider changes a provider by change, inside a transaction. Its pool,
// name and type stay.
//
// Errors: ResourceNotFoundException, InvalidParameterException.
func UpdateProvider(tx *db.Tx, sealer *keys.Sealer, pool, name string, change func(*Provider) error, now time.Time) (Provider, error) {
	owner, err := lockPool(tx, sealer, pool)
	if err != nil {
		return Provider{}, err
	}
	before, err := readProvider(tx.Query(), sealer, pool, name)
	if err != nil {
		return Provider{}, err
	}
	p := before
	if err := change(&p); err != nil {
		return Provider{}, err
	}
	p.Pool, p.Name, p.Type, p.rowID, p.Created, p.Changed = before.Pool, before.Name, before.Type, before.rowID, before.Created, now
	p.setDefaults()
	if err := p.check(&owner.Settings); err != nil {
		return Provider{}, err
	}
	text, secret, key, err := p.stored(sealer)
	if err != nil {
		return Provider{}, err
	}
	_, err = tx.Exec(`UPDATE env.user_provider SET settings = $3, client_secret_sealed = $4, private_key_sealed = $5, changed_ms = $6
		WHERE pool = $1 AND name = $2`, pool, name, text, secret, key, now.UnixMilli())
	if err != nil {
		return Provider{}, fmt.Errorf("update identity provider: %w", err)
	}
	return p, p.saveIdentifiers(tx)
}

// DropProvider deletes a provider inside a transaction; its users stay. It is no
// error when there is none.
func DropProvider(tx *db.Tx, pool, name string) error {
	for _, statement := range []string{
		`DELETE FROM env.user_provider_identifier WHERE pool = $1 AND provider = $2`, `DELETE FROM env.user_provider WHERE pool = $1 AND name = $2`,
	} {
		if _, err := tx.Exec(statement, pool, name); err != nil {
			return fmt.Errorf("delete identity provider: %w", err)
		}
	}
	return nil
}

// CreateProvider makes a provider of a pool.
//
// Errors: those of InsertProvider.
func (s *Service) CreateProvider(ctx context.Context, c Call, p Provider) (out Provider, err error) {
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		out, err = InsertProvider(tx, c.Env.Sealer, p, c.now())
		return err
	})
	return out, err
}

// Provider answers a provider of a pool, with its secrets.
//
// Errors: ResourceNotFoundException.
func (s *Service) Provider(ctx context.Context, c Call, pool, name string) (p Provider, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		p, err = readProvider(q, c.Env.Sealer, pool, name)
		return err
	})
	return p, err
}

// ProviderByIdentifier answers the provider that has an identifier.
//
// Errors: ResourceNotFoundException.
func (s *Service) ProviderByIdentifier(ctx context.Context, c Call, pool, identifier string) (p Provider, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		p, err = oneProvider(q, c.Env.Sealer, pool, identifier, `SELECT `+providerColumns+` FROM env.user_provider_identifier a
			JOIN env.user_provider i ON i.pool = a.pool AND i.name = a.provider WHERE a.pool = $1 AND a.identifier = $2`)
		return err
	})
	return p, err
}

// Providers lists the providers of a pool by their names, without their secrets.
//
// Errors: ResourceNotFoundException; InvalidParameterException for a limit or
// token that is not one.
func (s *Service) Providers(ctx context.Context, c Call, pool string, page Page) (list []Provider, next string, err error) {
	kind := "user_providers " + pool
	after, limit, err := page.open(c, kind)
	if err != nil {
		return nil, "", err
	}
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		list = []Provider{}
		if _, err := readPool(q, c.Env.Sealer, pool); err != nil {
			return err
		}
		return q.Each(`SELECT `+providerColumns+` FROM env.user_provider i WHERE i.pool = $1 AND i.name > $2 ORDER BY i.name LIMIT $3`,
			[]any{pool, after, limit + 1}, func(r db.Row) error {
				one, err := scanProvider(r, c.Env.Sealer)
				one.ClientSecret, one.PrivateKey = keys.Secret{}, keys.Secret{}
				list = append(list, one)
				return err
			})
	})
	if err != nil {
		return nil, "", err
	}
	list, next = cut(c, kind, list, limit, func(p Provider) string { return p.Name })
	return list, next, nil
}

// UpdateProvider changes a provider by change, which may run more than once.
//
// Errors: ResourceNotFoundException, InvalidParameterException.
func (s *Service) UpdateProvider(ctx context.Context, c Call, pool, name string, change func(*Provider) error) (p Provider, err error) {
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err = UpdateProvider(tx, c.Env.Sealer, pool, name, change, c.now())
		return err
	})
	return p, err
}

// DeleteProvider deletes a provider; its users stay.
//
// Errors: ResourceNotFoundException.
func (s *Service) DeleteProvider(ctx context.Context, c Call, pool, name string) error {
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := readProvider(tx.Query(), c.Env.Sealer, pool, name); err != nil {
			return err
		}
		return DropProvider(tx, pool, name)
	})
}
