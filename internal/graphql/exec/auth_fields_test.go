package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"preamp/internal/authn"
)

const fieldSchema = `
type Place { street: String zip: Int }
type Person @model @auth(rules: [{allow: owner}, {allow: private, operations: [read]}, {allow: public, operations: [read]}]) {
  id: ID!
  name: String!
  owner: String
  text: String @auth(rules: [{allow: owner}])
  must: String!
  n: Int @auth(rules: [{allow: owner}])
  f: Float @auth(rules: [{allow: owner}])
  done: Boolean @auth(rules: [{allow: owner}])
  tags: [String] @auth(rules: [{allow: owner}])
  doc: AWSJSON @auth(rules: [{allow: owner}])
  place: Place @auth(rules: [{allow: owner}])
  places: [Place] @auth(rules: [{allow: owner}])
  pets: [Pet] @hasMany @auth(rules: [{allow: owner}])
  friend: Person @hasOne @auth(rules: [{allow: owner}])
  toys: [Pet] @hasMany(indexName: "byHolder", fields: ["id"])
}
type Pet @model @auth(rules: [{allow: owner}, {allow: groups, groupsField: "vets", operations: [read]}]) {
  id: ID!
  name: String!
  vets: String
  holder: ID @index(name: "byHolder", sortKeyFields: ["name"], queryField: "petsByHolder")
  keeper: Person @belongsTo
  chip: String @auth(rules: [{allow: owner}])
}
`

func (w *world) seedPeople() {
	w.t.Helper()
	w.steps([]step{
		{"alice", alice, `mutation { createPerson(input: {id: "a", name: "A", text: "::", must: "m", n: 7, f: 1.5, done: false, tags: ["x", "y"], doc: "{\"k\":1}",
			place: {street: "s", zip: 1}, places: [{street: "p"}, null], personFriendId: "b"}) { id } }`, `{"createPerson":{"id":"a"}}`},
		{"bob", bob, `mutation { createPerson(input: {id: "b", name: "B", text: "bob's", must: "m"}) { id } }`, `{"createPerson":{"id":"b"}}`},
		{"rex", alice, `mutation { createPet(input: {id: "rex", name: "Rex", holder: "a", personPetsId: "a", chip: "c1", vets: "Vets"}) { id } }`, `{"createPet":{"id":"rex"}}`},
		{"tom", bob, `mutation { createPet(input: {id: "tom", name: "Tom", holder: "a", personPetsId: "a", chip: "c2", vets: "Vets"}) { id } }`, `{"createPet":{"id":"tom"}}`},
		{"kim", bob, `mutation { createPet(input: {id: "kim", name: "Kim", holder: "a", personPetsId: "b"}) { id } }`, `{"createPet":{"id":"kim"}}`},
	})
}

func people(t *testing.T, fn func(w *world)) {
	t.Helper()
	eachWith(t, fieldSchema, authOptions, func(w *world) {
		w.seedPeople()
		fn(w)
	})
}

// hidden is the error of a field that is not shown.
func hidden(path, field, typ string) string {
	return fmt.Sprintf(" | %s Unauthorized: Not Authorized to access %s on type %s", path, field, typ)
}

