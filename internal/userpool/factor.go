package userpool

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"preamp/internal/db"
)

// mfaFactors are the second factors that a sign-in of the user asks for.
func (p *Pool) mfaFactors(u *User) []string {
	m := p.Settings.MFA
	var out []string
	if m.Mode == MFAOff {
		return nil
	}
	// Where everybody needs a factor, what the user could use is one; else only what
	// the user chose.
	must := m.Mode == MFAOn
	if m.SMS && u.Attributes[attrPhone] != "" && (must || u.MFA.SMS) {
		out = append(out, challengeSMSMFA)
	}
	if m.TOTP && u.totp != nil && (must || u.MFA.TOTP) {
		out = append(out, challengeTOTP)
	}
	if m.Email && u.verified(attrEmail) && u.MFA.Email {
		out = append(out, challengeEmailOTP)
	}
	return out
}

// secondFactor goes on after the first proof.
func (s *Service) secondFactor(tx *db.Tx, c Call, a *signIn, u *User) (step, error) {
	factors := a.pool.mfaFactors(u)
	switch {
	case len(factors) == 0 && a.pool.Settings.MFA.Mode == MFAOn:
		return s.askSetup(c, a, u)
	case len(factors) == 0:
		return complete(tx, c, a, u)
	case slices.Contains(factors, u.MFA.Preferred):
		return s.askFactor(tx, c, a, u, u.MFA.Preferred)
	case len(factors) == 1:
		return s.askFactor(tx, c, a, u, factors[0])
	}
	text, err := jsonText(factors)
	if err != nil {
		return step{}, err
	}
	return s.ask(c, a, u, challengeSelectMFA, map[string]string{"MFAS_CAN_CHOOSE": text}), nil
}

// ask is the step that is a challenge, to who has proved the password.
func (s *Service) ask(c Call, a *signIn, u *User, challenge string, parameters map[string]string) step {
	if parameters == nil {
		parameters = map[string]string{}
	}
	return step{result: AuthResult{
		Challenge: challenge, Parameters: parameters, Session: s.newSession(c, &a.client, u.ID, challenge, map[string]string{dataPassword: a.pool.passwordMark(u)}),
	}}
}

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode parameter: %w", err)
	}
	return string(b), nil
}

// askFactor asks for a second factor; codes are sent for it.
//
// Errors: LimitExceededException; the sign-in is then as it was before.
func (s *Service) askFactor(tx *db.Tx, c Call, a *signIn, u *User, factor string) (step, error) {
	switch factor {
	case challengeTOTP:
		parameters := map[string]string{}
		if u.MFA.Device != "" {
			parameters["FRIENDLY_DEVICE_NAME"] = u.MFA.Device
		}
		return s.ask(c, a, u, factor, parameters), nil
	case challengeEmailOTP:
		return s.askCode(tx, c, a, u, factor, delivery{attrEmail, u.Attributes[attrEmail]}, codeDigits, secondProof)
	}
	return s.askCode(tx, c, a, u, factor, delivery{attrPhone, u.Attributes[attrPhone]}, codeDigits, secondProof)
}

// The proof that a code is: the data of its Session says so, because EMAIL_OTP can
// be both.
const (
	firstProof  = "first"
	secondProof = "second"

	dataHash  = "h"
	dataProof = "p"
)

// askCode asks for a code that is sent. Its hash is in the Session, so that it
// ends with it and nothing is stored but that it was sent.
//
// Errors: LimitExceededException.
func (s *Service) askCode(tx *db.Tx, c Call, a *signIn, u *User, challenge string, to delivery, digits int, proof string) (step, error) {
	code, err := s.drawCode(digits)
	if err != nil {
		return step{}, err
	}
	if err := countCode(tx, a.pool.ID, u.ID, c); err != nil {
		return step{}, err
	}
	m := a.pool.Settings.Messages.factor().render(to, &a.pool, u, code)
	mark := ""
	if proof != firstProof {
		mark = a.pool.passwordMark(u)
	}
	out := s.codeChallenge(c, a, u.ID, challenge, code, to.details(), proof, mark)
	out.message = &m
	out.hide = proof == firstProof && a.client.Settings.HideUsers
	return out, nil
}

func (s *Service) codeChallenge(c Call, a *signIn, subject, challenge, code string, to *Delivery, proof, mark string) step {
	id := uuid.NewString()
	return step{result: AuthResult{
		Challenge: challenge,
		Parameters: map[string]string{
			"CODE_DELIVERY_DELIVERY_MEDIUM": to.Medium, "CODE_DELIVERY_DESTINATION": to.Destination,
		},
		Session: makeSession(c, &a.client, id, subject, challenge, map[string]string{
			dataHash: hex.EncodeToString(a.pool.codeHash(subject, "factor "+id, code)), dataProof: proof, dataPassword: mark,
		}),
	}}
}

