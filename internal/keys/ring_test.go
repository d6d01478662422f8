package keys_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var (
	master = keys.NewSecret([]byte("0123456789abcdef0123456789abcdef"))
	wrong  = keys.NewSecret([]byte("0123456789abcdef0123456789abcdeX"))
)

func each(t *testing.T, fn func(t *testing.T, set *db.Set)) {
	t.Helper()
	control, env := keys.Lines()
	dbtest.Each(t, dbtest.Lines{Control: control, Env: env}, fn)
}

func openRing(t *testing.T, set *db.Set) *keys.Ring {
	t.Helper()
	r, err := keys.Open(t.Context(), set.Control(), master)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// createEnv makes an environment with a data key and answers its database.
func createEnv(t *testing.T, set *db.Set, r *keys.Ring, uid string) *db.DB {
	t.Helper()
	if err := set.Create(t.Context(), uid); err != nil {
		t.Fatal(err)
	}
	d, release, err := set.Acquire(t.Context(), uid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	for range 2 { // idempotent
		if err := d.Tx(t.Context(), func(tx *db.Tx) error { return r.CreateEnv(tx, uid) }); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func sealer(t *testing.T, r *keys.Ring, uid string, d *db.DB) *keys.Sealer {
	t.Helper()
	s, err := r.Env(t.Context(), uid, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRingSurvivesRestart(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set) {
		first := openRing(t, set)
		sealed := first.Control().Seal("a", []byte("v"))
		token := first.Control().SealToken("k", []byte("v"), time.Now().Add(time.Hour))
		d := createEnv(t, set, first, "env1")
		envSealed := sealer(t, first, "env1", d).Seal("a", []byte("e"))

		second := openRing(t, set)
		if v, err := second.Control().Open("a", sealed); err != nil || string(v) != "v" {
			t.Errorf("control value: %q, %v", v, err)
		}
		if v, err := second.Control().OpenToken("k", token, time.Now()); err != nil || string(v) != "v" {
			t.Errorf("control token: %q, %v", v, err)
		}
		if v, err := sealer(t, second, "env1", d).Open("a", envSealed); err != nil || string(v) != "e" {
			t.Errorf("environment value: %q, %v", v, err)
		}
	})
}

func dump(t *testing.T, d *db.DB, table string) []byte {
	t.Helper()
	var wrapped []byte
	if err := d.Row(t.Context(), "SELECT wrapped FROM "+table).Scan(&wrapped); err != nil {
		t.Fatal(err)
	}
	return wrapped
}

func TestWrongMasterIsRefused(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set) {
		r := openRing(t, set)
		d := createEnv(t, set, r, "env1")
		ring, dek := dump(t, set.Control(), "ctl.key_ring"), dump(t, d, "env.dek")

		_, err := keys.Open(t.Context(), set.Control(), wrong)
		if errs.KindOf(err) != errs.Forbidden || !strings.Contains(err.Error(), "master key") {
			t.Errorf("wrong master: %v; want a clear Forbidden error", err)
		}
		if strings.Contains(err.Error(), wrong.Reveal()) || strings.Contains(err.Error(), master.Reveal()) {
			t.Error("the error shows a key")
		}
		if !bytes.Equal(ring, dump(t, set.Control(), "ctl.key_ring")) || !bytes.Equal(dek, dump(t, d, "env.dek")) {
			t.Error("something was changed")
		}
		openRing(t, set)
		for _, short := range []keys.Secret{{}, keys.NewSecret([]byte("short"))} {
			if _, err := keys.Open(t.Context(), set.Control(), short); err == nil {
				t.Error("a master key of the wrong length was accepted")
			}
		}
	})
}

// The environment of another installation, or a file that was renamed, has a data
// key that was wrapped with something else.
func TestDataKeyIsBoundToItsEnvironment(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set) {
		r := openRing(t, set)
		d1 := createEnv(t, set, r, "env1")
		d2 := createEnv(t, set, r, "env2")
		if bytes.Equal(dump(t, d1, "env.dek"), dump(t, d2, "env.dek")) {
			t.Fatal("two environments have the same wrapped key")
		}
		if _, err := r.Env(t.Context(), "env2", d1); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("data key of env1 as env2: %v; want forbidden", err)
		}
		sealed := sealer(t, r, "env1", d1).Seal("a", []byte("v"))
		if _, err := sealer(t, r, "env2", d2).Open("a", sealed); err == nil {
			t.Error("a value of env1 opened in env2")
		}
		if _, err := r.Control().Open("a", sealed); err == nil {
			t.Error("a value of env1 opened in control")
		}
	})
}

func TestEnvWithoutKey(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set) {
		r := openRing(t, set)
		if err := set.Create(t.Context(), "env1"); err != nil {
			t.Fatal(err)
		}
		d, release, err := set.Acquire(t.Context(), "env1")
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if _, err := r.Env(t.Context(), "env1", d); err == nil {
			t.Error("an environment without a key has a sealer")
		}
	})
}

func FixedSealerIsCachedAndForgotten(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set) {
		r := openRing(t, set)
		d := createEnv(t, set, r, "env1")
		s := sealer(t, r, "env1", d)
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec("DELETE FROM env.dek")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if sealer(t, r, "env1", d) != s {
			t.Error("the sealer was not cached")
		}
		r.Forget("env1")
		if _, err := r.Env(t.Context(), "env1", d); err == nil {
			t.Error("the sealer was not forgotten")
		}
	})
}

