package srp

import "encoding/hex"

// Multiplier and Prime are the constants of the group.
const (
	Multiplier = multiplier
	Prime      = prime
)

// Pad is the padding of numbers.
func Pad(b []byte) []byte { return pad(b) }

// Exponent is x.
func Exponent(id Identity, password string, salt []byte) string {
	return hex.EncodeToString(exponent(id, password, salt)[:])
}

// Inside are the values of a handshake that never leave the server: u, S and the
// key, as numbers in hexadecimal.
func Inside(s *Server, h *Handshake, verifier []byte) (u, shared, k string) {
	scrambler := h.scrambler()
	secret := s.shared(h, verifier, scrambler)
	return number(scrambler[:]), number(secret), hex.EncodeToString(key(scrambler, secret))
}

// VerifyZero is Verify with u = 0.
func VerifyZero(s *Server, h *Handshake, id Identity, verifier []byte, p Proof) error {
	return s.verify(h, id, verifier, p, [exponentSize]byte{})
}

// KeyOf is the key for a u and an S.
func KeyOf(u [32]byte, shared []byte) []byte { return key(u, shared) }
