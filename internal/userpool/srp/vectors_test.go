package srp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"testing"

	"preamp/internal/userpool/srp"
)

// vectors were computed with another implementation and confirmed by
// amazon-cognito-identity-js 6.3.21. digests are the first 16 digits of SHA-256 of
// the texts of A, B, v and S.
var vectors = []struct {
	n                     int
	covers                string
	user, password        string
	salt, saltText        string
	x, u, key, signature  string
	digestA, digestB      string
	digestV, digestShared string
}{
	{
		1, "u and S with the highest bit set", "alice", "Passw0rd!x",
		"6b1f2e3d4c5b6a798897a6b5c4d3e2f1", "6b1f2e3d4c5b6a798897a6b5c4d3e2f1",
		"e4021f09e25f09b2f374eb2fb28ec894738dec21505c4543d353af3e168106f0",
		"aad8d09a875ac650401a698bff8822bc51562f0f97591ee4964742bf3fbf1488",
		"b923dd70a1a29c50bb97e746c54aab2f", "tVCME5P2QiyvQjRdU1aHtvOydw4vw1JkBowV/1i9uUI=",
		"4d072b02dc904b35", "749585fb3370c0c0", "3510151333a1d94a", "4341c08f6165ebfc",
	},
	{
		2, "salt with the highest bit set", "alice", "Passw0rd!x",
		"f00dfeedc0ffee001122334455667788", "f00dfeedc0ffee001122334455667788",
		"ec0fd4b4d08a3f5cc47c8d1d6dbe7e52eb86a78d8ef0f4926f7117f57c263c4e",
		"6a1eb69e523427de3c2b73aa922cc6bfcc35ff1d3a1b3be70195ff8e09217c75",
		"60738ba19420aa9da44da2ac70574a9d", "GHleQHhW5Us2S3tJ0vJwSQU0wkmOp0P0zTP4+BRL5ME=",
		"1a968f2c3786edd2", "e4884ea41ec6717b", "bb7d2182e26bad53", "b5522c12cefede8c",
	},
	{
		3, "salt with a zero byte in front, odd count of digits", "alice", "Passw0rd!x",
		"000a1b2c3d4e5f60718293a4b5c6d7e8", "a1b2c3d4e5f60718293a4b5c6d7e8",
		"e49cbd041852463d8e3c5791f857b754989dc8223c802dbfb965b607d820e3cc",
		"2c40748ae369cf2bfb5ee0ac233c62dafdad5043c9dd47dc794b6ca4b1d0c18c",
		"1412080d8a472f01b91fa84dc95ab42a", "X3YWvDlIMwoejT5ZKgRZd5+GQuszhHQvWUpHgn53QGg=",
		"b4eee2b4900bf562", "0b09a6a2f6145084", "848e12a4d27c1a13", "30d42809c4d30373",
	},
	{
		504, "A of 766 and B of 767 digits", "alice", "Passw0rd!x",
		"0f1e2d3c4b5a69788796a5b4c3d2e1f0", "f1e2d3c4b5a69788796a5b4c3d2e1f0",
		"a4e5b34d219c044cbe5d49acbb7d5910fcb6001b432a756130e3c2e796c2ab77",
		"eea145bf40aa9d980939a2e5f75177ac15a819ef596f1e750f0cdad37a9a729c",
		"67f9d4519015481655d6a93c54ecc685", "u6kUDOTtUxPu+3NN3iGy9ejdUXBgs5ZXzS88AHkiJWo=",
		"80852d330ed2ab7c", "dcdc4d47ac2cda86", "742e73582e799294", "cbbf79e88d18bcff",
	},
	{
		11, "password that is not ASCII, B of 767 digits", "11111111-2222-4333-8444-555555555555", "pässwörd ✓",
		"a1b2c3d4e5f60718293a4b5c6d7e8f90", "a1b2c3d4e5f60718293a4b5c6d7e8f90",
		"80564c535155bcbf42ed0837cdc5fd40417838fb7e50bbff3490a7fdf7f1d9ce",
		"dd140de5e75877b8378ca7d75aa08c314c31c580be89ce3da628e4db5bf258d3",
		"f4cdb7e6d5b15e9460b29b582e2c7eed", "+VnUVCE9YY5U/qkti8GnnDfbnHNALn0QRLCOyBqXp5c=",
		"c671fbcc108c8f42", "8b8153a75e21e69b", "d66abf814ab8831a", "ae83e691f5ea6278",
	},
	{
		96, "S of 766 digits", "bob", "p",
		"1122334455667788990011223344556f", "1122334455667788990011223344556f",
		"b4f8addf2b82a4658ce8e1fc71719b740fc4789be702f50ff2a7a26de3760aa3",
		"99ac375b75469312851babf3674012832a24b3725e90b4bd4cdc77324545982",
		"81d6f565086c8367268211a1466aee35", "0uoglHc0KyRGewKF7xEa3Iy0IscutEYJC8ZZ9mFiHh0=",
		"6b57fafef975aa99", "b70dfbbc6e38e41e", "2236041551473597", "219debc3fe37064c",
	},
}

