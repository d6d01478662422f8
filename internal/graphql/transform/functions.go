package transform

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// eventResult is the type that an asynchronous function call has to return.
const (
	eventResult      = "EventInvocationResponse"
	eventResultShape = "type EventInvocationResponse { success: Boolean! }"
)

// functionsV2 checks @function, which changes nothing in the schema.
func (c *compiler) functionsV2() error {
	return c.uses("function", func(e element) error {
		if !isEvent(e.directive) {
			return nil
		}
		if e.parent.Name != "Query" && e.parent.Name != "Mutation" {
			return e.refuse("@function definition with 'invocationType: Event' must be defined on Query or Mutation field.")
		}
		// Of several functions in a row only the last one answers.
		last := e.directive
		for _, d := range e.field.Directives {
			if d.Name == "function" {
				last = d
			}
		}
		if !isEvent(last) {
			return nil
		}
		if e.field.Type.String() != eventResult {
			return e.refuse("Invalid return type %s for %s.\nUse return type '%s' and, if necessary, add '%s' to your model schema.",
				e.field.Type.String(), describe(e.field), eventResult, eventResultShape)
		}
		for _, d := range c.doc.AST.Definitions {
			if d.Name == eventResult && d.Kind == ast.Object && len(d.Fields) == 1 && d.Fields[0].Name == "success" &&
				d.Fields[0].Type.String() == "Boolean!" {
				return nil
			}
		}
		return e.refuse("Invalid '%s' definition. Update the type definition in your schema to:\n%s", eventResult, eventResultShape)
	})
}

func isEvent(d *ast.Directive) bool { return stringArgument(d, "invocationType") == "Event" }

// describe prints a field with its arguments and directives.
func describe(f *ast.FieldDefinition) string {
	var b strings.Builder
	b.WriteString(f.Name)
	for i, a := range f.Arguments {
		b.WriteString([]string{"(", ", "}[min(i, 1)] + a.Name + ": " + a.Type.String())
	}
	if len(f.Arguments) > 0 {
		b.WriteString(")")
	}
	b.WriteString(": " + f.Type.String())
	for _, d := range f.Directives {
		b.WriteString(" @" + d.Name)
		for i, a := range d.Arguments {
			b.WriteString([]string{"(", ", "}[min(i, 1)] + a.Name + ": " + a.Value.Raw)
		}
		if len(d.Arguments) > 0 {
			b.WriteString(")")
		}
	}
	return b.String()
}
