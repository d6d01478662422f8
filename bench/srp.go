package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"
)

// group is the group of the handshakes: RFC 3526, group 15, with g = 2.
var group = struct{ n, g, k *big.Int }{
	hexadecimal(`
	FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD
	EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED
	EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F
	83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B
	E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510
	15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7
	ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C
	BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF`),
	big.NewInt(2), hexadecimal(`538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6`),
}

func hexadecimal(text string) *big.Int {
	n := new(big.Int)
	for _, r := range text {
		if r > ' ' {
			digit, ok := new(big.Int).SetString(string(r), 16)
			if !ok {
				panic("bench: not hexadecimal: " + text)
			}
			n.Lsh(n, 4).Or(n, digit)
		}
	}
	return n
}

// handshake is the client's side of one SRP sign-in.
type handshake struct{ a, public *big.Int }

func newHandshake() (handshake, error) {
	a, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 256))
	if err != nil {
		return handshake{}, fmt.Errorf("draw an exponent: %w", err)
	}
	return handshake{a, new(big.Int).Exp(group.g, a, group.n)}, nil
}

// prove answers PASSWORD_VERIFIER.
func (h handshake) prove(poolName, password string, challenge map[string]string, now time.Time) (map[string]string, error) {
	block, err := base64.StdEncoding.DecodeString(challenge["SECRET_BLOCK"])
	if err != nil {
		return nil, fmt.Errorf("decode the secret block: %w", err)
	}
	user := challenge["USER_ID_FOR_SRP"]
	salt, b := hexadecimal(challenge["SALT"]), hexadecimal(challenge["SRP_B"])
	x := new(big.Int).SetBytes(digest(padded(salt), digest([]byte(poolName+user+":"+password))))
	u := new(big.Int).SetBytes(digest(padded(h.public), padded(b)))
	base := new(big.Int).Mul(group.k, new(big.Int).Exp(group.g, x, group.n))
	base.Sub(b, base).Mod(base, group.n)
	shared := base.Exp(base, new(big.Int).Add(h.a, new(big.Int).Mul(u, x)), group.n)
	key := keyed(keyed(padded(u), padded(shared)), []byte("Caldera Derived Key"), []byte{1})[:16]
	timestamp := now.UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	return map[string]string{
		"USERNAME": challenge["USERNAME"], "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"], "TIMESTAMP": timestamp,
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(keyed(key, []byte(poolName), []byte(user), block, []byte(timestamp))),
	}, nil
}

// padded has room for the sign, as BigInteger.toByteArray.
func padded(n *big.Int) []byte { return n.FillBytes(make([]byte, n.BitLen()/8+1)) }

func digest(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func keyed(key []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}
