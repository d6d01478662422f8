package pgtemp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"preamp/internal/db/dbtest/pgtemp"
)

const helper = "PREAMP_TEST_PGTEMP_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helper) != "" {
		serve()
	}
	goleak.VerifyTestMain(m)
}

// serve is a process that starts a server, says where it is and waits to be
// killed.
func serve() {
	s, err := pgtemp.Start(context.Background())
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(s.URL)
	select {}
}

func needPostgres(t *testing.T) {
	t.Helper()
	if os.Getenv("PREAMP_TEST_STORES") == "sqlite" {
		t.Skip("switched off by PREAMP_TEST_STORES=sqlite")
	}
}

// folder is where the server of a URL keeps everything.
func folder(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("host")
}

func ask(t *testing.T, address string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	var fsync, listen string
	if err := c.QueryRow(ctx, "SELECT current_setting('fsync'), current_setting('listen_addresses')").Scan(&fsync, &listen); err != nil {
		return err
	}
	if fsync != "on" || listen != "" {
		t.Errorf("fsync=%s, listen_addresses=%q; want on and no network", fsync, listen)
	}
	return nil
}

func TestStartAndStop(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	s, err := pgtemp.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := ask(t, s.URL); err != nil {
		t.Error(err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder(t, s.URL)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	if err := ask(t, s.URL); err == nil {
		t.Error("the server still answers")
	}
}

// What was committed before a crash is there when the server runs again.
func TestCrashAndResume(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	s, err := pgtemp.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	c, err := pgx.Connect(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), "CREATE TABLE kept AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Crash(); err != nil {
			t.Fatal(err)
		}
		if err := c.Ping(t.Context()); err == nil {
			t.Error("the connection outlived the server")
		}
		if err := ask(t, s.URL); err == nil {
			t.Error("a server that crashed answers")
		}
		if err := s.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c, err = pgx.Connect(t.Context(), s.URL); err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		var n int
		if err := c.QueryRow(t.Context(), "SELECT n FROM kept").Scan(&n); err != nil || n != 7 {
			t.Errorf("%d, %v; want 7", n, err)
		}
	}
}

// A test process that is killed cannot clean up; the server goes away anyway.
func TestStarterIsKilled(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	starter := exec.Command(os.Args[0])
	starter.Env = append(os.Environ(), helper+"=1")
	out, err := starter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address := strings.TrimSpace(line)
	if err != nil || !strings.HasPrefix(address, "postgres://") {
		t.Fatalf("the starter said %q, %v", line, err)
	}
	if err := ask(t, address); err != nil {
		t.Error(err)
	}
	if err := starter.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = starter.Wait() // "signal: killed"
	dir := folder(t, address)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%s is still there", dir)
		}
	}
}

func TestStartIsGivenUp(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := pgtemp.Start(ctx); err == nil {
		t.Error("a server was started for a caller that had left")
		_ = s.Stop()
	}
}
