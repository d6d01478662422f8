package oidc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"preamp/internal/oidc"
)

func TestGoodTokens(t *testing.T) {
	t.Parallel()
	s, now := signers(), time.Now()
	v := newVerifier(t, newWeb())
	for _, tc := range []struct{ name, token string }{
		{"RS256", good(now)},
		{"RS384", sign(`{"alg":"RS384","kid":"rsa"}`, claims(now), "RS384", s.RSA)},
		{"RS512", sign(`{"alg":"RS512","kid":"rsa"}`, claims(now), "RS512", s.RSA)},
		{"PS256 by a key for it", sign(`{"alg":"PS256","kid":"ps"}`, claims(now), "PS256", s.RSA)},
		{"PS384", sign(`{"alg":"PS384","kid":"rsa"}`, claims(now), "PS384", s.RSA)},
		{"PS512", sign(`{"alg":"PS512","kid":"rsa"}`, claims(now), "PS512", s.RSA)},
		{"ES256", sign(`{"alg":"ES256","kid":"p256"}`, claims(now), "ES256", s.P256)},
		{"ES384", sign(`{"alg":"ES384","kid":"p384"}`, claims(now), "ES384", s.P384)},
		{"ES512", sign(`{"alg":"ES512","kid":"p521"}`, claims(now), "ES512", s.P521)},
		{"no kid, and one key fits", sign(`{"alg":"ES256"}`, claims(now), "ES256", s.P256)},
		{"typ JWT", sign(`{"alg":"ES256","kid":"p256","typ":"JWT"}`, claims(now), "ES256", s.P256)},
		{"typ at+jwt", sign(`{"alg":"ES256","kid":"p256","typ":"application/at+JWT"}`, claims(now), "ES256", s.P256)},
		{"a hash of a certificate", sign(`{"alg":"ES256","kid":"p256","x5t":"abc"}`, claims(now), "ES256", s.P256)},
		{"fractions of a second", good(now, "iat", fmt.Sprintf("%d.25", now.Unix()))},
		{"issued by a clock that is a little ahead", good(now, "iat", fmt.Sprint(now.Unix()+30), "nbf", fmt.Sprint(now.Unix()+30))},
		{"without iat", good(now, "iat", "")},
		{"several audiences", good(now, "aud", `["a","b"]`)},
		{"nested claims", good(now, "groups", `{"a":{"b":[{"c":null}]}}`)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, when := range []string{"first", "again"} {
				got, err := v.Verify(t.Context(), oidc.Issuer{URL: issuer}, tc.token)
				if err != nil || got["sub"] != "alice" {
					t.Errorf("%s: %v, %v", when, got, err)
				}
			}
			if !oidc.IsToken(tc.token) {
				t.Error("not recognized as a token")
			}
			if iss, ok := oidc.PeekIssuer(tc.token); !ok || iss != issuer {
				t.Errorf("PeekIssuer = %q, %v", iss, ok)
			}
		})
	}
}

// How far clocks may be off counts for the end of a token too.
func TestTolerance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		tolerance time.Duration
		off       time.Duration // from a clock that is right
		want      error
	}{
		{"ahead, within a minute", 0, 50 * time.Second, nil},
		{"ahead", 0, 2 * time.Minute, oidc.ErrRefused},
		{"ahead, tolerated", 5 * time.Minute, 4 * time.Minute, nil},
		{"too far ahead", 5 * time.Minute, 6 * time.Minute, oidc.ErrRefused},
		{"expired", 0, -time.Hour - time.Second, oidc.ErrExpired},
		{"expired, tolerated", 5 * time.Minute, -64 * time.Minute, nil},
		{"expired too long ago", 5 * time.Minute, -66 * time.Minute, oidc.ErrExpired},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			v, err := oidc.New(oidc.Config{
				Get: newWeb().Get, Tolerance: tc.tolerance, Now: func() time.Time { return now },
			})
			if err != nil {
				t.Fatal(err)
			}
			token := good(now.Add(tc.off), "nbf", fmt.Sprint(now.Add(tc.off).Unix()))
			for _, when := range []string{"first", "again"} {
				if _, err := v.Verify(t.Context(), oidc.Issuer{URL: issuer}, token); !errors.Is(err, tc.want) {
					t.Errorf("%s: %v, want %v", when, err, tc.want)
				}
			}
		})
	}
}

