package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// targetModel is what the package of an awsJson1_1 service is generated from.
type targetModel struct {
	signingName, prefix string
	operations          []*targetOperation
	shapes              map[string]*targetShape
	// structures are the named ones and those of inputs and outputs, texts the
	// named strings, by name.
	structures, texts []*targetShape
	errors            []string
}

// targetShape is a named type. Inputs and outputs are structures too.
type targetShape struct {
	Name    string
	Purpose string
	Type    string          `json:"type"`
	Members []*targetMember `json:"members"`
	Enum    []string        `json:"enum"`
	Min     *int64          `json:"min"`
	Max     *int64          `json:"max"`
	Pattern string          `json:"pattern"`
	// Accept replaces Pattern where a server has to accept more.
	Accept    string `json:"accept"`
	Why       string `json:"why"`
	Sensitive bool   `json:"sensitive"`
	// decoded says that it occurs in an input.
	decoded bool
}

type targetMember struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	targetRef
}

// targetRef is the type of a value: a named or simple one, a list, or a map.
type targetRef struct {
	Shape string     `json:"shape"`
	List  *targetRef `json:"list"`
	Key   *targetRef `json:"key"`
	Value *targetRef `json:"value"`
	Min   *int64     `json:"min"`
	Max   *int64     `json:"max"`
	shape *targetShape
}

type targetOperation struct {
	Name          string
	Signed        bool            `json:"signed"`
	Input         []*targetMember `json:"input"`
	Output        []*targetMember `json:"output"`
	Errors        []string        `json:"errors"`
	input, output *targetShape
}

// simpleTypes are the types without constraints and without an entry.
var simpleTypes = []string{"boolean", "integer", "long", "timestamp", "blob", "json"}

// loadTarget reads and checks a facts file.
func loadTarget(raw []byte) (*targetModel, error) {
	var facts struct {
		Metadata struct {
			SigningName, TargetPrefix string
		}
		Errors     map[string]struct{ Status int }
		Shapes     map[string]*targetShape
		Operations map[string]*targetOperation
	}
	if err := json.Unmarshal(raw, &facts); err != nil {
		return nil, err
	}
	if len(facts.Operations) == 0 {
		return nil, fmt.Errorf("no operations")
	}
	m := &targetModel{
		signingName: facts.Metadata.SigningName, prefix: facts.Metadata.TargetPrefix, shapes: facts.Shapes,
		errors: slices.Sorted(maps.Keys(facts.Errors)),
	}
	if m.signingName == "" || m.prefix == "" {
		return nil, fmt.Errorf("no signing name or no target prefix")
	}
	for name, s := range m.shapes {
		s.Name, s.Purpose = name, "a structure of the model"
	}
	for _, name := range slices.Sorted(maps.Keys(facts.Operations)) {
		op := facts.Operations[name]
		op.Name = name
		op.input = &targetShape{Name: name + "Input", Purpose: "the input of " + name, Type: "structure", Members: op.Input}
		op.output = &targetShape{Name: name + "Output", Purpose: "the answer of " + name, Type: "structure", Members: op.Output}
		for _, s := range []*targetShape{op.input, op.output} {
			if m.shapes[s.Name] != nil {
				return nil, fmt.Errorf("operation %s: %s is a structure of the model", name, s.Name)
			}
		}
		for _, e := range op.Errors {
			if _, ok := facts.Errors[e]; !ok {
				return nil, fmt.Errorf("operation %s: error %s is not listed", name, e)
			}
		}
		m.operations = append(m.operations, op)
	}
	for _, op := range m.operations {
		m.structures = append(m.structures, op.input, op.output)
		for _, s := range []*targetShape{op.input, op.output} {
			if err := m.resolve(s, s == op.input, nil); err != nil {
				return nil, fmt.Errorf("operation %s: %w", op.Name, err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.shapes)) {
		switch s := m.shapes[name]; s.Type {
		case "structure":
			m.structures = append(m.structures, s)
		case "string":
			m.texts = append(m.texts, s)
		}
	}
	slices.SortFunc(m.structures, func(a, b *targetShape) int { return strings.Compare(a.Name, b.Name) })
	return m, nil
}

// resolve finds the types of a structure's members, and checks them. above are
// the structures that this one is a part of.
func (m *targetModel) resolve(s *targetShape, decoded bool, above []string) error {
	if slices.Contains(above, s.Name) {
		return fmt.Errorf("%s contains itself", s.Name)
	}
	above = append(slices.Clone(above), s.Name)
	s.decoded = s.decoded || decoded
	for _, f := range s.Members {
		if err := m.resolveRef(&f.targetRef, decoded, above); err != nil {
			return fmt.Errorf("%s.%s: %w", s.Name, f.Name, err)
		}
	}
	return nil
}

func (m *targetModel) resolveRef(r *targetRef, decoded bool, above []string) error {
	switch {
	case r.List != nil:
		return m.resolveRef(r.List, decoded, above)
	case r.Value != nil:
		if err := m.resolveRef(r.Key, decoded, above); err != nil {
			return err
		}
		if r.Key.shape == nil || r.Key.shape.Type != "string" {
			return fmt.Errorf("the keys of a map are no strings")
		}
		return m.resolveRef(r.Value, decoded, above)
	case decoded && r.Shape == "timestamp":
		return fmt.Errorf("a timestamp in an input is not supported")
	case slices.Contains(simpleTypes, r.Shape):
		r.shape = &targetShape{Type: r.Shape}
		return nil
	}
	if r.shape = m.shapes[r.Shape]; r.shape == nil {
		return fmt.Errorf("type %q is not known", r.Shape)
	}
	switch r.shape.Type {
	case "structure":
		return m.resolve(r.shape, decoded, above)
	case "string", "integer", "long":
	default:
		return fmt.Errorf("type %s is a %q, which is not supported", r.Shape, r.shape.Type)
	}
	r.shape.decoded = r.shape.decoded || decoded
	if r.shape.decoded {
		if _, err := regexp.Compile(r.shape.Pattern); err != nil {
			return err
		}
		if _, err := regexp.Compile(r.shape.Accept); err != nil {
			return err
		}
	}
	return nil
}

// genericMax is the bound that the model puts on every string that has none.
const genericMax = 131072

// emptyCounts reports whether an empty string is a value of its own, so that an
// absent one must be told from it. It is not for strings that the model only
// gives the generic bound: no operation treats an empty one of these as set.
func (s *targetShape) emptyCounts() bool {
	if s.Type != "string" || s.Enum != nil || s.Max == nil || *s.Max == genericMax || s.Min != nil && *s.Min > 0 {
		return false
	}
	return s.Pattern == "" || regexp.MustCompile(`\A(?:`+s.Pattern+`)\z`).MatchString("")
}

// secret reports whether a structure holds anything that must not be logged.
// That is what the model marks, and maps of free text: the model leaves those of
// sign-in parameters and provider settings unmarked, and they hold passwords.
func (s *targetShape) secret() bool {
	return s.Sensitive || slices.ContainsFunc(s.Members, func(f *targetMember) bool { return f.secret() })
}

func (r *targetRef) secret() bool {
	switch {
	case r.List != nil:
		return r.List.secret()
	case r.Value != nil:
		free := r.Value.shape != nil && r.Value.shape.Max != nil && *r.Value.shape.Max == genericMax
		return free || r.Value.secret()
	}
	return r.shape.secret()
}
