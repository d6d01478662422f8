package token_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool/token"
)

const client = "1example23456789abcdefghij"

// begin starts a session of a month.
func begin(t *testing.T, env token.Env, user string, now time.Time) (s token.Session, first keys.Secret) {
	t.Helper()
	write(t, env.DB, func(tx *db.Tx) (err error) {
		s, first, err = token.StartSession(tx, token.NewSession{
			Pool: pool.ID, Client: client, User: user, Scope: "openid", Data: `{"a":1}`, AuthTime: now, Life: 30 * 24 * time.Hour,
		}, now)
		return err
	})
	return s, first
}

func allow(*db.Query, token.Session) error { return nil }

// refresh uses a refresh token, with rotation unless grace is negative.
func refresh(t *testing.T, env token.Env, text keys.Secret, grace time.Duration, now time.Time) (token.Refreshed, error) {
	t.Helper()
	r := token.RefreshRequest{Token: text, Pool: pool.ID, Client: client, Allow: allow}
	if grace >= 0 {
		r.Rotate, r.Grace = true, grace
	}
	return token.Refresh(t.Context(), env.DB, r, now)
}

// outcome is what a client sees of an error.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Code + ": " + e.Message
	}
	return "internal: " + err.Error()
}

const (
	invalid = "NotAuthorizedException: Invalid Refresh Token"
	revoked = "NotAuthorizedException: Refresh Token has been revoked"
	over    = "NotAuthorizedException: Refresh Token has expired"
	reused  = "RefreshTokenReuseException: Refresh Token has been used before"
)

func is(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := outcome(err); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func TestRefreshWithoutRotation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		s, text := begin(t, env, "alice", start)
		if len(s.ID) != 36 || len(text.Reveal()) != 92 || strings.ContainsAny(text.Reveal(), "+/= ") {
			t.Errorf("session %q, token of %d characters", s.ID, len(text.Reveal()))
		}
		for day := range 30 {
			out, err := refresh(t, env, text, -1, start.Add(time.Duration(day)*24*time.Hour))
			if err != nil || !out.Token.Empty() {
				t.Fatalf("day %d: %v, new token %t", day, err, !out.Token.Empty())
			}
			if d := cmp.Diff(s, out.Session); d != "" {
				t.Error(d)
			}
		}
		_, err := refresh(t, env, text, -1, start.Add(30*24*time.Hour))
		is(t, "at its end", err, over)
	})
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		_, text := begin(t, env, "alice", start)
		_, other := begin(t, env, "bob", start)
		raw, err := base64.RawURLEncoding.DecodeString(text.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		changed := func(at int) string {
			b := append([]byte(nil), raw...)
			b[at] ^= 1
			return base64.RawURLEncoding.EncodeToString(b)
		}
		mixed := func(session string) string { // a session with the secret of another
			b, err := base64.RawURLEncoding.DecodeString(session)
			if err != nil {
				t.Fatal(err)
			}
			return base64.RawURLEncoding.EncodeToString(append(b[:17:17], raw[17:]...))
		}
		for name, bad := range map[string]string{
			"empty": "", "a word": "token", "cut": text.Reveal()[:91], "extended": text.Reveal() + "A", "padded": text.Reveal() + "=",
			"line end": text.Reveal() + "\n", "line end inside": text.Reveal()[:91] + "\n", "version": changed(0), "session": changed(5),
			"generation": changed(20), "secret": changed(30), "tag": changed(68), "of another session": mixed(other.Reveal()),
			"invented": token.Forge(text, 0).Reveal(), "invented as an old one": token.Forge(text, 7).Reveal(),
			"other alphabet": strings.Replace(text.Reveal(), text.Reveal()[40:41], "+", 1),
			"JWT":            "eyJhbGciOiJub25lIn0.e30.",
		} {
			for _, grace := range []time.Duration{-1, 0, time.Minute} {
				_, err := refresh(t, env, keys.NewSecret([]byte(bad)), grace, start)
				is(t, name, err, invalid)
			}
		}
		for name, r := range map[string]token.RefreshRequest{
			"other pool":             {Token: text, Pool: "us-east-1_AbCdEfGhJ", Client: client, Allow: allow},
			"other client":           {Token: text, Pool: pool.ID, Client: "2example23456789abcdefghij", Allow: allow},
			"other client, rotating": {Token: text, Pool: pool.ID, Client: "2example23456789abcdefghij", Allow: allow, Rotate: true},
		} {
			_, err := token.Refresh(t.Context(), env.DB, r, start)
			is(t, name, err, invalid)
		}
		// Nothing of this has ended the session.
		_, err = refresh(t, env, text, 0, start)
		is(t, "afterwards", err, "ok")
		if _, err := refresh(t, env, text, time.Minute+1, start); err == nil {
			t.Error("a grace that is too long")
		}
	})
}

