package userimport

import (
	"fmt"

	"preamp/internal/userpool"
)

// Problem is what is wrong with a row.
type Problem struct {
	Line int `json:"line"`
	// Entry is which object of a JSON file it is, from 1: an array may be one line.
	Entry   int    `json:"entry,omitempty"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// String is the problem as people read it.
func (p Problem) String() string {
	at := place{p.Line, p.Entry}
	if p.Field == "" {
		return fmt.Sprintf("%s: %s", at, p.Message)
	}
	return fmt.Sprintf("%s: %s: %s", at, p.Field, p.Message)
}

// place is where a row is.
type place struct{ line, entry int }

// String leaves out what the line says already.
func (p place) String() string {
	if p.entry == 0 || p.entry == p.line {
		return fmt.Sprintf("line %d", p.line)
	}
	return fmt.Sprintf("line %d, user %d", p.line, p.entry)
}

// Row is a user of a file, or what is wrong with it.
type Row struct {
	Line    int
	Entry   int // as in Problem
	User    userpool.ImportUser
	Problem *Problem
}

// SyntaxError says that a file cannot be read any further.
type SyntaxError struct {
	Line    int
	Message string
}

// Error names the line.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// maxRow bounds a row: Cognito takes 16,000 characters; JSON takes more for the
// same.
const maxRow = 64 << 10

// Reader reads the rows of a file.
type Reader interface {
	// Next answers the next row, io.EOF after the last one, and *SyntaxError when
	// there is no telling where the next one begins.
	Next() (Row, error)
}
