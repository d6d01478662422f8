package db_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
)

// Another process that holds the write lock is waited for, within the caller's
// deadline; then the answer is Timeout, because nothing has begun.
func TestAnotherProcessWrites(t *testing.T) {
	t.Parallel()
	c := db.Config{Dir: t.TempDir(), Control: []db.Line{line("item", controlTable)}}
	set, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = set.Close() })
	other, err := sql.Open("sqlite", filepath.Join(c.Dir, "control.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	write := func(ctx context.Context) error {
		return set.Control().Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO ctl.item (id, n) VALUES ($1, 1)`, time.Now().String())
			return err
		})
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := write(short); errs.KindOf(err) != errs.Timeout {
		t.Errorf("Tx while another process writes: %v (%v), want Timeout", err, errs.KindOf(err))
	}
	done := make(chan error, 1)
	go func() { done <- write(context.Background()) }()
	select {
	case err := <-done:
		t.Errorf("Tx did not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if _, err := other.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Tx after the other process was done: %v", err)
	}
}
