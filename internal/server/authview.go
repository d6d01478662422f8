package server

import (
	"context"

	"preamp/internal/amplifybackend"
	"preamp/internal/provision"
)

// StatusAuth is the user pool and the identity pool of an environment.
type StatusAuth struct {
	UserPool string         `json:"user_pool_id"`
	Clients  []StatusClient `json:"clients"`
	// SignIn is what users sign in with: email, phone, email or phone, username.
	SignIn string `json:"sign_in"`
	// Issuer is the name of the pool in its tokens. Only dev says it: it is in the
	// database of the environment, which a server with many of them does not open
	// for this.
	Issuer string `json:"issuer,omitempty"`
	// HostedURL is where the pages for signing in are; empty when no client uses
	// them.
	HostedURL string `json:"hosted_url,omitempty"`
	// IdentityPool gives credentials; empty when there is none.
	IdentityPool string `json:"identity_pool_id,omitempty"`
}

// StatusClient is an app client.
type StatusClient struct {
	Name string `json:"name"`
	ID   string `json:"client_id"`
}

// authOf tells of the main auth resource of an environment; nil when it has none.
func (s *Server) authOf(ctx context.Context, v provision.View) *StatusAuth {
	main := v.Auth()
	if main == nil {
		return nil
	}
	issuer := ""
	if s.dev {
		// A pool that somebody deleted has none.
		issuer, _ = s.pools.Issuer(ctx, main.UserPool)
	}
	return &StatusAuth{
		UserPool: main.UserPool, SignIn: signInText(main.SignIn), Issuer: issuer, HostedURL: main.DomainURL, IdentityPool: main.IdentityPool,
		Clients: []StatusClient{{Name: "web", ID: main.WebClient}, {Name: "native", ID: main.NativeClient}},
	}
}

// signInText says what users sign in with.
func signInText(method string) string {
	switch method {
	case amplifybackend.SignInMethodEmail:
		return "email"
	case amplifybackend.SignInMethodPhoneNumber:
		return "phone"
	case amplifybackend.SignInMethodEmailAndPhoneNumber:
		return "email or phone"
	}
	return "username"
}
