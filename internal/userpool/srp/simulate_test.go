package srp_test

import (
	"bytes"
	"errors"
	"math/big"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool/srp"
)

func TestSimulate(t *testing.T) {
	t.Parallel()
	s, secret := server(), []byte("0123456789abcdef0123456789abcdef")
	one := s.Simulate(secret, "us-east-1_AbCdEfGhI", "nobody")
	if d := cmp.Diff(one, s.Simulate(secret, "us-east-1_AbCdEfGhI", "nobody")); d != "" {
		t.Errorf("it is not the same again: %s", d)
	}
	for name, other := range map[string]srp.Simulated{
		"other name": s.Simulate(secret, "us-east-1_AbCdEfGhI", "nobodx"),
		"other pool": s.Simulate(secret, "us-east-2_AbCdEfGhI", "nobody"),
		"other key":  s.Simulate([]byte("x"), "us-east-1_AbCdEfGhI", "nobody"),
		// The border between pool and name counts.
		"moved border": s.Simulate(secret, "us-east-1_AbCdEfGhIn", "obody"),
	} {
		if bytes.Equal(one.Salt, other.Salt) || one.UserID == other.UserID || bytes.Equal(one.Verifier, other.Verifier) {
			t.Errorf("%s: something is the same", name)
		}
	}
}

// TestSimulatedForm: what is simulated cannot be told by its form.
func TestSimulatedForm(t *testing.T) {
	t.Parallel()
	s := server()
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	first := map[byte]bool{}
	for i := range 250 {
		sim := s.Simulate([]byte("key"), "us-east-1_AbCdEfGhI", string(rune(i)))
		if len(sim.Salt) != srp.SaltSize || sim.Salt[0] < 0x10 || sim.Salt[0] > 0x7f {
			t.Errorf("salt %x", sim.Salt)
		}
		first[sim.Salt[0]] = true
		if !uuid.MatchString(sim.UserID) {
			t.Errorf("user id %s", sim.UserID)
		}
		// Powers of 2 are the squares modulo this prime.
		if big.Jacobi(new(big.Int).SetBytes(sim.Verifier), bigN) != 1 {
			t.Errorf("verifier of %d is no power of g", i)
		}
	}
	if len(first) < 80 { // of 112
		t.Errorf("only %d first bytes of salts", len(first))
	}
}

// TestSimulatedHandshake goes to its end like a real one, which is refused.
func TestSimulatedHandshake(t *testing.T) {
	t.Parallel()
	s, sim := server(), server().Simulate([]byte("key"), "us-east-1_AbCdEfGhI", "nobody")
	c := client{id: srp.Identity{Pool: "AbCdEfGhI", User: sim.UserID}, password: "guess", a: big.NewInt(12345)}
	a, err := s.ParsePublic(c.publicA().Text(16))
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Begin(sim.Verifier, a, &stream{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := srp.ParseProof("YmxvY2s=", timestamp, c.sign(srp.SaltText(sim.Salt), h.B().String(), []byte("block"), timestamp))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(h, c.id, sim.Verifier, p); !errors.Is(err, srp.ErrRefused) {
		t.Error(err)
	}
	if s.CheckPassword(c.id, "guess", sim.Salt, sim.Verifier) {
		t.Error("a password fits")
	}
}
