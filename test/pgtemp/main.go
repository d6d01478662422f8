// Command pgtemp runs a command with a throwaway PostgreSQL server whose address
// is in PREAMP_TEST_DATABASE_URL, and removes the server afterwards. Its exit
// code is the command's.
//
//	go run ./test/pgtemp go test ./...
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"preamp/internal/db/dbtest/pgtemp"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) (code int) {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pgtemp command [argument...]")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := pgtemp.Start(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
		return 1
	}
	defer func() {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtemp:", err)
			code = max(code, 1)
		}
	}()
	// A signal reaches the command first; it has time to end by itself.
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Env = append(os.Environ(), "PREAMP_TEST_DATABASE_URL="+server.URL)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
			return exit.ExitCode()
		}
		fmt.Fprintln(os.Stderr, "pgtemp:", err)
		return 1
	}
	return 0
}
