package srp

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
)

// Identity is what a password belongs to. Both parts go into the verifier, so
// neither can change without a new one.
type Identity struct {
	// Pool is the name of the pool: the part of its id after the underscore.
	Pool string
	// User is USER_ID_FOR_SRP, the internal user name.
	User string
}

// PoolName is the part of a pool id that goes into verifiers. Clients split at
// the first underscore.
func PoolName(poolID string) string {
	_, name, _ := strings.Cut(poolID, "_")
	return name
}

// NewSalt draws a salt. Its first byte is from 0x10 to 0x7f: with such salts the
// number has neither a zero in front nor its highest bit set, where clients are
// known to differ, at the cost of 1.2 bits of 128.
func NewSalt(random io.Reader) ([]byte, error) {
	salt := make([]byte, SaltSize)
	for {
		if _, err := io.ReadFull(random, salt); err != nil {
			return nil, fmt.Errorf("draw salt: %w", err)
		}
		if salt[0] >= 0x10 && salt[0] < 0x80 {
			return salt, nil
		}
	}
}

// exponent is x = H(pad(salt) | H(pool user ":" password)).
func exponent(id Identity, password string, salt []byte) *[exponentSize]byte {
	inner := sha256.Sum256([]byte(id.Pool + id.User + ":" + password))
	x := sha256.Sum256(append(pad(salt), inner[:]...))
	return &x
}

// Verifier is what the server keeps of a password: g^x mod N in 384 bytes. It is
// a fast hash of the password and must be sealed where it is stored.
func (s *Server) Verifier(id Identity, password string, salt []byte) []byte {
	return s.powerOfG(exponent(id, password, salt)).Bytes(s.m)
}

// CheckPassword reports whether a password is the one of a verifier, for flows in
// which the client sends the password itself.
func (s *Server) CheckPassword(id Identity, password string, salt, verifier []byte) bool {
	return subtle.ConstantTimeCompare(s.Verifier(id, password, salt), verifier) == 1
}
