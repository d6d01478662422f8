package userpool

import (
	"context"
	"fmt"
	"maps"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/userpool/token"
)

// withUser runs fn with a user of a pool that is locked.
//
// Errors: ResourceNotFoundException, UserNotFoundException,
// TooManyRequestsException, those of fn.
func (s *Service) withUser(ctx context.Context, c Call, pool, username string, fn func(tx *db.Tx, p *Pool, u *User) error) error {
	var id string
	allowed := once(func() error { return s.writes.allow(c, id) })
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err := readPool(tx.Query(), c.Env.Sealer, pool)
		if err != nil {
			return err
		}
		found, err := findUser(tx.Query(), c, &p, username)
		if err != nil {
			return err
		}
		id = found.ID
		if err := allowed(); err != nil {
			return err
		}
		u, err := lockUser(tx, c, found.ID)
		if err != nil {
			return err
		}
		return fn(tx, &p, &u)
	})
}

// AdminUser answers a user with all attributes: AdminGetUser.
//
// Errors: ResourceNotFoundException, UserNotFoundException.
func (s *Service) AdminUser(ctx context.Context, c Call, pool, username string) (u User, err error) {
	if _, u, err = s.readUser(ctx, c, pool, username); err != nil {
		return User{}, err
	}
	return u, s.reads.allow(c, u.ID)
}

func (s *Service) readUser(ctx context.Context, c Call, pool, username string) (p Pool, u User, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		if p, err = readPool(q, c.Env.Sealer, pool); err != nil {
			return err
		}
		u, err = findUser(q, c, &p, username)
		return err
	})
	return p, u, err
}

// NewUser is what AdminCreateUser makes a user of.
type NewUser struct {
	Pool, Username string
	Attributes     map[string]string
	// Temporary is the password; it is made when it is empty.
	Temporary string
	// Suppress sends nothing. Resend sends a new password to a user that exists and
	// has not signed in.
	Suppress, Resend bool
	// Mediums are EMAIL and SMS; empty is SMS.
	Mediums []string
	// ForceAlias takes aliases from those who have them.
	ForceAlias bool
}

// AdminCreateUser makes a user with a temporary password and sends it.
//
// Errors: UsernameExistsException, AliasExistsException,
// InvalidPasswordException, InvalidParameterException,
// ResourceNotFoundException, UserNotFoundException,
// UnsupportedUserStateException, TooManyRequestsException,
// CodeDeliveryFailureException.
func (s *Service) AdminCreateUser(ctx context.Context, c Call, n NewUser) (User, error) {
	p, err := s.Pool(ctx, c, n.Pool)
	if err != nil {
		return User{}, err
	}
	if err := oneOf("desiredDeliveryMediums", n.Mediums, []string{MediumSMS, MediumEmail}); err != nil {
		return User{}, err
	}
	if n.Temporary == "" {
		if n.Temporary, err = p.Settings.Password.generate(); err != nil {
			return User{}, err
		}
	} else if err := p.Settings.Password.accept(n.Temporary, true); err != nil {
		return User{}, err
	}
	var u *User
	if n.Resend {
		u, err = s.inviteAgain(ctx, c, &p, n)
	} else {
		u, err = s.invite(ctx, c, &p, n)
	}
	if err != nil {
		return User{}, err
	}
	if n.Suppress {
		return *u, nil
	}
	return *u, s.sendInvites(ctx, &p, u, n)
}

func (s *Service) invite(ctx context.Context, c Call, p *Pool, n NewUser) (*User, error) {
	u, err := prepare(c, p, n.Username, n.Attributes)
	if err != nil {
		return nil, err
	}
	// An administrator may say what is verified; what nobody says is not there.
	for _, a := range []string{attrEmail, attrPhone} {
		if n.Attributes[a+"_verified"] == "" {
			delete(u.Attributes, a+"_verified")
		}
	}
	if err := p.Settings.conform(u.Attributes, false); err != nil {
		return nil, err
	}
	u.Status = StatusForceChange
	if err := s.setTemporary(ctx, c, p, u, n.Temporary); err != nil {
		return nil, err
	}
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		for _, a := range []string{attrEmail, attrPhone} {
			if !u.verified(a) {
				continue
			}
			if err := freeAlias(tx, c, p, u, a, n.ForceAlias); err != nil {
				return err
			}
		}
		return insertUser(tx, c, p, u)
	})
	if e := errs.Public(err); err != nil && e.Code == codeUsernameExists {
		err = fail(errs.Conflict, codeUsernameExists, "User account already exists") // the text of administrators
	}
	return u, err
}

