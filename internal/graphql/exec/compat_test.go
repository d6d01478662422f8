package exec_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// The tests of this file show the rows of docs/compat/graphql.md that no other does.

// compatRow is a request and its answer, or a part of it that ends within.
type compatRow struct{ name, query, want string }

// compat runs the rows in their order, each as a test.
func (w *world) compat(rows []compatRow) {
	w.t.Helper()
	for _, r := range rows {
		w.t.(*testing.T).Run(r.name, func(t *testing.T) {
			got := w.do(r.query, ``)
			if strings.HasSuffix(r.want, "}") && got != r.want || !strings.Contains(got, r.want) {
				t.Errorf("%s\n got %s\nwant %s", r.query, got, r.want)
			}
		})
	}
}

// ids is the answer of a list or index query under the alias r.
func ids(list string) string {
	var items []string
	for id := range strings.FieldsSeq(list) {
		items = append(items, `{"id":"`+id+`"}`)
	}
	return `{"data":{"r":{"items":[` + strings.Join(items, ",") + `]}}}`
}

// fieldNames is the answer of an introspection for the names of fields.
func fieldNames(list string) string {
	return `{"data":{"__type":{"fields":[{"name":"` + strings.ReplaceAll(list, " ", `"},{"name":"`) + `"}]}}}`
}

func undefined(field, typ string) string {
	return "FieldUndefined: Field '" + field + "' in type '" + typ + "' is undefined"
}

func TestCompatModel(t *testing.T) {
	t.Parallel()
	const sdl = `
type Person @model(queries: {get: "one"}, mutations: {create: "enrol", delete: null}, subscriptions: {onCreate: ["enrolled", "joined"], onUpdate: null},
  timestamps: {createdAt: "born", updatedAt: null}) @auth(rules: [{allow: public}]) { id: ID! name: String }
type Bare @model(queries: null, timestamps: null) @auth(rules: [{allow: public}]) { id: ID! n: Int }
type Log @model(mutations: null) @auth(rules: [{allow: public}]) { id: ID! }
type Still @model(subscriptions: {level: off}) @auth(rules: [{allow: public}]) { id: ID! }
type Loud @model(subscriptions: {level: public}) @auth(rules: [{allow: public}]) { id: ID! }
type Mute @model(subscriptions: null) @auth(rules: [{allow: public}]) { id: ID! }
type Clock @model @auth(rules: [{allow: public}]) { id: ID! createdAt: AWSTimestamp! updatedAt: AWSDateTime! }`
	each(t, sdl, func(w *world) {
		w.compat([]compatRow{
			{"mutations renamed", `mutation { enrol(input: {id: "p", name: "Ann"}) { name } }`, `{"data":{"enrol":{"name":"Ann"}}}`},
			{"timestamps renamed", `{ one(id: "p") { created: born } }`, `{"data":{"one":{"created":"20`},
			{"generated timestamps are in no input", `mutation { enrol(input: {born: "2020-01-01T00:00:00Z"}) { id } }`, "contains a field not in 'CreatePersonInput': 'born'"},
			{"timestamps null", `{ one(id: "p") { updatedAt } }`, undefined("updatedAt", "Person")},
			{"queries renamed", `{ getPerson(id: "p") { id } }`, undefined("getPerson", "Query")},
			{"queries merged", `{ listPeople { items { name } } }`, `{"data":{"listPeople":{"items":[{"name":"Ann"}]}}}`},
			{"mutations merged", `mutation { updatePerson(input: {id: "p", name: "Bea"}) { name } }`, `{"data":{"updatePerson":{"name":"Bea"}}}`},
			{"mutations with null", `mutation { deletePerson(input: {id: "p"}) { id } }`, undefined("deletePerson", "Mutation")},
			{"mutations null", `mutation { createLog(input: {id: "l"}) { id } }`, undefined("createLog", "Mutation")},
			{"queries null", `{ getBare(id: "b") { id } }`, undefined("getBare", "Query")},
			{"mutations of a model without queries", `mutation { createBare(input: {id: "b", n: 1}) { id n } }`, `{"data":{"createBare":{"id":"b","n":1}}}`},
			{"subscriptions and levels", `{ __type(name: "Subscription") { fields { name } } }`, fieldNames("enrolled joined onCreateBare onUpdateBare onDeleteBare onCreateLoud onUpdateLoud onDeleteLoud onCreateClock onUpdateClock onDeleteClock")},
			{"subscriptions need the realtime endpoint", `subscription { enrolled { id } }`, `"errorType":"UnsupportedOperation"`},
			{"declared timestamp of another type, required", `mutation { createClock(input: {id: "c"}) { id } }`, "is missing required fields '[createdAt]'"},
			{"declared timestamp of another type, not filled", `mutation { createClock(input: {id: "c", createdAt: 5, updatedAt: "2020-01-01T00:00Z"}) { createdAt updatedAt } }`, `{"data":{"createClock":{"createdAt":5,"updatedAt":"2020-01-01T00:00Z"}}}`},
		})
		if s, _ := path(w.t, w.do(`mutation { updateClock(input: {id: "c"}) { updatedAt } }`, ``), "data", "updateClock", "updatedAt").(string); !timeForm.MatchString(s) {
			w.t.Errorf("declared updatedAt: %q", s)
		}
	})
}

