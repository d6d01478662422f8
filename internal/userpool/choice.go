package userpool

import (
	"context"
	"slices"

	"preamp/internal/db"
)

// firstFactors are what a user can begin USER_AUTH with. Codes alone do not open
// what is behind a second factor. Nobody can what somebody with everything can.
func (a *signIn) firstFactors() []string {
	u, set := a.target.user, &a.pool.Settings
	var out []string
	if u == nil || u.verifier != nil {
		out = append(out, factorPasswordSRP, factorPassword)
	}
	if set.MFA.Mode == MFAOn || u != nil && len(a.pool.mfaFactors(u)) > 0 {
		return out
	}
	if set.hasFirstFactor(challengeEmailOTP) && (u == nil || u.verified(attrEmail)) {
		out = append(out, challengeEmailOTP)
	}
	if set.hasFirstFactor(challengeSMSOTP) && u != nil && u.verified(attrPhone) {
		out = append(out, challengeSMSOTP)
	}
	return out
}

// choose begins USER_AUTH.
func (s *Service) choose(ctx context.Context, c Call, a *signIn, sessionText string) (AuthResult, error) {
	if sessionText != "" {
		return s.afterConfirm(ctx, c, a, sessionText)
	}
	want, can := a.params["PREFERRED_CHALLENGE"], a.firstFactors()
	if want == "WEB_AUTHN" {
		return AuthResult{}, unavailable(want)
	}
	if want != "" && slices.Contains(can, want) {
		return s.beginFactor(ctx, c, a, want, nil)
	}
	if want == "" && len(can) == 1 {
		return s.beginFactor(ctx, c, a, can[0], nil)
	}
	return AuthResult{
		Challenge: challengeSelect, Parameters: map[string]string{}, Available: can,
		Session: s.newSession(c, &a.client, a.target.subject, challengeSelect, nil),
	}, nil
}

// beginFactor goes on with a first factor. used is the Session of the choice.
func (s *Service) beginFactor(ctx context.Context, c Call, a *signIn, factor string, used *session) (AuthResult, error) {
	switch factor {
	case factorPassword:
		return s.byPassword(ctx, c, a, used)
	case factorPasswordSRP:
		if err := s.spend(ctx, c, a, used); err != nil {
			return AuthResult{}, err
		}
		return s.challengeSRP(ctx, c, a, true)
	}
	if err := s.refuse(ctx, c, a.target.subject, lockFactor); err != nil {
		return AuthResult{}, err
	}
	if err := s.spend(ctx, c, a, used); err != nil {
		return AuthResult{}, err
	}
	u := a.target.user
	if u == nil { // the same challenge, with a code that nobody gets
		return s.codeChallenge(c, a, a.target.subject, factor, draw(32, alnum), a.pool.simulated(a.name, attrEmail), firstProof).result, nil
	}
	to := delivery{attrEmail, u.Attributes[attrEmail]}
	if factor == challengeSMSOTP {
		to = delivery{attrPhone, u.Attributes[attrPhone]}
	}
	done, err := s.askCode(c, a, u, factor, to, factorDigits, firstProof)
	if err != nil {
		return AuthResult{}, err
	}
	return s.finish(ctx, c, done)
}

// spend uses up the Session of a choice.
func (s *Service) spend(ctx context.Context, c Call, a *signIn, used *session) error {
	if used == nil {
		return nil
	}
	return judge(ctx, c, func(tx *db.Tx) (refusal, err error) { return claimSession(tx, a.pool.ID, *used) })
}

// answerSelect takes the choice of a first factor.
func (s *Service) answerSelect(ctx context.Context, c Call, a *signIn, in *session) (AuthResult, error) {
	answer := a.params["ANSWER"]
	if !slices.Contains(a.firstFactors(), answer) {
		return AuthResult{}, invalid("Invalid parameter ANSWER: the challenge cannot be chosen.")
	}
	return s.beginFactor(ctx, c, a, answer, in)
}

// afterConfirm signs in who has just confirmed the sign-up, by the Session of
// that.
func (s *Service) afterConfirm(ctx context.Context, c Call, a *signIn, text string) (AuthResult, error) {
	in, err := openSession(c, a.client.ID, text, sessionConfirmed)
	if err != nil {
		return AuthResult{}, err
	}
	if in.Subject != a.target.subject {
		return AuthResult{}, errSession()
	}
	return s.proceed(ctx, c, a, &in, func(tx *db.Tx, u *User) (step, error) {
		if err := u.maySignIn(); err != nil {
			return step{}, err
		}
		return s.secondFactor(tx, c, a, u)
	})
}
