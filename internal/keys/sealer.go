package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"preamp/internal/errs"
)

const (
	formatV1 = 1
	// maxToken bounds what OpenToken decodes; sealed tokens travel in headers and
	// members of at most a few KiB.
	maxToken = 64 << 10
)

// box is AES-256-GCM with a random nonce under one derived key. Its output is a
// format byte, the nonce, the ciphertext and the tag.
type box struct {
	aead    cipher.AEAD
	purpose string
}

// derive makes the box of one purpose. Keys of different purposes have nothing
// to do with each other, so a value can never be taken for a token.
func derive(secret []byte, purpose string) box {
	key, err := hkdf.Key(sha256.New, secret, nil, "preamp "+purpose, keySize)
	if err != nil {
		panic("keys: hkdf with a constant length: " + err.Error())
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("keys: AES with a constant key length: " + err.Error())
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("keys: GCM: " + err.Error())
	}
	return box{aead, purpose}
}

// associated binds the purpose and the caller's associated data; the zero byte
// cannot be in a purpose, so the pair is unambiguous.
func (b box) associated(aad string) []byte { return []byte(b.purpose + "\x00" + aad) }

func (b box) seal(aad string, plain []byte) []byte {
	out := make([]byte, 1, 1+b.aead.Overhead()+len(plain))
	out[0] = formatV1
	return b.aead.Seal(out, nil, plain, b.associated(aad))
}

var errSealed = errors.New("keys: sealed data does not open")

func (b box) open(aad string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+b.aead.Overhead() || sealed[0] != formatV1 {
		return nil, errSealed
	}
	plain, err := b.aead.Open(nil, nil, sealed[1:], b.associated(aad))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// Sealer seals values at rest and tokens for clients, for the control plane or
// for one environment.
type Sealer struct {
	value, token box
}

// Seal encrypts plain. aad names the place it is stored in, like
// "api_key.value.<row id>": sealed bytes that are moved elsewhere do not open.
func (s *Sealer) Seal(aad string, plain []byte) []byte { return s.value.seal(aad, plain) }

// Open decrypts what Seal made under the same aad.
//
// Errors: an internal error for data that was changed, moved or sealed with
// another key; it is never the caller's input that is wrong.
func (s *Sealer) Open(aad string, sealed []byte) ([]byte, error) { return s.value.open(aad, sealed) }

// SealToken makes the text of a token that only OpenToken with the same kind
// reads, until it expires. Clients see nothing but its length.
func (s *Sealer) SealToken(kind string, payload []byte, expires time.Time) string {
	plain := make([]byte, 8, 8+len(payload))
	binary.BigEndian.PutUint64(plain, uint64(expires.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(s.token.seal(kind, append(plain, payload...)))
}

var (
	errToken   = errs.E(errs.Invalid, "the token is not valid")
	errExpired = errs.E(errs.Invalid, "the token has expired")
)

// OpenToken answers the payload of a token.
//
// Errors: Invalid for a token that is forged, expired, or of another kind or
// environment.
func (s *Sealer) OpenToken(kind, token string, now time.Time) ([]byte, error) {
	// One token has one text, so that a changed text is never valid: the decoder is
	// strict about the last bits, but it skips line ends.
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") {
		return nil, errToken
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, errToken
	}
	plain, err := s.token.open(kind, sealed)
	if err != nil || len(plain) < 8 {
		return nil, errToken
	}
	if expires := int64(binary.BigEndian.Uint64(plain)); now.UnixMilli() >= expires {
		return nil, errExpired
	}
	return plain[8:], nil
}
