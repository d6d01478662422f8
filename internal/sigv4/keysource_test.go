package sigv4_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"preamp/internal/errs"
	"preamp/internal/sigv4"
)

// source answers every lookup with the same.
type source struct {
	secret string
	err    error
}

func (s source) Lookup(context.Context, string) (secret, arn string, err error) {
	return s.secret, testARN, s.err
}

func TestKeySource(t *testing.T) {
	t.Parallel()
	down := errs.E(errs.Unavailable, "down")
	expired := &errs.Error{Kind: errs.Unauthenticated, Code: "ExpiredTokenException", Message: "The security token included in the request is expired"}
	for _, want := range []error{down, expired} {
		v := &sigv4.Verifier{Keys: source{err: want}, Service: "amplifybackend", Now: func() time.Time { return testTime }}
		if _, err := v.Verify(signed(t, testTime, nil), []byte(body)); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// secrets is a source whose secret changes.
type secrets struct{ secret *string }

func (s secrets) Lookup(context.Context, string) (secret, arn string, err error) {
	return *s.secret, testARN, nil
}

// TestNewSecret guards the cache of signing keys: one derived from an old secret
// must not verify, nor refuse, what is signed with the new one.
func TestNewSecret(t *testing.T) {
	t.Parallel()
	secret := testSecret
	v := &sigv4.Verifier{Keys: secrets{&secret}, Service: "amplifybackend", Now: func() time.Time { return testTime }}
	for _, present := range []string{testSecret, "other", testSecret} {
		secret = present
		_, err := v.Verify(signed(t, testTime, nil), []byte(body))
		if (err == nil) != (present == testSecret) {
			t.Errorf("secret %q: got %v", present, err)
		}
	}
}
