package token

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

// Use is what a token is for: its claim token_use.
type Use string

// The uses. Each has a key of its own.
const (
	ID     Use = "id"
	Access Use = "access"
)

const keyBits = 2048

// signer is a private key with its name.
type signer struct {
	kid     string
	private *rsa.PrivateKey
}

// Pair is the two keys of a pool before they are stored. Making one takes a
// large part of a second, too long for a transaction.
type Pair struct{ id, access signer }

// NewPair makes two random keys.
func NewPair() (*Pair, error) {
	p := &Pair{}
	for _, s := range []*signer{&p.id, &p.access} {
		private, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return nil, fmt.Errorf("make signing key: %w", err)
		}
		*s = signer{kid: thumbprint(&private.PublicKey), private: private}
	}
	return p, nil
}

// thumbprint names a key by what it is (RFC 7638), in the base64 that pools on
// AWS use.
func thumbprint(k *rsa.PublicKey) string {
	text := fmt.Sprintf(`{"e":"%s","kty":"RSA","n":"%s"}`, exponentText(k), modulusText(k))
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func modulusText(k *rsa.PublicKey) string { return base64.RawURLEncoding.EncodeToString(k.N.Bytes()) }

func exponentText(k *rsa.PublicKey) string {
	return base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes())
}

// Insert stores the keys of a pool, in the transaction that makes the pool. It
// does nothing when the pool has keys.
func (p *Pair) Insert(tx *db.Tx, s *keys.Sealer, pool string, now time.Time) error {
	return p.insert(tx, s, pool, now, now)
}

func (p *Pair) insert(tx *db.Tx, s *keys.Sealer, pool string, now, active time.Time) error {
	for _, k := range []struct {
		use    Use
		signer signer
	}{{ID, p.id}, {Access, p.access}} {
		private, err := x509.MarshalPKCS8PrivateKey(k.signer.private)
		if err != nil {
			return fmt.Errorf("encode signing key: %w", err)
		}
		_, err = tx.Exec(`
			INSERT INTO env.token_key (kid, pool, purpose, public_der, private_sealed, created_ms, active_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			k.signer.kid, pool, string(k.use), x509.MarshalPKCS1PublicKey(&k.signer.private.PublicKey),
			s.Seal(keyPlace(k.signer.kid), private), now.UnixMilli(), active.UnixMilli())
		if err != nil {
			return fmt.Errorf("store signing key: %w", err)
		}
	}
	return nil
}

func keyPlace(kid string) string { return "token_key.private_sealed." + kid }

func openSigner(s *keys.Sealer, kid string, sealed []byte) (signer, error) {
	der, err := s.Open(keyPlace(kid), sealed)
	if err != nil {
		return signer{}, fmt.Errorf("open signing key: %w", err)
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return signer{}, fmt.Errorf("decode signing key: %w", err)
	}
	private, ok := k.(*rsa.PrivateKey)
	if !ok {
		return signer{}, errors.New("the signing key is no RSA key")
	}
	return signer{kid: kid, private: private}, nil
}

// Rotate puts a new pair in the place of a pool's keys. The new keys are published
// at once and sign when every node knows them; the old ones are published until
// their tokens have expired, and those for which that has happened are deleted.
// Keys.Forget follows the commit.
//
// Errors: NotFound for a pool without keys; Conflict when somebody else rotates
// at the same time.
func (p *Pair) Rotate(tx *db.Tx, s *keys.Sealer, pool string, now time.Time) error {
	change := now.Add(publishFirst)
	n, err := tx.Exec(`UPDATE env.token_key SET retired_ms = $2, remove_ms = $3 WHERE pool = $1 AND retired_ms IS NULL`,
		pool, change.UnixMilli(), change.Add(MaxLife+retiredMargin).UnixMilli())
	if err != nil {
		return fmt.Errorf("retire signing keys: %w", err)
	}
	if n == 0 {
		var known int64
		if err := tx.Row(`SELECT count(*) FROM env.token_key WHERE pool = $1`, pool).Scan(&known); err != nil {
			return fmt.Errorf("count signing keys: %w", err)
		}
		if known == 0 {
			return missingPool(pool)
		}
		return errs.E(errs.Conflict, "the keys of the pool are being rotated")
	}
	if err := p.insert(tx, s, pool, now, change); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM env.token_key WHERE pool = $1 AND remove_ms < $2`, pool, now.UnixMilli()); err != nil {
		return fmt.Errorf("delete signing keys: %w", err)
	}
	return nil
}

func missingPool(pool string) error {
	return &errs.Error{
		Kind: errs.NotFound, Code: "ResourceNotFoundException", Resource: "UserPool",
		Message: fmt.Sprintf("User pool %s does not exist.", pool),
	}
}
