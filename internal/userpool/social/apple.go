package social

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	appleIssuer = "https://appleid.apple.com"
	// secretLife is how long a client secret counts: as long as one exchange needs,
	// with clocks that differ.
	secretLife = 10 * time.Minute
	// maxAppleUser bounds the form field of the user.
	maxAppleUser = 4 << 10
	// maxAppleName bounds a name in it, in characters.
	maxAppleName = 200
)

// asksForm reports whether Apple answers by a form: it does when it is asked for
// more than who the user is.
func asksForm(scopes []string) bool {
	return slices.Contains(scopes, "name") || slices.Contains(scopes, "email")
}

// appleSecret is the client secret: a token signed by the developer's key, as in
// Apple's "Creating a client secret".
func (f *flow) appleSecret() (string, error) {
	key, err := f.p.SigningKey()
	if err != nil {
		return "", fmt.Errorf("private key of %s: %w", f.p.Name, err)
	}
	now := f.c.now()
	header, err := segment(map[string]any{"alg": "ES256", "kid": f.p.Details["key_id"], "typ": "JWT"})
	if err != nil {
		return "", err
	}
	claims, err := segment(map[string]any{
		"iss": f.p.Details["team_id"], "iat": now.Unix(), "exp": now.Add(secretLife).Unix(), "aud": f.issuers[0].URL,
		"sub": f.p.Details["client_id"],
	})
	if err != nil {
		return "", err
	}
	text := header + "." + claims
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign client secret: %w", err)
	}
	signature := make([]byte, 64) // RFC 7518, section 3.4
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func segment(v any) (string, error) {
	b, err := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b), err
}

// appleUser reads the form field that Apple adds the first time that somebody
// signs in. It comes by way of the browser, so it is no more than what the user
// says: a name, and never an address.
func appleUser(raw string) map[string]string {
	if raw == "" || len(raw) > maxAppleUser || !utf8.ValidString(raw) {
		return nil
	}
	var user struct {
		Name struct {
			First string `json:"firstName"`
			Last  string `json:"lastName"`
		} `json:"name"`
	}
	if json.Unmarshal([]byte(raw), &user) != nil {
		return nil
	}
	first, last := appleName(user.Name.First), appleName(user.Name.Last)
	out := map[string]string{}
	for name, v := range map[string]string{"firstName": first, "lastName": last, "name": strings.TrimSpace(first + " " + last)} {
		if v != "" {
			out[name] = v
		}
	}
	return out
}

// appleName is a name without what does not belong into one.
func appleName(v string) string {
	v = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, v))
	if r := []rune(v); len(r) > maxAppleName {
		return string(r[:maxAppleName])
	}
	return v
}
