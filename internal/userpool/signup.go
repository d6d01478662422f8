package userpool

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"time"

	"preamp/internal/db"
	"preamp/internal/userpool/srp"
)

// ByClient is who calls for a user that need not be signed in.
type ByClient struct {
	Client, SecretHash, Username string

	// pages is set for the hosted pages; see ByPages.
	pages bool
}

// SignUpInput is what a user signs up with.
type SignUpInput struct {
	ByClient
	Password   string
	Attributes map[string]string
}

// SignedUp is the answer to SignUp.
type SignedUp struct {
	Sub       string
	Confirmed bool
	Delivery  *Delivery // nil when no code was sent
	Session   string    // for clients with USER_AUTH
}

// open reads the client and its pool, and refuses a caller without the secret.
func (b ByClient) open(q *db.Query, c Call) (Pool, Client, error) {
	client, err := readClient(q, c.Env.Sealer, b.Client)
	if err != nil {
		return Pool{}, Client{}, err
	}
	if !b.pages {
		if err := client.prove(b.Username, b.SecretHash); err != nil {
			return Pool{}, Client{}, err
		}
	}
	p, err := readPool(q, c.Env.Sealer, client.Pool)
	return p, client, err
}

// openRead is open with a read of its own.
func (b ByClient) openRead(ctx context.Context, c Call) (p Pool, client Client, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		p, client, err = b.open(q, c)
		return err
	})
	return p, client, err
}

// prepare makes a user of what is given, not stored: names and attributes are
// judged, the name that signs in becomes an attribute where the pool says so.
func prepare(c Call, p *Pool, name string, attributes map[string]string) (*User, error) {
	s := &p.Settings
	if !usernameForm.MatchString(name) {
		return nil, invalid("1 validation error detected: Value at 'username' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: %s", `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`)
	}
	given := maps.Clone(attributes)
	if given == nil {
		given = map[string]string{}
	}
	if _, ok := given[attrSub]; ok {
		return nil, invalid("user.sub: Attribute cannot be updated.\n")
	}
	s.canonical(given)
	username := name
	if len(s.UsernameAttributes) > 0 {
		username = ""
		attribute, err := s.attributeOf(name)
		if err != nil {
			return nil, err
		}
		if v := given[attribute]; v != "" && s.foldName(v) != s.foldName(name) {
			return nil, invalid("The username and the attribute %s must be the same.", attribute)
		}
		given[attribute] = name
	}
	if word := s.addressAlias(name); word != "" {
		return nil, invalid("Username cannot be of %[1]s format, since user pool is configured for %[1]s alias.", word)
	}
	u, err := newUser(p.ID, username, c.now())
	if err != nil {
		return nil, err
	}
	u.Attributes = given
	for _, a := range []string{attrEmail, attrPhone} {
		if given[a] != "" && given[a+"_verified"] == "" {
			given[a+"_verified"] = "false"
		}
	}
	return u, nil
}

// attributeOf is the attribute that a name is, in a pool where names are.
func (s *Settings) attributeOf(name string) (string, error) {
	email, phone := s.signsIn(attrEmail), s.signsIn(attrPhone)
	switch {
	case email && isEmail(name):
		return attrEmail, nil
	case phone && isPhone(name):
		return attrPhone, nil
	case email && phone:
		return "", invalid("Username should be either an email or a phone number.")
	case phone:
		return "", invalid("Username should be a phone number.")
	}
	return "", invalid("Username should be an email.")
}

// setPassword puts the verifier of a password into u.
func (s *Service) setPassword(ctx context.Context, p *Pool, u *User, password string) error {
	salt, err := srp.NewSalt(rand.Reader)
	if err != nil {
		return err
	}
	u.salt, u.passwordEnd = salt, nil
	return s.prove(ctx, func() error {
		u.verifier = s.srp.Verifier(u.identity(&p.Settings), password, salt)
		return nil
	})
}

