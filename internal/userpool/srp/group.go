package srp

import (
	"crypto/subtle"
	"encoding/hex"
	"sync/atomic"

	"filippo.io/bigmod"
)

const (
	// VerifierSize is the length of a verifier: an element of the group.
	VerifierSize = 384
	// SaltSize is the length of the salts that NewSalt draws.
	SaltSize = 16

	exponentSize = 32
	// prime is the modulus N: RFC 3526, section 4 (group 15).
	prime = "" +
		"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74" +
		"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437" +
		"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
		"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05" +
		"98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb" +
		"9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b" +
		"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718" +
		"3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33" +
		"a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7" +
		"abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864" +
		"d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2" +
		"08e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"
	// multiplier is k = H(pad(N) | pad(g)).
	multiplier = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"

	windows  = 2 * exponentSize // an exponent is read in pieces of four bits
	perPiece = 16
)

// Server does the arithmetic. It holds constants only (400 KB, made in 14 ms),
// may be used by any number of goroutines, and is made once.
type Server struct {
	n     []byte
	m     *bigmod.Modulus
	k     *bigmod.Nat
	limbs int
	// powers holds g^(j*16^i) for i < 64 and j < 16, one after the other: with it
	// a power of g costs 64 multiplications and no squaring.
	powers []uint
	// made counts the powers that were computed.
	made atomic.Int64
}

// Powers is how many powers were computed so far: the measure of what proofs cost.
// Who asks for a user that does not exist must cost as many.
func (s *Server) Powers() int64 { return s.made.Load() }

// New makes a Server.
func New() *Server {
	n, k := mustHex(prime), mustHex(multiplier)
	m, err := bigmod.NewModulus(n)
	if err != nil {
		panic("srp: the prime is no modulus: " + err.Error())
	}
	s := &Server{n: n, m: m}
	s.k = s.element(append(make([]byte, VerifierSize-len(k)), k...))
	s.limbs = len(s.k.Bits())
	s.powers = make([]uint, 0, windows*perPiece*s.limbs)
	base := s.small(2)
	for range windows {
		power := s.small(1)
		for range perPiece {
			s.powers = append(s.powers, power.Bits()...)
			power.Mul(base, s.m)
		}
		base = power // base^16, the base of the next window
	}
	return s
}

func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic("srp: constant is not hexadecimal: " + err.Error())
	}
	return b
}

func (s *Server) small(v uint) *bigmod.Nat { return bigmod.NewNat().SetUint(v).ExpandFor(s.m) }

// element reads 384 bytes below N; the caller has checked that they are.
func (s *Server) element(b []byte) *bigmod.Nat {
	e, err := bigmod.NewNat().SetBytes(b, s.m)
	if err != nil {
		panic("srp: not an element of the group: " + err.Error())
	}
	return e
}

// isElement reports whether b is the 384 bytes of a number from 1 to N-1. The
// time it takes tells nothing of b but its length.
func (s *Server) isElement(b []byte) bool {
	if len(b) != VerifierSize {
		return false
	}
	_, err := bigmod.NewNat().SetBytes(b, s.m)
	zero := make([]byte, VerifierSize)
	return err == nil && subtle.ConstantTimeCompare(b, zero) == 0
}

// powerOfG is g^e mod N.
func (s *Server) powerOfG(e *[exponentSize]byte) *bigmod.Nat {
	s.made.Add(1)
	out, factor := s.small(1), s.small(0)
	for i := range windows {
		// The lowest four bits are in the last byte.
		piece := e[exponentSize-1-i/2] >> (4 * (i % 2)) & 0xf
		s.pick(factor, i, piece)
		out.Mul(factor, s.m)
	}
	return out
}

// pick sets out to one of the 16 powers of a window. It reads all of them, so
// that the cache does not show which one was wanted.
func (s *Server) pick(out *bigmod.Nat, window int, piece byte) {
	limbs := out.Bits()
	clear(limbs)
	for j := range perPiece {
		mask := -uint(subtle.ConstantTimeByteEq(byte(j), piece))
		from := (window*perPiece + j) * s.limbs
		for l, v := range s.powers[from : from+s.limbs] {
			limbs[l] |= mask & v
		}
	}
}

// pad is the form in which numbers are hashed everywhere in this variant: the
// fewest bytes that hold the number, with a zero byte in front when the highest
// bit is set, which is what Java's BigInteger.toByteArray gives.
func pad(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 || b[0] >= 0x80 {
		return append([]byte{0}, b...)
	}
	return b
}
