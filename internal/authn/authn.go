// Package authn describes who is calling, whatever proved it. Surfaces verify;
// everything below them sees only a Caller.
package authn

import "context"

// Mode is how a caller proved its identity. The names are those of AppSync's
// authentication types, plus SigV4 for the control plane.
type Mode string

// The modes.
const (
	APIKey   Mode = "API_KEY"
	IAM      Mode = "AWS_IAM"
	UserPool Mode = "AMAZON_COGNITO_USER_POOLS"
	OIDC     Mode = "OPENID_CONNECT"
	Lambda   Mode = "AWS_LAMBDA"
)

// Caller is a verified identity.
type Caller struct {
	Mode Mode
	// ID names the credential: access key id, API key id, or subject. It is safe
	// to log.
	ID string
	// ARN is the IAM name of the caller, for IAM callers.
	ARN string
	// Admin says that an IAM caller is an administrator: somebody with a
	// long-lived access key, to whom no rule of an API applies.
	Admin bool
	// Federated is set for IAM callers with credentials of an identity pool.
	Federated *Federated
	// Claims are the verified claims of a token, for user pool and OIDC callers.
	Claims map[string]any
}

// Federated is what an identity pool vouches for.
type Federated struct {
	PoolID     string // the identity pool
	IdentityID string
	// Guest says that the identity has not signed in.
	Guest bool
	// RoleARN is the role that the pool gave.
	RoleARN string
	// Provider and Subject are the sign-in, empty for guests.
	Provider, Subject string
	// Epoch is the one of the pool when the credentials were issued: a pool with
	// another one no longer vouches for them.
	Epoch int64
}

type callerKey struct{}

// NewContext carries the caller.
func NewContext(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// FromContext is the caller of the request, if one was verified.
func FromContext(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	return c, ok
}
