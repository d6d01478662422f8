package db_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
)

// openPG opens PostgreSQL databases and a connection beside them, with which a
// test can do what another node or an administrator does.
func openPG(t *testing.T) (c db.Config, d *db.DB, beside *pgx.Conn) {
	t.Helper()
	if os.Getenv("PREAMP_TEST_STORES") == "sqlite" {
		t.Skip("switched off by PREAMP_TEST_STORES=sqlite")
	}
	lines := testLines()
	c = db.Config{DatabaseURL: dbtest.Database(t), Control: lines.Control, Env: lines.Env}
	d = newEnv(t, dbtest.Open(t, c), "env1")
	beside, err := pgx.Connect(t.Context(), c.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = beside.Close(context.Background()) })
	return c, d, beside
}

func execute(t *testing.T, c *pgx.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// failing makes a function in the schema of env1 that fails with a code.
func failing(name, body string) string {
	return `CREATE FUNCTION preamp_e_env1.` + name + `() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` +
		body + ` RETURN NEW; END $$`
}

func TestSerializationFailuresAreRepeated(t *testing.T) {
	_, d, beside := openPG(t)
	execute(t, beside,
		"CREATE SEQUENCE preamp_e_env1.attempts",
		failing("busy", `IF nextval('preamp_e_env1.attempts') <= NEW.n THEN RAISE 'no' USING ERRCODE = '40001'; END IF;`),
		"CREATE TRIGGER busy BEFORE INSERT ON preamp_e_env1.item FOR EACH ROW EXECUTE FUNCTION preamp_e_env1.busy()")
	runs := 0
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		runs++
		return inserter("a", 3)(tx)
	})
	if err != nil || runs != 4 {
		t.Errorf("%d runs, %v; want success at the fourth", runs, err)
	}
	runs = 0
	err = d.Tx(t.Context(), func(tx *db.Tx) error {
		runs++
		_ = inserter("b", 1000)(tx)
		return nil // even when the function ignores it
	})
	if errs.KindOf(err) != errs.Unavailable || runs != 6 {
		t.Errorf("%d runs, %v; want Unavailable after 1 + 5", runs, err)
	}
	if got := ids(t, d); !cmp.Equal(got, []string{"a"}) {
		t.Errorf("items %v", got)
	}
}

