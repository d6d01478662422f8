package awswire

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"sync"
)

// Pattern is a regular expression of the model. It is compiled when it is used
// first: a service has many that most programs never meet.
type Pattern struct {
	text    string
	compile func() func(string) bool
}

// NewPattern makes a Pattern. An expression that does not compile is a mistake
// of the program and panics at its first use.
func NewPattern(text string) *Pattern {
	return &Pattern{text: text, compile: sync.OnceValue(func() func(string) bool {
		re := regexp.MustCompile(`\A(?:` + text + `)\z`)
		if c, ok := classOf(text); ok {
			return c.match
		}
		return re.MatchString
	})}
}

// String is the expression as the model has it.
func (p *Pattern) String() string { return p.text }

// Match reports whether the expression matches all of s.
func (p *Pattern) Match(s string) bool { return p.compile()(s) }

// class is an expression that only says which characters a string consists of,
// such as [\w-]+. Most are, and tokens are long: looking each character up is
// some twenty times faster than the automaton of package regexp.
type class struct {
	ascii [128]bool
	// ranges are pairs of first and last runes, ascending.
	ranges []rune
	empty  bool // the empty string matches
}

// classOf makes a class of an expression that is one.
func classOf(text string) (*class, bool) {
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, false
	}
	if re.Op != syntax.OpPlus && re.Op != syntax.OpStar || re.Flags&syntax.NonGreedy != 0 || re.Sub[0].Op != syntax.OpCharClass {
		return nil, false
	}
	c := &class{ranges: re.Sub[0].Rune, empty: re.Op == syntax.OpStar}
	for i := range c.ascii {
		c.ascii[i] = c.has(rune(i))
	}
	return c, true
}

// has reports whether r is in the class.
func (c *class) has(r rune) bool {
	// The index of the first bound that is not below r: it is odd inside of a
	// range, and even at the first rune of one.
	i, found := slices.BinarySearch(c.ranges, r)
	return found || i%2 == 1
}

func (c *class) match(s string) bool {
	for _, r := range s {
		if r < 128 && !c.ascii[r] || r >= 128 && !c.has(r) {
			return false
		}
	}
	return s != "" || c.empty
}