func TestAllow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		_, text := begin(t, env, "alice", start)
		disabled := errs.E(errs.Unauthenticated, "User is disabled.")
		for _, rotate := range []bool{false, true} {
			r := token.RefreshRequest{Token: text, Pool: pool.ID, Client: client, Rotate: rotate, Allow: func(_ *db.Query, s token.Session) error {
				if s.User != "alice" || s.Data != `{"a":1}` {
					return fmt.Errorf("session %+v", s)
				}
				return disabled
			}}
			if _, err := token.Refresh(t.Context(), env.DB, r, start); !errors.Is(err, disabled) {
				t.Errorf("rotate %t: %v", rotate, err)
			}
		}
		_, err := refresh(t, env, text, 0, start) // it was not used up
		is(t, "afterwards", err, "ok")
	})
}

// check asks for the session of an access token.
func check(t *testing.T, env token.Env, s token.Session) error {
	t.Helper()
	return env.DB.Read(t.Context(), func(q *db.Query) error {
		return token.CheckSession(q, pool.ID, &token.Claims{Session: s.ID, Client: s.Client, Sub: s.User})
	})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	const gone = "NotAuthorizedException: Access Token has been revoked"
	each(t, func(t *testing.T, env token.Env) {
		one, oneText := begin(t, env, "alice", start)
		two, twoText := begin(t, env, "alice", start)
		bob, bobText := begin(t, env, "bob", start)
		revoke := func(what string, want bool, poolID, client string, text keys.Secret) {
			t.Helper()
			write(t, env.DB, func(tx *db.Tx) error {
				ok, err := token.RevokeToken(tx, poolID, client, text, start)
				if err == nil && ok != want {
					t.Errorf("%s: %t", what, ok)
				}
				return err
			})
		}
		revoke("other client", false, pool.ID, "2example23456789abcdefghij", oneText)
		revoke("other pool", false, "us-east-1_none", client, oneText)
		revoke("invented", false, pool.ID, client, token.Forge(oneText, 0))
		revoke("no token", false, pool.ID, client, keys.NewSecret([]byte("x")))
		is(t, "before", check(t, env, one), "ok")
		revoke("one", true, pool.ID, client, oneText)
		revoke("one again", true, pool.ID, client, oneText)
		is(t, "one", check(t, env, one), gone)
		is(t, "two", check(t, env, two), "ok")
		_, err := refresh(t, env, oneText, -1, start)
		is(t, "refresh of one", err, revoked)

		for name, c := range map[string]token.Claims{
			"other client": {Session: two.ID, Client: "x", Sub: "alice"}, "other user": {Session: two.ID, Client: client, Sub: "bob"},
			"unknown": {Session: "x", Client: client, Sub: "alice"},
		} {
			err := env.DB.Read(t.Context(), func(q *db.Query) error { return token.CheckSession(q, pool.ID, &c) })
			is(t, name, err, gone)
		}

		count := func(what string, want int64, fn func(tx *db.Tx) (int64, error)) {
			t.Helper()
			write(t, env.DB, func(tx *db.Tx) error {
				n, err := fn(tx)
				if err == nil && n != want {
					t.Errorf("%s: %d sessions", what, n)
				}
				return err
			})
		}
		count("all of alice", 1, func(tx *db.Tx) (int64, error) { return token.RevokeUser(tx, pool.ID, "alice", start) })
		is(t, "two", check(t, env, two), gone)
		_, err = refresh(t, env, twoText, 0, start)
		is(t, "refresh of two", err, revoked)
		is(t, "bob", check(t, env, bob), "ok")
		count("other pool", 0, func(tx *db.Tx) (int64, error) { return token.RevokeUser(tx, "us-east-1_none", "bob", start) })
		count("one by its id", 0, func(tx *db.Tx) (int64, error) { return token.RevokeSession(tx, pool.ID, one.ID, start) })
		count("all of the client", 1, func(tx *db.Tx) (int64, error) { return token.RevokeClient(tx, pool.ID, client, start) })
		_, err = refresh(t, env, bobText, 0, start)
		is(t, "refresh of bob", err, revoked)
		_, text := begin(t, env, "alice", start)
		_, err = refresh(t, env, text, 0, start)
		is(t, "a session that began afterwards", err, "ok")
	})
}

