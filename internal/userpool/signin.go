package userpool

import (
	"context"
	"slices"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool/srp"
)

// The flows of a sign-in.
const (
	AuthSRP           = "USER_SRP_AUTH"
	AuthPassword      = "USER_PASSWORD_AUTH"
	AuthAdminPassword = "ADMIN_USER_PASSWORD_AUTH"
	AuthChoice        = "USER_AUTH"
	AuthRefresh       = "REFRESH_TOKEN_AUTH"
)

// AuthInput begins a sign-in or answers a challenge.
type AuthInput struct {
	// Pool is set by administrators, and has to be the client's.
	Pool   string
	Client string
	// Name is the flow, or the challenge that is answered.
	Name       string
	Parameters map[string]string
	Session    string

	// pages is set for the hosted pages.
	pages bool
}

// AuthResult is tokens or the next challenge.
type AuthResult struct {
	Tokens *Tokens
	// Proved is in the place of tokens at a sign-in through the hosted pages.
	Proved     *Proved
	Challenge  string
	Parameters map[string]string
	Session    string
	// Available are the challenges of SELECT_CHALLENGE.
	Available []string
}

// signIn is a sign-in that goes on: who, where, by what.
type signIn struct {
	pool   Pool
	client Client
	target target
	name   string // as the caller wrote it
	params map[string]string
	// pages ends the sign-in with Proved.
	pages bool
}

// step is what a transaction decided.
type step struct {
	result  AuthResult
	grant   *grant
	message *Message
	// hide says that the caller must not learn whether the message went out.
	hide bool
}

var flowRights = map[string]string{
	AuthSRP: FlowSRP, AuthPassword: FlowPassword, AuthAdminPassword: FlowAdminPassword, AuthChoice: FlowChoice,
}

// InitiateAuth begins a sign-in.
//
// Errors: NotAuthorizedException, UserNotFoundException,
// UserNotConfirmedException, PasswordResetRequiredException,
// InvalidParameterException, ResourceNotFoundException,
// TooManyRequestsException, CodeDeliveryFailureException.
func (s *Service) InitiateAuth(ctx context.Context, c Call, in AuthInput) (AuthResult, error) {
	switch in.Name {
	case "ADMIN_NO_SRP_AUTH":
		in.Name = AuthAdminPassword
	case "REFRESH_TOKEN", AuthRefresh:
		return s.refreshFlow(ctx, c, in)
	case "CUSTOM_AUTH":
		return AuthResult{}, unavailable("CUSTOM_AUTH")
	}
	right, ok := flowRights[in.Name]
	if !ok {
		return AuthResult{}, oneOf("authFlow", []string{in.Name}, []string{
			AuthSRP, AuthRefresh, "REFRESH_TOKEN", "CUSTOM_AUTH", "ADMIN_NO_SRP_AUTH", AuthPassword, AuthAdminPassword, AuthChoice,
		})
	}
	if in.Name == AuthAdminPassword && in.Pool == "" || in.Name == AuthPassword && in.Pool != "" {
		return AuthResult{}, invalid("Initiate Auth method not supported")
	}
	a, err := s.begin(ctx, c, in, right)
	if err != nil {
		return AuthResult{}, err
	}
	switch in.Name {
	case AuthSRP:
		return s.challengeSRP(ctx, c, a, false)
	case AuthChoice:
		return s.choose(ctx, c, a, in.Session)
	}
	return s.byPassword(ctx, c, a, nil)
}

func (s *Service) refreshFlow(ctx context.Context, c Call, in AuthInput) (AuthResult, error) {
	if in.Pool != "" {
		if err := s.ofPool(ctx, c, in); err != nil {
			return AuthResult{}, err
		}
	}
	t, err := s.Refresh(ctx, c, RefreshInput{
		Client: in.Client, Token: keys.NewSecret([]byte(in.Parameters["REFRESH_TOKEN"])), Flow: true,
		SecretHash: in.Parameters["SECRET_HASH"],
	})
	return AuthResult{Tokens: t}, err
}

