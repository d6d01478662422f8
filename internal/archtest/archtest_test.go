package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite modules.txt")

const (
	root = "../.."
	// maxLines is where a file has certainly become two; the aim is 400.
	maxLines = 800
)

func goList(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return out
}

func load(t *testing.T) (module string, pkgs []pkg) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(goList(t, "-json=ImportPath,Doc,Imports,GoFiles,Module", "./...")))
	for {
		var p struct {
			ImportPath, Doc  string
			Imports, GoFiles []string
			Module           struct{ Path string }
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return module, pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		module = p.Module.Path
		pkgs = append(pkgs, pkg{Path: strings.TrimPrefix(p.ImportPath, module+"/"), Doc: p.Doc, GoFiles: p.GoFiles, Imports: p.Imports})
	}
}

func layers(t *testing.T) *rules {
	t.Helper()
	f, err := os.Open("layers.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := parseRules(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLayers(t *testing.T) {
	t.Parallel()
	module, pkgs := load(t)
	for _, breach := range layers(t).check(module, pkgs) {
		t.Error(breach)
	}
}

// TestSources reads the files themselves: their length, and clocks and chance in
// pure packages that an import does not show.
func TestSources(t *testing.T) {
	t.Parallel()
	r := layers(t)
	_, pkgs := load(t)
	for _, p := range pkgs {
		for _, name := range p.GoFiles {
			path := filepath.Join(root, p.Path, name)
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, breach := range checkSource(p.Path+"/"+name, src, slices.Contains(r.pure, p.Path)) {
				t.Error(breach)
			}
		}
	}
}

func checkSource(name string, src []byte, pure bool) (out []string) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return []string{err.Error()}
	}
	if n := bytes.Count(src, []byte("\n")); n > maxLines && !ast.IsGenerated(f) {
		out = append(out, fmt.Sprintf("%s has %d lines, more than %d: split it", name, n, maxLines))
	}
	if !pure {
		return out
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "Tick"}, s.Sel.Name) {
			out = append(out, fmt.Sprintf("%s: a pure package reads the clock: time.%s", fset.Position(s.Pos()), s.Sel.Name))
		}
		return true
	})
	return out
}

var dependencyRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")

// TestDependencies makes a new dependency a decision: each module that go.mod
// requires directly has its line in docs/dependencies.md, and the modules linked
// into the binary are those of modules.txt.
func TestDependencies(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join(root, "docs/dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	required := strings.Fields(string(goList(t, "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all")))
	var documented []string
	for _, row := range dependencyRow.FindAllStringSubmatch(strings.Split(string(doc), "## Tools")[0], -1) {
		documented = append(documented, row[1])
	}
	for _, m := range required {
		if !slices.Contains(documented, m) {
			t.Errorf("docs/dependencies.md has no line for %s: why, licence, what it drags in, how we would leave it", m)
		}
	}
	for _, m := range documented {
		if !slices.Contains(required, m) {
			t.Errorf("docs/dependencies.md has a line for %s, which go.mod does not require", m)
		}
	}
	linked := strings.Fields(string(goList(t, "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./cmd/preamp")))
	slices.Sort(linked)
	got := strings.Join(slices.Compact(linked), "\n") + "\n"
	if *update {
		if err := os.WriteFile("modules.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("modules.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the modules linked into the binary have changed; if that is meant, run `make generate`.\nwas:\n%snow:\n%s", want, got)
	}
}

// TestBreachesAreFound is the control of TestLayers: each rule, broken.
func TestBreachesAreFound(t *testing.T) {
	t.Parallel()
	const text = `
0 base: errs
1 platform: db dbtest keys
2 feature: a b pure g/x g/y
7 check: test/...
allow keys -> db
allow g/* -> g/*
pure pure
testonly dbtest
ban log except cmd/*
ban github.com/jackc/pgx/v5 except db
`
	base := []pkg{{Path: "errs"}, {Path: "db"}, {Path: "dbtest"}, {Path: "keys"}, {Path: "a"}, {Path: "b"}, {Path: "pure"}, {Path: "g/x"}, {Path: "g/y"}}
	tests := []struct {
		name string
		pkg  pkg
		want string // part of the only breach; empty: none
	}{
		{name: "down", pkg: pkg{Path: "a", Imports: []string{"m/db", "m/errs", "fmt"}}},
		{name: "up", pkg: pkg{Path: "db", Imports: []string{"m/a"}}, want: "db (rank 1) imports a (rank 2)"},
		{name: "sideways", pkg: pkg{Path: "a", Imports: []string{"m/b"}}, want: "a (rank 2) imports b (rank 2)"},
		{name: "allowed sideways", pkg: pkg{Path: "keys", Imports: []string{"m/db"}}},
		{name: "not the other way", pkg: pkg{Path: "db", Imports: []string{"m/keys"}}, want: "db (rank 1) imports keys"},
		{name: "inside a folder", pkg: pkg{Path: "g/x", Imports: []string{"m/g/y"}}},
		{name: "out of the folder", pkg: pkg{Path: "g/x", Imports: []string{"m/a"}}, want: "g/x (rank 2) imports a"},
		{name: "test support", pkg: pkg{Path: "a", Imports: []string{"m/dbtest"}}, want: "only tests may import"},
		{name: "pure", pkg: pkg{Path: "pure", Imports: []string{"os"}}, want: "pure is pure and must not import os"},
		{name: "ban", pkg: pkg{Path: "a", Imports: []string{"log"}}, want: "a must not import log"},
		{name: "a longer name is not banned", pkg: pkg{Path: "a", Imports: []string{"log/slog"}}},
		{name: "below a banned module", pkg: pkg{Path: "a", Imports: []string{"github.com/jackc/pgx/v5/pgconn"}}, want: "must not import github.com/jackc/pgx/v5/pgconn"},
		{name: "exception", pkg: pkg{Path: "db", Imports: []string{"github.com/jackc/pgx/v5"}}},
		{name: "unlisted", pkg: pkg{Path: "c"}, want: "c is in no layer"},
		{name: "below a tree", pkg: pkg{Path: "test/x/y", Imports: []string{"m/a"}}},
		{name: "no comment", pkg: pkg{Path: "a", GoFiles: []string{"a.go"}}, want: "a has no package comment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := parseRules(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			pkgs := slices.DeleteFunc(slices.Clone(base), func(p pkg) bool { return p.Path == tt.pkg.Path })
			got := r.check("m", append(pkgs, tt.pkg))
			if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("%q", got)
			}
		})
	}
	r, err := parseRules(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.check("m", base[1:]); len(got) != 1 || !strings.Contains(got[0], "lists errs, which does not exist") {
		t.Errorf("%q", got)
	}
}

func TestSourceBreachesAreFound(t *testing.T) {
	t.Parallel()
	clock := "package p\n\nimport \"time\"\n\nvar t = time.Now()\n"
	long := "package p\n" + strings.Repeat("\n", maxLines)
	for _, tt := range []struct {
		name, src string
		pure      bool
		want      int
	}{
		{"clock in a pure package", clock, true, 1},
		{"clock elsewhere", clock, false, 0},
		{"long", long, false, 1},
		{"long but generated", "// Code generated by x. DO NOT EDIT.\n\n" + long, false, 0},
	} {
		if got := checkSource("p.go", []byte(tt.src), tt.pure); len(got) != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestRulesAreStrict(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x base: a", "1 base a", "1 base:", "allow a", "allow -> b", "allow a ->", "ban", "ban a b", "1 x: a a"} {
		if _, err := parseRules(strings.NewReader(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
