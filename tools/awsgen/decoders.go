package main

import (
	"fmt"
	"strings"
)

// writeDecoders writes a decoder for every structure of an input, which reads,
// validates and fills in one pass.
func writeDecoders(p *printer, m *model) {
	p.imports = []string{"preamp/internal/awswire"}
	labels := map[string][]string{}
	request := map[string]bool{}
	for _, op := range m.operations {
		labels[op.Input.Shape] = op.labels()
		request[op.Input.Shape] = true
	}
	for _, s := range m.structures {
		if !m.decoded[s.Shape] {
			continue
		}
		writeMembers(p, s)
		extra := ""
		if request[s.Shape] {
			extra = ", labels []string"
			if len(labels[s.Shape]) == 0 {
				extra = ", _ []string"
			}
		}
		p.p("func decode%s(d *awswire.Decoder%s) (v %s, err error) {", s.Shape, extra, s.Shape)
		for i, name := range labels[s.Shape] {
			p.p("v.%s = labels[%d]", fieldName(s.Members[name]), i)
		}
		writeObject(p, s)
		p.p("}\n")
	}
}

// writeMembers writes the table of the members in the body.
func writeMembers(p *printer, s *shape) {
	body := s.body()
	if len(body) == 0 {
		return
	}
	p.p("var members%s = []awswire.Member{", s.Shape)
	for _, f := range body {
		required := ""
		if f.Required {
			required = ", Required: true"
		}
		p.p("{Name: %q, Kind: %s%s},", f.Wire, kindName(f), required)
	}
	p.p("}\n")
}

// membersOf is the expression for that table.
func membersOf(s *shape) string {
	if len(s.body()) == 0 {
		return "nil"
	}
	return "members" + s.Shape
}

// writeObject writes the reading of a structure's members.
func writeObject(p *printer, s *shape) {
	if len(s.body()) == 0 {
		p.p("return v, d.Object(nil, nil)")
		return
	}
	p.p("err = d.Object(%s, func(name string) (err error) {", membersOf(s))
	p.p("switch name {")
	for _, f := range s.body() {
		p.p("case %q:", f.Wire)
		value := valueOf(f)
		if strings.HasPrefix(goType(f), "*") {
			value = "awswire.Ptr(" + value + ")"
		}
		p.p("v.%s, err = %s", fieldName(f), value)
	}
	p.p("}")
	p.p("return err")
	p.p("})")
	p.p("return v, err")
}

// valueOf is the expression that reads a value.
func valueOf(f *shape) string {
	switch f.Type {
	case "structure":
		return "decode" + f.Shape + "(d)"
	case "list":
		return "awswire.List(d, " + elementOf(f.Member) + ")"
	case "boolean":
		return "d.Boolean()"
	case "double":
		return "d.Double()"
	case "integer":
		return fmt.Sprintf("d.Integer(%d, %d)", *f.Min, *f.Max)
	}
	if f.Enum != nil {
		return "d.Enum(" + enumVar(f) + ")"
	}
	return "d.String()"
}

// elementOf is the function that reads an element of a list.
func elementOf(f *shape) string {
	switch {
	case f.Type == "structure":
		return "decode" + f.Shape
	case f.Type == "string" && f.Enum == nil:
		return "(*awswire.Decoder).String"
	}
	element := goType(f)
	return "func(d *awswire.Decoder) (" + strings.TrimPrefix(element, "*") + ", error) { return " + valueOf(f) + " }"
}
