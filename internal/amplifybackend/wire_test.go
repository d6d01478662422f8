package amplifybackend_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/awswire"
	"preamp/internal/errs"
)

// refused asserts that an input is refused with a message.
func refused(t *testing.T, op awswire.Operation, f operationFact, body []byte, want ...string) {
	t.Helper()
	in, err := op.Decode(labels(f.URI), body)
	if err == nil {
		t.Errorf("%s: accepted as %+v", body, in)
		return
	}
	if errs.KindOf(err) != errs.Invalid {
		t.Errorf("%s: kind %s, want invalid: %v", body, errs.KindOf(err), err)
	}
	for _, w := range want {
		if !strings.Contains(errs.Public(err).Message, w) {
			t.Errorf("%s: message %q does not have %q", body, errs.Public(err).Message, w)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	kinds := map[string]awswire.Kind{
		"string": awswire.KindString, "boolean": awswire.KindBoolean, "double": awswire.KindDouble,
		"integer": awswire.KindInteger, "list": awswire.KindList, "structure": awswire.KindStructure,
	}
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		if op.Method != f.Method || op.URI != f.URI {
			t.Errorf("route %s %s, want %s %s", op.Method, op.URI, f.Method, f.URI)
		}
		if d := cmp.Diff(slices.Sorted(slices.Values(f.Errors)), op.Errors); d != "" {
			t.Errorf("errors (-want +got):\n%s", d)
		}
		var want []awswire.Member
		for _, s := range sites(f.Input, "", nil) {
			if len(s.steps) == 1 {
				want = append(want, awswire.Member{Name: s.path, Kind: kinds[s.fact.Type], Required: s.fact.Required})
			}
		}
		if d := cmp.Diff(want, op.Members); d != "" {
			t.Errorf("members (-want +got):\n%s", d)
		}
	})
}

// TestDecode reads requests with the required members and with all members, and
// compares what was read by writing it again.
func TestDecode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		for _, all := range []bool{false, true} {
			body := text(t, f.Input.value(all))
			in, err := op.Decode(labels(f.URI), body)
			if err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if got := text(t, in); !bytes.Equal(got, body) {
				t.Errorf("read %s, wrote %s", body, got)
			}
			checkLabels(t, f, in)
		}
	})
}

// checkLabels looks for every label in the input's field of that name.
func checkLabels(t *testing.T, f operationFact, in any) {
	t.Helper()
	for _, label := range labels(f.URI) {
		name := strings.TrimSuffix(label, "-label")
		field := reflect.ValueOf(in).Elem().FieldByNameFunc(func(s string) bool { return strings.EqualFold(s, name) })
		if !field.IsValid() || field.String() != label {
			t.Errorf("label %s is not in the input %+v", name, in)
		}
	}
}

func TestEmptyBody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		needs := slices.ContainsFunc(op.Members, func(m awswire.Member) bool { return m.Required })
		for _, body := range []string{"", "{}", "null", " \r\n\t", " {} ", `{"unknown":[{"a":null}],"appId2":1}`} {
			in, err := op.Decode(labels(f.URI), []byte(body))
			if needs {
				refused(t, op, f, []byte(body), "Missing required key '")
				continue
			}
			if err != nil {
				t.Errorf("%q: %v", body, err)
			} else if got := string(text(t, in)); got != "{}" {
				t.Errorf("%q was read as %s", body, got)
			}
		}
	})
}

func TestAbsentMember(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		for _, s := range sites(f.Input, "", nil) {
			if !s.isMember() {
				refused(t, op, f, text(t, s.change(f.Input.value(true), nil, nil)), "'"+s.path+"'", "not null")
				continue
			}
			without := text(t, s.change(f.Input.value(true), func(o map[string]any, name string) { delete(o, name) }, nil))
			null := text(t, s.change(f.Input.value(true), nil, nil))
			if s.fact.Required {
				for _, body := range [][]byte{without, null} {
					refused(t, op, f, body, "Missing required key '"+s.path+"'")
				}
				continue
			}
			// An explicit null is the same as an absent member.
			for _, body := range [][]byte{without, null} {
				in, err := op.Decode(labels(f.URI), body)
				if err != nil {
					t.Errorf("without %s: %v", s.path, err)
				} else if got := text(t, in); !bytes.Equal(got, without) {
					t.Errorf("read %s, wrote %s", body, got)
				}
			}
		}
	})
}

