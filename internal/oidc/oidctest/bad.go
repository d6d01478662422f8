package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"
)

// Case is a token and what is wrong with it.
type Case struct{ Name, Token string }

// Bad are tokens that prove nothing. Each is what its name says and otherwise
// good: Good makes the one that they are made of.
func (i *Issuer) Bad(now time.Time) []Case {
	s, issuer := i.Keys, i.URL
	rs := func(header string) string { return Sign(header, i.Claims(now), "RS256", s.RSA) }
	es := func(header, claims string) string { return Sign(header, claims, "ES256", s.P256) }
	with := func(name, value string) string { return i.Good(now, name, value) }
	der, err := x509.MarshalPKIXPublicKey(&s.RSA.PublicKey)
	if err != nil {
		panic(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	parts := strings.Split(i.Good(now), ".")
	unsigned := func(alg string) string {
		return B64([]byte(`{"alg":"`+alg+`","kid":"rsa"}`)) + "." + parts[1] + "."
	}
	raw := func(header string) string { return header + "." + parts[1] + "." + parts[2] }
	embedded := JWK(&s.Other.PublicKey, "rsa")
	attacker := func(header string) string { return Sign(header, i.Claims(now), "RS256", s.Other) }
	sig := signature(parts[0]+"."+parts[1], "RS256", s.RSA)
	flipped := append([]byte{}, sig...)
	flipped[100] ^= 1
	es256 := signature(parts[0]+"."+parts[1], "ES256", s.P256)
	deep := strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)
	second := func(n time.Duration) string { return fmt.Sprint(now.Add(n).Unix()) }
	return []Case{
		{"empty", ""},
		{"one dot", "."},
		{"two dots", ".."},
		{"one segment", parts[0]},
		{"two segments", parts[0] + "." + parts[1]},
		{"four segments", i.Good(now) + ".x"},
		{"five segments, as JWE has", i.Good(now) + ".x.y"},
		{"JWE with five segments", B64([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM"}`)) + ".a.b.c.d"},
		{"no header", "." + parts[1] + "." + parts[2]},
		{"no claims", parts[0] + ".." + parts[2]},
		{"no signature", parts[0] + "." + parts[1] + "."},
		{"JSON serialization", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`},
		{"larger than 16 KiB", with("x", `"`+strings.Repeat("x", 16<<10)+`"`)},
		{"a blank inside", parts[0] + ". " + parts[1] + "." + parts[2]},
		{"a line break inside the signature", parts[0] + "." + parts[1] + "." + parts[2][:10] + "\n" + parts[2][10:]},
		{"padding", parts[0] + "." + parts[1] + "." + parts[2] + "=="},
		{"the alphabet with plus and slash", parts[0] + "." + parts[1] + ".+/" + parts[2][2:]},
		{"loose bits at the end", parts[0] + "." + parts[1] + "." + loose(parts[2])},
		{"alg none", unsigned("none") + "x"},
		{"alg none without a signature", unsigned("none")},
		{"alg None", unsigned("None") + "x"},
		{"alg NONE", unsigned("NONE") + "x"},
		{"alg missing", rs(`{"kid":"rsa"}`)},
		{"alg empty", rs(`{"alg":"","kid":"rsa"}`)},
		{"alg null", rs(`{"alg":null,"kid":"rsa"}`)},
		{"alg a number", rs(`{"alg":256,"kid":"rsa"}`)},
		{"alg a list", rs(`{"alg":["RS256"],"kid":"rsa"}`)},
		{"alg in lower case", rs(`{"alg":"rs256","kid":"rsa"}`)},
		{"alg with a blank", rs(`{"alg":"RS256 ","kid":"rsa"}`)},
		{"ALG in upper case", rs(`{"ALG":"RS256","kid":"rsa"}`)},
		{"HS256 with the public key in PEM", Sign(`{"alg":"HS256","kid":"rsa"}`, i.Claims(now), "HS256", public)},
		{"HS256 with the public key in DER", Sign(`{"alg":"HS256","kid":"rsa"}`, i.Claims(now), "HS256", der)},
		{"HS256 with the modulus", Sign(`{"alg":"HS256","kid":"rsa"}`, i.Claims(now), "HS256", s.RSA.N.Bytes())},
		{"HS256 with an empty key", Sign(`{"alg":"HS256","kid":"rsa"}`, i.Claims(now), "HS256", []byte{})},
		{"EdDSA", rs(`{"alg":"EdDSA","kid":"rsa"}`)},
		{"RSA1_5 of JWE", rs(`{"alg":"RSA1_5","kid":"rsa"}`)},
		{"ES256 with the kid of an RSA key", Sign(`{"alg":"ES256","kid":"rsa"}`, i.Claims(now), "ES256", s.P256)},
		{"RS256 with the kid of an EC key", Sign(`{"alg":"RS256","kid":"p256"}`, i.Claims(now), "RS256", s.RSA)},
		{"RS256 signed as ES256", Sign(`{"alg":"RS256","kid":"rsa"}`, i.Claims(now), "ES256", s.P256)},
		{"ES256 by a key of another curve", Sign(`{"alg":"ES256","kid":"p384"}`, i.Claims(now), "ES384", s.P384)},
		{"RS256 by a key that is for PS256", Sign(`{"alg":"RS256","kid":"ps"}`, i.Claims(now), "RS256", s.RSA)},
		{"PS256 claimed, RS256 signed", Sign(`{"alg":"PS256","kid":"rsa"}`, i.Claims(now), "RS256", s.RSA)},
		{"PS256 with a salt of another length", salted(`{"alg":"PS256","kid":"ps"}`, i.Claims(now), s.RSA)},
		{"by an encryption key", Sign(`{"alg":"RS256","kid":"enc"}`, i.Claims(now), "RS256", s.Other)},
		{"by another key under a known kid", attacker(`{"alg":"RS256","kid":"rsa"}`)},
		{"by another EC key", Sign(`{"alg":"ES256","kid":"p256"}`, i.Claims(now), "ES256", s.OtherEC)},
		{"kid unknown", rs(`{"alg":"RS256","kid":"other"}`)},
		{"kid missing, and several keys fit", Sign(`{"alg":"PS256"}`, i.Claims(now), "PS256", s.RSA)},
		{"kid a number", rs(`{"alg":"RS256","kid":1}`)},
		{"kid null", rs(`{"alg":"RS256","kid":null}`)},
		{"kid in another case", rs(`{"alg":"RS256","kid":"RSA"}`)},
		{"kid a path", attacker(`{"alg":"RS256","kid":"../../../../dev/null"}`)},
		{"kid a URL", attacker(`{"alg":"RS256","kid":"https://evil.example/key"}`)},
		{"kid SQL", attacker(`{"alg":"RS256","kid":"x' UNION SELECT 'key"}`)},
		{"kid a command", attacker(`{"alg":"RS256","kid":"|cat /etc/passwd"}`)},
		{"jwk in the header", attacker(`{"alg":"RS256","kid":"rsa","jwk":` + embedded + `}`)},
		{"jwk in the header of a good token", rs(`{"alg":"RS256","kid":"rsa","jwk":` + JWK(&s.RSA.PublicKey, "rsa") + `}`)},
		{"jku", attacker(`{"alg":"RS256","kid":"rsa","jku":"https://evil.example/jwks"}`)},
		{"jku of the issuer", rs(`{"alg":"RS256","kid":"rsa","jku":"` + issuer + KeysPath + `"}`)},
		{"x5u", attacker(`{"alg":"RS256","kid":"rsa","x5u":"https://evil.example/cert"}`)},
		{"x5c", attacker(`{"alg":"RS256","kid":"rsa","x5c":["` + B64(der) + `"]}`)},
		{"crit", rs(`{"alg":"RS256","kid":"rsa","crit":["exp"],"exp":1}`)},
		{"crit empty", rs(`{"alg":"RS256","kid":"rsa","crit":[]}`)},
		{"b64 false", rs(`{"alg":"RS256","kid":"rsa","b64":false,"crit":["b64"]}`)},
		{"zip", rs(`{"alg":"RS256","kid":"rsa","zip":"DEF"}`)},
		{"a token inside a token", rs(`{"alg":"RS256","kid":"rsa","cty":"JWT"}`)},
		{"a log-out token", rs(`{"alg":"RS256","kid":"rsa","typ":"logout+jwt"}`)},
		{"typ a number", rs(`{"alg":"RS256","kid":"rsa","typ":1}`)},
		{"alg twice in the header", rs(`{"alg":"none","alg":"RS256","kid":"rsa"}`)},
		{"kid twice in the header", rs(`{"alg":"RS256","kid":"x","kid":"rsa"}`)},
		{"header a list", raw(B64([]byte(`["alg","RS256"]`)))},
		{"header null", raw(B64([]byte(`null`)))},
		{"header no JSON", raw(B64([]byte(`alg=RS256`)))},
		{"header followed by more", rs(`{"alg":"RS256","kid":"rsa"} {}`)},
		{"header with invalid UTF-8", rs("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x\":\"\xff\"}")},
		{"claims a text", es(`{"alg":"ES256","kid":"p256"}`, `"alice"`)},
		{"claims no JSON", es(`{"alg":"ES256","kid":"p256"}`, `alice`)},
		{"claims a list", es(`{"alg":"ES256","kid":"p256"}`, `[]`)},
		{"claims with sub twice", es(`{"alg":"ES256","kid":"p256"}`, strings.Replace(i.Claims(now), `"sub"`, `"sub":"mallory","sub"`, 1))},
		{"claims with exp twice", es(`{"alg":"ES256","kid":"p256"}`, strings.Replace(i.Claims(now), `"exp"`, `"exp":1,"exp"`, 1))},
		{"a member twice inside a claim", with("a", `{"b":{"c":1,"c":2}}`)},
		{"claims nest too deep", with("a", deep)},
		{"claims with invalid UTF-8", es(`{"alg":"ES256","kid":"p256"}`, strings.Replace(i.Claims(now), "alice", "al\xffice", 1))},
		{"claims changed after signing", parts[0] + "." + B64([]byte(i.Claims(now, "sub", `"root"`))) + "." + parts[2]},
		{"header changed after signing", B64([]byte(`{"kid":"rsa","alg":"RS256"}`)) + "." + parts[1] + "." + parts[2]},
		{"signature with a bit changed", parts[0] + "." + parts[1] + "." + B64(flipped)},
		{"signature cut", parts[0] + "." + parts[1] + "." + B64(sig[:200])},
		{"signature with a byte more", parts[0] + "." + parts[1] + "." + B64(append(append([]byte{}, sig...), 0))},
		{"signature of zeros", parts[0] + "." + parts[1] + "." + B64(make([]byte, 256))},
		{"EC signature of zeros", B64([]byte(`{"alg":"ES256","kid":"p256"}`)) + "." + parts[1] + "." + B64(make([]byte, 64))},
		{"EC signature for other bytes", B64([]byte(`{"alg":"ES256","kid":"p256"}`)) + "." + parts[1] + "." + B64(es256)},
		{"iss of another issuer", with("iss", `"https://evil.example"`)},
		{"iss missing", with("iss", "")},
		{"iss with a slash at the end", with("iss", `"`+issuer+`/"`)},
		{"iss in another case", with("iss", `"https://ISSUER.example"`)},
		{"iss longer", with("iss", `"`+issuer+`.evil.example"`)},
		{"iss a list", with("iss", `["`+issuer+`"]`)},
		{"iss null", with("iss", `null`)},
		{"ISS in upper case beside another iss", i.Good(now, "ISS", `"`+issuer+`"`, "iss", `"https://evil.example"`)},
		{"exp missing", with("exp", "")},
		{"exp a text", with("exp", `"`+second(time.Hour)+`"`)},
		{"exp null", with("exp", "null")},
		{"exp negative", with("exp", "-1")},
		{"exp too large", with("exp", "1e300")},
		{"exp a list", with("exp", "["+second(time.Hour)+"]")},
		{"nbf in the future", with("nbf", second(2*time.Minute))},
		{"nbf a text", with("nbf", `"0"`)},
		{"iat in the future", with("iat", second(2*time.Minute))},
		{"iat a text", with("iat", `"0"`)},
		{"sub a number", with("sub", "1")},
	}
}

// salted signs by PS256 with a salt that is not as long as the hash.
func salted(header, claims string, key *rsa.PrivateKey) string {
	input := B64([]byte(header)) + "." + B64([]byte(claims))
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: 20})
	if err != nil {
		panic("oidctest: " + err.Error())
	}
	return input + "." + B64(sig)
}

// loose sets a bit behind the last byte, which lax decoders pass over.
func loose(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[last|1])
}
