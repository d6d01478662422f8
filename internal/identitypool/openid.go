package identitypool

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

const (
	// OpenIDIssuer is the issuer of all tokens of identities, as on AWS.
	OpenIDIssuer = "https://cognito-identity.amazonaws.com"
	// OpenIDLife is how long such a token lives.
	OpenIDLife = 10 * time.Minute

	keyBits = 2048
)

func newKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }

func keyPlace(poolID string) string { return "identity_key.private_sealed." + poolID }

// signingKey reads the key of a pool, or makes it the first time.
func (a *API) signingKey(ctx context.Context, env keys.Env, poolID string) (kid string, key *rsa.PrivateKey, err error) {
	kid, key, err = readKey(ctx, env, poolID)
	if !errors.Is(err, db.ErrNoRows) {
		return kid, key, err
	}
	fresh, err := a.c.NewKey() // takes long: not in the transaction
	if err != nil {
		return "", nil, fmt.Errorf("make signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(fresh)
	if err != nil {
		return "", nil, fmt.Errorf("encode signing key: %w", err)
	}
	public := x509.MarshalPKCS1PublicKey(&fresh.PublicKey)
	sum := sha256.Sum256(public)
	now := a.c.Now()
	err = env.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := holdPool(tx, poolID); err != nil {
			return err
		}
		_, err := tx.Exec(`
			INSERT INTO env.identity_key (pool, kid, public_der, private_sealed, created_ms) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT DO NOTHING`, poolID, base64.RawURLEncoding.EncodeToString(sum[:]), public,
			env.Sealer.Seal(keyPlace(poolID), der), now.UnixMilli())
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("store signing key: %w", err)
	}
	return readKey(ctx, env, poolID) // perhaps another caller's
}

func readKey(ctx context.Context, env keys.Env, poolID string) (kid string, key *rsa.PrivateKey, err error) {
	var sealed []byte
	err = env.DB.Row(ctx, `SELECT kid, private_sealed FROM env.identity_key WHERE pool = $1`, poolID).Scan(&kid, &sealed)
	if err != nil {
		return "", nil, fmt.Errorf("read signing key: %w", err)
	}
	der, err := env.Sealer.Open(keyPlace(poolID), sealed)
	if err != nil {
		return "", nil, fmt.Errorf("open signing key: %w", err)
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return "", nil, fmt.Errorf("decode signing key: %w", err)
	}
	key, ok := k.(*rsa.PrivateKey)
	if !ok {
		return "", nil, errors.New("the signing key is no RSA key")
	}
	return kid, key, nil
}

// sign makes the token of an identity.
func (a *API) sign(ctx context.Context, env keys.Env, poolID, identityID string, proofs []proof) (string, error) {
	kid, key, err := a.signingKey(ctx, env, poolID)
	if err != nil {
		return "", err
	}
	now := a.c.Now()
	claims := map[string]any{
		"iss": OpenIDIssuer, "sub": identityID, "aud": poolID, "amr": methods(proofs),
		"iat": now.Unix(), "exp": now.Add(OpenIDLife).Unix(),
	}
	var parts [2]string
	for i, v := range []any{map[string]string{"kid": kid, "typ": "JWS", "alg": "RS256"}, claims} {
		b, err := json.Marshal(v)
		if err != nil {
			return "", err
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(b)
	}
	signed := parts[0] + "." + parts[1]
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}

// methods is the claim amr: how somebody has signed in.
func methods(proofs []proof) []string {
	if len(proofs) == 0 {
		return []string{"unauthenticated"}
	}
	amr := []string{"authenticated"}
	for _, l := range proofs {
		amr = append(amr, l.provider)
		if _, userPool := canonical(l.provider); userPool != "" {
			amr = append(amr, l.provider+":CognitoSignIn:"+l.Subject)
		}
	}
	return amr
}

type jwk struct {
	Alg string `json:"alg"`
	E   string `json:"e"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	Use string `json:"use"`
}

// KeySet is the public keys of a pool as a JSON Web Key Set, which is empty while
// the pool has signed nothing.
//
// Errors: ResourceNotFoundException.
func (a *API) KeySet(ctx context.Context, poolID string) ([]byte, error) {
	env, release, err := a.pool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	defer release()
	if _, err := FindPool(ctx, env, poolID); err != nil {
		return nil, err
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	var kid string
	var der []byte
	err = env.DB.Row(ctx, `SELECT kid, public_der FROM env.identity_key WHERE pool = $1`, poolID).Scan(&kid, &der)
	if errors.Is(err, db.ErrNoRows) {
		return json.Marshal(set)
	}
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	k, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("decode public key: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	set.Keys = append(set.Keys, jwk{
		Alg: "RS256", E: encode(big.NewInt(int64(k.E)).Bytes()), Kid: kid, Kty: "RSA", N: encode(k.N.Bytes()), Use: "sig",
	})
	return json.Marshal(set)
}

// KeysPattern is where KeysHandler belongs.
const KeysPattern = "GET /cognito-identity/{pool}/.well-known/jwks.json"

// KeysHandler publishes the keys of pools.
func (a *API) KeysHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set, err := a.KeySet(r.Context(), r.PathValue("pool"))
		switch errs.KindOf(err) {
		case errs.NotFound:
			http.NotFound(w, r)
			return
		case errs.Unavailable, errs.Timeout:
			http.Error(w, "unavailable", http.StatusServiceUnavailable)
			return
		}
		if err != nil {
			a.c.Logger.ErrorContext(r.Context(), "keys of an identity pool", "error", err)
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cache-Control", "public, max-age=60")
		_, _ = w.Write(set) // the client has gone
	})
}
