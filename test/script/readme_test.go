package script_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"preamp/test/harness"
)

var block = regexp.MustCompile("(?ms)^```(sh|python)\n(.*?)^```$")

// TestReadme runs the commands of README.md as they are printed, in one shell,
// in a folder that looks like a clone in which `make run` was called.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples/todo"), os.DirFS("../../examples/todo")); err != nil {
		t.Fatal(err)
	}
	binary, err := filepath.Abs(harness.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(dir, "bin", "preamp")); err != nil {
		t.Fatal(err)
	}
	s := harness.DevOn(t, binary, filepath.Join(dir, ".preamp"), "--schema", filepath.Join(dir, "examples/todo/schema.graphql"))
	s.Start(t)

	var script strings.Builder
	script.WriteString("set -eu\n")
	ran := 0
	for _, b := range block.FindAllStringSubmatch(string(readme), -1) {
		language, text := b[1], b[2]
		switch {
		case strings.HasPrefix(text, "make "):
			continue // what make builds and runs is what this test is about
		case strings.HasPrefix(text, "cd examples/notes"):
			continue // test/hostedui drives that app in a browser
		case language == "python":
			if harness.Off("boto3") {
				continue
			}
			python := harness.PythonWith(t, "boto3", "apt-get install python3-boto3 (or pip install boto3)")
			text = python + " - <<'END_OF_BLOCK'\n" + text + "END_OF_BLOCK\n"
		case strings.Contains(text, "aws --endpoint-url") && harness.Off("awscli"):
			continue
		}
		ran++
		script.WriteString("echo '== block'\n" + text + "echo\n")
	}
	if ran < 4 {
		t.Fatalf("README.md has only %d blocks to run: has its form changed?", ran)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script.String())
	cmd.Dir = dir
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "AWS_") && !strings.HasPrefix(entry, "PREAMP_") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\nof\n%s", err, out, script.String())
	}
	for line := range strings.Lines(string(out)) {
		var answer map[string]any
		if json.Unmarshal([]byte(line), &answer) != nil {
			continue
		}
		if answer["errors"] != nil || answer["message"] != nil || answer["__type"] != nil {
			t.Errorf("a call of README.md fails: %s", line)
		}
	}
	for _, want := range []string{`"createTodo":`, `"listTodos":`, `"appId":`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in the output of README.md's commands:\n%s", want, out)
		}
	}
}