func TestWrongType(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"string": `"x"`, "boolean": "true", "double": "1.5", "list": "[]", "structure": "{}",
	}
	want := map[string]string{
		"string": "a string", "boolean": "a boolean", "double": "a number", "integer": "a whole number", "list": "an array", "structure": "an object",
	}
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		for _, s := range sites(f.Input, "", nil) {
			for kind, v := range values {
				if kind == s.fact.Type || kind == "double" && s.fact.Type == "integer" {
					continue
				}
				body := text(t, s.change(f.Input.value(true), nil, json.RawMessage(v)))
				refused(t, op, f, body, "'"+s.path+"' must be "+want[s.fact.Type])
			}
		}
		for _, body := range []string{"[]", `"x"`, "1", "true"} {
			refused(t, op, f, []byte(body), "The request body must be an object, not")
		}
	})
}

func TestEnum(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, f := range readFacts(t) {
		for _, s := range sites(f.Input, "", nil) {
			if s.fact.Enum != nil {
				checked++
			}
		}
	}
	if checked < 40 {
		t.Fatalf("only %d members with values to choose from", checked)
	}
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		for _, s := range sites(f.Input, "", nil) {
			for _, good := range s.fact.Enum {
				body := text(t, s.change(f.Input.value(true), nil, good))
				if _, err := op.Decode(labels(f.URI), body); err != nil {
					t.Errorf("%s = %s: %v", s.path, good, err)
				}
				for _, bad := range []string{strings.ToLower(good), good + " ", ""} {
					body := text(t, s.change(f.Input.value(true), nil, bad))
					refused(t, op, f, body, "Value '"+bad+"' at '"+s.path+"' failed to satisfy constraint: "+
						"Member must satisfy enum value set: ["+strings.Join(s.fact.Enum, ", ")+"]")
				}
			}
		}
	})
}

// TestNames guards against a member that is accepted in another case, or twice:
// two readers of one request would see two different requests.
func TestNames(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		for _, s := range sites(f.Input, "", nil) {
			if !s.isMember() {
				continue
			}
			for _, other := range []string{strings.ToUpper(s.fact.Wire), swapFirst(s.fact.Wire)} {
				if other == s.fact.Wire {
					continue
				}
				alone := s.change(f.Input.value(true), func(o map[string]any, name string) {
					o[other] = o[name]
					delete(o, name)
				}, nil)
				refused(t, op, f, text(t, alone), "it must be written '"+s.fact.Wire+"'")
				both := s.change(f.Input.value(true), func(o map[string]any, name string) { o[other] = o[name] }, nil)
				refused(t, op, f, text(t, both), "it must be written '"+s.fact.Wire+"'")
			}
			const mark = "MARK"
			marked := text(t, s.change(f.Input.value(true), func(o map[string]any, name string) { o[mark] = o[name] }, nil))
			// The same name, once as it is and once with an escape.
			for _, again := range []string{quoted(s.fact.Wire), `"\u00` + hexOf(s.fact.Wire[0]) + s.fact.Wire[1:] + `"`} {
				body := bytes.Replace(marked, []byte(quoted(mark)), []byte(again), 1)
				refused(t, op, f, body, "Key '"+s.path+"' is given twice")
			}
		}
	})
}

func hexOf(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

func swapFirst(s string) string {
	r := []rune(s)
	if unicode.IsLower(r[0]) {
		r[0] = unicode.ToUpper(r[0])
	} else {
		r[0] = unicode.ToLower(r[0])
	}
	return string(r)
}

// TestLabelsInBody: a label is never taken from the body.
func TestLabelsInBody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f operationFact, op awswire.Operation) {
		body := f.Input.value(false).(map[string]any)
		for _, label := range labels(f.URI) {
			body[strings.TrimSuffix(label, "-label")] = "from the body"
		}
		in, err := op.Decode(labels(f.URI), text(t, body))
		if err != nil {
			t.Fatal(err)
		}
		checkLabels(t, f, in)
	})
}

func TestMaxResults(t *testing.T) {
	t.Parallel()
	const lo, hi = "Member must have value greater than or equal to 1", "Member must have value less than or equal to 25"
	tests := []struct{ name, value, want string }{
		{"lowest", "1", ""},
		{"highest", "25", ""},
		{"zero", "0", lo},
		{"negative", "-1", lo},
		{"over", "26", hi},
		{"over 32 bits", "4294967297", hi},
		{"over 64 bits", "18446744073709551617", hi},
		{"under 64 bits", "-18446744073709551617", lo},
		{"fraction", "1.5", "must be a whole number"},
		{"exponent", "1e1", "must be a whole number"},
		{"text", `"5"`, "must be a whole number, not a string"},
	}
	op, f := operation(t, "ListBackendJobs")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := []byte(`{"maxResults":` + tt.value + `}`)
			if tt.want != "" {
				refused(t, op, f, body, "'maxResults'", tt.want)
				return
			}
			if in, err := op.Decode(labels(f.URI), body); err != nil || string(text(t, in)) != string(body) {
				t.Errorf("got %v, %v", in, err)
			}
		})
	}
}
