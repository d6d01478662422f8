package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// writeTargetDecoders writes the constraints of strings, and a decoder for every
// structure of an input, which reads, validates and fills in one pass.
func writeTargetDecoders(p *printer, m *targetModel) {
	p.imports = []string{"preamp/internal/awswire"}
	for _, t := range m.texts {
		if t.decoded {
			writeText(p, t)
		}
	}
	for _, s := range m.structures {
		if !s.decoded {
			continue
		}
		if len(s.Members) == 0 {
			p.p("func decode%s(d *awswire.Decoder) (v %s, err error) { return v, d.Object(nil, nil) }\n", s.Name, s.Name)
			continue
		}
		p.p("var members%s = []awswire.Member{", s.Name)
		for _, f := range s.Members {
			required := ""
			if f.Required {
				required = ", Required: true"
			}
			p.p("{Name: %q%s},", f.Name, required)
		}
		p.p("}\n")
		writeTargetDecoder(p, s)
	}
}

// writeText writes the constraints of a named string.
func writeText(p *printer, t *targetShape) {
	var fields []string
	if t.Min != nil && *t.Min > 0 {
		fields = append(fields, fmt.Sprintf("Min: %d", *t.Min))
	}
	if t.Max != nil {
		fields = append(fields, fmt.Sprintf("Max: %d", *t.Max))
	}
	pattern := t.Pattern
	if t.Accept != "" {
		p.p("// The pattern of the model is %s. %s", t.Pattern, t.Why)
		pattern = t.Accept
	}
	if pattern != "" {
		fields = append(fields, "Pattern: awswire.NewPattern("+goString(pattern)+")")
	}
	if t.Enum != nil {
		var values []string
		for _, v := range t.Enum {
			values = append(values, constName(&shape{Shape: t.Name}, v))
		}
		fields = append(fields, "Enum: []string{"+strings.Join(values, ", ")+"}")
	}
	if t.Sensitive {
		fields = append(fields, "Sensitive: true")
	}
	p.p("var %s = awswire.Text{%s}\n", textVar(t), strings.Join(fields, ", "))
}

// goString is a string literal, raw if it can be.
func goString(s string) string {
	if strings.Contains(s, "`") {
		return strconv.Quote(s)
	}
	return "`" + s + "`"
}

// textVar is the name of the constraints of a named string.
func textVar(t *targetShape) string { return "text" + upperFirst(t.Name) }

// writeTargetDecoder writes the reading of a structure's members.
func writeTargetDecoder(p *printer, s *targetShape) {
	p.p("func decode%s(d *awswire.Decoder) (v %s, err error) {", s.Name, s.Name)
	p.p("err = d.Object(members%s, func(name string) (err error) {", s.Name)
	p.p("switch name {")
	for _, f := range s.Members {
		p.p("case %q:", f.Name)
		value := f.value()
		if strings.HasPrefix(f.goType(), "*") {
			value = "awswire.Ptr(" + value + ")"
		}
		p.p("v.%s, err = %s", memberName(f), value)
	}
	p.p("}")
	p.p("return err")
	p.p("})")
	p.p("return v, err")
	p.p("}\n")
}

// value is the expression that reads a value.
func (r *targetRef) value() string {
	switch r.kind() {
	case "structure":
		return "decode" + r.shape.Name + "(d)"
	case "list":
		return "awswire.ListOf(d, " + r.size() + ", " + r.List.reader() + ")"
	case "map":
		return "awswire.MapOf(d, " + r.size() + ", &" + textVar(r.Key.shape) + ", " + r.Value.reader() + ")"
	case "string":
		return textVar(r.shape) + ".Decode(d)"
	case "integer":
		return "d.Int(" + r.bounds(math.MinInt32, math.MaxInt32) + ")"
	case "long":
		return "d.Long(" + r.bounds(math.MinInt64, math.MaxInt64) + ")"
	}
	return map[string]string{"boolean": "d.Boolean()", "blob": "d.Blob()", "json": "d.Document()"}[r.kind()]
}

// reader is the function that reads a value.
func (r *targetRef) reader() string {
	switch r.kind() {
	case "structure":
		return "decode" + r.shape.Name
	case "string":
		return textVar(r.shape) + ".Decode"
	}
	return "func(d *awswire.Decoder) (" + r.goType() + ", error) { return " + r.value() + " }"
}

// size is the bound of a list or map.
func (r *targetRef) size() string {
	var fields []string
	if r.Min != nil && *r.Min > 0 {
		fields = append(fields, fmt.Sprintf("Min: %d", *r.Min))
	}
	if r.Max != nil {
		fields = append(fields, fmt.Sprintf("Max: %d", *r.Max))
	}
	return "awswire.Size{" + strings.Join(fields, ", ") + "}"
}

// bounds is the range of a number.
func (r *targetRef) bounds(lo, hi int64) string {
	if r.shape.Min != nil {
		lo = *r.shape.Min
	}
	if r.shape.Max != nil {
		hi = *r.shape.Max
	}
	return fmt.Sprintf("awswire.Range{Min: %d, Max: %d}", lo, hi)
}