// ofPool refuses a client of another pool than the administrator's.
func (s *Service) ofPool(ctx context.Context, c Call, in AuthInput) error {
	_, err := s.Client(ctx, c, in.Pool, in.Client)
	return err
}

// begin reads who signs in. right is the flow that the client must have.
func (s *Service) begin(ctx context.Context, c Call, in AuthInput, right string) (*signIn, error) {
	a := &signIn{name: in.Parameters["USERNAME"], params: in.Parameters, pages: in.pages}
	if a.name == "" {
		return nil, invalid("Missing required parameter USERNAME")
	}
	if in.Parameters["DEVICE_KEY"] != "" {
		return nil, noDevice() // clients try again without it
	}
	if in.Pool != "" {
		if err := s.ofPool(ctx, c, in); err != nil {
			return nil, err
		}
	}
	by := ByClient{Client: in.Client, Username: a.name, SecretHash: in.Parameters["SECRET_HASH"], pages: in.pages}
	err := c.Env.DB.Read(ctx, func(q *db.Query) (err error) {
		if a.pool, a.client, err = by.open(q, c); err != nil {
			return err
		}
		if right != "" && !in.pages && !a.client.Settings.allows(right) {
			return notEnabled(in.Name)
		}
		a.target, err = by.find(q, c, &a.pool, &a.client)
		return err
	})
	if e := errs.Public(err); err != nil && e.Code == codeUserNotFound {
		err = noUser() // the text of sign-in
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

func notEnabled(flow string) error { return invalid("%s flow not enabled for this client", flow) }

// dummyUnseal takes the time of reading a user.
func dummyUnseal(c Call) {
	_, _ = c.unseal(placeSalt, make([]byte, srp.SaltSize+29))
	_, _ = c.unseal(placeVerifier, make([]byte, srp.VerifierSize+29))
}

// credentials are the salt and verifier of the user, or of nobody.
func (s *Service) credentials(a *signIn) (id srp.Identity, salt, verifier []byte) {
	if u := a.target.user; u != nil && u.verifier != nil {
		return u.identity(&a.pool.Settings), u.salt, u.verifier
	}
	name := a.name
	if a.target.user != nil {
		name = a.target.user.Username
	}
	name = a.pool.Settings.foldName(name)
	sim := s.srp.Simulate(a.pool.secret, a.pool.ID, name)
	if a.target.user == nil && len(a.pool.Settings.UsernameAttributes) > 0 {
		name = sim.UserID
	}
	return srp.Identity{Pool: srp.PoolName(a.pool.ID), User: name}, sim.Salt, sim.Verifier
}

// byPassword signs in by the password itself. used is a Session to use up.
func (s *Service) byPassword(ctx context.Context, c Call, a *signIn, used *session) (AuthResult, error) {
	password, ok := a.params["PASSWORD"]
	if !ok {
		return AuthResult{}, invalid("Missing required parameter PASSWORD")
	}
	if err := checkLength(password); err != nil {
		return AuthResult{}, err
	}
	if err := s.refuseLocked(ctx, c, a.target.subject); err != nil {
		return AuthResult{}, err
	}
	if err := a.mustReset(); err != nil {
		return AuthResult{}, err
	}
	if u := a.target.user; u != nil && u.verifier == nil && u.hash != nil {
		return s.byHash(ctx, c, a, password, used)
	}
	id, salt, verifier := s.credentials(a)
	var right bool
	err := s.prove(ctx, func() error {
		right = s.srp.CheckPassword(id, password, salt, verifier)
		return nil
	})
	if err != nil {
		return AuthResult{}, err
	}
	return s.settle(ctx, c, a, outcome{kind: lockPassword, right: right, session: used}, func(tx *db.Tx, u *User) (_ step, refusal, err error) {
		return s.afterPassword(tx, c, a, u, verifier)
	})
}

// outcome is a proof that was judged.
type outcome struct {
	kind  string // what it counts as
	right bool
	// session is used up by a right proof; a wrong one leaves it for another try.
	session *session
	// block is used up in any case.
	block *secretBlock
}

// settle counts a proof that was judged, uses up what it came with and goes on
// with next. Nobody learns more by it than by single attempts in a row.
func (s *Service) settle(ctx context.Context, c Call, a *signIn, o outcome,
	next func(tx *db.Tx, u *User) (_ step, refusal, err error),
) (AuthResult, error) {
	var done step
	err := judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		done = step{}
		if refusal, err := o.unused(tx, a); refusal != nil || err != nil {
			return refusal, err
		}
		right := o.right && a.target.user != nil
		switch refused, err := countProof(tx, a.pool.ID, a.target.subject, o.kind, right, c.now()); {
		case err != nil:
			return nil, err
		case refused:
			return attemptsExceeded(), nil
		case !right:
			return o.wrong(), nil
		}
		if o.session != nil {
			if refusal, err := claimSession(tx, a.pool.ID, *o.session); refusal != nil || err != nil {
				return refusal, err
			}
		}
		u, err := lockUser(tx, c, a.target.subject)
		if err != nil {
			return nil, err
		}
		if o.session != nil && !o.session.stands(&a.pool, &u) {
			return errSession(), nil
		}
		done, refusal, err = next(tx, &u)
		return refusal, err
	})
	if err != nil {
		return AuthResult{}, err
	}
	return s.finish(ctx, c, done)
}

