package introspect_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
	"preamp/internal/graphql/introspect"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

const testSchema = `
"What a day is."
enum Day { MON @deprecated(reason: "too early") TUE WED @deprecated }
interface Named { name: String }
type Cat implements Named { name: String }
union Pet = Cat
type Sub { a: Int! b: [String!]! }
type Node { a: Node b: Node c: Node d: Node e: Node f: Node }
"A thing to do."
type Todo @model @auth(rules: [{allow: public}]) {
  id: ID!
  "Its title."
  title: String!
  old: Int @deprecated(reason: "gone")
  day: Day
  sub: Sub
  at: AWSDateTime
}
type Query { pet(kind: String = "cat", n: [Int!] = [1, 2]): Pet named: Named }
`

func compile(t *testing.T) *plan.Schema {
	t.Helper()
	doc, err := schema.Parse(testSchema)
	if err != nil {
		t.Fatal(err)
	}
	api, err := transform.Expand(doc, transform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return plan.NewSchema(api)
}

// ask answers the data of an introspection query.
func ask(t *testing.T, s *plan.Schema, query, variables string) map[string]any {
	t.Helper()
	doc, list := s.Parse(query, plan.Limits{Tokens: 15_000, Depth: 20, Fields: 10_000, Aliases: 100})
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	op, fail := doc.Operation("")
	if fail != nil {
		t.Fatal(fail.Message)
	}
	values, err := scalar.Decode(variables, 8)
	if err != nil {
		t.Fatal(err)
	}
	vars, fail := op.Coerce(&values)
	if fail != nil {
		t.Fatal(fail.Message)
	}
	out := map[string]any{}
	for _, f := range op.Plan(authn.Caller{Mode: authn.APIKey}, op.Conditions(vars)).Fields {
		text := f.Text
		if f.Kind == plan.Meta {
			if text, fail = f.Introspect(nil, vars); fail != nil {
				t.Fatal(fail.Message)
			}
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		out[f.Key] = v
	}
	return out
}

// full is the query that graphql-js and GraphiQL send.
const full = `query IntrospectionQuery {
  __schema {
    description
    queryType { name kind }
    mutationType { name kind }
    subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
  kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`

type member struct {
	Name, Description, Kind string
	Fields, InputFields     []member
	Args                    []member
	Type                    *typeRef
	EnumValues              []member
	Interfaces              []typeRef
	PossibleTypes           []typeRef
	DefaultValue            *string
	IsDeprecated            bool
	DeprecationReason       string
	Locations               []string
	IsRepeatable            bool
}

type typeRef struct {
	Kind, Name string
	OfType     *typeRef
}

func (r *typeRef) String() string {
	switch r.Kind {
	case "NON_NULL":
		return r.OfType.String() + "!"
	case "LIST":
		return "[" + r.OfType.String() + "]"
	}
	return r.Name
}

// TestFullIntrospection rebuilds the schema from the answer, as client tools do,
// and compares it with the one that was asked.
func TestFullIntrospection(t *testing.T) {
	t.Parallel()
	s := compile(t)
	text, err := json.Marshal(ask(t, s, full, `null`)["__schema"])
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		QueryType, MutationType, SubscriptionType typeRef
		Types, Directives                         []member
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.QueryType.Name != "Query" || got.MutationType.Name != "Mutation" || got.SubscriptionType.Name != "Subscription" {
		t.Errorf("roots: %v", got)
	}
	if len(got.Types) != len(s.API.Schema.Types) || len(got.Directives) != len(s.API.Schema.Directives) {
		t.Errorf("%d types and %d directives, want %d and %d", len(got.Types), len(got.Directives), len(s.API.Schema.Types), len(s.API.Schema.Directives))
	}
	for _, m := range got.Types {
		def := s.API.Schema.Types[m.Name]
		if def == nil {
			t.Errorf("type %q does not exist", m.Name)
			continue
		}
		if want := definition(def); outline(m) != want {
			t.Errorf("type %s\n got %s\nwant %s", m.Name, outline(m), want)
		}
	}
	var names []string
	for _, d := range got.Directives {
		names = append(names, d.Name)
	}
	for _, want := range []string{"aws_subscribe", "aws_api_key", "aws_cognito_user_pools", "include", "skip", "deprecated"} {
		if !slices.Contains(names, want) {
			t.Errorf("directive %s is missing", want)
		}
	}
	if strings.Contains(string(text), `"__schema"`) {
		t.Error("__schema is no field of the query type")
	}
}

// outline is a type as it was answered.
func outline(m member) string {
	var b strings.Builder
	b.WriteString(m.Kind + " " + m.Description + " ")
	values := func(list []member) {
		for _, a := range list {
			b.WriteString(a.Name + ":" + a.Type.String())
			if a.DefaultValue != nil {
				b.WriteString("=" + *a.DefaultValue)
			}
			b.WriteByte(' ')
		}
	}
	for _, f := range m.Fields {
		b.WriteString(f.Name + "(")
		values(f.Args)
		b.WriteString("):" + f.Type.String() + " " + f.Description + " " + f.DeprecationReason + " ")
		if f.IsDeprecated != (f.DeprecationReason != "") {
			b.WriteString("?")
		}
	}
	values(m.InputFields)
	for _, v := range m.EnumValues {
		b.WriteString(v.Name + " " + v.DeprecationReason + " ")
	}
	for _, x := range m.Interfaces {
		b.WriteString("implements " + x.Name + " ")
	}
	for _, x := range m.PossibleTypes {
		b.WriteString("is " + x.Name + " ")
	}
	return b.String()
}

func deprecation(list ast.DirectiveList) string {
	d := list.ForName("deprecated")
	if d == nil {
		return ""
	}
	if a := d.Arguments.ForName("reason"); a != nil {
		return a.Value.Raw
	}
	return "No longer supported"
}

// definition is the outline of a type of the schema.
func definition(d *ast.Definition) string {
	var b strings.Builder
	b.WriteString(string(d.Kind) + " " + d.Description + " ")
	value := func(name string, t *ast.Type, v *ast.Value) {
		b.WriteString(name + ":" + t.String())
		if v != nil {
			b.WriteString("=" + v.String())
		}
		b.WriteByte(' ')
	}
	for _, f := range d.Fields {
		switch {
		case d.Kind == ast.InputObject:
			value(f.Name, f.Type, f.DefaultValue)
		case !strings.HasPrefix(f.Name, "__"):
			b.WriteString(f.Name + "(")
			for _, a := range f.Arguments {
				value(a.Name, a.Type, a.DefaultValue)
			}
			b.WriteString("):" + f.Type.String() + " " + f.Description + " " + deprecation(f.Directives) + " ")
		}
	}
	for _, v := range d.EnumValues {
		b.WriteString(v.Name + " " + deprecation(v.Directives) + " ")
	}
	for _, x := range d.Interfaces {
		b.WriteString("implements " + x + " ")
	}
	if d.IsAbstractType() {
		if d.Kind == ast.Union {
			for _, x := range d.Types {
				b.WriteString("is " + x + " ")
			}
		} else {
			b.WriteString("is Cat ")
		}
	}
	return b.String()
}

func TestTypeByName(t *testing.T) {
	t.Parallel()
	s := compile(t)
	tests := []struct{ name, query, variables, want string }{
		{"with a variable", `query($n: String!) { __type(name: $n) { name kind } }`, `{"n":"Day"}`, `{"__type":{"kind":"ENUM","name":"Day"}}`},
		{"another value of it", `query($n: String!) { __type(name: $n) { name kind } }`, `{"n":"Pet"}`, `{"__type":{"kind":"UNION","name":"Pet"}}`},
		{"unknown", `{ a: __type(name: "No") { name } }`, `null`, `{"a":null}`},
		{"deprecated values are hidden", `{ __type(name: "Day") { enumValues { name } } }`, `null`, `{"__type":{"enumValues":[{"name":"TUE"}]}}`},
		{
			"unless asked for by a variable", `query($d: Boolean) { __type(name: "Todo") { fields(includeDeprecated: $d) { name } } }`, `{"d":true}`,
			`{"__type":{"fields":[{"name":"id"},{"name":"title"},{"name":"old"},{"name":"day"},{"name":"sub"},{"name":"at"},{"name":"createdAt"},{"name":"updatedAt"}]}}`,
		},
		{
			"type names", `{ __type(name: "Sub") { __typename fields { __typename type { __typename ofType { __typename name } } } } }`, `null`,
			`{"__type":{"__typename":"__Type","fields":[{"__typename":"__Field","type":{"__typename":"__Type","ofType":{"__typename":"__Type","name":"Int"}}},` +
				`{"__typename":"__Field","type":{"__typename":"__Type","ofType":{"__typename":"__Type","name":null}}}]}}`,
		},
		{
			"what a kind does not have is null", `{ __type(name: "Int") { fields { name } inputFields { name } interfaces { name } possibleTypes { name } enumValues { name } ofType { name } } }`, `null`,
			`{"__type":{"enumValues":null,"fields":null,"inputFields":null,"interfaces":null,"ofType":null,"possibleTypes":null}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(ask(t, s, tt.query, tt.variables))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestGrowingAnswers nests lists of fields, which multiplies the answer.
func TestGrowingAnswers(t *testing.T) {
	t.Parallel()
	s := compile(t)
	query := `{ __type(name: "Node") { ` + strings.Repeat(`fields { type { `, 9) + `name` + strings.Repeat(` } }`, 9) + ` } }`
	doc, list := s.Parse(query, plan.Limits{Tokens: 1000, Depth: 20})
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	op, _ := doc.Operation("")
	f := op.Plan(authn.Caller{Mode: authn.APIKey}, "").Fields[0]
	if f.Kind != plan.Refused || f.Refusal.Type != plan.TypeQueryLimit || len(f.Text) != 0 {
		t.Errorf("kind %d, %v, %d bytes", f.Kind, f.Refusal, len(f.Text))
	}
}

// TestAnswersShareABudget asks for the same large answer under many aliases.
func TestAnswersShareABudget(t *testing.T) {
	t.Parallel()
	s := compile(t)
	one := `__type(name: "Node") { ` + strings.Repeat(`fields { type { `, 6) + `name` + strings.Repeat(` } }`, 6) + ` } `
	var query strings.Builder
	for i := range 90 {
		fmt.Fprintf(&query, "f%d: __schema { types { %s } } ", i, strings.Repeat(`fields { type { `, 2)+`name description`+strings.Repeat(` } }`, 2))
		fmt.Fprintf(&query, "g%d: %s", i, one)
	}
	doc, list := s.Parse("{"+query.String()+"}", plan.Limits{})
	if len(list) > 0 {
		t.Fatal(list[0].Message)
	}
	op, _ := doc.Operation("")
	p := op.Plan(authn.Caller{Mode: authn.APIKey}, "")
	size, refused := 0, 0
	for _, f := range p.Fields {
		size += len(f.Text)
		if f.Kind == plan.Refused {
			refused++
		}
	}
	if size == 0 || size > introspect.MaxSize || refused == 0 {
		t.Errorf("%d bytes, %d of %d refused", size, refused, len(p.Fields))
	}
}