func TestCompatModelOfVersion1(t *testing.T) {
	t.Parallel()
	const sdl = `
type Category @model(queries: {get: "category"}, mutations: {create: "addCategory"}, subscriptions: {onCreate: ["added"]}) @key(fields: ["id"]) { id: ID! }
type lower @model { id: ID! text: String }
input AMPLIFY { globalAuthRule: AuthRule = {allow: public} }`
	each(t, sdl, func(w *world) {
		w.compat([]compatRow{
			{"mutations replaced", `mutation { addCategory(input: {id: "c"}) { id } }`, `{"data":{"addCategory":{"id":"c"}}}`},
			{"what is not named is not there", `mutation { deleteCategory(input: {id: "c"}) { id } }`, undefined("deleteCategory", "Mutation")},
			{"list is not there", `{ listCategorys { items { id } } }`, undefined("listCategorys", "Query")},
			{"subscriptions replaced", `subscription { added { id } }`, `"errorType":"UnsupportedOperation"`},
			{"no filter on generated fields", `{ listLowers(filter: {createdAt: {eq: "x"}}) { items { id } } }`, "contains a field not in 'ModellowerFilterInput': 'createdAt'"},
			{"AMPLIFY is not part of the API", `{ __type(name: "AMPLIFY") { name } }`, `{"data":{"__type":null}}`},
		})
	})
}

