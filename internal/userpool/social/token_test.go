package social_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"preamp/internal/errs"
	"preamp/internal/oidc/oidctest"
	"preamp/internal/userpool"
	"preamp/internal/userpool/social/socialtest"
)

type signer = func(i *oidctest.Issuer, now time.Time, claims []string) string

// tokens are id tokens that prove nothing about this sign-in.
var tokens = []struct {
	name   string
	claims []string
	make   signer
}{
	{name: "foreign issuer", claims: []string{"iss", `"https://evil.example"`}},
	{name: "issuer with a slash more", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return i.Good(now, append(claims, "iss", `"`+i.URL+`/"`)...)
	}},
	{name: "other audience", claims: []string{"aud", `"somebody"`}},
	{name: "no audience", claims: []string{"aud", ""}},
	{name: "audience in another case", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return i.Good(now, append(claims, "aud", strings.ToUpper(claims[1]))...)
	}},
	{name: "several audiences and no party", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return i.Good(now, append(claims, "azp", "", "aud", `["somebody",`+claims[1]+`]`)...)
	}},
	{name: "another party", claims: []string{"azp", `"somebody"`}},
	{name: "missing exp", claims: []string{"exp", ""}},
	{name: "exp a text", claims: []string{"exp", `"99999999999"`}},
	{name: "expired six minutes ago", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return i.Good(now.Add(-66*time.Minute), claims...)
	}},
	{name: "issued in six minutes", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return i.Good(now.Add(6*time.Minute), claims...)
	}},
	{name: "not issued", claims: []string{"iat", ""}},
	{name: "not valid yet", claims: []string{"nbf", "99999999999"}},
	{name: "wrong nonce", claims: []string{"nonce", `"that of yesterday"`}},
	{name: "no nonce", claims: []string{"nonce", ""}},
	{name: "empty nonce", claims: []string{"nonce", `""`}},
	{name: "nonce a list", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return i.Good(now, append(claims, "nonce", "["+claims[3]+"]")...)
	}},
	{name: "no subject", claims: []string{"sub", ""}},
	{name: "empty subject", claims: []string{"sub", `""`}},
	{name: "subject a number", claims: []string{"sub", `1`}},
	{name: "alg none", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return oidctest.B64([]byte(`{"alg":"none"}`)) + "." + oidctest.B64([]byte(i.Claims(now, claims...))) + "."
	}},
	{name: "alg none with a signature", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return oidctest.B64([]byte(`{"alg":"none","kid":"rsa"}`)) + "." + oidctest.B64([]byte(i.Claims(now, claims...))) + ".eA"
	}},
	{name: "HS256 with the RSA key", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		der, err := x509.MarshalPKIXPublicKey(&i.RSA.PublicKey)
		if err != nil {
			panic(err)
		}
		return oidctest.Sign(`{"alg":"HS256","kid":"rsa"}`, i.Claims(now, claims...), "HS256", der)
	}},
	{name: "wrong key", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return oidctest.Sign(`{"alg":"RS256","kid":"rsa"}`, i.Claims(now, claims...), "RS256", i.Other)
	}},
	{name: "a key in the header", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return oidctest.Sign(`{"alg":"RS256","kid":"rsa","jwk":`+oidctest.JWK(&i.Other.PublicKey, "rsa")+`}`, i.Claims(now, claims...), "RS256", i.Other)
	}},
	{name: "sub twice", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		body := strings.Replace(i.Claims(now, claims...), `"sub"`, `"sub":"root","sub"`, 1)
		return oidctest.Sign(`{"alg":"RS256","kid":"rsa"}`, body, "RS256", i.RSA)
	}},
	{name: "a log-out token", make: func(i *oidctest.Issuer, now time.Time, claims []string) string {
		return oidctest.Sign(`{"alg":"RS256","kid":"rsa","typ":"logout+jwt"}`, i.Claims(now, claims...), "RS256", i.RSA)
	}},
	{name: "no id token", make: func(*oidctest.Issuer, time.Time, []string) string { return "" }},
	{name: "not a token", make: func(*oidctest.Issuer, time.Time, []string) string { return "a.b" }},
	{name: "a huge token", claims: []string{"x", `"` + strings.Repeat("x", 20<<10) + `"`}},
}

// An id token that proves nothing about this sign-in signs nobody in; the same
// sign-in with a good one does.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	for _, name := range []string{userpool.ProviderGoogle, userpool.ProviderApple, socialtest.Corp} {
		f := newFixture(t)
		for _, tc := range tokens {
			t.Run(name+"/"+tc.name, func(t *testing.T) {
				f.s.Fake(name).Misbehave(&socialtest.Fault{Claims: tc.claims, IDToken: tc.make})
				f.refuses(t, f.attempt(name), errs.Unauthenticated)
				f.control(t, name)
			})
		}
	}
}

// Clocks may differ by five minutes.
func TestTolerance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		off  time.Duration
		ok   bool
	}{
		{"four minutes ahead", 4 * time.Minute, true},
		{"six minutes ahead", 6 * time.Minute, false},
		{"expired four minutes ago", -64 * time.Minute, true},
		{"expired six minutes ago", -66 * time.Minute, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			name := userpool.ProviderGoogle
			f.s.Fake(name).Misbehave(&socialtest.Fault{IDToken: func(i *oidctest.Issuer, now time.Time, claims []string) string {
				return i.Good(now.Add(tc.off), claims...)
			}})
			if _, err := f.attempt(name).run(t); (err == nil) != tc.ok {
				t.Error(err)
			}
		})
	}
}
