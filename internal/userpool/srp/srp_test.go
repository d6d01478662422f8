package srp_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"testing"

	"preamp/internal/userpool/srp"
)

// TestHandshakes runs hundreds of random handshakes: each padding mistake breaks
// only some of them. The counts say that every trap was met.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	traps := map[string]int{}
	for i := range 300 {
		random := &stream{seed: fmt.Sprint("handshake ", i)}
		salt := make([]byte, srp.SaltSize)
		if _, err := random.Read(salt); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			salt[0] = 0 // older salts, and those of other makers
		}
		secret := make([]byte, 128) // what amazon-cognito-identity-js draws
		if _, err := random.Read(secret); err != nil {
			t.Fatal(err)
		}
		c := client{
			id:       srp.Identity{Pool: "AbCdEfGhI", User: fmt.Sprint("user-", i)},
			password: fmt.Sprint("Passw0rd-é", i), a: new(big.Int).SetBytes(secret),
		}
		switch {
		case salt[0] >= 0x80:
			traps["salt with the highest bit set"]++
		case salt[0] == 0:
			traps["salt with a zero byte in front"]++
		case salt[0] < 0x10:
			traps["salt of an odd count of digits"]++
		}
		switch a := c.publicA(); {
		case a.BitLen()%8 == 0:
			traps["A with the highest bit set"]++
		case len(a.Text(16))%2 == 1:
			traps["A of an odd count of digits"]++
		}
		if err := handshake(t, c, c.password, salt, random); err != nil {
			t.Errorf("%d: the right password: %v", i, err)
		}
		if i%10 == 0 {
			if err := handshake(t, c, c.password+"x", salt, random); !errors.Is(err, srp.ErrRefused) {
				t.Errorf("%d: a wrong password: %v", i, err)
			}
		}
	}
	t.Log(traps)
	for _, trap := range []string{
		"salt with the highest bit set", "salt with a zero byte in front", "salt of an odd count of digits",
		"A with the highest bit set", "A of an odd count of digits",
	} {
		if traps[trap] < 3 {
			t.Errorf("%s: met %d times", trap, traps[trap])
		}
	}
}

// TestProofIsBound changes one thing at a time.
func TestProofIsBound(t *testing.T) {
	t.Parallel()
	s, random := server(), &stream{seed: "bound"}
	c := client{id: srp.Identity{Pool: "AbCdEfGhI", User: "alice"}, password: "Passw0rd!x", a: big.NewInt(77)}
	salt, err := srp.NewSalt(random)
	if err != nil {
		t.Fatal(err)
	}
	verifier := s.Verifier(c.id, c.password, salt)
	a, err := s.ParsePublic(c.publicA().Text(16))
	if err != nil {
		t.Fatal(err)
	}
	begin := func() *srp.Handshake {
		h, err := s.Begin(verifier, a, random)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h, block := begin(), []byte("block")
	good, err := srp.ParseProof(base64.StdEncoding.EncodeToString(block), timestamp,
		c.sign(srp.SaltText(salt), h.B().String(), block, timestamp))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(h, c.id, verifier, good); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*srp.Proof)) srp.Proof {
		p := good
		change(&p)
		return p
	}
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"other handshake", s.Verify(begin(), c.id, verifier, good)},
		{"other user", s.Verify(h, srp.Identity{Pool: c.id.Pool, User: "bob"}, verifier, good)},
		{"other pool", s.Verify(h, srp.Identity{Pool: "AbCdEfGhJ", User: c.id.User}, verifier, good)},
		{"other verifier", s.Verify(h, c.id, s.Verifier(c.id, "other", salt), good)},
		{"other block", s.Verify(h, c.id, verifier, with(func(p *srp.Proof) { p.SecretBlock = []byte("blocK") }))},
		{"other time", s.Verify(h, c.id, verifier, with(func(p *srp.Proof) { p.Timestamp = "Mon Nov 2 08:05:08 UTC 2026" }))},
		{"short signature", s.Verify(h, c.id, verifier, with(func(p *srp.Proof) { p.Signature = p.Signature[:31] }))},
		{"no signature", s.Verify(h, c.id, verifier, with(func(p *srp.Proof) { p.Signature = nil }))},
		{"u = 0", srp.VerifyZero(s, h, c.id, verifier, good)},
	} {
		if !errors.Is(tt.err, srp.ErrRefused) {
			t.Errorf("%s: %v", tt.name, tt.err)
		}
	}
}

