package transform_test

import (
	"fmt"
	"testing"

	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

func expand(t *testing.T, text string) *transform.API {
	t.Helper()
	doc, err := schema.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	api, err := transform.Expand(doc, transform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typ, text, want string }{
		{"String", " x ", `" x "`},
		{"ID", "7", `"7"`},
		{"Int", " +42", "42"},
		{"Int", "-1", "-1"},
		{"Int", "4x", ""},
		{"Float", "2", "2"},
		{"Float", "1e3", "1000"},
		{"Float", "Infinity", ""},
		{"Boolean", "TRUE", "true"},
		{"Boolean", "false", "false"},
		{"AWSJSON", "[1]", `"[1]"`},
		{"AWSTimestamp", "5000000000", "5000000000"},
		{"AWSDate", "2024-02-29", `"2024-02-29"`},
		{"E", "B", `"B"`},
	} {
		t.Run(tt.typ+" "+tt.text, func(t *testing.T) {
			t.Parallel()
			f := expand(t, fmt.Sprintf("type A @model { f: %s @default(value: %q) }\nenum E { A B }", tt.typ, tt.text)).Models["A"].Field("f")
			got := ""
			if f.Default != nil {
				got = string(f.Default.AppendJSON(nil))
			}
			if got != tt.want {
				t.Errorf("default %s, want %s", got, tt.want)
			}
		})
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ, arguments string
		number         float64
		message        string
	}{
		{"Int", `type: gt, value: "-5.5"`, -5.5, "Field f of type A must be greater than -5.5"},
		{"Int", `type: lt, value: "5 apples"`, 5, "Field f of type A must be less than 5 apples"},
		{"Float", `type: gte, value: "1e2"`, 100, "Field f of type A must be greater than or equal to 1e2"},
		{"Float", `type: lte, value: ".5", errorMessage: ""`, .5, "Field f of type A must be less than or equal to .5"},
		{"String", `type: minLength, value: "3.9"`, 3, "Field f of type A must have a minimum length of 3.9"},
		{"String", `type: maxLength, value: "4", errorMessage: null`, 4, "Field f of type A must have a maximum length of 4"},
		{"String", `type: startsWith, value: "x"`, 0, "Field f of type A must start with x"},
		{"String", `type: endsWith, value: "x"`, 0, "Field f of type A must end with x"},
		{"String", `type: matches, value: "x*"`, 0, "Field f of type A must match x*"},
		{"String", `type: matches, value: "x*", errorMessage: "it's 100 %d"`, 0, "it's 100 %d"},
	} {
		t.Run(tt.arguments, func(t *testing.T) {
			t.Parallel()
			f := expand(t, "type A @model { f: "+tt.typ+" @validate("+tt.arguments+") }").Models["A"].Field("f")
			if len(f.Checks) != 1 || f.Checks[0].Number != tt.number || f.Checks[0].Message != tt.message {
				t.Errorf("checks %+v", f.Checks)
			}
		})
	}
}

func TestStoredNames(t *testing.T) {
	t.Parallel()
	before := expand(t, `type Old @model { id: ID! a: String @index(name: "byA") }`)
	after := expand(t, `type New @model @mapsTo(name: "Old") { id: ID! a: String @index(name: "byA") b: Int }`)
	_, changes, err := transform.Merge(before.Layout, after.Layout)
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 1 || changes[0].Kind != transform.AddColumn || changes[0].Column.Field != "b" {
		t.Errorf("a renamed model is not the same table: %+v", changes)
	}
	if m := after.Models["New"]; m.Stored != "Old" || m.Table != before.Models["Old"].Table {
		t.Errorf("stored as %s in %s", m.Stored, m.Table)
	}
}

func TestCounter(t *testing.T) {
	t.Parallel()
	api := expand(t, `type A @model @versioned { x: Int } type B @model @versioned(versionField: "rev", versionInput: "seen") { x: Int } type C @model { x: Int }`)
	for name, want := range map[string]*transform.Counter{
		"A": {Field: "version", Input: "expectedVersion"}, "B": {Field: "rev", Input: "seen"}, "C": nil,
	} {
		got := api.Models[name].Version
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
