package main

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	memberForm = regexp.MustCompile(`^(\w+)(\*?): (.+?)( \(deprecated\))?$`)
	boundsForm = regexp.MustCompile(`^(.*)\((\d*)\.\.(\d*)\)$`)
	nameForm   = regexp.MustCompile(`^\w+$`)
)

// parseMembers reads "A*: T; B: [U]"; "-", "{}" and "object" are no members.
func parseMembers(text string) ([]member, error) {
	members := []member{}
	if text = strings.Trim(text, "`"); text == "-" || text == "{}" || text == "object" {
		return members, nil
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, "; ") {
		m := memberForm.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("member %q", part)
		}
		if seen[m[1]] {
			return nil, fmt.Errorf("member %s is there twice", m[1])
		}
		seen[m[1]] = true
		r, err := parseRef(m[3])
		if err != nil {
			return nil, err
		}
		members = append(members, member{Name: m[1], Required: m[2] != "", ref: *r})
	}
	return members, nil
}

// parseRef reads a type: a name, "[T]" or "{K: V}", the latter two with bounds.
func parseRef(text string) (*ref, error) {
	if nameForm.MatchString(text) {
		return &ref{Shape: text}, nil
	}
	r := &ref{}
	if m := boundsForm.FindStringSubmatch(text); m != nil {
		var err error
		text = m[1]
		if r.Min, r.Max, err = parseRange(m[2], m[3]); err != nil {
			return nil, err
		}
	}
	var err error
	switch {
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		r.List, err = parseRef(text[1 : len(text)-1])
	case strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}"):
		key, value, ok := strings.Cut(text[1:len(text)-1], ": ")
		if !ok {
			return nil, fmt.Errorf("type %q", text)
		}
		if r.Key, err = parseRef(key); err != nil {
			return nil, err
		}
		r.Value, err = parseRef(value)
	default:
		return nil, fmt.Errorf("type %q", text)
	}
	return r, err
}
