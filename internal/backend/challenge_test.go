package backend_test

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
)

func TestChallenges(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.env("app", "dev")
		f.env("other", "dev")
		now := time.Now()
		var c backend.Challenge
		f.tx(func(tx *db.Tx) (err error) { c, err = f.CreateChallenge(tx, "app", now); return err })
		if c.App != "app" || !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(c.SessionID) || len(c.Code) < 6 {
			t.Errorf("token %+v", c)
		}
		if got := c.Expires.Unix() - now.Unix(); got != 300 {
			t.Errorf("lives for %d s", got)
		}
		var sealed []byte
		if err := f.set.Control().Row(t.Context(), `SELECT code_sealed FROM ctl.challenge`).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sealed, []byte(c.Code)) {
			t.Error("the code is stored in clear")
		}
		for _, later := range []time.Duration{0, time.Minute, 299 * time.Second} {
			f.read(func(q *db.Query) error {
				got, err := f.Challenge(q, "app", c.SessionID, now.Add(later))
				if got.Code != c.Code || !got.Expires.Equal(c.Expires) || got.App != "app" || got.SessionID != c.SessionID {
					t.Errorf("after %s: %+v, want %+v", later, got, c)
				}
				return err
			})
		}
		for _, m := range []struct {
			name, app, session string
			now                time.Time
		}{
			{"expired", "app", c.SessionID, c.Expires},
			{"other app", "other", c.SessionID, now},
			{"other session", "app", "11111111-2222-4333-8444-555555555555", now},
			{"text that cannot be stored", "app", "\x00", now},
		} {
			f.missing(m.name, "Token", func(q *db.Query) error { _, err := f.Challenge(q, m.app, m.session, m.now); return err })
			f.refused("delete "+m.name, errs.NotFound, "Token", func(tx *db.Tx) error { return f.DeleteChallenge(tx, m.app, m.session, m.now) })
		}
		f.tx(func(tx *db.Tx) error { return f.DeleteChallenge(tx, "app", c.SessionID, now) })
		f.missing("deleted", "Token", func(q *db.Query) error { _, err := f.Challenge(q, "app", c.SessionID, now); return err })
		f.refused("delete again", errs.NotFound, "Token", func(tx *db.Tx) error { return f.DeleteChallenge(tx, "app", c.SessionID, now) })
		f.refused("unknown app", errs.NotFound, "App", func(tx *db.Tx) error { _, err := f.CreateChallenge(tx, "none", now); return err })
	})
}

// A sealed code belongs to its session: it cannot be moved to another row.
func TestChallengeCodeIsBound(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.env("app", "dev")
		now := time.Now()
		var a, b backend.Challenge
		f.tx(func(tx *db.Tx) (err error) {
			if a, err = f.CreateChallenge(tx, "app", now); err != nil {
				return err
			}
			b, err = f.CreateChallenge(tx, "app", now)
			return err
		})
		f.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE ctl.challenge SET code_sealed =
				(SELECT code_sealed FROM ctl.challenge WHERE session_id = $1) WHERE session_id = $2`, a.SessionID, b.SessionID)
			return err
		})
		err := f.set.Control().Read(t.Context(), func(q *db.Query) error { _, err := f.Challenge(q, "app", b.SessionID, now); return err })
		if err == nil {
			t.Error("a code was read from another row")
		}
	})
}

func TestExpiredChallengesAreRemoved(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.env("app", "dev")
		now := time.Now()
		for i := range 5 {
			f.tx(func(tx *db.Tx) error {
				_, err := f.CreateChallenge(tx, "app", now.Add(time.Duration(i)*3*time.Minute))
				return err
			})
		}
		var n int
		if err := f.set.Control().Row(t.Context(), `SELECT count(*) FROM ctl.challenge`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != 2 {
			t.Errorf("%d tokens are stored, want the 2 that live", n)
		}
	})
}