func TestCompatKeys(t *testing.T) {
	t.Parallel()
	const sdl = `
enum Kind { RED BLUE }
type Probe @model @auth(rules: [{allow: public}]) {
  id: ID!
  at: String! @index(name: "byInt", sortKeyFields: ["n"], queryField: "byInt") @index(name: "byFloat", sortKeyFields: ["f"], queryField: "byFloat")
    @index(name: "byText", sortKeyFields: ["s"], queryField: "byText", projection: {type: KEYS_ONLY})
    @index(name: "byRef", sortKeyFields: ["ref"], queryField: "byRef", projection: {type: INCLUDE, nonKeyAttributes: ["n"]})
    @index(name: "quiet", sortKeyFields: ["kind"], queryField: null)
  kind: Kind @index(sortKeyFields: ["n", "s"])
  n: Int
  f: Float
  s: String
  ref: ID
}
type Bolt @model @auth(rules: [{allow: public}]) { id: Int! @primaryKey(sortKeyFields: ["kind"]) kind: Kind! text: String }
type Nut @model @auth(rules: [{allow: public}]) { id: Int! text: String }`
	each(t, sdl, func(w *world) {
		w.ok(`mutation {
		  a: createProbe(input: {id: "a", at: "x", kind: RED, n: -2, f: -0.5, s: "al", ref: "1"}) { id }
		  b: createProbe(input: {id: "b", at: "x", kind: RED, n: 3, f: 0.25, s: "alp", ref: "10"}) { id }
		  c: createProbe(input: {id: "c", at: "x", kind: BLUE, n: 20, f: 100, s: "b", ref: "2"}) { id }
		  d: createProbe(input: {id: "d", at: "y", kind: RED}) { id } }`, ``)
		var rows []compatRow
		for _, typ := range []struct{ query, arg, low, mid string }{
			{"byInt", "n", "-2", "3"}, {"byFloat", "f", "-0.5", "0.25"}, {"byText", "s", `"al"`, `"alp"`}, {"byRef", "ref", `"1"`, `10`},
		} {
			for _, o := range [][2]string{{"eq: MID", "b"}, {"le: MID", "a b"}, {"lt: MID", "a"}, {"ge: MID", "b c"}, {"gt: MID", "c"}, {"between: [LOW, MID]", "a b"}} {
				op := strings.NewReplacer("LOW", typ.low, "MID", typ.mid).Replace(o[0])
				rows = append(rows, compatRow{typ.query + " " + op, `{ r: ` + typ.query + `(at: "x", ` + typ.arg + `: {` + op + `}) { items { id } } }`, ids(o[1])})
			}
		}
		rows = append(
			rows,
			compatRow{"byText beginsWith", `{ r: byText(at: "x", s: {beginsWith: "al"}) { items { id } } }`, ids("a b")},
			compatRow{"no beginsWith of numbers", `{ byInt(at: "x", n: {beginsWith: 1}) { items { id } } }`, "contains a field not in 'ModelIntKeyConditionInput': 'beginsWith'"},
			compatRow{"sortDirection DESC", `{ r: byFloat(at: "x", sortDirection: DESC) { items { id } } }`, ids("c b a")},
			compatRow{"no sort value, not in the index", `{ r: byInt(at: "y") { items { id } } }`, ids("")},
			compatRow{"filter of an index query", `{ r: byInt(at: "x", filter: {kind: {eq: RED}}) { items { id } } }`, ids("a b")},
			compatRow{"name and query of themselves", `{ r: probesByKindAndNAndS(kind: RED, nS: {beginsWith: {n: 3}}) { items { id } } }`, ids("b")},
			compatRow{"queryField null", `{ __type(name: "Query") { fields { name } } }`, fieldNames("getProbe listProbes getBolt listBolts getNut listNuts byInt byFloat byText byRef probesByKindAndNAndS")},
			compatRow{"projection KEYS_ONLY", `{ byText(at: "x", limit: 1) { items { kind f } } }`, `{"data":{"byText":{"items":[{"kind":"RED","f":-0.5}]}}}`},
			compatRow{"projection INCLUDE", `{ byRef(at: "x", limit: 1) { items { n f } } }`, `{"data":{"byRef":{"items":[{"n":-2,"f":-0.5}]}}}`},
			compatRow{"number and enum in a primary key", `mutation { createBolt(input: {id: 7, kind: BLUE, text: "t"}) { id } }`, `{"data":{"createBolt":{"id":7}}}`},
			compatRow{"by number and enum", `{ getBolt(id: 7, kind: BLUE) { text } }`, `{"data":{"getBolt":{"text":"t"}}}`},
			compatRow{"list by number and enum", `{ r: listBolts(id: 7, kind: {beginsWith: "BL"}) { items { id } } }`, `{"data":{"r":{"items":[{"id":7}]}}}`},
			compatRow{"id of another type", `mutation { createNut(input: {id: 7, text: "t"}) { id } }`, `{"data":{"createNut":{"id":7}}}`},
			compatRow{"id of another type as an ID", `{ getNut(id: "7") { text } }`, `{"data":{"getNut":{"text":"t"}}}`},
			compatRow{"an ID that is no such value", `{ getNut(id: "x") { text } }`, `{"data":{"getNut":null}}`},
		)
		w.compat(rows)
	})
}

