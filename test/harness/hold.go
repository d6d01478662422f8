package harness

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// holdScript holds the write lock of a SQLite database until its standard input
// ends.
const holdScript = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
db.rollback()
`

// HoldCommand is a command that holds the write lock of the SQLite database
// whose path is added to it: it prints "held" and releases the lock when its
// standard input ends. With it whatever the server wants to write there waits: a
// job stays RUNNING, a control transaction cannot begin.
func HoldCommand(t testing.TB) []string {
	t.Helper()
	return []string{PythonWith(t, "sqlite3", "apt-get install python3"), "-c", holdScript}
}

// Hold holds the write lock of a SQLite database until release is called.
func Hold(t testing.TB, path string) (release func()) {
	t.Helper()
	command := append(HoldCommand(t), path)
	cmd := exec.Command(command[0], command[1:]...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("hold %s: printed %q (%v)", path, line, err)
	}
	released := false
	release = func() {
		if !released {
			released = true
			_ = stdin.Close()
			_, _ = io.Copy(io.Discard, stdout)
			_ = cmd.Wait()
		}
	}
	t.Cleanup(release)
	return release
}

// EnvironmentFiles are the SQLite databases of the environments, by path.
func (s *Server) EnvironmentFiles() []string {
	var files []string
	for _, pattern := range []string{"env/*.db", "env/*/*.db"} {
		found, _ := filepath.Glob(filepath.Join(s.Data, pattern))
		files = append(files, found...)
	}
	slices.Sort(files)
	return files
}

// NewEnvironmentFile runs create, which makes one environment, and answers the
// database of it.
func (s *Server) NewEnvironmentFile(t testing.TB, create func()) string {
	t.Helper()
	before := s.EnvironmentFiles()
	create()
	for _, file := range s.EnvironmentFiles() {
		if !slices.Contains(before, file) {
			return file
		}
	}
	t.Fatal("no environment was made")
	return ""
}