func TestFieldRules(t *testing.T) {
	t.Parallel()
	people(t, func(w *world) {
		fields := []struct{ key, selection, value string }{
			{"text", "text", `"::"`},
			{"n", "n", `7`},
			{"f", "f", `1.5`},
			{"done", "done", `false`},
			{"tags", "tags", `["x","y"]`},
			{"doc", "doc", `"{\"k\":1}"`},
			{"place", "place { street __typename }", `{"street":"s","__typename":"Place"}`},
			{"places", "places { street }", `[{"street":"p"},null]`},
			{"pets", "pets { items { id } nextToken __typename }", `{"items":[{"id":"rex"}],"nextToken":null,"__typename":"ModelPetConnection"}`},
			{"friend", "friend { id __typename }", `{"id":"b","__typename":"Person"}`},
		}
		for _, f := range fields {
			get := `{ getPerson(id: "a") { id ` + f.selection + ` __typename } }`
			list := `{ listPeople(filter: {name: {eq: "A"}}) { items { ` + f.selection + ` id } nextToken } }`
			shown := []step{
				{"get", alice, get, `{"getPerson":{"id":"a","` + f.key + `":` + f.value + `,"__typename":"Person"}}`},
				{"list", alice, list, `{"listPeople":{"items":[{"` + f.key + `":` + f.value + `,"id":"a"}],"nextToken":null}}`},
			}
			w.steps(shown)
			for _, c := range []step{{caller: bob}, {caller: caller}} { // in some rows, in none
				w.steps([]step{
					{"hidden get", c.caller, get, `{"getPerson":{"id":"a","` + f.key + `":null,"__typename":"Person"}}` + hidden("getPerson/"+f.key, f.key, "Person")},
					{"hidden list", c.caller, list, `{"listPeople":{"items":[{"` + f.key + `":null,"id":"a"}],"nextToken":null}}` + hidden("listPeople/items/0/"+f.key, f.key, "Person")},
				})
			}
		}
		w.steps([]step{
			{"row by row", bob, `{ listPeople { items { name text } } }`, `{"listPeople":{"items":[{"name":"A","text":null},{"name":"B","text":"bob's"}]}}` + hidden("listPeople/items/0/text", "text", "Person")},
			{
				"aliases", bob, `{ getPerson(id: "a") { name: text text: name t: text n2: n } }`,
				`{"getPerson":{"name":null,"text":"A","t":null,"n2":null}}` + hidden("getPerson/name", "text", "Person") + hidden("getPerson/t", "text", "Person") + hidden("getPerson/n2", "n", "Person"),
			},
			{"aliases of the owner", alice, `{ p: getPerson(id: "a") { name: text text: name t: text o: owner owner: id } }`, `{"p":{"name":"::","text":"A","t":"::","o":"alice","owner":"a"}}`},
			{"a fragment", bob, `query { getPerson(id: "a") { ...F text } } fragment F on Person { id ... on Person { text } }`, `{"getPerson":{"id":"a","text":null}}` + hidden("getPerson/text", "text", "Person")},
			{"twice the same error", bob, `{ x: getPerson(id: "a") { text } y: getPerson(id: "a") { text } }`, `{"x":{"text":null},"y":{"text":null}}` + hidden("x/text", "text", "Person") + hidden("y/text", "text", "Person")},
			{
				"all at once", caller, `{ getPerson(id: "a") { text n f done tags doc place { zip } places { zip } pets { items { id } } friend { id } } }`,
				`{"getPerson":{"text":null,"n":null,"f":null,"done":null,"tags":null,"doc":null,"place":null,"places":null,"pets":null,"friend":null}}` +
					hidden("getPerson/text", "text", "Person") + hidden("getPerson/n", "n", "Person") + hidden("getPerson/f", "f", "Person") + hidden("getPerson/done", "done", "Person") +
					hidden("getPerson/tags", "tags", "Person") + hidden("getPerson/doc", "doc", "Person") + hidden("getPerson/place", "place", "Person") +
					hidden("getPerson/places", "places", "Person") + hidden("getPerson/pets", "pets", "Person") + hidden("getPerson/friend", "friend", "Person"),
			},
			{"no row", bob, `{ getPerson(id: "no") { text must } }`, `{"getPerson":null}`},
		})
	})
}

