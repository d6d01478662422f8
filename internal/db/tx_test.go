package db_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/errs"
)

func TestTxCommitsAndReads(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		ctx := t.Context()
		err := d.Tx(ctx, func(tx *db.Tx) error {
			n, err := tx.Exec("INSERT INTO env.item (id, n) VALUES ($1, $2), ($3, $4)", "a", 1, "b", 2)
			if err != nil || n != 2 {
				t.Errorf("insert changed %d rows, %v; want 2", n, err)
			}
			var sum int
			if err := tx.Query().Row("SELECT sum(n) FROM env.item").Scan(&sum); err != nil || sum != 3 {
				t.Errorf("own rows inside: sum %d, %v; want 3", sum, err)
			}
			var id string
			err = tx.Row("UPDATE env.item SET n = n + 1 WHERE n = $1 RETURNING id", 2).Scan(&id)
			if err != nil || id != "b" {
				t.Errorf("returning: %q, %v; want b", id, err)
			}
			if tx.Dialect() != d.Dialect() || tx.Query().Dialect() != d.Dialect() {
				t.Error("the transaction has another dialect")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(t, d); !cmp.Equal(got, []string{"a", "b"}) {
			t.Errorf("items %v", got)
		}
		var n int64
		if err := d.Row(ctx, "SELECT n FROM env.item WHERE id = $1", "b").Scan(&n); err != nil || n != 3 {
			t.Errorf("n = %d, %v; want 3", n, err)
		}
	})
}

func TestErrorRollsBack(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		insert(t, d, "a", 1)
		own := errs.E(errs.Conflict, "no")
		for _, c := range []struct {
			name string
			fn   func(tx *db.Tx) error
			ok   func(err error) bool
		}{
			{"own error", func(tx *db.Tx) error {
				if err := inserter("x", 1)(tx); err != nil {
					return err
				}
				return own
			}, func(err error) bool { return errors.Is(err, own) }},
			{"unique violation", func(tx *db.Tx) error {
				if err := inserter("x", 1)(tx); err != nil {
					return err
				}
				return inserter("a", 1)(tx)
			}, db.IsUnique},
			{"not null violation", func(tx *db.Tx) error {
				_, err := tx.Exec("INSERT INTO env.item (id, n) VALUES ($1, NULL)", "x")
				return err
			}, func(err error) bool { return err != nil && !db.IsUnique(err) && errs.KindOf(err) == errs.Internal }},
			{"no such table", func(tx *db.Tx) error {
				if err := inserter("x", 1)(tx); err != nil {
					return err
				}
				_, err := tx.Exec("INSERT INTO env.nothing (id) VALUES ($1)", "x")
				return err
			}, func(err error) bool { return err != nil && errs.KindOf(err) == errs.Internal }},
			{"swallowed error", func(tx *db.Tx) error {
				if err := inserter("a", 1)(tx); err == nil {
					t.Error("inserted twice")
				}
				if err := inserter("x", 1)(tx); !db.IsUnique(err) {
					t.Errorf("statement after a failed one: %v; want its error", err)
				}
				return nil
			}, db.IsUnique},
			{"unique violation made a conflict", func(tx *db.Tx) error {
				if err := inserter("a", 1)(tx); db.IsUnique(err) {
					return own
				}
				return nil
			}, func(err error) bool { return errors.Is(err, own) }},
			{"argument of a wrong type", func(tx *db.Tx) error {
				_, err := tx.Exec("INSERT INTO env.item (id) VALUES ($1)", time.Now())
				return err
			}, func(err error) bool { return err != nil }},
			{"panic", func(tx *db.Tx) error {
				_ = inserter("x", 1)(tx)
				panic("boom")
			}, func(err error) bool {
				p, ok := errors.AsType[*db.PanicError](err)
				return ok && p.Value == "boom" && strings.Contains(err.Error(), "tx_test.go")
			}},
			{"panic inside Each", func(tx *db.Tx) error {
				return tx.Each("SELECT id FROM env.item", nil, func(db.Row) error { panic("boom") })
			}, func(err error) bool { _, ok := errors.AsType[*db.PanicError](err); return ok }},
			{"error inside Each", func(tx *db.Tx) error {
				return tx.Each("SELECT id FROM env.item", nil, func(db.Row) error { return own })
			}, func(err error) bool { return errors.Is(err, own) }},
		} {
			t.Run(c.name, func(t *testing.T) {
				if err := d.Tx(t.Context(), c.fn); !c.ok(err) {
					t.Errorf("error %v (kind %v)", err, errs.KindOf(err))
				}
				if got := ids(t, d); !cmp.Equal(got, []string{"a"}) {
					t.Errorf("items %v; want only a", got)
				}
			})
		}
	})
}