func digest(text string) string { return hex.EncodeToString(hash([]byte(text)))[:16] }

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		t.Run(fmt.Sprintf("%d %s", v.n, v.covers), func(t *testing.T) {
			t.Parallel()
			s, block := server(), []byte("preamp-secret-block")
			id := srp.Identity{Pool: "AbCdEfGhI", User: v.user}
			salt, err := hex.DecodeString(v.salt)
			if err != nil {
				t.Fatal(err)
			}
			is := func(what, got, want string) {
				t.Helper()
				if got != want {
					t.Errorf("%s is %s, want %s", what, got, want)
				}
			}
			is("SALT", srp.SaltText(salt), v.saltText)
			is("x", srp.Exponent(id, v.password, salt), v.x)
			verifier := s.Verifier(id, v.password, salt)
			is("v", digest(new(big.Int).SetBytes(verifier).Text(16)), v.digestV)

			a := new(big.Int).SetBytes(hash(fmt.Appendf(nil, "preamp-srp-a-%d", v.n)))
			c := client{id: id, password: v.password, a: a}
			public, err := s.ParsePublic(c.publicA().Text(16))
			if err != nil {
				t.Fatal(err)
			}
			is("A", digest(public.String()), v.digestA)
			h, err := s.Begin(verifier, public, bytes.NewReader(hash(fmt.Appendf(nil, "preamp-srp-b-%d", v.n))))
			if err != nil {
				t.Fatal(err)
			}
			is("B", digest(h.B().String()), v.digestB)
			u, shared, key := srp.Inside(s, h, verifier)
			is("u", u, v.u)
			is("S", digest(shared), v.digestShared)
			is("key", key, v.key)
			is("the client's signature", c.sign(v.saltText, h.B().String(), block, timestamp), v.signature)

			p, err := srp.ParseProof(base64.StdEncoding.EncodeToString(block), timestamp, v.signature)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(h, id, verifier, p); err != nil {
				t.Error(err)
			}
			for i := range p.Signature {
				p.Signature[i] ^= 1
				if err := s.Verify(h, id, verifier, p); err != srp.ErrRefused { //nolint:errorlint // it is answered as it is
					t.Errorf("with byte %d changed: %v", i, err)
				}
				p.Signature[i] ^= 1
			}
		})
	}
}

// TestConstants checks the prime and g with k, which is known from the clients.
func TestConstants(t *testing.T) {
	t.Parallel()
	if got := hex.EncodeToString(hash(bigPad(bigN), bigPad(bigG))); got != srp.Multiplier {
		t.Errorf("k is %s", got)
	}
	if !bigN.ProbablyPrime(10) || !new(big.Int).Rsh(bigN, 1).ProbablyPrime(10) {
		t.Error("N is not a safe prime")
	}
}
