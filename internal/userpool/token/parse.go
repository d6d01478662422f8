package token

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"preamp/internal/errs"
)

const (
	// maxToken is the length of a token that is looked at.
	maxToken = 16 << 10
	maxKid   = 64
)

var (
	// ErrRefused is in the error of a token that is not one of ours as we made it.
	ErrRefused = errors.New("token refused")
	// ErrExpired is in the error of a token that was good before.
	ErrExpired = errors.New("token expired")
	// ErrRevoked is in the error of a token whose session was ended.
	ErrRevoked = errors.New("session revoked")
)

// unauthorized is the error of a token. The texts are those that clients know;
// they speak of access tokens, and who takes id tokens has texts of its own.
func unauthorized(cause error, message string) error {
	return &errs.Error{Kind: errs.Unauthenticated, Code: "NotAuthorizedException", Message: message, Err: cause}
}

// refuse says to the log why a token is refused, and to the client nothing.
func refuse(why string) error {
	return unauthorized(fmt.Errorf("%w: %s", ErrRefused, why), "Invalid Access Token")
}

// Expired is the ErrExpired of an id or access token, with the time at which it
// ended.
type Expired struct{ At time.Time }

// Error implements error.
func (e Expired) Error() string { return ErrExpired.Error() }

// Is reports whether e is meant by target, which ErrExpired is.
func (e Expired) Is(target error) bool { return target == ErrExpired }

// compact is a token in its three parts. Only the header was read: what the rest
// says is of no interest before the signature was checked.
type compact struct {
	kid             string
	signed, payload string
	signature       []byte
}

// split reads the form of a token, which is exactly the one in which ours are
// issued. A header that names another algorithm, a key or where to get one, or
// extensions, has members that ours never have.
func split(raw string) (compact, error) {
	if len(raw) > maxToken {
		return compact{}, refuse("too long")
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return compact{}, refuse("not three segments")
	}
	head, err := segment(parts[0])
	if err != nil {
		return compact{}, refuse("header: " + err.Error())
	}
	members, err := object(head)
	if err != nil {
		return compact{}, refuse("header: " + err.Error())
	}
	if members["alg"] != algorithm {
		return compact{}, refuse("algorithm")
	}
	kid, ok := members["kid"].(string)
	if !ok || kid == "" || len(kid) > maxKid {
		return compact{}, refuse("no kid")
	}
	if len(members) != 2 {
		return compact{}, refuse("members in the header")
	}
	c := compact{kid: kid, signed: parts[0] + "." + parts[1], payload: parts[1]}
	if c.signature, err = segment(parts[2]); err != nil {
		return compact{}, refuse("signature: " + err.Error())
	}
	return c, nil
}

// open checks the signature and reads the claims.
func (c compact) open(k publicKey) (map[string]any, error) {
	sum := sha256.Sum256([]byte(c.signed))
	if err := rsa.VerifyPKCS1v15(k.key, crypto.SHA256, sum[:], c.signature); err != nil {
		return nil, refuse("signature")
	}
	payload, err := segment(c.payload)
	if err != nil {
		return nil, refuse("claims: " + err.Error())
	}
	claims, err := object(payload)
	if err != nil {
		return nil, refuse("claims: " + err.Error())
	}
	return claims, nil
}

// Claims is what a verified token says. It is shared with the cache: nothing in
// it may be changed.
type Claims struct {
	Use Use
	// Sub is the id of the user, Name the user name that clients see.
	Sub, Name string
	Client    string // aud of an id token
	Session   string // origin_jti
	JTI       string
	// Scopes are of an access token.
	Scopes []string
	Groups []string
	// NotBefore is zero: our tokens are valid at once.
	AuthTime, Issued, NotBefore, Expires time.Time
	// All is every claim, numbers as json.Number.
	All map[string]any
}

// HasScope reports whether the token has a scope.
func (c *Claims) HasScope(scope string) bool {
	return slices.Contains(c.Scopes, scope)
}

// read judges claims whose signature is good, but for the time. The key says
// what the token is for, and the token has to agree.
func read(all map[string]any, p Pool, use Use) (*Claims, error) {
	r := reader{all: all}
	c := &Claims{
		Use: Use(r.text("token_use")), Sub: r.text("sub"), Session: r.text("origin_jti"), JTI: r.text("jti"), All: all,
		AuthTime: r.time("auth_time", true), Issued: r.time("iat", true), Expires: r.time("exp", true),
		NotBefore: r.time("nbf", false), Groups: r.list("cognito:groups"),
	}
	if use == ID {
		c.Client, c.Name = r.text("aud"), r.text("cognito:username")
	} else {
		c.Client, c.Name = r.text("client_id"), r.text("username")
		c.Scopes = strings.Fields(r.text("scope"))
	}
	switch {
	case r.bad != "":
		return nil, refuse("claim " + r.bad)
	case c.Use != use:
		return nil, refuse("token_use")
	case p.Issuer == "" || all["iss"] != p.Issuer:
		return nil, refuse("issuer")
	case !c.Expires.After(c.Issued):
		return nil, refuse("times")
	}
	return c, nil
}

func (c *Claims) checkTime(now time.Time) error {
	if !now.Before(c.Expires) {
		return unauthorized(Expired{At: c.Expires}, "Access Token has expired")
	}
	if now.Before(c.NotBefore) {
		return refuse("not valid yet")
	}
	return nil
}

// reader takes claims by type and remembers the first that is not as it must be.
type reader struct {
	all map[string]any
	bad string
}

func (r *reader) fail(name string) {
	if r.bad == "" {
		r.bad = name
	}
}

func (r *reader) text(name string) string {
	s, ok := r.all[name].(string)
	if !ok || s == "" {
		r.fail(name)
	}
	return s
}

// time reads whole seconds, which is what we write.
func (r *reader) time(name string, required bool) time.Time {
	v, there := r.all[name]
	if !there && !required {
		return time.Time{}
	}
	number, _ := v.(json.Number)
	seconds, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		r.fail(name)
	}
	return time.Unix(seconds, 0)
}

func (r *reader) list(name string) []string {
	v, there := r.all[name]
	if !there {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		r.fail(name)
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			r.fail(name)
		}
		out = append(out, s)
	}
	return out
}

// UnverifiedPool is the pool id at the end of the issuer that a token claims to
// be of. It says where to look for the keys to verify with, and nothing else.
func UnverifiedPool(raw string) (string, error) {
	c, err := split(raw)
	if err != nil {
		return "", err
	}
	payload, err := segment(c.payload)
	if err != nil {
		return "", refuse("claims: " + err.Error())
	}
	claims, err := object(payload)
	if err != nil {
		return "", refuse("claims: " + err.Error())
	}
	issuer, _ := claims["iss"].(string)
	id := issuer[strings.LastIndexByte(issuer, '/')+1:]
	if region, name, ok := strings.Cut(id, "_"); !ok || region == "" || name == "" || len(id) > 55 {
		return "", refuse("issuer")
	}
	return id, nil
}