// setTemporary puts a password into u that has to be changed.
func (s *Service) setTemporary(ctx context.Context, c Call, p *Pool, u *User, password string) error {
	if err := s.setPassword(ctx, p, u, password); err != nil {
		return err
	}
	u.passwordEnd = new(c.now().Add(time.Duration(p.Settings.Password.TemporaryDays) * 24 * time.Hour).UnixMilli())
	return nil
}

func (s *Service) inviteAgain(ctx context.Context, c Call, p *Pool, n NewUser) (*User, error) {
	_, u, err := s.readUser(ctx, c, p.ID, n.Username)
	if err != nil {
		return nil, err
	}
	fresh := u
	if err := s.setTemporary(ctx, c, p, &fresh, n.Temporary); err != nil {
		return nil, err
	}
	err = s.withUser(ctx, c, p.ID, n.Username, func(tx *db.Tx, p *Pool, locked *User) error {
		if locked.ID != u.ID || locked.Status != StatusForceChange {
			return fail(errs.Conflict, codeUnsupportedState, "Resend not possible. %s status is not FORCE_CHANGE_PASSWORD", locked.Username)
		}
		return s.replacePassword(tx, c, p, *locked, fresh, StatusForceChange, false)
	})
	return &u, err
}

func (s *Service) sendInvites(ctx context.Context, p *Pool, u *User, n NewUser) error {
	mediums := n.Mediums
	if len(mediums) == 0 {
		mediums = []string{MediumSMS}
		if u.Attributes[attrPhone] == "" { // what there is to send to
			mediums = []string{MediumEmail}
		}
	}
	for _, medium := range mediums {
		to := delivery{attrEmail, u.Attributes[attrEmail]}
		if medium == MediumSMS {
			to = delivery{attrPhone, u.Attributes[attrPhone]}
		}
		if to.to == "" {
			continue
		}
		if err := s.send(ctx, p.Settings.Messages.invite().render(to, p, u, n.Temporary)); err != nil {
			return err
		}
	}
	return nil
}

// AdminSetPassword sets the password of a user, for good or as a temporary one,
// and ends the user's sessions.
//
// Errors: ResourceNotFoundException, UserNotFoundException,
// InvalidPasswordException, PasswordHistoryPolicyViolationException,
// TooManyRequestsException.
func (s *Service) AdminSetPassword(ctx context.Context, c Call, pool, username, password string, permanent bool) error {
	p, u, err := s.readUser(ctx, c, pool, username)
	if err != nil {
		return err
	}
	if u.external() {
		return errExternal()
	}
	if err := p.Settings.Password.accept(password, false); err != nil {
		return err
	}
	fresh, status := u, StatusConfirmed
	if permanent {
		err = s.setPassword(ctx, &p, &fresh, password)
	} else {
		err = s.setTemporary(ctx, c, &p, &fresh, password)
		status = StatusForceChange
	}
	if err != nil {
		return err
	}
	return s.withUser(ctx, c, pool, username, func(tx *db.Tx, p *Pool, locked *User) error {
		if locked.ID != u.ID { // the name has changed hands
			return noUser()
		}
		if err := s.checkHistory(tx.Query(), c, p, locked, password); err != nil {
			return err
		}
		return s.replacePassword(tx, c, p, *locked, fresh, status, true)
	})
}

// AdminResetPassword makes a password useless and sends a code for a new one.
//
// Errors: ResourceNotFoundException, UserNotFoundException,
// NotAuthorizedException, InvalidParameterException,
// CodeDeliveryFailureException.
func (s *Service) AdminResetPassword(ctx context.Context, c Call, pool, username string) error {
	code, err := s.drawCode(codeDigits)
	if err != nil {
		return err
	}
	var message Message
	err = s.withUser(ctx, c, pool, username, func(tx *db.Tx, p *Pool, u *User) error {
		to, err := p.mayReset(u)
		if err != nil {
			return err
		}
		if u.Status == StatusUnconfirmed {
			return notAuthorized("User password cannot be reset in the current state.")
		}
		u.Status = StatusReset
		message = p.Settings.Messages.forgot().render(*to, p, u, code)
		if err := storeCode(tx, p, u.ID, forgotCode(*to), code, c.now()); err != nil {
			return err
		}
		if err := saveUser(tx, c, p, u); err != nil {
			return err
		}
		_, err = token.RevokeUser(tx, pool, u.Sub, c.now())
		return err
	})
	if err != nil {
		return err
	}
	return s.send(ctx, message)
}

