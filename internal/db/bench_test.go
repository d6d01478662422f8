package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	_ "modernc.org/sqlite"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
)

const benchRows = 10_000

// eachStore runs a benchmark on both stores with benchRows items.
func eachStore(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	lines := testLines()
	for _, store := range []string{"sqlite", "postgres"} {
		b.Run(store, func(b *testing.B) {
			c := db.Config{Dir: b.TempDir(), Control: lines.Control, Env: lines.Env}
			if store == "postgres" {
				c.DatabaseURL = dbtest.Database(b)
			}
			d := newEnv(b, dbtest.Open(b, c), "env1")
			fill(b, d)
			fn(b, d)
		})
	}
}

func fill(b *testing.B, d *db.DB) {
	b.Helper()
	err := d.Tx(b.Context(), func(tx *db.Tx) error {
		for i := range benchRows {
			_, err := tx.Exec("INSERT INTO env.item (id, n, body) VALUES ($1, $2, $3)", key(i), i, body)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

const body = `{"id":"0000000-0000-4000-8000-000000000000","title":"a title of some length","done":false,"n":12}`

func key(i int) string { return fmt.Sprintf("id-%08d", i%benchRows) }

const getItem = "SELECT body FROM env.item WHERE id = $1"

func BenchmarkText(b *testing.B) {
	eachStore(b, func(b *testing.B, d *db.DB) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		b.Run("1", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := d.Text(ctx, getItem, key(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("32", func(b *testing.B) {
			parallel(b, 32, func(i int) error {
				_, err := d.Text(ctx, getItem, key(i))
				return err
			})
		})
	})
}

// parallel runs fn with n callers.
func parallel(b *testing.B, n int, fn func(i int) error) {
	b.Helper()
	b.SetParallelism(max(1, n/2))
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := fn(int(next.Add(1))); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	eachStore(b, func(b *testing.B, d *db.DB) {
		var body string
		for i := 0; b.Loop(); i++ {
			err := d.Read(b.Context(), func(q *db.Query) error {
				return q.Row(getItem, key(i)).Scan(&body)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkTx(b *testing.B) {
	eachStore(b, func(b *testing.B, d *db.DB) {
		write := func(i int) error {
			return d.Tx(b.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec("UPDATE env.item SET n = n + 1 WHERE id = $1", key(i))
				return err
			})
		}
		b.Run("1", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := write(i); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("32", func(b *testing.B) { parallel(b, 32, write) })
	})
}

// BenchmarkRaw is the same through database/sql on the same driver, for
// comparison: a pool of four connections, one commit and fsync per write.
func BenchmarkRaw(b *testing.B) {
	path := filepath.Join(b.TempDir(), "raw.db")
	pool, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(4)
	if _, err := pool.Exec("CREATE TABLE item (id text PRIMARY KEY, n bigint NOT NULL, body text)"); err != nil {
		b.Fatal(err)
	}
	for i := range benchRows {
		if i == 0 {
			if _, err := pool.Exec("PRAGMA synchronous=OFF"); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := pool.Exec("INSERT INTO item VALUES ($1, $2, $3)", key(i), i, body); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := pool.Exec("PRAGMA synchronous=FULL"); err != nil {
		b.Fatal(err)
	}
	get, err := pool.Prepare("SELECT body FROM item WHERE id = $1")
	if err != nil {
		b.Fatal(err)
	}
	defer get.Close()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	read := func(i int) error {
		var s string
		return get.QueryRowContext(ctx, key(i)).Scan(&s)
	}
	write := func(i int) error {
		_, err := pool.ExecContext(ctx, "UPDATE item SET n = n + 1 WHERE id = $1", key(i))
		return err
	}
	for name, fn := range map[string]func(int) error{"text": read, "tx": write} {
		b.Run(name+"/1", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := fn(i); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/32", func(b *testing.B) { parallel(b, 32, fn) })
	}
}

// BenchmarkCreate makes environments, and opens them cold and warm.
func BenchmarkCreate(b *testing.B) {
	lines := testLines()
	for range 3 {
		lines.Env = append(lines.Env, line(fmt.Sprintf("more%d", len(lines.Env)),
			manyTables(len(lines.Env))))
	}
	for _, store := range []string{"sqlite", "postgres"} {
		b.Run(store, func(b *testing.B) {
			c := db.Config{Dir: b.TempDir(), Control: lines.Control, Env: lines.Env}
			if store == "postgres" {
				c.DatabaseURL = dbtest.Database(b)
			}
			set := dbtest.Open(b, c)
			uid := func(i int) string { return fmt.Sprintf("env%d", i) }
			if err := set.Create(b.Context(), "first"); err != nil {
				b.Fatal(err)
			}
			made := 0
			b.Run("create", func(b *testing.B) {
				for b.Loop() {
					if err := set.Create(b.Context(), uid(made)); err != nil {
						b.Fatal(err)
					}
					made++
				}
			})
			db.LimitHandles(set, 1)
			b.Run("open", func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					d, release, err := set.Acquire(b.Context(), uid(i%made))
					if err != nil {
						b.Fatal(err)
					}
					if _, err := d.Text(b.Context(), "SELECT 'x'"); err != nil {
						b.Fatal(err)
					}
					release()
				}
			})
			b.Run("warm", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, release, err := set.Acquire(b.Context(), uid(0))
					if err != nil {
						b.Fatal(err)
					}
					release()
				}
			})
		})
	}
}

// manyTables is a migration with several tables and indexes.
func manyTables(n int) string {
	var text strings.Builder
	for i := range 2 {
		fmt.Fprintf(&text, "CREATE TABLE env.t%d_%d (id @text PRIMARY KEY, a @text, b bigint);\n"+
			"CREATE INDEX t%d_%d_a ON env.t%d_%d (a, b);\n", n, i, n, i, n, i)
	}
	return text.String()
}
