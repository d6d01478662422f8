package db_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
)

const crashHelper = "PREAMP_TEST_CRASH_DIR"

// writeForever is the process that the test below kills: it makes environments,
// writes to them, and says what was acknowledged.
func writeForever(dir string) {
	ctx := context.Background()
	lines := testLines()
	set, err := db.Open(ctx, db.Config{Dir: dir, Control: lines.Control, Env: lines.Env, MaxOpen: 2})
	for i := 0; err == nil; i++ {
		uid := fmt.Sprintf("%s%d", os.Getenv(crashHelper+"_ROUND"), i)
		if err = set.Create(ctx, uid); err != nil {
			break
		}
		fmt.Println(uid, 0)
		var d *db.DB
		var release func()
		if d, release, err = set.Acquire(ctx, uid); err != nil {
			break
		}
		for n := 1; n <= 5 && err == nil; n++ {
			err = d.Tx(ctx, func(tx *db.Tx) error { // two rows or none
				if err := inserter(fmt.Sprintf("%d-a", n), n)(tx); err != nil {
					return err
				}
				return inserter(fmt.Sprintf("%d-b", n), n)(tx)
			})
			if err == nil {
				fmt.Println(uid, n)
			}
		}
		release()
	}
	fmt.Println("error:", err)
	os.Exit(1)
}

// A process that is killed at any time loses nothing it has acknowledged, and
// leaves no half-made environment.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acknowledged := map[string]int{}
	for round := range 6 {
		writer := exec.Command(os.Args[0])
		writer.Env = append(os.Environ(), crashHelper+"="+dir, fmt.Sprintf("%s_ROUND=r%dn", crashHelper, round))
		out, err := writer.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			uid, text, ok := strings.Cut(lines.Text(), " ")
			var item int
			if _, err := fmt.Sscan(text, &item); err != nil || !ok || uid == "error:" {
				t.Fatalf("the writer said %q", lines.Text())
			}
			acknowledged[uid] = item
			if n == 10 {
				time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = writer.Process.Kill() })
			}
		}
		_ = writer.Wait() // "signal: killed"
	}
	verifyCrash(t, dir, acknowledged)
}

func verifyCrash(t *testing.T, dir string, acknowledged map[string]int) {
	t.Helper()
	lines := testLines()
	set := dbtest.Open(t, db.Config{Dir: dir, Control: lines.Control, Env: lines.Env})
	if len(acknowledged) < 6 {
		t.Fatalf("only %d environments were acknowledged", len(acknowledged))
	}
	for uid, want := range acknowledged {
		d, release, err := set.Acquire(t.Context(), uid)
		if err != nil {
			t.Errorf("%s was acknowledged: %v", uid, err)
			continue
		}
		got := len(ids(t, d))
		if got%2 != 0 || got < 2*want || got > 2*want+2 {
			t.Errorf("%s has %d items, %d transactions of 2 were acknowledged", uid, got, want)
		}
		release()
	}
	// Files that were not acknowledged are whole as well.
	files, err := fs.Glob(os.DirFS(filepath.Join(dir, "env")), "*/*.db")
	if err != nil || len(files) < len(acknowledged) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		uid := strings.TrimSuffix(filepath.Base(f), ".db")
		_, release, err := set.Acquire(t.Context(), uid)
		if err != nil {
			t.Errorf("%s (kind %v): %v", uid, errs.KindOf(err), err)
			continue
		}
		release()
	}
}