// AdminConfirm confirms a user without a code.
//
// Errors: ResourceNotFoundException, UserNotFoundException,
// NotAuthorizedException.
func (s *Service) AdminConfirm(ctx context.Context, c Call, pool, username string) error {
	return s.withUser(ctx, c, pool, username, func(tx *db.Tx, p *Pool, u *User) error {
		if u.Status != StatusUnconfirmed {
			return notAuthorized("User cannot be confirmed. Current status is %s", u.Status)
		}
		return confirm(tx, c, p, u, sentCode{}, false)
	})
}

// AdminEnable lets a user sign in again, or not any more; then it ends the
// sessions too.
//
// Errors: ResourceNotFoundException, UserNotFoundException.
func (s *Service) AdminEnable(ctx context.Context, c Call, pool, username string, enabled bool) error {
	return s.withUser(ctx, c, pool, username, func(tx *db.Tx, p *Pool, u *User) error {
		u.Enabled = enabled
		if err := saveUser(tx, c, p, u); err != nil || enabled {
			return err
		}
		_, err := token.RevokeUser(tx, pool, u.Sub, c.now())
		return err
	})
}

// AdminUpdateAttributes changes attributes of a user, also those that no client
// may write: what is verified and what cannot be changed once it is set.
//
// Errors: ResourceNotFoundException, UserNotFoundException,
// InvalidParameterException, AliasExistsException.
func (s *Service) AdminUpdateAttributes(ctx context.Context, c Call, pool, username string, given map[string]string) error {
	return s.withUser(ctx, c, pool, username, func(tx *db.Tx, p *Pool, u *User) error {
		given := maps.Clone(given)
		p.Settings.canonical(given)
		return updateByAdmin(tx, c, p, u, given)
	})
}

func updateByAdmin(tx *db.Tx, c Call, p *Pool, u *User, given map[string]string) error {
	if _, ok := given[attrSub]; ok {
		return invalid("user.sub: Attribute cannot be updated.\n")
	}
	if err := p.Settings.conform(given, false); err != nil {
		return err
	}
	schema := p.Settings.Schema()
	for _, name := range sortedKeys(given) {
		v := given[name]
		if v == "" && (schema[name].Required || p.Settings.signsIn(name) && len(p.Settings.UsernameAttributes) == 1) {
			return nonconforming(name + ": The attribute is required\n")
		}
		changed := u.Attributes[name] != v
		u.Attributes[name] = v
		if name != attrEmail && name != attrPhone || !changed {
			continue
		}
		// A code that is under way would bring an older value back.
		if err := dropCode(tx, u.ID, purposeAttribute+name); err != nil {
			return err
		}
		if _, said := given[name+"_verified"]; !said {
			u.Attributes[name+"_verified"] = map[bool]string{true: "false"}[v != ""]
		}
	}
	for _, a := range []string{attrEmail, attrPhone} {
		if u.verified(a) {
			if err := freeAlias(tx, c, p, u, a, false); err != nil {
				return err
			}
		}
	}
	return saveUser(tx, c, p, u)
}

// AdminDeleteAttributes takes attributes away from a user.
//
// Errors: those of AdminUpdateAttributes.
func (s *Service) AdminDeleteAttributes(ctx context.Context, c Call, pool, username string, names []string) error {
	return s.withUser(ctx, c, pool, username, func(tx *db.Tx, p *Pool, u *User) error {
		if err := p.Settings.knows(names); err != nil {
			return err
		}
		none := map[string]string{}
		for _, name := range names {
			none[name] = ""
		}
		return updateByAdmin(tx, c, p, u, none)
	})
}

// AdminDelete deletes a user.
//
// Errors: ResourceNotFoundException, UserNotFoundException.
func (s *Service) AdminDelete(ctx context.Context, c Call, pool, username string) error {
	return s.withUser(ctx, c, pool, username, func(tx *db.Tx, _ *Pool, u *User) error { return deleteUser(tx, c, u) })
}

// AdminSignOut ends all sessions of a user: AdminUserGlobalSignOut.
//
// Errors: ResourceNotFoundException, UserNotFoundException; Unavailable when it is
// not known whether they ended.
func (s *Service) AdminSignOut(ctx context.Context, c Call, pool, username string) error {
	return s.withUser(ctx, c, pool, username, func(tx *db.Tx, _ *Pool, u *User) error {
		if _, err := token.RevokeUser(tx, pool, u.Sub, c.now()); err != nil {
			return fmt.Errorf("sign out: %w", err)
		}
		return nil
	})
}
