package token_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/keys"
	"preamp/internal/userpool/token"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var (
	// Making keys is slow, so the tests share some.
	pair, otherPair = sync.OnceValue(makePair), sync.OnceValue(makePair)

	start = time.Date(2026, 11, 2, 8, 5, 9, 0, time.UTC)
	pool  = token.Pool{ID: "us-east-1_AbCdEfGhI", Issuer: "https://host.test:4500/us-east-1_AbCdEfGhI"}
)

func makePair() *token.Pair {
	p, err := token.NewPair()
	if err != nil {
		panic(err)
	}
	return p
}

var master = keys.NewSecret([]byte("0123456789abcdef0123456789abcdef"))

func lines() dbtest.Lines {
	return dbtest.Lines{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), token.EnvLine()}}
}

// each runs fn on both stores with an environment whose pool has the shared pair.
func each(t *testing.T, fn func(t *testing.T, env token.Env)) {
	t.Helper()
	dbtest.Each(t, lines(), func(t *testing.T, set *db.Set) {
		env := newEnv(t, set, "env1")
		insert(t, env, pair(), pool.ID)
		fn(t, env)
	})
}

func newEnv(t testing.TB, set *db.Set, uid string) token.Env {
	t.Helper()
	ctx := t.Context()
	ring, err := keys.Open(ctx, set.Control(), master)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Create(ctx, uid); err != nil {
		t.Fatal(err)
	}
	d, release, err := set.Acquire(ctx, uid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	write(t, d, func(tx *db.Tx) error { return ring.CreateEnv(tx, uid) })
	sealer, err := ring.Env(ctx, uid, d)
	if err != nil {
		t.Fatal(err)
	}
	return token.Env{UID: uid, DB: d, Sealer: sealer}
}

func insert(t testing.TB, env token.Env, p *token.Pair, poolID string) {
	t.Helper()
	write(t, env.DB, func(tx *db.Tx) error { return p.Insert(tx, env.Sealer, poolID, start) })
}

func write(t testing.TB, d *db.DB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := d.Tx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func newKeys(t testing.TB) *token.Keys {
	t.Helper()
	k, err := token.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newVerifier(t testing.TB, k *token.Keys) *token.Verifier {
	t.Helper()
	v, err := token.NewVerifier(k)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func alice() token.User {
	return token.User{
		Sub: "11111111-2222-4333-8444-555555555555", Name: "alice",
		Attributes: map[string]string{"email": "alice@example.com", "email_verified": "true"},
	}
}

func grant() token.Grant {
	return token.Grant{
		Client: "1example23456789abcdefghij", AuthTime: start, Session: "aaaaaaaa-2222-4333-8444-555555555555",
		Event: "bbbbbbbb-2222-4333-8444-555555555555", IDLife: time.Hour, AccessLife: time.Hour,
	}
}

func issue(t testing.TB, k *token.Keys, env token.Env, u token.User, g token.Grant, now time.Time) token.Issued {
	t.Helper()
	out, err := k.Issue(t.Context(), env, pool, u, g, now)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var b64 = base64.RawURLEncoding.EncodeToString

// sign is a token of any header and claims, by a key of a pair.
func sign(p *token.Pair, use token.Use, header, claims string) string {
	private, _ := p.Private(use)
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + b64(signature)
}

func headerOf(p *token.Pair, use token.Use) string {
	_, kid := p.Private(use)
	return `{"kid":"` + kid + `","alg":"RS256"}`
}

// decode reads a segment of a token.
func decode(t testing.TB, raw string, segment int) (text string, members map[string]any) {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[segment])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &members); err != nil {
		t.Fatal(err)
	}
	return string(b), members
}
