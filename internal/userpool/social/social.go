package social

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"preamp/internal/errs"
	"preamp/internal/oidc"
	"preamp/internal/userpool"
)

// Endpoints are the addresses of a provider. Those that are empty are the real
// ones.
type Endpoints struct{ Authorize, Token, UserInfo, Keys, Issuer string }

// Profile is who signed in.
type Profile = userpool.Profile

const (
	// tolerance is how far the clock of a provider may be off.
	tolerance = 5 * time.Minute
	// callTime bounds one call to a provider, flowTime all calls of a sign-in.
	callTime = 10 * time.Second
	flowTime = 25 * time.Second
	// maxBody bounds an answer of a provider.
	maxBody = 256 << 10
)

// Config makes a Connector.
type Config struct {
	// Guard opens connections to addresses that nobody vouches for: it has to
	// refuse those that must not be called. An *outgoing.Client. Required.
	Guard http.RoundTripper
	// Trusted opens connections to the addresses of Overrides; nil is a plain
	// transport.
	Trusted http.RoundTripper
	// Overrides are the addresses that the operator has set, by the names of
	// providers.
	Overrides map[string]Endpoints
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger is told why sign-ins were not accepted; nil is none.
	Logger *slog.Logger
}

// Connector signs users in by identity providers. It is safe for concurrent use.
type Connector struct {
	overrides map[string]Endpoints
	now       func() time.Time
	log       *slog.Logger
	// guarded goes wherever a pool's administrator says, trusted where the
	// operator says.
	guarded, trusted *lane
}

// New makes a Connector.
func New(c Config) (*Connector, error) {
	if c.Guard == nil {
		return nil, errors.New("social: Guard is required")
	}
	if c.Trusted == nil {
		c.Trusted = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: callTime / 2,
			MaxIdleConnsPerHost: 2, MaxIdleConns: 16, IdleConnTimeout: 30 * time.Second,
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	out := &Connector{overrides: c.Overrides, now: c.Now, log: c.Logger}
	var err error
	if out.guarded, err = newLane(c, c.Guard); err != nil {
		return nil, err
	}
	if out.trusted, err = newLane(c, c.Trusted); err != nil {
		return nil, err
	}
	return out, nil
}

// BeginInput is what the browser takes along to the provider.
type BeginInput struct {
	RedirectURI, State, Nonce string
	// CodeChallenge is that of PKCE, by S256.
	CodeChallenge string
	LoginHint     string
}

// FinishInput is what the browser has brought back, and what the caller has kept
// for it.
type FinishInput struct {
	RedirectURI, Code, Nonce, CodeVerifier string
	// User is the form field of that name, which Apple sends the first time.
	User string
}

// Begin is the URL to which the browser goes.
//
// Errors: Unavailable when the provider cannot be asked where that is.
func (c *Connector) Begin(ctx context.Context, p userpool.Provider, in BeginInput) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, flowTime)
	defer cancel()
	f, err := c.flow(ctx, &p)
	if err != nil {
		return "", c.outcome(ctx, &p, err)
	}
	return f.begin(in)
}

// Finish exchanges the code and answers who signed in.
//
// Errors: Unauthenticated when the provider does not accept the code, or says
// what cannot be believed; Unavailable when it cannot be asked.
func (c *Connector) Finish(ctx context.Context, p userpool.Provider, in FinishInput) (Profile, error) {
	ctx, cancel := context.WithTimeout(ctx, flowTime)
	defer cancel()
	f, err := c.flow(ctx, &p)
	if err != nil {
		return Profile{}, c.outcome(ctx, &p, err)
	}
	out, err := f.finish(ctx, in)
	if err != nil {
		return Profile{}, c.outcome(ctx, &p, err)
	}
	return out, nil
}

// errUnavailable is the cause of what may pass.
var errUnavailable = errors.New("the provider is not available")

// errRefused is the cause of what the provider does not accept or should not say.
var errRefused = errors.New("the sign-in is refused")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errRefused}, args...)...)
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", errUnavailable, err) }

// outcome is what the client sees of an error: not what the provider said, which
// could tell what is reachable from here.
func (c *Connector) outcome(ctx context.Context, p *userpool.Provider, err error) error {
	c.log.WarnContext(ctx, "sign-in by an identity provider failed", "pool", p.Pool, "provider", p.Name, "error", err)
	switch {
	case errors.Is(err, errUnavailable), errs.KindOf(err) == errs.Unavailable: // whatever is behind it
		return errs.Wrap(errs.Unavailable, err, "%s cannot be reached at the moment: try again.", p.Name)
	case errors.Is(err, errRefused), errors.Is(err, oidc.ErrRefused), errors.Is(err, oidc.ErrExpired):
		e := errs.Wrap(errs.Unauthenticated, err, "The sign-in with %s was not accepted.", p.Name)
		e.Code = "NotAuthorizedException"
		return e
	}
	return err
}
