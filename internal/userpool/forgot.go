package userpool

import (
	"context"
	"slices"

	"preamp/internal/db"
	"preamp/internal/userpool/token"
)

// recovery is where the code of a forgotten password goes: the first of the
// pool's ways that the user has. Nil when there is none.
func (p *Pool) recovery(u *User) *delivery {
	for _, way := range p.Settings.Recovery {
		switch {
		case way == RecoverEmail && u.verified(attrEmail):
			return &delivery{attrEmail, u.Attributes[attrEmail]}
		case way == RecoverPhone && u.verified(attrPhone):
			return &delivery{attrPhone, u.Attributes[attrPhone]}
		}
	}
	return nil
}

// mayReset refuses users whose password cannot be reset as it is.
func (p *Pool) mayReset(u *User) (*delivery, error) {
	if !u.Enabled {
		return nil, disabled()
	}
	if u.Status == StatusForceChange || u.Status == StatusExternal {
		return nil, notAuthorized("User password cannot be reset in the current state.")
	}
	to := p.recovery(u)
	if to == nil {
		return nil, invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
	}
	return to, nil
}

func forgotCode(to delivery) sentCode {
	return sentCode{purpose: purposeForgot, attribute: to.attribute, value: to.to, life: forgotCodeLife}
}

// ForgotPassword sends a code by which a new password can be set.
//
// Errors: LimitExceededException, NotAuthorizedException,
// InvalidParameterException, UserNotFoundException,
// CodeDeliveryFailureException.
func (s *Service) ForgotPassword(ctx context.Context, c Call, by ByClient) (*Delivery, error) {
	code, err := s.drawCode(codeDigits)
	if err != nil {
		return nil, err
	}
	var out *Delivery
	var message *Message
	hide := false
	err = judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		out, message = nil, nil
		p, client, err := by.open(tx.Query(), c)
		if err != nil {
			return nil, err
		}
		if slices.Equal(p.Settings.Recovery, []string{RecoverAdmin}) { // whoever asks, and for whom
			return nil, notAuthorized("Contact administrator to reset password.")
		}
		hide = client.Settings.HideUsers
		t, err := by.find(tx.Query(), c, &p, &client)
		if err != nil {
			return nil, err
		}
		if refusal, err := countCall(tx, p.ID, t.subject, callForgot, c.now()); refusal != nil || err != nil {
			return refusal, err
		}
		var to *delivery
		if t.user != nil {
			// What is wrong with a user tells that there is one.
			if to, refusal = p.mayReset(t.user); refusal != nil && !client.Settings.HideUsers {
				return refusal, nil
			}
		}
		if to == nil {
			out = p.simulated(by.Username, "")
			return nil, storeDecoy(tx, &p, t.subject, purposeForgot, forgotCodeLife, c.now())
		}
		out = to.details()
		m := p.Settings.Messages.forgot().render(*to, &p, t.user, code)
		message = &m
		return nil, storeCode(tx, &p, t.subject, forgotCode(*to), code, c.now())
	})
	if err != nil {
		return nil, err
	}
	return out, s.sendMaybe(ctx, message, hide)
}

// ConfirmForgotPassword sets a new password by the code. It ends the sessions of
// the user: whoever resets a password may do so because somebody else knew it.
//
// Errors: InvalidPasswordException, CodeMismatchException, ExpiredCodeException,
// LimitExceededException, NotAuthorizedException, UserNotFoundException,
// PasswordHistoryPolicyViolationException, TooManyRequestsException.
func (s *Service) ConfirmForgotPassword(ctx context.Context, c Call, by ByClient, code, password string) error {
	p, client, err := by.openRead(ctx, c)
	if err != nil {
		return err
	}
	if err := p.Settings.Password.accept(password, false); err != nil {
		return err
	}
	t, err := s.readTarget(ctx, c, by, &p, &client)
	if err != nil {
		return err
	}
	// Who does not exist costs as much. The verifier is made before the code is
	// judged, because transactions must be short.
	u := t.user
	if u == nil {
		u = &User{Pool: p.ID, Username: by.Username}
	}
	fresh := *u
	if err := s.setPassword(ctx, &p, &fresh, password); err != nil {
		return err
	}
	return judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		now := c.now()
		if refusal, err := countCall(tx, p.ID, t.subject, callConfirmForgot, now); refusal != nil || err != nil {
			return refusal, err
		}
		sent, refusal, err := checkCode(tx, &p, t.subject, purposeForgot, code, client.Settings.HideUsers, now)
		if refusal != nil || err != nil {
			return refusal, err
		}
		u, err := lockUser(tx, c, t.subject)
		if err != nil {
			return nil, err
		}
		if _, err := p.mayReset(&u); err != nil {
			return err, nil
		}
		if u.Attributes[sent.attribute] != sent.value {
			// Whoever reads an address that the user has given up resets nothing.
			if client.Settings.HideUsers {
				return wrongCode(), nil
			}
			return expiredCode(), nil
		}
		if err := s.checkHistory(tx.Query(), c, &p, &u, password); err != nil {
			return nil, err
		}
		if err := dropCode(tx, u.ID, purposeForgot); err != nil {
			return nil, err
		}
		// Receiving the code has proved the address again.
		u.Attributes[sent.attribute+"_verified"] = "true"
		return nil, s.replacePassword(tx, c, &p, u, fresh, StatusConfirmed, true)
	})
}

