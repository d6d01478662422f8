package targettest

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
	"unicode/utf8"
)

// Body is a request with all members, or with the required ones.
func (o *Operation) Body(t testing.TB, all bool) map[string]any {
	return object(t, o.Input, all)
}

func object(t testing.TB, members []*Member, all bool) map[string]any {
	m := map[string]any{}
	for _, f := range members {
		if all || f.Required {
			m[f.Name] = f.Of.value(t, all)
		}
	}
	return m
}

// value is a value that the shape allows.
func (s *Shape) value(t testing.TB, all bool) any {
	switch s.Type {
	case "structure":
		return object(t, s.Members, all)
	case "list":
		return []any{s.Element.value(t, all)}
	case "map":
		return map[string]any{s.Key.text(t): s.Element.value(t, all)}
	case "boolean":
		return true
	case "integer", "long":
		if s.Max != nil {
			return float64(*s.Max)
		}
		return 7.0
	case "blob":
		return "AAEC/w=="
	case "json":
		return map[string]any{"a": []any{1.5, "<&>", nil, map[string]any{}}}
	}
	return s.text(t)
}

// pattern is the expression that values must match.
func (s *Shape) pattern() *regexp.Regexp {
	s.compiled.Do(func() {
		text := s.Pattern
		if s.Accept != "" {
			text = s.Accept
		}
		if text != "" {
			s.re = regexp.MustCompile(`\A(?:` + text + `)\z`)
		}
	})
	return s.re
}

// fits reports whether a string is one that the shape allows.
func (s *Shape) fits(v string) bool {
	n := int64(utf8.RuneCountInString(v))
	return (s.Min == nil || n >= *s.Min) && (s.Max == nil || n <= *s.Max) && (s.pattern() == nil || s.pattern().MatchString(v))
}

// text is a string that the shape allows.
func (s *Shape) text(t testing.TB) string {
	t.Helper()
	s.sampled.Do(func() { s.sample = s.makeText(t) })
	return s.sample
}

func (s *Shape) makeText(t testing.TB) string {
	if s.Enum != nil {
		return s.Enum[len(s.Enum)-1]
	}
	if s.pattern() == nil {
		v := "text"
		if s.Min != nil && *s.Min > 4 {
			v = strings.Repeat("x", int(*s.Min))
		}
		return v
	}
	re, err := syntax.Parse(s.pattern().String(), syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 40; n++ {
		if v := example(re, n); s.fits(v) {
			return v
		}
	}
	t.Fatalf("no example of %s with a length of %v to %v", s.Pattern, s.Min, s.Max)
	return ""
}

// example is a string that matches re, with n rounds of what may be repeated.
func example(re *syntax.Regexp, n int) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for _, want := range "a0A" {
			for i := 0; i < len(re.Rune); i += 2 {
				if re.Rune[i] <= want && want <= re.Rune[i+1] {
					return string(want)
				}
			}
		}
		return string(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpCapture, syntax.OpQuest:
		return example(re.Sub[0], n)
	case syntax.OpStar, syntax.OpPlus:
		return strings.Repeat(example(re.Sub[0], n), n)
	case syntax.OpRepeat:
		rounds := max(re.Min, n)
		if re.Max >= 0 {
			rounds = min(rounds, re.Max)
		}
		return strings.Repeat(example(re.Sub[0], n), rounds)
	case syntax.OpAlternate:
		return example(re.Sub[0], n)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(example(sub, n))
		}
		return b.String()
	}
	return ""
}

// wrong is a value that breaks a constraint, and what the answer must say.
type wrong struct {
	value any
	says  string
}

// wrongs are values of the right type that break the constraints of a shape.
func (s *Shape) wrongs(t testing.TB) []wrong {
	var list []wrong
	switch s.Type {
	case "integer", "long":
		if s.Min != nil {
			list = append(list, wrong{float64(*s.Min - 1), fmt.Sprintf("Member must have value greater than or equal to %d", *s.Min)})
		}
		if s.Max != nil {
			list = append(list, wrong{float64(*s.Max + 1), fmt.Sprintf("Member must have value less than or equal to %d", *s.Max)})
		}
	case "list", "map":
		if s.Min != nil && *s.Min > 0 {
			var empty any = []any{}
			if s.Type == "map" {
				empty = map[string]any{}
			}
			list = append(list, wrong{empty, fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min)})
		}
		if s.Max != nil && s.Type == "list" {
			many := make([]any, *s.Max+1)
			for i := range many {
				many[i] = s.Element.value(t, false)
			}
			list = append(list, wrong{many, fmt.Sprintf("Member must have length less than or equal to %d", *s.Max)})
		}
	case "string":
		list = s.wrongTexts()
	}
	return list
}

func (s *Shape) wrongTexts() []wrong {
	if s.Enum != nil {
		return []wrong{{"Hunter2", "Member must satisfy enum value set: [" + strings.Join(s.Enum, ", ") + "]"}}
	}
	var list []wrong
	if s.Min != nil && *s.Min > 0 {
		list = append(list, wrong{strings.Repeat("x", int(*s.Min-1)), fmt.Sprintf("Member must have length greater than or equal to %d", *s.Min)})
	}
	if s.Max != nil {
		list = append(list, wrong{strings.Repeat("é", int(*s.Max+1)), fmt.Sprintf("Member must have length less than or equal to %d", *s.Max)})
	}
	if re := s.pattern(); re != nil {
		for _, v := range []string{"\n", " Hunter2 ", "Hunter2\n", "hunter 2", "\u0001Hunter2"} {
			if !re.MatchString(v) && (s.Max == nil || int64(len(v)) <= *s.Max) {
				list = append(list, wrong{v, "Member must satisfy regular expression pattern: "})
			}
		}
	}
	return list
}
