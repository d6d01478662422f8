package awswire

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"preamp/internal/errs"
)

// Routes finds the operation of a raw path. It is not http.ServeMux, which
// cleans paths and answers 307 where an SDK that was given an empty label sends
// "//" and must get a JSON error.
type Routes struct {
	// bySize holds the routes by their number of path elements.
	bySize map[int][]route
}

type route struct {
	op *Operation
	// elements are literals, or "" for labels; names are the labels' names.
	elements, names []string
}

// Match is what a raw path stands for.
type Match struct {
	// Operation is nil when no template or no method fits.
	Operation *Operation
	// Labels are the unescaped labels in the order of the template.
	Labels []string
	// Err is of kind Invalid when a label cannot be used.
	Err error
	// Methods are those that the path takes; none for an unknown path.
	Methods []string
}

// NewRoutes makes the routes of operations. It fails when two have the same
// method and template, or a template is malformed.
func NewRoutes(ops []Operation) (*Routes, error) {
	r := &Routes{bySize: map[int][]route{}}
	for i := range ops {
		rt := route{op: &ops[i]}
		rest, ok := strings.CutPrefix(ops[i].URI, "/")
		if !ok {
			return nil, fmt.Errorf("operation %s: URI %q does not begin with /", ops[i].Name, ops[i].URI)
		}
		for e := range strings.SplitSeq(rest, "/") {
			if name, ok := strings.CutPrefix(e, "{"); ok {
				rt.names = append(rt.names, strings.TrimSuffix(name, "}"))
				e = ""
			}
			rt.elements = append(rt.elements, e)
		}
		n := len(rt.elements)
		for _, other := range r.bySize[n] {
			if other.op.Method == rt.op.Method && slices.Equal(other.elements, rt.elements) {
				return nil, fmt.Errorf("operations %s and %s have the same route", other.op.Name, rt.op.Name)
			}
		}
		r.bySize[n] = append(r.bySize[n], rt)
	}
	return r, nil
}

// Match finds the operation of a method and a raw path. The path is split
// before its labels are unescaped, so %2F stays within its label. Literals win
// over labels at the same place by being compared first, element by element.
func (r *Routes) Match(method, rawPath string) Match {
	rest, ok := strings.CutPrefix(rawPath, "/")
	if !ok {
		return Match{}
	}
	parts := strings.Split(rest, "/")
	var m Match
	var best *route
	for i, rt := range r.bySize[len(parts)] {
		if !rt.fits(parts) {
			continue
		}
		if best != nil && slices.Compare(rt.elements, best.elements) < 0 {
			continue
		}
		if best != nil && !slices.Equal(rt.elements, best.elements) {
			m = Match{}
		}
		best = &r.bySize[len(parts)][i]
		m.Methods = append(m.Methods, rt.op.Method)
		if rt.op.Method == method {
			m.Operation = rt.op
			m.Labels, m.Err = rt.labels(parts)
		}
	}
	return m
}

// fits reports whether the literals of a route stand in their places.
func (rt *route) fits(parts []string) bool {
	for i, e := range rt.elements {
		if e != "" && e != parts[i] {
			return false
		}
	}
	return true
}

// labels unescapes the labels of a path that fits.
func (rt *route) labels(parts []string) ([]string, error) {
	var labels []string
	for i, e := range rt.elements {
		if e != "" {
			continue
		}
		label, err := checkLabel(rt.names[len(labels)], parts[i])
		if err != nil {
			return nil, err
		}
		labels = append(labels, label)
	}
	return labels, nil
}

func checkLabel(name, raw string) (string, error) {
	label, err := url.PathUnescape(raw)
	switch {
	case err != nil:
		return "", errs.E(errs.Invalid, "Value at '%s' in the path has malformed percent-encoding", name)
	case label == "":
		return "", errs.E(errs.Invalid, "Value at '%s' in the path must not be empty", name)
	case label == "." || label == "..":
		return "", errs.E(errs.Invalid, "Value at '%s' in the path must not be '.' or '..'", name)
	case !utf8.ValidString(label) || strings.Contains(label, "\x00"):
		return "", errs.E(errs.Invalid, "Value at '%s' in the path is not valid text", name)
	}
	return label, nil
}
