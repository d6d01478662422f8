package exec_test

import (
	"strings"
	"testing"

	"preamp/internal/authn"
)

// TestModes asks one API in every mode that it has.
func TestModes(t *testing.T) {
	t.Parallel()
	const sdl = `
type Doc @model @auth(rules: [
  {allow: public, provider: iam, operations: [get]}, {allow: private, provider: iam, operations: [read, create]},
  {allow: owner, provider: oidc, identityClaim: "email", ownerField: "mail"}, {allow: private, operations: [read, update]}
]) {
  id: ID!
  text: String @auth(rules: [{allow: private, provider: iam, operations: [read, create]}, {allow: owner, provider: oidc, identityClaim: "email", ownerField: "mail"}])
  mail: String
}
`
	member := authn.Caller{Mode: authn.IAM, ID: "member", Federated: &authn.Federated{PoolID: "pool", IdentityID: "id"}}
	oidc := authn.Caller{Mode: authn.OIDC, ID: "o", Claims: map[string]any{"sub": "o", "email": "o@example.com"}}
	stranger := authn.Caller{Mode: authn.OIDC, ID: "p", Claims: map[string]any{"sub": "p"}}
	temporary := authn.Caller{Mode: authn.IAM, ID: "temporary"}
	const get, list = `{ getDoc(id: "a") { id mail } }`, `{ listDocs { items { id } } }`
	const noGet, noList = `{"getDoc":null} | getDoc Unauthorized: Not Authorized to access getDoc on type Query`, `{"listDocs":null} | listDocs Unauthorized: Not Authorized to access listDocs on type Query`
	eachWith(t, sdl, authOptions, func(w *world) {
		w.steps([]step{
			{"a member creates", member, `mutation { createDoc(input: {id: "a", text: "t", mail: "o@example.com"}) { id } }`, `{"createDoc":{"id":"a"}}`},
			{"a guest does not", guest, `mutation { createDoc(input: {id: "b"}) { id } }`, `{"createDoc":null} | createDoc Unauthorized: Not Authorized to access createDoc on type Mutation`},
			{"a member gets", member, get, `{"getDoc":{"id":"a","mail":"o@example.com"}}`},
			{"a guest gets", guest, get, `{"getDoc":{"id":"a","mail":"o@example.com"}}`},
			{"a guest lists", guest, list, noList},
			{"a guest is not shown", guest, `{ getDoc(id: "a") { text } }`, `{"getDoc":{"text":null}}` + hidden("getDoc/text", "text", "Doc")},
			{"credentials of nobody", temporary, get, noGet},
			{"a key", caller, get, noGet},
			{"a user", alice, `{ getDoc(id: "a") { id text } }`, `{"getDoc":{"id":"a","text":null}}` + hidden("getDoc/text", "text", "Doc")},
			{"a user lists", alice, list, `{"listDocs":{"items":[{"id":"a"}]}}`},
			{"the owner by a claim", oidc, `{ getDoc(id: "a") { text mail } }`, `{"getDoc":{"text":"t","mail":"o@example.com"}}`},
			{"without the claim", stranger, get, noGet},
			{"an administrator", root, `{ getDoc(id: "a") { text } }`, `{"getDoc":{"text":"t"}}`},
			{"an administrator deletes", root, `mutation { deleteDoc(input: {id: "a"}) { id } }`, `{"deleteDoc":{"id":"a"}}`},
		})
	})
}

