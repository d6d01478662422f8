package exec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/plan"
)

const nonce = "mNONCE"

// plainSealer shows what is sealed.
type plainSealer struct{}

func (plainSealer) SealToken(_ string, payload []byte, _ time.Time) string {
	return fmt.Sprintf("token-%x", payload)
}

func (plainSealer) OpenToken(string, string, time.Time) ([]byte, error) { return nil, nil }

func named(name string) *ast.Type   { return ast.NamedType(name, nil) }
func nonNull(t *ast.Type) *ast.Type { out := *t; out.NonNull = true; return &out }
func listOf(t *ast.Type) *ast.Type  { return ast.ListType(t, nil) }

func object(name string, fields ...plan.Output) *plan.Object {
	return &plan.Object{Type: name, Fields: fields}
}

func output(key string, t *ast.Type, sub *plan.Object) plan.Output {
	return plan.Output{Key: key, Kind: plan.FromColumn, Type: t, Sub: sub}
}

func TestOwnerMarks(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"text", `{"a":["mNONCEO","sub::alice"],"b":1}`, `{"a":"alice","b":1}`},
		{"with the spaces of PostgreSQL", `{"a" : ["mNONCEO", "sub::alice"], "b" : 1}`, `{"a" : "alice", "b" : 1}`},
		{"no separator", `{"a":["mNONCEO","alice"]}`, `{"a":"alice"}`},
		{"one colon", `{"a":["mNONCEO","a:b"]}`, `{"a":"a:b"}`},
		{"several", `{"a":["mNONCEO","a::b::c"]}`, `{"a":"c"}`},
		{"nothing behind the last", `{"a":["mNONCEO","a::b::"]}`, `{"a":"b"}`}, // as Java splits
		{"three colons", `{"a":["mNONCEO","a:::b"]}`, `{"a":":b"}`},
		{"only separators", `{"a":["mNONCEO","::::"]}`, `{"a":""}`},
		{"empty", `{"a":["mNONCEO",""]}`, `{"a":""}`},
		{"null", `{"a":["mNONCEO",null]}`, `{"a":null}`},
		{"escapes", `{"a":["mNONCEO","x\\::\"a\u00e9\n\\"]}`, `{"a":"\"a\u00e9\n\\"}`},
		{"a quote before the separator", `{"a":["mNONCEO","\"::\""]}`, `{"a":"\""}`},
		{"an escaped separator", `{"a":["mNONCEO","a\u003a\u003Ab"]}`, `{"a":"b"}`},
		{"list", `{"a":["mNONCEO",["s::a","b",null,"c::"]]}`, `{"a":["a","b",null,"c"]}`},
		{"list with spaces", `{"a":["mNONCEO", ["s::a", "b"]],"b":2}`, `{"a":["a", "b"],"b":2}`},
		{"empty list", `{"a":["mNONCEO",[]]}`, `{"a":[]}`},
		{"brackets in texts", `{"a":["mNONCEO",["],[","x::]"]]}`, `{"a":["],[","]"]}`},
		{"twice", `[["mNONCEO","s::a"],["mNONCEO","s::b"],"c::d"]`, `["a","b","c::d"]`},
		{"alone", `["mNONCEO","s::a"]`, `"a"`},
		{"beside a token", `{"a":["mNONCEO","s::a"],"t":"mNONCEK[\"x\"]","b":["mNONCEO","s::b"]}`, `{"a":"a","t":"token-5b2278225d","b":"b"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, errs := exec.NewMarker(nonce, plainSealer{}).Resolve(&plan.Field{Key: "f", Type: named("T")}, &plan.Bound{Marks: true}, []byte(tt.in))
			if string(got) != tt.want || len(errs) > 0 {
				t.Errorf("got %s %v, want %s", got, errs, tt.want)
			}
		})
	}
}

// TestBrokenMarks reads marks that no statement writes: an error, and nothing of
// the text.
func TestBrokenMarks(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`mNONCEO`, `"mNONCEO"`, `["mNONCEO"]`, `["mNONCEO",`, `["mNONCEO",]`, `["mNONCEO","a","b"]`, `["mNONCEO",["a"]`, `["mNONCEO","a`,
		`["mNONCEO",{"a":1}]`, `["mNONCEO",[{"a":1}]]`, `{"mNONCEO":"a"}`, `["xmNONCEO","a"]`, `["mNONCEOx","a"]`, `["mNONCEO","mNONCEK[1]"]`,
		`["mNONCEO","mNONCE"]`, `["mNONCEO" "a"]`, `["mNONCEX"]`, `"mNONCE`, `{"a":"mNONCEKno"}`, `{"a":"mNONCEK9[1]"}`, `["mNONCEO","\u003"]`,
	} {
		got, errs := exec.NewMarker(nonce, plainSealer{}).Resolve(&plan.Field{Key: "f", Type: named("T")}, &plan.Bound{Marks: true}, []byte(in))
		if got != nil || len(errs) != 1 || errs[0].Type != "InternalFailure" {
			t.Errorf("%s: %s %v", in, got, errs)
		}
	}
}

// TestFailMarks hides values of every kind of place.
func TestFailMarks(t *testing.T) {
	t.Parallel()
	text, embedded := named("String"), object("In", output("x", named("Int"), nil), output("must", nonNull(named("Int")), nil))
	row := object("Row", output("s", text, nil), output("m", nonNull(text), nil), output("e", named("In"), embedded), output("es", listOf(named("In")), embedded))
	page := object("Page", output("items", nonNull(listOf(named("Row"))), row), output("nextToken", text, nil), output("strict", nonNull(listOf(nonNull(named("Row")))), row))
	tests := []struct {
		name string
		f    plan.Field
		in   string
		want string // null if empty
		errs []string
	}{
		{"the object", plan.Field{Type: named("Row"), Out: row}, `"mNONCEF0"`, ``, []string{"no 0 [f]"}},
		{"the object that must be", plan.Field{Type: nonNull(named("Row")), Out: row}, `"mNONCEF0"`, ``, []string{"no 0 [f]"}},
		{"a field", plan.Field{Type: named("Row"), Out: row}, `{"s":"mNONCEF1","m":"a"}`, `{"s":null,"m":"a"}`, []string{"no 1 [f s]"}},
		{"a field that must be", plan.Field{Type: named("Row"), Out: row}, `{"s":"b","m":"mNONCEF0"}`, ``, []string{"no 0 [f m]"}},
		{
			"an embedded object and its member",
			plan.Field{Type: named("Row"), Out: row},
			`{"s":"b","m":"a","e":"mNONCEF0","es":[{"x":"mNONCEF1","must":1},null,{"x":1,"must":"mNONCEF1"}]}`,
			`{"s":"b","m":"a","e":null,"es":[{"x":null,"must":1},null,null]}`,
			[]string{"no 0 [f e]", "no 1 [f es 0 x]", "no 1 [f es 2 must]"},
		},
		{
			"in a list",
			plan.Field{Type: named("Page"), Out: page},
			`{"items":[{"s":"mNONCEF0","m":"a"},{"s":"a","m":"mNONCEF0"},"mNONCEF1",{"s":["mNONCEO","x::y"],"m":"b"}],"nextToken":"mNONCEK[1]"}`,
			`{"items":[{"s":null,"m":"a"},null,null,{"s":"y","m":"b"}],"nextToken":"token-5b315d"}`,
			[]string{"no 0 [f items 0 s]", "no 0 [f items 1 m]", "no 1 [f items 2]"},
		},
		{"the list", plan.Field{Type: named("Page"), Out: page}, `{"items":"mNONCEF1","nextToken":null}`, ``, []string{"no 1 [f items]"}},
		{"the token", plan.Field{Type: named("Page"), Out: page}, `{"items":[],"nextToken":"mNONCEF1"}`, `{"items":[],"nextToken":null}`, []string{"no 1 [f nextToken]"}},
		{"in a list of what must be", plan.Field{Type: named("Page"), Out: page}, `{"items":[],"nextToken":null,"strict":[{"s":null,"m":"mNONCEF1"}]}`, ``, []string{"no 1 [f strict 0 m]"}},
		{
			"beside a null",
			plan.Field{Type: named("Page"), Out: page},
			`{"items":[{"s":"mNONCEF0","m":["mNONCEO","mNONCEN"]}],"nextToken":null}`, `{"items":[null],"nextToken":null}`,
			[]string{"no 0 [f items 0 s]", "Cannot return null for non-nullable type: 'String' within parent 'Row' (/f/items[0]/m) [f items 0 m]"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.f.Key = "f"
			b := &plan.Bound{Marks: true, Failures: []*plan.Error{{Message: "no 0"}, {Message: "no 1"}}}
			got, errs := exec.NewMarker(nonce, plainSealer{}).Resolve(&tt.f, b, []byte(tt.in))
			var messages []string
			for _, e := range errs {
				messages = append(messages, fmt.Sprint(e.Message, " ", e.Path))
			}
			if diff := cmp.Diff(tt.errs, messages); diff != "" || string(got) != tt.want {
				t.Errorf("got %s, want %s\n%s", got, tt.want, diff)
			}
			if b.Failures[0].Path != nil || b.Failures[1].Path != nil {
				t.Error("the error of the plan was changed")
			}
		})
	}
}

// TestManyFailMarks hides more values than are reported.
func TestManyFailMarks(t *testing.T) {
	t.Parallel()
	f := &plan.Field{Key: "f", Type: listOf(named("String"))}
	in := "[" + strings.Repeat(`"mNONCEF0",`, 4999) + `"mNONCEF0"]`
	got, errs := exec.NewMarker(nonce, plainSealer{}).Resolve(f, &plan.Bound{Marks: true, Failures: []*plan.Error{{Message: "no"}}}, []byte(in))
	if want := "[" + strings.Repeat("null,", 4999) + "null]"; string(got) != want || len(errs) != 1000 {
		t.Errorf("%d errors, %.100s", len(errs), got)
	}
}

// lastOf is what Java's split("::") has as its last element.
func lastOf(s string) string {
	parts := strings.Split(s, "::")
	for len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts[len(parts)-1]
}

// owned wraps the texts and lists of texts in a value as statements do; shown is
// the same with what is to be seen.
func owned(v any) (wrapped, shown any) {
	switch v := v.(type) {
	case string:
		return []any{nonce + "O", v}, lastOf(v)
	case nil:
		return []any{nonce + "O", nil}, nil
	case []any:
		in, out := []any{}, []any{}
		texts := true
		for _, x := range v {
			s, ok := x.(string)
			texts = texts && (ok || x == nil)
			if ok {
				out = append(out, lastOf(s))
			} else {
				out = append(out, x)
			}
		}
		if texts && len(v) > 0 {
			return []any{nonce + "O", v}, out
		}
		out = []any{}
		for _, x := range v {
			w, s := owned(x)
			in, out = append(in, w), append(out, s)
		}
		return in, out
	case map[string]any:
		in, out := map[string]any{}, map[string]any{}
		for k, x := range v {
			in[k], out[k] = owned(x)
		}
		return in, out
	}
	return v, v
}

// FuzzOwners compares with a naive way: decode, take apart, encode.
func FuzzOwners(f *testing.F) {
	f.Add(`{"a":"x::y","b":["s::\"","\\::\\",null],"c":{"d":1}}`, false)
	f.Add(`["::",":::","a:::b","é::\u2028",{"a::b":"c::d"}]`, true)
	f.Fuzz(func(t *testing.T, text string, spaces bool) {
		if strings.Contains(text, nonce) {
			return
		}
		var v any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if d.Decode(&v) != nil {
			return
		}
		wrapped, want := owned(v)
		in, err := json.Marshal(wrapped)
		if err != nil {
			return
		}
		if spaces {
			in = bytes.ReplaceAll(in, []byte(nonce+`O",`), []byte(nonce+`O", `))
		}
		got, errs := exec.NewMarker(nonce, plainSealer{}).Resolve(&plan.Field{Key: "f", Type: named("T")}, &plan.Bound{Marks: true}, in)
		if len(errs) > 0 {
			t.Fatalf("%s: %v", in, errs[0])
		}
		var have any
		d = json.NewDecoder(bytes.NewReader(got))
		d.UseNumber()
		if err := d.Decode(&have); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Fatalf("%s:\n%s", in, diff)
		}
	})
}

// FuzzMarks reads any text with marks anywhere: an answer that is JSON stays
// JSON or is refused, and the rest does not panic.
func FuzzMarks(f *testing.F) {
	f.Add(`{"a":["mNONCEO",["a::b"]],"b":"mNONCEN","c":"mNONCEK[1]","d":"mNONCEF0"}`)
	f.Add(`["mNONCEO",["mNONCEN","a",["mNONCEO"]]`)
	f.Fuzz(func(t *testing.T, text string) {
		valid := json.Valid([]byte(text))
		sub := object("T", output("a", named("String"), nil), output("b", nonNull(named("String")), nil), output("c", listOf(named("T")), nil))
		for _, field := range []*plan.Field{{Key: "f", Type: named("T")}, {Key: "f", Type: listOf(nonNull(named("T"))), Out: sub}} {
			got, _ := exec.NewMarker(nonce, plainSealer{}).Resolve(field, &plan.Bound{Marks: true, Failures: []*plan.Error{{Message: "no"}}}, []byte(text))
			if valid && got != nil && !json.Valid(got) {
				t.Fatalf("%s became %s", text, got)
			}
		}
	})
}