// SignUp makes an unconfirmed user and sends a code to what the pool verifies.
//
// Errors: UsernameExistsException, AliasExistsException,
// InvalidPasswordException, InvalidParameterException, NotAuthorizedException,
// ResourceNotFoundException, TooManyRequestsException,
// CodeDeliveryFailureException.
func (s *Service) SignUp(ctx context.Context, c Call, in SignUpInput) (SignedUp, error) {
	p, client, err := in.openRead(ctx, c)
	if err != nil {
		return SignedUp{}, err
	}
	u, err := s.judgeSignUp(c, &p, &client, in)
	if err != nil {
		return SignedUp{}, err
	}
	if in.Password != "" {
		if err := s.setPassword(ctx, &p, u, in.Password); err != nil {
			return SignedUp{}, err
		}
	}
	to, code, err := s.signUpCode(&p, u)
	if err != nil {
		return SignedUp{}, err
	}
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := insertUser(tx, c, &p, u); err != nil || to == nil {
			return err
		}
		return storeCode(tx, &p, u.ID, signUpCode(*to), code, c.now())
	})
	if err != nil {
		return SignedUp{}, err
	}
	out := SignedUp{Sub: u.Sub}
	if in.pages || client.Settings.allows(FlowChoice) {
		out.Session = s.newSession(c, &client, u.ID, sessionSignUp, nil)
	}
	if to == nil {
		return out, nil
	}
	out.Delivery = to.details()
	return out, s.send(ctx, p.Settings.Messages.verification().render(*to, &p, u, code))
}

func (s *Service) judgeSignUp(c Call, p *Pool, client *Client, in SignUpInput) (*User, error) {
	if p.Settings.AdminCreateOnly {
		return nil, notAuthorized("SignUp is not permitted for this user pool")
	}
	for name := range in.Attributes {
		if _, known := p.Settings.Schema()[name]; known && !client.Settings.mayWrite(name) {
			return nil, notAuthorized("A client attempted to write unauthorized attribute")
		}
	}
	u, err := prepare(c, p, in.Username, in.Attributes)
	if err != nil {
		return nil, err
	}
	passwordless := client.Settings.allows(FlowChoice) && len(p.Settings.FirstFactors) > 1
	if in.Password != "" || !passwordless {
		if err := p.Settings.Password.accept(in.Password, true); err != nil {
			return nil, err
		}
	}
	u.Status = StatusUnconfirmed
	return u, p.Settings.conform(u.Attributes, true)
}

func signUpCode(to delivery) sentCode {
	return sentCode{purpose: purposeSignUp, attribute: to.attribute, value: to.to, life: codeLife}
}

// signUpCode is the code of a new user and where it goes: the telephone first,
// as in Cognito. Nil when the pool verifies nothing that the user has.
func (s *Service) signUpCode(p *Pool, u *User) (*delivery, string, error) {
	for _, a := range []string{attrPhone, attrEmail} {
		if v := u.Attributes[a]; v != "" && slices.Contains(p.Settings.AutoVerified, a) {
			code, err := s.drawCode(codeDigits)
			return &delivery{a, v}, code, err
		}
	}
	return nil, "", nil
}

// ConfirmSignUp confirms a user by the code. force takes an alias from a user who
// has it. It answers a Session that signs in, when one is given that has not
// expired, or when the code proves what one at sign-in would.
//
// Errors: CodeMismatchException, ExpiredCodeException, AliasExistsException,
// LimitExceededException, NotAuthorizedException, UserNotFoundException.
func (s *Service) ConfirmSignUp(ctx context.Context, c Call, by ByClient, code string, force bool, session string) (next string, err error) {
	var confirmed string
	var client Client
	err = judge(ctx, c, func(tx *db.Tx) (refusal, err error) {
		confirmed = ""
		var p Pool
		if p, client, err = by.open(tx.Query(), c); err != nil {
			return nil, err
		}
		t, err := by.find(tx.Query(), c, &p, &client)
		if err != nil {
			return nil, err
		}
		if refusal, err := countCall(tx, p.ID, t.subject, callConfirmSignUp, c.now()); refusal != nil || err != nil {
			return refusal, err
		}
		if t.user != nil && t.user.Status != StatusUnconfirmed && !client.Settings.HideUsers {
			return notAuthorized("User cannot be confirmed. Current status is %s", t.user.Status), nil
		}
		// Of a user that was confirmed before there is no code but perhaps a decoy.
		sent, refusal, err := checkCode(tx, &p, t.subject, purposeSignUp, code, client.Settings.HideUsers, c.now())
		if refusal != nil || err != nil {
			return refusal, err
		}
		u, err := lockUser(tx, c, t.subject)
		if err != nil {
			return nil, err
		}
		if u.Status != StatusUnconfirmed { // it must not end what an administrator has decided since
			return wrongCode(), nil
		}
		if client.signsInBy(&p, sent) {
			confirmed = u.ID
		}
		if session != "" {
			switch refusal, err := s.useSession(tx, c, &client, &u, session, sessionSignUp); {
			case errors.Is(refusal, errSessionExpired): // the code took long to arrive: it is good without
			case refusal != nil || err != nil:
				return refusal, err
			default:
				confirmed = u.ID
			}
		}
		return nil, confirm(tx, c, &p, &u, sent, force)
	})
	if err == nil && confirmed != "" {
		next = s.newSession(c, &client, confirmed, sessionConfirmed, nil)
	}
	return next, err
}

