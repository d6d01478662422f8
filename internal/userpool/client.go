package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
	"preamp/internal/keys"
	"preamp/internal/userpool/token"
)

const (
	maxClients   = 1000
	secretLength = 52
)

// Client is an app client.
type Client struct {
	ID, Pool, Name string
	// Secret is empty for a public client.
	Secret           keys.Secret
	Settings         ClientSettings
	Created, Changed time.Time

	rowID string
}

// NewClient is what an app client is made of.
type NewClient struct {
	ID, Pool, Name string // ID is made when it is empty
	// GenerateSecret makes a secret; Secret is one that the caller chose.
	GenerateSecret bool
	Secret         keys.Secret
	Settings       ClientSettings
}

var (
	clientName = regexp.MustCompile(`^[\w\s+=,.@-]{1,128}$`)
	secretForm = regexp.MustCompile(`^[\w+]{24,64}$`)
)

// prepare fills in what is random, so that a function that runs twice makes one
// client.
func (n *NewClient) prepare() {
	if n.ID == "" {
		n.ID = NewClientID()
	}
	if n.GenerateSecret && n.Secret.Empty() {
		n.Secret = keys.NewSecret([]byte(draw(secretLength, alnum[26:])))
	}
}

// InsertClient makes an app client, in the transaction of whoever sets it up. It
// is no error when it is there already: it then stays as it is.
//
// Errors: ResourceNotFoundException for the pool, InvalidParameterException,
// LimitExceededException.
func InsertClient(tx *db.Tx, sealer *keys.Sealer, n NewClient, now time.Time) (Client, error) {
	n.prepare()
	p, err := lockPool(tx, sealer, n.Pool) // two additions must not pass the limit together
	if err != nil {
		return Client{}, err
	}
	if !clientForm.MatchString(n.ID) || !clientName.MatchString(n.Name) {
		return Client{}, invalid("%q with the id %q is not an app client.", n.Name, n.ID)
	}
	if !n.Secret.Empty() && !secretForm.Match(n.Secret.Bytes()) {
		return Client{}, invalid("The client secret must be 24 to 64 letters, digits, + or _.")
	}
	n.Settings.setDefaults()
	if err := n.Settings.check(&p.Settings); err != nil {
		return Client{}, err
	}
	var count int64
	if err := tx.Row(`SELECT count(*) FROM env.user_client WHERE pool = $1`, n.Pool).Scan(&count); err != nil {
		return Client{}, fmt.Errorf("count app clients: %w", err)
	}
	if count >= maxClients {
		return Client{}, limitExceeded("A user pool has at most %d app clients.", maxClients)
	}
	text, err := encodeSettings(n.Settings)
	if err != nil {
		return Client{}, err
	}
	rowID := uuid.NewString()
	var sealed []byte
	if !n.Secret.Empty() {
		sealed = sealer.Seal(sealPlace(placeClientSecret, rowID), n.Secret.Bytes())
	}
	_, err = tx.Exec(`INSERT INTO env.user_client (id, row_id, pool, name, settings, secret_sealed, created_ms, changed_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING`, n.ID, rowID, n.Pool, n.Name, text, sealed, now.UnixMilli())
	if err != nil {
		return Client{}, fmt.Errorf("insert app client: %w", err)
	}
	return clientOf(tx.Query(), sealer, n.Pool, n.ID) // not one of another pool that has the id
}

const clientColumns = `id, row_id, pool, name, settings, secret_sealed, created_ms, changed_ms`

func readClient(q *db.Query, sealer *keys.Sealer, id string) (Client, error) {
	if !storable(id) {
		return Client{}, noClient(id)
	}
	c, err := scanClient(q.Row(`SELECT `+clientColumns+` FROM env.user_client WHERE id = $1`, id), sealer)
	if errors.Is(err, db.ErrNoRows) {
		return Client{}, noClient(id)
	}
	if err != nil {
		return Client{}, fmt.Errorf("read app client: %w", err)
	}
	return c, nil
}

func scanClient(r db.Row, sealer *keys.Sealer) (Client, error) {
	var c Client
	var text string
	var sealed []byte
	var created, changed int64
	if err := r.Scan(&c.ID, &c.rowID, &c.Pool, &c.Name, &text, &sealed, &created, &changed); err != nil {
		return Client{}, err
	}
	if err := decodeSettings(text, &c.Settings.Version, &c.Settings); err != nil {
		return Client{}, err
	}
	c.Created, c.Changed = time.UnixMilli(created), time.UnixMilli(changed)
	if sealed != nil {
		secret, err := sealer.Open(sealPlace(placeClientSecret, c.rowID), sealed)
		if err != nil {
			return Client{}, err
		}
		c.Secret = keys.NewSecret(secret)
	}
	return c, nil
}

// CreateClient makes an app client; the answer has its secret.
//
// Errors: those of InsertClient.
func (s *Service) CreateClient(ctx context.Context, c Call, n NewClient) (out Client, err error) {
	n.prepare()
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		out, err = InsertClient(tx, c.Env.Sealer, n, c.now())
		return err
	})
	return out, err
}

