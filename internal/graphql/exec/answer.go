package exec

import (
	"strconv"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
)

// appendAnswer writes the answer of an operation that ran, and says how many
// errors it has.
func appendAnswer(out []byte, p *plan.Plan, values []value) ([]byte, int) {
	n := 0
	whole := true
	for i := range values {
		n += len(values[i].errs)
		// A null in a non-null root field leaves no data at all.
		whole = whole && (values[i].text != nil || !p.Fields[i].Type.NonNull)
	}
	if whole {
		out = append(out, `{"data":{`...)
		for i, f := range p.Fields {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, '"')
			out = append(out, f.Key...) // a GraphQL name needs no escapes
			out = append(out, '"', ':')
			if values[i].text == nil {
				out = append(out, "null"...)
			} else {
				out = append(out, values[i].text...)
			}
		}
		out = append(out, '}')
	} else {
		out = append(out, `{"data":null`...)
	}
	if n > 0 {
		out = append(out, `,"errors":[`...)
		first := true
		for i := range values {
			for _, e := range values[i].errs {
				if !first {
					out = append(out, ',')
				}
				first = false
				out = appendError(out, e)
			}
		}
		out = append(out, ']')
	}
	return append(out, '}'), n
}

// appendFailure writes the answer of a request that did not run.
func appendFailure(out []byte, list []*plan.Error) []byte {
	out = append(out, `{"data":null,"errors":[`...)
	for i, e := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendError(out, e)
	}
	return append(out, ']', '}')
}

// AppendFailure writes the answer of a request that was refused before it was
// given to an Executor.
func AppendFailure(out []byte, e *plan.Error) []byte { return appendFailure(out, []*plan.Error{e}) }

func appendError(b []byte, e *plan.Error) []byte {
	b = append(b, `{"path":`...)
	b = appendPath(b, e.Path)
	if e.Resolver {
		b = append(b, `,"data":null,"errorType":`...)
		if e.Type == "" {
			b = append(b, "null"...)
		} else {
			b = scalar.AppendString(b, e.Type)
		}
		b = append(b, `,"errorInfo":null`...)
	}
	b = append(b, `,"locations":`...)
	if e.Locations == nil {
		b = append(b, "null"...)
	} else {
		b = append(b, '[')
		for i, l := range e.Locations {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"line":`...)
			b = strconv.AppendInt(b, int64(l.Line), 10)
			b = append(b, `,"column":`...)
			b = strconv.AppendInt(b, int64(l.Column), 10)
			b = append(b, `,"sourceName":null}`...)
		}
		b = append(b, ']')
	}
	b = append(b, `,"message":`...)
	return append(scalar.AppendString(b, e.Message), '}')
}

func appendPath(b []byte, path []any) []byte {
	if path == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, p := range path {
		if i > 0 {
			b = append(b, ',')
		}
		switch p := p.(type) {
		case string:
			b = scalar.AppendString(b, p)
		case int:
			b = strconv.AppendInt(b, int64(p), 10)
		}
	}
	return append(b, ']')
}
