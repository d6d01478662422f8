package authz

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOwnerValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		claims map[string]any
		claim  string
		full   string
		forms  []string
	}{
		{"username of an access token", map[string]any{"username": "alice"}, "username", "alice", []string{"alice"}},
		{"username of an ID token", map[string]any{"cognito:username": "alice"}, "username", "alice", []string{"alice"}},
		{"both", map[string]any{"username": "a", "cognito:username": "b"}, "username", "a", []string{"a"}},
		{"null and another", map[string]any{"username": nil, "cognito:username": "b"}, "username", "b", []string{"b"}},
		{"a username that is none", map[string]any{"username": true, "cognito:username": "b"}, "username", "", nil},
		{"only username has another name", map[string]any{"cognito:email": "a"}, "email", "", nil},
		{"another claim", map[string]any{"email": "a@b"}, "email", "a@b", []string{"a@b"}},
		{"cognito:username is not two claims", map[string]any{"cognito:username": "a"}, "cognito:username", "a", []string{"a"}},
		{"absent", map[string]any{"sub": "s"}, "email", "", nil},
		{"no claims", nil, "sub", "", nil},
		{"empty", map[string]any{"sub": ""}, "sub", "", nil},
		{"a single name like a joined one", map[string]any{"username": "s::a"}, "username", "s::a", []string{"s::a"}},
		{"two", map[string]any{"sub": "s", "username": "a"}, "sub::username", "s::a", []string{"s::a", "s", "a"}},
		{"two with the other username", map[string]any{"sub": "s", "cognito:username": "a"}, "sub::username", "s::a", []string{"s::a", "s", "a"}},
		{"two that are equal", map[string]any{"sub": "s", "username": "s"}, "sub::username", "s::s", []string{"s::s", "s"}},
		{"three", map[string]any{"a": "1", "b": "2", "c": "3"}, "a::b::c", "1::2::3", []string{"1::2::3", "1", "2", "3"}},
		{"the first is absent", map[string]any{"username": "a"}, "sub::username", "", nil},
		{"the last is absent", map[string]any{"sub": "s"}, "sub::username", "", nil},
		{"one is empty", map[string]any{"sub": "s", "username": ""}, "sub::username", "", nil},
		// Somebody may register as "s1::victim": that is not the victim's owner text.
		{"a name like the identity of another", map[string]any{"sub": "s2", "username": "s1::victim"}, "sub::username", "s2::s1::victim", []string{"s2::s1::victim", "s2"}},
		{"a first value that shifts the joint", map[string]any{"a": "x::y", "b": "z"}, "a::b", "", nil},
		{"a first value that ends in half a joint", map[string]any{"a": "x:", "b": "z"}, "a::b", "", nil},
		{"a last value that begins with half a joint", map[string]any{"a": "x", "b": ":z"}, "a::b", "x:::z", []string{"x:::z", "x", ":z"}},
		{"a number", map[string]any{"id": json.Number("12345678901234567890")}, "id", "12345678901234567890", []string{"12345678901234567890"}},
		{"a small number", map[string]any{"id": float64(1000)}, "id", "1000", []string{"1000"}},
		{"minus zero", map[string]any{"id": math.Copysign(0, -1)}, "id", "0", []string{"0"}},
		{"a number that lost digits", map[string]any{"id": float64(1 << 53)}, "id", "", nil},
		{"a fraction", map[string]any{"id": 1.5}, "id", "", nil},
		{"a boolean", map[string]any{"id": true}, "id", "", nil},
		{"a list", map[string]any{"id": []any{"a"}}, "id", "", nil},
		{"an object", map[string]any{"id": map[string]any{"a": "b"}}, "id", "", nil},
		{"a text that a database refuses", map[string]any{"id": "a\x00"}, "id", "", nil},
		{"a text that is none", map[string]any{"id": "a\xff"}, "id", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			full, forms, ok := ownerValues(tt.claims, tt.claim)
			if full != tt.full || ok != (tt.full != "") {
				t.Errorf("got %q, %v, want %q", full, ok, tt.full)
			}
			if d := cmp.Diff(tt.forms, forms); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value any
		want  []string
	}{
		{"absent", nil, nil},
		{"decoded JSON", []any{"a", "b"}, []string{"a", "b"}},
		{"texts", []string{"a", "b"}, []string{"a", "b"}},
		{"twice", []any{"a", "a"}, []string{"a"}},
		{"no groups", []any{}, nil},
		{"what is no text", []any{"a", nil, json.Number("1"), 2.0, true, []any{"b"}, "", "x\x00"}, []string{"a"}},
		{"one name", "Admins", []string{"Admins"}},
		{"a list as text", `["a","b c"]`, []string{"a", "b c"}},
		{"an empty list as text", "[]", nil},
		{"null as text", "null", []string{"null"}},
		{"a list that is cut off", `["a"`, []string{`["a"`}},
		{"names with commas are one", "a,b", []string{"a,b"}},
		{"an empty text", "", nil},
		{"a number", json.Number("1"), nil},
		{"a boolean", true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, groups(map[string]any{"g": tt.value, "other": "x"}, "g")); d != "" {
				t.Error(d)
			}
		})
	}
}

// Whatever users call themselves, two of them never have the same joined identity,
// and nobody has the joined identity of another as one of their texts.
func FuzzOwnerValues(f *testing.F) {
	f.Add("s1", "victim", "s2", "s1::victim")
	f.Add("a:", "b", "a", ":b")
	f.Add("a", "b::c", "a::b", "c")
	f.Fuzz(func(t *testing.T, s1, u1, s2, u2 string) {
		full, _, ok := ownerValues(map[string]any{"sub": s1, "username": u1}, "sub::username")
		_, forms, ok2 := ownerValues(map[string]any{"sub": s2, "username": u2}, "sub::username")
		if !ok || !ok2 || (s1 == s2 && u1 == u2) {
			return
		}
		for _, form := range forms {
			if form == full {
				t.Errorf("(%q, %q) is (%q, %q), %s", s2, u2, s1, u1, strings.Join(forms, " "))
			}
		}
	})
}
