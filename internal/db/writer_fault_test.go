package db_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/errs"
)

var errDisk = errors.New("injected: disk I/O error")

// A failed COMMIT is an unknown outcome for everyone in the batch; the handle is
// reopened and checked before the next write.
func TestFailedCommit(t *testing.T) {
	set, d, f := openLite(t)
	insert(t, d, "a", 1)
	f.set(func(sql string) error {
		if sql == "COMMIT" {
			return errDisk
		}
		return nil
	})
	own := errors.New("refused")
	release := hold2(t, d)
	var wg sync.WaitGroup
	results := make([]error, 3)
	for i, fn := range []func(*db.Tx) error{inserter("b", 1), func(*db.Tx) error { return own }, inserter("c", 1)} {
		wg.Go(func() { results[i] = d.Tx(context.Background(), fn) })
		waitQueued(t, set, i+1)
	}
	if err := release(); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("first of the batch: %v; want Unavailable", err)
	}
	wg.Wait()
	for i, err := range results {
		// Even the refusal may be based on rows that are not there.
		if errs.KindOf(err) != errs.Unavailable {
			t.Errorf("member %d: %v; want Unavailable", i, err)
		}
	}
	if n := set.Stats().Poisoned; n == 0 {
		t.Error("the handle was not poisoned")
	}
	f.set(nil)
	insert(t, d, "d", 1)
	if got := ids(t, d); !cmp.Equal(got, []string{"a", "d"}) {
		t.Errorf("items %v; want a and d", got)
	}
}

// hold2 is hold for a transaction that may fail.
func hold2(t *testing.T, d *db.DB) (release func() error) {
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
	return func() error { close(end); return <-done }
}

// The commit may have reached the disk although it was reported as failed.
func TestFailedCommitThatHappened(t *testing.T) {
	_, d, f := openLite(t)
	f.set(func(sql string) error {
		if sql == "COMMIT" {
			return db.Committed(errDisk)
		}
		return nil
	})
	if err := d.Tx(t.Context(), inserter("a", 1)); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("%v; want Unavailable", err)
	}
	f.set(nil)
	insert(t, d, "b", 1)
	if got := ids(t, d); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("items %v", got)
	}
}

// A handle that cannot be reopened refuses writes and still serves reads.
func TestReopenFails(t *testing.T) {
	_, d, f := openLite(t)
	insert(t, d, "a", 1)
	damaged := true
	f.set(func(sql string) error {
		if sql == "COMMIT" || damaged && sql == "quick_check" {
			return errDisk
		}
		return nil
	})
	for range 3 {
		if err := d.Tx(t.Context(), inserter("b", 1)); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("%v; want Unavailable", err)
		}
	}
	if n := f.count("quick_check"); n != 1 {
		t.Errorf("the damaged file was checked %d times at once", n)
	}
	if got := ids(t, d); !cmp.Equal(got, []string{"a"}) {
		t.Errorf("items %v", got)
	}
	f.set(nil)
	for end := time.Now().Add(10 * time.Second); ; {
		err := d.Tx(t.Context(), inserter("b", 1))
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	if got := ids(t, d); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("items %v", got)
	}
}

// Errors of the statements around a mutation are errors of the batch, not of one
// caller.
func TestFaultsAroundMembers(t *testing.T) {
	for _, sql := range []string{"BEGIN IMMEDIATE", "SAVEPOINT m", "RELEASE m", "ROLLBACK TO m", "ROLLBACK"} {
		t.Run(sql, func(t *testing.T) {
			set, d, f := openLite(t)
			release := hold2(t, d)
			own := errors.New("refused")
			var wg sync.WaitGroup
			results := make([]error, 4)
			for i, fn := range []func(*db.Tx) error{
				inserter("a", 1), func(tx *db.Tx) error { _ = inserter("x", 1)(tx); return own }, inserter("b", 1),
				func(tx *db.Tx) error { _, err := tx.Exec("nonsense"); return err },
			} {
				wg.Go(func() { results[i] = d.Tx(context.Background(), fn) })
				waitQueued(t, set, i+1)
			}
			once := true
			f.set(func(got string) error {
				if got == sql && once {
					once = false
					return errDisk
				}
				return nil
			})
			_ = release() // may be the one that is hit
			wg.Wait()
			want := []string{}
			for i, id := range []string{0: "a", 2: "b"} {
				if id != "" && results[i] == nil {
					want = append(want, id)
				}
			}
			if results[1] == nil || results[3] == nil {
				t.Errorf("errors %v", results)
			}
			if got := ids(t, d); !cmp.Equal(got, want) {
				t.Errorf("items %v, acknowledged %v", got, want)
			}
			insert(t, d, "z", 1)
		})
	}
}

