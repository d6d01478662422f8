package main

import "strings"

var targetWriters = []writer[*targetModel]{
	{"zz_generated_types.go", writeTargetTypes},
	{"zz_generated_enums.go", writeTargetEnums},
	{"zz_generated_decode.go", writeTargetDecoders},
	{"zz_generated_service.go", writeTargetService},
}

// writeTargetTypes writes the structures of inputs and outputs.
func writeTargetTypes(p *printer, m *targetModel) {
	for _, s := range m.structures {
		p.p("// %s is %s.", s.Name, s.Purpose)
		if len(s.Members) == 0 {
			p.p("type %s struct{}\n", s.Name)
			continue
		}
		p.p("type %s struct {", s.Name)
		for _, f := range s.Members {
			writeTargetField(p, f)
		}
		p.p("}\n")
		writeTargetMarshal(p, s)
		writeHidden(p, s)
	}
	for _, c := range []struct{ word, path string }{
		{"json.", "encoding/json"}, {"slog.", "log/slog"}, {"", ""}, {"awswire.", "preamp/internal/awswire"},
	} {
		if strings.Contains(p.body.String(), c.word) {
			p.imports = append(p.imports, c.path)
		}
	}
}

// writeTargetField writes one member. Optional members are left out of JSON when
// they are zero, which is what absent members are read as; empty lists and maps
// are not zero. So are required times and documents: theirs is no value at all.
func writeTargetField(p *printer, f *targetMember) {
	tag, note := f.Name+",omitzero", ""
	if kind := f.kind(); f.Required && kind != "json" && kind != "timestamp" {
		tag = f.Name
	}
	element := &f.targetRef
	if f.List != nil {
		element = f.List
	}
	if element.shape != nil && element.shape.Enum != nil {
		note = " // one of " + goName(element.Shape) + "*"
	}
	p.p("%s %s `json:%q`%s", memberName(f), f.goType(), tag, note)
}

// memberName is the Go name of a member.
func memberName(f *targetMember) string { return upperFirst(goName(f.Name)) }

// kind is the type of a value: list, map, or that of its shape.
func (r *targetRef) kind() string {
	switch {
	case r.List != nil:
		return "list"
	case r.Value != nil:
		return "map"
	}
	return r.shape.Type
}

// goType is the Go type of a member. Members are pointers where zero would be
// taken for absent: optional booleans, numbers and structures, and optional
// strings for which empty is a value of its own.
func (f *targetMember) goType() string {
	plain := f.targetRef.goType()
	switch kind := f.kind(); {
	case f.Required:
	case kind == "boolean", kind == "integer", kind == "long", kind == "structure":
		return "*" + plain
	case kind == "string" && f.shape.emptyCounts():
		return "*" + plain
	}
	return plain
}

// goType is the Go type of a value that is there.
func (r *targetRef) goType() string {
	switch r.kind() {
	case "list":
		return "[]" + r.List.goType()
	case "map":
		return "map[string]" + r.Value.goType()
	case "structure":
		return r.shape.Name
	}
	return map[string]string{
		"string": "string", "boolean": "bool", "integer": "int32", "long": "int64",
		"timestamp": "awswire.Timestamp", "blob": "[]byte", "json": "json.RawMessage",
	}[r.kind()]
}

// writeTargetMarshal writes required lists and maps that are nil as empty ones,
// because null would be a required member that is absent.
func writeTargetMarshal(p *printer, s *targetShape) {
	var nilable []*targetMember
	for _, f := range s.Members {
		if kind := f.kind(); f.Required && (kind == "list" || kind == "map") {
			nilable = append(nilable, f)
		}
	}
	if len(nilable) == 0 {
		return
	}
	p.p("// MarshalJSON writes required lists and maps that are nil as empty ones.")
	p.p("func (v %s) MarshalJSON() ([]byte, error) {", s.Name)
	p.p("type plain %s", s.Name)
	for _, f := range nilable {
		p.p("if v.%s == nil {", memberName(f))
		p.p("v.%s = %s{}", memberName(f), f.targetRef.goType())
		p.p("}")
	}
	p.p("return awswire.Marshal(plain(v))")
	p.p("}\n")
}

// writeHidden keeps a structure out of logs and formatted text when it holds
// what the model marks as sensitive.
func writeHidden(p *printer, s *targetShape) {
	if !s.secret() {
		return
	}
	p.p("// String hides what must not be logged.")
	p.p("func (v %s) String() string { return %q }\n", s.Name, s.Name+"{[redacted]}")
	p.p("// LogValue hides what must not be logged.")
	p.p("func (v %s) LogValue() slog.Value { return slog.StringValue(v.String()) }\n", s.Name)
}

// writeTargetEnums writes the values of enumerations and the names of errors.
func writeTargetEnums(p *printer, m *targetModel) {
	for _, e := range m.texts {
		if e.Enum == nil {
			continue
		}
		p.p("// Values of %s.", e.Name)
		p.p("const (")
		for _, v := range e.Enum {
			p.p("%s = %q", constName(&shape{Shape: e.Name}, v), v)
		}
		p.p(")\n")
	}
	p.p("// Names of errors.")
	p.p("const (")
	for _, name := range m.errors {
		p.p("%s = %q", name, name)
	}
	p.p(")")
}
