package socialtest

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
)

// openES256 verifies a token that is signed by ES256.
func openES256(key *ecdsa.PublicKey, token string) (claims, header map[string]any, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, errors.New("not a token")
	}
	var raw [3][]byte
	for i, part := range parts {
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, nil, err
		}
	}
	if err := errors.Join(json.Unmarshal(raw[0], &header), json.Unmarshal(raw[1], &claims)); err != nil {
		return nil, nil, err
	}
	if header["alg"] != "ES256" || len(raw[2]) != 64 {
		return nil, nil, errors.New("not ES256")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(raw[2][:32]), new(big.Int).SetBytes(raw[2][32:])
	if !ecdsa.Verify(key, sum[:], r, s) {
		return nil, nil, errors.New("wrong signature")
	}
	return claims, header, nil
}
