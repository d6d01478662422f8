package keys

import "encoding/base64"

// FixedSealer is a sealer without a database.
func FixedSealer() *Sealer {
	secret := make([]byte, keySize)
	return &Sealer{value: derive(secret, "value"), token: derive(secret, "token")}
}

// Base64 is the encoding of tokens.
func Base64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Canonical is the text that the bytes of a token are encoded as.
func Canonical(token string) string {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "not base64: " + token
	}
	return Base64(b)
}
