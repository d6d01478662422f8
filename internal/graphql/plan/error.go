package plan

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// Location is a place in the query text.
type Location struct{ Line, Column int }

// Error is one entry of the "errors" list.
type Error struct {
	Message string
	// Type is the errorType; empty for errors of the document itself, which
	// have none.
	Type string
	// Path leads to the field: strings and ints. Nil is null.
	Path      []any
	Locations []Location
	// Resolver says that the entry has the members data, errorType and
	// errorInfo, as those of resolvers do.
	Resolver bool
	// Syntax says that the text is no GraphQL document.
	Syntax bool
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// The errorTypes that this package gives out. Some errors have none.
const (
	TypeNone         = ""
	TypeUnauthorized = "Unauthorized"
	TypeQueryLimit   = "QueryLimit"
	TypeArguments    = "InvalidArgumentsError"
	TypeFilter       = "Unrecognized Filter"
	TypeConditional  = "DynamoDB:ConditionalCheckFailedException"
	TypeDynamo       = "DynamoDB:DynamoDbException"
	TypeUnsupported  = "UnsupportedOperation"
)

// Limit is the error of a request that is over a limit.
func Limit(format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Type: TypeQueryLimit, Resolver: true}
}

func at(p *ast.Position) []Location {
	if p == nil {
		return nil
	}
	return []Location{{Line: p.Line, Column: p.Column}}
}

// fail makes an error of a field's resolver.
func (f *Field) fail(kind, format string, args ...any) *Error {
	return f.Error(kind, fmt.Sprintf(format, args...))
}

// fail makes an error of a relation. Its path is known when it is met.
func (r *request) fail(kind, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Type: kind, Locations: []Location{r.location}, Resolver: true}
}

// Error makes an error entry of this field.
func (f *Field) Error(kind, message string) *Error {
	return &Error{Message: message, Type: kind, Path: []any{f.Key}, Locations: []Location{f.Location}, Resolver: true}
}
