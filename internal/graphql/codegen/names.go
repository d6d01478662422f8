package codegen

import (
	"regexp"
	"strings"
)

var (
	lowerUpper = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	upperWord  = regexp.MustCompile(`([A-Z])([A-Z][a-z])`)
	noWord     = regexp.MustCompile(`[^A-Za-z0-9]+`)
)

// words splits a name where the case changes or something else than a letter
// or digit stands.
func words(name string) []string {
	name = lowerUpper.ReplaceAllString(name, "$1 $2")
	name = upperWord.ReplaceAllString(name, "$1 $2")
	return strings.Fields(noWord.ReplaceAllString(name, " "))
}

// constantName is the name in capitals with underscores.
func constantName(name string) string {
	return strings.ToUpper(strings.Join(words(name), "_"))
}

// wordCamel joins the words of a name in camel case, which lowers runs of
// capitals.
func wordCamel(name string) string {
	var b strings.Builder
	for i, w := range words(name) {
		switch {
		case i == 0:
			b.WriteString(strings.ToLower(w))
		case w[0] >= '0' && w[0] <= '9':
			b.WriteString("_" + strings.ToLower(w))
		default:
			b.WriteString(strings.ToUpper(w[:1]) + strings.ToLower(w[1:]))
		}
	}
	return b.String()
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// camel joins words, leaving all but their first letters alone.
func camel(words ...string) string {
	var b strings.Builder
	for i, w := range words {
		if i == 0 {
			b.WriteString(lowerFirst(w))
		} else {
			b.WriteString(upperFirst(w))
		}
	}
	return b.String()
}

// foreignKey is the name of a generated foreign key.
func foreignKey(model, field, key string) string { return camel(model, field, key) }
