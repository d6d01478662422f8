package userpool

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/userpool/srp"
	"preamp/internal/userpool/token"
)

// Config is what a Service needs.
type Config struct {
	// Keys and Verifier sign and verify the tokens.
	Keys     *token.Keys
	Verifier *token.Verifier
	// Issuer is the name of a pool in its tokens, from the base URL of the moment.
	Issuer func(pool string, awsName bool) string
	// Send takes a message over. It should not wait until it is delivered: that
	// would tell who exists, by the time it takes.
	Send func(ctx context.Context, m Message) error
	// Proofs bounds how many passwords are judged at once; default half the cores.
	Proofs int
	// NewPair makes the signing keys of a new pool; default token.NewPair.
	NewPair func() (*token.Pair, error)
	// FixedCode is the code of all messages, for tests only; empty draws one each
	// time.
	FixedCode string
	// UserReads and UserWrites bound how often a second one user is read and written
	// by calls for it, on this node; 0 does not bound.
	UserReads, UserWrites int
	Logger                *slog.Logger
}

// Service is the operations of user pools. It holds no state but caches, and is
// safe for concurrent use.
type Service struct {
	tokens    *token.Keys
	verifier  *token.Verifier
	issuer    func(pool string, awsName bool) string
	sendFunc  func(ctx context.Context, m Message) error
	newPair   func() (*token.Pair, error)
	fixedCode string
	srp       *srp.Server
	proofs    chan struct{}
	reads     *userRates
	writes    *userRates
	log       *slog.Logger
}

// proofWait is how long a password waits for its turn.
const proofWait = time.Second

// New makes a service.
func New(c Config) (*Service, error) {
	if c.Keys == nil || c.Verifier == nil || c.Issuer == nil || c.Send == nil {
		return nil, errors.New("userpool: Keys, Verifier, Issuer and Send are required")
	}
	if c.Proofs < 1 {
		c.Proofs = max(1, runtime.NumCPU()/2)
	}
	if c.NewPair == nil {
		c.NewPair = token.NewPair
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	reads, err := newUserRates(c.UserReads)
	if err != nil {
		return nil, err
	}
	writes, err := newUserRates(c.UserWrites)
	if err != nil {
		return nil, err
	}
	return &Service{
		reads: reads, writes: writes,
		tokens: c.Keys, verifier: c.Verifier, issuer: c.Issuer, sendFunc: c.Send, newPair: c.NewPair, fixedCode: c.FixedCode,
		srp: srp.New(), proofs: make(chan struct{}, c.Proofs), log: c.Logger,
	}, nil
}

// prove runs work that costs as much as judging a password when it is its turn.
//
// Errors: TooManyRequestsException when that takes longer than a second.
func (s *Service) prove(ctx context.Context, work func() error) error {
	wait := time.NewTimer(proofWait)
	defer wait.Stop()
	select {
	case s.proofs <- struct{}{}:
	case <-wait.C:
		return tooManyRequests()
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.proofs }()
	return work()
}

// sign runs work that signs tokens when it is its turn. It takes the same turns as
// proofs, so that any number of sign-ins leaves the other cores to everybody else,
// and waits as long as its caller does: the session that it signs for exists.
func (s *Service) sign(ctx context.Context, work func() error) error {
	select {
	case s.proofs <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.proofs }()
	return work()
}

// judge runs a transaction whose outcome may be a refusal that is kept: the
// attempts that it counted stay counted.
func judge(ctx context.Context, c Call, fn func(tx *db.Tx) (refusal, err error)) error {
	var refusal error
	err := c.Env.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		refusal, err = fn(tx)
		return err
	})
	if err != nil {
		return err
	}
	return refusal
}

func isNotFound(err error) bool { return errs.KindOf(err) == errs.NotFound }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