func TestCompatRelations(t *testing.T) {
	t.Parallel()
	const sdl = `
type Shop @model @auth(rules: [{allow: public}]) { id: ID! boss: Man @hasOne(fields: ["bossId"]) bossId: ID stock: [Ware] @hasMany(references: ["shopId"], limit: 1) }
type Ware @model @auth(rules: [{allow: public}]) { id: ID! shopId: ID shop: Shop @belongsTo(references: ["shopId"], overrideIndexName: "wareShop") labels: [Label] @manyToMany(relationName: "Labelled", limit: 1) }
type Label @model @auth(rules: [{allow: public}]) { id: ID! wares: [Ware] @manyToMany(relationName: "Labelled") }
type Man @model @auth(rules: [{allow: public}]) { id: ID! name: String }`
	each(t, sdl, func(w *world) {
		w.ok(`mutation { a: createMan(input: {id: "m", name: "Max"}) { id } b: createShop(input: {id: "s", bossId: "m"}) { id }
		  c: createWare(input: {id: "w1", shopId: "s"}) { id } d: createWare(input: {id: "w2", shopId: "s"}) { id }
		  e: createLabel(input: {id: "l1"}) { id } f: createLabel(input: {id: "l2"}) { id }
		  g: createLabelled(input: {id: "1", wareId: "w1", labelId: "l1"}) { id } h: createLabelled(input: {id: "2", wareId: "w1", labelId: "l2"}) { id } }`, ``)
		w.compat([]compatRow{
			{"hasOne by fields", `{ getShop(id: "s") { boss { name } } }`, `{"data":{"getShop":{"boss":{"name":"Max"}}}}`},
			{"hasMany limit", `{ getShop(id: "s") { stock { items { id } } all: stock(limit: 9) { items { id } } } }`, `{"data":{"getShop":{"stock":{"items":[{"id":"w1"}]},"all":{"items":[{"id":"w1"},{"id":"w2"}]}}}}`},
			{"overrideIndexName", `{ getWare(id: "w2") { shop { id stock { items { id } } } } }`, `{"data":{"getWare":{"shop":{"id":"s","stock":{"items":[{"id":"w1"}]}}}}}`},
			{"manyToMany limit", `{ getWare(id: "w1") { labels { items { label { id } } } } }`, `{"data":{"getWare":{"labels":{"items":[{"label":{"id":"l1"}}]}}}}`},
		})
	})
}

// compatFilters are filters and the items that they find.
const compatFilters = `
s: {eq: "apple"} -> a | s: {ne: "apple"} -> b c d | s: {le: "apricot"} -> a b c | s: {lt: "apricot"} -> a c | s: {ge: "apricot"} -> b | s: {gt: "apple"} -> b
s: {contains: "pp"} -> a | s: {notContains: "pp"} -> b c d | s: {between: ["apple", "apricot"]} -> a b | s: {beginsWith: "ap"} -> a b
s: {attributeExists: true} -> a b c | s: {attributeExists: false} -> d | s: {attributeType: string} -> a b c | s: {attributeType: _null} -> d
s: {attributeType: number} -> | s: {size: {eq: 5}} -> a | s: {size: {ne: 5}} -> b c | s: {size: {le: 6}} -> a c | s: {size: {lt: 6}} -> a | s: {size: {ge: 6}} -> b c
s: {size: {gt: 6}} -> b | s: {size: {between: [5, 6]}} -> a c | s: {eq: null} -> d | s: {ne: null} -> a b c | s: {gt: "apple", contains: "r"} -> b
ref: {eq: "10"} -> b | ref: {eq: 10} -> b | ref: {ne: 10} -> a c d | ref: {le: "10"} -> a b | ref: {lt: "10"} -> a | ref: {ge: "10"} -> b c | ref: {gt: "10"} -> c
ref: {contains: "0"} -> b | ref: {notContains: "0"} -> a c d | ref: {between: ["1", "2"]} -> a b c | ref: {beginsWith: "1"} -> a b | ref: {attributeExists: true} -> a b c
ref: {attributeType: string} -> a b c | ref: {size: {gt: 1}} -> b
n: {eq: 2} -> b | n: {ne: 2} -> a c d | n: {le: 2} -> a b | n: {lt: 2} -> a | n: {ge: 2} -> b c | n: {gt: 2} -> c | n: {between: [2, 3]} -> b c
n: {attributeExists: false} -> d | n: {attributeType: number} -> a b c | n: {attributeType: string} ->
f: {eq: 0.5} -> a | f: {ne: 0.5} -> b c d | f: {le: 0.5} -> a c | f: {lt: 0.5} -> c | f: {ge: 0.5} -> a b | f: {gt: 0.5} -> b | f: {between: [-1, 0.5]} -> a c
f: {attributeExists: true} -> a b c | f: {attributeType: number} -> a b c
b: {eq: true} -> a | b: {eq: false} -> b | b: {ne: true} -> b c d | b: {attributeExists: true} -> a b | b: {attributeType: bool} -> a b
at: {between: [150, 300]} -> b c | at: {attributeType: number} -> a b c | day: {beginsWith: "2024-01"} -> a | day: {ge: "2024-02-01"} -> b c
doc: {eq: "{}"} -> a | doc: {attributeType: string} -> a b | kind: {eq: RED} -> a c | kind: {ne: RED} -> b d
kinds: {eq: [RED]} -> a | kinds: {ne: [RED]} -> b c d | kinds: {contains: BLUE} -> b | kinds: {notContains: BLUE} -> a c d
tags: {contains: "y"} -> a b | tags: {notContains: "x"} -> b c d | tags: {size: {eq: 2}} -> a | tags: {size: {eq: 0}} -> c | tags: {attributeType: list} -> a b c
tags: {eq: "x"} -> | tags: {beginsWith: "x"} -> | nums: {attributeExists: true} -> a b | nums: {attributeType: list} -> a b | nums: {eq: 1} ->
and: [{n: {gt: 1}}, {kind: {eq: RED}}] -> c | or: [{n: {eq: 1}}, {n: {eq: 3}}] -> a c | not: {n: {ge: 2}} -> a d | n: {gt: 1}, kind: {eq: RED} -> c
or: [{and: [{n: {eq: 1}}, {b: {eq: true}}]}, {not: {s: {attributeExists: true}}}] -> a d | not: {or: [{n: {eq: 1}}, {n: {eq: 2}}]} -> c d | and: {id: {eq: "a"}} -> a
-> a b c d | createdAt: {attributeExists: true}, updatedAt: {gt: "2020"} -> a b c d`

