package creds

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/id"
	"preamp/internal/keys"
)

const (
	// SessionLife is how long temporary credentials work. Clients keep them for 50
	// minutes.
	SessionLife = time.Hour

	sessionVersion = 1
	// sessionHead is a byte of version and four of the key's day.
	sessionHead = 5
	// maxSession bounds the text of a session token that is looked at.
	maxSession = 8 << 10
	// sessionDays is how many days the day of a key may be away from today: the
	// tokens of yesterday live on today, and clocks of nodes differ.
	sessionDays = 1
	day         = 24 * time.Hour
	secretSize  = 30 // bytes; 40 characters of base64
)

var sessionForm = regexp.MustCompile(`^ASIA[A-Z2-7]{16}$`)

// Temporary is the credentials of a session.
type Temporary struct {
	AccessKey string
	Secret    keys.Secret
	// Token goes with every request.
	Token   string
	Expires time.Time
}

// Sessions makes and opens temporary credentials. Nothing of them is stored: what
// they stand for is sealed in their token, and the secret is derived from the
// access key. The keys are derived from the ring, another one for each day, so
// that every node opens the tokens of all others.
type Sessions struct {
	derive func(purpose string) keys.Secret

	mu   sync.Mutex
	days map[uint32]sessionKey
}

// sessionKey is the keys of a day.
type sessionKey struct {
	aead   cipher.AEAD
	secret []byte
}

// NewSessions makes Sessions with keys that derive makes, which is Ring.Derive: the
// same on every node.
func NewSessions(derive func(purpose string) keys.Secret) *Sessions {
	return &Sessions{derive: derive, days: map[uint32]sessionKey{}}
}

// sealed is what a session token says.
type sealed struct {
	Key      string `json:"k"`
	Pool     string `json:"p"`
	Identity string `json:"i"`
	Guest    bool   `json:"g,omitzero"`
	Role     string `json:"r"`
	Provider string `json:"v,omitzero"`
	Subject  string `json:"s,omitzero"`
	Epoch    int64  `json:"e"`
	Issued   int64  `json:"t"`
	Expires  int64  `json:"x"` // seconds, as clients are told
}

// Issue makes credentials for an identity that live for SessionLife.
func (s *Sessions) Issue(f authn.Federated, now time.Time) (Temporary, error) {
	t := Temporary{AccessKey: id.NewSessionKey(), Expires: now.Add(SessionLife).Truncate(time.Second)}
	d := dayOf(now)
	k, err := s.key(d)
	if err != nil {
		return Temporary{}, err
	}
	plain, err := json.Marshal(sealed{
		Key: t.AccessKey, Pool: f.PoolID, Identity: f.IdentityID, Guest: f.Guest, Role: f.RoleARN, Provider: f.Provider,
		Subject: f.Subject, Epoch: f.Epoch, Issued: now.Unix(), Expires: t.Expires.Unix(),
	})
	if err != nil {
		return Temporary{}, err
	}
	head := binary.BigEndian.AppendUint32([]byte{sessionVersion}, d)
	t.Token = base64.RawURLEncoding.EncodeToString(k.aead.Seal(head, nil, plain, head))
	t.Secret, err = k.secretOf(t.AccessKey, t.Expires.Unix())
	return t, err
}

var (
	errSession = &errs.Error{
		Kind: errs.Unauthenticated, Code: "UnrecognizedClientException",
		Message: "The security token included in the request is invalid.",
	}
	errSessionExpired = &errs.Error{
		Kind: errs.Unauthenticated, Code: "ExpiredTokenException",
		Message: "The security token included in the request is expired",
	}
)

// OpenSession answers the secret of a temporary access key, and for whom its
// token was issued. Whether that still stands is in the database of the pool.
//
// Errors: UnrecognizedClientException for a token that is not one of ours or of
// another key, ExpiredTokenException.
func (s *Sessions) OpenSession(accessKey, token string, now time.Time) (secret string, f authn.Federated, err error) {
	raw, d, ok := splitSession(accessKey, token)
	if !ok {
		return "", f, errSession
	}
	if distance := int64(d) - int64(dayOf(now)); distance < -sessionDays || distance > sessionDays {
		// Without its key nothing can be said of a token; the older ones have expired.
		if distance < 0 {
			return "", f, errSessionExpired
		}
		return "", f, errSession
	}
	k, err := s.key(d)
	if err != nil {
		return "", f, err
	}
	plain, err := k.aead.Open(nil, nil, raw[sessionHead:], raw[:sessionHead])
	if err != nil {
		return "", f, errSession
	}
	var p sealed
	if err := json.Unmarshal(plain, &p); err != nil || p.Key != accessKey {
		return "", f, errSession
	}
	if now.Unix() >= p.Expires {
		return "", f, errSessionExpired
	}
	key, err := k.secretOf(accessKey, p.Expires)
	if err != nil {
		return "", f, err
	}
	return key.Reveal(), authn.Federated{
		PoolID: p.Pool, IdentityID: p.Identity, Guest: p.Guest, RoleARN: p.Role, Provider: p.Provider, Subject: p.Subject,
		Epoch: p.Epoch,
	}, nil
}

// splitSession reads the form of a token. One token has one text: the decoder is
// strict about the last bits, but it skips line ends.
func splitSession(accessKey, token string) (raw []byte, d uint32, ok bool) {
	if len(token) > maxSession || strings.ContainsAny(token, "\r\n") || !sessionForm.MatchString(accessKey) {
		return nil, 0, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < sessionHead || raw[0] != sessionVersion {
		return nil, 0, false
	}
	return raw, binary.BigEndian.Uint32(raw[1:]), true
}

func dayOf(t time.Time) uint32 { return uint32(t.Unix() / int64(day/time.Second)) }

// key is the keys of a day, derived when they are needed first.
func (s *Sessions) key(d uint32) (sessionKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.days[d]; ok {
		return k, nil
	}
	base := s.derive("session credentials " + strconv.FormatUint(uint64(d), 10)).Bytes()
	sealing, err := hkdf.Key(sha256.New, base, nil, "token", 32)
	if err != nil {
		return sessionKey{}, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return sessionKey{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return sessionKey{}, err
	}
	if len(s.days) > 2*sessionDays { // those of days that are over
		clear(s.days)
	}
	k := sessionKey{aead: aead, secret: bytes.Clone(base)}
	s.days[d] = k
	return k, nil
}

// secretOf is the secret of an access key.
func (k sessionKey) secretOf(accessKey string, expires int64) (keys.Secret, error) {
	b, err := hkdf.Key(sha256.New, k.secret, nil, "secret "+accessKey+"|"+strconv.FormatInt(expires, 10), secretSize)
	if err != nil {
		return keys.Secret{}, err
	}
	return keys.NewSecret([]byte(base64.StdEncoding.EncodeToString(b))), nil
}
