package exec_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"preamp/internal/authn"
	"preamp/internal/graphql/transform"
)

var authOptions = transform.Options{DefaultAuth: authn.UserPool, AuthModes: []authn.Mode{authn.APIKey, authn.IAM, authn.OIDC}}

// user is a user of the user pool.
func user(name string, groups ...any) authn.Caller {
	return authn.Caller{Mode: authn.UserPool, ID: "sub-" + name, Claims: map[string]any{"sub": "sub-" + name, "username": name, "cognito:groups": groups}}
}

var (
	alice, bob = user("alice"), user("bob")
	root       = authn.Caller{Mode: authn.IAM, ID: "root", Admin: true}
	guest      = authn.Caller{Mode: authn.IAM, ID: "guest", Federated: &authn.Federated{PoolID: "pool", IdentityID: "id", Guest: true}}
)

const ownedSchema = `
type Note @model @auth(rules: [{allow: owner}, {allow: groups, groups: ["Admins"]}, {allow: groups, groupsField: "teams", operations: [read, update]}]) {
  id: ID!
  title: String!
  owner: String
  teams: [String]
  secret: String @auth(rules: [{allow: owner}])
  lines: [Line] @hasMany
}
type Line @model @auth(rules: [{allow: owner, ownerField: "writers"}, {allow: public, operations: [read]}]) {
  id: ID!
  text: String!
  writers: [String]
  note: Note @belongsTo
}
`

// sum is an answer in short: the data, then path, type and message of each error.
func (w *world) sum(c authn.Caller, query, variables string) string {
	w.t.Helper()
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Path      []any
			ErrorType string
			Message   string
		}
	}
	text := w.by(c, query, variables)
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		w.t.Fatalf("%v: %s", err, text)
	}
	var out strings.Builder
	out.WriteString(string(answer.Data))
	for _, e := range answer.Errors {
		message, _, _ := strings.Cut(e.Message, " (Service: DynamoDb")
		fmt.Fprintf(&out, " | %s %s: %s", strings.ReplaceAll(strings.Trim(fmt.Sprint(e.Path), "[]"), " ", "/"), e.ErrorType, message)
	}
	return out.String()
}

// step is a request and its answer in short.
type step struct {
	name   string
	caller authn.Caller
	query  string
	want   string
}

func (w *world) steps(list []step) {
	w.t.Helper()
	for _, s := range list {
		if got := w.sum(s.caller, s.query, ``); got != s.want {
			w.t.Errorf("%s: %s of %s\n got %s\nwant %s", s.name, s.query, s.caller.ID, got, s.want)
		}
	}
}

const (
	noGet    = `{"getNote":null} | getNote Unauthorized: Not Authorized to access getNote on type Query`
	noUpdate = `{"updateNote":null} | updateNote Unauthorized: Not Authorized to access updateNote on type Mutation`
	noDelete = `{"deleteNote":null} | deleteNote Unauthorized: Not Authorized to access deleteNote on type Mutation`
	noCreate = `{"createNote":null} | createNote Unauthorized: Not Authorized to access createNote on type Mutation`
	notHeld  = ` DynamoDB:ConditionalCheckFailedException: The conditional request failed`
)

