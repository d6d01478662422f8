package plan_test

import (
	"strings"
	"testing"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
)

func TestCoerceVariables(t *testing.T) {
	t.Parallel()
	s := compile(t, testSchema)
	const bad = "has an invalid value. "
	tests := []struct{ name, vars, given, want string }{
		{"missing", `$x: CreateTodoInput!`, `{}`, "1:7 Variable 'x' has coerced Null value for NonNull type 'CreateTodoInput!'"},
		{"null", `$x: ID!`, `{"x":null}`, "1:7 Variable 'x' has coerced Null value for NonNull type 'ID!'"},
		{"no variables at all", `$x: ID!`, `null`, "1:7 Variable 'x' has coerced Null value for NonNull type 'ID!'"},
		{"nested missing", `$x: CreateTodoInput!`, `{"x":{}}`, "1:7 Variable 'title' has coerced Null value for NonNull type 'String!'"},
		{"nested null", `$x: CreateTodoInput!`, `{"x":{"title":null}}`, "1:7 Variable 'title' has coerced Null value for NonNull type 'String!'"},
		{"null in a list", `$x: CreateTodoInput!`, `{"x":{"title":"","tags":["a",null]}}`, "1:7 Variable 'tags' has coerced Null value for NonNull type 'String!'"},
		{"unknown field", `$x: CreateTodoInput!`, `{"x":{"title":"","y":1}}`, "The variables input contains a field name 'y' that is not defined for input object type 'CreateTodoInput' "},
		{"no object", `$x: CreateTodoInput!`, `{"x":"a"}`, "1:7 Variable 'x' " + bad + "Expected type 'Map' but was 'String'. Variables for input objects must be an instance of type 'Map'."},
		{"text for int", `$x: Int`, `{"x":"5"}`, "1:7 Variable 'x' " + bad + "Expected type 'Int' but was 'String'."},
		{"fraction for int", `$x: Int`, `{"x":5.5}`, "1:7 Variable 'x' " + bad + "Expected type 'Int' but was 'Double'."},
		{"int too large", `$x: Int`, `{"x":2147483648}`, "1:7 Variable 'x' " + bad + "Expected value to be in the Integer range but it was '2147483648'"},
		{"number for text", `$x: String`, `{"x":5}`, "1:7 Variable 'x' " + bad + "Expected type 'String' but was 'Integer'."},
		{"bad date", `$x: AWSDate`, `{"x":"2023-13-01"}`, "1:7 Variable 'x' " + bad + "Unable to parse `2023-13-01` as a valid date."},
		{"bad phone", `$x: CreateTodoInput!`, `{"x":{"title":"","phone":"no"}}`, "1:7 Variable 'phone' " + bad + "Unable to parse `no` as a valid phone number."},
		{"zero byte", `$x: String`, `{"x":"a\u0000"}`, "1:7 Variable 'x' " + bad + "A text must not contain the character U+0000."},
		{"unknown enum value", `$x: Status`, `{"x":"NO"}`, "1:7 Variable 'x' " + bad + "Invalid input for Enum 'Status'. No value found for name 'NO'"},
		{"infinite", `$x: Float`, `{"x":1e999}`, "1:7 Variable 'x' " + bad + "Expected a finite number but it was '1e999'"},
		{"whole float for int", `$x: Int`, `{"x":5.0}`, ``},
		{"int for id", `$x: ID`, `{"x":12345678901234567890}`, ``},
		{"single for list", `$x: [Int!]`, `{"x":1}`, ``},
		{"default", `$x: Int! = 5`, `{}`, ``},
		{"null asks for the default", `$x: Int! = 5`, `{"x":null}`, ``},
		{"variables that nobody asked for", `$x: Int`, `{"y":1}`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := coerce(t, s, tt.vars, tt.given)
			if got != tt.want {
				t.Errorf("%s %s\n got %s\nwant %s", tt.vars, tt.given, got, tt.want)
			}
		})
	}
}

// coerce coerces variables for a query that uses $x where its type belongs.
func coerce(t *testing.T, s *plan.Schema, definition, given string) string {
	t.Helper()
	uses := []struct{ typ, field string }{
		{"CreateTodoInput", `createTodo(input: $x) { id }`},
		{"ID!", `getTodo(id: $x) { id }`},
		{"[Int", `echo(list: $x)`},
		{"Int", `echo(n: $x)`},
		{"AWSDate", `echo(day: $x)`},
		{"Status", `echo(st: $x)`},
		{"Float", `echo(f: $x)`},
		{"ID", `echo(id: $x)`},
		{"String", `echo(text: $x)`},
	}
	for _, u := range uses {
		if !strings.Contains(definition, u.typ) {
			continue
		}
		kind := "query"
		if strings.HasPrefix(u.field, "create") {
			kind = "mutation"
		}
		query := kind + "(" + definition + ") { " + u.field + " }"
		doc, list := s.Parse(query, limits)
		if len(list) > 0 {
			t.Fatal(show(list))
		}
		op, err := doc.Operation("")
		if err != nil {
			t.Fatal(err)
		}
		v, bad := scalar.Decode(given, 64)
		if bad != nil {
			t.Fatal(bad)
		}
		if _, err := op.Coerce(&v); err != nil {
			return strings.Replace(show([]*plan.Error{err}), "1:10 ", "1:7 ", 1) // "mutation(" is longer
		}
		return ""
	}
	t.Fatalf("no field takes %s", definition)
	return ""
}
