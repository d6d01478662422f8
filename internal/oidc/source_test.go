package oidc_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"preamp/internal/errs"
	"preamp/internal/oidc"
)

var asked = oidc.Issuer{URL: issuer}

const discovery = issuer + "/.well-known/openid-configuration"

func accept(t *testing.T, v *oidc.Verifier, token string) {
	t.Helper()
	if _, err := v.Verify(t.Context(), asked, token); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func refused(t *testing.T, v *oidc.Verifier, token string) {
	t.Helper()
	if _, err := v.Verify(t.Context(), asked, token); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("not refused: %v", err)
	}
}

func TestDiscoveryThatIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, doc string }{
		{"another issuer", `{"issuer":"https://evil.example","jwks_uri":"` + keysURL + `"}`},
		{"a slash more", `{"issuer":"` + issuer + `/","jwks_uri":"` + keysURL + `"}`},
		{"no issuer", `{"jwks_uri":"` + keysURL + `"}`},
		{"no key set", `{"issuer":"` + issuer + `"}`},
		{"no JSON", `<html>`},
		{"not there", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWeb()
			w.set(discovery, tc.doc)
			_, err := newVerifier(t, w).Verify(t.Context(), asked, good(time.Now()))
			if errs.KindOf(err) != errs.Unavailable {
				t.Errorf("error %v", err)
			}
			if w.count(keysURL) != 0 {
				t.Error("the key set was fetched all the same")
			}
		})
	}
}

