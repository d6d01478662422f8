package userpool

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
	"preamp/internal/keys"
	"preamp/internal/userpool/token"
)

// Tokens are what a sign-in or a refresh gives.
type Tokens struct {
	ID, Access string
	// Refresh is empty when it is the one that the caller has.
	Refresh keys.Secret
	Life    time.Duration
	// Scope is what an OAuth grant was given; ID is empty when openid is not in it.
	Scope string
}

// grant is tokens that a transaction has decided on; they are signed after it.
type grant struct {
	pool    Pool
	client  Client
	user    User
	groups  []Group
	session token.Session
	refresh keys.Secret
	nonce   string
}

// newGrant starts a session of tokens in the transaction of the sign-in.
func newGrant(tx *db.Tx, c Call, p *Pool, client *Client, u *User) (*grant, error) {
	now := c.now()
	session, refresh, err := token.StartSession(tx, token.NewSession{
		Pool: p.ID, Client: client.ID, User: u.Sub, AuthTime: now, Life: client.Settings.RefreshLife(),
	}, now)
	if err != nil {
		return nil, err
	}
	groups, err := groupsOf(tx.Query(), u)
	if err != nil {
		return nil, err
	}
	return &grant{pool: *p, client: *client, user: *u, groups: groups, session: session, refresh: refresh}, nil
}

// TokenUser is the user as tokens speak of them to a client.
func TokenUser(u *User, client *Client, groups []Group) token.User {
	out := token.User{Sub: u.Sub, Name: u.Username, Attributes: readable(u, client)}
	for _, g := range groups {
		out.Groups = append(out.Groups, g.Name)
		if g.Role != "" && !slices.Contains(out.Roles, g.Role) {
			out.Roles = append(out.Roles, g.Role)
		}
	}
	out.PreferredRole = preferredRole(groups)
	for _, i := range u.identities {
		out.Identities = append(out.Identities, token.Identity{
			UserID: i.UserID, Provider: i.Provider, Type: i.Type, Primary: i.Primary, Created: time.UnixMilli(i.Created),
		})
	}
	return out
}

// preferredRole is the role of the group with the lowest precedence; there is
// none when two groups with different roles share it.
func preferredRole(groups []Group) string {
	var role string
	var lowest *int64
	for _, g := range groups {
		switch {
		case g.Role == "" || g.Precedence == nil:
		case lowest == nil:
			role, lowest = g.Role, g.Precedence
		case *g.Precedence == *lowest && g.Role != role:
			return ""
		}
	}
	return role
}

// issue signs the tokens of a grant.
func (s *Service) issue(ctx context.Context, c Call, g *grant) (*Tokens, error) {
	set := &g.client.Settings
	scopes := strings.Fields(g.session.Scope)
	u := g.user
	u.Attributes = scoped(u.Attributes, scopes)
	var out token.Issued
	err := s.sign(ctx, func() (err error) {
		out, err = s.tokens.Issue(ctx, c.Env,
			token.Pool{ID: g.pool.ID, Issuer: s.issuer(g.pool.ID, g.pool.Settings.AWSIssuer)},
			TokenUser(&u, &g.client, g.groups),
			token.Grant{
				Client: g.client.ID, Scope: g.session.Scope, AuthTime: g.session.AuthTime, Session: g.session.ID, Event: uuid.NewString(),
				IDLife: set.IDLife(), AccessLife: set.AccessLife(), OAuth: len(scopes) > 0, Nonce: g.nonce,
			}, c.now())
		return err
	})
	if err != nil {
		return nil, err
	}
	t := &Tokens{ID: out.ID, Access: out.Access, Refresh: g.refresh, Life: out.Life, Scope: g.session.Scope}
	if len(scopes) > 0 && !slices.Contains(scopes, ScopeOpenID) {
		t.ID = ""
	}
	return t, nil
}

// RefreshInput is a refresh token that comes back.
type RefreshInput struct {
	Client string
	Token  keys.Secret
	// Secret proves the client: GetTokensFromRefreshToken sends it as it is.
	Secret keys.Secret
	// Flow says that the token comes by REFRESH_TOKEN_AUTH, with SecretHash.
	Flow       bool
	SecretHash string
}

// Refresh gives other tokens for a refresh token.
//
// Errors: NotAuthorizedException, RefreshTokenReuseException,
// UserNotFoundException, PasswordResetRequiredException,
// ResourceNotFoundException.
func (s *Service) Refresh(ctx context.Context, c Call, in RefreshInput) (*Tokens, error) {
	p, client, err := s.openClient(ctx, c, in.Client)
	if err != nil {
		return nil, err
	}
	if err := in.mayRefresh(&client); err != nil {
		return nil, err
	}
	g := grant{pool: p, client: client}
	out, err := token.Refresh(ctx, c.Env.DB, token.RefreshRequest{
		Token: in.Token, Pool: p.ID, Client: client.ID, Rotate: client.Settings.Rotate,
		Grace: time.Duration(client.Settings.Grace) * time.Second,
		Allow: func(q *db.Query, t token.Session) (err error) {
			if g.user, err = findUser(q, c, &p, t.User); err != nil {
				return err
			}
			if err := g.user.maySignIn(); err != nil {
				return err
			}
			if in.Flow && client.prove(g.user.Username, in.SecretHash) != nil {
				if err := client.prove(g.user.Sub, in.SecretHash); err != nil {
					return err
				}
			}
			g.groups, err = groupsOf(q, &g.user)
			return err
		},
	}, c.now())
	if err != nil {
		return nil, err
	}
	g.session, g.refresh = out.Session, out.Token
	return s.issue(ctx, c, &g)
}

func (in *RefreshInput) mayRefresh(client *Client) error {
	switch {
	case in.Flow && client.Settings.Rotate:
		return notAuthorized("Refresh token rotation is enabled for this client: use GetTokensFromRefreshToken.")
	case in.Flow && !client.Settings.allows(FlowRefresh):
		return invalid("REFRESH_TOKEN_AUTH flow not enabled for this client")
	case !in.Flow && !client.Secret.Empty() && !client.Secret.Equal(in.Secret):
		return notAuthorized("Unable to verify secret for client %s", client.ID)
	}
	return nil
}

// openClient reads a client and its pool.
func (s *Service) openClient(ctx context.Context, c Call, id string) (p Pool, client Client, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		if client, err = readClient(q, c.Env.Sealer, id); err != nil {
			return err
		}
		p, err = readPool(q, c.Env.Sealer, client.Pool)
		return err
	})
	return p, client, err
}

// Revoke ends the session of a refresh token. A token that is none is no error.
//
// Errors: NotAuthorizedException for a client without its secret,
// ResourceNotFoundException; Unavailable when it is not known whether the session
// ended.
func (s *Service) Revoke(ctx context.Context, c Call, clientID string, secret, refresh keys.Secret) error {
	p, client, err := s.openClient(ctx, c, clientID)
	if err != nil {
		return err
	}
	if !client.Secret.Empty() && !client.Secret.Equal(secret) {
		return notAuthorized("Unable to verify secret for client %s", client.ID)
	}
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		_, err := token.RevokeToken(tx, p.ID, client.ID, refresh, c.now())
		return err
	})
}

// maySignIn refuses users that are not in a state to go on.
func (u *User) maySignIn() error {
	switch {
	case !u.Enabled:
		return disabled()
	case u.Status == StatusUnconfirmed:
		return unconfirmed()
	case u.Status == StatusReset:
		return resetRequired()
	case u.Status == StatusForceChange:
		return notAuthorized("User must change the password.")
	}
	return nil
}
