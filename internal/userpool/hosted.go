package userpool

import (
	"context"
	"slices"
	"strings"
	"time"

	"preamp/internal/db"
	"preamp/internal/userpool/token"
)

// The scopes of OpenID Connect that an app client can have, beside
// token.AdminScope.
const (
	ScopeOpenID  = "openid"
	ScopeEmail   = "email"
	ScopePhone   = "phone"
	ScopeProfile = "profile"
)

// Proved is a user who has passed every challenge of a sign-in through the hosted
// pages or another provider.
type Proved struct {
	// UserID is the id of the row, which names the user for good.
	UserID, Username string
	AuthTime         time.Time
}

func proved(u *User, now time.Time) *Proved {
	return &Proved{UserID: u.ID, Username: u.Username, AuthTime: now}
}

// ByPages is a call of the hosted pages for a client. The pages are the server's
// own, so that nobody has to prove the client's secret.
func ByPages(client, username string) ByClient {
	return ByClient{Client: client, Username: username, pages: true}
}

// HostedSignIn begins a sign-in through the hosted pages. It is judged, counted
// and locked as USER_PASSWORD_AUTH, whatever flows the client has. The result has
// Proved or the next challenge.
//
// Errors: those of InitiateAuth.
func (s *Service) HostedSignIn(ctx context.Context, c Call, client, username, password string) (AuthResult, error) {
	in := AuthInput{Client: client, Name: AuthPassword, pages: true, Parameters: map[string]string{
		"USERNAME": username, "PASSWORD": password,
	}}
	a, err := s.begin(ctx, c, in, "")
	if err != nil {
		return AuthResult{}, err
	}
	return s.byPassword(ctx, c, a, nil)
}

// HostedRespond answers a challenge of HostedSignIn.
//
// Errors: those of RespondToAuthChallenge.
func (s *Service) HostedRespond(ctx context.Context, c Call, in AuthInput) (AuthResult, error) {
	in.pages = true
	return s.RespondToAuthChallenge(ctx, c, in)
}

// HostedConfirmed signs in who has just signed up and confirmed it, by the Session
// that ConfirmSignUp answered.
//
// Errors: those of InitiateAuth.
func (s *Service) HostedConfirmed(ctx context.Context, c Call, client, username, session string) (AuthResult, error) {
	a, err := s.begin(ctx, c, AuthInput{Client: client, pages: true, Parameters: map[string]string{"USERNAME": username}}, "")
	if err != nil {
		return AuthResult{}, err
	}
	return s.afterConfirm(ctx, c, a, session)
}

// HostedUser answers a user who has signed in before, if they still may.
//
// Errors: UserNotFoundException; NotAuthorizedException and the others of a user
// who may not sign in.
func (s *Service) HostedUser(ctx context.Context, c Call, pool, userID string) (u User, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		u, err = grantedUser(q, c, pool, userID)
		return err
	})
	return u, err
}

func grantedUser(q *db.Query, c Call, pool, userID string) (User, error) {
	u, err := readUser(q, c, userID)
	if err == nil && u.Pool != pool {
		err = noUser()
	}
	if err == nil {
		err = u.maySignIn()
	}
	if err != nil {
		return User{}, err
	}
	return u, nil
}

// OAuthGrant is what tokens are asked for at the OAuth endpoints.
type OAuthGrant struct {
	Pool, Client, UserID string
	Scopes               []string
	Nonce                string
	AuthTime             time.Time
	// Within runs in the transaction that begins the session, whose id it is given;
	// its error undoes both. It may run more than once.
	Within func(tx *db.Tx, session string) error
}

// GrantTokens begins a session for a user who has proved who they are, and gives
// its tokens.
//
// Errors: those of HostedUser; ResourceNotFoundException; what Within answers.
func (s *Service) GrantTokens(ctx context.Context, c Call, in OAuthGrant) (*Tokens, error) {
	var g *grant
	err := c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		q := tx.Query()
		p, err := readPool(q, c.Env.Sealer, in.Pool)
		if err != nil {
			return err
		}
		client, err := clientOf(q, c.Env.Sealer, in.Pool, in.Client)
		if err != nil {
			return err
		}
		// Locked, so that a user who is disabled meanwhile loses this session too.
		if _, err := lockUser(tx, c, in.UserID); err != nil {
			return err
		}
		u, err := grantedUser(tx.Query(), c, in.Pool, in.UserID)
		if err != nil {
			return err
		}
		if g, err = oauthGrant(tx, c, &p, &client, &u, in); err != nil {
			return err
		}
		if in.Within == nil {
			return nil
		}
		return in.Within(tx, g.session.ID)
	})
	if err != nil {
		return nil, err
	}
	return s.issue(ctx, c, g)
}

func oauthGrant(tx *db.Tx, c Call, p *Pool, client *Client, u *User, in OAuthGrant) (*grant, error) {
	session, refresh, err := token.StartSession(tx, token.NewSession{
		Pool: p.ID, Client: client.ID, User: u.Sub, Scope: strings.Join(in.Scopes, " "), AuthTime: in.AuthTime,
		Life: client.Settings.RefreshLife(),
	}, c.now())
	if err != nil {
		return nil, err
	}
	groups, err := groupsOf(tx.Query(), u)
	if err != nil {
		return nil, err
	}
	return &grant{
		pool: *p, client: *client, user: *u, groups: groups, session: session, refresh: refresh, nonce: in.Nonce,
	}, nil
}

// scoped are the attributes that scopes open (developer guide, "Authorize
// endpoint"): openid alone, or with profile, all that the client may read; with
// email or phone only those. No scopes are those of a sign-in through the API.
func scoped(attributes map[string]string, scopes []string) map[string]string {
	has := func(scope string) bool { return slices.Contains(scopes, scope) }
	email, phone := has(ScopeEmail), has(ScopePhone)
	if len(scopes) == 0 || has(ScopeProfile) || has(ScopeOpenID) && !email && !phone {
		return attributes
	}
	out := map[string]string{}
	for _, a := range []struct {
		open bool
		name string
	}{{email, attrEmail}, {phone, attrPhone}} {
		for _, name := range []string{a.name, a.name + "_verified"} {
			if v, ok := attributes[name]; ok && a.open {
				out[name] = v
			}
		}
	}
	return out
}

// UserInfo answers what an access token with the scope openid opens of its user.
// The attributes have no sub.
//
// Errors: those of SignedIn.
func (s *Service) UserInfo(ctx context.Context, c Call, accessToken string) (User, error) {
	in, err := s.withScope(ctx, c, accessToken, ScopeOpenID)
	if err != nil {
		return User{}, err
	}
	in.user.Attributes = scoped(in.readable(), in.claims.Scopes)
	return in.user, nil
}
