package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"preamp/internal/userpool/token"
)

// forgery is a token that looks like a good one.
type forgery struct{ name, raw string }

// goodClaims is the claims of a good access token, with changes: names and JSON
// texts in turn, an empty text takes the claim away.
func goodClaims(changes ...string) string {
	c := map[string]json.RawMessage{
		"sub": json.RawMessage(`"s"`), "iss": json.RawMessage(`"` + pool.Issuer + `"`), "token_use": json.RawMessage(`"access"`),
		"client_id": json.RawMessage(`"c"`), "username": json.RawMessage(`"alice"`), "scope": json.RawMessage(`"` + token.AdminScope + `"`),
		"jti": json.RawMessage(`"j"`), "origin_jti": json.RawMessage(`"o"`), "event_id": json.RawMessage(`"e"`),
		"auth_time": num(start.Unix()), "iat": num(start.Unix()), "exp": num(start.Unix() + 3600),
	}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			delete(c, changes[i])
		} else {
			c[changes[i]] = json.RawMessage(changes[i+1])
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func num(n int64) json.RawMessage { return fmt.Append(nil, n) }

// withSignature is a token whose signature is made by fn over what is signed.
func withSignature(header, claims string, fn func(text []byte) []byte) string {
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	return text + "." + b64(fn([]byte(text)))
}

func hmacWith(key []byte) func([]byte) []byte {
	return func(text []byte) []byte {
		m := hmac.New(sha256.New, key)
		m.Write(text)
		return m.Sum(nil)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// byHeader have another header; most are signed by the right key.
func byHeader() []forgery {
	private, kid := pair().Private(token.Access)
	head := func(members string) string { return `{"kid":"` + kid + `","alg":"RS256"` + members + `}` }
	der := x509.MarshalPKCS1PublicKey(&private.PublicKey)
	pkix := must(x509.MarshalPKIXPublicKey(&private.PublicKey))
	hs := `{"kid":"` + kid + `","alg":"HS256"}`
	ec := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	attacker, _ := otherPair().Private(token.Access)
	jwk := `{"kty":"RSA","e":"AQAB","n":"` + b64(attacker.N.Bytes()) + `"}`
	none := func([]byte) []byte { return nil }
	rs := func(h string) string { return sign(pair(), token.Access, h, goodClaims()) }
	rsaOver := func(hash crypto.Hash, sum func([]byte) []byte) func([]byte) []byte {
		return func(text []byte) []byte { return must(rsa.SignPKCS1v15(nil, private, hash, sum(text))) }
	}
	sha512Sum := func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }
	sha256Sum := func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
	out := []forgery{
		{"alg none", withSignature(`{"kid":"`+kid+`","alg":"none"}`, goodClaims(), none)},
		{"alg None", withSignature(`{"kid":"`+kid+`","alg":"None"}`, goodClaims(), none)},
		{"alg nOnE with a signature", rs(`{"kid":"` + kid + `","alg":"nOnE"}`)},
		{"alg empty", rs(`{"kid":"` + kid + `","alg":""}`)},
		{"alg null", rs(`{"kid":"` + kid + `","alg":null}`)},
		{"alg a list", rs(`{"kid":"` + kid + `","alg":["RS256"]}`)},
		{"alg in lower case", rs(`{"kid":"` + kid + `","alg":"rs256"}`)},
		{"alg with a space", rs(`{"kid":"` + kid + `","alg":"RS256 "}`)},
		{"no alg", rs(`{"kid":"` + kid + `"}`)},
		{"Alg", rs(`{"kid":"` + kid + `","Alg":"RS256"}`)},
		{"RS256 without a signature", withSignature(head(""), goodClaims(), none)},
		{"HS256 by the key in PKCS 1", withSignature(hs, goodClaims(), hmacWith(der))},
		{"HS256 by the key in PKIX", withSignature(hs, goodClaims(), hmacWith(pkix))},
		{"HS256 by the key in PEM", withSignature(hs, goodClaims(), hmacWith(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})))},
		{"HS256 by the modulus", withSignature(hs, goodClaims(), hmacWith(private.N.Bytes()))},
		{"HS256 by nothing", withSignature(hs, goodClaims(), hmacWith(nil))},
		{"RS256 that is HS256", withSignature(head(""), goodClaims(), hmacWith(der))},
		{"RS512", withSignature(`{"kid":"`+kid+`","alg":"RS512"}`, goodClaims(), rsaOver(crypto.SHA512, sha512Sum))},
		{"RS256 that is RS512", withSignature(head(""), goodClaims(), rsaOver(crypto.SHA512, sha512Sum))},
		{"RS256 that is PS256", withSignature(head(""), goodClaims(), func(text []byte) []byte {
			return must(rsa.SignPSS(rand.Reader, private, crypto.SHA256, sha256Sum(text), nil))
		})},
		{"PS256", withSignature(`{"kid":"`+kid+`","alg":"PS256"}`, goodClaims(), func(text []byte) []byte {
			return must(rsa.SignPSS(rand.Reader, private, crypto.SHA256, sha256Sum(text), nil))
		})},
		{"ES256", withSignature(`{"kid":"`+kid+`","alg":"ES256"}`, goodClaims(), func(text []byte) []byte {
			return must(ecdsa.SignASN1(rand.Reader, ec, sha256Sum(text)))
		})},
		{"RSA without the name of the hash", withSignature(head(""), goodClaims(), rsaOver(0, sha256Sum))},
		{"no kid", rs(`{"alg":"RS256"}`)},
		{"kid empty", rs(`{"kid":"","alg":"RS256"}`)},
		{"kid null", rs(`{"kid":null,"alg":"RS256"}`)},
		{"kid a number", rs(`{"kid":1,"alg":"RS256"}`)},
		{"kid of nobody", rs(`{"kid":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","alg":"RS256"}`)},
		{"kid a path", rs(`{"kid":"../../../../dev/null","alg":"RS256"}`)},
		{"kid an address", rs(`{"kid":"https://evil.example/key","alg":"RS256"}`)},
		{"kid with SQL", rs(`{"kid":"x' OR '1'='1","alg":"RS256"}`)},
		{"kid with a zero byte", rs(`{"kid":"` + kid + `\u0000","alg":"RS256"}`)},
		{"kid that is long", rs(`{"kid":"` + strings.Repeat("A", 4096) + `","alg":"RS256"}`)},
		{"kid in other base64", rs(`{"kid":"` + strings.TrimRight(kid, "=") + `","alg":"RS256"}`)},
		{"kid of the id key", sign(pair(), token.Access, headerOf(pair(), token.ID), goodClaims())},
		{"key of another pool under its own kid", sign(otherPair(), token.Access, headerOf(otherPair(), token.Access), goodClaims())},
		{"key of another pool under this kid", sign(otherPair(), token.Access, headerOf(pair(), token.Access), goodClaims())},
		{"alg twice", rs(`{"kid":"` + kid + `","alg":"RS256","alg":"RS256"}`)},
		{"alg twice, none first", rs(`{"kid":"` + kid + `","alg":"none","alg":"RS256"}`)},
		{"alg twice by escapes", rs(`{"kid":"` + kid + `","alg":"RS256","\u0061lg":"RS256"}`)},
		{"kid twice", rs(`{"kid":"x","alg":"RS256","kid":"` + kid + `"}`)},
		{"header a list", rs(`["RS256"]`)},
		{"header a string", rs(`"RS256"`)},
		{"header null", rs(`null`)},
		{"header empty", rs(``)},
		{"header not JSON", rs(`{"kid":`)},
		{"header with more behind", rs(head("") + `{}`)},
		{"header that is not UTF-8", rs("{\"kid\":\"" + kid + "\",\"alg\":\"RS256\"}\xff")},
		{"header with a byte order mark", rs("\ufeff" + head(""))},
		{"jwk, by its key", sign(otherPair(), token.Access, head(`,"jwk":`+jwk), goodClaims())},
		{"jku, by its key", sign(otherPair(), token.Access, head(`,"jku":"https://evil.example/jwks.json"`), goodClaims())},
		{"x5c, by its key", sign(otherPair(), token.Access, head(`,"x5c":["MIIB"]`), goodClaims())},
		{"nested deep", rs(head(`,"a":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000)))},
	}
	for _, member := range []string{
		`"jku":"https://evil.example/jwks.json"`, `"x5u":"https://evil.example/x.pem"`, `"jwk":` + jwk, `"x5c":["MIIB"]`,
		`"x5t":"AAAA"`, `"crit":["exp"]`, `"crit":[]`, `"b64":false`, `"zip":"DEF"`, `"enc":"A256GCM"`, `"typ":"JWT"`, `"cty":"JWT"`,
	} {
		out = append(out, forgery{"header with " + member, rs(head("," + member))})
	}
	return out
}

// byClaims are signed by the right key, which nobody should have: their claims
// are judged nevertheless.
func byClaims() []forgery {
	rs := func(claims string) string { return sign(pair(), token.Access, headerOf(pair(), token.Access), claims) }
	twice := func(name, value string) string {
		return rs(strings.TrimSuffix(goodClaims(), "}") + `,"` + name + `":` + value + `}`)
	}
	out := []forgery{
		{"token_use id by the access key", rs(goodClaims("token_use", `"id"`))},
		{"token_use refresh", rs(goodClaims("token_use", `"refresh"`))},
		{"token_use a list", rs(goodClaims("token_use", `["access"]`))},
		{"iss of another pool", rs(goodClaims("iss", `"https://host.test:4500/us-east-1_AbCdEfGhJ"`))},
		{"iss of the AWS name", rs(goodClaims("iss", `"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI"`))},
		{"iss with http", rs(goodClaims("iss", `"`+strings.Replace(pool.Issuer, "https", "http", 1)+`"`))},
		{"iss with a slash", rs(goodClaims("iss", `"`+pool.Issuer+`/"`))},
		{"iss in capitals", rs(goodClaims("iss", `"`+strings.ToUpper(pool.Issuer)+`"`))},
		{"iss a list", rs(goodClaims("iss", `["`+pool.Issuer+`"]`))},
		{"exp now", rs(goodClaims("exp", string(num(start.Unix()+60))))},
		{"exp long ago", rs(goodClaims("iat", "1", "exp", "2"))},
		{"exp before iat", rs(goodClaims("iat", string(num(start.Unix()+7200))))},
		{"exp a string", rs(goodClaims("exp", `"9999999999"`))},
		{"exp a fraction", rs(goodClaims("exp", `9999999999.5`))},
		{"exp with an exponent", rs(goodClaims("exp", `1e12`))},
		{"exp negative", rs(goodClaims("exp", `-1`))},
		{"exp without end", rs(goodClaims("exp", `99999999999999999999999`))},
		{"exp true", rs(goodClaims("exp", `true`))},
		{"nbf tomorrow", rs(goodClaims("nbf", string(num(start.Unix()+86400))))},
		{"nbf a string", rs(goodClaims("nbf", `"1"`))},
		{"groups a string", rs(goodClaims("cognito:groups", `"admins"`))},
		{"groups of numbers", rs(goodClaims("cognito:groups", `[1]`))},
		{"exp twice", twice("exp", "9999999999")},
		{"sub twice", twice("sub", `"root"`)},
		{"iss twice", twice("iss", `"`+pool.Issuer+`"`)},
		{"twice below", rs(goodClaims("identities", `[{"a":1,"a":2}]`))},
		{"a lone surrogate that becomes a claim twice", twice(`x\ud800`, `1,"x\udfff":2`)},
		{"claims a list", rs(`[]`)},
		{"claims a string", rs(`"x"`)},
		{"claims null", rs(`null`)},
		{"claims empty", rs(``)},
		{"claims of nothing", rs(`{}`)},
		{"claims with more behind", rs(goodClaims() + `{}`)},
		{"claims cut off", rs(strings.TrimSuffix(goodClaims(), "}"))},
		{"claims that are not UTF-8", rs(goodClaims("x", `"y"`) + "\xff")},
		{"claims nested deep", rs(goodClaims("x", strings.Repeat("[", 500)+strings.Repeat("]", 500)))},
		{"too long", rs(goodClaims("x", `"`+strings.Repeat("x", token.MaxToken)+`"`))},
		{"an id token of a user that is also a client", rs(goodClaims("client_id", "", "aud", `"c"`))},
	}
	for _, name := range []string{
		"sub", "iss", "token_use", "client_id", "username", "scope", "jti", "origin_jti", "auth_time", "iat", "exp",
	} {
		out = append(out, forgery{"no " + name, rs(goodClaims(name, ""))}, forgery{name + " null", rs(goodClaims(name, "null"))})
	}
	return out
}

// byForm change the text of a good token.
func byForm() []forgery {
	raw := sign(pair(), token.Access, headerOf(pair(), token.Access), goodClaims())
	p := strings.Split(raw, ".")
	flip := func(segment, at int) string {
		b := must(base64.RawURLEncoding.DecodeString(p[segment]))
		b[at] ^= 1
		q := []string{p[0], p[1], p[2]}
		q[segment] = b64(b)
		return strings.Join(q, ".")
	}
	loose := func(segment string) string {
		// The last of 256 bytes leaves bits over that change nothing.
		const set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		return segment[:len(segment)-1] + string(set[strings.IndexByte(set, segment[len(segment)-1])+1])
	}
	public, _ := pair().Private(token.Access)
	return []forgery{
		{"empty", ""},
		{"a word", "token"},
		{"dots", ".."},
		{"one dot", p[0] + "." + p[1]},
		{"no signature", p[0] + "." + p[1] + "."},
		{"no claims", p[0] + ".." + p[2]},
		{"no header", "." + p[1] + "." + p[2]},
		{"four segments", raw + ".x"},
		{"a dot behind", raw + "."},
		{"a dot before", "." + raw},
		{"five segments, as of JWE", "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d"},
		{"a space before", " " + raw},
		{"a line end behind", raw + "\n"},
		{"a line end inside", p[0] + ".\n" + p[1] + "." + p[2]},
		{"Bearer", "Bearer " + raw},
		{"padded", raw + "=="},
		{"base64 of the other alphabet", p[0] + "." + p[1] + "." + base64.RawStdEncoding.EncodeToString(append(must(base64.RawURLEncoding.DecodeString(p[2]))[:255], 0xff))},
		{"loose bits in the signature", p[0] + "." + p[1] + "." + loose(p[2])},
		{"header changed", flip(0, 10)},
		{"claims changed", flip(1, 10)},
		{"signature changed", flip(2, 200)},
		{"signature short", raw[:len(raw)-4]},
		{"signature long", raw + "AAAA"},
		{"signature of zeros", p[0] + "." + p[1] + "." + b64(make([]byte, 256))},
		{"signature of one", p[0] + "." + p[1] + "." + b64(append(make([]byte, 255), 1))},
		{"signature plus the modulus", p[0] + "." + p[1] + "." + b64(append([]byte{1}, must(base64.RawURLEncoding.DecodeString(p[2]))...))},
		{"signature the modulus", p[0] + "." + p[1] + "." + b64(public.N.Bytes())},
		{"JSON serialization", `{"protected":"` + p[0] + `","payload":"` + p[1] + `","signature":"` + p[2] + `"}`},
		{"claims of another token", p[0] + "." + b64([]byte(goodClaims("sub", `"root"`))) + "." + p[2]},
	}
}

// late is when forged tokens are shown: good ones are valid then.
var late = start.Add(time.Minute)

func TestForged(t *testing.T) {
	t.Parallel()
	all := append(append(byHeader(), byClaims()...), byForm()...)
	names := map[string]bool{}
	for _, f := range all {
		names[f.name] = true
	}
	if len(names) < 60 || len(names) != len(all) {
		t.Errorf("%d forgeries with %d names", len(all), len(names))
	}
	each(t, func(t *testing.T, env token.Env) {
		v := newVerifier(t, newKeys(t))
		verify := func(raw string) error {
			_, err := v.Verify(t.Context(), env, pool, "", raw, late)
			return err
		}
		// The control: what is changed in each of them is good before.
		if err := verify(sign(pair(), token.Access, headerOf(pair(), token.Access), goodClaims())); err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			for range 2 { // the second time the cache could know it
				if err := verify(f.raw); !refusedOrExpired(err) {
					t.Errorf("%s: %v", f.name, err)
				}
			}
		}
		if n, _ := v.Cached(); n != 1 {
			t.Errorf("%d tokens are remembered", n)
		}
	})
}

// TestEveryByteCounts changes each character of a good token to others.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	raw := sign(pair(), token.Access, headerOf(pair(), token.Access), goodClaims())
	private, kid := pair().Private(token.Access)
	check := func(raw string) error {
		_, err := token.Parts(raw, kid, &private.PublicKey, pool, token.Access, late)
		return err
	}
	if err := check(raw); err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for _, c := range []byte{'A', '_', '.', '\n', raw[i] ^ 1} {
			if c == raw[i] {
				continue
			}
			if err := check(raw[:i] + string(c) + raw[i+1:]); !refusedOrExpired(err) {
				t.Fatalf("%q at %d: %v", c, i, err)
			}
		}
	}
}