// signsInBy reports whether the code of a sign-up is as good as one at sign-in:
// sent to where that would be, and no older. aws-amplify 6 signs in after it, and
// gives no Session to say who signed up.
func (c *Client) signsInBy(p *Pool, sent sentCode) bool {
	factor := map[string]string{attrEmail: challengeEmailOTP, attrPhone: challengeSMSOTP}[sent.attribute]
	return c.Settings.allows(FlowChoice) && p.Settings.MFA.Mode != MFAOn && p.Settings.hasFirstFactor(factor) &&
		codeLife-sent.life < time.Duration(c.Settings.AuthSession)*time.Minute
}

// confirm makes the user a confirmed one and the attribute a verified one.
func confirm(tx *db.Tx, c Call, p *Pool, u *User, sent sentCode, force bool) error {
	u.Status = StatusConfirmed
	if sent.attribute != "" && u.Attributes[sent.attribute] == sent.value {
		u.Attributes[sent.attribute+"_verified"] = "true"
		if err := freeAlias(tx, c, p, u, sent.attribute, force); err != nil {
			return err
		}
	}
	if err := dropCode(tx, u.ID, purposeSignUp); err != nil {
		return err
	}
	return saveUser(tx, c, p, u)
}

// freeAlias takes an alias from another user who has it, by force, and refuses
// otherwise.
//
// Errors: AliasExistsException.
func freeAlias(tx *db.Tx, c Call, p *Pool, u *User, attribute string, force bool) error {
	if !p.Settings.aliases(attribute) || u.external() {
		return nil
	}
	other, err := holder(tx.Query(), c, p, u, u.Attributes[attribute])
	if err != nil || other == nil {
		return err
	}
	if !force {
		return aliasExists(attribute)
	}
	locked, err := lockUser(tx, c, other.ID)
	if err != nil {
		return err
	}
	locked.Attributes[attribute+"_verified"] = "false"
	return saveUser(tx, c, p, &locked)
}

// ResendConfirmationCode sends another code to an unconfirmed user.
//
// Errors: InvalidParameterException for a confirmed one, LimitExceededException,
// NotAuthorizedException, UserNotFoundException, CodeDeliveryFailureException.
func (s *Service) ResendConfirmationCode(ctx context.Context, c Call, by ByClient) (*Delivery, error) {
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
		hide = client.Settings.HideUsers
		t, err := by.find(tx.Query(), c, &p, &client)
		if err != nil {
			return nil, err
		}
		if refusal, err := countCall(tx, p.ID, t.subject, callResend, c.now()); refusal != nil || err != nil {
			return refusal, err
		}
		out = p.simulated(by.Username, "")
		// A confirmed user is one that exists: clients that hide that get what they
		// get for nobody, and so does a user that nothing can be sent to.
		var to *delivery
		switch {
		case t.user == nil:
		case t.user.Status != StatusUnconfirmed:
			if !client.Settings.HideUsers {
				return invalid("User is already confirmed."), nil
			}
		default:
			if to, _, err = s.signUpCode(&p, t.user); err != nil {
				return nil, err
			}
			if to == nil && !client.Settings.HideUsers {
				return notAuthorized("Cannot resend codes. Auto verification not turned on."), nil
			}
		}
		if to == nil {
			return nil, storeDecoy(tx, &p, t.subject, purposeSignUp, codeLife, c.now())
		}
		out = to.details()
		m := p.Settings.Messages.verification().render(*to, &p, t.user, code)
		message = &m
		return nil, storeCode(tx, &p, t.subject, signUpCode(*to), code, c.now())
	})
	if err != nil {
		return nil, err
	}
	return out, s.sendMaybe(ctx, message, hide)
}

// sendMaybe sends a message, if there is one. With hide a failure stays in the log:
// only who exists is sent something, so that telling of it would tell who does.
func (s *Service) sendMaybe(ctx context.Context, m *Message, hide bool) error {
	if m == nil {
		return nil
	}
	err := s.send(ctx, *m)
	if err != nil && hide {
		s.log.WarnContext(ctx, "code not delivered", "pool", m.Pool, "error", err)
		return nil
	}
	return err
}
