package schema_test

import (
	"testing"

	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
)

// FuzzParse checks that every text is either a document or an Invalid error.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"type A @model { id: ID! }",
		`type A @model @key(fields: ["a"]) { a: ID! b: [A!]! @connection(keyName: "x", fields: ["a"]) }`,
		"extend type Query { f(a: E = X, b: [I] = [{n: 1}]): U @deprecated } enum E { X } union U = A | B input I { n: Int }",
		"input AMPLIFY { globalAuthRule: AuthRule = {allow: public} }",
		"type A implements B & C { x: Int } interface B { x: Int } scalar D directive @e(f: Int = 1) repeatable on OBJECT",
		"schema { query: Q } type Q { \"\"\"text\"\"\" a: String } # end",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := schema.Parse(text)
		if (doc == nil) == (err == nil) {
			t.Fatalf("document %v and error %v", doc, err)
		}
		if err != nil {
			if errs.KindOf(err) != errs.Invalid {
				t.Fatalf("%v is of kind %v", err, errs.KindOf(err))
			}
			return
		}
		for version := 1; version <= 2; version++ {
			if _, err := schema.ParseAs(text, version); err != nil && errs.KindOf(err) != errs.Invalid {
				t.Fatalf("version %d: %v is of kind %v", version, err, errs.KindOf(err))
			}
		}
	})
}