// TestRefreshTokensAreHashed looks for what works in what is stored.
func TestRefreshTokensAreHashed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		_, first := begin(t, env, "alice", start)
		second, err := refresh(t, env, first, time.Minute, start)
		is(t, "rotation", err, "ok")
		var hash, family []byte
		var recent string
		if err := env.DB.Row(t.Context(), `SELECT refresh_hash, family_key, recent FROM env.auth_session`).Scan(&hash, &family, &recent); err != nil {
			t.Fatal(err)
		}
		stored := string(hash) + string(family) + recent
		for _, text := range []keys.Secret{first, second.Token} {
			raw, err := base64.RawURLEncoding.DecodeString(text.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			secret := raw[21:53]
			if strings.Contains(stored, string(secret)) || strings.Contains(stored, base64.StdEncoding.EncodeToString(secret)) ||
				strings.Contains(stored, text.Reveal()) {
				t.Error("a token can be read from the database")
			}
		}
	})
}

func TestSweep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		old, _ := begin(t, env, "alice", start)
		begin(t, env, "alice", start.Add(time.Hour))
		sweep := func(now time.Time) (n int) {
			t.Helper()
			write(t, env.DB, func(tx *db.Tx) error {
				more, err := token.Sweep(tx, now)
				if more {
					t.Error("there is more")
				}
				return err
			})
			if err := env.DB.Row(t.Context(), `SELECT count(*) FROM env.auth_session`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		end := old.Expires.Add(token.MaxLife) // access tokens outlive the refresh token
		if n := sweep(end); n != 2 {
			t.Errorf("%d sessions at the end of the first", n)
		}
		if n := sweep(end.Add(time.Millisecond)); n != 1 {
			t.Errorf("%d sessions after the end of the first", n)
		}
	})
}

func TestStartSessionRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		good := token.NewSession{Pool: "p", Client: "c", User: "u", AuthTime: start, Life: time.Hour}
		for name, change := range map[string]func(n *token.NewSession){
			"no pool": func(n *token.NewSession) { n.Pool = "" }, "no client": func(n *token.NewSession) { n.Client = "" },
			"no user": func(n *token.NewSession) { n.User = "" }, "no time": func(n *token.NewSession) { n.AuthTime = time.Time{} },
			"short": func(n *token.NewSession) { n.Life = time.Hour - 1 }, "long": func(n *token.NewSession) { n.Life = token.MaxRefreshLife + 1 },
		} {
			n := good
			change(&n)
			err := env.DB.Tx(t.Context(), func(tx *db.Tx) error {
				_, _, err := token.StartSession(tx, n, start)
				return err
			})
			if err == nil {
				t.Errorf("%s: started", name)
			}
		}
	})
}

// FuzzParseRefresh: a token has one text.
func FuzzParseRefresh(f *testing.F) {
	f.Add("")
	f.Add(strings.Repeat("A", 92))
	f.Add("AQ" + strings.Repeat("_", 90))
	f.Fuzz(func(t *testing.T, text string) {
		if again, ok := token.RefreshText(text); ok && again != text {
			t.Errorf("%q is %q", text, again)
		}
	})
}
