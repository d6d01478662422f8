package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"preamp/internal/graphql/plan"
)

// show is errors as "line:column message", one per line.
func show(list []*plan.Error) string {
	var lines []string
	for _, e := range list {
		var where strings.Builder
		for _, l := range e.Locations {
			where.WriteString(fmt.Sprintf("%d:%d ", l.Line, l.Column))
		}
		lines = append(lines, where.String()+e.Message)
	}
	return strings.Join(lines, "\n")
}

const v = "Validation error of type "

var validation = []struct{ name, query, want string }{
	{"ok", `query Q($id: ID!) { getTodo(id: $id) { id ...F } } fragment F on Todo { title }`, ``},
	{"syntax", `{ getTodo(id: ) { id } }`, `1:15 Invalid Syntax : offending token ')' at line 1 column 15`},
	{"syntax at the end", `{ getTodo`, `1:10 Invalid Syntax : offending token '<EOF>' at line 1 column 10`},
	{"nothing", `fragment F on Todo { id }`, `Must provide an operation.`},
	{"unknown field", `{badfield}`, `1:2 ` + v + `FieldUndefined: Field 'badfield' in type 'Query' is undefined @ 'badfield'`},
	{"unknown field below", `{ getTodo(id: 1) { address { x } } }`, `1:30 ` + v + `FieldUndefined: Field 'x' in type 'Address' is undefined @ 'getTodo/address/x'`},
	{"unknown field in a fragment", `{ getTodo(id: 1) { ...F } } fragment F on Todo { x }`, `1:50 ` + v + `FieldUndefined: Field 'x' in type 'Todo' is undefined @ 'F/x'`},
	{"what an unknown field uses is used", `query($a: Int) { nope(x: $a) { ...F } } fragment F on Todo { id }`, `1:18 ` + v + `FieldUndefined: Field 'nope' in type 'Query' is undefined @ 'nope'`},
	{"missing selection", `{ getTodo(id: 1) }`, `1:3 ` + v + `SubSelectionRequired: Sub selection required for type Todo of field getTodo @ 'getTodo'`},
	{"selection on a scalar", `{ say(text: "a") { x } }`, `1:3 ` + v + `SubSelectionNotAllowed: Sub selection not allowed on leaf type String of field say @ 'say'`},
	{"unknown argument", `{ getTodo(id: 1, x: 2) { id } }`, `1:18 ` + v + `UnknownArgument: Unknown field argument x @ 'getTodo'`},
	{"missing argument", `{ getTodo { id } }`, `1:3 ` + v + `MissingFieldArgument: Missing field argument id @ 'getTodo'`},
	{"argument twice", `{ getTodo(id: 1, id: 1) { id } }`, `1:18 ` + v + `DuplicateArgumentNames: There can be only one argument named 'id' @ 'getTodo'`},
	{"null argument", `{ getTodo(id: null) { id } }`, `1:11 ` + v + `WrongType: argument 'id' with value 'NullValue{}' must not be null @ 'getTodo'`},
	{"wrong literal", `{ say(text: 5) }`, `1:7 ` + v + `WrongType: argument 'text' with value 'IntValue{value=5}' is not a valid 'String' @ 'say'`},
	{"int out of range", `{ say(text: "", n: 2147483648) }`, `1:17 ` + v + `WrongType: argument 'n' with value 'IntValue{value=2147483648}' is not a valid 'Int' @ 'say'`},
	{"fraction for an int", `{ say(text: "", n: 5.0) }`, `1:17 ` + v + `WrongType: argument 'n' with value 'FloatValue{value=5.0}' is not a valid 'Int' @ 'say'`},
	{"null in a list", `{ say(text: "", list: [1, null]) }`, `1:17 ` + v + `WrongType: argument 'list[1]' with value 'NullValue{}' must not be null @ 'say'`},
	{"single value for a list", `{ say(text: "", list: 1) }`, ``},
	{
		"wrong enum", `mutation { createTodo(input: {title: "", status: "OPEN"}) { id } }`,
		`1:23 ` + v + `WrongType: argument 'input.status' with value 'StringValue{value='OPEN'}' is not a valid 'Status' @ 'createTodo'`,
	},
	{
		"unknown enum value", `mutation { createTodo(input: {title: "", status: NO}) { id } }`,
		`1:23 ` + v + `WrongType: argument 'input.status' with value 'EnumValue{name='NO'}' is not a valid 'Status' @ 'createTodo'`,
	},
	{
		"unknown input field", `mutation { createTodo(input: {title: "", x: 1}) { id } }`,
		`1:23 ` + v + `WrongType: argument 'input' with value 'ObjectValue{objectFields=[ObjectField{name='title', value=StringValue{value=''}}, ` +
			`ObjectField{name='x', value=IntValue{value=1}}]}' contains a field not in 'CreateTodoInput': 'x' @ 'createTodo'`,
	},
	{
		"missing input field", `mutation { createTodo(input: {n: 1}) { id } }`,
		`1:23 ` + v + `WrongType: argument 'input' with value 'ObjectValue{objectFields=[ObjectField{name='n', value=IntValue{value=1}}]}' is missing required fields '[title]' @ 'createTodo'`,
	},
	{
		"input field twice", `mutation { createTodo(input: {title: "a", title: "b"}) { id } }`,
		`1:23 ` + v + `WrongType: argument 'input' with value 'ObjectValue{objectFields=[ObjectField{name='title', value=StringValue{value='a'}}, ` +
			`ObjectField{name='title', value=StringValue{value='b'}}]}' contains the field 'title' more than once @ 'createTodo'`,
	},
	{
		"bad date", `mutation { createTodo(input: {title: "", day: "2023-02-29"}) { id } }`,
		`1:23 ` + v + `WrongType: argument 'input.day' with value 'StringValue{value='2023-02-29'}' is not a valid 'AWSDate' @ 'createTodo'`,
	},
	{"text with zero", `{ say(text: "a\u0000b") }`, `1:7 ` + v + "WrongType: argument 'text' with value 'StringValue{value='a\x00b'}' is not a valid 'String' @ 'say'"},
	{"undefined variable", `{ getTodo(id: $x) { id } }`, `1:15 ` + v + `UndefinedVariable: Undefined variable x @ 'getTodo'`},
	{"undefined variable in a fragment", `{ getTodo(id: 1) { ...F } } fragment F on Todo { id @skip(if: $x) }`, `1:63 ` + v + `UndefinedVariable: Undefined variable x @ 'F/id'`},
	{"unused variable", `query($x: Int) { __typename }`, `1:7 ` + v + `UnusedVariable: Unused variable x`},
	{"variable twice", `query($x: Int, $x: Int) { say(text: "", n: $x) }`, `1:16 ` + v + `DuplicateVariableName: There can be only one variable named 'x'`},
	{"unknown variable type", `query($x: No) { say(text: $x) }`, `1:11 ` + v + `UnknownType: Unknown type No`},
	{"output type of a variable", `query($x: Todo) { say(text: $x) }`, `1:7 ` + v + `NonInputTypeOnVariable: Wrong type for a variable`},
	{"nullable variable", `query($x: ID) { getTodo(id: $x) { id } }`, `1:29 ` + v + `VariableTypeMismatch: Variable type 'ID' doesn't match expected type 'ID!' @ 'getTodo'`},
	{"nullable variable with default", `query($x: ID = "a") { getTodo(id: $x) { id } }`, ``},
	{"nullable variable where the argument has a default", `query($x: Int) { say(text: "", n: $x) }`, ``},
	{"list of another nullness", `query($x: [Int]) { say(text: "", list: $x) }`, `1:40 ` + v + `VariableTypeMismatch: Variable type '[Int]' doesn't match expected type '[Int!]' @ 'say'`},
	{"bad default", `query($x: Int = "a") { say(text: "", n: $x) }`, `1:7 ` + v + `BadValueForDefaultArg: Bad default value StringValue{value='a'} for type Int`},
	{"unknown fragment", `{ ...F }`, `1:6 ` + v + `UndefinedFragment: Undefined fragment F`},
	{"unused fragment", `{ __typename } fragment F on Todo { id }`, `1:16 ` + v + `UnusedFragment: Unused fragment F`},
	{"fragment cycle", `{ getTodo(id: 1) { ...F } } fragment F on Todo { ...G } fragment G on Todo { ...F }`, `1:81 ` + v + `FragmentCycle: Fragment cycles not allowed`},
	{"fragment of an unknown type", `{ ...F } fragment F on No { id }`, `1:10 ` + v + `UnknownType: Unknown type No @ 'F'`},
	{"fragment on a scalar", `{ ... on Int { id } }`, `1:7 ` + v + `InlineFragmentTypeConditionInvalid: Inline fragment type condition is invalid, must be on Object/Interface/Union`},
	{"impossible fragment", `{ getTodo(id: 1) { ... on Address { street } } }`, `1:24 ` + v + `InvalidFragmentType: Fragment cannot be spread here as objects of type Todo can never be of type Address @ 'getTodo'`},
	{"possible fragments", `{ named { name ... on Cat { lives } ... on Pet { ... on Dog { owner } } } pet { __typename ... on Named { name } } }`, ``},
	{"impossible in a union", `{ pet { ... on Rock { weight } } }`, `1:13 ` + v + `InvalidFragmentType: Fragment cannot be spread here as objects of type Pet can never be of type Rock @ 'pet'`},
	{"fragment twice", `{ getTodo(id: 1) { ...F } } fragment F on Todo { id } fragment F on Todo { n }`, `1:55 ` + v + `DuplicateFragmentName: There can be only one fragment named 'F'`},
	{"unknown directive", `{ __typename @no }`, `1:15 ` + v + `UnknownDirective: Unknown directive no @ '__typename'`},
	{"misplaced directive", `query @skip(if: true) { __typename }`, `1:8 ` + v + `MisplacedDirective: Directive skip not allowed here`},
	{"directive twice", `{ __typename @skip(if: true) @skip(if: true) }`, `1:31 ` + v + `DuplicateDirectiveName: Directives must be uniquely named within a location. The directive 'skip' used on a 'FIELD' is not unique. @ '__typename'`},
	{"directive without argument", `{ __typename @skip }`, `1:15 ` + v + `MissingDirectiveArgument: Missing directive argument if @ '__typename'`},
	{"anonymous with others", `{ __typename } query A { __typename }`, `1:1 ` + v + `LoneAnonymousOperationViolation: Anonymous operation with other operations.`},
	{"operation twice", `query A { __typename } query A { __typename }`, `1:24 ` + v + `DuplicateOperationName: There can be only one operation named 'A'`},
	{"two fields of a subscription", `subscription S { onCreateTodo { id } onDeleteTodo { id } }`, `1:1 ` + v + `SubscriptionMultipleRootFields: Subscription operation 'S' must have exactly one root field`},
	{"conflicting fields", `{ getTodo(id: 1) { a: id a: title } }`, `1:20 1:26 ` + v + `FieldsConflict: a: id and title are different fields`},
	{"conflicting arguments", `{ getTodo(id: 1) { id } getTodo(id: 2) { id } }`, `1:3 1:25 ` + v + `FieldsConflict: getTodo: they have differing arguments`},
	{
		"conflict below", `{ getTodo(id: 1) { address { x: street } } getTodo(id: 1) { ...F } } fragment F on Todo { address { x: zip } }`,
		`1:30 1:101 ` + v + `FieldsConflict: x: street and zip are different fields`,
	},
	{"no conflict between object types", `{ named { ... on Cat { x: name } ... on Dog { x: owner } } }`, ``},
	{"conflict in a skipped field", `{ __typename @skip(if: true) __typename: say(text: "") }`, `1:3 1:30 ` + v + `FieldsConflict: __typename: __typename and say are different fields`},
}

