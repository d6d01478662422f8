package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// split returns the paragraphs and list items of the notes, each as one line, by
// service and by the heading below it; "" stands for what comes before the first
// of these headings.
func split(notes string) (map[string]map[string][]string, error) {
	sections := map[string]map[string][]string{}
	service, heading := "", ""
	open := false // the next line may go on with the last paragraph
	for line := range strings.Lines(notes) {
		line = strings.TrimRight(line, "\n")
		if h, ok := strings.CutPrefix(line, "## "); ok {
			service, heading, open = h, "", false
			if sections[service] != nil {
				return nil, fmt.Errorf("section %q is there twice", service)
			}
			sections[service] = map[string][]string{}
			continue
		}
		if h, ok := strings.CutPrefix(line, "### "); ok && service != "" {
			heading, open = h, false
			continue
		}
		if service == "" || line == "" {
			open = false
			continue
		}
		list := sections[service][heading]
		if open && !strings.HasPrefix(line, "- ") {
			list[len(list)-1] += " " + strings.TrimSpace(line)
		} else {
			list = append(list, line)
		}
		sections[service][heading], open = list, true
	}
	return sections, nil
}

var (
	structureForm = regexp.MustCompile(`^- \*\*(\w+)\*\*( \(sensitive\))?: (.+)$`)
	enumForm      = regexp.MustCompile(`^- \*\*(\w+)\*\*: (.+)$`)
	scalarForm    = regexp.MustCompile("^- \\*\\*(\\w+)\\*\\*: (string|integer|long)(?: (\\d*)\\.\\.(\\d*))?(?: `(.+)`)?( S)?$")
	operationForm = regexp.MustCompile(`^\*\*(\w+)\*\* \((sigv4|none)\)$`)
)

// add adds a shape, which must not be there.
func (f *facts) add(name string, s *shape) error {
	if f.Shapes[name] != nil {
		return fmt.Errorf("%s is there twice", name)
	}
	f.Shapes[name] = s
	return nil
}

func readStructures(f *facts, items []string) error {
	for _, item := range items {
		m := structureForm.FindStringSubmatch(item)
		if m == nil {
			return fmt.Errorf("structure %q", item)
		}
		members, err := parseMembers(m[3])
		if err != nil {
			return fmt.Errorf("%s: %w", m[1], err)
		}
		if err := f.add(m[1], &shape{Type: "structure", Members: members, Sensitive: m[2] != ""}); err != nil {
			return err
		}
	}
	return nil
}

func readEnums(f *facts, items []string) error {
	for _, item := range items {
		m := enumForm.FindStringSubmatch(item)
		if m == nil {
			return fmt.Errorf("enumeration %q", item)
		}
		if err := f.add(m[1], &shape{Type: "string", Enum: strings.Split(m[2], " | ")}); err != nil {
			return err
		}
	}
	return nil
}

func readScalars(f *facts, items []string) error {
	for _, item := range items {
		if !strings.HasPrefix(item, "- ") {
			continue // the paragraph that says what S means
		}
		m := scalarForm.FindStringSubmatch(item)
		if m == nil {
			return fmt.Errorf("scalar type %q", item)
		}
		s := &shape{Type: m[2], Pattern: m[5], Sensitive: m[6] != ""}
		var err error
		if s.Min, s.Max, err = parseRange(m[3], m[4]); err != nil {
			return fmt.Errorf("%s: %w", m[1], err)
		}
		if err := f.add(m[1], s); err != nil {
			return err
		}
	}
	return nil
}

// parseRange reads the bounds of a range, each of which may be absent.
func parseRange(lo, hi string) (minimum, maximum *int64, err error) {
	for _, b := range []struct {
		text string
		to   **int64
	}{{lo, &minimum}, {hi, &maximum}} {
		if b.text == "" {
			continue
		}
		n, err := strconv.ParseInt(b.text, 10, 64)
		if err != nil {
			return nil, nil, err
		}
		*b.to = &n
	}
	return minimum, maximum, nil
}

func readExceptions(f *facts, paragraphs []string) error {
	if len(paragraphs) != 2 {
		return fmt.Errorf("%d paragraphs, want the names and the server faults", len(paragraphs))
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(paragraphs[0], "."), ", ") {
		f.Errors[name] = fault{Status: 400}
	}
	faults, ok := strings.CutPrefix(paragraphs[1], "Server faults (HTTP 500): ")
	faults, _, ok2 := strings.Cut(faults, ". ")
	if !ok || !ok2 {
		return fmt.Errorf("server faults %q", paragraphs[1])
	}
	for name := range strings.SplitSeq(faults, ", ") {
		if _, ok := f.Errors[name]; !ok {
			return fmt.Errorf("server fault %s is not listed", name)
		}
		f.Errors[name] = fault{Status: 500}
	}
	return nil
}

func readOperations(f *facts, items []string) error {
	for len(items) > 0 {
		m := operationForm.FindStringSubmatch(items[0])
		if m == nil || len(items) < 4 {
			return fmt.Errorf("operation %q", items[0])
		}
		op, err := parseOperation(items[1:4])
		if err != nil {
			return fmt.Errorf("%s: %w", m[1], err)
		}
		if _, twice := f.Operations[m[1]]; twice {
			return fmt.Errorf("%s is there twice", m[1])
		}
		op.Signed = m[2] == "sigv4"
		f.Operations[m[1]] = op
		items = items[4:]
	}
	return nil
}

// parseOperation reads the three items of an operation.
func parseOperation(items []string) (op operation, err error) {
	in, ok1 := strings.CutPrefix(items[0], "- in: ")
	out, ok2 := strings.CutPrefix(items[1], "- out: ")
	list, ok3 := strings.CutPrefix(items[2], "- err: ")
	if !ok1 || !ok2 || !ok3 {
		return op, fmt.Errorf("items %q, want in, out and err", items)
	}
	if op.Input, err = parseMembers(in); err != nil {
		return op, err
	}
	if op.Output, err = parseMembers(out); err != nil {
		return op, err
	}
	for name := range strings.SplitSeq(list, ", ") {
		short, ok := strings.CutSuffix(name, "~")
		if !ok {
			return op, fmt.Errorf("error %q", name)
		}
		op.Errors = append(op.Errors, short+"Exception")
	}
	return op, nil
}