func TestCompatFilters(t *testing.T) {
	t.Parallel()
	const sdl = `
enum Kind { RED BLUE }
type Item @model @auth(rules: [{allow: public}]) {
  id: ID! s: String ref: ID n: Int f: Float b: Boolean at: AWSTimestamp day: AWSDate doc: AWSJSON kind: Kind kinds: [Kind] tags: [String] nums: [Int] place: Place
}
type Place { x: Int }`
	each(t, sdl, func(w *world) {
		w.ok(`mutation {
		  a: createItem(input: {id: "a", s: "apple", ref: 1, n: 1, f: 0.5, b: true, at: 100, day: "2024-01-01", doc: "{}", kind: RED, kinds: [RED], tags: ["x", "y"], nums: [1, 2]}) { id }
		  b: createItem(input: {id: "b", s: "apricot", ref: 10, n: 2, f: 1.5, b: false, at: 200, day: "2024-02-01", doc: "[]", kind: BLUE, kinds: [RED, BLUE], tags: ["y"], nums: [3]}) { id }
		  c: createItem(input: {id: "c", s: "Banana", ref: 2, n: 3, f: -1, at: 300, day: "2024-03-01", kind: RED, kinds: [], tags: []}) { id }
		  d: createItem(input: {id: "d", place: {x: 1}}) { id } }`, ``)
		var rows []compatRow
		for r := range strings.SplitSeq(strings.ReplaceAll(compatFilters[1:], "\n", " | "), " | ") {
			filter, want, _ := strings.Cut(r, "->")
			rows = append(rows, compatRow{filter, `{ r: listItems(filter: {` + filter + `}) { items { id } } }`, ids(want)})
		}
		rows = append(
			rows,
			compatRow{"no filter on objects", `{ listItems(filter: {place: {x: {eq: 1}}}) { items { id } } }`, "contains a field not in 'ModelItemFilterInput': 'place'"},
			compatRow{"no size of numbers", `{ listItems(filter: {n: {size: {eq: 1}}}) { items { id } } }`, "contains a field not in 'ModelIntInput': 'size'"},
			compatRow{"no contains of numbers", `{ listItems(filter: {nums: {contains: 1}}) { items { id } } }`, "contains a field not in 'ModelIntInput': 'contains'"},
			compatRow{"no key in a condition", `mutation { updateItem(input: {id: "a"}, condition: {id: {eq: "a"}}) { id } }`, "contains a field not in 'ModelItemConditionInput': 'id'"},
			compatRow{"not in a condition", `mutation { updateItem(input: {id: "a"}, condition: {not: {or: [{tags: {contains: "z"}}, {kinds: {eq: []}}]}}) { id } }`, `{"data":{"updateItem":{"id":"a"}}}`},
		)
		w.compat(rows)
	})
}

