package userpool_test

import (
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

// while runs inside in a transaction that has locked a user, as a sign-in or a
// change does, and other meanwhile: it has begun when inside runs. SQLite has one
// writer, so that there is nothing to see.
func (f *fixture) while(t *testing.T, userID string, other func() error, inside func(tx *db.Tx) error) {
	t.Helper()
	done := make(chan error, 1)
	err := f.env.DB.Tx(t.Context(), func(tx *db.Tx) error {
		if tx.Dialect() != db.Postgres {
			go func() { done <- other() }()
			return inside(tx)
		}
		if _, err := tx.Exec(`UPDATE env.user_account SET changed_ms = changed_ms WHERE id = $1`, userID); err != nil {
			return err
		}
		go func() { done <- other() }()
		if err := f.someoneWaits(tx, done); err != nil {
			return err
		}
		return inside(tx)
	})
	must(t, "inside", err)
	must(t, "other", <-done)
}

// someoneWaits returns when somebody waits for the transaction, or is done. SQLite
// does not say who waits.
func (f *fixture) someoneWaits(tx *db.Tx, done <-chan error) error {
	for waits := int64(0); tx.Dialect() == db.Postgres && waits == 0 && len(done) == 0; time.Sleep(time.Millisecond) {
		err := tx.Row(`SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))`).Scan(&waits)
		if err != nil {
			return err
		}
	}
	return nil
}

// Who deletes an account takes with it what was being added to it.
func TestDeletedWhileChanging(t *testing.T) {
	t.Parallel()
	each(t, byAlias(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		access, id := f.access(t, "alice"), f.user(t, "alice").ID
		f.while(t, id, func() error { return f.DeleteUser(ctx, f.call(), access) }, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO env.user_name (pool, value, kind, user_id) VALUES ($1, 'al', 'preferred_username', $2)`, poolID, id)
			return err
		})
		_, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("al"), Password: goodPass})
		must(t, "the name again", err)
	})
}

// Who signs out everywhere ends the session that is just being begun.
func TestSignedOutWhileSigningIn(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		access, u := f.access(t, "alice"), f.user(t, "alice")
		var session token.Session
		f.while(t, u.ID, func() error { return f.SignOutEverywhere(ctx, f.call(), access) }, func(tx *db.Tx) (err error) {
			session, _, err = token.StartSession(tx, token.NewSession{
				Pool: poolID, Client: f.client, User: u.Sub, AuthTime: f.now, Life: time.Hour,
			}, f.now)
			return err
		})
		var live bool
		must(t, "read", f.env.DB.Read(ctx, func(q *db.Query) (err error) {
			live, err = token.SessionLive(q, poolID, session.ID)
			return err
		}))
		if live {
			t.Error("the session goes on")
		}
	})
}

// Nobody is left behind in a pool that is deleted while they sign up.
func TestDroppedWhileSigningUp(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		done := make(chan error, 1)
		must(t, "drop", f.env.DB.Tx(ctx, func(tx *db.Tx) error {
			if err := userpool.DropPool(tx, poolID); err != nil {
				return err
			}
			go func() {
				_, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: f.by("alice"), Password: goodPass})
				done <- err
			}()
			return f.someoneWaits(tx, done)
		}))
		if err := <-done; err == nil {
			t.Error("alice has signed up")
		}
		var left int64
		must(t, "count", f.env.DB.Row(ctx, `SELECT count(*) FROM env.user_account`).Scan(&left))
		if left != 0 {
			t.Errorf("%d users are left", left)
		}
	})
}