func TestRulesOfRelations(t *testing.T) {
	t.Parallel()
	people(t, func(w *world) {
		vet := user("vera", "Vets")
		w.steps([]step{
			{"the own rows of a page", alice, `{ getPerson(id: "a") { toys { items { name } } } }`, `{"getPerson":{"toys":{"items":[{"name":"Rex"}]}}}`},
			{"the rows of another", bob, `{ getPerson(id: "a") { toys { items { name chip } } } }`, `{"getPerson":{"toys":{"items":[{"name":"Kim","chip":null},{"name":"Tom","chip":"c2"}]}}}`},
			{
				"the rows of a group, without a field", vet, `{ getPerson(id: "a") { toys { items { name chip } } } }`,
				`{"getPerson":{"toys":{"items":[{"name":"Rex","chip":null},{"name":"Tom","chip":null}]}}}` + hidden("getPerson/toys/items/0/chip", "chip", "Pet") + hidden("getPerson/toys/items/1/chip", "chip", "Pet"),
			},
			{"nobody's", user("dora"), `{ getPerson(id: "a") { toys { items { name } nextToken } } }`, `{"getPerson":{"toys":{"items":[],"nextToken":null}}}`},
			{"no rule for the caller", caller, `{ getPerson(id: "a") { id toys { items { name } } } }`, `{"getPerson":{"id":"a","toys":null}}` + hidden("getPerson/toys", "toys", "Person")},
			{
				"back and forth", bob, `{ getPet(id: "tom") { name keeper { name text toys { items { name keeper { id n } } } } } }`,
				`{"getPet":{"name":"Tom","keeper":{"name":"A","text":null,"toys":{"items":[{"name":"Kim","keeper":{"id":"b","n":null}},{"name":"Tom","keeper":{"id":"a","n":null}}]}}}}` +
					hidden("getPet/keeper/text", "text", "Person") + hidden("getPet/keeper/toys/items/1/keeper/n", "n", "Person"),
			},
			{"one row that is another's", bob, `{ getPet(id: "rex") { id } }`, `{"getPet":null} | getPet Unauthorized: Not Authorized to access getPet on type Query`},
			{"an index", bob, `{ petsByHolder(holder: "a") { items { name } } }`, `{"petsByHolder":{"items":[{"name":"Kim"},{"name":"Tom"}]}}`},
			{"an index and a filter", bob, `{ petsByHolder(holder: "a", name: {gt: "L"}, filter: {vets: {eq: "Vets"}}) { items { name } } }`, `{"petsByHolder":{"items":[{"name":"Tom"}]}}`},
		})
		// A hidden single row is an error where it is met, and no row is none.
		w.by(root, `mutation { updatePet(input: {id: "tom", personPetsId: "gone"}) { id } }`, ``)
		w.steps([]step{
			{"a relation to nothing", bob, `{ getPet(id: "tom") { name keeper { name } } }`, `{"getPet":{"name":"Tom","keeper":null}}`},
		})
	})
}