func TestCompatScalars(t *testing.T) {
	t.Parallel()
	scalars := []struct{ name, good, bad, reason string }{
		{"ID", `"a b"`, `1.5`, "Expected type 'ID' but was 'Double'."},
		{"String", `"é😀\n"`, `5`, "Expected type 'String' but was 'Integer'."},
		{"Int", `-2147483648`, `2147483648`, "Expected value to be in the Integer range but it was '2147483648'"},
		{"Float", `-0.125`, `"1"`, "Expected type 'Float' but was 'String'."},
		{"Boolean", `false`, `"false"`, "Expected type 'Boolean' but was 'String'."},
		{"AWSDate", `"2024-02-29+05:30"`, `"2023-02-29"`, "Unable to parse `2023-02-29` as a valid date."},
		{"AWSTime", `"12:30:24.123456789-07:00"`, `"24:00"`, "Unable to parse `24:00` as a valid time."},
		{"AWSDateTime", `"2024-02-29T12:00+01:00"`, `"2024-02-29T12:00"`, "Unable to parse `2024-02-29T12:00` as a valid DateTime Object."},
		{"AWSTimestamp", `-9007199254740993`, `1.5`, "Expected type 'AWSTimestamp' but was 'Double'."},
		{"AWSEmail", `"x.y+z@ex-ample.org"`, `"x@"`, "Unable to parse `x@` as a valid email address."},
		{"AWSJSON", `"{\"b\":1, \"a\":[null]}"`, `"{"`, "Unable to parse `{` as a valid JSON."},
		{"AWSURL", `"https://h:8080/p?q=//r#f"`, `"h/p"`, "Unable to parse `h/p` as a valid URL."},
		{"AWSPhone", `"+44 1234 567-890"`, `"1--2345"`, "Unable to parse `1--2345` as a valid phone number."},
		{"AWSIPAddress", `"2001:db8::/32"`, `"256.0.0.1"`, "Unable to parse `256.0.0.1` as a valid IP address."},
	}
	var sdl strings.Builder
	for _, s := range scalars {
		fmt.Fprintf(&sdl, "type T%s @model @auth(rules: [{allow: public}]) { id: ID! v: %s! vs: [%s] }\n", s.name, s.name, s.name)
	}
	each(t, sdl.String(), func(w *world) {
		for _, s := range scalars {
			w.t.(*testing.T).Run(s.name, func(t *testing.T) {
				defer func(outer testing.TB) { w.t = outer }(w.t)
				w.t = t
				model := "T" + s.name
				variable := `mutation($i: Create` + model + `Input!) { r: create` + model + `(input: $i) { v vs } }`
				stored := `{"v":` + s.good + `,"vs":[` + s.good + `,null]}`
				w.want(variable, `{"i":{"id":"1","v":`+s.good+`,"vs":[`+s.good+`,null]}}`, `{"data":{"r":`+stored+`}}`)
				w.want(`mutation { r: create`+model+`(input: {id: "2", v: `+s.good+`, vs: `+s.good+`}) { v vs } }`, ``, `{"data":{"r":{"v":`+s.good+`,"vs":[`+s.good+`]}}}`)
				w.want(`{ r: get`+model+`(id: "1") { v vs } }`, ``, `{"data":{"r":`+stored+`}}`)
				w.want(variable, `{"i":{"v":`+s.bad+`}}`, `{"data":null,"errors":[{"path":null,"locations":[{"line":1,"column":10,"sourceName":null}],"message":"Variable 'v' has an invalid value. `+s.reason+`"}]}`)
				if got := w.do(`mutation { r: create`+model+`(input: {v: `+s.bad+`}) { v } }`, ``); !strings.Contains(got, "Validation error of type WrongType: argument 'input.v' with value") || !strings.Contains(got, "is not a valid '"+s.name+"'") {
					t.Errorf("literal %s: %s", s.bad, got)
				}
			})
		}
	})
}