func TestKeySetsThatAreNotUsable(t *testing.T) {
	t.Parallel()
	s := signers()
	for _, tc := range []struct{ name, doc string }{
		{"no JSON", `<html>`},
		{"empty", `{"keys":[]}`},
		{"no keys", `{}`},
		{"a symmetric key", jwks(jwk([]byte("secret"), "rsa", "alg", "HS256"))},
		{"for encryption", jwks(jwk(&s.RSA.PublicKey, "rsa", "use", "enc"))},
		{"for an encryption algorithm", jwks(jwk(&s.RSA.PublicKey, "rsa", "alg", "RSA-OAEP"))},
		{"for an algorithm of another kind of key", jwks(jwk(&s.RSA.PublicKey, "rsa", "alg", "ES256"))},
		{"for another curve's algorithm", jwks(jwk(&s.P256.PublicKey, "rsa", "alg", "ES384"))},
		{"operations without verify", `{"keys":[` + jwk(&s.RSA.PublicKey, "rsa")[:1] + `"key_ops":["encrypt"],` + jwk(&s.RSA.PublicKey, "rsa")[1:] + `]}`},
		{"a member twice", `{"keys":[` + jwk(&s.RSA.PublicKey, "rsa")[:1] + `"kid":"x",` + jwk(&s.RSA.PublicKey, "rsa")[1:] + `]}`},
		{"a modulus of 1,024 bits", `{"keys":[{"kty":"RSA","kid":"rsa","e":"AQAB","n":"` + b64(s.RSA.N.Bytes()[:128]) + `"}]}`},
		{"the exponent 1", `{"keys":[{"kty":"RSA","kid":"rsa","e":"AQ","n":"` + b64(s.RSA.N.Bytes()) + `"}]}`},
		{"a point that is not on the curve", `{"keys":[{"kty":"EC","crv":"P-256","kid":"rsa","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if keys, err := oidc.ParseKeySet([]byte(tc.doc)); err == nil {
				t.Errorf("accepted: %v", keys)
			}
		})
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = jwk(&s.P256.PublicKey, fmt.Sprint(i))
	}
	if _, err := oidc.ParseKeySet([]byte(jwks(many...))); err == nil {
		t.Error("101 keys accepted")
	}
	// One key that nobody understands does not spoil the others.
	if _, err := oidc.ParseKeySet([]byte(jwks(`{"kty":"new"}`, `5`, jwk(&s.P256.PublicKey, "a")))); err != nil {
		t.Error(err)
	}
}

func TestKeysAreFetchedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeb()
		w.hold = make(chan struct{})
		v := newVerifier(t, w)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { accept(t, v, good(time.Now(), "n", fmt.Sprint(i))) })
		}
		synctest.Wait()
		close(w.hold)
		wg.Wait()
		if w.count(discovery) != 1 || w.count(keysURL) != 1 {
			t.Errorf("%d discoveries, %d key sets", w.count(discovery), w.count(keysURL))
		}
	})
}

// A caller that goes away does not take the answer from the others.
func TestCancelledCallerEndsNoFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeb()
		w.hold = make(chan struct{})
		v := newVerifier(t, w)
		ctx, cancel := contextWithCancel(t)
		done := make(chan error, 1)
		go func() {
			_, err := v.Verify(ctx, asked, good(time.Now()))
			done <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-done; errs.KindOf(err) != errs.Unavailable {
			t.Errorf("cancelled: %v", err)
		}
		close(w.hold)
		synctest.Wait()
		accept(t, v, good(time.Now()))
		if w.count(keysURL) != 1 {
			t.Errorf("%d key sets", w.count(keysURL))
		}
	})
}

func TestNewKeysAreFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, w := signers(), newWeb()
		w.set(keysURL, jwks(jwk(&s.RSA.PublicKey, "rsa")))
		v := newVerifier(t, w)
		accept(t, v, good(time.Now()))
		w.set(keysURL, jwks(jwk(&s.RSA.PublicKey, "rsa"), jwk(&s.P256.PublicKey, "new")))
		rotated := sign(`{"alg":"ES256","kid":"new"}`, claims(time.Now()), "ES256", s.P256)
		// The issuer was asked a moment ago: strangers cannot make us call it with
		// every token that they invent.
		for i := range 50 {
			refused(t, v, sign(fmt.Sprintf(`{"alg":"ES256","kid":"x%d"}`, i), claims(time.Now()), "ES256", s.P256))
		}
		refused(t, v, rotated)
		if w.count(keysURL) != 1 {
			t.Errorf("%d key sets", w.count(keysURL))
		}
		time.Sleep(21 * time.Second)
		accept(t, v, rotated)
		if w.count(keysURL) != 2 {
			t.Errorf("%d key sets", w.count(keysURL))
		}
	})
}

// An issuer that starts anew makes another key under the same name. It is found by
// the signature that fails, but strangers with bad signatures cannot make us call
// the issuer all the time.
func TestNewKeysUnderOldNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, w := signers(), newWeb()
		w.set(keysURL, jwks(jwk(&s.RSA.PublicKey, "rsa")))
		v := newVerifier(t, w)
		old, forged := good(time.Now()), func(n int) string {
			return sign(`{"alg":"RS256","kid":"rsa"}`, claims(time.Now(), "n", fmt.Sprint(n)), "RS256", s.Other)
		}
		accept(t, v, old)
		w.set(keysURL, jwks(jwk(&s.Other.PublicKey, "rsa")))
		for i := range 50 {
			refused(t, v, forged(i))
		}
		if n := w.count(keysURL); n != 1 {
			t.Errorf("%d key sets a moment after the first", n)
		}
		time.Sleep(21 * time.Second)
		accept(t, v, forged(0)) // is genuine now
		if n := w.count(keysURL); n != 2 {
			t.Errorf("%d key sets after 21 s", n)
		}
		// The old key is gone, and with it the token that was remembered.
		for range 50 {
			refused(t, v, old)
		}
		time.Sleep(21 * time.Second)
		refused(t, v, old)
		refused(t, v, old)
		if n := w.count(keysURL); n != 3 {
			t.Errorf("%d key sets after 42 s", n)
		}
		accept(t, v, forged(0))
	})
}

// Bad signatures cost good tokens nothing when the issuer is out of reach.
func TestBadSignaturesAndNoIssuer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeb()
		v := newVerifier(t, w)
		token := good(time.Now())
		accept(t, v, token)
		w.set(keysURL, "")
		time.Sleep(time.Minute)
		for range 3 {
			refused(t, v, sign(`{"alg":"RS256","kid":"rsa"}`, claims(time.Now()), "RS256", signers().Other))
			accept(t, v, token)
			accept(t, v, good(time.Now(), "n", "1"))
		}
		if n := w.count(keysURL); n != 2 {
			t.Errorf("%d attempts", n)
		}
	})
}

// A token of either of two issuers is verified by its own one, first and again.
func TestEitherIssuer(t *testing.T) {
	t.Parallel()
	const other = "https://other.example"
	s, w := signers(), newWeb()
	w.set(other+"/.well-known/openid-configuration", `{"issuer":"`+other+`","jwks_uri":"https://other.example/jwks"}`)
	w.set("https://other.example/jwks", jwks(jwk(&s.Other.PublicKey, "rsa")))
	v, now := newVerifier(t, w), time.Now()
	theirs := sign(`{"alg":"RS256","kid":"rsa"}`, claims(now, "iss", `"`+other+`"`), "RS256", s.Other)
	for _, tc := range []struct {
		name, token string
		by          int
		ok          bool
	}{
		{"the first one's", good(now), 0, true},
		{"the second one's", theirs, 1, true},
		{"signed by the first in the name of the second", good(now, "iss", `"`+other+`"`), 1, false},
		{"signed by the second in the name of the first", sign(`{"alg":"RS256","kid":"rsa"}`, claims(now), "RS256", s.Other), 0, false},
		{"a third one's", good(now, "iss", `"https://third.example"`), 0, false},
		{"nobody's", good(now, "iss", ""), 0, false},
	} {
		for _, when := range []string{"first", "again"} {
			got, by, err := v.VerifyAny(t.Context(), tc.token, asked, oidc.Issuer{URL: other})
			if by != tc.by || (err == nil) != tc.ok || tc.ok && got.Claims["sub"] != "alice" || !tc.ok && !errors.Is(err, oidc.ErrRefused) {
				t.Errorf("%s, %s: %v by %d, %v", tc.name, when, got, by, err)
			}
		}
	}
	if _, _, err := v.VerifyAny(t.Context(), good(now)); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("no issuer at all: %v", err)
	}
}

// A token that was verified stops counting when its key is withdrawn.
func TestWithdrawnKeysEndRememberedTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, w := signers(), newWeb()
		v := newVerifier(t, w)
		token := good(time.Now())
		accept(t, v, token)
		w.set(keysURL, jwks(jwk(&s.P256.PublicKey, "p256")))
		accept(t, v, token)
		time.Sleep(16 * time.Minute)
		accept(t, v, token) // answered at once; the set is fetched beside it
		synctest.Wait()
		refused(t, v, token)
	})
}

func TestIssuerThatCannotBeReached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWeb()
		v := newVerifier(t, w)
		accept(t, v, good(time.Now()))
		w.set(keysURL, "")
		// The old keys serve for a day, and the issuer is asked now and then.
		for range 23 {
			time.Sleep(time.Hour)
			accept(t, v, good(time.Now()))
			synctest.Wait()
		}
		if n := w.count(keysURL); n != 24 {
			t.Errorf("%d attempts", n)
		}
		time.Sleep(2 * time.Hour)
		for range 10 {
			if _, err := v.Verify(t.Context(), asked, good(time.Now())); errs.KindOf(err) != errs.Unavailable {
				t.Errorf("after a day: %v", err)
			}
		}
		if n := w.count(keysURL); n != 25 {
			t.Errorf("%d attempts", n)
		}
		w.set(keysURL, usual())
		time.Sleep(21 * time.Second)
		accept(t, v, good(time.Now()))
	})
}

func TestEndOfRememberedTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newWeb())
		token := good(time.Now(), "exp", fmt.Sprint(time.Now().Add(time.Minute).Unix()))
		accept(t, v, token)
		time.Sleep(59 * time.Second)
		accept(t, v, token)
		time.Sleep(time.Second)
		if _, err := v.Verify(t.Context(), asked, token); !errors.Is(err, oidc.ErrExpired) {
			t.Errorf("after its end: %v", err)
		}
	})
}

// What was verified for one issuer counts for no other.
func TestIssuersAreKeptApart(t *testing.T) {
	t.Parallel()
	const other = "https://other.example"
	s, w := signers(), newWeb()
	w.set(other+"/.well-known/openid-configuration", `{"issuer":"`+other+`","jwks_uri":"https://other.example/jwks"}`)
	w.set("https://other.example/jwks", jwks(jwk(&s.Other.PublicKey, "rsa")))
	v := newVerifier(t, w)
	accept(t, v, good(time.Now()))
	token := good(time.Now())
	accept(t, v, token)
	if _, err := v.Verify(t.Context(), oidc.Issuer{URL: other}, token); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("token of another issuer: %v", err)
	}
	// Signed by the first issuer, with the name of the second.
	if _, err := v.Verify(t.Context(), oidc.Issuer{URL: other}, good(time.Now(), "iss", `"`+other+`"`)); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("key of another issuer: %v", err)
	}
	// The same issuer with keys elsewhere is asked for anew.
	if _, err := v.Verify(t.Context(), oidc.Issuer{URL: issuer, Keys: "https://other.example/jwks"}, token); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("keys of another address: %v", err)
	}
}

func TestPanicWhileFetching(t *testing.T) {
	t.Parallel()
	v, err := oidc.New(oidc.Config{Get: panics})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), asked, good(time.Now())); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("error %v", err)
	}
	if _, err := oidc.New(oidc.Config{}); err == nil {
		t.Error("a verifier without Get")
	}
}
