package userpool

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"slices"

	"preamp/internal/db"
	"preamp/internal/userpool/srp"
)

// mustReset refuses a user who was imported without a password, where nobody is
// kept from knowing that there is a user: clients then ask for a new password.
// Where users are hidden, every password is a wrong one.
func (a *signIn) mustReset() error {
	u := a.target.user
	if u == nil || u.hasPassword() || u.Status != StatusReset || !u.Enabled || a.client.Settings.HideUsers {
		return nil
	}
	return resetRequired()
}

// fits judges a password by the verifier, or by the hash of an imported user.
// Who signed in without a password has none to tell.
func (s *Service) fits(p *Pool, u *User, password string) (bool, error) {
	switch {
	case u.verifier != nil:
		return s.srp.CheckPassword(u.identity(&p.Settings), password, u.salt, u.verifier), nil
	case u.hash != nil:
		h, err := parseHash(string(u.hash))
		if err != nil {
			return false, fmt.Errorf("stored hash of user %s: %w", u.ID, err)
		}
		return h.fits(password), nil
	}
	return password == "", nil
}

// byHash signs an imported user in by the hash of the other system, in the place
// of which a verifier is then stored.
func (s *Service) byHash(ctx context.Context, c Call, a *signIn, password string, used *session) (AuthResult, error) {
	was := a.target.user
	salt, err := adoptedSalt(&a.pool, was)
	if err != nil {
		return AuthResult{}, err
	}
	var right bool
	var verifier []byte
	err = s.prove(ctx, func() (err error) {
		if right, err = s.fits(&a.pool, was, password); right {
			verifier = s.srp.Verifier(was.identity(&a.pool.Settings), password, salt)
		}
		return err
	})
	if err != nil {
		return AuthResult{}, err
	}
	o := outcome{kind: lockPassword, right: right, session: used}
	return s.settle(ctx, c, a, o, func(tx *db.Tx, u *User) (_ step, refusal, err error) {
		if u.verifier == nil && slices.Equal(u.hash, was.hash) {
			u.salt, u.verifier, u.hash = salt, verifier, nil
			if err := adopt(tx, c, u); err != nil {
				return step{}, nil, err
			}
		}
		return s.afterPassword(tx, c, a, u, verifier)
	})
}

// adoptedSalt is the salt of the verifier that replaces a hash. It follows from
// the hash, so that two sign-ins at once make the same verifier.
func adoptedSalt(p *Pool, u *User) ([]byte, error) {
	stream, err := hkdf.Key(sha256.New, p.secret, u.hash, "adopted salt "+u.ID, 64*srp.SaltSize)
	if err != nil {
		return nil, fmt.Errorf("derive salt: %w", err)
	}
	return srp.NewSalt(bytes.NewReader(stream))
}

// adopt stores the verifier in the place of the hash. It is the same password: no
// history, no end of sessions.
func adopt(tx *db.Tx, c Call, u *User) error {
	salt, verifier := sealPassword(c.Env.Sealer, u)
	_, err := tx.Exec(`UPDATE env.user_account SET salt_sealed = $2, verifier_sealed = $3, hash_sealed = NULL WHERE id = $1`,
		u.ID, salt, verifier)
	if err != nil {
		return fmt.Errorf("adopt password: %w", err)
	}
	return nil
}
