package srp

import (
	"encoding/binary"
	"fmt"
)

// Simulated is what a user that does not exist is answered with, so that the
// answer does not tell (RFC 5054, section 2.5.1.3).
type Simulated struct {
	// Salt is of the form that NewSalt draws.
	Salt []byte
	// UserID has the form of a random UUID, for pools whose user names are made by
	// the server. Where users choose their names, the name itself is shown.
	UserID string
	// Verifier is the verifier of no password.
	Verifier []byte
}

// Simulate makes the challenge of a user that does not exist, the same for each
// call with the same pool and name. The key is secret and lasts: with it, or when
// it changes, what is simulated could be told from what is real. Names that mean
// the same user must be given in one form.
func (s *Server) Simulate(secret []byte, poolID, name string) Simulated {
	stream := func(label string, size int) []byte {
		var out []byte
		for i := byte(0); len(out) < size; i++ {
			out = append(out, sum(secret, []byte(label), []byte{0, i}, []byte(poolID), []byte{0}, []byte(name))...)
		}
		return out[:size]
	}
	salt := stream("salt", SaltSize+8)
	// 16 bytes of which the first is from 0x10 to 0x7f, as in real salts.
	first := 0x10 + binary.BigEndian.Uint64(salt[SaltSize:])%0x70
	salt = append([]byte{byte(first)}, salt[1:SaltSize]...)

	// The square of a number is a power of g, as verifiers are. Without its highest
	// bit the number is below N.
	root := stream("verifier", VerifierSize)
	root[0] &= 0x7f
	square := s.element(root)
	square.Mul(square, s.m)
	return Simulated{Salt: salt, UserID: randomUUID(stream("user", 16)), Verifier: square.Bytes(s.m)}
}

// randomUUID writes 16 bytes as a UUID of version 4.
func randomUUID(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
