package schemafile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/schemafile"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOneFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(folder(t, map[string]string{"s.graphql": "type A\ntype B"}), "s.graphql")
	text, err := schemafile.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	if text.Content != "type A\ntype B" {
		t.Errorf("%q: the text must be pushed as it is", text.Content)
	}
	if got := text.Locate("2:6: B: no"); got != name+":2:6: B: no" {
		t.Error(got)
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"b.graphql": "type B {\n  x: Int\n}\n", "a.graphql": "type A", "empty.graphql": "",
		"sub/c.graphql": "type C\n", "notes.md": "type D",
	})
	text, err := schemafile.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("type A\ntype B {\n  x: Int\n}\ntype C\n", text.Content); d != "" {
		t.Error(d)
	}
	for in, want := range map[string]string{
		"1:6: x":                 "a.graphql:1:6: x",
		"2:1: x":                 "b.graphql:1:1: x",
		"4:1: x":                 "b.graphql:3:1: x",
		"5:6: x":                 "sub/c.graphql:1:6: x",
		"99:1: beyond the end":   "sub/c.graphql:95:1: beyond the end",
		"0:1: before the start":  "a.graphql:0:1: before the start",
		"1:6: x\n5:6: y":         "a.graphql:1:6: x\nsub/c.graphql:1:6: y",
		"internal error at 1:6:": "internal error at 1:6:",
		"":                       "",
	} {
		got := strings.ReplaceAll(text.Locate(in), dir+string(filepath.Separator), "")
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if n := len(text.Files()); n != 4 {
		t.Errorf("%d files", n)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"none/x.md": "x", "blank.graphql": " \n", "large.graphql": strings.Repeat("#", schemafile.MaxSize+1),
	})
	for name, want := range map[string]string{
		"missing.graphql": "no such file", "none": "holds no *.graphql file", "blank.graphql": "is empty", "large.graphql": "is larger than",
	} {
		if _, err := schemafile.Read(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLocate(f *testing.F) {
	dir := f.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name+".graphql"), []byte("x\ny"), 0o644); err != nil {
			f.Fatal(err)
		}
	}
	text, err := schemafile.Read(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("3:1: x")
	f.Add("9999999999:1: x")
	f.Fuzz(func(t *testing.T, message string) {
		if got := text.Locate(message); len(got) < len(message)-8 || strings.Count(got, "\n") != strings.Count(message, "\n") {
			t.Errorf("%q from %q", got, message)
		}
	})
}
