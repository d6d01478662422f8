package userimport

import (
	"fmt"

	"preamp/internal/userpool"
)

// Problem is what is wrong with a row.
type Problem struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// String is the problem as people read it.
func (p Problem) String() string {
	if p.Field == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.Message)
	}
	return fmt.Sprintf("line %d: %s: %s", p.Line, p.Field, p.Message)
}

// Row is a user of a file, or what is wrong with it.
type Row struct {
	Line    int
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
