package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
)

// faults lets a test look at and replace the statements of an environment's
// writer.
type faults struct {
	mu   sync.Mutex
	hook func(sql string) error
	seen []string
}

func (f *faults) set(hook func(sql string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook, f.seen = hook, nil
}

func (f *faults) count(sql string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, s := range f.seen {
		if s == sql {
			n++
		}
	}
	return n
}

func (f *faults) call(path, sql string) error {
	if !strings.Contains(path, "env1") {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, sql)
	if f.hook == nil {
		return nil
	}
	return f.hook(sql)
}

// openLite opens SQLite databases with faults in the writer of environment env1.
func openLite(t *testing.T) (*db.Set, *db.DB, *faults) {
	t.Helper()
	lines := testLines()
	c := db.Config{Dir: t.TempDir(), Control: lines.Control, Env: lines.Env}
	f := &faults{}
	db.SetFault(&c, f.call)
	set := dbtest.Open(t, c)
	return set, newEnv(t, set, "env1"), f
}

// hold keeps the writer busy inside a transaction until release is called, so
// that what is queued meanwhile shares its batch, or the next one.
func hold(t *testing.T, d *db.DB) (release func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) }) // the function may run twice
	done := make(chan error, 1)
	go func() {
		done <- d.Tx(context.Background(), func(*db.Tx) error {
			begin()
			<-end
			return nil
		})
	}()
	<-begun
	return sync.OnceFunc(func() {
		close(end)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// waitQueued returns when n transactions wait.
func waitQueued(t *testing.T, set *db.Set, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); set.Stats().Queued != n; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d transactions wait, want %d", set.Stats().Queued, n)
		}
	}
}

// queued runs transactions that are all in the queue before the first one starts,
// in order, and answers their errors.
func queued(t *testing.T, set *db.Set, d *db.DB, fns ...func(*db.Tx) error) []error {
	t.Helper()
	release := hold(t, d)
	out := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		wg.Go(func() { out[i] = d.Tx(context.Background(), fn) })
		waitQueued(t, set, i+1)
	}
	release()
	wg.Wait()
	return out
}

func TestWaitingMutationsShareACommit(t *testing.T) {
	set, d, f := openLite(t)
	var fns []func(*db.Tx) error
	for i := range 2*db.BatchMutations + 10 {
		fns = append(fns, inserter(fmt.Sprintf("%04d", i), i))
	}
	f.set(nil)
	before := set.Stats()
	for _, err := range queued(t, set, d, fns...) {
		if err != nil {
			t.Fatal(err)
		}
	}
	after := set.Stats()
	// The batch ends after 5 ms, too, so a slow machine makes more commits.
	commits := after.Commits - before.Commits
	if commits < 3 || commits > int64(len(fns))/4 {
		t.Errorf("%d mutations made %d commits", len(fns), commits)
	}
	if n := after.Mutations - before.Mutations; n != int64(len(fns))+1 {
		t.Errorf("%d mutations counted", n)
	}
	if got := ids(t, d); len(got) != len(fns) {
		t.Errorf("%d items", len(got))
	}
}

// Nobody is answered before the commit.
func TestAnswersComeAfterTheCommit(t *testing.T) {
	set, d, f := openLite(t)
	var answered atomic.Int32
	f.set(func(sql string) error {
		if sql == "COMMIT" && answered.Load() != 0 {
			t.Error("a caller was answered before the commit")
		}
		return nil
	})
	release := hold(t, d)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_ = d.Tx(context.Background(), func(tx *db.Tx) error {
				if i%2 == 0 {
					return errors.New("refused")
				}
				return inserter(fmt.Sprint(i), i)(tx)
			})
			answered.Add(1)
		})
	}
	waitQueued(t, set, 20)
	go func() { time.Sleep(time.Millisecond); f.set(nil) }()
	release()
	wg.Wait()
}