// TestConditionsTellNothing changes rows on conditions about what a caller may not
// see.
func TestConditionsTellNothing(t *testing.T) {
	t.Parallel()
	const sdl = `
type Person @model @auth(rules: [{allow: owner}, {allow: private, operations: [read, update]}]) {
  id: ID!
  name: String
  secret: String @auth(rules: [{allow: owner}])
  up: Person @hasOne
}
`
	eachWith(t, sdl, authOptions, func(w *world) {
		w.by(alice, `mutation { createPerson(input: {id: "a", secret: "s", personUpId: "a"}) { id } }`, ``)
		const not = `{"updatePerson":null} | updatePerson` + notHeld
		w.steps([]step{
			{"right", bob, `mutation { updatePerson(input: {id: "a", name: "x"}, condition: {secret: {eq: "s"}}) { id } }`, not},
			{"wrong", bob, `mutation { updatePerson(input: {id: "a", name: "x"}, condition: {secret: {eq: "t"}}) { id } }`, not},
			{"not wrong", bob, `mutation { updatePerson(input: {id: "a", name: "y"}, condition: {secret: {ne: "t"}}) { name } }`, `{"updatePerson":{"name":"y"}}`},
			{"not right", bob, `mutation { updatePerson(input: {id: "a", name: "z"}, condition: {secret: {ne: "s"}}) { name } }`, `{"updatePerson":{"name":"z"}}`},
			{"the owner, right", alice, `mutation { updatePerson(input: {id: "a"}, condition: {secret: {eq: "s"}}) { id } }`, `{"updatePerson":{"id":"a"}}`},
			{"the owner, wrong", alice, `mutation { updatePerson(input: {id: "a"}, condition: {secret: {ne: "s"}}) { id } }`, not},
			{"a field of the owner", bob, `mutation { updatePerson(input: {id: "a", secret: "mine"}) { id } }`, `{"updatePerson":null} | updatePerson Unauthorized: Unauthorized on [secret]`},
			{
				"two mutations", bob, `mutation { a: updatePerson(input: {id: "a", secret: "mine"}) { id } b: updatePerson(input: {id: "a", name: "b"}) { name secret up { name secret } } }`,
				`{"a":null,"b":{"name":"b","secret":null,"up":{"name":"b","secret":null}}} | a Unauthorized: Unauthorized on [secret]` + hidden("b/secret", "secret", "Person") + hidden("b/up/secret", "secret", "Person"),
			},
		})
		// As deep as relations nest, with something hidden at every level.
		const depth = 18
		inner, at, errs := `{"id":"a","secret":null}`, "getPerson", ""
		for range depth {
			inner = `{"secret":null,"up":` + inner + `}`
			errs += hidden(at+"/secret", "secret", "Person")
			at += "/up"
		}
		errs += hidden(at+"/secret", "secret", "Person")
		query := `{ getPerson(id: "a") ` + strings.Repeat(`{ secret up `, depth) + `{ id secret }` + strings.Repeat(`}`, depth) + ` }`
		if got := w.sum(bob, query, ``); got != `{"getPerson":`+inner+`}`+errs {
			w.t.Errorf("depth: %s", got)
		}
	})
}

// TestVersion1Rules is what the first transformer does differently.
func TestVersion1Rules(t *testing.T) {
	t.Parallel()
	const sdl = `
type Person @model @auth(rules: [{allow: owner}, {allow: groups, groupsField: "team", operations: [read]}]) {
  id: ID!
  name: String!
  owner: String
  team: String
  secret: String @auth(rules: [{allow: groups, groups: ["Admins"]}])
}
`
	options := authOptions
	options.Version = 1
	eachWith(t, sdl, options, func(w *world) {
		w.steps([]step{
			{"the owner is the name", alice, `mutation { createPerson(input: {id: "a", name: "A", team: "Red"}) { id owner } }`, `{"createPerson":{"id":"a","owner":"alice"}}`},
			{"somebody else", alice, `mutation { createPerson(input: {id: "b", name: "B", owner: "bob"}) { id } }`, `{"createPerson":null} | createPerson Unauthorized: Not Authorized to access createPerson on type Mutation`},
			{"get", alice, `{ getPerson(id: "a") { name } }`, `{"getPerson":{"name":"A"}}`},
			{"get of another's", bob, `{ getPerson(id: "a") { name } }`, `{"getPerson":null} | getPerson Unauthorized: Not Authorized to access getPerson on type Query`},
			{"list of another", bob, `{ listPersons { items { name } } }`, `{"listPersons":{"items":[]}}`},
			{"list of a group", user("rita", "Red"), `{ listPersons { items { name } } }`, `{"listPersons":{"items":[{"name":"A"}]}}`},
			{"a hidden field", alice, `{ listPersons { items { name secret } } }`, `{"listPersons":{"items":[{"name":"A","secret":null}]}}` + hidden("listPersons/items/0/secret", "secret", "Person")},
			{"update of another's", bob, `mutation { updatePerson(input: {id: "a", name: "x"}) { id } }`, `{"updatePerson":null} | updatePerson` + notHeld},
			{"delete of another's", bob, `mutation { deletePerson(input: {id: "a"}) { id } }`, `{"deletePerson":null} | deletePerson` + notHeld},
			{"update", alice, `mutation { updatePerson(input: {id: "a", name: "x"}) { name owner } }`, `{"updatePerson":{"name":"x","owner":"alice"}}`},
			{"delete", alice, `mutation { deletePerson(input: {id: "a"}) { name } }`, `{"deletePerson":{"name":"x"}}`},
		})
	})
}
