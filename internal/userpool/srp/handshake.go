package srp

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

const (
	handshakeV1   = 1
	handshakeSize = 1 + 2*VerifierSize + exponentSize
	keySize       = 16
	keyLabel      = "Caldera Derived Key\x01"
)

var (
	// ErrRefused is the answer to a proof that does not fit the password.
	ErrRefused = errors.New("srp: the proof is wrong")

	errVerifier  = errors.New("srp: the stored verifier is not an element of the group")
	errHandshake = errors.New("srp: not a handshake")
)

// Handshake is the server's state between the two messages of a client. It holds
// the ephemeral secret: whoever lets the client carry it must seal it, and must
// make sure that it is used once.
type Handshake struct {
	a, b   Public
	secret [exponentSize]byte
}

// Begin answers a client's public value. The verifier is that of the user, or the
// simulated one of a user that does not exist.
func (s *Server) Begin(verifier []byte, a Public, random io.Reader) (*Handshake, error) {
	if !s.isElement(verifier) {
		return nil, errVerifier
	}
	if !s.isElement(a.b) {
		return nil, errPublic
	}
	h := &Handshake{a: a}
	for {
		if _, err := io.ReadFull(random, h.secret[:]); err != nil {
			return nil, fmt.Errorf("draw ephemeral secret: %w", err)
		}
		// B = k*v + g^b
		b := s.element(verifier).Mul(s.k, s.m)
		b.Add(s.powerOfG(&h.secret), s.m)
		h.b = Public{b.Bytes(s.m)}
		if b.IsZero() == 0 { // clients refuse 0, which one b in 2^3072 gives
			return h, nil
		}
	}
}

// B is the server's public value, SRP_B.
func (h *Handshake) B() Public { return h.b }

// MarshalBinary writes the handshake, with its secret, in 801 bytes.
func (h *Handshake) MarshalBinary() ([]byte, error) {
	out := make([]byte, 0, handshakeSize)
	out = append(out, handshakeV1)
	out = append(out, h.a.b...)
	out = append(out, h.b.b...)
	return append(out, h.secret[:]...), nil
}

// ParseHandshake reads what MarshalBinary wrote.
func (s *Server) ParseHandshake(b []byte) (*Handshake, error) {
	if len(b) != handshakeSize || b[0] != handshakeV1 {
		return nil, errHandshake
	}
	public, secret := b[1:1+2*VerifierSize], b[1+2*VerifierSize:]
	a, own := public[:VerifierSize], public[VerifierSize:]
	if !s.isElement(a) || !s.isElement(own) {
		return nil, errHandshake
	}
	h := &Handshake{a: Public{append([]byte(nil), a...)}, b: Public{append([]byte(nil), own...)}}
	copy(h.secret[:], secret)
	return h, nil
}

// scrambler is u = H(pad(A) | pad(B)).
func (h *Handshake) scrambler() [exponentSize]byte {
	sum := sha256.New()
	sum.Write(pad(h.a.b))
	sum.Write(pad(h.b.b))
	return [exponentSize]byte(sum.Sum(nil))
}

// shared is S = (A * v^u)^b mod N.
func (s *Server) shared(h *Handshake, verifier []byte, u [exponentSize]byte) []byte {
	s.made.Add(2)
	base := s.element(verifier)
	base.Exp(base, u[:], s.m).Mul(s.element(h.a.b), s.m)
	return base.Exp(base, h.secret[:], s.m).Bytes(s.m)
}

// key is HKDF-SHA256 of S with u as salt, cut to 16 bytes.
func key(u [exponentSize]byte, shared []byte) []byte {
	prk := sum(pad(u[:]), pad(shared))
	return sum(prk, []byte(keyLabel))[:keySize]
}

// sum is HMAC-SHA256 over the parts, one after the other.
func sum(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// Verify checks a client's proof. id and verifier are those that Begin was called
// for; the caller has made sure that the secret block is the one of h.
//
// It answers ErrRefused for a wrong proof, and another error for a verifier that
// cannot be one.
func (s *Server) Verify(h *Handshake, id Identity, verifier []byte, p Proof) error {
	if !s.isElement(verifier) {
		return errVerifier
	}
	return s.verify(h, id, verifier, p, h.scrambler())
}

func (s *Server) verify(h *Handshake, id Identity, verifier []byte, p Proof, u [exponentSize]byte) error {
	// With u = 0 the verifier would drop out of S.
	if u == [exponentSize]byte{} {
		return ErrRefused
	}
	k := key(u, s.shared(h, verifier, u))
	want := sum(k, []byte(id.Pool), []byte(id.User), p.SecretBlock, []byte(p.Timestamp))
	if !hmac.Equal(want, p.Signature) {
		return ErrRefused
	}
	return nil
}