func TestTokensAreBound(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set) {
		r := openRing(t, set)
		d1, d2 := createEnv(t, set, r, "env1"), createEnv(t, set, r, "env2")
		s1, s2 := sealer(t, r, "env1", d1), sealer(t, r, "env2", d2)
		now := time.Now()
		token := s1.SealToken("next", []byte("payload"), now.Add(time.Minute))
		for _, c := range []struct {
			name string
			s    *keys.Sealer
			kind string
			text string
			now  time.Time
			ok   bool
		}{
			{"right", s1, "next", token, now, true},
			{"last millisecond", s1, "next", token, now.Add(time.Minute - time.Millisecond), true},
			{"expired", s1, "next", token, now.Add(time.Minute), false},
			{"other kind", s1, "session", token, now, false},
			{"kind with a tail", s1, "next\x00", token, now, false},
			{"other environment", s2, "next", token, now, false},
			{"control", r.Control(), "next", token, now, false},
			{"empty", s1, "next", "", now, false},
			{"cut", s1, "next", token[:len(token)-4], now, false},
			{"longer", s1, "next", token + "AAAA", now, false},
			{"padded", s1, "next", token + "=", now, false},
			{"line break", s1, "next", token + "\n", now, false},
			{"changed", s1, "next", flip(token), now, false},
			{"huge", s1, "next", strings.Repeat("A", 1<<20), now, false},
		} {
			got, err := c.s.OpenToken(c.kind, c.text, c.now)
			switch {
			case c.ok && (err != nil || string(got) != "payload"):
				t.Errorf("%s: %q, %v", c.name, got, err)
			case !c.ok && errs.KindOf(err) != errs.Invalid:
				t.Errorf("%s: %v; want invalid", c.name, err)
			}
		}
	})
}

// flip changes one character in the middle.
func flip(token string) string {
	b := []byte(token)
	if b[len(b)/2] == 'A' {
		b[len(b)/2] = 'B'
	} else {
		b[len(b)/2] = 'A'
	}
	return string(b)
}

func TestValuesAreBound(t *testing.T) {
	t.Parallel()
	s := keys.FixedSealer()
	plain := []byte("value")
	sealed := s.Seal("api_key.value.1", plain)
	if bytes.Contains(sealed, plain) || bytes.Equal(sealed, s.Seal("api_key.value.1", plain)) {
		t.Error("sealing is not encryption with a fresh nonce")
	}
	if v, err := s.Open("api_key.value.1", sealed); err != nil || !bytes.Equal(v, plain) {
		t.Errorf("open: %q, %v", v, err)
	}
	if v, err := s.Open("x", s.Seal("x", nil)); err != nil || len(v) != 0 {
		t.Errorf("empty value: %q, %v", v, err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := s.Open("api_key.value.1", changed); err == nil {
			t.Fatalf("opened with byte %d changed", i)
		}
		if _, err := s.Open("api_key.value.1", sealed[:i]); err == nil {
			t.Fatalf("opened when cut at %d", i)
		}
	}
	for _, aad := range []string{"", "api_key.value.2", "api_key.value.", "api_key.value.1 "} {
		if _, err := s.Open(aad, sealed); err == nil {
			t.Errorf("opened as %q", aad)
		}
	}
	// A value is not a token, even with the same associated data.
	if _, err := s.OpenToken("api_key.value.1", keys.Base64(sealed), time.Time{}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a value as a token: %v", err)
	}
}

func FuzzOpenToken(f *testing.F) {
	s := keys.FixedSealer()
	now := time.UnixMilli(1_700_000_000_000)
	valid := s.SealToken("kind", []byte("payload"), now.Add(time.Hour))
	f.Add("kind", valid)
	f.Add("other", valid)
	f.Add("kind", "")
	f.Add("kind", "AQ")
	f.Add("kind", flip(valid))
	f.Add("kind", keys.Base64(s.Seal("kind", []byte("payload"))))
	f.Fuzz(func(t *testing.T, kind, token string) {
		got, err := s.OpenToken(kind, token, now)
		if err == nil {
			// Only the seeds were sealed, and each process that fuzzes sealed its own.
			// A changed one that opened would have another text for the same bytes.
			if kind != "kind" || string(got) != "payload" || keys.Canonical(token) != token {
				t.Fatalf("kind %q, token %q opened: %q", kind, token, got)
			}
			return
		}
		if errs.KindOf(err) != errs.Invalid || got != nil || token == valid && kind == "kind" {
			t.Fatalf("kind %q, token %q: %q, %v", kind, token, got, err)
		}
	})
}

func BenchmarkToken(b *testing.B) {
	s := keys.FixedSealer()
	payload := bytes.Repeat([]byte("x"), 200)
	expires := time.Now().Add(time.Hour)
	for b.Loop() {
		token := s.SealToken("next", payload, expires)
		if _, err := s.OpenToken("next", token, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}

// A derived key is the same after a restart, another one for each purpose, and
// none of those that seal.
func TestDerive(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set) {
		a, again := openRing(t, set), openRing(t, set)
		key := a.Derive("one")
		if len(key.Bytes()) != 32 || !key.Equal(again.Derive("one")) {
			t.Error("the key is not the same after a restart")
		}
		if key.Equal(a.Derive("two")) || key.Equal(a.Derive("")) {
			t.Error("two purposes have one key")
		}
	})
}
