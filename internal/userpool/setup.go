package userpool

import (
	"context"
	"fmt"

	"preamp/internal/db"
	"preamp/internal/errs"
)

// dataProved marks the Session of MFA_SETUP after the token was verified.
const dataProved = "v"

// askSetup asks a user without a second factor for one.
func (s *Service) askSetup(c Call, a *signIn, u *User) (step, error) {
	var can []string
	if a.pool.Settings.MFA.SMS {
		can = append(can, challengeSMSMFA)
	}
	if a.pool.Settings.MFA.TOTP {
		can = append(can, challengeTOTP)
	}
	if a.pool.Settings.MFA.Email {
		can = append(can, challengeEmailOTP)
	}
	text, err := jsonText(can)
	if err != nil {
		return step{}, err
	}
	return s.ask(c, a, u, challengeSetup, map[string]string{"MFAS_CAN_SETUP": text}), nil
}

// answerSetup goes on when the software token was verified.
func (s *Service) answerSetup(ctx context.Context, c Call, a *signIn, in *session) (AuthResult, error) {
	if a.params["EMAIL"] != "" {
		return s.setupEmail(ctx, c, a, in)
	}
	if in.Data[dataProved] == "" {
		return AuthResult{}, errSession()
	}
	return s.proceed(ctx, c, a, in, func(tx *db.Tx, u *User) (step, error) {
		if err := u.maySignIn(); err != nil {
			return step{}, err
		}
		return complete(tx, c, a, u)
	})
}

// setupEmail takes an address as second factor; the code that it is sent proves
// it.
func (s *Service) setupEmail(ctx context.Context, c Call, a *signIn, in *session) (AuthResult, error) {
	address := a.params["EMAIL"]
	if !a.pool.Settings.MFA.Email || !isEmail(address) {
		return AuthResult{}, invalid("Invalid email address format.")
	}
	return s.proceed(ctx, c, a, in, func(tx *db.Tx, u *User) (step, error) {
		if len(a.pool.mfaFactors(u)) > 0 {
			return step{}, errSession()
		}
		if u.verified(attrEmail) && u.Attributes[attrEmail] != address {
			return step{}, notAuthorized("Cannot modify an already provided email")
		}
		out, err := s.askCode(tx, c, a, u, challengeEmailOTP, delivery{attrEmail, address}, codeDigits, setupPrefix+address)
		return out, err
	})
}

// setupPrefix begins the proof of a code that makes an address a second factor.
const setupPrefix = "setup "

// Software is the secret of a software token that is being set up.
type Software struct{ Secret, Session string }

// AssociateSoftwareToken gives a user a secret, by access token or by the Session
// of MFA_SETUP. It is in use when VerifySoftwareToken has proved it.
//
// Errors: those of SignedIn; SoftwareTokenMFANotFoundException.
func (s *Service) AssociateSoftwareToken(ctx context.Context, c Call, accessToken, sessionText string) (Software, error) {
	b, err := s.bySession(ctx, c, accessToken, sessionText)
	if err != nil {
		return Software{}, err
	}
	secret := newTOTP()
	out := Software{Secret: totpText(secret)}
	err = judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		if b.session != nil {
			u, err := lockUser(tx, c, b.userID)
			switch {
			case isNotFound(err):
				return noUser(), nil
			case err != nil:
				return nil, err
			case !b.maySetUp(&u):
				return errSession(), nil
			}
			if refusal, err := claimSession(tx, b.pool.ID, *b.session); refusal != nil || err != nil {
				return refusal, err
			}
		}
		n, err := tx.Exec(`UPDATE env.user_account SET totp_new_sealed = $2 WHERE id = $1`,
			b.userID, c.Env.Sealer.Seal(sealPlace(placeNewTOTP, b.userID), secret))
		if err == nil && n == 0 {
			return noUser(), nil
		}
		return nil, err
	})
	if err == nil && b.session != nil {
		out.Session = s.newSession(c, &b.client, b.userID, challengeSetup, map[string]string{dataPassword: b.session.Data[dataPassword]})
	}
	return out, err
}

// bearer is who sets up a software token.
type bearer struct {
	pool    Pool
	client  Client
	userID  string
	session *session // nil for an access token
}

// maySetUp reports whether a Session may still lead to a second factor. The first
// one ends that: else whoever knows the password, and keeps a Session, could put a
// factor of their own in its place. Access tokens may replace it.
func (b *bearer) maySetUp(u *User) bool {
	return b.session == nil || b.session.stands(&b.pool, u) && len(b.pool.mfaFactors(u)) == 0
}

func (s *Service) bySession(ctx context.Context, c Call, accessToken, sessionText string) (b bearer, err error) {
	if accessToken != "" {
		in, err := s.writer(ctx, c, accessToken)
		b = bearer{pool: in.pool, client: in.client, userID: in.user.ID}
		if err == nil && !b.pool.Settings.MFA.TOTP {
			err = fail(errs.NotFound, codeNoSoftwareToken, "Software Token MFA has not been enabled by the userPool")
		}
		return b, err
	}
	opened, err := openSession(c, "", sessionText, challengeSetup)
	if err != nil {
		return bearer{}, err
	}
	b.session, b.userID = &opened, opened.Subject
	b.pool, b.client, err = s.openClient(ctx, c, opened.Client)
	if isNotFound(err) {
		err = errSession()
	}
	if err == nil && !b.pool.Settings.MFA.TOTP {
		err = fail(errs.NotFound, codeNoSoftwareToken, "Software Token MFA has not been enabled by the userPool")
	}
	return b, err
}

