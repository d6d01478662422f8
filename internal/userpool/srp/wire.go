package srp

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

const (
	// maxPublicText is an element of the group with a byte of zeros in front, as
	// clients write it that print the padded form.
	maxPublicText = 2 * (VerifierSize + 1)
	// maxSecretBlock bounds the text of a secret block; ours have about 1,200
	// characters.
	maxSecretBlock = 8 << 10
	signatureSize  = 32

	timestampLayout = "Mon Jan 2 15:04:05 UTC 2006"
)

var (
	errPublic      = errors.New("srp: SRP_A is not a hexadecimal number of the group")
	errSecretBlock = errors.New("srp: the secret block is not base64 of an accepted length")
	errTimestamp   = errors.New("srp: the timestamp is not of the form Mon Jan 2 15:04:05 UTC 2006")
	errSignature   = errors.New("srp: the signature is not base64 of 32 bytes")
)

// Public is a public value, A of the client or B of the server: a number from 1
// to N-1.
type Public struct{ b []byte } // 384 bytes

// String is the value as it goes over the wire: lower-case hexadecimal digits of
// the number, without zeros in front, so that their count may be odd.
func (p Public) String() string { return number(p.b) }

// number writes bytes as an integer in hexadecimal.
func number(b []byte) string {
	text := strings.TrimLeft(hex.EncodeToString(b), "0")
	if text == "" {
		return "0"
	}
	return text
}

// SaltText is a salt as it goes over the wire.
func SaltText(salt []byte) string { return number(salt) }

// ParsePublic reads a client's SRP_A. Zeros in front and capital letters are
// accepted; a sign, a prefix, or a number that is not from 1 to N-1 is not: A mod
// N = 0 would make the shared secret 0 without any password, and no honest client
// sends a number that it did not reduce.
func (s *Server) ParsePublic(text string) (Public, error) {
	if text == "" || len(text) > maxPublicText {
		return Public{}, errPublic
	}
	digits := strings.TrimLeft(text, "0")
	if len(digits) > 2*VerifierSize {
		return Public{}, errPublic
	}
	b, err := hex.DecodeString(strings.Repeat("0", 2*VerifierSize-len(digits)) + digits)
	if err != nil || !s.isElement(b) {
		return Public{}, errPublic
	}
	return Public{b}, nil
}

// ParseTimestamp reads a TIMESTAMP: English names, day of the month without a
// zero in front, 24-hour clock, UTC. It is strict, because the text as it stands
// is part of what was signed; whether the time is near enough is for the caller
// to say.
func ParseTimestamp(text string) (time.Time, error) {
	t, err := time.Parse(timestampLayout, text)
	// Parse is lenient about zeros, case, fractions and the day of the week.
	if err != nil || t.Format(timestampLayout) != text {
		return time.Time{}, errTimestamp
	}
	return t, nil
}

// Proof is a client's answer to PASSWORD_VERIFIER.
type Proof struct {
	// SecretBlock is the block that the client was given, decoded.
	SecretBlock []byte
	// Timestamp is as the client wrote it.
	Timestamp string
	// Signature is what proves the knowledge of the password.
	Signature []byte
}

// ParseProof reads PASSWORD_CLAIM_SECRET_BLOCK, TIMESTAMP and
// PASSWORD_CLAIM_SIGNATURE.
func ParseProof(secretBlock, timestamp, signature string) (Proof, error) {
	if _, err := ParseTimestamp(timestamp); err != nil {
		return Proof{}, err
	}
	if secretBlock == "" || len(secretBlock) > maxSecretBlock {
		return Proof{}, errSecretBlock
	}
	p := Proof{Timestamp: timestamp}
	var err error
	if p.SecretBlock, err = decode(secretBlock); err != nil {
		return Proof{}, errSecretBlock
	}
	if len(signature) != base64.StdEncoding.EncodedLen(signatureSize) {
		return Proof{}, errSignature
	}
	p.Signature, err = decode(signature)
	if err != nil || len(p.Signature) != signatureSize {
		return Proof{}, errSignature
	}
	return p, nil
}

// decode reads base64 of which there is one text for each value: the decoder is
// strict about the last bits, but it skips line ends.
func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("line end")
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}
