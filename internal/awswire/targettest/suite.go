package targettest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/awswire"
	"preamp/internal/errs"
)

const (
	malformed = "SerializationException"
	invalid   = "InvalidParameterException"
)

// Run holds a service whose operations are all unavailable against its facts.
func Run(t *testing.T, f *Facts, actions []awswire.Action) {
	t.Helper()
	var names []string
	for _, a := range actions {
		names = append(names, a.Name)
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			op := f.Operations[a.Name]
			if op == nil {
				t.Fatal("it is no operation of the facts")
			}
			if a.Unsigned == op.Signed {
				t.Errorf("unsigned is %t", a.Unsigned)
			}
			if d := cmp.Diff(op.Errors, a.Errors); d != "" {
				t.Errorf("errors (-want +got):\n%s", d)
			}
			s := suite{op, a}
			s.decode(t)
			s.empty(t)
			s.absent(t)
			s.mistyped(t)
			s.constraints(t)
			s.names(t)
		})
	}
	if d := cmp.Diff(f.Names(), names); d != "" {
		t.Errorf("operations (-want +got):\n%s", d)
	}
}

type suite struct {
	op     *Operation
	action awswire.Action
}

// Canonical is a JSON text with sorted members, compact, and numbers as they
// were.
func Canonical(t testing.TB, text []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(marshal(t, v))
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := awswire.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// accepted reads a body and compares what was read with want by writing it.
func (s suite) accepted(t *testing.T, body []byte, want string) {
	t.Helper()
	in, err := s.action.Decode(body)
	if err != nil {
		t.Errorf("%s: %v", body, err)
		return
	}
	if got := Canonical(t, marshal(t, in)); got != want {
		t.Errorf("%s was read as\n%s, want\n%s", body, got, want)
	}
}

// refused asserts that a body is refused with a code and texts.
func (s suite) refused(t *testing.T, body []byte, code string, says ...string) string {
	t.Helper()
	in, err := s.action.Decode(body)
	if err == nil {
		t.Errorf("%.300s: accepted as %+v", body, in)
		return ""
	}
	public := errs.Public(err)
	if public.Kind != errs.Invalid || public.Code != code {
		t.Errorf("%.300s: %s %s, want %s: %s", body, public.Kind, public.Code, code, public.Message)
	}
	for _, w := range says {
		if !strings.Contains(public.Message, w) {
			t.Errorf("%.300s: message %q does not have %q", body, public.Message, w)
		}
	}
	return public.Message
}

// decode reads requests with the required members and with all of them.
func (s suite) decode(t *testing.T) {
	for _, all := range []bool{false, true} {
		body := marshal(t, s.op.Body(t, all))
		s.accepted(t, body, string(body))
	}
}

// empty sends nothing: every required member is named, with its constraint.
func (s suite) empty(t *testing.T) {
	var says []string
	for _, m := range s.op.Input {
		if m.Required {
			says = append(says, "Value null at '"+strings.ToLower(m.Name[:1])+m.Name[1:]+"' failed to satisfy constraint: Member must not be null")
		}
	}
	for _, body := range []string{"", "{}", "null", " \r\n\t", ` {"Unknown":[{"a":null}],"future":1} `} {
		if len(says) == 0 {
			s.accepted(t, []byte(body), "{}")
			continue
		}
		noun := " validation errors detected: "
		if len(says) == 1 {
			noun = " validation error detected: "
		}
		want := string(marshal(t, len(says))) + noun + strings.Join(says, "; ")
		if got := s.refused(t, []byte(body), invalid); got != want {
			t.Errorf("%q: message\n%s, want\n%s", body, got, want)
		}
	}
}

// absent takes every member of a full request away, and writes null for it.
func (s suite) absent(t *testing.T) {
	for _, at := range sites(t, s.op.Input, "", nil) {
		null := marshal(t, at.put(s.op.Body(t, true), nil))
		if at.isElement() {
			s.refused(t, null, malformed, "not null")
			continue
		}
		without := marshal(t, at.put(s.op.Body(t, true), gone{}))
		switch {
		case at.required:
			says := "Value null at '" + at.member + "' failed to satisfy constraint: Member must not be null"
			s.refused(t, without, invalid, says)
			s.refused(t, null, invalid, says)
		case s.leastOne(at):
			s.refused(t, without, invalid, "Member must have length greater than or equal to 1")
		default:
			s.accepted(t, without, string(without))
			s.accepted(t, null, string(without))
		}
	}
}

// leastOne reports whether the place is the only entry of a map that needs one.
func (s suite) leastOne(at site) bool {
	if at.isMember() {
		return false
	}
	members := s.op.Input
	var shape *Shape
	for _, step := range at.steps[:len(at.steps)-1] {
		if name, ok := step.(string); ok {
			i := slices.IndexFunc(members, func(m *Member) bool { return m.Name == name })
			shape = members[i].Of
		} else {
			shape = shape.Element
		}
		members = shape.Members
	}
	return shape.Min != nil && *shape.Min > 0
}

// mistyped puts values of other types everywhere.
func (s suite) mistyped(t *testing.T) {
	values := map[string][]string{
		"string": {"structure", "list", "integer", "boolean"}, "list": {"structure", "string", "integer"},
		"map": {"list", "string", "integer"}, "structure": {"list", "string", "boolean"}, "boolean": {"string", "integer"},
		"integer": {"string", "fraction", "boolean", "huge"}, "long": {"string", "fraction", "huge"}, "blob": {"integer", "no base64"},
	}
	samples := map[string]any{
		"structure": map[string]any{}, "list": []any{}, "string": "Hunter2", "integer": 5, "boolean": true,
		"fraction": 1.5, "huge": json.RawMessage("9223372036854775808"), "no base64": "*",
	}
	for _, at := range sites(t, s.op.Input, "", nil) {
		for _, other := range values[at.shape.Type] {
			message := s.refused(t, marshal(t, at.put(s.op.Body(t, true), samples[other])), malformed)
			if strings.Contains(message, "Hunter2") {
				t.Errorf("message %q shows the value", message)
			}
		}
	}
}

// constraints breaks every constraint of every place.
func (s suite) constraints(t *testing.T) {
	for _, at := range sites(t, s.op.Input, "", nil) {
		for _, w := range at.shape.wrongs(t) {
			message := s.refused(t, marshal(t, at.put(s.op.Body(t, true), w.value)), invalid, " at '"+at.member, w.says)
			if at.shape.Sensitive && strings.Contains(strings.ToLower(message), "hunter") {
				t.Errorf("message %q shows a sensitive value", message)
			}
		}
		if key := at.shape.Key; key != nil && key.Max != nil {
			long := map[string]any{strings.Repeat("k", int(*key.Max+1)): at.shape.Element.value(t, true)}
			s.refused(t, marshal(t, at.put(s.op.Body(t, true), long)), invalid, "at '"+at.member+"'", "Map keys must satisfy constraint: [Member must have length")
		}
	}
}

// names writes every member's name in another case, and twice; unknown ones are
// accepted wherever there is a structure.
func (s suite) names(t *testing.T) {
	full := marshal(t, s.op.Body(t, true))
	for _, at := range sites(t, s.op.Input, "", nil) {
		if at.shape.Type == "structure" {
			o := at.shape.value(t, true).(map[string]any)
			o["Unknown"] = []any{map[string]any{"x": nil}}
			s.accepted(t, marshal(t, at.put(s.op.Body(t, true), o)), string(full))
		}
		if len(at.steps) > 1 {
			continue
		}
		name := at.steps[0].(string)
		body := at.put(s.op.Body(t, true), gone{})
		body[strings.ToUpper(name)+""] = at.shape.value(t, true)
		if strings.ToUpper(name) != name {
			s.refused(t, marshal(t, body), malformed, "Unknown key '", "'"+name+"'")
		}
		twice := append([]byte(`{"`+name+`":null,`), full[1:]...)
		s.refused(t, twice, malformed, "Key '"+name+"' is given twice")
	}
}
