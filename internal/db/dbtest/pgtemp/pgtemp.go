// Package pgtemp starts a throwaway PostgreSQL server from the programs that are
// installed on the machine: data in a temporary folder, a private socket, no
// network. The server and its folder go away with [Server.Stop], and also when
// the process that started it dies in any way.
package pgtemp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the database role of the throwaway server.
const superuser = "preamp"

// startTime bounds the start of the server; initdb alone takes about a second.
const startTime = 60 * time.Second

// watchdog runs the server and outlives the process that started it: when its
// standard input ends, because of Stop or because that process is gone, it stops
// the server and removes the folder. Until then it takes orders.
const watchdog = `
dir=$1; shift
run() { "$@" >>"$dir/server.log" 2>&1 & pid=$!; }
run "$@"
while read -r order; do
	case $order in
	crash) kill -QUIT "$pid"; wait "$pid"; echo down ;;
	start) run "$@" ;;
	esac
done
kill -INT "$pid" 2>/dev/null
wait "$pid"
rm -rf "$dir"
`

// Server is a running throwaway server.
type Server struct {
	// URL is the address of its database "postgres".
	URL string

	dir    string
	dog    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// Start makes and starts a server. The programs are looked for with pg_config,
// in /usr/lib/postgresql and in PATH. settings, as name=value, are those of the
// server that are not to be as small as tests need them.
func Start(ctx context.Context, settings ...string) (s *Server, err error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// Socket addresses are short, so the folder's name is, too.
	dir, err := os.MkdirTemp(tempRoot(), "preamp-pg-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := who.own(dir); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	data := filepath.Join(dir, "data")
	// The new files need not survive a power cut; commits of the server are synced.
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", superuser,
		"-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir = dir
	who.become(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s = &Server{
		URL: "postgres:///postgres?" + url.Values{"host": {dir}, "user": {superuser}}.Encode(),
		dir: dir,
	}
	args := []string{"-c", watchdog, "sh", dir, filepath.Join(bin, "postgres"), "-D", data, "-k", dir}
	for _, setting := range append([]string{"listen_addresses=", "max_connections=200", "shared_buffers=64MB", "max_wal_size=256MB"}, settings...) {
		args = append(args, "-c", setting)
	}
	s.dog = exec.Command("/bin/sh", args...)
	s.dog.Dir = dir
	who.become(s.dog)
	detach(s.dog)
	if s.stdin, err = s.dog.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := s.dog.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.stdout = bufio.NewReader(stdout)
	if err := s.dog.Start(); err != nil {
		return nil, err
	}
	if err := s.wait(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "server.log"))
		return nil, errors.Join(fmt.Errorf("%w\n%s", err, bytes.TrimSpace(log)), s.Stop())
	}
	return s, nil
}

// wait returns when the server answers.
func (s *Server) wait(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL did not start: %w", err)
		}
	}
}

// Crash ends the server at once, without a word to its clients and without
// writing down what is in memory. It returns when no process of it is left.
func (s *Server) Crash() error {
	if _, err := io.WriteString(s.stdin, "crash\n"); err != nil {
		return err
	}
	if line, err := s.stdout.ReadString('\n'); err != nil || line != "down\n" {
		return fmt.Errorf("crash PostgreSQL: answer %q: %w", line, err)
	}
	return nil
}

// Resume starts the server again after Crash, at the same address with the same
// data, and returns when it answers.
func (s *Server) Resume(ctx context.Context) error {
	if _, err := io.WriteString(s.stdin, "start\n"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	return s.wait(ctx)
}

// Stop stops the server and removes its folder.
func (s *Server) Stop() error {
	err := s.stdin.Close()
	if e := s.dog.Wait(); err == nil {
		err = e
	}
	return err
}

// binaries finds the folder of initdb and postgres.
func binaries() (string, error) {
	var folders []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Sort(installed)
	slices.Reverse(installed)
	folders = append(folders, installed...)
	folders = append(folders, filepath.SplitList(os.Getenv("PATH"))...)
	for _, f := range folders {
		if executable(filepath.Join(f, "initdb")) && executable(filepath.Join(f, "postgres")) {
			return f, nil
		}
	}
	return "", errors.New("no PostgreSQL server programs (initdb, postgres) found with pg_config, in /usr/lib/postgresql/*/bin or in PATH")
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
