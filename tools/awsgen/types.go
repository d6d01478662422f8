package main

// writeTypes writes the structures of inputs and outputs.
func writeTypes(p *printer, m *model) {
	purpose := map[string]string{}
	for _, op := range m.operations {
		purpose[op.Input.Shape] = "the input of " + op.Name
		purpose[op.Output.Shape] = "the answer of " + op.Name
	}
	for _, s := range m.structures {
		what := purpose[s.Shape]
		if what == "" {
			what = "a structure of the model"
		}
		p.p("// %s is %s.", s.Shape, what)
		if len(s.Members) == 0 {
			p.p("type %s struct{}\n", s.Shape)
			continue
		}
		p.p("type %s struct {", s.Shape)
		for _, f := range s.members() {
			writeField(p, f)
		}
		p.p("}\n")
		writeMarshal(p, s)
	}
}

// writeField writes one member. Absent members are left out of JSON: nil
// pointers and nil lists, but not empty lists. Labels are no part of a body.
func writeField(p *printer, f *shape) {
	tag, note := f.Wire+",omitzero", ""
	switch {
	case f.Location == "uri":
		tag, note = "-", " // label of the path"
	case f.Required:
		tag = f.Wire
	}
	if e := enumOf(f); e != nil {
		note = " // one of " + enumName(e) + "*"
	}
	p.p("%s %s `json:%q`%s", fieldName(f), goType(f), tag, note)
}

// enumOf is the enumeration of a member or of its elements.
func enumOf(f *shape) *shape {
	if f.Type == "list" {
		f = f.Member
	}
	if f.Enum == nil {
		return nil
	}
	return f
}

// writeMarshal writes required lists that are nil as [], because null would be
// a required member that is absent.
func writeMarshal(p *printer, s *shape) {
	var lists []*shape
	for _, f := range s.members() {
		if f.Required && f.Type == "list" {
			lists = append(lists, f)
		}
	}
	if len(lists) == 0 {
		return
	}
	if p.imports == nil {
		p.imports = []string{"preamp/internal/awswire"}
	}
	p.p("// MarshalJSON writes required lists that are nil as empty ones.")
	p.p("func (v %s) MarshalJSON() ([]byte, error) {", s.Shape)
	p.p("type plain %s", s.Shape)
	for _, f := range lists {
		p.p("if v.%s == nil {", fieldName(f))
		p.p("v.%s = %s{}", fieldName(f), goType(f))
		p.p("}")
	}
	p.p("return awswire.Marshal(plain(v))")
	p.p("}\n")
}

// writeEnums writes the values of enumerations.
func writeEnums(p *printer, m *model) {
	for _, e := range m.enums {
		p.p("// Values of %s.", enumName(e))
		p.p("const (")
		for _, v := range e.Enum {
			p.p("%s = %q", constName(e, v), v)
		}
		p.p(")\n")
	}
	for _, e := range m.enums {
		p.p("var %s = []string{", enumVar(e))
		for _, v := range e.Enum {
			p.p("%s,", constName(e, v))
		}
		p.p("}\n")
	}
}
