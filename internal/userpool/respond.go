package userpool

import (
	"context"
	"maps"
	"strings"

	"preamp/internal/db"
)

// RespondToAuthChallenge answers a challenge.
//
// Errors: NotAuthorizedException, CodeMismatchException,
// InvalidPasswordException, InvalidParameterException, UserNotFoundException,
// UserNotConfirmedException, PasswordResetRequiredException,
// ResourceNotFoundException, AliasExistsException, TooManyRequestsException,
// CodeDeliveryFailureException.
func (s *Service) RespondToAuthChallenge(ctx context.Context, c Call, in AuthInput) (AuthResult, error) {
	switch in.Name {
	case challengePasswordVerifier:
		return s.verifyPassword(ctx, c, in)
	case "CUSTOM_CHALLENGE", "WEB_AUTHN", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER":
		return AuthResult{}, unavailable(in.Name)
	}
	answer, ok := map[string]func(context.Context, Call, *signIn, *session) (AuthResult, error){
		challengeSMSMFA: s.answerCode, challengeSMSOTP: s.answerCode, challengeEmailOTP: s.answerEmail,
		challengeTOTP: s.answerTOTP, challengeSelectMFA: s.answerSelectMFA, challengeSetup: s.answerSetup,
		challengeNewPassword: s.answerNewPassword, challengeSelect: s.answerSelect,
	}[in.Name]
	if !ok {
		return AuthResult{}, oneOf("challengeName", []string{in.Name}, []string{
			challengeSMSMFA, challengeEmailOTP, challengeTOTP, challengeSelectMFA, challengeSetup, challengePasswordVerifier,
			"CUSTOM_CHALLENGE", challengeSelect, "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER", "ADMIN_NO_SRP_AUTH",
			challengeNewPassword, challengeSMSOTP, factorPassword, "WEB_AUTHN", factorPasswordSRP,
		})
	}
	if in.Session == "" {
		return AuthResult{}, invalid("Missing required parameter Session")
	}
	opened, err := openSession(c, in.Client, in.Session, in.Name)
	if err != nil {
		return AuthResult{}, err
	}
	a, err := s.begin(ctx, c, in, "")
	if err != nil {
		return AuthResult{}, err
	}
	if opened.Subject != a.target.subject {
		return AuthResult{}, errSession()
	}
	return answer(ctx, c, a, &opened)
}

// answerEmail judges a code that was mailed, which may also make the address a
// second factor.
func (s *Service) answerEmail(ctx context.Context, c Call, a *signIn, in *session) (AuthResult, error) {
	address, setup := strings.CutPrefix(in.Data[dataProof], setupPrefix)
	if !setup {
		return s.answerCode(ctx, c, a, in)
	}
	if err := s.refuse(ctx, c, a.target.subject, lockFactor); err != nil {
		return AuthResult{}, err
	}
	o := outcome{kind: lockFactor, right: a.rightCode(in, a.params[codeParameter(challengeEmailOTP)]), session: in}
	return s.settle(ctx, c, a, o, func(tx *db.Tx, u *User) (_ step, refusal, err error) {
		if err := u.maySignIn(); err != nil {
			return step{}, err, nil
		}
		if len(a.pool.mfaFactors(u)) > 0 {
			return step{}, errSession(), nil
		}
		u.Attributes[attrEmail], u.Attributes[attrEmail+"_verified"] = address, "true"
		u.MFA.Email, u.MFA.Preferred = true, challengeEmailOTP
		if err := freeAlias(tx, c, &a.pool, u, attrEmail, false); err != nil {
			return step{}, nil, err
		}
		if err := saveUser(tx, c, &a.pool, u); err != nil {
			return step{}, nil, err
		}
		next, err := complete(tx, c, a, u)
		return next, nil, err
	})
}

const attributePrefix = "userAttributes."

// askNewPassword asks who has signed in with a temporary password for another.
func (s *Service) askNewPassword(c Call, a *signIn, u *User) (step, error) {
	missing := []string{}
	schema := a.pool.Settings.Schema()
	for _, name := range sortedKeys(schema) {
		if schema[name].Required && name != attrSub && u.Attributes[name] == "" {
			missing = append(missing, attributePrefix+name)
		}
	}
	required, err := jsonText(missing)
	if err != nil {
		return step{}, err
	}
	present, err := jsonText(readable(u, &a.client))
	if err != nil {
		return step{}, err
	}
	return s.ask(c, a, u, challengeNewPassword, map[string]string{
		"requiredAttributes": required, "userAttributes": present,
	}), nil
}

// answerNewPassword sets the password in the place of a temporary one, and the
// attributes that were missing.
func (s *Service) answerNewPassword(ctx context.Context, c Call, a *signIn, in *session) (AuthResult, error) {
	u := a.target.user
	if u == nil {
		return AuthResult{}, errSession()
	}
	password := a.params["NEW_PASSWORD"]
	if password == "" {
		return AuthResult{}, invalid("Missing required parameter NEW_PASSWORD")
	}
	if err := a.pool.Settings.Password.accept(password, false); err != nil {
		return AuthResult{}, err
	}
	given, err := a.newAttributes(u)
	if err != nil {
		return AuthResult{}, err
	}
	fresh := *u
	if err := s.setPassword(ctx, &a.pool, &fresh, password); err != nil {
		return AuthResult{}, err
	}
	return s.proceed(ctx, c, a, in, func(tx *db.Tx, u *User) (step, error) {
		if u.Status != StatusForceChange {
			return step{}, errSession()
		}
		if err := s.checkHistory(tx.Query(), c, &a.pool, u, password); err != nil {
			return step{}, err
		}
		maps.Copy(u.Attributes, given)
		if err := a.pool.Settings.conform(u.Attributes, true); err != nil {
			return step{}, err
		}
		if err := s.replacePassword(tx, c, &a.pool, *u, fresh, StatusConfirmed, false); err != nil {
			return step{}, err
		}
		locked, err := lockUser(tx, c, u.ID)
		if err != nil {
			return step{}, err
		}
		return s.secondFactor(tx, c, a, &locked)
	})
}

// newAttributes are those of the answer that the client may write.
func (a *signIn) newAttributes(u *User) (map[string]string, error) {
	out := map[string]string{}
	for key, v := range a.params {
		name, ok := strings.CutPrefix(key, attributePrefix)
		if !ok {
			continue
		}
		if had := u.Attributes[name]; had != "" && (name == attrEmail || name == attrPhone) {
			if had != v {
				return nil, notAuthorized("Cannot modify an already provided %s", name)
			}
			continue
		}
		if !a.client.Settings.mayWrite(name) {
			return nil, notAuthorized("A client attempted to write unauthorized attribute")
		}
		out[name] = v
		if name == attrEmail || name == attrPhone {
			out[name+"_verified"] = "false"
		}
	}
	return out, nil
}