func TestNoRows(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		ctx := t.Context()
		var s string
		const none = "SELECT id FROM env.item WHERE id = $1"
		if err := d.Row(ctx, none, "x").Scan(&s); !errors.Is(err, db.ErrNoRows) {
			t.Errorf("Row: %v", err)
		}
		if _, err := d.Text(ctx, none, "x"); !errors.Is(err, db.ErrNoRows) {
			t.Errorf("Text: %v", err)
		}
		err := d.Read(ctx, func(q *db.Query) error { return q.Row(none, "x").Scan(&s) })
		if !errors.Is(err, db.ErrNoRows) {
			t.Errorf("Read: %v", err)
		}
		// No row is not a failure: the transaction goes on.
		err = d.Tx(ctx, func(tx *db.Tx) error {
			if err := tx.Row(none, "x").Scan(&s); !errors.Is(err, db.ErrNoRows) {
				t.Errorf("Tx: %v", err)
			}
			return inserter("x", 1)(tx)
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestText(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		ctx := t.Context()
		err := d.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO env.item (id, body) VALUES ($1, $2), ('n', NULL), ('e', '')", "a", `{"ü":1}`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		const q = "SELECT body FROM env.item WHERE id = $1"
		if got, err := d.Text(ctx, q, "a"); err != nil || string(got) != `{"ü":1}` {
			t.Errorf("text %q, %v", got, err)
		}
		if got, err := d.Text(ctx, q, "n"); err != nil || got != nil {
			t.Errorf("NULL: %q, %v; want nil", got, err)
		}
		if got, err := d.Text(ctx, q, "e"); err != nil || got == nil || len(got) != 0 {
			t.Errorf("empty text: %#v, %v; want empty, not nil", got, err)
		}
	})
}

func TestReadIsOneSnapshot(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		insert(t, d, "a", 1)
		err := d.Read(t.Context(), func(q *db.Query) error {
			var before, after int
			const count = "SELECT count(*) FROM env.item"
			if err := q.Row(count).Scan(&before); err != nil {
				return err
			}
			insert(t, d, "b", 1)
			if err := q.Row(count).Scan(&after); err != nil {
				return err
			}
			if before != 1 || after != 1 {
				t.Errorf("counted %d, then %d; want 1 twice", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(t, d); len(got) != 2 {
			t.Errorf("afterwards %v", got)
		}
	})
}

func TestReadersCannotWrite(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		const write = "INSERT INTO env.item (id) VALUES ('x') RETURNING id"
		var id string
		if err := d.Row(t.Context(), write).Scan(&id); err == nil && d.Dialect() == db.SQLite {
			t.Error("Row wrote")
		}
		err := d.Read(t.Context(), func(q *db.Query) error { return q.Row(write).Scan(&id) })
		if err == nil {
			t.Error("Read wrote")
		}
	})
}

func TestValuesCompareWithCase(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		for _, id := range []string{"a", "A", "B", "é", "É", "z"} {
			insert(t, d, id, 1)
		}
		for _, c := range []struct {
			name, where string
			want        []string
		}{
			{"equal", "id = 'a'", []string{"a"}},
			{"in", "id IN ('A', 'É')", []string{"A", "É"}},
			{"like", "id LIKE 'a%'", []string{"a"}},
			{"greater", "id > 'Z'", []string{"a", "z", "É", "é"}},
		} {
			got := []string{}
			err := d.Read(t.Context(), func(q *db.Query) error {
				return q.Each("SELECT id FROM env.item WHERE "+c.where+" ORDER BY id", nil, func(r db.Row) error {
					var id string
					err := r.Scan(&id)
					got = append(got, id)
					return err
				})
			})
			if err != nil || !cmp.Equal(got, c.want) {
				t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
			}
		}
	})
}