// TestZeroScrambler shows what the refusal of u = 0 is for: the shared secret is
// A^b then, whatever the verifier.
func TestZeroScrambler(t *testing.T) {
	t.Parallel()
	s, id, block := server(), srp.Identity{Pool: "P", User: "alice"}, []byte("block")
	a, err := s.ParsePublic("2") // so that S = 2^b
	if err != nil {
		t.Fatal(err)
	}
	b := hash([]byte("b"))
	h, err := s.Begin(s.Verifier(id, "secret", make([]byte, 16)), a, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	shared := new(big.Int).Exp(bigG, new(big.Int).SetBytes(b), bigN)
	forged := mac(srp.KeyOf([32]byte{}, shared.Bytes()), []byte("P"), []byte("alice"), block, []byte(timestamp))
	p := srp.Proof{SecretBlock: block, Timestamp: timestamp, Signature: forged}
	if err := srp.VerifyZero(s, h, id, s.Verifier(id, "secret", make([]byte, 16)), p); !errors.Is(err, srp.ErrRefused) {
		t.Errorf("u = 0: %v", err)
	}
}

// TestBeginDrawsAgain: for one verifier the first secret gives B = 0.
func TestBeginDrawsAgain(t *testing.T) {
	t.Parallel()
	s, b := server(), hash([]byte("b"))
	// v = -g^b / k
	v := new(big.Int).Exp(bigG, new(big.Int).SetBytes(b), bigN)
	v.Neg(v).Mul(v, new(big.Int).ModInverse(bigK, bigN)).Mod(v, bigN)
	verifier := v.FillBytes(make([]byte, srp.VerifierSize))
	a, err := s.ParsePublic("2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Begin(verifier, a, bytes.NewReader(b)); !errors.Is(err, io.EOF) {
		t.Errorf("one secret only: %v, want another draw", err)
	}
	h, err := s.Begin(verifier, a, io.MultiReader(bytes.NewReader(b), bytes.NewReader(hash([]byte("c")))))
	if err != nil || h.B().String() == "0" {
		t.Errorf("two secrets: %v", err)
	}
}

func TestBadVerifiers(t *testing.T) {
	t.Parallel()
	s, random := server(), &stream{}
	a, err := s.ParsePublic("2")
	if err != nil {
		t.Fatal(err)
	}
	good := s.Verifier(srp.Identity{}, "p", nil)
	h, err := s.Begin(good, a, random)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string][]byte{
		"none": nil, "short": good[1:], "long": append([]byte{0}, good...), "zero": make([]byte, srp.VerifierSize),
		"N": bigN.Bytes(), "above N": bytes.Repeat([]byte{0xff}, srp.VerifierSize),
	} {
		if _, err := s.Begin(v, a, random); err == nil {
			t.Errorf("%s: begins", name)
		}
		if err := s.Verify(h, srp.Identity{}, v, srp.Proof{}); err == nil || errors.Is(err, srp.ErrRefused) {
			t.Errorf("%s: %v, which looks like a wrong password", name, err)
		}
		if s.CheckPassword(srp.Identity{}, "p", nil, v) {
			t.Errorf("%s: is the verifier of a password", name)
		}
	}
	if _, err := s.Begin(good, srp.Public{}, random); err == nil {
		t.Error("begins without A")
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	s, id := server(), srp.Identity{Pool: "AbCdEfGhI", User: "alice"}
	salt := []byte("0123456789abcdef")
	v := s.Verifier(id, "Passw0rd!x", salt)
	if !s.CheckPassword(id, "Passw0rd!x", salt, v) {
		t.Error("the right password is refused")
	}
	other := append([]byte(nil), salt...)
	other[15]++
	for name, ok := range map[string]bool{
		"case":       s.CheckPassword(id, "passw0rd!x", salt, v),
		"empty":      s.CheckPassword(id, "", salt, v),
		"other salt": s.CheckPassword(id, "Passw0rd!x", other, v),
		"other user": s.CheckPassword(srp.Identity{Pool: id.Pool, User: "alicf"}, "Passw0rd!x", salt, v),
	} {
		if ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestNewSalt(t *testing.T) {
	t.Parallel()
	random, first := &stream{seed: "salt"}, map[byte]bool{}
	for range 250 {
		salt, err := srp.NewSalt(random)
		if err != nil || len(salt) != srp.SaltSize || salt[0] < 0x10 || salt[0] > 0x7f {
			t.Fatalf("salt %x, %v", salt, err)
		}
		if len(srp.SaltText(salt)) != 2*srp.SaltSize {
			t.Errorf("salt %x goes over the wire as %s", salt, srp.SaltText(salt))
		}
		first[salt[0]] = true
	}
	if len(first) < 80 { // of 112
		t.Errorf("only %d first bytes", len(first))
	}
	if _, err := srp.NewSalt(bytes.NewReader(nil)); err == nil {
		t.Error("a salt without randomness")
	}
}

func TestPoolName(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"us-east-1_AbCdEfGhI": "AbCdEfGhI", "eu-central-1_a_b": "a_b", "none": "", "": "",
	} {
		if got := srp.PoolName(id); got != want {
			t.Errorf("PoolName(%q) = %q", id, got)
		}
	}
}