// unused refuses what was used before, and uses up the block.
func (o outcome) unused(tx *db.Tx, a *signIn) (refusal, err error) {
	if o.session != nil {
		was, err := wasUsed(tx.Query(), o.session.ID)
		if err != nil {
			return nil, err
		}
		if was {
			return errSessionUsed(), nil
		}
	}
	if o.block != nil {
		ok, err := claim(tx, a.pool.ID, o.block.ID, o.block.Expires)
		if err != nil {
			return nil, err
		}
		if !ok {
			return wrongPassword(), nil
		}
	}
	return nil, nil //nolint:nilnil // nothing to refuse
}

func (o outcome) wrong() error {
	if o.kind == lockFactor || o.kind == lockFirstCode {
		return wrongFactor()
	}
	return wrongPassword()
}

// finish does what follows the transaction: it sends the code and signs the
// tokens.
func (s *Service) finish(ctx context.Context, c Call, done step) (AuthResult, error) {
	if err := s.sendMaybe(ctx, done.message, done.hide); err != nil {
		return AuthResult{}, err
	}
	if done.grant == nil {
		return done.result, nil
	}
	t, err := s.issue(ctx, c, done.grant)
	return AuthResult{Tokens: t}, err
}

// afterPassword goes on after the password: forced steps, second factors, tokens.
// verifier is the one that was proved, which must still be the user's.
func (s *Service) afterPassword(tx *db.Tx, c Call, a *signIn, u *User, verifier []byte) (next step, refusal, err error) {
	switch {
	case !slices.Equal(u.verifier, verifier):
		return step{}, wrongPassword(), nil
	case u.Status == StatusForceChange && u.Enabled:
		if u.passwordEnd != nil && c.now().UnixMilli() >= *u.passwordEnd {
			return step{}, notAuthorized("Temporary password has expired and must be reset by an administrator."), nil
		}
		next, err = s.askNewPassword(c, a, u)
		return next, nil, err
	}
	if err := u.maySignIn(); err != nil {
		return step{}, err, nil
	}
	next, err = s.secondFactor(tx, c, a, u)
	return next, nil, err
}

// complete is the step that gives tokens, or says who has signed in.
func complete(tx *db.Tx, c Call, a *signIn, u *User) (step, error) {
	if a.pages {
		return step{result: AuthResult{Proved: proved(u, c.now())}}, nil
	}
	g, err := newGrant(tx, c, &a.pool, &a.client, u)
	return step{grant: g}, err
}
