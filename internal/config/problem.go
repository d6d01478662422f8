package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a configuration, or worth saying.
type Problem struct {
	// Source is the file or "environment".
	Source string
	// Line and Column are 1-based; 0 when the problem has no place in a file.
	Line, Column int
	// Key is the path of the key, empty for the file as a whole.
	Key     string
	Message string
}

// String is source:line:column: key: message.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Source)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key)
		b.WriteByte(' ')
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is the error of a configuration that cannot be used: all that is
// wrong with it, in the order of the file.
type Problems []Problem

// Error is one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		// What has no line concerns the configuration as a whole: last.
		return cmp.Or(-cmp.Compare(min(a.Line, 1), min(b.Line, 1)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// unknownError is a name that is not known, with the nearest one that is.
type unknownError struct {
	name  string
	known []string
}

func (e unknownError) Error() string {
	if n := nearest(e.name, e.known); n != "" {
		return fmt.Sprintf("is not known; did you mean %s?", n)
	}
	if len(e.known) == 0 {
		return "is not known"
	}
	return "is not known; known here: " + strings.Join(e.known, ", ")
}

// nearest is the known name that is a slip of the hand away from name.
func nearest(name string, known []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the edit distance of two short words.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 { // no known name is that long
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			step := diagonal
			if a[i] != b[j] {
				step = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], step
		}
	}
	return row[len(b)]
}
