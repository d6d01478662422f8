package token_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/userpool/token"
)

// refusedOrExpired says that an error is one that a client is told about its
// token, and nothing else.
func refusedOrExpired(err error) bool {
	e, ok := errors.AsType[*errs.Error](err)
	return ok && e.Kind == errs.Unauthenticated && e.Code == "NotAuthorizedException" &&
		(errors.Is(err, token.ErrRefused) && e.Message == "Invalid Access Token" ||
			errors.Is(err, token.ErrExpired) && e.Message == "Access Token has expired")
}

func TestVerify(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		v, u, g := newVerifier(t, newKeys(t)), alice(), grant()
		u.Groups, g.Scope, g.OAuth = []string{"admins", "editors"}, "openid email", true
		out := issue(t, newKeys(t), env, u, g, start)
		for range 2 { // verified, and remembered
			c, err := v.Verify(t.Context(), env, pool, token.Access, out.Access, late)
			if err != nil {
				t.Fatal(err)
			}
			if c.Use != token.Access || c.Sub != u.Sub || c.Name != u.Name || c.Client != g.Client || c.Session != g.Session ||
				!c.AuthTime.Equal(start) || !c.Issued.Equal(start) || !c.Expires.Equal(start.Add(time.Hour)) ||
				!c.HasScope("email") || c.HasScope("phone") || !cmp.Equal(c.Groups, u.Groups) || c.All["iss"] != pool.Issuer {
				t.Errorf("access: %+v", c)
			}
			if c, err = v.Verify(t.Context(), env, pool, token.ID, out.ID, late); err != nil {
				t.Fatal(err)
			}
			if c.Use != token.ID || c.Sub != u.Sub || c.Name != u.Name || c.Client != g.Client || c.All["email"] != "alice@example.com" ||
				c.All["email_verified"] != true || len(c.Scopes) != 0 {
				t.Errorf("id: %+v", c)
			}
		}
		verify := func(p token.Pool, use token.Use, raw string, now time.Time) error {
			_, err := v.Verify(t.Context(), env, p, use, raw, now)
			return err
		}
		aws := token.Pool{ID: pool.ID, Issuer: "https://cognito-idp.us-east-1.amazonaws.com/" + pool.ID}
		for _, tt := range []struct {
			name string
			err  error
			want error
		}{
			{"id token as access token", verify(pool, token.Access, out.ID, late), token.ErrRefused},
			{"access token as id token", verify(pool, token.ID, out.Access, late), token.ErrRefused},
			{"other issuer mode", verify(aws, "", out.Access, late), token.ErrRefused},
			{"no issuer", verify(token.Pool{ID: pool.ID}, "", out.Access, late), token.ErrRefused},
			{"unknown pool", verify(token.Pool{ID: "us-east-1_none", Issuer: pool.Issuer}, "", out.Access, late), token.ErrRefused},
			{"last moment", verify(pool, "", out.Access, start.Add(time.Hour-1)), nil},
			{"end", verify(pool, "", out.Access, start.Add(time.Hour)), token.ErrExpired},
			{"before it was issued, as after a jump of the clock", verify(pool, "", out.Access, start.Add(-time.Hour)), nil},
		} {
			if !errors.Is(tt.err, tt.want) {
				t.Errorf("%s: %v", tt.name, tt.err)
			}
		}
	})
}

// TestTokensOfAnotherEnvironment: a pool of the same id, as after a clone that
// kept it, has other keys.
func TestTokensOfAnotherEnvironment(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, lines(), func(t *testing.T, set *db.Set) {
		one, two := newEnv(t, set, "env1"), newEnv(t, set, "env2")
		insert(t, one, pair(), pool.ID)
		insert(t, two, otherPair(), pool.ID)
		k := newKeys(t)
		v := newVerifier(t, k)
		out := issue(t, k, one, alice(), grant(), start)
		for range 2 { // verified, and remembered
			if _, err := v.Verify(t.Context(), one, pool, "", out.ID, late); err != nil {
				t.Fatal(err)
			}
			if _, err := v.Verify(t.Context(), two, pool, "", out.ID, late); !errors.Is(err, token.ErrRefused) {
				t.Errorf("in the other environment: %v", err)
			}
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, newKeys(t))
	for i := range token.CacheEntries + 100 {
		v.Fill(i, 100)
	}
	if n, _ := v.Cached(); n != token.CacheEntries {
		t.Errorf("%d entries", n)
	}
	for i := range token.CacheEntries {
		v.Fill(i, token.MaxToken)
	}
	_, before := v.Cached()
	if before > token.CacheBytes || before < token.CacheBytes/2 {
		t.Errorf("%d bytes", before)
	}
	for range 10 { // replacing does not drift the sum
		v.Fill(token.CacheEntries-1, token.MaxToken)
	}
	if _, bytes := v.Cached(); bytes != before {
		t.Errorf("%d bytes, before %d", bytes, before)
	}
	v.Drop()
	if _, bytes := v.Cached(); bytes != 0 {
		t.Errorf("%d bytes of nothing", bytes)
	}
}

func TestUnverifiedPool(t *testing.T) {
	t.Parallel()
	of := func(issuer string) string {
		return sign(pair(), token.Access, headerOf(pair(), token.Access), goodClaims("iss", `"`+issuer+`"`))
	}
	if id, err := token.UnverifiedPool(of(pool.Issuer)); err != nil || id != pool.ID {
		t.Errorf("%q, %v", id, err)
	}
	for name, raw := range map[string]string{
		"no token": "x", "no pool": of("https://host.test"), "no region": of("https://host.test/_x"), "no name": of("https://host.test/us-east-1_"),
		"long": of("https://host.test/us-east-1_" + strings.Repeat("x", 60)), "empty": of(""),
		"no issuer":  sign(pair(), token.Access, headerOf(pair(), token.Access), `{}`),
		"bad claims": sign(pair(), token.Access, headerOf(pair(), token.Access), `[`),
	} {
		if id, err := token.UnverifiedPool(raw); err == nil {
			t.Errorf("%s: %q", name, id)
		}
	}
}

// FuzzVerify: whatever is accepted is the one good token.
func FuzzVerify(f *testing.F) {
	private, kid := pair().Private(token.Access)
	raw := sign(pair(), token.Access, headerOf(pair(), token.Access), goodClaims())
	f.Add(raw)
	for _, g := range append(append(byHeader(), byClaims()...), byForm()...) {
		f.Add(g.raw)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if _, err := token.UnverifiedPool(in); err != nil && !refusedOrExpired(err) {
			t.Errorf("where it is from: %v", err)
		}
		_, err := token.Parts(in, kid, &private.PublicKey, pool, token.Access, late)
		if err == nil && in != raw || err != nil && !refusedOrExpired(err) {
			t.Errorf("%q: %v", in, err)
		}
	})
}

// FuzzObject: what the strict reader accepts has each member once.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,{"b":null}],"c":1e5}`, `{"a":1,"a":2}`, `{"a":1}{}`, `[]`, `{"a":1,}`, `{"\u0061":1,"a":2}`, "{\"a\":\xff}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := token.Object(raw)
		if (err == nil) != (o != nil) {
			t.Errorf("%q: %v, %v", raw, o, err)
		}
	})
}
