package script_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"preamp/test/harness"
)

// switched says whether lines that need the AWS CLI are run: unless that suite is
// switched off by name.
func switched(condition string) (bool, error) {
	if condition != "awscli" {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	return !harness.Off("awscli"), nil
}

// snippet writes the one block of code of a page of docs/ that holds a text to a
// file: snippet FILE PAGE TEXT. So scripts run what the page tells to run.
func snippet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: snippet FILE PAGE TEXT")
	}
	page, err := os.ReadFile(filepath.Join(ts.Getenv("EXAMPLES"), "../docs", args[1]))
	ts.Check(err)
	var found []string
	for i, part := range strings.Split("\n"+string(page), "\n```") {
		if i%2 == 1 && strings.Contains(part, args[2]) {
			_, code, _ := strings.Cut(part, "\n") // behind the language
			found = append(found, code+"\n")
		}
	}
	if len(found) != 1 {
		ts.Fatalf("%d blocks of %s hold %q", len(found), args[1], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(found[0]), 0o600))
}
