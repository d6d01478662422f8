package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	if os.Getenv("PREAMP_TEST_STORES") == "sqlite" {
		t.Skip("switched off by PREAMP_TEST_STORES=sqlite")
	}
	out := filepath.Join(t.TempDir(), "url")
	if code := run([]string{"sh", "-c", `echo "$PREAMP_TEST_DATABASE_URL" >"$0"; exit 3`, out}); code != 3 {
		t.Errorf("exit code %d, want the command's 3", code)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	_, dir, ok := strings.Cut(strings.TrimSpace(string(text)), "host=")
	if !ok || !strings.HasPrefix(string(text), "postgres://") {
		t.Fatalf("the command saw the URL %q", text)
	}
	dir, _, _ = strings.Cut(strings.ReplaceAll(dir, "%2F", "/"), "&")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if code := run([]string{"true"}); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestNothingToRun(t *testing.T) {
	t.Parallel()
	if code := run(nil); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}
