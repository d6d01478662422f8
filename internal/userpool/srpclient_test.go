package userpool_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"preamp/internal/userpool"
)

// srpClient is the other side of SRP, written from the definition.
type srpClient struct{ a, n *big.Int }

func newSRPClient() srpClient {
	n, _ := new(big.Int).SetString(srpPrime, 16)
	a, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 256))
	if err != nil {
		panic(err)
	}
	return srpClient{a, n}
}

// srpPrime is that of RFC 3526, section 4.
const srpPrime = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74" +
	"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437" +
	"4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed" +
	"ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05" +
	"98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb" +
	"9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b" +
	"e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718" +
	"3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33" +
	"a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7" +
	"abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864" +
	"d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2" +
	"08e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff"

func (s srpClient) publicA() *big.Int { return new(big.Int).Exp(big.NewInt(2), s.a, s.n) }

func padded(n *big.Int) []byte { return n.FillBytes(make([]byte, n.BitLen()/8+1)) }

func hashed(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func maced(key []byte, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

const clientTime = "Mon Nov 2 08:05:09 UTC 2026"

// answer makes the responses to a challenge.
func (s srpClient) answer(p map[string]string, password string) map[string]string {
	hex := func(text string) *big.Int {
		n, _ := new(big.Int).SetString(text, 16)
		return n
	}
	_, pool, _ := strings.Cut(poolID, "_")
	user, b := p["USER_ID_FOR_SRP"], hex(p["SRP_B"])
	block, err := base64.StdEncoding.DecodeString(p["SECRET_BLOCK"])
	if err != nil {
		panic(err)
	}
	k := new(big.Int).SetBytes(hashed(padded(s.n), []byte{2}))
	x := new(big.Int).SetBytes(hashed(padded(hex(p["SALT"])), hashed([]byte(pool+user+":"+password))))
	u := new(big.Int).SetBytes(hashed(padded(s.publicA()), padded(b)))
	base := new(big.Int).Mul(k, new(big.Int).Exp(big.NewInt(2), x, s.n))
	base.Sub(b, base).Mod(base, s.n)
	shared := base.Exp(base, new(big.Int).Add(s.a, new(big.Int).Mul(u, x)), s.n)
	key := maced(maced(padded(u), padded(shared)), []byte("Caldera Derived Key\x01"))[:16]
	return map[string]string{
		"USERNAME": user, "TIMESTAMP": clientTime, "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(maced(key, []byte(pool), []byte(user), block, []byte(clientTime))),
	}
}

// challenge begins USER_SRP_AUTH.
func (f *fixture) challenge(t testing.TB, name string) (srpClient, userpool.AuthResult, error) {
	t.Helper()
	s := newSRPClient()
	out, err := f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
		Client: f.client, Name: userpool.AuthSRP, Parameters: map[string]string{"USERNAME": name, "SRP_A": s.publicA().Text(16)},
	})
	return s, out, err
}

func (f *fixture) respond(t testing.TB, challenge, session string, p map[string]string) (userpool.AuthResult, error) {
	t.Helper()
	return f.RespondToAuthChallenge(t.Context(), f.call(), userpool.AuthInput{
		Client: f.client, Name: challenge, Session: session, Parameters: p,
	})
}

// srp signs in by SRP.
func (f *fixture) srp(t testing.TB, name, password string) (userpool.AuthResult, error) {
	t.Helper()
	s, out, err := f.challenge(t, name)
	if err != nil {
		return out, err
	}
	return f.respond(t, "PASSWORD_VERIFIER", "", s.answer(out.Parameters, password))
}
