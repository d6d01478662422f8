package exec_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/exec"
	"preamp/internal/graphql/scalar"
)

// fuzzWorld is an executor on SQLite with a few rows.
func fuzzWorld(f *testing.F) *world {
	f.Helper()
	set := dbtest.Open(f, db.Config{Dir: f.TempDir(), Control: lines.Control, Env: lines.Env})
	w := open(f, set, testSchema)
	w.seedTodos(3)
	return w
}

// check asserts what holds for every answer.
func check(t *testing.T, out []byte) {
	t.Helper()
	if !json.Valid(out) {
		t.Fatalf("not JSON: %s", out)
	}
	if databaseText.Match(out) {
		t.Fatalf("the answer holds a text of the database: %s", out)
	}
	var answer struct {
		Errors []struct{ ErrorType string }
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	for _, e := range answer.Errors {
		if e.ErrorType == "InternalFailure" {
			t.Fatalf("internal error: %s", out)
		}
	}
}

func FuzzQuery(f *testing.F) {
	w := fuzzWorld(f)
	f.Add(`{ listTodos(limit: 1) { items { id title } nextToken } }`)
	f.Add(`{ a: getTodo(id: "a") { ...F address { geo { lat } } } __schema { types { name } } } fragment F on Todo { id @skip(if: true) }`)
	f.Add(`mutation { createTodo(input: {title: "x", places: [{street: "s"}]}, condition: {n: {eq: 1}}) { places { street } } }`)
	f.Add(`{ listTodos(filter: {or: [{title: {beginsWith: "t"}}, {not: {tags: {contains: "x"}}}]}) { items { tags } } }`)
	f.Add(`{ eventsByOwner(owner: "o", kindLevel: {between: [{kind: "a"}, {kind: "b", level: 2}]}, sortDirection: DESC) { items { text } } }`)
	f.Fuzz(func(t *testing.T, query string) {
		out, _ := w.exec.Execute(t.Context(), w.db, &exec.Request{Query: query, Caller: caller}, nil)
		check(t, out)
	})
}

// FuzzRules sends queries of a caller who may see a part of the rows and fields:
// nothing of the others is ever in an answer.
func FuzzRules(f *testing.F) {
	set := dbtest.Open(f, db.Config{Dir: f.TempDir(), Control: lines.Control, Env: lines.Env})
	w := openWith(f, set, fieldSchema, authOptions)
	w.seedPeople()
	w.by(alice, `mutation { updatePerson(input: {id: "a", text: "hiddenfrombob", tags: ["hiddenfrombob"], place: {street: "hiddenfrombob"}}) { id } }`, ``)
	w.by(alice, `mutation { createPet(input: {id: "hiddenfrombob", name: "Rob", holder: "a", personPetsId: "b"}) { id } }`, ``)
	f.Add(`{ listPeople { items { id t: text text tags place { street } pets { items { id } nextToken } toys { items { name chip keeper { n } } } } nextToken } }`)
	f.Add(`{ getPerson(id: "b") { pets(limit: 1) { items { id name keeper { text } } nextToken } friend { text } } }`)
	f.Add(`{ listPets(filter: {name: {ge: "R"}}) { items { ...F } } petsByHolder(holder: "a", sortDirection: DESC) { items { ...F } } } fragment F on Pet { id name vets keeper { place { street } } }`)
	f.Add(`mutation { updatePerson(input: {id: "b", name: "B"}, condition: {text: {ne: "x"}}) { id text friend { text } } updatePerson(input: {id: "a"}) { text } }`)
	f.Fuzz(func(t *testing.T, query string) {
		if strings.Contains(query, "hidden") { // an error may quote the query
			return
		}
		out, _ := w.exec.Execute(t.Context(), w.db, &exec.Request{Query: query, Caller: bob}, nil)
		check(t, out)
		if bytes.Contains(out, []byte("hiddenfrombob")) {
			t.Fatalf("%s: %s", query, out)
		}
	})
}

func FuzzVariables(f *testing.F) {
	w := fuzzWorld(f)
	const query = `query($f: ModelTodoFilterInput, $l: Int, $e: ModelEventFilterInput, $c: ModelEventPrimaryCompositeKeyConditionInput) {
		listTodos(filter: $f, limit: $l) { items { id address { street } } nextToken } listEvents(org: "o", regionNum: $c, filter: $e) { items { text } } }`
	f.Add(`{"f":{"title":{"contains":"x","size":{"gt":1}}},"l":3}`)
	f.Add(`{"f":{"and":[{"tags":{"notContains":"a"}},{"not":{"status":{"ne":"OPEN"}}}]},"c":{"between":[{"region":"a","num":1},{"region":"b"}]}}`)
	f.Add(`{"f":{"states":{"eq":["OPEN"]},"f":{"between":[1e300,-0.0]}},"e":{"num":{"attributeType":"_null"}}}`)
	f.Fuzz(func(t *testing.T, variables string) {
		v, err := scalar.Decode(variables, 64)
		if err != nil || v.Kind != scalar.Object {
			return
		}
		out, _ := w.exec.Execute(t.Context(), w.db, &exec.Request{Query: query, Variables: v, Caller: caller}, nil)
		check(t, out)
	})
}

func FuzzInput(f *testing.F) {
	w := fuzzWorld(f)
	f.Add(`{"title":"t","tags":["a"],"address":{"street":"s","geo":{"lat":1,"lng":2}},"at":1}`)
	f.Add(`{"title":"\u0000","n":2147483648,"status":"NONE"}`)
	f.Fuzz(func(t *testing.T, input string) {
		v, err := scalar.Decode(`{"i":`+input+`}`, 64)
		if err != nil {
			return
		}
		r := exec.Request{Caller: caller, Variables: v, Query: `mutation($i: CreateTodoInput!) { createTodo(input: $i) {
			id title n f done at day doc status tags states nums address { street zip geo { lat } near { lng } } places { street tags } grid } }`}
		out, _ := w.exec.Execute(t.Context(), w.db, &r, nil)
		check(t, out)
	})
}
