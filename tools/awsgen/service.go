package main

import (
	"fmt"
	"slices"
)

// writeService writes the interface of the service, the table of its
// operations, and the answers of operations that a version does not have.
func writeService(p *printer, m *model) {
	p.imports = []string{"context", "", "preamp/internal/awswire", "preamp/internal/errs"}
	p.p("// Service is the operations of the service.")
	p.p("type Service interface {")
	for _, op := range m.operations {
		p.p("%s(ctx context.Context, in *%s) (*%s, error)", op.Name, op.Input.Shape, op.Output.Shape)
	}
	p.p("}\n")
	lists := writeErrors(p, m)
	p.p("// Operations is the table of the operations, run by s: routes, members, modelled")
	p.p("// errors, and how each is decoded, validated and called.")
	p.p("func Operations(s Service) []awswire.Operation {")
	p.p("return []awswire.Operation{")
	for _, op := range m.operations {
		p.p("awswire.Define(awswire.Operation{")
		p.p("Name: %q, Method: %q, URI: %q,", op.Name, op.Method, op.URI)
		p.p("Members: %s, Errors: %s,", membersOf(op.Input), lists[op.Name])
		p.p("}, decode%s, s.%s),", op.Input.Shape, op.Name)
	}
	p.p("}\n}\n")
	p.p("// unavailable answers every operation with an error that says that this version")
	p.p("// does not have it. An implementation embeds it and replaces what it has.")
	p.p("type unavailable struct{}\n")
	p.p("func notAvailable(operation string) error {")
	p.p("return errs.E(errs.Invalid, \"%%s is not available in this version\", operation)")
	p.p("}\n")
	for _, op := range m.operations {
		p.p("func (unavailable) %s(context.Context, *%s) (*%s, error) {", op.Name, op.Input.Shape, op.Output.Shape)
		p.p("return nil, notAvailable(%q)", op.Name)
		p.p("}\n")
	}
}

// writeErrors writes each set of modelled errors once, and says which variable
// is an operation's.
func writeErrors(p *printer, m *model) map[string]string {
	names := map[string]string{}
	byText := map[string]string{}
	for _, op := range m.operations {
		list := slices.Sorted(slices.Values(op.Errors))
		text := fmt.Sprintf("%#v", list)
		if byText[text] == "" {
			byText[text] = "modelled"
			if len(byText) > 1 {
				byText[text] = fmt.Sprintf("modelled%d", len(byText))
			}
			p.p("// %s are modelled errors.", byText[text])
			p.p("var %s = %s\n", byText[text], text)
		}
		names[op.Name] = byText[text]
	}
	return names
}