func TestOwnerRules(t *testing.T) {
	t.Parallel()
	const all = `{ listNotes { items { id owner } } }`
	eachWith(t, ownedSchema, authOptions, func(w *world) {
		w.steps([]step{
			{"an owner is stamped", alice, `mutation { createNote(input: {id: "a", title: "A"}) { id owner } }`, `{"createNote":{"id":"a","owner":"alice"}}`},
			{"in full", root, `{ listNotes(filter: {owner: {eq: "sub-alice::alice"}}) { items { id } } }`, `{"listNotes":{"items":[{"id":"a"}]}}`},
			{"the own name", alice, `mutation { createNote(input: {id: "b", title: "B", owner: "alice"}) { owner } }`, `{"createNote":{"owner":"alice"}}`},
			{"the own id", alice, `mutation { createNote(input: {id: "c", title: "C", owner: "sub-alice"}) { owner } }`, `{"createNote":{"owner":"sub-alice"}}`},
			{"somebody else", alice, `mutation { createNote(input: {id: "d", title: "D", owner: "bob"}) { owner } }`, noCreate},
			{"nobody", alice, `mutation { createNote(input: {id: "d", title: "D", owner: null}) { owner } }`, noCreate},
			{"another one", bob, `mutation { createNote(input: {id: "z", title: "Z"}) { owner } }`, `{"createNote":{"owner":"bob"}}`},
			{"nobody's", root, `mutation { createNote(input: {id: "y", title: "Y"}) { owner } }`, `{"createNote":{"owner":null}}`},

			{"the own rows", alice, all, `{"listNotes":{"items":[{"id":"a","owner":"alice"},{"id":"b","owner":"alice"},{"id":"c","owner":"sub-alice"}]}}`},
			{"the rows of another", bob, all, `{"listNotes":{"items":[{"id":"z","owner":"bob"}]}}`},
			{"all rows", user("carl", "Admins"), all, `{"listNotes":{"items":[{"id":"a","owner":"alice"},{"id":"b","owner":"alice"},{"id":"c","owner":"sub-alice"},{"id":"y","owner":null},{"id":"z","owner":"bob"}]}}`},
			{"no row", user("dora"), all, `{"listNotes":{"items":[]}}`},
			{"no key", caller, all, `{"listNotes":null} | listNotes Unauthorized: Not Authorized to access listNotes on type Query`},
			{"no guest", guest, all, `{"listNotes":null} | listNotes Unauthorized: Not Authorized to access listNotes on type Query`},
			{"with a filter", alice, `{ listNotes(filter: {or: [{title: {eq: "B"}}, {title: {eq: "Z"}}]}) { items { id } } }`, `{"listNotes":{"items":[{"id":"b"}]}}`},

			{"get", alice, `{ getNote(id: "a") { id title } }`, `{"getNote":{"id":"a","title":"A"}}`},
			{"get of another's", bob, `{ getNote(id: "a") { id title } }`, noGet},
			{"get of nobody's", bob, `{ getNote(id: "y") { id } }`, noGet},
			{"get of nothing", bob, `{ getNote(id: "no") { id } }`, `{"getNote":null}`},
			{"get by a key", caller, `{ getNote(id: "no") { id } }`, noGet},

			{"update", alice, `mutation { updateNote(input: {id: "a", title: "A2"}) { title owner } }`, `{"updateNote":{"title":"A2","owner":"alice"}}`},
			{"update of another's", bob, `mutation { updateNote(input: {id: "a", title: "no"}) { title } }`, noUpdate},
			{"update of another's with a condition that fails", bob, `mutation { updateNote(input: {id: "a", title: "no"}, condition: {title: {eq: "no"}}) { title } }`, noUpdate},
			{"update of another's with relations", bob, `mutation { updateNote(input: {id: "a", title: "no"}) { title lines { items { id } } } }`, noUpdate},
			{"update of nothing", alice, `mutation { updateNote(input: {id: "no", title: "no"}) { title } }`, noUpdate},
			{"update of nothing by an admin", user("carl", "Admins"), `mutation { updateNote(input: {id: "no", title: "no"}) { title } }`, `{"updateNote":null} | updateNote` + notHeld},
			{"update with a condition that fails", alice, `mutation { updateNote(input: {id: "a", title: "no"}, condition: {title: {eq: "no"}}) { title } }`, `{"updateNote":null} | updateNote` + notHeld},
			{"the same with relations", alice, `mutation { updateNote(input: {id: "a", title: "no"}, condition: {title: {eq: "no"}}) { title lines { items { id } } } }`, `{"updateNote":null} | updateNote` + notHeld},
			{"a new owner", alice, `mutation { updateNote(input: {id: "c", owner: "bob"}) { owner lines { items { id } } } }`, `{"updateNote":{"owner":"bob","lines":{"items":[]}}}`},
			{"has it", bob, all, `{"listNotes":{"items":[{"id":"c","owner":"bob"},{"id":"z","owner":"bob"}]}}`},
			{"nothing else was written", root, `{ listNotes { items { title } } }`, `{"listNotes":{"items":[{"title":"A2"},{"title":"B"},{"title":"C"},{"title":"Y"},{"title":"Z"}]}}`},

			{"delete of another's", bob, `mutation { deleteNote(input: {id: "a"}) { id } }`, noDelete},
			{"delete of another's with relations", bob, `mutation { deleteNote(input: {id: "a"}) { id lines { items { id } } } }`, noDelete},
			{"delete of nothing", bob, `mutation { deleteNote(input: {id: "no"}) { id } }`, noDelete},
			{"delete with a condition that fails", alice, `mutation { deleteNote(input: {id: "a"}, condition: {title: {eq: "no"}}) { id } }`, `{"deleteNote":null} | deleteNote` + notHeld},
			{"the same with relations", alice, `mutation { deleteNote(input: {id: "a"}, condition: {title: {eq: "no"}}) { id lines { items { id } } } }`, `{"deleteNote":null} | deleteNote` + notHeld},
			{"delete with relations", alice, `mutation { deleteNote(input: {id: "a"}) { id owner lines { items { id } } } }`, `{"deleteNote":{"id":"a","owner":"alice","lines":{"items":[]}}}`},
			{"delete", alice, `mutation { deleteNote(input: {id: "b"}) { id owner } }`, `{"deleteNote":{"id":"b","owner":"alice"}}`},
			{"two fields, one refused", bob, `{ a: getNote(id: "c") { id } b: getNote(id: "y") { id } }`, `{"a":{"id":"c"},"b":null} | b Unauthorized: Not Authorized to access getNote on type Query`},
		})
	})
}