func TestFailingMembersHarmNobody(t *testing.T) {
	own := errs.E(errs.Conflict, "no")
	for _, c := range []struct {
		name  string
		fn    func(*db.Tx) error
		check func(error) bool
		rerun bool
	}{
		{"own error", func(tx *db.Tx) error { _ = inserter("x", 1)(tx); return own }, func(err error) bool { return errors.Is(err, own) }, false},
		{"constraint", func(tx *db.Tx) error { _ = inserter("x", 1)(tx); return inserter("a", 1)(tx) }, db.IsUnique, false},
		{"panic", func(tx *db.Tx) error { _ = inserter("x", 1)(tx); panic(7) }, func(err error) bool {
			_, ok := errors.AsType[*db.PanicError](err)
			return ok
		}, false},
		{"panic inside Each", func(tx *db.Tx) error {
			return tx.Each("SELECT id FROM env.item", nil, func(db.Row) error { panic(7) })
		}, func(err error) bool { _, ok := errors.AsType[*db.PanicError](err); return ok }, false},
		{"syntax error", func(tx *db.Tx) error {
			_ = inserter("x", 1)(tx)
			_, err := tx.Exec("INSERT nonsense")
			return err
		}, func(err error) bool { return err != nil && errs.KindOf(err) == errs.Internal }, true},
		{"whole transaction rolled back", func(tx *db.Tx) error {
			// SQLite does this by itself when the disk is full.
			_, err := tx.Exec("INSERT OR ROLLBACK INTO env.item (id) VALUES ('a')")
			return err
		}, db.IsUnique, true},
		{"goexit", func(tx *db.Tx) error { _ = inserter("x", 1)(tx); runtime.Goexit(); return nil }, func(err error) bool { return err != nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, d, _ := openLite(t)
			insert(t, d, "a", 1)
			before := set.Stats()
			got := queued(t, set, d, inserter("b", 1), c.fn, inserter("c", 1), c.fn, inserter("d", 1))
			for i, err := range got {
				if bad := i%2 == 1; bad && !c.check(err) || !bad && err != nil {
					t.Errorf("member %d: %v", i, err)
				}
			}
			if got := ids(t, d); !cmp.Equal(got, []string{"a", "b", "c", "d"}) {
				t.Errorf("items %v", got)
			}
			if n := set.Stats().Reruns - before.Reruns; (n > 0) != c.rerun {
				t.Errorf("%d mutations were run again; want some: %t", n, c.rerun)
			}
			insert(t, d, "e", 1)
		})
	}
}

// A member that failed because of another's rows is judged again when those rows
// were rolled back with the batch.
func TestRerunJudgesAgain(t *testing.T) {
	set, d, _ := openLite(t)
	runs := 0
	first := func(tx *db.Tx) error { // succeeds in the batch, not alone
		if runs++; runs > 1 {
			return errors.New("changed its mind")
		}
		return inserter("x", 1)(tx)
	}
	broken := func(tx *db.Tx) error { _, err := tx.Exec("nonsense"); return err }
	got := queued(t, set, d, first, inserter("x", 2), broken)
	if got[0] == nil || got[1] != nil || got[2] == nil {
		t.Errorf("errors %v; want only the second to succeed", got)
	}
	var n int
	if err := d.Row(t.Context(), "SELECT n FROM env.item WHERE id = 'x'").Scan(&n); err != nil || n != 2 {
		t.Errorf("n = %d, %v", n, err)
	}
}

func TestQueuedCallersCanLeave(t *testing.T) {
	set, d, _ := openLite(t)
	release := hold(t, d)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	ran := false
	err := d.Tx(ctx, func(*db.Tx) error { ran = true; return nil })
	if errs.KindOf(err) != errs.Timeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("past the deadline: %v; want Timeout", err)
	}
	gone, leave := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, leave)
	if err := d.Tx(gone, func(*db.Tx) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	// A caller that leaves must not hurt those behind it.
	done := make(chan error, 1)
	go func() { done <- d.Tx(context.Background(), inserter("a", 1)) }()
	waitQueued(t, set, 3)
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if ran {
		t.Error("the function of a caller that had left was run")
	}
	if n := set.Stats().Queued; n != 0 {
		t.Errorf("%d queued at rest", n)
	}
}

func TestQueueIsBounded(t *testing.T) {
	set, d, _ := openLite(t)
	release := hold(t, d)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range db.QueueLength {
		wg.Go(func() { _ = d.Tx(ctx, func(*db.Tx) error { return nil }) })
	}
	waitQueued(t, set, db.QueueLength)
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if err := d.Tx(short, func(*db.Tx) error { return nil }); errs.KindOf(err) != errs.Timeout {
		t.Errorf("a caller before a full queue: %v; want Timeout", err)
	}
	if n := set.Stats().Queued; n != db.QueueLength {
		t.Errorf("%d queued", n)
	}
	cancel()
	wg.Wait()
}

// What was queued before Close is finished, what comes later is refused.
func TestCloseFinishesTheQueue(t *testing.T) {
	lines := testLines()
	c := db.Config{Dir: t.TempDir(), Control: lines.Control, Env: lines.Env}
	set, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	d := newEnv(t, set, "env1")
	release := hold(t, d)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if err := d.Tx(context.Background(), inserter(fmt.Sprint(i), i)); err != nil {
				t.Error(err)
			}
		})
	}
	waitQueued(t, set, 10)
	closed := make(chan error, 1)
	go func() { closed <- set.Close() }()
	release()
	wg.Wait()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := d.Tx(t.Context(), inserter("late", 1)); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("a write after Close: %v", err)
	}
	if _, err := d.Text(t.Context(), "SELECT 'x'"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("a read after Close: %v", err)
	}
	if err := set.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if got := ids(t, newEnv(t, dbtest.Open(t, c), "env1")); len(got) != 10 {
		t.Errorf("%d items; want 10", len(got))
	}
}
