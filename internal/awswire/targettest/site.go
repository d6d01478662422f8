package targettest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// site is a place in a full request: a member, an element of a list, or the
// value of a map's entry.
type site struct {
	shape    *Shape
	required bool
	// member is the path of the nearest member, as messages have it.
	member string
	steps  []any
}

// sites are all places in a request with all members.
func sites(t testing.TB, members []*Member, prefix string, steps []any) []site {
	var list []site
	for _, f := range members {
		path := prefix + strings.ToLower(f.Name[:1]) + f.Name[1:]
		list = append(list, below(t, site{shape: f.Of, required: f.Required, member: path, steps: append(slices.Clone(steps), f.Name)})...)
	}
	return list
}

// below is a place and all places below it.
func below(t testing.TB, s site) []site {
	list := []site{s}
	switch s.shape.Type {
	case "structure":
		prefix := s.member + "."
		switch step := s.steps[len(s.steps)-1].(type) {
		case entry:
			prefix += string(step) + ".member."
		case int:
			prefix += fmt.Sprintf("%d.member.", step+1)
		}
		return append(list, sites(t, s.shape.Members, prefix, s.steps)...)
	case "list":
		return append(list, below(t, site{shape: s.shape.Element, required: true, member: s.member, steps: append(slices.Clone(s.steps), 0)})...)
	case "map":
		key := entry(s.shape.Key.text(t))
		return append(list, below(t, site{shape: s.shape.Element, member: s.member, steps: append(slices.Clone(s.steps), key)})...)
	}
	return list
}

// entry is the step to the value of a map's entry.
type entry string

// isElement reports whether the place is an element of a list.
func (s site) isElement() bool {
	_, ok := s.steps[len(s.steps)-1].(int)
	return ok
}

// isMember reports whether the place is a member of a structure.
func (s site) isMember() bool {
	_, ok := s.steps[len(s.steps)-1].(string)
	return ok
}

// gone removes a value; see put.
type gone struct{}

// put replaces the value at the place in a request, which it changes.
func (s site) put(body map[string]any, value any) map[string]any {
	var at any = body
	for i, step := range s.steps {
		last := i == len(s.steps)-1
		switch step := step.(type) {
		case int:
			if last {
				at.([]any)[step] = value
			} else {
				at = at.([]any)[step]
			}
		default:
			name := fmt.Sprint(step)
			o := at.(map[string]any)
			_, remove := value.(gone)
			switch {
			case last && remove:
				delete(o, name)
			case last:
				o[name] = value
			default:
				at = o[name]
			}
		}
	}
	return body
}