// TestPagesOfOwners walks over pages of rows of which a caller sees a part.
func TestPagesOfOwners(t *testing.T) {
	t.Parallel()
	const query = `query($t: String) { listNotes(limit: 2, nextToken: $t) { items { id } nextToken } }`
	const lines = `query($t: String) { getNote(id: "n00") { lines(limit: 1, nextToken: $t) { items { id } nextToken } } }`
	eachWith(t, ownedSchema, authOptions, func(w *world) {
		for i := range 20 {
			c := []step{{caller: alice}, {caller: bob}}[i/3%2].caller
			w.by(c, fmt.Sprintf(`mutation { createNote(input: {id: "n%02d", title: "t"}) { id } }`, i), ``)
			w.by(alice, fmt.Sprintf(`mutation { createLine(input: {id: "l%02d", text: "t", writers: ["alice", "bob"], noteLinesId: "n00"}) { id } }`, i), ``)
		}
		token := func(answer string, keys ...string) string {
			t, _ := path(w.t, answer, keys...).(string)
			return t
		}
		var seen strings.Builder
		next, pages := "", 0
		for ok := true; ok; pages++ {
			answer := w.by(alice, query, asJSON(map[string]any{"t": orNil(next)}))
			for _, x := range path(w.t, answer, "data", "listNotes", "items").([]any) {
				seen.WriteString(x.(map[string]any)["id"].(string) + " ")
			}
			next = token(answer, "data", "listNotes", "nextToken")
			ok = next != ""
		}
		if seen.String() != "n00 n01 n02 n06 n07 n08 n12 n13 n14 n18 n19 " || pages != 6 {
			w.t.Errorf("%d pages: %s", pages, seen.String())
		}

		// A token is for the caller it was given to.
		mine := token(w.by(alice, query, ``), "data", "listNotes", "nextToken")
		for name, c := range map[string]step{"bob": {caller: bob}, "root": {caller: root}, "admin": {caller: user("carl", "Admins")}} {
			const want = `{"listNotes":null} | listNotes InvalidArgumentsError: Invalid nextToken.`
			if got := w.sum(c.caller, query, `{"t":"`+mine+`"}`); got != want {
				w.t.Errorf("the token of another, %s: %s", name, got)
			}
		}
		if got := w.sum(alice, query, `{"t":"`+mine+`"}`); got[:len(`{"listNotes":{"items":[{"id":"n02"}`)] != `{"listNotes":{"items":[{"id":"n02"}` {
			w.t.Errorf("the own token: %s", got)
		}
		line := token(w.by(alice, lines, ``), "data", "getNote", "lines", "nextToken")
		const want = `{"getNote":{"lines":null}} | getNote/lines InvalidArgumentsError: Invalid nextToken.`
		if got := w.sum(root, lines, `{"t":"`+line+`"}`); line == "" || got != want {
			w.t.Errorf("the token of a relation of another: %s", got)
		}
		if got := w.sum(alice, lines, `{"t":"`+line+`"}`); got[:len(`{"getNote":{"lines":{"items":[{"id":"l01"}`)] != `{"getNote":{"lines":{"items":[{"id":"l01"}` {
			w.t.Errorf("the own token of a relation: %s", got)
		}
	})
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// TestFiltersTellNothing asks for rows by what a caller may not see, before and
// after it changes: the answers must be the same. Those of the owner are not.
func TestFiltersTellNothing(t *testing.T) {
	t.Parallel()
	people(t, func(w *world) {
		filters := []string{
			`{text: {eq: "::"}}`, `{text: {ne: "::"}}`, `{text: {beginsWith: ":"}}`, `{text: {gt: "a"}}`, `{text: {contains: ":"}}`, `{text: {notContains: ":"}}`,
			`{not: {text: {eq: "::"}}}`, `{or: [{n: {gt: 6}}, {id: {eq: "no"}}]}`, `{and: [{n: {eq: 7}}]}`, `{not: {n: {le: 7}}}`, `{n: {between: [1, 10]}}`,
			`{n: {attributeExists: true}}`, `{n: {attributeExists: false}}`, `{not: {n: {attributeExists: false}}}`, `{n: {attributeType: _null}}`,
			`{tags: {contains: "x"}}`, `{tags: {notContains: "x"}}`, `{done: {eq: false}}`, `{done: {ne: false}}`, `{f: {lt: 2}}`, `{text: {size: {eq: 2}}}`,
		}
		ask := func(c authn.Caller) map[string]string {
			out := map[string]string{}
			for _, f := range filters {
				out[f] = w.sum(c, `{ listPeople(filter: {and: [{name: {eq: "A"}}, `+f+`]}) { items { id } } }`, ``)
				if strings.Contains(out[f], "Unrecognized") || strings.HasPrefix(out[f], "null") {
					w.t.Fatalf("%s: %s", f, out[f])
				}
			}
			return out
		}
		callers := map[string]authn.Caller{"bob": bob, "key": caller, "alice": alice}
		before := map[string]map[string]string{}
		for name, c := range callers {
			before[name] = ask(c)
		}
		w.by(root, `mutation { updatePerson(input: {id: "a", text: "zzz", n: null, f: 9, done: true, tags: ["q"]}) { id } }`, ``)
		for name, c := range callers {
			for f, after := range ask(c) {
				if same := before[name][f] == after; same != (name != "alice") {
					w.t.Errorf("%s of %s: %s, then %s", f, name, before[name][f], after)
				}
			}
		}
		w.steps([]step{
			{"the owner may filter", alice, `{ listPeople(filter: {text: {eq: "zzz"}, f: {gt: 6}}) { items { id } } }`, `{"listPeople":{"items":[{"id":"a"}]}}`},
			{"and finds nothing of another", alice, `{ listPeople(filter: {text: {eq: "bob's"}}) { items { id } } }`, `{"listPeople":{"items":[]}}`},
		})
	})
}

// TestWritesOfFields writes fields with rules of their own.
func TestWritesOfFields(t *testing.T) {
	t.Parallel()
	people(t, func(w *world) {
		w.steps([]step{
			{"what is protected is not in the answer", alice, `mutation { updatePerson(input: {id: "a", n: 8}) { id n text must2: name owner } }`, `{"updatePerson":{"id":"a","n":null,"text":null,"must2":"A","owner":"alice"}}`},
			{"but it is written", alice, `{ getPerson(id: "a") { n } }`, `{"getPerson":{"n":8}}`},
			{"nor when it goes", alice, `mutation { deletePet(input: {id: "rex"}) { id chip } }`, `{"deletePet":{"id":"rex","chip":null}}`},
			{"an update of another's", bob, `mutation { updatePerson(input: {id: "a", n: 9}) { id } }`, `{"updatePerson":null} | updatePerson Unauthorized: Not Authorized to access updatePerson on type Mutation`},
			{"a key may read only", caller, `mutation { createPerson(input: {id: "k", name: "K", must: "m"}) { id } }`, `{"createPerson":null} | createPerson Unauthorized: Not Authorized to access createPerson on type Mutation`},
			{"nothing was written", root, `{ listPeople { items { id n must } } }`, `{"listPeople":{"items":[{"id":"a","n":8,"must":"m"},{"id":"b","n":null,"must":"m"}]}}`},
		})
	})
}
