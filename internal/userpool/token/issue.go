package token

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/google/uuid"
)

const algorithm = "RS256"

// Issued is what a sign-in or a refresh gives.
type Issued struct {
	ID, Access string
	// Life is how long the access token lives: ExpiresIn.
	Life time.Duration
}

// Issue makes an id and an access token. The caller drops the id token where
// OAuth gives none (no scope openid).
//
// Errors: NotFound for a pool without keys.
func (k *Keys) Issue(ctx context.Context, env Env, p Pool, u User, g Grant, now time.Time) (Issued, error) {
	if err := g.check(u); err != nil {
		return Issued{}, err
	}
	s, err := k.set(ctx, env, p.ID, KeyAge, now)
	if err != nil {
		return Issued{}, err
	}
	access, _ := s.signer(Access, now) // a set has both
	id, _ := s.signer(ID, now)
	out := Issued{Life: g.AccessLife}
	if out.Access, err = access.sign(accessClaims(p, u, g, uuid.NewString(), now)); err != nil {
		return Issued{}, err
	}
	claims, err := idClaims(p, u, g, uuid.NewString(), out.Access, now)
	if err != nil {
		return Issued{}, err
	}
	out.ID, err = id.sign(claims)
	return out, err
}

// header is the header of a token; there is no other.
func header(kid string) string { return `{"kid":"` + kid + `","alg":"` + algorithm + `"}` }

// sign writes the compact form (RFC 7515, section 7.1).
func (s signer) sign(claims map[string]any) (string, error) {
	payload, err := encode(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(header(s.kid))) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, s.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
