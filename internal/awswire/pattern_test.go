package awswire_test

import (
	"regexp"
	"strings"
	"testing"

	"preamp/internal/awswire"
)

// patterns are expressions of all forms that models have.
var patterns = []string{
	`[\w-]+`, `[\w+]+`, `[\S]+`, `\d+`, `[^a]+`, `[a]*`, `[A-Za-z0-9-_=.]+`, `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, `[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*`,
	`[\x21\x23-\x5B\x5D-\x7E]+`, `[\S]+( +[\S]+)*`, `[\w-]+_[0-9a-zA-Z]+`, `^[0-9a-fA-F]+$`, `(un)?authenticated`, `(?s).*`, `.*\{####\}.*`, `a|b`, `[0-9]+?`, `(?i)[k]+`, `x+`, ``,
}

// FuzzPattern: what is matched in another way than by package regexp is matched
// the same.
func FuzzPattern(f *testing.F) {
	for i := range patterns {
		for _, s := range []string{"", "a", "Z9-_", "é", "K", "\n", "a\n", "\u2028", "a b", "a  b", " a", "😀", "\ufffd", "authenticated", "x_0", "{####}", "\x7f\u0080"} {
			f.Add(uint8(i), s)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, s string) {
		s = strings.ToValidUTF8(s, "?")
		text := patterns[int(i)%len(patterns)]
		if got, want := awswire.NewPattern(text).Match(s), regexp.MustCompile(`\A(?:`+text+`)\z`).MatchString(s); got != want {
			t.Errorf("%s matches %q: %t, want %t", text, s, got, want)
		}
	})
}

func TestPattern(t *testing.T) {
	t.Parallel()
	p := awswire.NewPattern(`[\w-]+`)
	if p.String() != `[\w-]+` {
		t.Errorf("text %s", p)
	}
	for _, text := range patterns[:10] {
		p, re := awswire.NewPattern(text), regexp.MustCompile(`\A(?:`+text+`)\z`)
		for r := range rune(0xd800) {
			if got, want := p.Match(string(r)), re.MatchString(string(r)); got != want {
				t.Fatalf("%s matches %q: %t, want %t", text, r, got, want)
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an expression that does not compile is used")
		}
	}()
	awswire.NewPattern("(").Match("")
}
