package db_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"preamp/internal/db"
)

// Kinds of transactions that the model test mixes into batches.
var memberKinds = []string{"put", "put", "put", "create", "delete", "refuse", "panic", "fault", "swallow", "goexit"}

// member is one random transaction and what it must do.
type member struct {
	kind, id string
	n        int
}

// run is the transaction function.
func (m member) run(tx *db.Tx) error {
	put := func() error {
		_, err := tx.Exec(`INSERT INTO env.item (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = excluded.n`, m.id, m.n)
		return err
	}
	switch m.kind {
	case "put":
		return put()
	case "create":
		return inserter(m.id, m.n)(tx)
	case "delete":
		_, err := tx.Exec("DELETE FROM env.item WHERE id = $1", m.id)
		return err
	}
	if err := put(); err != nil { // none of the others may leave a trace
		return err
	}
	switch m.kind {
	case "panic":
		panic(m.id)
	case "fault":
		_, err := tx.Exec("nonsense")
		return err
	case "swallow":
		_, _ = tx.Exec("INSERT INTO env.item (id) VALUES ($1)", m.id)
		return nil
	case "goexit":
		runtime.Goexit()
	}
	return errors.New("refused")
}

// apply is the same on a map; it reports success.
func (m member) apply(state map[string]int) bool {
	_, exists := state[m.id]
	switch {
	case m.kind == "put", m.kind == "create" && !exists:
		state[m.id] = m.n
	case m.kind == "delete":
		delete(state, m.id)
	default:
		return false
	}
	return true
}

// Whatever waits together in the queue, the outcome is that of one transaction
// after the other, and each caller hears its own.
func TestBatchesMatchAModel(t *testing.T) {
	set, d, _ := openLite(t)
	rapid.Check(t, func(r *rapid.T) {
		err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec("DELETE FROM env.item"); return err })
		if err != nil {
			r.Fatal(err)
		}
		members := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) member {
			return member{
				kind: rapid.SampledFrom(memberKinds).Draw(r, "kind"),
				id:   rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "id"),
				n:    rapid.IntRange(0, 9).Draw(r, "n"),
			}
		}), 1, 12).Draw(r, "members")
		var fns []func(*db.Tx) error
		for _, m := range members {
			fns = append(fns, m.run)
		}
		want := map[string]int{}
		for i, err := range queued(t, set, d, fns...) {
			if ok := members[i].apply(want); ok != (err == nil) {
				r.Fatalf("member %d %+v: error %v; want success %t", i, members[i], err, ok)
			}
		}
		got := map[string]int{}
		err = d.Read(t.Context(), func(q *db.Query) error {
			return q.Each("SELECT id, n FROM env.item", nil, func(row db.Row) error {
				var id string
				var n int
				err := row.Scan(&id, &n)
				got[id] = n
				return err
			})
		})
		if err != nil || !maps.Equal(got, want) {
			r.Fatalf("items %v, %v; want %v", got, err, want)
		}
	})
}

// Readers beside writers see whole transactions only: two rows that are always
// changed together are always equal.
func TestReadersSeeWholeTransactions(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		insert(t, d, "a", 0)
		insert(t, d, "b", 0)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for ctx.Err() == nil {
					seen := map[int]bool{}
					err := d.Read(t.Context(), func(q *db.Query) error {
						clear(seen)
						for _, id := range []string{"a", "b"} {
							var n int
							if err := q.Row("SELECT n FROM env.item WHERE id = $1", id).Scan(&n); err != nil {
								return err
							}
							seen[n] = true
						}
						return nil
					})
					if err != nil || len(seen) != 1 {
						t.Errorf("a reader saw %v, %v", slices.Sorted(maps.Keys(seen)), err)
						return
					}
				}
			})
		}
		for i := range 60 {
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				for _, id := range []string{"a", "b"} {
					if _, err := tx.Exec("UPDATE env.item SET n = n + 1 WHERE id = $1", id); err != nil {
						return err
					}
				}
				if i%3 == 0 {
					return errors.New("refused")
				}
				return nil
			})
			if (err != nil) != (i%3 == 0) {
				t.Errorf("write %d: %v", i, err)
			}
		}
		stop()
		wg.Wait()
	})
}

// A foreign key is checked when its statement ends; a statement that also answers
// a row must be run to its end for that.
func TestForeignKeysOfReturningStatements(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec("CREATE TABLE env.child (id bigint PRIMARY KEY, item text REFERENCES env.item (id))")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		insert(t, d, "a", 1)
		const add = "INSERT INTO env.child (id, item) VALUES ($1, $2) RETURNING id"
		for i, c := range []struct {
			name string
			args []any
			ok   bool
		}{
			{"there", []any{1, "a"}, true},
			{"not there", []any{2, "x"}, false},
		} {
			calls := []func(tx *db.Tx) error{
				func(tx *db.Tx) error { return tx.Row(add, c.args...).Scan(new(int)) },
				func(tx *db.Tx) error {
					c.args[0] = 10 + i
					return tx.Each(add, c.args, func(r db.Row) error { return r.Scan(new(int)) })
				},
			}
			for n, call := range calls {
				if err := d.Tx(t.Context(), call); (err == nil) != c.ok {
					t.Errorf("%s, call %d: %v", c.name, n, err)
				}
			}
		}
		var n int
		if err := d.Row(t.Context(), "SELECT count(*) FROM env.child").Scan(&n); err != nil || n != 2 {
			t.Errorf("%d rows, %v; want 2", n, err)
		}
	})
}

// What the durability of acknowledged writes rests on.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		relaxed bool
		want    string
	}{
		{"default", false, "synchronous=2"},
		{"relaxed", true, "synchronous=1"},
	} {
		lines := testLines()
		config := db.Config{Dir: t.TempDir(), Control: lines.Control, Env: lines.Env, Relaxed: c.relaxed}
		set := openSet(t, config)
		for name, d := range map[string]*db.DB{"control": set.Control(), "environment": newEnv(t, set, "env1")} {
			var got []string
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				got = nil
				for _, p := range []string{"synchronous", "journal_mode", "foreign_keys"} {
					var v any
					if err := tx.Row("PRAGMA " + p).Scan(&v); err != nil {
						return err
					}
					got = append(got, fmt.Sprintf("%s=%v", p, v))
				}
				return nil
			})
			if want := []string{c.want, "journal_mode=wal", "foreign_keys=1"}; err != nil || !cmp.Equal(got, want) {
				t.Errorf("%s, %s: %v, %v; want %v", c.name, name, got, err, want)
			}
		}
	}
}

func openSet(t *testing.T, c db.Config) *db.Set {
	t.Helper()
	set, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	})
	return set
}

func TestDialectNames(t *testing.T) {
	t.Parallel()
	got := strings.Join([]string{db.SQLite.String(), db.Postgres.String(), db.Dialect(0).String()}, " ")
	if got != "sqlite postgres unknown" {
		t.Error(got)
	}
}
