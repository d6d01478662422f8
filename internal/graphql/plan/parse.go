package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"preamp/internal/graphql/scalar"
)

// Limits bound what a document may ask for. A limit of 0 is no limit.
type Limits struct {
	// Text is the number of bytes of the query text, Tokens that of its tokens.
	Text, Tokens int
	// Depth is how deep selections may nest, fragments folded in.
	Depth int
	// Aliases is the number of aliases, and of root fields, of the document.
	Aliases int
	// Fields is the number of selected fields of the document, fragments
	// counted wherever they are used.
	Fields int
	// Nesting is how deep the literals of the document may nest.
	Nesting int
}

// Document is a valid document.
type Document struct {
	schema     *Schema
	operations []*Operation
}

// Operation is one operation of a document.
type Operation struct {
	Kind ast.Operation
	Name string

	doc       *ast.QueryDocument
	fragments map[string]*ast.FragmentDefinition
	schema    *Schema
	def       *ast.OperationDefinition
	vars      []variable
	byName    map[string]int
	// conditions are the variables that @skip and @include ask for.
	conditions []int
}

// Parse reads and validates a document.
func (s *Schema) Parse(text string, l Limits) (*Document, []*Error) {
	if l.Text > 0 && len(text) > l.Text {
		return nil, []*Error{Limit("The query text is longer than %d bytes (limit: query text).", l.Text)}
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, l.Tokens)
	if err != nil {
		return nil, []*Error{syntaxError(text, err, l)}
	}
	fragments := make(map[string]*ast.FragmentDefinition, len(doc.Fragments))
	for _, f := range doc.Fragments {
		if fragments[f.Name] == nil {
			fragments[f.Name] = f
		}
	}
	if err := checkSize(doc, fragments, l); err != nil {
		return nil, []*Error{err}
	}
	if errs := s.validate(doc, fragments); len(errs) > 0 {
		return nil, errs
	}
	d := &Document{schema: s}
	for _, def := range doc.Operations {
		d.operations = append(d.operations, s.operation(doc, fragments, def))
	}
	return d, nil
}

// Operation is the operation that a request names; the only one when it names
// none.
func (d *Document) Operation(name string) (*Operation, *Error) {
	if name == "" {
		if len(d.operations) == 1 {
			return d.operations[0], nil
		}
		return nil, &Error{Message: "Must provide operation name if query contains multiple operations."}
	}
	for _, o := range d.operations {
		if o.Name == name {
			return o, nil
		}
	}
	return nil, &Error{Message: fmt.Sprintf("Unknown operation named '%s'.", printed(&scalar.Value{Kind: scalar.String, Str: name}))}
}

func (s *Schema) operation(doc *ast.QueryDocument, fragments map[string]*ast.FragmentDefinition, def *ast.OperationDefinition) *Operation {
	kind := def.Operation
	if kind == "" {
		kind = ast.Query
	}
	o := &Operation{
		Kind: kind, Name: def.Name, doc: doc, fragments: fragments, schema: s, def: def,
		byName: make(map[string]int, len(def.VariableDefinitions)),
	}
	for i, v := range def.VariableDefinitions {
		o.byName[v.Variable] = i
		o.vars = append(o.vars, variable{
			name: v.Variable, typ: s.typeRef(v.Type), fallback: v.DefaultValue,
			location: Location{Line: v.Position.Line, Column: v.Position.Column},
		})
	}
	o.findConditions()
	return o
}

// findConditions lists the variables that decide about what is selected.
func (o *Operation) findConditions() {
	used := map[int]bool{}
	seen := map[string]bool{}
	directives := func(list ast.DirectiveList) {
		for _, d := range list {
			if d.Name != "skip" && d.Name != "include" {
				continue
			}
			for _, a := range d.Arguments {
				if i, ok := o.byName[a.Value.Raw]; ok && a.Value.Kind == ast.Variable && !used[i] {
					used[i] = true
					o.conditions = append(o.conditions, i)
				}
			}
		}
	}
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, sel := range set {
			switch sel := sel.(type) {
			case *ast.Field:
				directives(sel.Directives)
				walk(sel.SelectionSet)
			case *ast.InlineFragment:
				directives(sel.Directives)
				walk(sel.SelectionSet)
			case *ast.FragmentSpread:
				directives(sel.Directives)
				if f := o.fragments[sel.Name]; f != nil && !seen[sel.Name] {
					seen[sel.Name] = true
					walk(f.SelectionSet)
				}
			}
		}
	}
	walk(o.def.SelectionSet)
}

// Conditions is the values of the variables that @skip and @include ask for, as
// a text; empty for most operations. It belongs to the key of a kept plan.
func (o *Operation) Conditions(vars []Var) string {
	if len(o.conditions) == 0 {
		return ""
	}
	b := make([]byte, len(o.conditions))
	for i, v := range o.conditions {
		b[i] = '0'
		if vars[v].Value.Kind == scalar.Bool && vars[v].Value.Int != 0 {
			b[i] = '1'
		}
	}
	return string(b)
}

func syntaxError(text string, err error, l Limits) *Error {
	ge, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		return &Error{Message: "Invalid Syntax", Syntax: true}
	}
	if len(ge.Locations) == 0 { // the only error of the parser without a place
		return Limit("The query text has more than %d tokens (limit: tokens).", l.Tokens)
	}
	if strings.HasPrefix(ge.Message, "exceeded maximum nesting depth") { // enterNested of the parser
		return Limit("The query text nests deeper than %d levels (limit: nesting).", parser.MaxNestingDepth)
	}
	loc := ge.Locations[0]
	return &Error{
		Message: fmt.Sprintf("Invalid Syntax : offending token '%s' at line %d column %d",
			tokenAt(text, loc.Line, loc.Column), loc.Line, loc.Column),
		Locations: []Location{{Line: loc.Line, Column: loc.Column}},
		Syntax:    true,
	}
}

// tokenAt is the token at a place of the text, for a message.
func tokenAt(text string, line, col int) string {
	for ; line > 1; line-- {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return "<EOF>"
		}
		text = text[i+1:]
	}
	for range col - 1 {
		if text == "" {
			break
		}
		_, size := firstRune(text)
		text = text[size:]
	}
	if text == "" {
		return "<EOF>"
	}
	n := 0
	for n < len(text) && n < 40 && nameByte(text[n]) {
		n++
	}
	if n == 0 {
		_, n = firstRune(text)
	}
	return text[:n]
}

func nameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