func TestValidation(t *testing.T) {
	t.Parallel()
	s := compile(t, testSchema)
	for _, tt := range validation {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, list := s.Parse(tt.query, limits)
			if got := show(list); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.query, got, tt.want)
			}
		})
	}
}

// otherOpinion validates with gqlparser's own rules, but for the two that we
// mean to differ from.
func otherOpinion(s *plan.Schema, query string) error {
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		return err
	}
	all := rules.NewDefaultRules()
	all.RemoveRule("MaxIntrospectionDepth")
	if list := validator.ValidateWithRules(s.API.Schema, doc, all); len(list) > 0 {
		return list
	}
	return nil
}

// TestValidationAgreesWithGQLParser compares the verdict with another
// implementation of the same specification.
func TestValidationAgreesWithGQLParser(t *testing.T) {
	t.Parallel()
	s := compile(t, testSchema)
	for _, tt := range validation {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			switch tt.name {
			case "bad date", "text with zero", "int out of range": // it does not look into scalars
				return
			}
			if err := otherOpinion(s, tt.query); (err == nil) != (tt.want == "") {
				t.Errorf("%s: gqlparser says %v", tt.query, err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	s := compile(f, testSchema)
	for _, tt := range validation {
		f.Add(tt.query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		start := time.Now()
		_, list := s.Parse(query, limits)
		if d := time.Since(start); d > 3*time.Second {
			t.Fatalf("took %s", d)
		}
		if len(list) > 0 {
			return
		}
		if err := otherOpinion(s, query); err != nil {
			t.Fatalf("accepted %q, gqlparser says %v", query, err)
		}
	})
}

const tooNested = "The query has a literal that nests deeper than 64 levels (limit: JSON depth)."

// nots is a filter with n negations around two levels.
func nots(n int) string {
	return strings.Repeat("{not: ", n) + `{title: {eq: "x"}}` + strings.Repeat("}", n)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := compile(t, testSchema)
	deep := "{ getTodo(id: 1) { address " + strings.Repeat("{ near ", 80) + "{ zip }" + strings.Repeat("}", 80) + "} }"
	var fan strings.Builder
	fan.WriteString("{ getTodo(id: 1) { ...F0 } }")
	for i := range 40 {
		fan.WriteString(fmt.Sprintf(" fragment F%d on Todo { ...F%d ...F%d }", i, i+1, i+1))
	}
	fan.WriteString(" fragment F40 on Todo { id }")
	var chain strings.Builder
	chain.WriteString("{ getTodo(id: 1) { ...F0 } }")
	for i := range 1500 {
		fmt.Fprintf(&chain, " fragment F%d on Todo { ...F%d }", i, i+1)
	}
	chain.WriteString(" fragment F1500 on Todo { id }")
	var variables strings.Builder
	for i := range 90 {
		fmt.Fprintf(&variables, "query Q%d($x: Boolean!) { getTodo(id: 1) { ...F } } ", i)
	}
	variables.WriteString("fragment F on Todo { id " + strings.Repeat("... @skip(if: $x) { id } ", 1000) + "}")
	tests := []struct{ name, query, want string }{
		{"text", "{ __typename } #" + strings.Repeat("x", 64<<10), "The query text is longer than 65536 bytes (limit: query text)."},
		{"tokens", "{ " + strings.Repeat("a ", 16_000) + "}", "The query text has more than 15000 tokens (limit: tokens)."},
		{"depth", deep, "The query nests deeper than 75 levels (limit: depth)."},
		{"aliases", "{ " + strings.Repeat("a: __typename ", 101) + "}", "The query has more than 100 aliases (limit: aliases)."},
		{"root fields", "{ " + strings.Repeat("__typename ", 101) + "}", "The query has more than 100 root fields (limit: root fields)."},
		{"fields by fragments", fan.String(), "The query selects more than 10000 fields (limit: resolved fields)."},
		{"a long chain of fragments", chain.String(), ""},
		{"many operations with a large fragment", variables.String(), "The query selects more than 10000 fields (limit: resolved fields)."},
		{"nesting of the parser", strings.Repeat("{ a ", 1100), "The query text nests deeper than 1000 levels (limit: nesting)."},
		{"literals the parser refuses", "{ listTodos(filter: " + nots(1200) + ") { items { id } } }", "The query text nests deeper than 1000 levels (limit: nesting)."},
		{"literals that fit", "{ listTodos(filter: " + nots(62) + ") { items { id } } }", ""},
		{"literal", "{ listTodos(filter: " + nots(63) + ") { items { id } } }", tooNested},
		{"literal of a fragment", "{ ...F } fragment F on Query { ... { listTodos(filter: " + nots(900) + ") { items { id } } } }", tooNested},
		{"literal of a default", "query($f: ModelTodoFilterInput = " + nots(900) + ") { listTodos(filter: $f) { items { id } } }", tooNested},
		{"literal of a directive", "{ __typename @skip(if: " + strings.Repeat("[", 900) + strings.Repeat("]", 900) + ") }", tooNested},
		{"lists", "{ echo(list: " + strings.Repeat("[", 65) + strings.Repeat("]", 65) + ") }", tooNested},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, list := s.Parse(tt.query, limits)
			got := ""
			if len(list) > 0 {
				got = list[0].Message
				if strings.Contains(got, "(limit:") != (list[0].Type == plan.TypeQueryLimit) {
					t.Errorf("errorType %q for %q", list[0].Type, got)
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

func TestIntrospectionSwitchedOff(t *testing.T) {
	t.Parallel()
	s := compile(t, testSchema)
	s.API.NoIntrospection = true
	for _, name := range []string{"__schema { queryType { name } }", `__type(name: "Todo") { name }`} {
		_, list := s.Parse(`{ `+name+` }`, limits)
		field := name[:strings.IndexAny(name, " (")]
		if got, want := show(list), `1:3 `+v+`FieldUndefined: Field '`+field+`' in type 'Query' is undefined @ '`+field+`'`; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	if _, list := s.Parse(`{ named { __typename } }`, limits); len(list) > 0 {
		t.Errorf("__typename: %s", show(list))
	}
}
