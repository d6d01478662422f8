package exec_test

import (
	"strings"
	"testing"
)

// TestKeysTellNothing finds rows by a key that holds what the caller may not see:
// in the relation and in the index query alike there are none to find.
func TestKeysTellNothing(t *testing.T) {
	t.Parallel()
	const sdl = `
	type Person @model @auth(rules: [{allow: private}]) { id: ID! toys: [Pet] @hasMany(indexName: "byHolder", fields: ["id"]) }
	type Pet @model @auth(rules: [{allow: owner}, {allow: private, operations: [read]}]) {
		id: ID!
		holder: ID @index(name: "byHolder", sortKeyFields: ["name"], queryField: "petsByHolder")
		name: String @auth(rules: [{allow: owner}])
	}`
	eachWith(t, sdl, authOptions, func(w *world) {
		w.by(alice, `mutation { createPerson(input: {id: "p"}) { id } createPet(input: {id: "r", holder: "p", name: "Rex"}) { id } }`, ``)
		for _, prefix := range []string{"R", "X"} {
			toys := `{ getPerson(id: "p") { toys(name: {beginsWith: "` + prefix + `"}) { items { id } } } }`
			pets := `{ petsByHolder(holder: "p", name: {beginsWith: "` + prefix + `"}) { items { id } } }`
			if got, want := w.sum(bob, toys, ``), `{"getPerson":{"toys":{"items":[]}}}`; got != want {
				w.t.Errorf("relation, %s: %s", prefix, got)
			}
			if got, want := w.sum(bob, pets, ``), `{"petsByHolder":{"items":[]}}`; got != want {
				w.t.Errorf("index query, %s: %s", prefix, got)
			}
			if got := w.sum(alice, toys, ``); (got == `{"getPerson":{"toys":{"items":[{"id":"r"}]}}}`) != (prefix == "R") {
				w.t.Errorf("the owner, %s: %s", prefix, got)
			}
		}
		if got, want := w.sum(bob, `{ getPerson(id: "p") { toys { items { id } } } }`, ``), `{"getPerson":{"toys":{"items":[{"id":"r"}]}}}`; got != want {
			w.t.Errorf("without the key: %s", got)
		}
	})
}

// TestManyIdentities nests relations whose rules name a caller of many groups in
// each of them: the number of parameters is bounded by who the caller is.
func TestManyIdentities(t *testing.T) {
	t.Parallel()
	const sdl = `type Node @model @auth(rules: [{allow: groups, groupsField: "team"}, {allow: owner}]) {
		id: ID! team: String parent: Node @hasOne(fields: ["up"]) up: ID
		secret: String @auth(rules: [{allow: groups, groupsField: "team"}]) }`
	eachWith(t, sdl, authOptions, func(w *world) {
		list := make([]any, 300)
		for i := range list {
			list[i] = "g" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		}
		many := user("many", list...)
		w.takeTraced()
		query := `id secret`
		for range 15 {
			query = `id secret parent { ` + query + ` }`
		}
		w.by(many, `mutation { createNode(input: {id: "a", team: "gaa", up: "a"}) { id } }`, ``)
		w.takeTraced()
		if got := w.sum(many, `{ getNode(id: "a") { `+query+` } }`, ``); strings.Contains(got, " | ") {
			w.t.Errorf("%.300s", got)
		}
		for _, s := range w.takeTraced() {
			if len(s.params) > 60 || len(s.sql) > 64<<10 {
				w.t.Errorf("%d parameters in %d bytes of SQL", len(s.params), len(s.sql))
			}
		}
	})
}

// TestPagesOfNothing selects nothing of the rows of a relation that has a rule.
func TestPagesOfNothing(t *testing.T) {
	t.Parallel()
	const sdl = `
	type Person @model @auth(rules: [{allow: private}]) { id: ID! name: String toys: [Pet] @hasMany }
	type Pet @model @auth(rules: [{allow: owner}, {allow: groups, groupsField: "vets"}]) { id: ID! vets: [String] }`
	eachWith(t, sdl, authOptions, func(w *world) {
		w.by(alice, `mutation { createPerson(input: {id: "p"}) { id } }`, ``)
		vet := user("vet", "vets", "doctors")
		for _, query := range []string{
			`{ getPerson(id: "p") { toys { __typename } } }`,
			`mutation { updatePerson(input: {id: "p", name: "n"}) { toys { __typename } } }`,
		} {
			if got := w.sum(vet, query, ``); !strings.HasSuffix(got, `Person":{"toys":{"__typename":"ModelPetConnection"}}}`) {
				w.t.Errorf("%s: %s", query, got)
			}
		}
	})
}

// TestOperatorsOfAllRelations uses one filter in many relations of a root field.
func TestOperatorsOfAllRelations(t *testing.T) {
	t.Parallel()
	const sdl = `
	type Person @model @auth(rules: [{allow: private}]) { id: ID! toys: [Pet] @hasMany }
	type Pet @model @auth(rules: [{allow: private}]) { id: ID! name: String }`
	eachWith(t, sdl, authOptions, func(w *world) {
		w.by(alice, `mutation { createPerson(input: {id: "p"}) { id } }`, ``)
		var query strings.Builder
		query.WriteString(`query($f: ModelPetFilterInput) { getPerson(id: "p") {`)
		for _, alias := range []string{"a", "b", "c", "d"} {
			query.WriteString(` ` + alias + `: toys(filter: $f) { items { id } }`)
		}
		filter := `{"f":{"or":[` + strings.TrimSuffix(strings.Repeat(`{"name":{"eq":"x"}},`, 290), ",") + `]}}`
		got := w.sum(alice, query.String()+` } }`, filter)
		const page = `{"items":[]}`
		want := `{"getPerson":{"a":` + page + `,"b":` + page + `,"c":` + page + `,"d":null}} | getPerson/d QueryLimit: ` +
			`The filters of the relations have more than 1000 operators (limit: filter operators).`
		if got != want {
			w.t.Errorf("got %s\nwant %s", got, want)
		}
	})
}
