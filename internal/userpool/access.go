package userpool

import (
	"context"
	"fmt"
	"slices"

	"preamp/internal/db"
	"preamp/internal/userpool/token"
)

// access is a user who calls with an access token.
type access struct {
	pool   Pool
	client Client
	user   User
	claims *token.Claims
}

// signedIn verifies an access token, and that its session, client and user are
// as they have to be at the moment.
//
// Errors: NotAuthorizedException, UserNotFoundException,
// PasswordResetRequiredException, UserNotConfirmedException.
func (s *Service) signedIn(ctx context.Context, c Call, accessToken string) (access, error) {
	return s.withScope(ctx, c, accessToken, token.AdminScope)
}

// withScope is signedIn for a token that must have a scope.
func (s *Service) withScope(ctx context.Context, c Call, accessToken, scope string) (in access, err error) {
	poolID, err := token.UnverifiedPool(accessToken)
	if err != nil {
		return access{}, err
	}
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		in.pool, err = readPool(q, c.Env.Sealer, poolID)
		return err
	})
	if isNotFound(err) { // a token of a pool that was deleted, or of no pool
		return access{}, notAuthorized("Invalid Access Token")
	}
	if err != nil {
		return access{}, err
	}
	place := token.Pool{ID: poolID, Issuer: s.issuer(poolID, in.pool.Settings.AWSIssuer)}
	if in.claims, err = s.verifier.Verify(ctx, c.Env, place, token.Access, accessToken, c.now()); err != nil {
		return access{}, err
	}
	if !in.claims.HasScope(scope) {
		return access{}, notAuthorized("Access Token does not have required scopes")
	}
	err = c.Env.DB.Read(ctx, func(q *db.Query) error { return in.load(q, c) })
	return in, err
}

// load reads what a verified token speaks of.
func (in *access) load(q *db.Query, c Call) (err error) {
	if err := token.CheckSession(q, in.pool.ID, in.claims); err != nil {
		return err
	}
	if in.client, err = readClient(q, c.Env.Sealer, in.claims.Client); err != nil {
		if isNotFound(err) {
			return notAuthorized("Access Token has been revoked")
		}
		return err
	}
	if in.user, err = findUser(q, c, &in.pool, in.claims.Sub); err != nil {
		return err
	}
	switch {
	case in.user.Sub != in.claims.Sub: // a name of another user that looks like a sub
		return noUser()
	case !in.user.Enabled:
		return disabled()
	case in.user.Status == StatusReset:
		return resetRequired()
	case in.user.Status == StatusUnconfirmed:
		return unconfirmed()
	}
	return nil
}

// refuse refuses a subject that is locked out, and notes the attempt.
func (s *Service) refuse(ctx context.Context, c Call, subject, kind string) error {
	// One statement, without a transaction around it: every sign-in asks this twice.
	a, err := scanAttempt(c.Env.DB.Row(ctx, attemptQuery, subject, kind))
	if err != nil {
		return err
	}
	if _, is := a.failures(c.now()); !is {
		return nil
	}
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE env.user_attempt SET last_ms = $3, expires_ms = $4 WHERE subject = $1 AND kind = $2 AND last_ms < $3`,
			subject, kind, c.now().UnixMilli(), c.now().Add(forgetAfter).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("note attempt: %w", err)
	}
	return attemptsExceeded()
}

// SignedIn answers the user of an access token, with the attributes that the
// client may read: GetUser.
//
// Errors: NotAuthorizedException, UserNotFoundException,
// PasswordResetRequiredException, UserNotConfirmedException.
func (s *Service) SignedIn(ctx context.Context, c Call, accessToken string) (User, error) {
	in, err := s.reader(ctx, c, accessToken)
	if err != nil {
		return User{}, err
	}
	in.user.Attributes = in.readable()
	return in.user, nil
}

func (in *access) readable() map[string]string {
	return readable(&in.user, &in.client)
}

// readable are the attributes that a client may read.
func readable(u *User, client *Client) map[string]string {
	out := map[string]string{}
	for name, v := range u.Attributes {
		if client.Settings.mayRead(name) {
			out[name] = v
		}
	}
	return out
}

// FirstFactors answers the user of an access token and what the user can begin
// USER_AUTH with: GetUserAuthFactors.
//
// Errors: those of SignedIn.
func (s *Service) FirstFactors(ctx context.Context, c Call, accessToken string) (User, []string, error) {
	in, err := s.reader(ctx, c, accessToken)
	if err != nil {
		return User{}, nil, err
	}
	a := signIn{pool: in.pool, client: in.client, target: target{&in.user, in.user.ID}}
	factors := slices.DeleteFunc(a.firstFactors(&in.user), func(f string) bool { return f == factorPasswordSRP })
	in.user.Attributes = in.readable()
	return in.user, factors, nil
}

// DeleteUser deletes the user of an access token.
//
// Errors: those of SignedIn.
func (s *Service) DeleteUser(ctx context.Context, c Call, accessToken string) error {
	in, err := s.writer(ctx, c, accessToken)
	if err != nil {
		return err
	}
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error { return deleteUser(tx, c, &in.user) })
}

func deleteUser(tx *db.Tx, c Call, u *User) error {
	if _, err := lockUser(tx, c, u.ID); err != nil { // what is being added to the user is there before
		return err
	}
	if err := removeUser(tx, u.ID); err != nil {
		return err
	}
	_, err := token.RevokeUser(tx, u.Pool, u.Sub, c.now())
	return err
}

// SignOutEverywhere ends all sessions of the user: GlobalSignOut.
//
// Errors: those of SignedIn; Unavailable when it is not known whether they ended.
func (s *Service) SignOutEverywhere(ctx context.Context, c Call, accessToken string) error {
	in, err := s.writer(ctx, c, accessToken)
	if err != nil {
		return err
	}
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := lockUser(tx, c, in.user.ID); err != nil { // a sign-in that is under way ends before
			return err
		}
		_, err := token.RevokeUser(tx, in.pool.ID, in.user.Sub, c.now())
		return err
	})
}