func TestCompatCustomFields(t *testing.T) {
	t.Parallel()
	const sdl = `
type Note @model { id: ID! text: String @deprecated(reason: "use body") }
interface Named { name: String }
type Cat implements Named { name: String }
union Found = Cat | Note
type Query { hello(name: String = "x"): String must: Int! named: Named found: [Found] signed: String @aws_iam staff: String @aws_cognito_user_pools(cognito_groups: ["Staff"]) }
type Mutation { say(text: String!): String }
type Subscription { noted: Note @aws_subscribe(mutations: ["createNote"]) }
extend type Query { more: Int }
input AMPLIFY { globalAuthRule: AuthRule = {allow: public} }`
	each(t, sdl, func(w *world) {
		w.compat([]compatRow{
			{"of Query", `{ hello more named { name ... on Cat { __typename } } found { ... on Cat { name } } }`, `{"data":{"hello":null,"more":null,"named":null,"found":null}}`},
			{"of Mutation", `mutation { say(text: "x") }`, `{"data":{"say":null}}`},
			{"of Subscription", `subscription { noted { id } }`, `"errorType":"UnsupportedOperation"`},
			{"non-null", `{ hello must }`, `{"data":null,"errors":[{"path":["must"],"locations":null,"message":"Cannot return null for non-nullable type: 'Int' within parent 'Query' (/must)"}]}`},
			{"@aws_iam, called with an API key", `{ hello signed }`, `"Not Authorized to access signed on type Query"`},
			{"@aws_cognito_user_pools, called with an API key", `{ staff }`, `"Not Authorized to access staff on type Query"`},
			{"@deprecated", `{ __type(name: "Note") { fields(includeDeprecated: true) { name isDeprecated deprecationReason } } }`, `{"name":"text","isDeprecated":true,"deprecationReason":"use body"`},
			{"AMPLIFY does not open models", `{ listNotes { items { id } } }`, `"Not Authorized to access listNotes on type Query"`},
			{"AMPLIFY is not part of the API", `{ __type(name: "AMPLIFY") { name } }`, `{"data":{"__type":null}}`},
		})
		doc, err := schema.Parse(sdl)
		must(w.t, err)
		w.api, err = transform.Expand(doc, transform.Options{TablePrefix: "t_", Sandbox: true})
		must(w.t, err)
		w.exec = w.executor("api1")
		w.compat([]compatRow{{"sandbox mode opens models", `{ listNotes { items { id } } }`, `{"data":{"listNotes":{"items":[]}}}`}})
	})
}

func TestCompatErrors(t *testing.T) {
	t.Parallel()
	const sdl = `type Pair @model @auth(rules: [{allow: public}]) { p: String! @primaryKey(sortKeyFields: ["s"]) s: String! t: String! @index(name: "byText", queryField: "byText") }`
	each(t, sdl, func(w *world) {
		create := func(p, s, t string) string {
			return `mutation { createPair(input: {p: "` + p + `", s: "` + s + `", t: "` + t + `"}) { p } }`
		}
		const dynamo = `"errorType":"DynamoDB:DynamoDbException","errorInfo":null,"locations":[{"line":1,"column":12,"sourceName":null}],"message":"One or more parameter values were invalid: `
		w.compat([]compatRow{
			{"partition key too long", create(strings.Repeat("x", 2049), "s", "t"), dynamo + `Size of hashkey has exceeded the maximum size limit of2048 bytes"`},
			{"partition key of an index too long", create("p", "s", strings.Repeat("x", 2049)), dynamo + `Size of hashkey has exceeded the maximum size limit of2048 bytes"`},
			{"sort key too long", create("p", strings.Repeat("x", 1025), "t"), dynamo + `Aggregated size of all range keys has exceeded the size limit of 1024 bytes"`},
			{"null for a required key", `mutation { createPair(input: {p: null, s: "s", t: "t"}) { p } }`, "argument 'input.p' with value 'NullValue{}' must not be null"},
		})
		if n := strings.Count(w.do(`{`+strings.Repeat(" x", 60)+` }`, ``), "FieldUndefined"); n != 50 {
			w.t.Errorf("%d validation errors are told, want 50", n)
		}
	})
	each(t, `type Log @model(mutations: null) @auth(rules: [{allow: public}]) { id: ID! }`, func(w *world) {
		w.want(`mutation { x }`, ``, `{"data":null,"errors":[{"path":null,"locations":[{"line":1,"column":1,"sourceName":null}],"message":"Schema is not configured for mutation operations."}]}`)
	})
	const fields = `type Doc @model @auth(rules: [{allow: private}]) { id: ID a: Int @auth(rules: [{allow: owner}]) b: Int @auth(rules: [{allow: groups, groups: ["G"]}]) c: Int @auth(rules: [{allow: public}]) }`
	eachWith(t, fields, authOptions, func(w *world) {
		w.steps([]step{{"in the order of the input", alice, `mutation { createDoc(input: {c: 1, a: 1, b: 1}) { id } }`, `{"createDoc":null} | createDoc Unauthorized: Unauthorized on [c, b]`}})
	})
}