func TestStatementsEndWithTheirFunction(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		var tx *db.Tx
		var q *db.Query
		_ = d.Tx(t.Context(), func(in *db.Tx) error { tx = in; return nil })
		_ = d.Read(t.Context(), func(in *db.Query) error { q = in; return nil })
		var n int
		if _, err := tx.Exec("DELETE FROM env.item"); err == nil {
			t.Error("Exec ran after the transaction")
		}
		if err := tx.Row("SELECT 1").Scan(&n); err == nil {
			t.Error("Row ran after the transaction")
		}
		if err := q.Each("SELECT 1", nil, func(db.Row) error { return nil }); err == nil {
			t.Error("Each ran after the read")
		}
	})
}

func TestNestedStatementsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		insert(t, d, "a", 1)
		inner := func(q *db.Query) func(db.Row) error {
			return func(db.Row) error {
				var n int
				if err := q.Row("SELECT count(*) FROM env.item").Scan(&n); err == nil {
					t.Error("a statement ran inside Each")
				}
				return nil
			}
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			if err := tx.Each("SELECT id FROM env.item", nil, inner(tx.Query())); err != nil {
				return err
			}
			return inserter("b", 1)(tx) // the transaction is good
		})
		if err != nil {
			t.Error(err)
		}
		err = d.Read(t.Context(), func(q *db.Query) error {
			return q.Each("SELECT id FROM env.item", nil, inner(q))
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// slow is a statement that runs for minutes unless it is stopped.
const slow = `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000000000)
	SELECT CAST(sum(i) AS text) FROM c`

func TestReadsEndWithTheirContext(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		calls := map[string]func(ctx context.Context) error{
			"text": func(ctx context.Context) error { _, err := d.Text(ctx, slow); return err },
			"read": func(ctx context.Context) error {
				return d.Read(ctx, func(q *db.Query) error { return q.Row(slow).Scan(new(string)) })
			},
		}
		for name, call := range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			begun := time.Now()
			err := call(ctx)
			cancel()
			if errs.KindOf(err) != errs.Timeout || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s past its deadline: %v; want Timeout", name, err)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("%s took %v", name, took)
			}
			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			if err := call(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s cancelled: %v", name, err)
			}
			cancel()
		}
		insert(t, d, "a", 1) // the handle is as good as before
		if got := ids(t, d); len(got) != 1 {
			t.Errorf("items %v", got)
		}
	})
}

func TestStartedTxRunsToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := d.Tx(ctx, func(tx *db.Tx) error {
			cancel()
			return inserter("a", 1)(tx)
		})
		if err != nil {
			t.Errorf("a transaction whose caller left after its start: %v", err)
		}
		if err := d.Tx(ctx, inserter("b", 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("a transaction whose caller left before its start: %v", err)
		}
		if got := ids(t, d); !cmp.Equal(got, []string{"a"}) {
			t.Errorf("items %v; want a", got)
		}
	})
}

// Concurrent read-modify-write transactions lose nothing when the condition is in
// the statement.
func TestConcurrentWriters(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set, d *db.DB) {
		insert(t, d, "sum", 0)
		var wg sync.WaitGroup
		const callers, rounds = 16, 20
		for c := range callers {
			wg.Go(func() {
				for r := range rounds {
					err := d.Tx(t.Context(), func(tx *db.Tx) error {
						if _, err := tx.Exec("UPDATE env.item SET n = n + 1 WHERE id = 'sum'"); err != nil {
							return err
						}
						if r%4 == 3 {
							return inserter("sum", 0)(tx) // fails and takes the update back
						}
						return nil
					})
					if failed := r%4 == 3; failed != db.IsUnique(err) || !failed && err != nil {
						t.Errorf("caller %d round %d: %v", c, r, err)
					}
				}
			})
		}
		wg.Wait()
		var n int
		if err := d.Row(t.Context(), "SELECT n FROM env.item WHERE id = 'sum'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if want := callers * rounds * 3 / 4; n != want {
			t.Errorf("sum %d, want %d", n, want)
		}
		s := set.Stats()
		if s.Queued != 0 {
			t.Errorf("%d transactions queued at rest", s.Queued)
		}
		if s.Mutations < callers*rounds*3/4 || s.Commits == 0 || s.Commits > s.Mutations {
			t.Errorf("stats %+v", s)
		}
	})
}
