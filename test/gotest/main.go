// Command gotest runs `go test -json` with its arguments, prints the result line
// of each top-level test, the whole output of those that failed, and the result
// of each package, and fails when a test was skipped that nobody switched off by
// name: a suite that does not run must not look like one that passed.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// switchedOff is what the reason of a legitimate skip begins with.
const switchedOff = "switched off by "

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
	// The signal of a terminal reaches go test too; it ends first.
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	skipped, err := report(out, os.Stdout)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		if _, failed := errors.AsType[*exec.ExitError](err); !failed {
			fmt.Fprintln(os.Stderr, "gotest:", err)
		}
		os.Exit(1)
	}
	if len(skipped) > 0 {
		fmt.Printf("FAIL: skipped, and not switched off by name:\n  %s\n", strings.Join(skipped, "\n  "))
		os.Exit(1)
	}
}

type event struct {
	Action, Package, Test, Output string
}

// report prints events as they come and answers the tests that were skipped.
func report(in io.Reader, w io.Writer) (skipped []string, err error) {
	lines := bufio.NewReaderSize(in, 1<<20)
	output := map[string][]string{} // of a top-level test, until its result is known
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil { // go itself speaking
				fmt.Fprint(w, string(line))
			} else {
				skipped = append(skipped, e.handle(w, output)...)
			}
		}
		if errors.Is(err, io.EOF) {
			return skipped, nil
		}
		if err != nil {
			return skipped, err
		}
	}
}

func (e event) handle(w io.Writer, output map[string][]string) (skipped []string) {
	top, _, isSub := strings.Cut(e.Test, "/")
	key := e.Package + "\x00" + top
	switch {
	case e.Action == "build-output":
		fmt.Fprint(w, e.Output)
	case e.Test == "" && e.Action == "output":
		if text := e.Output; text != "PASS\n" && !strings.HasPrefix(text, "=== ") {
			fmt.Fprint(w, text)
		}
	case e.Action == "output":
		output[key] = append(output[key], e.Output)
		if !isSub && strings.HasPrefix(e.Output, "--- PASS") {
			fmt.Fprint(w, e.Output)
		}
	case e.Action == "skip" && e.Test != "":
		name := e.Package + " " + e.Test
		if text := strings.Join(output[key], ""); strings.Contains(text, switchedOff) {
			fmt.Fprintf(w, "--- SKIP: %s: switched off by name\n", name)
		} else {
			skipped = append(skipped, name)
		}
	}
	if !isSub && e.Test != "" && slices.Contains([]string{"pass", "fail", "skip"}, e.Action) {
		if e.Action == "fail" {
			fmt.Fprint(w, strings.Join(output[key], ""))
		}
		delete(output, key)
	}
	return skipped
}