// A full disk fails the mutation that needs room, with an error that may pass;
// the others of its batch and those after it go on.
func TestFullDisk(t *testing.T) {
	set, d, _ := openLite(t)
	pragma := func(text string) {
		t.Helper()
		err := d.Tx(t.Context(), func(tx *db.Tx) error { return tx.Row("PRAGMA " + text).Scan(new(int)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	insert(t, d, "a", 1)
	pragma("max_page_count = 1") // the smallest that the present size allows
	large := func(tx *db.Tx) error {
		_, err := tx.Exec("UPDATE env.item SET raw = zeroblob(1000000)")
		return err
	}
	got := queued(t, set, d, inserter("b", 1), large, inserter("c", 1))
	if got[0] != nil || errs.KindOf(got[1]) != errs.Unavailable || got[2] != nil {
		t.Errorf("errors %v; want only the large one Unavailable", got)
	}
	if got := ids(t, d); !cmp.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("items %v", got)
	}
	pragma("max_page_count = 1000000")
	if err := d.Tx(t.Context(), large); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

// A commit that found no space is as unknown as any other that failed, but the
// file is not read through before the next one.
func TestFullDiskAtCommit(t *testing.T) {
	set, d, f := openLite(t)
	insert(t, d, "a", 1)
	pragma := func(tx *db.Tx, text string) error { return tx.Row("PRAGMA " + text).Scan(new(int)) }
	// The error itself, as SQLite makes it.
	var full error
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		if err := pragma(tx, "max_page_count = 1"); err != nil {
			return err
		}
		_, full = tx.Exec("UPDATE env.item SET raw = zeroblob(1000000)")
		return nil
	})
	if full == nil || errs.KindOf(err) != errs.Unavailable {
		t.Fatalf("%v, %v; want a full disk", full, err)
	}
	for _, tc := range []struct {
		name   string
		err    error
		checks int
	}{{"full", full, 0}, {"broken", errDisk, 1}} {
		f.set(func(sql string) error {
			if sql == "COMMIT" {
				return tc.err
			}
			return nil
		})
		before, poisoned := f.count("quick_check"), set.Stats().Poisoned
		if err := d.Tx(t.Context(), inserter(tc.name, 1)); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("%s: %v; want Unavailable", tc.name, err)
		}
		if n := set.Stats().Poisoned - poisoned; n != 1 {
			t.Errorf("%s: %d commits of unknown outcome, want one", tc.name, n)
		}
		f.set(nil)
		if err := d.Tx(t.Context(), inserter("after "+tc.name, 1)); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if n := f.count("quick_check") - before; n != tc.checks {
			t.Errorf("%s: the file was checked %d times, want %d", tc.name, n, tc.checks)
		}
	}
	if got := ids(t, d); !cmp.Equal(got, []string{"a", "after broken", "after full"}) {
		t.Errorf("items %v", got)
	}
}

func TestErrorsOfFiles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		kind errs.Kind
	}{
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, errs.Unavailable},
		{fmt.Errorf("sync: %w", syscall.EIO), errs.Unavailable},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}, errs.Unavailable},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.ENOTDIR}, errs.Internal},
		{errDisk, errs.Internal},
	} {
		if got := errs.KindOf(db.LiteError(tc.err)); got != tc.kind {
			t.Errorf("%v: %v, want %v", tc.err, got, tc.kind)
		}
	}
	if db.LiteError(nil) != nil {
		t.Error("no error became one")
	}
}
