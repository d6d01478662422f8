package srp_test

import (
	"crypto/sha256"
	"math/big"
	"testing"

	"filippo.io/bigmod"

	"preamp/internal/userpool/srp"
)

// BenchmarkPower compares the ways to a power with a secret exponent of 256 bits,
// which is what everything here costs.
func BenchmarkPower(b *testing.B) {
	sum := sha256.Sum256([]byte("exponent"))
	e := new(big.Int).SetBytes(sum[:])
	base := new(big.Int).Exp(bigG, e, bigN)
	m, err := bigmod.NewModulus(bigN.Bytes())
	if err != nil {
		b.Fatal(err)
	}
	nat, err := bigmod.NewNat().SetBytes(base.FillBytes(make([]byte, srp.VerifierSize)), m)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("of=any/by=math-big", func(b *testing.B) {
		for b.Loop() {
			new(big.Int).Exp(base, e, bigN)
		}
	})
	b.Run("of=any/by=bigmod", func(b *testing.B) {
		for b.Loop() {
			bigmod.NewNat().Exp(nat, sum[:], m)
		}
	})
	b.Run("of=g/by=math-big", func(b *testing.B) {
		for b.Loop() {
			new(big.Int).Exp(bigG, e, bigN)
		}
	})
	s, id, salt := server(), srp.Identity{Pool: "AbCdEfGhI", User: "alice"}, []byte("0123456789abcdef")
	b.Run("of=g/by=table", func(b *testing.B) {
		for b.Loop() {
			s.Verifier(id, "Passw0rd!x", salt)
		}
	})
}

// BenchmarkSignIn is the server's part of a sign-in: both messages of SRP, and
// the check of a password that was sent.
func BenchmarkSignIn(b *testing.B) {
	s, id, salt := server(), srp.Identity{Pool: "AbCdEfGhI", User: "alice"}, []byte("0123456789abcdef")
	verifier := s.Verifier(id, "Passw0rd!x", salt)
	a, err := s.ParsePublic("abcdef")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("begin", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Begin(verifier, a, &stream{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	h, err := s.Begin(verifier, a, &stream{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			_ = s.Verify(h, id, verifier, srp.Proof{})
		}
	})
	b.Run("password", func(b *testing.B) {
		for b.Loop() {
			s.CheckPassword(id, "guess", salt, verifier)
		}
	})
	b.Run("simulate", func(b *testing.B) {
		for b.Loop() {
			s.Simulate([]byte("key"), "us-east-1_AbCdEfGhI", "nobody")
		}
	})
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			srp.New()
		}
	})
}
