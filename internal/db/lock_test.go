package db_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
)

const lockHelper = "PREAMP_TEST_LOCK_DIR"

// holdDirectory is the second process of the test below: it opens the data
// directory, waits and ends as abruptly as in a crash.
func holdDirectory(dir string) {
	lines := testLines()
	_, err := db.Open(context.Background(), db.Config{Dir: dir, Control: lines.Control, Env: lines.Env})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("open")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(0)
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), lockHelper+"="+dir)
	stdin, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || said != "open\n" {
		t.Fatalf("the other process said %q, %v", said, err)
	}
	lines := testLines()
	c := db.Config{Dir: dir, Control: lines.Control, Env: lines.Env}
	_, err = db.Open(t.Context(), c)
	if want := fmt.Sprintf("process %d", other.Process.Pid); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("second process: %v; want an error that names %s", err, want)
	}
	// `preamp keys` works beside it, on the control database only.
	shared := c
	shared.Shared = true
	set, err := db.Open(t.Context(), shared)
	if err != nil {
		t.Fatal(err)
	}
	err = set.Control().Tx(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec("INSERT INTO ctl.item (id) VALUES ('a')")
		return err
	})
	if err != nil {
		t.Errorf("write beside a running server: %v", err)
	}
	if err := set.Create(t.Context(), "env1"); err == nil {
		t.Error("an environment was made beside a running server")
	}
	if _, _, err := set.Acquire(t.Context(), "env1"); err == nil {
		t.Error("an environment was opened beside a running server")
	}
	if err := set.Close(); err != nil {
		t.Error(err)
	}
	if _, err := db.Open(t.Context(), c); err == nil {
		t.Error("closing the shared set has ended the server's lock")
	}
	if err := stdin.Close(); err != nil {
		t.Error(err)
	}
	if err := other.Wait(); err != nil {
		t.Error(err)
	}
	// The lock has ended with its process, although the file is there.
	set = dbtest.Open(t, c)
	if text, err := os.ReadFile(filepath.Join(dir, "node.lock")); err != nil || string(text) != fmt.Sprintln(os.Getpid()) {
		t.Errorf("node.lock contains %q, %v", text, err)
	}
	var n int
	if err := set.Control().Row(t.Context(), "SELECT count(*) FROM ctl.item").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := db.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("twice in one process: %v", err)
	}
}

// `preamp keys` may be the first to open a store, also while a server starts.
func TestSharedMakesTheStore(t *testing.T) {
	lines := testLines()
	dbtest.EachConfig(t, db.Config{Control: lines.Control, Env: lines.Env}, func(t *testing.T, c db.Config) {
		shared := c
		shared.Shared = true
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				set, err := db.Open(t.Context(), shared)
				if err != nil {
					t.Error(err)
					return
				}
				err = set.Control().Tx(t.Context(), func(tx *db.Tx) error {
					_, err := tx.Exec("INSERT INTO ctl.item (id) VALUES ('a') ON CONFLICT (id) DO UPDATE SET n = item.n + 1")
					return err
				})
				if err := errors.Join(err, set.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var n int
		err := dbtest.Open(t, c).Control().Row(t.Context(), "SELECT n FROM ctl.item").Scan(&n)
		if err != nil || n != 2 {
			t.Errorf("n = %d, %v; want 2", n, err)
		}
	})
}

// Beside a running server of another version, its schema stays as it is.
func TestSharedDoesNotUpgrade(t *testing.T) {
	dbtest.EachConfig(t, db.Config{}, func(t *testing.T, c db.Config) {
		old, next := c, c
		old.Control = []db.Line{line("control", controlTable)}
		next.Control = []db.Line{line("control", controlTable, strings.ReplaceAll(addColumn, "env.", "ctl."))}
		next.Shared = true
		dbtest.Open(t, old)
		set := dbtest.Open(t, next)
		if err := set.Control().Row(t.Context(), "SELECT extra FROM ctl.item").Scan(new(int)); err == nil || errors.Is(err, db.ErrNoRows) {
			t.Errorf("the schema was upgraded beside a running server: %v", err)
		}
	})
}
