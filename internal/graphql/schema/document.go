package schema

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"preamp/internal/errs"
)

// Document is a parsed schema. It is never changed.
type Document struct {
	// Text is the schema as given.
	Text string
	// AST is the syntax tree of Text.
	AST *ast.SchemaDocument
	// Version is the transformer that the schema asks for: 1 or 2, or 0 when
	// nothing in it decides.
	Version int

	checked int // the version whose rules the document was checked against
}

// Parse reads a schema for the transformer that it asks for, or for version 2
// when nothing in it decides. Errors are of kind Invalid.
func Parse(text string) (*Document, error) { return ParseAs(text, 0) }

// ParseAs reads a schema for a given transformer version; 0 detects it.
func ParseAs(text string, version int) (*Document, error) {
	return parse(text, func(d *Document) int {
		if version == 0 {
			return d.Effective(0)
		}
		return version
	})
}

// ParseFor reads a schema for a backend whose setting is the given transformer
// version: the setting decides only where the schema does not.
func ParseFor(text string, setting int) (*Document, error) {
	return parse(text, func(d *Document) int { return d.Effective(setting) })
}

func parse(text string, choose func(*Document) int) (*Document, error) {
	tree, err := parseText(text)
	if err != nil {
		return nil, err
	}
	detected, err := detect(tree)
	if err != nil {
		return nil, err
	}
	d := &Document{Text: text, AST: tree, Version: detected}
	version := choose(d)
	if err := check(d, version); err != nil {
		return nil, err
	}
	d.checked = version
	return d, nil
}

// Effective is the transformer version to use: what the schema asks for, else
// the given setting, else 2.
func (d *Document) Effective(setting int) int {
	switch {
	case d.Version != 0:
		return d.Version
	case setting != 0:
		return setting
	}
	return 2
}

// Check applies the SDL rules of a transformer version. It does no work for the
// version that the document was parsed for.
func (d *Document) Check(version int) error {
	if version == d.checked {
		return nil
	}
	return check(d, version)
}

// maxTokens bounds what one schema may cost. The largest public schemas have
// about 20,000 tokens.
const maxTokens = 500_000

func parseText(text string) (*ast.SchemaDocument, error) {
	// The byte order mark is white space in GraphQL.
	tree, err := parser.ParseSchemaWithLimit(&ast.Source{Input: strings.TrimPrefix(text, "\ufeff")}, maxTokens)
	if err != nil {
		var pos *ast.Position
		msg := err.Error()
		if e, ok := err.(*gqlerror.Error); ok {
			msg = e.Message
			if len(e.Locations) > 0 {
				pos = &ast.Position{Line: e.Locations[0].Line, Column: e.Locations[0].Column}
			}
		}
		return nil, Refuse(pos, "", "Syntax Error: %s", msg)
	}
	if len(tree.Definitions)+len(tree.Extensions)+len(tree.Directives)+len(tree.Schema)+len(tree.SchemaExtension) == 0 {
		return nil, Refuse(nil, "", "Syntax Error: Unexpected <EOF>.")
	}
	eachDirective(tree, func(_ string, d *ast.Directive) { toSign(d) })
	for _, s := range tree.Schema {
		for _, d := range s.Directives {
			toSign(d)
		}
	}
	return tree, nil
}

// toSign moves the position of a directive from its name to the "@" before it,
// where every other tool sees it.
func toSign(d *ast.Directive) {
	pos := *d.Position
	pos.Start--
	pos.Column--
	d.Position = &pos
}

// Refusal is the cause of every error that this package and transform report
// about a schema, in parts. Text is the message without the place.
type Refusal struct {
	Line, Column int
	Element      string
	Text         string
}

// Error says no more than that the schema was refused: the message of the
// surrounding error says the rest.
func (r *Refusal) Error() string { return "schema refused" }

// Refuse makes the error of a schema: "<line>:<column>: <element>: <message>",
// without the parts that do not apply. element is "Type.field @directive".
func Refuse(pos *ast.Position, element, format string, args ...any) error {
	e := errs.E(errs.Invalid, format, args...)
	r := &Refusal{Element: element, Text: e.Message}
	if element != "" {
		e.Message = element + ": " + e.Message
	}
	if pos != nil && pos.Line > 0 {
		r.Line, r.Column = pos.Line, pos.Column
		e.Message = place(pos) + ": " + e.Message
	}
	e.Err = r
	return e
}
