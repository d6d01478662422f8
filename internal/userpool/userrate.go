package userpool

import (
	"context"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"preamp/internal/errs"
)

const (
	// DefaultUserRate is how many reads, and how many writes, Cognito lets one user
	// make in a second.
	DefaultUserRate = 10
	// maxRated bounds how many users are remembered by a node; who has been
	// forgotten begins with a full allowance, as who has not called for a second.
	maxRated = 1 << 16
)

// userRates bounds the calls for each user. It is in the memory of a node: it
// protects the node, and counts nothing that guesses could be made by.
type userRates struct {
	perSecond int // 0 does not bound
	users     *lru.Cache[string, *rate.Limiter]
}

func newUserRates(perSecond int) (*userRates, error) {
	users, err := lru.New[string, *rate.Limiter](maxRated)
	if err != nil {
		return nil, fmt.Errorf("make cache of users: %w", err)
	}
	return &userRates{perSecond: max(0, perSecond), users: users}, nil
}

// allow counts a call for a user.
//
// Errors: TooManyRequestsException.
func (r *userRates) allow(c Call, userID string) error {
	if r.perSecond == 0 {
		return nil
	}
	key := c.Env.UID + " " + userID
	l, ok := r.users.Get(key)
	if !ok {
		l = rate.NewLimiter(rate.Limit(r.perSecond), r.perSecond)
		if before, had, _ := r.users.PeekOrAdd(key, l); had {
			l = before
		}
	}
	if !l.AllowN(c.now(), 1) {
		return tooManyRequests()
	}
	return nil
}

func tooManyRequests() error {
	return fail(errs.TooMany, codeTooManyRequests, "Too many requests")
}

// reader is signedIn for an operation that reads.
//
// Errors: those of signedIn, TooManyRequestsException.
func (s *Service) reader(ctx context.Context, c Call, accessToken string) (access, error) {
	in, err := s.signedIn(ctx, c, accessToken)
	if err == nil {
		err = s.reads.allow(c, in.user.ID)
	}
	return in, err
}

// writer is signedIn for an operation that writes.
//
// Errors: those of signedIn, TooManyRequestsException.
func (s *Service) writer(ctx context.Context, c Call, accessToken string) (access, error) {
	in, err := s.signedIn(ctx, c, accessToken)
	if err == nil {
		err = s.writes.allow(c, in.user.ID)
	}
	return in, err
}

// once runs a check that counts, inside a transaction that may run twice.
func once(check func() error) func() error {
	var done bool
	var err error
	return func() error {
		if !done {
			done, err = true, check()
		}
		return err
	}
}