func TestCompatPages(t *testing.T) {
	t.Parallel()
	const sdl = `type Row @model @auth(rules: [{allow: public}]) { id: ID! kids: [Kid] @hasMany(limit: 9) } type Kid @model @auth(rules: [{allow: public}]) { id: ID! }`
	each(t, sdl, func(w *world) {
		for from := 100; from < 200; from += 50 {
			var text strings.Builder
			for i := range 50 {
				fmt.Fprintf(&text, ` r%d: createRow(input: {id: "%d"}) { id } k%d: createKid(input: {id: "%d", rowKidsId: "100"}) { id }`, i, from+i, i, from+i)
			}
			w.ok(`mutation {`+text.String()+` }`, ``)
		}
		w.ok(`mutation { createRow(input: {id: "200"}) { id } }`, ``)
		small := limits
		small.Page, small.MaxPage = 2, 3
		e, err := exec.New(exec.Config{API: w.api, ID: "api1", Dialect: w.db.Dialect(), Sealer: w.sealer, Limits: small, Logger: slog.New(slog.DiscardHandler)})
		must(w.t, err)
		type page struct {
			name, query string
			exec        *exec.Executor
			want        int
		}
		for _, tt := range []page{
			{"default", `{ r: listRows { items { id } nextToken } }`, w.exec, 100},
			{"over the largest", `{ r: listRows(limit: 2147483647) { items { id } nextToken } }`, e, 3},
			{"limit of a directive over the largest", `{ s: getRow(id: "100") { r: kids { items { id } nextToken } } }`, e, 3},
			{"limit inside a relation over the largest", `{ s: getRow(id: "100") { r: kids(limit: 50) { items { id } nextToken } } }`, e, 3},
		} {
			got := w.doWith(tt.exec, tt.query, ``)
			if n := strings.Count(got, `"id":`); n != tt.want || strings.Contains(got, `"nextToken":null`) {
				w.t.Errorf("%s: %d items: %.300s", tt.name, n, got)
			}
		}
	})
}

// TestCompatRefused compiles directives that nothing stands behind yet.
func TestCompatRefused(t *testing.T) {
	t.Parallel()
	const v1, v2 = ` type K @model @key(fields: ["id"]) { id: ID! }`, ` type K @model { id: ID! @primaryKey }`
	for _, tt := range []struct{ name, sdl, want string }{
		{"searchable v1", `type A @model @searchable { id: ID! s: String }` + v1, "1:15: A @searchable: search is not available in this version"},
		{"searchable v2", `type A @model @searchable(queries: {search: "find"}) { id: ID! s: String }` + v2, "1:15: A @searchable: search is not available in this version"},
		{"function v1", `type Query { f: Int @function(name: "f-${env}", region: "eu-west-1") }` + v1, "1:21: Query.f @function: functions are not available in this version"},
		{"function v2", `type Query { f: Int @function(name: "f", accountId: "1") }` + v2, "1:21: Query.f @function: functions are not available in this version"},
		{"http v1", `type Query { f: Int @http(url: "https://h/:id", method: POST) }` + v1, "1:21: Query.f @http: HTTP resolvers are not available in this version"},
		{"http v2", `type Query { f: Int @http(url: "https://h") }` + v2, "1:21: Query.f @http: HTTP resolvers are not available in this version"},
		{"predictions v1", `type Query { f: String @predictions(actions: [identifyText]) }` + v1, "1:24: Query.f @predictions: predictions are not available in this version"},
		{"predictions v2", `type Query { f: String @predictions(actions: [identifyText, translateText]) }` + v2, "1:24: Query.f @predictions: predictions are not available in this version"},
		{"refersTo", `type A @model @refersTo(name: "b") { id: ID! }`, "1:15: A @refersTo: SQL data sources are not supported"},
		{"conversation", `type Query { f: String @conversation(aiModel: "m", systemPrompt: "p", auth: {strategy: owner, provider: userPools}) }`, "1:24: Query.f @conversation: AI directives are not supported"},
		{"generation", `type Query { f: String @generation(aiModel: "m", systemPrompt: "p") }`, "1:24: Query.f @generation: AI directives are not supported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := schema.Parse(tt.sdl)
			must(t, err)
			api, err := transform.Expand(doc, transform.Options{})
			if err == nil {
				err = transform.CheckServable(doc, api, transform.Options{})
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