func TestNumbersStayAsTheyAre(t *testing.T) {
	t.Parallel()
	got, err := newVerifier(t, newWeb()).Verify(t.Context(), oidc.Issuer{URL: issuer}, good(time.Now(), "n", "12345678901234567890"))
	if err != nil || got["n"] != json.Number("12345678901234567890") {
		t.Errorf("%v, %v", got, err)
	}
}

func TestBadTokens(t *testing.T) {
	t.Parallel()
	now := time.Now()
	all := everybody.Bad(now)
	if len(all) < 60 {
		t.Fatalf("%d tokens only", len(all))
	}
	w := newWeb()
	v := newVerifier(t, w)
	keys, err := oidc.ParseKeySet([]byte(usual()))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range all {
		for range 2 { // the second time nothing may come out of a cache
			if got, err := v.Verify(t.Context(), oidc.Issuer{URL: issuer}, tc.Token); !errors.Is(err, oidc.ErrRefused) {
				t.Errorf("%s: %v, %v", tc.Name, got, err)
			}
		}
		if got, err := keys.Check(issuer, tc.Token, now); !errors.Is(err, oidc.ErrRefused) {
			t.Errorf("%s by known keys: %v, %v", tc.Name, got, err)
		}
	}
	// The whole table cost one look at the issuer.
	if n := w.count(keysURL); n != 1 {
		t.Errorf("the key set was fetched %d times", n)
	}
	// The control: the same verifier accepts the good one.
	if _, err := v.Verify(t.Context(), oidc.Issuer{URL: issuer}, good(now)); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), oidc.Issuer{}, good(now, "iss", `""`)); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("no issuer asked for: %v", err)
	}
}

func TestExpiredIsToldOnlyOfGenuineTokens(t *testing.T) {
	t.Parallel()
	now := time.Now()
	v := newVerifier(t, newWeb())
	past := fmt.Sprint(now.Add(-time.Second).Unix())
	if _, err := v.Verify(t.Context(), oidc.Issuer{URL: issuer}, good(now, "exp", past)); !errors.Is(err, oidc.ErrExpired) {
		t.Errorf("expired: %v", err)
	}
	forged := sign(`{"alg":"RS256","kid":"rsa"}`, claims(now, "exp", past), "RS256", signers().Other)
	if _, err := v.Verify(t.Context(), oidc.Issuer{URL: issuer}, forged); !errors.Is(err, oidc.ErrRefused) || errors.Is(err, oidc.ErrExpired) {
		t.Errorf("forged and expired: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	now := time.Now()
	genuine := good(now)
	f.Add(genuine)
	for _, tc := range everybody.Bad(now) {
		f.Add(tc.Token)
	}
	keys, err := oidc.ParseKeySet([]byte(usual()))
	if err != nil {
		f.Fatal(err)
	}
	// Nobody who does not know the key makes another one: RS256 has one signature
	// per text, and base64 is read strictly.
	f.Fuzz(func(t *testing.T, token string) {
		oidc.PeekIssuer(token)
		if _, err := keys.Check(issuer, token, now); err == nil && token != genuine {
			t.Errorf("forged: %q", token)
		}
	})
}

func FuzzParseKeySet(f *testing.F) {
	f.Add([]byte(usual()))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		keys, err := oidc.ParseKeySet(raw)
		if (keys == nil) != (err != nil) {
			t.Errorf("%v, %v", keys, err)
		}
	})
}
