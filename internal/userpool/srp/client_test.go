package srp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"sync"
	"testing"

	"preamp/internal/userpool/srp"
)

// server is shared by the tests: it holds constants.
var server = sync.OnceValue(srp.New)

var (
	bigN = mustBig(srp.Prime)
	bigG = big.NewInt(2)
	bigK = mustBig(srp.Multiplier)
)

func mustBig(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 16)
	if !ok {
		panic("not hexadecimal: " + text)
	}
	return n
}

// client is the other side, written from the definition with math/big and its
// own padding, so that a mistake is not made on both sides.
type client struct {
	id       srp.Identity
	password string
	a        *big.Int
}

func (c client) publicA() *big.Int { return new(big.Int).Exp(bigG, c.a, bigN) }

// bigPad is BigInteger.toByteArray: the sign bit has to fit.
func bigPad(n *big.Int) []byte { return n.FillBytes(make([]byte, n.BitLen()/8+1)) }

func hash(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func mac(key []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

// sign is what a client does with SALT, SRP_B and the secret block.
func (c client) sign(saltText, bText string, block []byte, timestamp string) string {
	salt, b := mustBig(saltText), mustBig(bText)
	x := new(big.Int).SetBytes(hash(bigPad(salt), hash([]byte(c.id.Pool+c.id.User+":"+c.password))))
	u := new(big.Int).SetBytes(hash(bigPad(c.publicA()), bigPad(b)))
	// S = (B - k*g^x) ^ (a + u*x)
	base := new(big.Int).Mul(bigK, new(big.Int).Exp(bigG, x, bigN))
	base.Sub(b, base).Mod(base, bigN)
	shared := base.Exp(base, new(big.Int).Add(c.a, new(big.Int).Mul(u, x)), bigN)
	key := mac(mac(bigPad(u), bigPad(shared)), []byte("Caldera Derived Key"), []byte{1})[:16]
	signature := mac(key, []byte(c.id.Pool), []byte(c.id.User), block, []byte(timestamp))
	return base64.StdEncoding.EncodeToString(signature)
}

const timestamp = "Mon Nov 2 08:05:09 UTC 2026"

// handshake runs both sides and answers the server's verdict. stored is the
// password that the verifier was made of.
func handshake(t testing.TB, c client, stored string, salt []byte, random *stream) error {
	t.Helper()
	s := server()
	verifier := s.Verifier(c.id, stored, salt)
	a, err := s.ParsePublic(c.publicA().Text(16))
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Begin(verifier, a, random)
	if err != nil {
		t.Fatal(err)
	}
	block := []byte("block of " + c.id.User)
	proof, err := srp.ParseProof(base64.StdEncoding.EncodeToString(block), timestamp,
		c.sign(srp.SaltText(salt), h.B().String(), block, timestamp))
	if err != nil {
		t.Fatal(err)
	}
	// The state travels between the two messages.
	raw, err := h.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if h, err = s.ParseHandshake(raw); err != nil {
		t.Fatal(err)
	}
	return s.Verify(h, c.id, verifier, proof)
}

// stream is randomness that is the same in each run.
type stream struct {
	seed  string
	count byte
	rest  []byte
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.rest) < len(p) {
		s.rest = append(s.rest, hash([]byte(s.seed), []byte{s.count})...)
		s.count++
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
