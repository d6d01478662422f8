package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// shape is a type of the facts: a scalar, a list or a structure, and what the
// member that has this type adds.
type shape struct {
	Type     string            `json:"type"`
	Shape    string            `json:"shape"`
	Wire     string            `json:"wire"`
	Model    string            `json:"model"`
	Required bool              `json:"required"`
	Location string            `json:"location"`
	Enum     []string          `json:"enum"`
	Min      *int32            `json:"min"`
	Max      *int32            `json:"max"`
	Members  map[string]*shape `json:"members"`
	Member   *shape            `json:"member"`
}

// operation is one operation of the facts.
type operation struct {
	Name   string
	Method string   `json:"method"`
	URI    string   `json:"uri"`
	Status int      `json:"status"`
	Input  *shape   `json:"input"`
	Output *shape   `json:"output"`
	Errors []string `json:"errors"`
}

// model is what a package is generated from, all in a fixed order.
type model struct {
	operations []*operation
	// structures and enums by name; structures include inputs and outputs.
	structures []*shape
	enums      []*shape
	// decoded are the structures that occur in inputs.
	decoded map[string]bool
}

// load reads and checks a facts file.
func load(raw []byte) (*model, error) {
	var facts struct {
		Operations map[string]*operation `json:"operations"`
		Enums      map[string][]string   `json:"enums"`
	}
	if err := json.Unmarshal(raw, &facts); err != nil {
		return nil, err
	}
	if len(facts.Operations) == 0 {
		return nil, fmt.Errorf("no operations")
	}
	c := collector{structures: map[string]*shape{}, enums: map[string]*shape{}, decoded: map[string]bool{}}
	m := &model{decoded: c.decoded}
	for _, name := range slices.Sorted(maps.Keys(facts.Operations)) {
		op := facts.Operations[name]
		op.Name = name
		m.operations = append(m.operations, op)
		if op.Status != 200 {
			return nil, fmt.Errorf("operation %s: status %d is not supported", name, op.Status)
		}
		if err := c.walk(op.Input, true); err != nil {
			return nil, fmt.Errorf("operation %s: input: %w", name, err)
		}
		if err := c.walk(op.Output, false); err != nil {
			return nil, fmt.Errorf("operation %s: output: %w", name, err)
		}
		if err := op.checkLabels(); err != nil {
			return nil, fmt.Errorf("operation %s: %w", name, err)
		}
	}
	for name, values := range facts.Enums {
		if e := c.enums[name]; e == nil || !slices.Equal(e.Enum, values) {
			return nil, fmt.Errorf("enumeration %s is not the one that members use", name)
		}
	}
	m.structures = sorted(c.structures)
	m.enums = sorted(c.enums)
	return m, nil
}

func sorted(shapes map[string]*shape) []*shape {
	var list []*shape
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		list = append(list, shapes[name])
	}
	return list
}

// collector finds the named shapes, which must be the same wherever they occur.
type collector struct {
	structures, enums map[string]*shape
	decoded           map[string]bool
}

func (c *collector) walk(s *shape, input bool) error {
	switch {
	case s == nil:
		return fmt.Errorf("a shape is missing")
	case s.Location != "" && s.Location != "uri":
		return fmt.Errorf("member %s: location %s is not supported", s.Wire, s.Location)
	case s.Location == "uri" && (s.Type != "string" || !s.Required):
		return fmt.Errorf("member %s: a label must be a required string", s.Wire)
	}
	switch s.Type {
	case "string":
		if s.Enum == nil {
			return nil
		}
		if known := c.enums[s.Shape]; known != nil && !slices.Equal(known.Enum, s.Enum) {
			return fmt.Errorf("enumeration %s has two forms", s.Shape)
		}
		c.enums[s.Shape] = s
	case "boolean", "double":
	case "integer":
		if s.Min == nil || s.Max == nil {
			return fmt.Errorf("member %s: an integer needs min and max", s.Wire)
		}
	case "list":
		return c.walk(s.Member, input)
	case "structure":
		if known := c.structures[s.Shape]; known != nil && !reflect.DeepEqual(known.Members, s.Members) {
			return fmt.Errorf("structure %s has two forms", s.Shape)
		}
		c.structures[s.Shape] = s
		c.decoded[s.Shape] = c.decoded[s.Shape] || input
		for _, m := range s.members() {
			if err := c.walk(m, input); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("type %q is not supported", s.Type)
	}
	return nil
}

// members are the members of a structure by wire name.
func (s *shape) members() []*shape { return sorted(s.Members) }

// body are the members that stand in a body.
func (s *shape) body() []*shape {
	return slices.DeleteFunc(s.members(), func(m *shape) bool { return m.Location != "" })
}

// labels are the names in the template of the path, in order.
func (o *operation) labels() []string {
	var names []string
	for e := range strings.SplitSeq(o.URI, "/") {
		if name, ok := strings.CutPrefix(e, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// checkLabels holds the labels of the template against the input's members.
func (o *operation) checkLabels() error {
	var members []string
	for _, m := range o.Input.members() {
		if m.Location == "uri" {
			members = append(members, m.Wire)
		}
	}
	labels := o.labels()
	slices.Sort(labels)
	if !slices.Equal(members, labels) {
		return fmt.Errorf("the URI has labels %v, the input %v", labels, members)
	}
	return nil
}