// rightCode judges the code of a Session.
func (a *signIn) rightCode(in *session, code string) bool {
	want := hex.EncodeToString(a.pool.codeHash(in.Subject, "factor "+in.ID, code))
	return hmac.Equal([]byte(want), []byte(in.Data[dataHash]))
}

// codeParameter is the name of the answer to a challenge for a code.
func codeParameter(challenge string) string { return challenge + "_CODE" }

// answerCode judges the code of SMS_MFA, EMAIL_OTP, SMS_OTP.
func (s *Service) answerCode(ctx context.Context, c Call, a *signIn, in *session) (AuthResult, error) {
	code, ok := a.params[codeParameter(in.For)]
	if !ok {
		return AuthResult{}, invalid("Missing required parameter %s", codeParameter(in.For))
	}
	kind := lockFactor
	if in.Data[dataProof] == firstProof {
		kind = lockFirstCode
	}
	if err := s.refuse(ctx, c, a.target.subject, kind); err != nil {
		return AuthResult{}, err
	}
	o := outcome{kind: kind, right: a.rightCode(in, code), session: in}
	return s.settle(ctx, c, a, o, func(tx *db.Tx, u *User) (_ step, refusal, err error) {
		if err := u.maySignIn(); err != nil {
			return step{}, err, nil
		}
		next, err := complete(tx, c, a, u)
		return next, nil, err
	})
}

// answerTOTP judges the code of a software token.
func (s *Service) answerTOTP(ctx context.Context, c Call, a *signIn, in *session) (AuthResult, error) {
	code, ok := a.params[codeParameter(challengeTOTP)]
	if !ok {
		return AuthResult{}, invalid("Missing required parameter %s", codeParameter(challengeTOTP))
	}
	if err := s.refuse(ctx, c, a.target.subject, lockFactor); err != nil {
		return AuthResult{}, err
	}
	u := a.target.user
	o := outcome{kind: lockFactor, session: in}
	var at int64
	if u != nil && u.totp != nil {
		at, o.right = matchTOTP(u.totp, code, u.totpStep, c.now())
	}
	return s.settle(ctx, c, a, o, func(tx *db.Tx, u *User) (_ step, refusal, err error) {
		if err := u.maySignIn(); err != nil {
			return step{}, err, nil
		}
		if ok, err := useStep(tx, u, at); err != nil || !ok {
			return step{}, wrongFactor(), err
		}
		next, err := complete(tx, c, a, u)
		return next, nil, err
	})
}

// useStep uses up a step of a software token; another sign-in may have been
// faster.
func useStep(tx *db.Tx, u *User, at int64) (bool, error) {
	n, err := tx.Exec(`UPDATE env.user_account SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, u.ID, at)
	if err != nil {
		return false, fmt.Errorf("use step: %w", err)
	}
	return n == 1, nil
}

// answerSelectMFA takes the choice of a second factor.
func (s *Service) answerSelectMFA(ctx context.Context, c Call, a *signIn, in *session) (AuthResult, error) {
	return s.proceed(ctx, c, a, in, func(tx *db.Tx, u *User) (step, error) {
		if !slices.Contains(a.pool.mfaFactors(u), a.params["ANSWER"]) {
			return step{}, invalid("Invalid parameter ANSWER: the second factor cannot be chosen.")
		}
		return s.askFactor(tx, c, a, u, a.params["ANSWER"])
	})
}

// proceed uses up a Session and goes on with next, for answers that prove
// nothing. An error of next leaves the Session as it is.
func (s *Service) proceed(ctx context.Context, c Call, a *signIn, in *session, next func(tx *db.Tx, u *User) (step, error)) (AuthResult, error) {
	var done step
	err := judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		done = step{}
		if refusal, err := claimSession(tx, a.pool.ID, *in); refusal != nil || err != nil {
			return refusal, err
		}
		u, err := lockUser(tx, c, in.Subject)
		if isNotFound(err) {
			return errSession(), nil
		}
		if err != nil {
			return nil, err
		}
		if !in.stands(&a.pool, &u) {
			return errSession(), nil
		}
		if !u.Enabled {
			return disabled(), nil
		}
		done, err = next(tx, &u)
		return nil, err
	})
	if err != nil {
		return AuthResult{}, err
	}
	return s.finish(ctx, c, done)
}
