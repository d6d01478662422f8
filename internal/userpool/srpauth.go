package userpool

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/userpool/srp"
)

const (
	blockKind = "userpool secret block"
	blockLife = 3 * time.Minute
)

// secretBlock is the state of a handshake that the client carries, sealed.
type secretBlock struct {
	ID      string `json:"i"`
	Client  string `json:"c"`
	Subject string `json:"u"`
	// Name is what the user was named by, SRPUser is USER_ID_FOR_SRP.
	Name      string `json:"n"`
	SRPUser   string `json:"s"`
	Expires   int64  `json:"e"`
	Handshake []byte `json:"h"`
}

// challengeSRP answers SRP_A. USER_AUTH gives a Session with it.
func (s *Service) challengeSRP(ctx context.Context, c Call, a *signIn, withSession bool) (AuthResult, error) {
	public, err := s.srp.ParsePublic(a.params["SRP_A"])
	if err != nil {
		return AuthResult{}, wrapInvalid(err, "SRP_A is not valid.")
	}
	if err := s.refuseLocked(ctx, c, a.target.subject); err != nil {
		return AuthResult{}, err
	}
	id, salt, verifier := s.credentials(a)
	var handshake *srp.Handshake
	err = s.prove(ctx, func() (err error) {
		handshake, err = s.srp.Begin(verifier, public, rand.Reader)
		return err
	})
	if err != nil {
		return AuthResult{}, err
	}
	state, err := handshake.MarshalBinary()
	if err != nil {
		return AuthResult{}, err
	}
	expires := c.now().Add(blockLife)
	b, err := json.Marshal(secretBlock{
		ID: uuid.NewString(), Client: a.client.ID, Subject: a.target.subject, Name: a.name, SRPUser: id.User,
		Expires: expires.UnixMilli(), Handshake: state,
	})
	if err != nil {
		return AuthResult{}, fmt.Errorf("encode secret block: %w", err)
	}
	// Clients decode it as standard base64.
	sealed, err := base64.RawURLEncoding.DecodeString(c.Env.Sealer.SealToken(blockKind, b, expires))
	if err != nil {
		return AuthResult{}, fmt.Errorf("decode token: %w", err)
	}
	out := AuthResult{Challenge: challengePasswordVerifier, Parameters: map[string]string{
		"SALT": srp.SaltText(salt), "SECRET_BLOCK": base64.StdEncoding.EncodeToString(sealed), "SRP_B": handshake.B().String(),
		"USERNAME": id.User, "USER_ID_FOR_SRP": id.User,
	}}
	if withSession {
		out.Session = s.newSession(c, &a.client, a.target.subject, challengePasswordVerifier, nil)
	}
	return out, nil
}

func wrapInvalid(err error, message string) error {
	e := errs.Wrap(errs.Invalid, err, "%s", message)
	e.Code = codeInvalidParameter
	return e
}

// openBlock reads the secret block of a proof. The texts are those of a wrong
// password: a block that is not good proves nothing.
func (s *Service) openBlock(c Call, a *signIn, p srp.Proof) (secretBlock, *srp.Handshake, error) {
	var b secretBlock
	raw, err := c.Env.Sealer.OpenToken(blockKind, base64.RawURLEncoding.EncodeToString(p.SecretBlock), time.UnixMilli(0))
	if err != nil {
		return b, nil, wrongPassword()
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, nil, fmt.Errorf("decode secret block: %w", err)
	}
	if b.Client != a.client.ID || c.now().UnixMilli() >= b.Expires {
		return b, nil, wrongPassword()
	}
	h, err := s.srp.ParseHandshake(b.Handshake)
	if err != nil {
		return b, nil, fmt.Errorf("decode handshake: %w", err)
	}
	return b, h, nil
}

// adopt takes the user that the challenge was made for. Clients name it by
// USER_ID_FOR_SRP, which for nobody is made up.
func (a *signIn) adopt(b secretBlock) error {
	nobody := a.target.user == nil && (a.name == b.SRPUser || a.pool.Settings.foldName(a.name) == a.pool.Settings.foldName(b.Name)) &&
		b.Subject == a.pool.phantom(b.Name)
	if a.target.subject != b.Subject && !nobody {
		return wrongPassword()
	}
	a.target.subject, a.name = b.Subject, b.Name
	return nil
}

// verifyPassword judges the answer to PASSWORD_VERIFIER.
func (s *Service) verifyPassword(ctx context.Context, c Call, in AuthInput) (AuthResult, error) {
	proof, err := srp.ParseProof(in.Parameters["PASSWORD_CLAIM_SECRET_BLOCK"], in.Parameters["TIMESTAMP"],
		in.Parameters["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil {
		return AuthResult{}, wrapInvalid(err, "Invalid or missing PASSWORD_CLAIM_SECRET_BLOCK, TIMESTAMP or PASSWORD_CLAIM_SIGNATURE.")
	}
	a, err := s.begin(ctx, c, in, "")
	if err != nil {
		return AuthResult{}, err
	}
	block, handshake, err := s.openBlock(c, a, proof)
	if err != nil {
		return AuthResult{}, err
	}
	if err := a.adopt(block); err != nil {
		return AuthResult{}, err
	}
	var used *session
	if in.Session != "" {
		opened, err := openSession(c, a.client.ID, in.Session, challengePasswordVerifier)
		if err != nil {
			return AuthResult{}, err
		}
		if opened.Subject != block.Subject {
			return AuthResult{}, errSession()
		}
		used = &opened
	}
	if err := s.refuseLocked(ctx, c, a.target.subject); err != nil {
		return AuthResult{}, err
	}
	if err := a.mustReset(); err != nil {
		return AuthResult{}, err
	}
	id, _, verifier := s.credentials(a)
	id.User = block.SRPUser
	var right bool
	err = s.prove(ctx, func() error {
		err := s.srp.Verify(handshake, id, verifier, proof)
		if right = err == nil; errors.Is(err, srp.ErrRefused) {
			return nil
		}
		return err
	})
	if err != nil {
		return AuthResult{}, err
	}
	return s.settle(ctx, c, a, outcome{kind: lockPassword, right: right, session: used, block: &block}, func(tx *db.Tx, u *User) (_ step, refusal, err error) {
		return s.afterPassword(tx, c, a, u, verifier)
	})
}
