package db_test

import (
	"strings"
	"testing"

	"preamp/internal/db"
)

// An answer over the bound fails its statement and nothing after it.
func TestLargeAnswers(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		ctx := t.Context()
		repeat := "SELECT replace(printf('%.*c', $1, 'x'), 'y', '')"
		if d.Dialect() == db.Postgres {
			repeat = "SELECT repeat('x', $1::int)"
		}
		for range 2 {
			text, err := d.Text(ctx, repeat, db.MaxValue-1000)
			if err != nil || len(text) != db.MaxValue-1000 {
				t.Errorf("a text below the bound: %d bytes, %v", len(text), err)
			}
			if _, err := d.Text(ctx, repeat, db.MaxValue+1); !db.IsTooLarge(err) {
				t.Errorf("a text over the bound: %v", err)
			}
			err = d.Tx(ctx, func(tx *db.Tx) error {
				var text string
				return tx.Row(repeat, db.MaxValue+1).Scan(&text)
			})
			if !db.IsTooLarge(err) {
				t.Errorf("a text over the bound in a transaction: %v", err)
			}
			if text, err := d.Text(ctx, "SELECT 'x'"); err != nil || string(text) != "x" {
				t.Errorf("afterwards: %s %v", text, err)
			}
		}
		if db.IsTooLarge(nil) || db.IsTooLarge(db.ErrNoRows) {
			t.Error("another error counts as too large")
		}
		if _, err := d.Text(ctx, "SELECT "+strings.Repeat("(", 3)); err == nil || db.IsTooLarge(err) {
			t.Errorf("a syntax error: %v", err)
		}
	})
}