func TestDeadlocksAreRepeated(t *testing.T) {
	_, d, _ := openPG(t)
	insert(t, d, "a", 0)
	insert(t, d, "b", 0)
	var wg sync.WaitGroup
	var meet sync.WaitGroup // both have their first row
	meet.Add(2)
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		first := sync.OnceFunc(func() { meet.Done(); meet.Wait() })
		wg.Go(func() {
			err := d.Tx(context.Background(), func(tx *db.Tx) error {
				for _, id := range order {
					if _, err := tx.Exec("UPDATE env.item SET n = n + 1 WHERE id = $1", id); err != nil {
						return err
					}
					first()
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var sum int
	if err := d.Row(t.Context(), "SELECT sum(n)::bigint FROM env.item").Scan(&sum); err != nil || sum != 4 {
		t.Errorf("sum %d, %v; want 4", sum, err)
	}
}

func TestCommitErrors(t *testing.T) {
	for _, c := range []struct {
		name, body string
		kind       errs.Kind
		runs       int
	}{
		// The server ended the connection while it committed: nobody knows.
		{"lost", `PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5);`, errs.Unavailable, 1},
		{"refused", `RAISE 'no' USING ERRCODE = '23514';`, errs.Internal, 1},
		{"serialization", `RAISE 'no' USING ERRCODE = '40001';`, errs.Unavailable, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, d, beside := openPG(t)
			execute(t, beside, failing("late", c.body),
				`CREATE CONSTRAINT TRIGGER late AFTER INSERT ON preamp_e_env1.item DEFERRABLE INITIALLY DEFERRED
				FOR EACH ROW EXECUTE FUNCTION preamp_e_env1.late()`)
			runs := 0
			err := d.Tx(t.Context(), func(tx *db.Tx) error { runs++; return inserter("a", 1)(tx) })
			if errs.KindOf(err) != c.kind || err == nil || runs != c.runs {
				t.Errorf("%d runs, %v; want %d runs and kind %v", runs, err, c.runs, c.kind)
			}
			if unknown := strings.Contains(err.Error(), "unknown"); unknown != (c.name == "lost") {
				t.Errorf("error %v", err)
			}
			if got := ids(t, d); len(got) != 0 {
				t.Errorf("items %v", got)
			}
		})
	}
}

func TestLostConnections(t *testing.T) {
	_, d, beside := openPG(t)
	kill := func() {
		execute(t, beside, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'preamp' AND datname = current_database()")
	}
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		if err := inserter("a", 1)(tx); err != nil {
			return err
		}
		kill()
		return inserter("b", 1)(tx)
	})
	if errs.KindOf(err) != errs.Unavailable {
		t.Errorf("Tx: %v; want Unavailable", err)
	}
	err = d.Read(t.Context(), func(q *db.Query) error {
		if err := q.Row("SELECT 1").Scan(new(int)); err != nil {
			return err
		}
		kill()
		return q.Row("SELECT 1").Scan(new(int))
	})
	if errs.KindOf(err) != errs.Unavailable {
		t.Errorf("Read: %v; want Unavailable", err)
	}
	// An idle connection that was lost is found when it is used; no more than one
	// call per connection may notice.
	for end := time.Now().Add(10 * time.Second); ; {
		err := d.Tx(t.Context(), inserter("c", 1))
		if err == nil {
			break
		}
		if errs.KindOf(err) != errs.Unavailable || time.Now().After(end) {
			t.Fatal(err)
		}
	}
	if got := ids(t, d); !cmp.Equal(got, []string{"c"}) {
		t.Errorf("items %v", got)
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := db.Open(t.Context(), db.Config{DatabaseURL: "postgres://user:hunter2@127.0.0.1:1/db?connect_timeout=1"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v; want an error without the password", err)
	}
	_, err = db.Open(t.Context(), db.Config{DatabaseURL: "postgres://user:hunter2@:bad:/"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v; want an error without the password", err)
	}
}

// A table that changes under a prepared statement must not make a read fail.
func TestChangedResultType(t *testing.T) {
	_, d, beside := openPG(t)
	insert(t, d, "a", 5)
	const read = "SELECT body FROM env.item WHERE id = 'a'"
	calls := map[string]func() error{
		"text": func() error { _, err := d.Text(t.Context(), read); return err },
		"read": func() error {
			return d.Read(t.Context(), func(q *db.Query) error { return q.Row(read).Scan(new(*string)) })
		},
		"tx": func() error {
			return d.Tx(t.Context(), func(tx *db.Tx) error { return tx.Row(read).Scan(new(*string)) })
		},
	}
	types := []string{"varchar(10)", "text"}
	for name, call := range calls {
		if err := call(); err != nil {
			t.Fatal(err)
		}
		for _, to := range types {
			execute(t, beside, "ALTER TABLE preamp_e_env1.item ALTER COLUMN body TYPE "+to)
			if err := call(); err != nil {
				t.Errorf("%s after the change to %s: %v", name, to, err)
			}
		}
	}
}

// Two nodes share the server.
func TestTwoNodes(t *testing.T) {
	c, d, _ := openPG(t)
	other := dbtest.Open(t, c)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := other.Create(t.Context(), "env2"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	e, release, err := other.Acquire(t.Context(), "env1")
	if err != nil {
		t.Fatal(err)
	}
	insert(t, e, "a", 1)
	if got := ids(t, d); !cmp.Equal(got, []string{"a"}) {
		t.Errorf("items %v", got)
	}
	release()
	if err := other.Drop(t.Context(), "env1"); err != nil {
		t.Fatal(err)
	}
	// This node still has a handle; its calls say that the environment is gone.
	if _, err := d.Text(t.Context(), "SELECT id FROM env.item"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("read of an environment that another node dropped: %v; want NotFound", err)
	}
	if err := d.Tx(t.Context(), inserter("b", 1)); errs.KindOf(err) != errs.NotFound {
		t.Errorf("write: %v; want NotFound", err)
	}
	// A table that is missing while the environment exists is a defect.
	f := newEnv(t, other, "env2")
	if _, err := f.Text(t.Context(), "SELECT id FROM env.nothing"); err == nil || errs.KindOf(err) != errs.Internal {
		t.Errorf("a missing table: %v; want an internal error", err)
	}
}

// Create that did not finish left a schema without a digest.
func TestHalfMadeSchema(t *testing.T) {
	c, _, beside := openPG(t)
	set := dbtest.Open(t, c)
	execute(t, beside, "CREATE SCHEMA preamp_e_half",
		"CREATE TABLE preamp_e_half.env_meta (name text PRIMARY KEY, value text NOT NULL)")
	if _, _, err := set.Acquire(t.Context(), "half"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("Acquire: %v; want NotFound", err)
	}
	insert(t, newEnv(t, set, "half"), "a", 1)
}

// A statement that forgets its qualifier must not reach any table.
func TestUnqualifiedTables(t *testing.T) {
	_, d, beside := openPG(t)
	execute(t, beside, "CREATE TABLE public.item (id text)")
	if _, err := d.Text(t.Context(), "SELECT id FROM item"); err == nil || errors.Is(err, db.ErrNoRows) {
		t.Errorf("an unqualified table was read: %v", err)
	}
	execute(t, beside, "DROP TABLE public.item")
}

// describe lists everything in a schema except what must differ.
func describe(t *testing.T, c *pgx.Conn, schema string) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), `
		SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default)
		FROM information_schema.columns WHERE table_schema = $1
		UNION ALL SELECT replace(indexdef, $1::text, '') FROM pg_indexes WHERE schemaname = $1
		ORDER BY 1`, schema)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	rows, err = c.Query(t.Context(), `SELECT format('%s %s', version_id, is_applied) FROM `+schema+`.migration_item
		UNION ALL SELECT name || CASE WHEN name IN ('digest', 'lines') THEN value ELSE '' END FROM `+schema+`.env_meta
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	more, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return append(out, more...)
}

// The first environment is made by goose, the next ones repeat what it did.
func TestReplayedEnvironmentsAreTheSame(t *testing.T) {
	c, _, beside := openPG(t)
	set := dbtest.Open(t, c)
	insert(t, newEnv(t, set, "first"), "a", 1)
	second := newEnv(t, set, "second")
	if got := ids(t, second); len(got) != 0 {
		t.Errorf("the copy has items %v", got)
	}
	insert(t, second, "b", 1)
	one := describe(t, beside, "preamp_e_first")
	for i := range one {
		one[i] = strings.ReplaceAll(one[i], "preamp_e_first", "")
	}
	two := describe(t, beside, "preamp_e_second")
	for i := range two {
		two[i] = strings.ReplaceAll(two[i], "preamp_e_second", "")
	}
	if diff := cmp.Diff(one, two); diff != "" || len(one) < 10 {
		t.Errorf("%d facts, difference %s", len(one), diff)
	}
	var uid string
	if err := beside.QueryRow(t.Context(), "SELECT value FROM preamp_e_second.env_meta WHERE name = 'uid'").Scan(&uid); err != nil || uid != "second" {
		t.Errorf("uid %q, %v", uid, err)
	}
	c.Env = []db.Line{line("item", envTable, addColumn)}
	if err := dbtest.Open(t, c).Create(t.Context(), "second"); err != nil {
		t.Errorf("upgrade: %v", err)
	}
}

// What cannot be repeated in one transaction is run by goose every time.
func TestMigrationsOutsideOfTransactions(t *testing.T) {
	c, _, _ := openPG(t)
	c.Env = []db.Line{{Name: "item", FS: fstest.MapFS{
		"postgres/0001_a.sql": {Data: []byte("-- +goose Up\n" + `CREATE TABLE env.item (id text COLLATE "C" PRIMARY KEY, n bigint NOT NULL);`)},
		"postgres/0002_b.sql": {Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY item_n ON env.item (n);")},
	}}}
	set := dbtest.Open(t, c)
	for _, uid := range []string{"first", "second", "third"} {
		insert(t, newEnv(t, set, uid), "a", 1)
	}
}
