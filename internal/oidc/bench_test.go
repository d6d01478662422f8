package oidc_test

import (
	"testing"
	"time"

	"preamp/internal/oidc"
)

// BenchmarkVerify: a token that comes again against the work that it saves.
func BenchmarkVerify(b *testing.B) {
	s, now := signers(), time.Now()
	tokens := []struct{ name, token string }{
		{"RS256", good(now, "cognito:groups", `["admins","editors"]`, "scope", `"openid profile email"`)},
		{"ES256", sign(`{"alg":"ES256","kid":"p256"}`, claims(now), "ES256", s.P256)},
	}
	keys, err := oidc.ParseKeySet([]byte(usual()))
	if err != nil {
		b.Fatal(err)
	}
	v := newVerifier(b, newWeb())
	for _, tt := range tokens {
		b.Run("again/"+tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), asked, tt.token); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("first/"+tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := keys.Check(issuer, tt.token, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