// Client answers an app client of a pool, with its secret.
//
// Errors: ResourceNotFoundException.
func (s *Service) Client(ctx context.Context, c Call, pool, id string) (out Client, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		out, err = clientOf(q, c.Env.Sealer, pool, id)
		return err
	})
	return out, err
}

// clientOf is a client that must belong to a pool.
func clientOf(q *db.Query, sealer *keys.Sealer, pool, id string) (Client, error) {
	if _, err := readPool(q, sealer, pool); err != nil {
		return Client{}, err
	}
	out, err := readClient(q, sealer, id)
	if err == nil && out.Pool != pool {
		err = noClient(id)
	}
	if err != nil {
		return Client{}, err
	}
	return out, nil
}

// UpdateClient changes an app client by change, which may run more than once.
//
// Errors: ResourceNotFoundException, InvalidParameterException.
func (s *Service) UpdateClient(ctx context.Context, c Call, pool, id string, change func(name *string, s *ClientSettings) error) (out Client, err error) {
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		out, err = UpdateClient(tx, c.Env.Sealer, pool, id, change, c.now())
		return err
	})
	return out, err
}

// UpdateClient is Service.UpdateClient inside a transaction.
func UpdateClient(tx *db.Tx, sealer *keys.Sealer, pool, id string, change func(name *string, s *ClientSettings) error, now time.Time) (Client, error) {
	if _, err := clientOf(tx.Query(), sealer, pool, id); err != nil {
		return Client{}, err
	}
	// PostgreSQL: of two that change a client, the second sees what the first did.
	if _, err := tx.Exec(`UPDATE env.user_client SET changed_ms = $2 WHERE id = $1`, id, now.UnixMilli()); err != nil {
		return Client{}, fmt.Errorf("lock app client: %w", err)
	}
	p, err := readPool(tx.Query(), sealer, pool)
	if err != nil {
		return Client{}, err
	}
	out, err := clientOf(tx.Query(), sealer, pool, id)
	if err != nil {
		return Client{}, err
	}
	if err := change(&out.Name, &out.Settings); err != nil {
		return Client{}, err
	}
	out.Settings.setDefaults()
	if err := out.Settings.check(&p.Settings); err != nil {
		return Client{}, err
	}
	if !clientName.MatchString(out.Name) {
		return Client{}, invalid("%q is not a name of an app client.", out.Name)
	}
	text, err := encodeSettings(out.Settings)
	if err != nil {
		return Client{}, err
	}
	if _, err := tx.Exec(`UPDATE env.user_client SET name = $2, settings = $3 WHERE id = $1`, id, out.Name, text); err != nil {
		return Client{}, fmt.Errorf("update app client: %w", err)
	}
	return out, nil
}

// Clients lists the app clients of a pool, without their secrets.
//
// Errors: ResourceNotFoundException; InvalidParameterException for a limit or
// token that is not one.
func (s *Service) Clients(ctx context.Context, c Call, pool string, page Page) (list []Client, next string, err error) {
	kind := "user_clients " + pool
	after, limit, err := page.open(c, kind)
	if err != nil {
		return nil, "", err
	}
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		list = []Client{}
		if _, err := readPool(q, c.Env.Sealer, pool); err != nil {
			return err
		}
		return q.Each(`SELECT `+clientColumns+` FROM env.user_client WHERE pool = $1 AND id > $2 ORDER BY id LIMIT $3`,
			[]any{pool, after, limit + 1}, func(r db.Row) error {
				one, err := scanClient(r, c.Env.Sealer)
				one.Secret = keys.Secret{}
				list = append(list, one)
				return err
			})
	})
	if err != nil {
		return nil, "", err
	}
	list, next = cut(c, kind, list, limit, func(c Client) string { return c.ID })
	return list, next, nil
}

// DeleteClient deletes an app client and ends its sessions.
//
// Errors: ResourceNotFoundException.
func (s *Service) DeleteClient(ctx context.Context, c Call, pool, id string) error {
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := clientOf(tx.Query(), c.Env.Sealer, pool, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM env.user_client WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete app client: %w", err)
		}
		_, err := token.RevokeClient(tx, pool, id, c.now())
		return err
	})
}

// SecretHash is what a client with a secret proves it by.
func SecretHash(secret keys.Secret, username, clientID string) string {
	mac := hmac.New(sha256.New, secret.Bytes())
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// prove refuses a caller that does not know the client's secret.
func (c *Client) prove(username, hash string) error {
	if c.Secret.Empty() {
		return nil
	}
	if hash == "" {
		return notAuthorized("Client %s is configured with secret but SECRET_HASH was not received", c.ID)
	}
	if !hmac.Equal([]byte(SecretHash(c.Secret, username, c.ID)), []byte(hash)) {
		return notAuthorized("Unable to verify secret hash for client %s", c.ID)
	}
	return nil
}
