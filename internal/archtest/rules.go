package archtest

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// rules is layers.txt.
type rules struct {
	rank     map[string]int // exact packages
	trees    map[string]int // "dir/..." without the dots
	allow    [][2]string
	pure     []string
	testonly []string
	bans     []ban
}

type ban struct {
	path   string // a package or module path; what is below it is meant too
	except []string
}

// parseRules reads layers.txt.
func parseRules(r io.Reader) (*rules, error) {
	out := &rules{rank: map[string]int{}, trees: map[string]int{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if err := out.line(words); err != nil {
			return nil, fmt.Errorf("layers.txt:%d: %w", n, err)
		}
	}
	return out, lines.Err()
}

func (r *rules) line(words []string) error {
	switch words[0] {
	case "allow":
		i := slices.Index(words, "->")
		if i < 2 || i == len(words)-1 {
			return fmt.Errorf("an allow line is: allow FROM... -> TO..., with packages on both sides")
		}
		for _, from := range words[1:i] {
			for _, to := range words[i+1:] {
				r.allow = append(r.allow, [2]string{from, to})
			}
		}
	case "pure":
		r.pure = append(r.pure, words[1:]...)
	case "testonly":
		r.testonly = append(r.testonly, words[1:]...)
	case "ban":
		b := ban{}
		switch {
		case len(words) == 2:
		case len(words) > 3 && words[2] == "except":
			b.except = words[3:]
		default:
			return fmt.Errorf("want: ban PATH [except PACKAGE...]")
		}
		b.path = words[1]
		r.bans = append(r.bans, b)
	default:
		rank, err := strconv.Atoi(words[0])
		if err != nil || len(words) < 3 || !strings.HasSuffix(words[1], ":") {
			return fmt.Errorf("a rank line is: RANK NAME: PACKAGE..., with at least one package")
		}
		for _, p := range words[2:] {
			set := r.rank
			if tree, ok := strings.CutSuffix(p, "/..."); ok {
				p, set = tree, r.trees
			}
			if _, twice := set[p]; twice {
				return fmt.Errorf("%s is listed twice", p)
			}
			set[p] = rank
		}
	}
	return nil
}

// rankOf is the rank of a package.
func (r *rules) rankOf(p string) (int, bool) {
	if rank, ok := r.rank[p]; ok {
		return rank, true
	}
	for tree, rank := range r.trees {
		if within(p, tree) {
			return rank, true
		}
	}
	return 0, false
}

func (r *rules) allows(from, to string) bool {
	return slices.ContainsFunc(r.allow, func(a [2]string) bool { return matches(a[0], from) && matches(a[1], to) })
}

// matches reports whether a package is meant by a pattern; "dir/*" means dir and
// what lies below it.
func matches(pattern, p string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/*"); ok {
		return within(p, dir)
	}
	return pattern == p
}

// within reports whether p is dir or below it.
func within(p, dir string) bool {
	rest, ok := strings.CutPrefix(p, dir)
	return ok && (rest == "" || rest[0] == '/')
}

// pkg is what the checks need to know of a package, with paths relative to the
// module.
type pkg struct {
	Path    string
	Doc     string
	GoFiles []string
	// Imports of non-test files, those of this module relative to it.
	Imports []string
}

// check returns every breach of the rules.
func (r *rules) check(module string, pkgs []pkg) []string {
	var out []string
	fail := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	exists := map[string]bool{}
	for _, p := range pkgs {
		exists[p.Path] = true
	}
	for _, list := range [][]string{slices.Sorted(maps.Keys(r.rank)), r.pure, r.testonly} {
		for _, p := range list {
			if !exists[p] {
				fail("layers.txt lists %s, which does not exist", p)
			}
		}
	}
	for _, p := range pkgs {
		rank, listed := r.rankOf(p.Path)
		if !listed {
			fail("%s is in no layer: give it a rank in layers.txt", p.Path)
			continue
		}
		if len(p.GoFiles) > 0 && p.Doc == "" {
			fail("%s has no package comment", p.Path)
		}
		for _, path := range p.Imports {
			if to, ours := strings.CutPrefix(path, module+"/"); ours {
				r.checkImport(p.Path, rank, to, fail)
				continue
			}
			r.checkForeign(p.Path, path, fail)
		}
	}
	return out
}

func (r *rules) checkImport(from string, rank int, to string, fail func(string, ...any)) {
	toRank, listed := r.rankOf(to)
	if listed && toRank >= rank && !r.allows(from, to) {
		fail("%s (rank %d) imports %s (rank %d): imports point down; a feature gets what it needs of another through its Config", from, rank, to, toRank)
	}
	if slices.Contains(r.testonly, to) && !slices.Contains(r.testonly, from) {
		fail("%s imports %s, which only tests may import", from, to)
	}
}

// impure are the imports that give a package an effect, a clock or chance.
var impure = []string{"os", "os/exec", "net", "net/http", "database/sql", "crypto/rand", "math/rand", "math/rand/v2", "syscall", "log", "log/slog"}

func (r *rules) checkForeign(from, path string, fail func(string, ...any)) {
	if slices.Contains(r.pure, from) && slices.Contains(impure, path) {
		fail("%s is pure and must not import %s", from, path)
	}
	for _, b := range r.bans {
		banned := path == b.path || strings.Contains(b.path, ".") && within(path, b.path)
		if banned && !slices.ContainsFunc(b.except, func(e string) bool { return matches(e, from) }) {
			fail("%s must not import %s", from, path)
		}
	}
}
