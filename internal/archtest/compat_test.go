package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"preamp/internal/identitypool/wire"
	"preamp/internal/userpool/idp"
)

// suites are the folders behind the names that docs/compat calls suites; all other
// names are those of packages.
var suites = map[string]string{
	"boto3": "test/conformance/boto3", "awscli": "test/conformance/awscli", "sdkjs": "test/conformance/aws-sdk-js",
	"amplifyjs": "test/conformance/amplify-js", "amplify5": "test/conformance/amplify5-js", "cognitojs": "test/conformance/cognito-js",
	"wire": "test/conformance/wire", "browser": "test/hostedui",
}

var (
	goTest     = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z]\w*)\(`)
	pythonTest = regexp.MustCompile(`(?m)^\s*def (test_\w+)\(`)
	scriptTest = regexp.MustCompile("(?m)^\\s*test\\((?:\"([^\"\\n]*)\"|`([^`\\n]*)`),")
	inTitle    = regexp.MustCompile(`\$\{[^}]*\}`)
	// mention is a name in backticks, with the suite in front of it or in it.
	mention   = regexp.MustCompile("(?:\\b([a-z][a-z0-9]*): )?`(?:([a-z][a-z0-9]*): )?([^`]+)`")
	goName    = regexp.MustCompile(`^(?:Test|Fuzz|Benchmark)[A-Z]\w*`)
	pyName    = regexp.MustCompile(`^test_\w+$`)
	fileName  = regexp.MustCompile(`^[\w-]+(?:\.test\.mjs|\.py|_test\.go|\.txtar)$`)
	operation = regexp.MustCompile(`(?m)^\| ([A-Z][A-Za-z]+) \|`)
)

// tests is what a folder has: the names of its functions, and the titles of tests
// in JavaScript, some with a part that is made when they run.
type tests struct {
	names  map[string]bool
	titles []*regexp.Regexp
}

func (x tests) have(name string) bool {
	if x.names[name] {
		return true
	}
	for _, title := range x.titles {
		if title.MatchString(name) {
			return true
		}
	}
	return false
}

// testsOf are the tests of the tree by folder, and by the last part of it.
func testsOf(t *testing.T) map[string][]tests {
	t.Helper()
	byDir := map[string]tests{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "node_modules" || strings.HasPrefix(name, ".") && len(name) > 2 {
				return filepath.SkipDir
			}
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil || !fileName.MatchString(name) && !strings.HasSuffix(name, "_test.go") {
			return err
		}
		if strings.HasSuffix(name, ".txtar") {
			dir = "test/script"
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		x, ok := byDir[dir]
		if !ok {
			x.names = map[string]bool{}
		}
		x.names[name] = true
		for _, re := range []*regexp.Regexp{goTest, pythonTest} {
			for _, m := range re.FindAllSubmatch(text, -1) {
				x.names[string(m[1])] = true
			}
		}
		for _, m := range scriptTest.FindAllSubmatch(text, -1) {
			parts := inTitle.Split(string(m[1])+string(m[2]), -1)
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			x.titles = append(x.titles, regexp.MustCompile("^"+strings.Join(parts, ".+")+"$"))
		}
		byDir[dir] = x
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]tests{}
	for dir, x := range byDir {
		out[filepath.Base(dir)] = append(out[filepath.Base(dir)], x)
	}
	for suite, dir := range suites {
		x, ok := byDir[dir]
		if !ok {
			t.Errorf("suite %s: no tests in %s", suite, dir)
		}
		out[suite] = []tests{x}
	}
	return out
}

// compatNames are the tests that a line of a page names: those of a suite or a
// package stay with it until the line names another one. Subtests are not looked for:
// some take their names from files.
func compatNames(line string, is func(suite string) bool, found func(suite, name string)) {
	suite := ""
	for _, m := range mention.FindAllStringSubmatch(line, -1) {
		for _, s := range m[1:3] {
			if s != "" && is(s) {
				suite = s
			}
		}
		name := m[3]
		switch {
		case goName.MatchString(name):
			found(suite, goName.FindString(name))
		case pyName.MatchString(name), fileName.MatchString(name):
			found(suite, name)
		case suite == "sdkjs" || suite == "amplifyjs" || suite == "amplify5" || suite == "cognitojs" || suite == "browser":
			found(suite, name)
		}
	}
}

// Every test that docs/compat names is there: a claim whose test was renamed or
// removed is a claim without one.
func TestCompatNamesTests(t *testing.T) {
	t.Parallel()
	have := testsOf(t)
	pages, err := filepath.Glob(filepath.Join(root, "docs/compat/*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for i, line := range strings.Split(string(text), "\n") {
			is := func(suite string) bool { return len(have[suite]) > 0 }
			compatNames(line, is, func(suite, name string) {
				count++
				for folder, list := range have {
					for _, x := range list {
						if (suite == "" || folder == suite) && x.have(name) {
							return
						}
					}
				}
				t.Errorf("%s:%d: no test %q of %q", filepath.Base(page), i+1, name, suite)
			})
		}
		if count == 0 && filepath.Base(page) != "README.md" {
			t.Errorf("%s names no test", page)
		}
	}
}

func TestCompatNames(t *testing.T) {
	t.Parallel()
	is := func(suite string) bool { return suite == "exec" || suite == "sdkjs" }
	for _, tc := range []struct{ name, line, want string }{
		{"package inside", "| `exec: TestA/case`, `TestB` |", "exec TestA, exec TestB"},
		{"suite in front", "exec: `TestA`; sdkjs: `a title`, `another, too`", "exec TestA, sdkjs a title, sdkjs another, too"},
		{"no suite", "`TestA` of `test_x`, `test_y.py`", " TestA,  test_x,  test_y.py"},
		{"code is no test", "`{\"a\": 1}` text: `exec/TestA`, `TestB`", " TestB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			compatNames(tc.line, is, func(suite, name string) { got = append(got, suite+" "+name) })
			if s := strings.Join(got, ", "); s != tc.want {
				t.Errorf("got %q, want %q", s, tc.want)
			}
		})
	}
}

// docs/compat/cognito.md has a row for each operation.
func TestCompatOperations(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs/compat/cognito.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, m := range operation.FindAllSubmatch(text, -1) {
		rows[string(m[1])] = true
	}
	pools, identities := idp.Actions(idp.Unavailable{}), wire.Actions(wire.Unavailable{})
	if len(pools) != 122 || len(identities) != 23 {
		t.Fatalf("%d and %d operations", len(pools), len(identities))
	}
	for _, a := range append(pools, identities...) {
		if !rows[a.Name] {
			t.Errorf("no row for %s", a.Name)
		}
	}
}
