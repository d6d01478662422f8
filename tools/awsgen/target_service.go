package main

import (
	"fmt"
	"strings"
)

// writeTargetService writes the interface of the service, the table of its
// operations, and the answers of operations that a version does not have.
func writeTargetService(p *printer, m *targetModel) {
	p.imports = []string{"context", "net/http", "", "preamp/internal/awswire", "preamp/internal/errs"}
	p.p("// SigningName is the name of the service in signatures, TargetPrefix that in")
	p.p("// X-Amz-Target.")
	p.p("const (")
	p.p("SigningName = %q", m.signingName)
	p.p("TargetPrefix = %q", m.prefix)
	p.p(")\n")
	p.p("// Service is the operations of the service.")
	p.p("type Service interface {")
	for _, op := range m.operations {
		p.p("%s(ctx context.Context, in *%sInput) (*%sOutput, error)", op.Name, op.Name, op.Name)
	}
	p.p("}\n")
	p.p("// Target is the service as a surface, run by s, with verify as the check of its")
	p.p("// signatures.")
	p.p("func Target(s Service, verify func(r *http.Request, body []byte) (awswire.Identity, error)) awswire.TargetService {")
	p.p("return awswire.TargetService{Name: SigningName, Prefix: TargetPrefix, Actions: Actions(s), Verify: verify}")
	p.p("}\n")
	p.p("// Actions is the table of the operations, run by s: which of them are signed,")
	p.p("// modelled errors, and how each is decoded, validated and called.")
	p.p("func Actions(s Service) []awswire.Action {")
	p.p("return []awswire.Action{")
	for _, op := range m.operations {
		unsigned := ""
		if !op.Signed {
			unsigned = "Unsigned: true, "
		}
		p.p("awswire.DefineAction(awswire.Action{Name: %q, %sErrors: []string{%s}}, decode%s, s.%s),",
			op.Name, unsigned, strings.Join(op.Errors, ", "), op.input.Name, op.Name)
	}
	p.p("}\n}\n")
	p.p("// Unavailable answers every operation with an error that says that this version")
	p.p("// does not have it. An implementation embeds it and replaces what it has.")
	p.p("type Unavailable struct{}\n")
	p.p("func notAvailable(operation string) error {")
	p.p("return errs.E(errs.Invalid, \"%%s is not available in this version\", operation)")
	p.p("}\n")
	for _, op := range m.operations {
		p.p("// %s is not available.", op.Name)
		p.p("func (Unavailable) %s(context.Context, *%sInput) (*%sOutput, error) {", op.Name, op.Name, op.Name)
		p.p("return nil, notAvailable(%s)", fmt.Sprintf("%q", op.Name))
		p.p("}\n")
	}
}