// readTarget finds the user of a call without sign-in, in a read of its own.
func (s *Service) readTarget(ctx context.Context, c Call, by ByClient, p *Pool, client *Client) (t target, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		t, err = by.find(q, c, p, client)
		return err
	})
	return t, err
}

// replacePassword stores the password that fresh has, in the transaction that
// locked u, and forgets the failures of the one before.
func (s *Service) replacePassword(tx *db.Tx, c Call, p *Pool, u, fresh User, status string, endSessions bool) error {
	before := u
	u.Status, u.salt, u.verifier, u.passwordEnd = status, fresh.salt, fresh.verifier, fresh.passwordEnd
	if err := saveUser(tx, c, p, &u); err != nil {
		return err
	}
	if err := savePassword(tx, c, p, &u, before); err != nil {
		return err
	}
	if err := forget(tx, u.ID, lockPassword); err != nil {
		return err
	}
	if !endSessions {
		return nil
	}
	_, err := token.RevokeUser(tx, p.ID, u.Sub, c.now())
	return err
}

// ChangePassword sets a new password for who knows the present one. Wrong ones
// count as they do at sign-in.
//
// Errors: NotAuthorizedException, InvalidPasswordException,
// LimitExceededException, PasswordHistoryPolicyViolationException,
// TooManyRequestsException.
func (s *Service) ChangePassword(ctx context.Context, c Call, accessToken, previous, proposed string) error {
	in, err := s.writer(ctx, c, accessToken)
	if err != nil {
		return err
	}
	p, u := &in.pool, in.user
	if u.external() {
		return errExternal()
	}
	if err := checkLength(previous); err != nil {
		return err
	}
	if err := p.Settings.Password.accept(proposed, false); err != nil {
		return err
	}
	if err := s.refuseLocked(ctx, c, u.ID); err != nil {
		return err
	}
	fresh := u
	var right bool
	err = s.prove(ctx, func() error {
		// Who signed in without a password has none to tell.
		right, err = s.fits(p, &u, previous)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.setPassword(ctx, p, &fresh, proposed); err != nil {
		return err
	}
	return judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		now := c.now()
		if refusal, err := countCall(tx, p.ID, u.ID, callChangePassword, now); refusal != nil || err != nil {
			return refusal, err
		}
		switch refused, err := countProof(tx, p.ID, u.ID, lockPassword, right, now); {
		case err != nil:
			return nil, err
		case refused:
			return attemptsExceeded(), nil
		case !right:
			return wrongPassword(), nil
		}
		locked, err := lockUser(tx, c, u.ID)
		if err != nil {
			return nil, err
		}
		// The password that was proved may have been replaced since.
		if !slices.Equal(locked.verifier, u.verifier) || !slices.Equal(locked.hash, u.hash) {
			return wrongPassword(), nil
		}
		if err := s.checkHistory(tx.Query(), c, p, &locked, proposed); err != nil {
			return nil, err
		}
		return nil, s.replacePassword(tx, c, p, locked, fresh, locked.Status, false)
	})
}

// refuseLocked refuses users that are locked out before anything is computed for
// them; the attempt is noted.
func (s *Service) refuseLocked(ctx context.Context, c Call, subject string) error {
	return s.refuse(ctx, c, subject, lockPassword)
}
