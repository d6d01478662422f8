package userpool

import (
	"context"
	"slices"

	"preamp/internal/db"
)

// firstFactors are what a user can begin USER_AUTH with. Codes alone do not open
// what is behind a second factor.
func (a *signIn) firstFactors(u *User) []string {
	if u.external() { // somebody else says who that is
		return nil
	}
	set := &a.pool.Settings
	var out []string
	if u.hasPassword() {
		out = append(out, factorPasswordSRP, factorPassword)
	}
	if set.MFA.Mode == MFAOn || len(a.pool.mfaFactors(u)) > 0 {
		return out
	}
	if set.hasFirstFactor(challengeEmailOTP) && u.verified(attrEmail) {
		out = append(out, challengeEmailOTP)
	}
	if set.hasFirstFactor(challengeSMSOTP) && u.verified(attrPhone) {
		out = append(out, challengeSMSOTP)
	}
	return out
}

// offered are the first factors that the caller is told of. Where users are
// hidden that is what somebody with everything could, for everybody: what one
// user can tells that there is one.
func (a *signIn) offered() []string {
	if u := a.target.user; u != nil && !a.client.Settings.HideUsers {
		return a.firstFactors(u)
	}
	set := &a.pool.Settings
	out := []string{factorPasswordSRP, factorPassword}
	for _, f := range []string{challengeEmailOTP, challengeSMSOTP} {
		if set.MFA.Mode != MFAOn && set.hasFirstFactor(f) {
			out = append(out, f)
		}
	}
	return out
}

// choose begins USER_AUTH.
func (s *Service) choose(ctx context.Context, c Call, a *signIn, sessionText string) (AuthResult, error) {
	if sessionText != "" {
		return s.afterConfirm(ctx, c, a, sessionText)
	}
	want, can := a.params["PREFERRED_CHALLENGE"], a.offered()
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
	if err := s.refuse(ctx, c, a.target.subject, lockFirstCode); err != nil {
		return AuthResult{}, err
	}
	return s.firstCode(ctx, c, a, factor, used)
}

// firstCode sends the code of a first factor, or, for who cannot have one, makes
// the same challenge with a code that nobody gets.
func (s *Service) firstCode(ctx context.Context, c Call, a *signIn, factor string, used *session) (AuthResult, error) {
	attribute := attrEmail
	if factor == challengeSMSOTP {
		attribute = attrPhone
	}
	u := a.target.user
	if u != nil && !slices.Contains(a.firstFactors(u), factor) {
		u = nil
	}
	var done step
	err := judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		if used != nil {
			if refusal, err := claimSession(tx, a.pool.ID, *used); refusal != nil || err != nil {
				return refusal, err
			}
		}
		if u != nil {
			done, err = s.askCode(tx, c, a, u, factor, delivery{attribute, u.Attributes[attribute]}, factorDigits, firstProof)
			return nil, err
		}
		done = s.codeChallenge(c, a, a.target.subject, factor, draw(32, alnum), a.pool.simulated(a.name, attribute), firstProof, "")
		return nil, countCode(tx, a.pool.ID, a.target.subject, c)
	})
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
	if !slices.Contains(a.offered(), answer) {
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
