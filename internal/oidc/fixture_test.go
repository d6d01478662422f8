package oidc_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"preamp/internal/oidc"
	"preamp/internal/oidc/oidctest"
)

const (
	issuer  = "https://issuer.example"
	keysURL = "https://keys.example/jwks"
)

// everybody is the issuer of most tests.
var everybody = oidctest.New(issuer, 0)

func signers() oidctest.Keys { return everybody.Keys }

func usual() string { return string(everybody.KeySet()) }

// good is a token that is accepted, with changes: claims and their JSON values.
func good(now time.Time, changes ...string) string { return everybody.Good(now, changes...) }

func claims(now time.Time, changes ...string) string { return everybody.Claims(now, changes...) }

var (
	sign = oidctest.Sign
	jwk  = oidctest.JWK
	jwks = oidctest.JWKS
	b64  = oidctest.B64
)

// web answers documents from memory and counts the calls.
type web struct {
	mu    sync.Mutex
	docs  map[string]string
	calls map[string]int
	// hold, if set, is waited for by each call.
	hold chan struct{}
}

func newWeb() *web {
	return &web{calls: map[string]int{}, docs: map[string]string{
		issuer + "/.well-known/openid-configuration": `{"issuer":"` + issuer + `","jwks_uri":"` + keysURL + `"}`,
		keysURL: usual(),
	}}
}

func (w *web) Get(ctx context.Context, address string) ([]byte, error) {
	w.mu.Lock()
	doc, ok := w.docs[address]
	w.calls[address]++
	hold := w.hold
	w.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if !ok {
		return nil, errors.New("not found")
	}
	return []byte(doc), nil
}

func (w *web) set(address, doc string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if doc == "" {
		delete(w.docs, address)
	} else {
		w.docs[address] = doc
	}
}

func (w *web) count(address string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[address]
}

func newVerifier(t testing.TB, w *web) *oidc.Verifier {
	t.Helper()
	v, err := oidc.New(oidc.Config{Get: w.Get})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func panics(context.Context, string) ([]byte, error) { panic("a defect") }