// VerifySoftwareToken proves the secret of AssociateSoftwareToken by a code. With
// a Session it answers the next one, which RespondToAuthChallenge takes.
//
// Errors: those of SignedIn; EnableSoftwareTokenMFAException,
// SoftwareTokenMFANotFoundException.
func (s *Service) VerifySoftwareToken(ctx context.Context, c Call, accessToken, sessionText, code, device string) (next string, err error) {
	b, err := s.bySession(ctx, c, accessToken, sessionText)
	if err != nil {
		return "", err
	}
	if err := s.refuse(ctx, c, b.userID, lockFactor); err != nil {
		return "", err
	}
	err = judge(ctx, c, func(tx *db.Tx) (refusal, err error) { return b.verify(tx, c, code, device) })
	if err == nil && b.session != nil {
		next = s.newSession(c, &b.client, b.userID, challengeSetup, map[string]string{
			dataProved: "1", dataPassword: b.session.Data[dataPassword],
		})
	}
	return next, err
}

func (b *bearer) verify(tx *db.Tx, c Call, code, device string) (refusal, err error) {
	if b.session != nil {
		was, err := wasUsed(tx.Query(), b.session.ID)
		if err != nil {
			return nil, err
		}
		if was {
			return errSessionUsed(), nil
		}
	}
	u, err := lockUser(tx, c, b.userID)
	if isNotFound(err) {
		return noUser(), nil
	}
	if err != nil {
		return nil, err
	}
	if !b.maySetUp(&u) {
		return errSession(), nil
	}
	if u.totpNew == nil {
		return fail(errs.NotFound, codeNoSoftwareToken, "Software token TOTP multi-factor authentication (MFA) is not enabled for the user."), nil
	}
	at, right := matchTOTP(u.totpNew, code, 0, c.now())
	switch refused, err := countProof(tx, b.pool.ID, u.ID, lockFactor, right, c.now()); {
	case err != nil:
		return nil, err
	case refused:
		return attemptsExceeded(), nil
	case !right:
		return fail(errs.Invalid, codeEnableTOTP, "Code mismatch and fail enable Software Token MFA"), nil
	}
	if b.session != nil {
		if refusal, err := claimSession(tx, b.pool.ID, *b.session); refusal != nil || err != nil {
			return refusal, err
		}
		// Who sets it up to sign in has chosen it by that.
		u.MFA.TOTP, u.MFA.Preferred = true, challengeTOTP
	}
	u.MFA.Device = device
	_, err = tx.Exec(`UPDATE env.user_account SET totp_sealed = $2, totp_new_sealed = NULL, totp_step = $3 WHERE id = $1`,
		u.ID, c.Env.Sealer.Seal(sealPlace(placeTOTP, u.ID), u.totpNew), at)
	if err != nil {
		return nil, fmt.Errorf("store software token: %w", err)
	}
	return nil, saveUser(tx, c, &b.pool, &u)
}

// Preference is what a user wants of a second factor; nil members of Preferences
// stay as they are.
type Preference struct{ Enabled, Preferred bool }

// Preferences are those of SetUserMFAPreference.
type Preferences struct{ SMS, TOTP, Email *Preference }

// SetMFAPreference sets the second factors of the user of an access token.
//
// Errors: those of SignedIn; InvalidParameterException.
func (s *Service) SetMFAPreference(ctx context.Context, c Call, accessToken string, want Preferences) error {
	in, err := s.writer(ctx, c, accessToken)
	if err != nil {
		return err
	}
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		u, err := lockUser(tx, c, in.user.ID)
		if err != nil {
			return err
		}
		return want.set(tx, c, &in.pool, &u)
	})
}

// AdminSetMFAPreference sets the second factors of a user.
//
// Errors: ResourceNotFoundException, UserNotFoundException,
// InvalidParameterException.
func (s *Service) AdminSetMFAPreference(ctx context.Context, c Call, pool, username string, want Preferences) error {
	return s.withUser(ctx, c, pool, username, func(tx *db.Tx, p *Pool, u *User) error { return want.set(tx, c, p, u) })
}

func (w Preferences) set(tx *db.Tx, c Call, p *Pool, u *User) error {
	preferred := 0
	for _, f := range []struct {
		want    *Preference
		on      *bool
		name    string
		allowed bool
		missing string
	}{
		{w.SMS, &u.MFA.SMS, challengeSMSMFA, u.Attributes[attrPhone] != "", "User does not have delivery config set to turn on SMS_MFA"},
		{w.TOTP, &u.MFA.TOTP, challengeTOTP, u.totp != nil, "User has not verified software token mfa"},
		{w.Email, &u.MFA.Email, challengeEmailOTP, u.verified(attrEmail), "User has no verified email for EMAIL_OTP"},
	} {
		if f.want == nil {
			continue
		}
		if f.want.Enabled && !f.allowed {
			return invalid("%s", f.missing)
		}
		if f.want.Preferred && !f.want.Enabled {
			return invalid("A factor that is not enabled cannot be preferred.")
		}
		*f.on = f.want.Enabled
		switch {
		case f.want.Preferred:
			u.MFA.Preferred = f.name
			preferred++
		case u.MFA.Preferred == f.name:
			u.MFA.Preferred = ""
		}
	}
	if preferred > 1 {
		return invalid("Only one factor can be preferred.")
	}
	return saveUser(tx, c, p, u)
}
