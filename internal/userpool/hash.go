package userpool

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Bounds of imported hashes: each is paid, at the first sign-in, by this server,
// also for a wrong guess.
const (
	maxHash       = 256 // bytes of the text
	maxBcryptCost = 14
	maxArgonKiB   = 128 << 10
	maxArgonTime  = 10
	maxArgonLanes = 16
	// maxArgonWork bounds memory times passes: what takes the time.
	maxArgonWork = 512 << 10
	maxArgonSalt = 64
	minArgonKey  = 16
	maxArgonKey  = 64
)

// passwordHash is the hash of a password that another system has made.
type passwordHash struct {
	bcrypt []byte // the text, or nil for Argon2

	id                  bool // Argon2id, else Argon2i
	memory, time        uint32
	lanes               uint8
	argonSalt, argonSum []byte
}

var (
	bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)
	argonForm  = regexp.MustCompile(`^\$argon2(id?)\$v=19\$m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$`)
)

// CheckHash refuses what is not a password hash that users can be imported with:
// bcrypt ($2a$, $2b$, $2y$), or Argon2id and Argon2i of version 19 in PHC form,
// within the bounds. The text is not in the error.
func CheckHash(text string) error {
	_, err := parseHash(text)
	return err
}

func parseHash(text string) (*passwordHash, error) {
	if len(text) > maxHash {
		return nil, fmt.Errorf("longer than %d bytes", maxHash)
	}
	if m := bcryptForm.FindStringSubmatch(text); m != nil {
		cost, err := bcrypt.Cost([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("not a bcrypt hash: cost %s", m[1])
		}
		if err := bounded("bcrypt cost", uint64(cost), uint64(bcrypt.MinCost), maxBcryptCost); err != nil {
			return nil, err
		}
		return &passwordHash{bcrypt: []byte(text)}, nil
	}
	m := argonForm.FindStringSubmatch(text)
	if m == nil {
		return nil, errors.New("neither a bcrypt hash ($2a$, $2b$, $2y$) nor an Argon2id or Argon2i hash of version 19 in PHC form")
	}
	return parseArgon(m)
}

func parseArgon(m []string) (*passwordHash, error) {
	var n [3]uint64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseUint(m[2+i], 10, 64); err != nil {
			return nil, fmt.Errorf("argon2 parameter %s is not a number", m[2+i])
		}
	}
	memory, passes, lanes := n[0], n[1], n[2]
	salt, err := base64.RawStdEncoding.DecodeString(m[5])
	if err != nil {
		return nil, errors.New("argon2 salt is not base64 without padding")
	}
	key, err := base64.RawStdEncoding.DecodeString(m[6])
	if err != nil {
		return nil, errors.New("argon2 hash is not base64 without padding")
	}
	err = errors.Join(
		bounded("argon2 lanes (p)", lanes, 1, maxArgonLanes),
		bounded("argon2 memory in KiB (m)", memory, max(8, 8*min(lanes, maxArgonLanes)), maxArgonKiB),
		bounded("argon2 passes (t)", passes, 1, maxArgonTime),
		bounded("argon2 salt in bytes", uint64(len(salt)), 8, maxArgonSalt),
		bounded("argon2 hash in bytes", uint64(len(key)), minArgonKey, maxArgonKey),
	)
	if err == nil {
		err = bounded("argon2 memory times passes in KiB (m*t)", memory*passes, 1, maxArgonWork)
	}
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return &passwordHash{
		id: m[1] == "id", memory: uint32(memory), time: uint32(passes), lanes: uint8(lanes), argonSalt: salt, argonSum: key,
	}, nil
}

func bounded(what string, n, low, high uint64) error {
	if n < low || n > high {
		return fmt.Errorf("%s is %d; from %d to %d are accepted", what, n, low, high)
	}
	return nil
}

// fits reports whether a password is the one of the hash. bcrypt looks at the
// first 72 bytes only, as everywhere.
func (h *passwordHash) fits(password string) bool {
	if h.bcrypt != nil {
		return bcrypt.CompareHashAndPassword(h.bcrypt, []byte(password)) == nil
	}
	derive := argon2.Key
	if h.id {
		derive = argon2.IDKey
	}
	got := derive([]byte(password), h.argonSalt, h.time, h.memory, h.lanes, uint32(len(h.argonSum)))
	return subtle.ConstantTimeCompare(got, h.argonSum) == 1
}