func TestGroupRules(t *testing.T) {
	t.Parallel()
	const all = `{ listNotes { items { id } } }`
	red := user("rita", "Red", "Green")
	text := user("tom")
	text.Claims["cognito:groups"] = `["Red"]`
	eachWith(t, ownedSchema, authOptions, func(w *world) {
		for id, teams := range map[string]string{"a": `["Red"]`, "b": `["Blue", "Green"]`, "c": `["Re"]`, "d": `[]`, "e": `null`, "f": `["Redder", "::Red"]`} {
			w.by(root, `mutation { createNote(input: {id: "`+id+`", title: "t", teams: `+teams+`}) { id } }`, ``)
		}
		w.steps([]step{
			{"two groups", red, all, `{"listNotes":{"items":[{"id":"a"},{"id":"b"}]}}`},
			{"groups as a text", text, all, `{"listNotes":{"items":[{"id":"a"}]}}`},
			{"no group", alice, all, `{"listNotes":{"items":[]}}`},
			{"get", red, `{ getNote(id: "b") { teams } }`, `{"getNote":{"teams":["Blue","Green"]}}`},
			{"get of another group's", red, `{ getNote(id: "c") { teams } }`, noGet},
			{"update", red, `mutation { updateNote(input: {id: "a", title: "x"}) { title } }`, `{"updateNote":{"title":"x"}}`},
			{"update of another group's", red, `mutation { updateNote(input: {id: "f", title: "x"}) { title } }`, noUpdate},
			{"a group may not delete", red, `mutation { deleteNote(input: {id: "a"}) { id } }`, noDelete},
			{"nor an admin, with a field that is not theirs", user("carl", "Admins"), `mutation { deleteNote(input: {id: "a"}) { id } }`, noDelete},
			{"a group is a whole word", user("eve", "Admin"), all, `{"listNotes":{"items":[]}}`},
		})
	})
}

// TestCallersShareAPlan sends one text for many callers, whose statements differ.
func TestCallersShareAPlan(t *testing.T) {
	t.Parallel()
	const query = `{ listNotes { items { id secret } } }`
	eachWith(t, ownedSchema, authOptions, func(w *world) {
		w.by(alice, `mutation { createNote(input: {id: "a", title: "t", secret: "of alice"}) { id } }`, ``)
		w.by(bob, `mutation { createNote(input: {id: "b", title: "t", secret: "of bob", teams: ["g7"]}) { id } }`, ``)
		for range 3 {
			w.steps([]step{
				{"alice", alice, query, `{"listNotes":{"items":[{"id":"a","secret":"of alice"}]}}`},
				{"bob", bob, query, `{"listNotes":{"items":[{"id":"b","secret":"of bob"}]}}`},
				{
					"an admin", user("carl", "Admins"), query, `{"listNotes":{"items":[{"id":"a","secret":null},{"id":"b","secret":null}]}}` +
						` | listNotes/items/0/secret Unauthorized: Not Authorized to access secret on type Note | listNotes/items/1/secret Unauthorized: Not Authorized to access secret on type Note`,
				},
				{"everything", root, query, `{"listNotes":{"items":[{"id":"a","secret":"of alice"},{"id":"b","secret":"of bob"}]}}`},
				{"nobody", user(""), query, `{"listNotes":{"items":[]}}`},
			})
			var groups []any
			for i := range 200 {
				groups = append(groups, fmt.Sprint("g", i))
				if i%40 != 10 {
					continue
				}
				got := w.sum(user("alice", groups...), query, ``)
				want := `{"listNotes":{"items":[{"id":"a","secret":"of alice"},{"id":"b","secret":null}]}} | listNotes/items/1/secret Unauthorized: Not Authorized to access secret on type Note`
				if got != want {
					w.t.Errorf("%d groups: %s", len(groups), got)
				}
			}
		}
	})
}
