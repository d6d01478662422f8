package schema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// didYouMean is the hint of graphql-js for a misspelt name: up to five known
// names that differ in at most 40 % of the characters.
func didYouMean(name string, known []string) string { return hint(name, known, "") }

func didYouMeanEnum(name string, known []string) string { return hint(name, known, "the enum value ") }

func hint(name string, known []string, kind string) string {
	near := map[string]int{}
	limit := len(name)*2/5 + 1
	for _, k := range known {
		if d := distance(name, k, limit); d <= limit {
			near[k] = d
		}
	}
	names := make([]string, 0, len(near))
	for k := range near {
		names = append(names, k)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(near[a], near[b]), cmp.Compare(a, b)) })
	names = names[:min(len(names), 5)]
	for i, n := range names {
		names[i] = `"` + n + `"`
	}
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return " Did you mean " + kind + names[0] + "?"
	case 2:
		return " Did you mean " + kind + names[0] + " or " + names[1] + "?"
	default:
		return " Did you mean " + kind + strings.Join(names[:n-1], ", ") + ", or " + names[n-1] + "?"
	}
}

// distance counts the edits between two names, swapped neighbours as one. It
// gives up early, with limit+1, when the lengths alone are too different.
func distance(a, b string, limit int) int {
	if a == b {
		return 0
	}
	a, b = strings.ToLower(a), strings.ToLower(b)
	if a == b {
		return 1
	}
	if max(len(a), len(b))-min(len(a), len(b)) > limit {
		return limit + 1
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// printValue writes a literal the way graphql-js prints it in messages.
func printValue(v *ast.Value) string {
	switch v.Kind {
	case ast.ListValue:
		parts := make([]string, len(v.Children))
		for i, c := range v.Children {
			parts[i] = printValue(c.Value)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case ast.ObjectValue:
		parts := make([]string, len(v.Children))
		for i, c := range v.Children {
			parts[i] = c.Name + ": " + printValue(c.Value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return v.String()
}
