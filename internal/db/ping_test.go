package db_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/db/dbtest/pgtemp"
	"preamp/internal/errs"
)

func TestPing(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		if err := set.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := set.Ping(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("for a caller that has left: %v", err)
		}
	})
}

// A server that is gone is noticed, and found again when it is back, by the same
// set of databases.
func TestServerComesBack(t *testing.T) {
	if os.Getenv("PREAMP_TEST_STORES") == "sqlite" {
		t.Skip("switched off by PREAMP_TEST_STORES=sqlite")
	}
	server, err := pgtemp.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	lines := testLines()
	set := dbtest.Open(t, db.Config{DatabaseURL: server.URL, Control: lines.Control, Env: lines.Env})
	d := newEnv(t, set, "env1")
	insert(t, d, "a", 1)
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := set.Ping(ctx); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("ping: %v; want Unavailable", err)
	}
	if err := d.Tx(ctx, inserter("b", 1)); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("write: %v; want Unavailable", err)
	}
	if _, err := d.Text(ctx, "SELECT id FROM env.item"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("read: %v; want Unavailable", err)
	}
	if _, _, err := set.Acquire(ctx, "env2"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("open: %v; want Unavailable", err)
	}
	if err := set.Create(ctx, "env3"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("create: %v; want Unavailable", err)
	}
	if err := set.Drop(ctx, "env4"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("drop: %v; want Unavailable", err)
	}
	if err := server.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := set.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	insert(t, d, "c", 1)
	if got := ids(t, d); len(got) != 2 {
		t.Errorf("items %v; want a and c", got)
	}
}
