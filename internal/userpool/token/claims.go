package token

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// MinLife and MaxLife bound how long id and access tokens live.
	MinLife = 5 * time.Minute
	MaxLife = 24 * time.Hour

	// AdminScope is the scope of sign-ins through the API.
	AdminScope = "aws.cognito.signin.user.admin"
)

// standard are the attributes of OpenID Connect that a pool knows. All others
// begin with custom:, so that no attribute can take the place of a claim that the
// server makes.
var standard = []string{
	"address", "birthdate", "email", "family_name", "gender", "given_name", "locale", "middle_name", "name", "nickname",
	"phone_number", "picture", "preferred_username", "profile", "updated_at", "website", "zoneinfo",
}

// User is whom tokens speak of.
type User struct {
	Sub string
	// Name is the user name that clients see: claims cognito:username, username.
	Name   string
	Groups []string // in their order of precedence
	// Roles are those of the groups; PreferredRole is the one of the first group.
	Roles         []string
	PreferredRole string
	// Attributes are those that the client may read. email_verified and
	// phone_number_verified become booleans, all others stay text.
	Attributes map[string]string
	Identities []Identity
}

// Identity is an account at another provider that a user signs in by.
type Identity struct {
	UserID, Provider, Type string
	Issuer                 string // empty: null
	Primary                bool
	Created                time.Time
}

// Grant is the sign-in that tokens are issued for.
type Grant struct {
	Client string
	// Scope is of the access token; empty is AdminScope.
	Scope string
	// AuthTime is when the user proved who they are; a refresh keeps it.
	AuthTime time.Time
	// Session is the id of the session: origin_jti.
	Session string
	// Event names the sign-in in logs: event_id.
	Event string
	// Device is the device key, if one was used.
	Device string
	// OAuth is set for tokens of the OAuth endpoints; Nonce came with the request.
	OAuth bool
	Nonce string
	// IDLife and AccessLife are from MinLife to MaxLife.
	IDLife, AccessLife time.Duration
}

func (g Grant) check(u User) error {
	if g.Client == "" || g.Session == "" || g.Event == "" || g.AuthTime.IsZero() || u.Sub == "" || u.Name == "" {
		return errors.New("token: client, session, event, time of sign-in, sub and user name are required")
	}
	for _, life := range []time.Duration{g.IDLife, g.AccessLife} {
		if life < MinLife || life > MaxLife {
			return fmt.Errorf("token: a life of %s is not from %s to %s", life, MinLife, MaxLife)
		}
	}
	return nil
}

// shared are the claims that both tokens have.
func shared(p Pool, u User, g Grant, use Use, id string, now time.Time, life time.Duration) map[string]any {
	c := map[string]any{
		"sub": u.Sub, "iss": p.Issuer, "token_use": string(use), "auth_time": g.AuthTime.Unix(), "iat": now.Unix(),
		"exp": now.Add(life).Unix(), "jti": id, "origin_jti": g.Session, "event_id": g.Event,
	}
	if len(u.Groups) > 0 {
		c["cognito:groups"] = u.Groups
	}
	return c
}

func accessClaims(p Pool, u User, g Grant, id string, now time.Time) map[string]any {
	c := shared(p, u, g, Access, id, now, g.AccessLife)
	c["client_id"], c["username"], c["scope"] = g.Client, u.Name, g.Scope
	if g.Scope == "" {
		c["scope"] = AdminScope
	}
	if g.Device != "" {
		c["device_key"] = g.Device
	}
	if g.OAuth {
		c["version"] = 2
	}
	return c
}

func idClaims(p Pool, u User, g Grant, id, accessToken string, now time.Time) (map[string]any, error) {
	c := shared(p, u, g, ID, id, now, g.IDLife)
	c["aud"], c["cognito:username"] = g.Client, u.Name
	if len(u.Roles) > 0 {
		c["cognito:roles"] = u.Roles
	}
	if u.PreferredRole != "" {
		c["cognito:preferred_role"] = u.PreferredRole
	}
	for name, value := range u.Attributes {
		switch {
		case name == "sub": // among the attributes of a user, and set already
		case name == "email_verified" || name == "phone_number_verified":
			c[name] = value == "true"
		case slices.Contains(standard, name) || strings.HasPrefix(name, "custom:"):
			c[name] = value
		default:
			return nil, fmt.Errorf("token: %q is no attribute", name)
		}
	}
	if len(u.Identities) > 0 {
		c["identities"] = identities(u.Identities)
	}
	if g.OAuth {
		// OpenID Connect Core 1.0, section 3.1.3.6.
		sum := sha256.Sum256([]byte(accessToken))
		c["at_hash"] = base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
		if g.Nonce != "" {
			c["nonce"] = g.Nonce
		}
	}
	return c, nil
}

type identityClaim struct {
	Created  string  `json:"dateCreated"`
	Issuer   *string `json:"issuer"`
	Primary  string  `json:"primary"`
	Provider string  `json:"providerName"`
	Type     string  `json:"providerType"`
	UserID   string  `json:"userId"`
}

func identities(list []Identity) []identityClaim {
	out := make([]identityClaim, 0, len(list))
	for _, i := range list {
		c := identityClaim{
			Created: strconv.FormatInt(i.Created.UnixMilli(), 10), Primary: strconv.FormatBool(i.Primary),
			Provider: i.Provider, Type: i.Type, UserID: i.UserID,
		}
		if i.Issuer != "" {
			c.Issuer = &i.Issuer
		}
		out = append(out, c)
	}
	return out
}
