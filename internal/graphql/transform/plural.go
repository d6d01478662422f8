package transform

import (
	"regexp"
	"strings"
)

// Plural is the plural of an English word by the rules of the npm package
// pluralize 8.0.0, which client code generators use too: a different plural is
// a different operation name.
func Plural(word string) string {
	token := strings.ToLower(word)
	if _, ok := pluralToSingular[token]; ok {
		return matchCase(word, token)
	}
	if p, ok := irregular[token]; ok {
		return matchCase(word, p)
	}
	if token == "" || uncountable[token] {
		return word
	}
	for i := len(pluralRules) - 1; i >= 0; i-- {
		r := pluralRules[i]
		m := r.re.FindStringSubmatchIndex(word)
		if m == nil {
			continue
		}
		match := word[m[0]:m[1]]
		result := string(r.re.ExpandString(nil, r.to, word, m))
		model := match
		if match == "" {
			model = word[m[0]-1 : m[0]]
		}
		return word[:m[0]] + matchCase(model, result) + word[m[1]:]
	}
	return word
}

// matchCase writes token in the case of word: as it is, lower, upper or title.
func matchCase(word, token string) string {
	switch {
	case word == token:
		return token
	case word == strings.ToLower(word):
		return strings.ToLower(token)
	case word == strings.ToUpper(word):
		return strings.ToUpper(token)
	case word[:1] == strings.ToUpper(word[:1]):
		if token == "" {
			return token
		}
		return strings.ToUpper(token[:1]) + strings.ToLower(token[1:])
	}
	return strings.ToLower(token)
}

var irregular = map[string]string{
	"i": "we", "me": "us", "he": "they", "she": "they", "them": "them", "myself": "ourselves",
	"yourself": "yourselves", "itself": "themselves", "herself": "themselves", "himself": "themselves",
	"themself": "themselves", "is": "are", "was": "were", "has": "have", "this": "these", "that": "those",
	"echo": "echoes", "dingo": "dingoes", "volcano": "volcanoes", "tornado": "tornadoes", "torpedo": "torpedoes",
	"genus": "genera", "viscus": "viscera", "stigma": "stigmata", "stoma": "stomata", "dogma": "dogmata",
	"lemma": "lemmata", "schema": "schemata", "anathema": "anathemata", "ox": "oxen", "axe": "axes", "die": "dice",
	"yes": "yeses", "foot": "feet", "eave": "eaves", "goose": "geese", "tooth": "teeth", "quiz": "quizzes",
	"human": "humans", "proof": "proofs", "carve": "carves", "valve": "valves", "looey": "looies",
	"thief": "thieves", "groove": "grooves", "pickaxe": "pickaxes", "passerby": "passersby",
}

var pluralToSingular = func() map[string]string {
	m := map[string]string{}
	for s, p := range irregular {
		m[p] = s
	}
	return m
}()

var uncountable = set(`adulthood advice agenda aid aircraft alcohol ammo analytics anime athletics audio bison blood
	bream buffalo butter carp cash chassis chess clothing cod commerce cooperation corps debris diabetes digestion elk
	energy equipment excretion expertise firmware flounder fun gallows garbage graffiti hardware headquarters health
	herpes highjinks homework housework information jeans justice kudos labour literature machinery mackerel mail media
	mews moose music mud manga news only personnel pike plankton pliers police pollution premises rain research rice
	salmon scissors series sewage shambles shrimp software species staff swine tennis traffic transportation trout tuna
	wealth welfare whiting wildebeest wildlife you`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

type pluralRule struct {
	re *regexp.Regexp
	to string
}

// pluralRules are tried from the last to the first.
var pluralRules = func() []pluralRule {
	var rules []pluralRule
	for _, r := range [][2]string{
		{`s?$`, `s`},
		{`[^\x00-\x7F]$`, `${0}`},
		{`([^aeiou]ese)$`, `${1}`},
		{`(ax|test)is$`, `${1}es`},
		{`(alias|[^aou]us|t[lm]as|gas|ris)$`, `${1}es`},
		{`(e[mn]u)s?$`, `${1}s`},
		{`([^l]ias|[aeiou]las|[ejzr]as|[iu]am)$`, `${1}`},
		{`(alumn|syllab|vir|radi|nucle|fung|cact|stimul|termin|bacill|foc|uter|loc|strat)(?:us|i)$`, `${1}i`},
		{`(alumn|alg|vertebr)(?:a|ae)$`, `${1}ae`},
		{`(seraph|cherub)(?:im)?$`, `${1}im`},
		{`(her|at|gr)o$`, `${1}oes`},
		{
			`(agend|addend|millenni|dat|extrem|bacteri|desiderat|strat|candelabr|errat|ov|symposi|curricul|automat|quor)(?:a|um)$`,
			`${1}a`,
		},
		{`(apheli|hyperbat|periheli|asyndet|noumen|phenomen|criteri|organ|prolegomen|hedr|automat)(?:a|on)$`, `${1}a`},
		{`sis$`, `ses`},
		{`(?:(kni|wi|li)fe|(ar|l|ea|eo|oa|hoo)f)$`, `${1}${2}ves`},
		{`([^aeiouy]|qu)y$`, `${1}ies`},
		{`([^ch][ieo][ln])ey$`, `${1}ies`},
		{`(x|ch|ss|sh|zz)$`, `${1}es`},
		{`(matr|cod|mur|sil|vert|ind|append)(?:ix|ex)$`, `${1}ices`},
		{`\b((?:tit)?m|l)(?:ice|ouse)$`, `${1}ice`},
		{`(pe)(?:rson|ople)$`, `${1}ople`},
		{`(child)(?:ren)?$`, `${1}ren`},
		{`eaux$`, `${0}`},
		{`m[ae]n$`, `men`},
		{`^thou$`, `you`},
		{`pok[eé]mon$`, `${0}`},
		{`[^aeiou]ese$`, `${0}`},
		{`deer$`, `${0}`},
		{`fish$`, `${0}`},
		{`measles$`, `${0}`},
		{`o[iu]s$`, `${0}`},
		{`pox$`, `${0}`},
		{`sheep$`, `${0}`},
	} {
		rules = append(rules, pluralRule{regexp.MustCompile(`(?i)` + r[0]), r[1]})
	}
	return rules
}()
