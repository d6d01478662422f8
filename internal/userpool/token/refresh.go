package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
)

const (
	refreshV1   = 1
	secretSize  = 32
	tagSize     = 16
	bodySize    = 1 + 16 + 4 + secretSize
	refreshSize = bodySize + tagSize
	// refreshText is the length of a refresh token; its size leaves no loose bits.
	refreshText = (refreshSize*8 + 5) / 6
)

// refresh is a refresh token: version, session, generation, secret, and a tag
// under the key of the family, by which one that was issued is known when nothing
// of it is stored any more.
type refresh [refreshSize]byte

// newRefresh writes a token.
func newRefresh(session uuid.UUID, generation uint32, secret, familyKey []byte) refresh {
	var r refresh
	r[0] = refreshV1
	copy(r[1:], session[:])
	binary.BigEndian.PutUint32(r[17:], generation)
	copy(r[21:], secret)
	copy(r[bodySize:], r.wantTag(familyKey))
	return r
}

// parseRefresh reads the form of a token. A token has one text, so that none
// that was cut, extended or written otherwise is the same token.
func parseRefresh(text string) (refresh, error) {
	if len(text) != refreshText {
		return refresh{}, errInvalidRefresh()
	}
	b, err := segment(text)
	if err != nil || len(b) != refreshSize || b[0] != refreshV1 {
		return refresh{}, errInvalidRefresh()
	}
	return refresh(b), nil
}

func (r refresh) session() string    { return uuid.UUID(r[1:17]).String() }
func (r refresh) generation() uint32 { return binary.BigEndian.Uint32(r[17:21]) }

func (r refresh) wantTag(familyKey []byte) []byte {
	return mac(familyKey, "tag", r[:bodySize])[:tagSize]
}

func (r refresh) genuine(familyKey []byte) bool {
	return hmac.Equal(r[bodySize:], r.wantTag(familyKey))
}

// hash is what is stored of a token. The secret is random, so that a plain hash
// does.
func (r refresh) hash() []byte {
	sum := sha256.Sum256(r[:])
	return sum[:]
}

// next is the token that follows, under a salt that was drawn at the rotation:
// the same for each call, and known to nobody who lacks one of both.
func (r refresh) next(salt, familyKey []byte) refresh {
	return newRefresh(uuid.UUID(r[1:17]), r.generation()+1, mac(salt, "next", r[:]), familyKey)
}

func mac(key []byte, label string, data []byte) []byte {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "preamp refresh %s\x00", label)
	m.Write(data)
	return m.Sum(nil)
}

func random() []byte {
	b := make([]byte, secretSize)
	_, _ = rand.Read(b) // never fails
	return b
}
